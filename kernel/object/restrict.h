/* kernel/object/restrict.h -- what a process gave up: pledge, unveil, sandbox. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/object/object.h"
#include "kernel/object/process.h"

/*
 * What holds is silo AND process. All of it belongs to the process with all
 * its threads, goes to what it forks and executes, and never comes back.
 */

/* Mode of the calling process: its silo's, less what it pledged away. */
static inline uint32_t mode_current(void)
{
	struct process *p = process_current();

	return atomic_load_explicit(&p->silo->mode, memory_order_relaxed) &
	       p->pledge;
}

/*
 * The control bits of the calling process, which count for the superuser of
 * its silo only: 0 for other users.
 */
static inline uint32_t mode_control(void)
{
	return cred_privileged() ? mode_current() & 0700 : 0;
}

/* It sees less of the names, or nothing at all. */
static inline bool process_restricted(const struct process *p)
{
	return unlikely(p->restricted);
}
static inline bool process_sandboxed(const struct process *p)
{
	return unlikely(p->restricted & RESTRICT_SANDBOX);
}

/*
 * May the current process know that p exists: of its own silo, or with
 * MODE_LIST. Else it is as if there were none (E_SRCH, E_NOENT).
 */
static inline bool process_visible(const struct process *p)
{
	return p->silo == process_current()->silo ||
	       (mode_control() & MODE_LIST);
}

/*
 * May the current process signal, trace or look into p, user ids apart: of its
 * own silo, or with MODE_STOP; and not less restricted than itself.
 */
bool process_subject(const struct process *p);

/*
 * The current process receives what g is, from a process of silo `from`: a
 * message, a socket, a channel. Gives a reference to a grant of its own silo,
 * derived if need be. E_PERM: in a sandbox, revoked, or its mode does not admit
 * such an object; E_ACCES: flow, more rights than g has; E_NOMEM.
 */
enum err restrict_receive(struct grant *g, const struct silo *from,
    uint32_t rights, struct grant **out);

/* A child starts with its parent's restrictions; its view is locked. E_NOMEM */
enum err restrict_inherit(struct process *child);

/* The calls. E_PERM: not a subset. */
enum err restrict_pledge(uint32_t mode);
void restrict_sandbox(void);
