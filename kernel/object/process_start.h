/* kernel/object/process_start.h -- the first process's way to its program. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/object/process.h"

/* The current process is pid 1 on its way into its first program. */
static inline bool process_is_starting(const struct process *p)
{
	return unlikely(p->pid == 1 && !p->did_exec);
}

/* Before that exec: descriptors 0, 1, 2 are /dev/console. */
void process_first_exec(void);

/* It failed: say why and stop. */
noreturn_fn void process_first_failed(const char *path, enum err e);
