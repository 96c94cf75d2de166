/* lib/silo.c -- silos and self-restriction: the native calls as functions. */
/* SPDX-License-Identifier: MIT */
#include "lib/silo.h"
#include <unistd.h>
#include "abi/native.h"

extern char **environ;

int silo_create(const struct silo_config *c)
{
	return (int)syscall(NR_silo_create, c);
}

int silo_start(int silo, const struct silo_spawn *how)
{
	return (int)syscall(NR_silo_start, silo, how);
}

int silo_run(int silo, const char *path, char *const argv[])
{
	struct silo_fd fds[3] = {{0, 0, 0, 0}, {1, 1, 0, 0}, {2, 2, 0, 0}};
	struct silo_spawn how = {
	    .path = (uintptr_t)path,
	    .argv = (uintptr_t)argv,
	    .envp = (uintptr_t)environ,
	    .fds = (uintptr_t)fds,
	    .fd_count = 3,
	};

	return silo_start(silo, &how);
}

int silo_control(int silo, enum silo_op op)
{
	return (int)syscall(NR_silo_control, silo, op);
}

int silo_rename(int silo, const char *name)
{
	return (int)syscall(NR_silo_rename, silo, name);
}

int silo_info(int silo, struct silo_info *out)
{
	return (int)syscall(NR_silo_info, silo, out);
}

int silo_list(uint32_t after, uint32_t *sids, uint32_t n)
{
	return (int)syscall(NR_silo_list, after, sids, n);
}

int silo_open(uint32_t sid, uint32_t rights)
{
	return (int)syscall(NR_silo_open, sid, rights);
}

int silo_narrow(int silo, uint32_t mode, uint32_t flow)
{
	return (int)syscall(NR_silo_narrow, silo, mode, flow);
}

int silo_quota(int silo, enum silo_quota quota, uint64_t value)
{
	return (int)syscall(NR_silo_quota, silo, quota, value);
}

int cap_limit(int fd, uint32_t rights)
{
	return (int)syscall(NR_cap_limit, fd, rights);
}

int pledge(uint32_t mode)
{
	return (int)syscall(NR_pledge, mode);
}

int unveil(const char *path, uint32_t rights)
{
	return (int)syscall(NR_unveil, path, rights);
}

int sandbox_enter(void)
{
	return (int)syscall(NR_sandbox_enter);
}
