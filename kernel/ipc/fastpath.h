/* kernel/ipc/fastpath.h -- calls that switch straight to the other side. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

struct regs;

/*
 * What the stubs of syscall_entry.S call first, interrupts off: when the other
 * side waits on this CPU and nothing is out of the ordinary, give it the
 * message and make it the running thread. Returns its registers, by which user
 * mode is entered once the stub has left the old thread's stack and called
 * fastpath_switched; NULL: nothing was done, take the slow path.
 */
struct regs *fastpath_call(struct regs *r);
struct regs *fastpath_reply_receive(struct regs *r);

/* On the new thread's stack: let the old one go. */
void fastpath_switched(void);

/*
 * True when the current thread may sleep for a message by fastpath_sleep: its
 * descriptors cannot be closed while it does.
 */
bool fastpath_may_sleep(void);

/*
 * Forget the frames below the user registers and sleep until the state is
 * DONE; the result goes to user mode. A thread that sleeps here can be
 * switched to directly.
 */
noreturn_fn void fastpath_sleep(struct regs *r); /* syscall_entry.S */

/* fastpath_sleep's part in C: message_wait and what follows it. */
long fastpath_wait(void);
