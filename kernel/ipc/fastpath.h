/* kernel/ipc/fastpath.h -- calls that switch straight to the other side. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

struct regs;

/*
 * {plain,isolated}_{call,reply}_fast (fastpath.S) are what syscall_entry.S goes
 * to with these two calls: when the other side waits on this CPU and nothing is
 * out of the ordinary, they give it the message and return to its user mode;
 * else nothing was done and the handler is called.
 */

/*
 * True when the current thread may sleep for a message by fastpath_sleep: its
 * descriptors cannot be closed while it does, and the CPU has the instructions
 * of fastpath.S (without them no thread ever sleeps so that it is used).
 */
bool fastpath_may_sleep(void);

/*
 * Forget the frames below the user registers and sleep until the state is
 * DONE; the result goes to user mode. A thread that sleeps here can be
 * switched to directly.
 */
noreturn_fn void fastpath_sleep(struct regs *r); /* fastpath.S */

/* fastpath_sleep's part in C: message_wait and what follows it. */
long fastpath_wait(void);
