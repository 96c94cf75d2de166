/* kernel/object/silo_start.h -- starting programs in silos. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/object/silo_internal.h"

/* A descriptor for the new process; holds a reference to its grant. */
struct launch_fd {
	struct grant *grant;
	uint32_t rights;
	uint32_t to;
};

/*
 * Start kernel text `path` in s, with the arguments (user addresses of the
 * caller) and these descriptors; waits until the program runs. Returns its
 * pid, or why it does not: what exec says, quotas, E_ACCES (a descriptor that
 * may not flow to s), E_PERM (the boot silo), E_BUSY (suspended), E_SRCH
 * (destroyed or killed meanwhile), E_INTR.
 */
long silo_launch(struct silo *s, const char *path, const struct silo_spawn *how,
    const struct launch_fd *fds);

/* On a new process's first way to user mode: WORK_NOTIFY. */
void silo_launch_run(void);
/* Its program, when it never came so far. NULL is fine. */
void silo_launch_free(struct launch *l);
