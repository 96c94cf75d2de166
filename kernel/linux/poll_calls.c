/* kernel/linux/poll_calls.c -- ppoll, select, pselect6. */
/* SPDX-License-Identifier: MIT */
#include "kernel/linux/poll_calls.h"
#include "kernel/object/desc_table.h"
#include "kernel/object/poll.h"
#include "kernel/object/signal.h"
#include "kernel/sys/sys_poll.h"
#include "kernel/sys/timespec.h"
#include "kernel/core/clock.h"
#include "kernel/core/string.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/usercopy.h"

enum select_set { SET_IN, SET_OUT, SET_EX, SET_COUNT };

static const uint32_t select_events[SET_COUNT] = {
    [SET_IN] = EV_IN | EV_RDNORM | EV_RDBAND | EV_HUP | EV_ERR,
    [SET_OUT] = EV_OUT | EV_WRNORM | EV_WRBAND | EV_ERR,
    [SET_EX] = EV_PRI,
};

/* The three bitmaps asked for and the three to answer, `words` long each. */
struct selection {
	unsigned n; /* descriptors below this one */
	unsigned words;
	uint64_t *asked[SET_COUNT];
	uint64_t *found[SET_COUNT];
};

enum { SELECT_STACK = SET_COUNT * 2 * 16 }; /* 1,024 descriptors */

/* Answer one descriptor; how many of its bits were set, or E_BADF. */
static int select_one(struct selection *s, unsigned fd, struct poll_table *pt)
{
	uint64_t bit = 1ull << fd % 64;
	uint32_t events;
	struct held h;
	int ready = 0;

	if (desc_hold((int)fd, RIGHT_WAIT, &h) != OK)
		return E_BADF;
	events = object_poll(h.obj, pt);
	desc_release(&h);
	for (unsigned i = 0; i < SET_COUNT; i++) {
		if (!(s->asked[i][fd / 64] & bit) ||
		    !(events & select_events[i]))
			continue;
		s->found[i][fd / 64] |= bit;
		ready++;
	}
	return ready;
}

static long select_scan(struct selection *s, struct poll_table *pt)
{
	long ready = 0;

	for (unsigned i = 0; i < SET_COUNT; i++)
		memset(s->found[i], 0, s->words * sizeof(uint64_t));
	for (unsigned w = 0; w < s->words; w++) {
		uint64_t any = s->asked[SET_IN][w] | s->asked[SET_OUT][w] |
		               s->asked[SET_EX][w];

		for (; any; any &= any - 1) {
			unsigned fd = w * 64 + (unsigned)__builtin_ctzll(any);
			int r = select_one(s, fd, pt);

			if (r < 0)
				return r;
			ready += r;
		}
	}
	return ready;
}

static long select_wait(struct selection *s, nsec_t deadline)
{
	struct process *p = process_current();
	struct poll_table pt;
	enum err e = OK;
	long r;

	r = select_scan(s, NULL);
	if (r != 0 || deadline == POLL_NO_WAIT)
		return r;
	poll_begin(&pt, !desc_table_private(p->descs, p));
	r = select_scan(s, &pt);
	if (r == 0)
		e = pt.error;
	while (r == 0 && e == OK) {
		e = poll_sleep(&pt, deadline);
		r = select_scan(s, NULL);
	}
	poll_end(&pt);
	if (r != 0 || e == E_TIMEDOUT)
		return r;
	return e;
}

/* Bits past n in the last word are none of ours. */
static enum err set_copy_in(struct selection *s, unsigned i, struct uptr set)
{
	enum err e;

	memset(s->asked[i], 0, s->words * sizeof(uint64_t));
	if (uptr_null(set))
		return OK;
	e = copy_from_user(s->asked[i], set, s->words * sizeof(uint64_t));
	if (e == OK && s->n % 64)
		s->asked[i][s->words - 1] &= ~(~0ull << s->n % 64);
	return e;
}

