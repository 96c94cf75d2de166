/* kernel/object/signalfd.h -- signals that are read and waited for. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/object/object.h"

struct process;

/* mask: signals to read. Gives a reference. E_NOMEM. */
enum err signalfd_create(uint64_t mask, uint32_t oflags, struct object **out);
/* E_INVAL: o is no signalfd. */
enum err signalfd_set_mask(struct object *o, uint64_t mask);

/* How many there are; tell those of p that have signo in their mask. */
extern _Atomic uint32_t signalfd_count; /* of all processes */
/* signalfd_notify, when there are signalfds. */
void signalfd_notify_slow(struct process *p, int signo);

/* A signal was queued for p or a thread of it; p->sig_lock is held. */
static inline void signalfd_notify(struct process *p, int signo)
{
	if (unlikely(signalfd_count))
		signalfd_notify_slow(p, signo);
}
