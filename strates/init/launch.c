/* strates/init/launch.c -- a strate's first process: its descriptors. */
/* SPDX-License-Identifier: MIT */
#include "strates/init/launch.h"
#include "abi/init_protocol.h"
#include "lib/fmt.h"
#include "lib/silo.h"
#include "strates/init/control.h"
#include "strates/init/setup.h"
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/*
 * A strate reads nothing, writes to the console, and gets init's control port
 * when its silo's manifest says so.
 */

enum { ARGUMENTS_MAX = 4 * MANIFEST_LIST_MAX + 6 };

static const char enter_path[] = "/sbin/silo-enter";
static int null_fd = -1;

void launch_setup(void)
{
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0)
		console_errno("/dev/null");
}

/* The arguments of one mount to silo-enter; where the next go. */
static const char **add_mount(const char **argv, const struct manifest_mount *m)
{
	static const char *const numbers[] = {
	    "0", "1", "2", "3", "4", "5", "6", "7"};

	*argv++ = numbers[m->rights & 7];
	*argv++ = m->path;
	*argv++ = m->scheme;
	return argv;
}

/* argv of the program that is started for a strate; its path. */
static const char *arguments(const struct manifest_silo *s,
    const struct manifest_strate *part, const char **argv, char count[8])
{
	const char *path = part->binary;

	if (s->mount_count > 0) {
		fmt_buf(count, 8, "%zu", s->mount_count);
		path = enter_path;
		*argv++ = "silo-enter";
		*argv++ = count;
		for (size_t i = 0; i < s->mount_count; i++)
			argv = add_mount(argv, &s->mounts[i]);
		*argv++ = part->binary;
	}
	*argv++ = part->name;
	for (size_t i = 0; i < part->args.count; i++)
		*argv++ = part->args.name[i];
	return path;
}

int launch_strate(int silo, const struct manifest_silo *s, size_t i)
{
	const struct manifest_strate *part = &s->strates[i];
	struct silo_fd fds[4] = {
	    {null_fd, 0, 0, 0}, {1, 1, 0, 0}, {2, 2, 0, 0}};
	const char *argv[ARGUMENTS_MAX] = {NULL};
	const char *env[MANIFEST_LIST_MAX + 2] = {"PATH=/bin:/sbin:/usr/bin"};
	char count[8];
	struct silo_spawn how = {
	    .path = (uintptr_t)arguments(s, part, argv, count),
	    .argv = (uintptr_t)argv,
	    .envp = (uintptr_t)env,
	    .fds = (uintptr_t)fds,
	    .fd_count = 3,
	};
	int port = -1, pid, e;

	if (s->mount_count > 0 && !s->abi_linux) {
		errno = EOPNOTSUPP; /* native code has no exec to enter by */
		return -1;
	}
	for (size_t k = 0; k < part->env.count; k++)
		env[k + 1] = part->env.name[k];
	if (s->init_may != 0) {
		port = control_mint(s->init_may);
		if (port < 0)
			return -1;
		fds[how.fd_count++] =
		    (struct silo_fd){port, INIT_CONTROL_FD, 0, 0};
	}
	pid = silo_start(silo, &how);
	e = errno;
	if (port >= 0)
		close(port);
	errno = e;
	return pid;
}
