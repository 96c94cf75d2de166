/* kernel/ipc/message.h -- giving, taking and answering messages. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/ipc/port.h"

/*
 * The slow path: complete, any CPU, any state of the other side. All act for
 * the current thread, whose user registers are laid out as abi/ipc.h says; what
 * it gets is written there by the other side. They sleep; no locks held.
 */

/*
 * Send our message through g (a sending capability, right CALL checked): with
 * OK it is given or queued, and message_wait follows. E_CONNRESET, E_ACCES (the
 * flow rules), E_AGAIN (nonblock, nobody waits for it), E_DEADLK (its only
 * server waits for us).
 */
enum err message_send(struct grant *g, bool nonblock);

/* Wait for a call at p (right SERVE checked). */
long message_receive(struct port *p, nsec_t deadline, bool nonblock);

/*
 * Answer the caller in slot with regs, or with the error `refusal` instead.
 * E_CANCELED: nobody waits for an answer (any more).
 */
enum err message_reply(
    struct reply_slot *slot, const struct regs *regs, enum err refusal);

/* The thread ends: whom it was to answer gets E_CONNRESET. */
void message_thread_exit(struct thread *t);

/* Refuse all who wait in p->callers; p->closed is set. */
void message_refuse_all(struct port *p);

/*
 * Sleep until our state is DONE: the result. Gives up when interrupted or past
 * the deadline; E_INTR (or a restart code while nothing had happened),
 * E_TIMEDOUT. Also the continuation of threads that the fast path put to sleep.
 */
long message_wait(struct thread *t, nsec_t deadline);

/* For message_wait: out of the list that we wait in; false: taken already. */
bool message_leave_callers(struct thread *t);
bool message_leave_receivers(struct thread *t);
