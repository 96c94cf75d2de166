/* strates/init/launch.c -- a strate's first process: its descriptors. */
/* SPDX-License-Identifier: MIT */
#include "strates/init/launch.h"
#include "abi/init_protocol.h"
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

static int null_fd = -1;

void launch_setup(void)
{
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0)
		console_errno("/dev/null");
}

int launch_strate(int silo, const struct manifest_silo *s, size_t i)
{
	const struct manifest_strate *part = &s->strates[i];
	struct silo_fd fds[4] = {
	    {null_fd, 0, 0, 0}, {1, 1, 0, 0}, {2, 2, 0, 0}};
	const char *argv[MANIFEST_LIST_MAX + 2] = {part->name};
	const char *env[MANIFEST_LIST_MAX + 2] = {"PATH=/bin:/sbin:/usr/bin"};
	struct silo_spawn how = {
	    .path = (uintptr_t)part->binary,
	    .argv = (uintptr_t)argv,
	    .envp = (uintptr_t)env,
	    .fds = (uintptr_t)fds,
	    .fd_count = 3,
	};
	int port = -1, pid, e;

	if (s->mount_count > 0) {
		errno = ENOTSUP;
		return -1;
	}
	for (size_t k = 0; k < part->args.count; k++)
		argv[k + 1] = part->args.name[k];
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