static long select_user(
    int n, const struct uptr sets[SET_COUNT], nsec_t deadline)
{
	uint64_t on_stack[SELECT_STACK], *mem = on_stack;
	struct selection s;
	enum err e = OK;
	long r;

	if (n < 0)
		return E_INVAL;
	s.n = MIN((unsigned)n, (unsigned)DESC_MAX);
	s.words = (s.n + 63) / 64;
	if (s.words * SET_COUNT * 2 > SELECT_STACK) {
		mem = kmalloc(s.words * SET_COUNT * 2 * sizeof(uint64_t));
		if (!mem)
			return E_NOMEM;
	}
	for (unsigned i = 0; i < SET_COUNT && e == OK; i++) {
		s.asked[i] = mem + i * s.words;
		s.found[i] = mem + (SET_COUNT + i) * s.words;
		e = set_copy_in(&s, i, sets[i]);
	}
	r = e == OK ? select_wait(&s, deadline) : (long)e;
	for (unsigned i = 0; i < SET_COUNT && r >= 0; i++)
		if (!uptr_null(sets[i]) &&
		    copy_to_user(
		        sets[i], s.found[i], s.words * sizeof(uint64_t)) != OK)
			r = E_FAULT;
	if (mem != on_stack)
		kfree(mem);
	return r;
}

/* A relative user time to a deadline; no pointer: for ever. */
static enum err deadline_read(struct uptr p, nsec_t *deadline,
    enum err (*read)(struct uptr p, nsec_t *ns))
{
	nsec_t ns;
	enum err e;

	*deadline = WAIT_FOREVER;
	if (uptr_null(p))
		return OK;
	e = read(p, &ns);
	if (e == OK)
		*deadline = poll_deadline(ns);
	return e;
}

/*
 * The end of a call: an interrupted one can be made again as it is, because
 * what is left of the time is written back. That this fails is no error.
 */
static long finish(long r, struct uptr timeout, nsec_t deadline,
    enum err (*write)(struct uptr p, nsec_t ns))
{
	nsec_t now;
	enum err e = OK;

	if (!uptr_null(timeout) && deadline != POLL_NO_WAIT) {
		now = clock_now();
		e = write(timeout, deadline > now ? deadline - now : 0);
	}
	if (r == E_INTR)
		return e == OK ? E_RESTARTNOHAND : E_INTR;
	return r;
}

/* Block the user's mask, if any, for the time of the call. */
static enum err mask_begin(struct uptr mask, size_t size)
{
	uint64_t set;
	enum err e;

	if (uptr_null(mask))
		return OK;
	if (size != sizeof(set))
		return E_INVAL;
	e = user_read_u64(mask, &set);
	if (e == OK)
		signal_mask_temporary(set);
	return e;
}

static void mask_end(struct uptr mask, long r)
{
	if (!uptr_null(mask) && r != E_INTR && r != E_RESTARTNOHAND)
		signal_mask_restore();
}

long sys_ppoll(struct uptr fds, unsigned n, struct uptr timeout,
    struct uptr mask, size_t mask_size)
{
	nsec_t deadline;
	enum err e;
	long r;

	e = deadline_read(timeout, &deadline, timespec_read);
	if (e == OK)
		e = mask_begin(mask, mask_size);
	if (e != OK)
		return e;
	r = poll_user(fds, n, deadline);
	r = finish(r, timeout, deadline, timespec_write);
	mask_end(mask, r);
	return r;
}

long sys_select(
    int n, struct uptr in, struct uptr out, struct uptr ex, struct uptr timeout)
{
	const struct uptr sets[SET_COUNT] = {in, out, ex};
	nsec_t deadline;
	enum err e;

	e = deadline_read(timeout, &deadline, timeval_read);
	if (e != OK)
		return e;
	return finish(
	    select_user(n, sets, deadline), timeout, deadline, timeval_write);
}

long sys_pselect6(int n, struct uptr in, struct uptr out, struct uptr ex,
    struct uptr timeout, struct uptr mask_and_size)
{
	const struct uptr sets[SET_COUNT] = {in, out, ex};
	struct {
		struct uptr mask;
		uint64_t size;
	} arg = {{0}, 0};
	nsec_t deadline;
	enum err e = OK;
	long r;

	if (!uptr_null(mask_and_size))
		e = copy_from_user(&arg, mask_and_size, sizeof(arg));
	if (e == OK)
		e = deadline_read(timeout, &deadline, timespec_read);
	if (e == OK)
		e = mask_begin(arg.mask, arg.size);
	if (e != OK)
		return e;
	r = select_user(n, sets, deadline);
	r = finish(r, timeout, deadline, timespec_write);
	mask_end(arg.mask, r);
	return r;
}
