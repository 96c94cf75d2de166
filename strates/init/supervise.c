/* strates/init/supervise.c -- when a silo is started again, whom to blame. */
/* SPDX-License-Identifier: MIT */
#include "strates/init/supervise.h"

/*
 * Pure logic: time comes in as a number and nothing is started here.
 *
 * A silo that ended is started again at once.  When it does so by its own
 * doing again and again, the second time waits 100 ms, the third 200, up to
 * 30 s; a minute of health clears the count.  A kill by somebody who may kill
 * is no fault of the silo: it neither waits nor counts, nor does it clear.
 */

#define MS             ((uint64_t)1000000) /* in ns */
#define BACK_OFF_FIRST (100 * MS)
#define BACK_OFF_MAX   (30000 * MS)
#define HEALTHY        (60000 * MS)

struct supervisor supervisor_new(const struct manifest_silo *s)
{
	return (struct supervisor){
	    .policy = s->restart, .limit = s->restart_limit};
}

void supervisor_started(struct supervisor *s, uint64_t now)
{
	s->started = now;
}

bool end_is_own(enum end_cause cause)
{
	return cause != END_KILLED && cause != END_STOPPED;
}

/* How long the fault that is the n-th in a row waits; n from 1. */
static uint64_t back_off(uint32_t n)
{
	uint64_t wait = BACK_OFF_FIRST;

	if (n < 2)
		return 0;
	for (; n > 2 && wait < BACK_OFF_MAX; n--)
		wait *= 2;
	return wait < BACK_OFF_MAX ? wait : BACK_OFF_MAX;
}

enum restart_verdict supervisor_ended(
    struct supervisor *s, enum end_cause cause, uint64_t now, uint64_t *at)
{
	if (cause == END_STOPPED || s->policy == RESTART_NEVER)
		return RESTART_NOT;
	if (now >= s->started && now - s->started >= HEALTHY)
		s->faults = 0;
	*at = now;
	if (!end_is_own(cause))
		return RESTART_AT;
	if (s->policy == RESTART_LIMITED && s->faults >= s->limit)
		return RESTART_STOP;
	if (s->faults < UINT32_MAX)
		s->faults++;
	*at = now + back_off(s->faults);
	return RESTART_AT;
}

enum end_cause end_cause_of(int code, int signal, bool by_hand)
{
	switch (signal) {
	case 0:
		return code == 0 ? END_EXIT : END_FAILURE;
	case SIGABRT:
		return by_hand ? END_KILLED : END_FAILURE;
	case SIGSEGV:
	case SIGBUS:
	case SIGILL:
	case SIGFPE:
	case SIGTRAP:
		return by_hand ? END_KILLED : END_FAULT;
	case SIGSYS: /* a call that its abi does not have */
		return by_hand ? END_KILLED : END_PROTOCOL;
	default:
		return END_KILLED;
	}
}

static size_t blame_find(const struct blame *b, uint64_t request)
{
	size_t i = 0;

	while (i < b->count && b->request[i] != request)
		i++;
	return i;
}

void blame_forget(struct blame *b, uint64_t request)
{
	size_t i = blame_find(b, request);

	if (i < b->count)
		b->request[i] = b->request[--b->count];
}

enum blame_verdict blame_request(
    struct blame *b, uint64_t request, enum end_cause cause, bool by_its_thread)
{
	if (!by_its_thread || !end_is_own(cause))
		return BLAME_AGAIN;
	/* Full: what cannot be remembered may not be tried for ever. */
	if (blame_find(b, request) < b->count || b->count == BLAME_MAX) {
		blame_forget(b, request);
		return BLAME_FAIL;
	}
	b->request[b->count++] = request;
	return BLAME_AGAIN;
}
