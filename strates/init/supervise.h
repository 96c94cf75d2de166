/* strates/init/supervise.h -- when a silo is started again, whom to blame. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "lib/manifest.h"
#include <signal.h>

/* Why a silo ended. */
enum end_cause {
	END_EXIT,     /* by itself, status 0 */
	END_FAILURE,  /* by itself, another status; a failed assertion too */
	END_FAULT,    /* an exception that its own code raised */
	END_PROTOCOL, /* ended because it broke a protocol */
	END_KILLED,   /* by somebody who may; for want of memory too */
	END_STOPPED,  /* init was asked to stop it */
};

enum restart_verdict {
	RESTART_AT,   /* start it again at the time given */
	RESTART_NOT,  /* it stays down: so it was wanted */
	RESTART_STOP, /* it stays down: too many faults in a row */
};

/* One silo's history; all zero but for the policy is a valid fresh one. */
struct supervisor {
	enum restart_policy policy;
	uint32_t limit;   /* of RESTART_LIMITED */
	uint32_t faults;  /* own ones, since it last was healthy */
	uint64_t started; /* ns of the monotonic clock */
};

/* A fresh supervisor by the policy of a silo. */
struct supervisor supervisor_new(const struct manifest_silo *s);
/* It was started, now. */
void supervisor_started(struct supervisor *s, uint64_t now);
/* It ended, now.  *at is set for RESTART_AT: the time of the next start. */
enum restart_verdict supervisor_ended(
    struct supervisor *s, enum end_cause cause, uint64_t now, uint64_t *at);
/* Whether a strate's end for that cause counts as its own doing. */
bool end_is_own(enum end_cause cause);
/*
 * The cause by a life-cycle record: an exit code, or a signal with the address
 * of its fault.  by_hand: somebody else sent the signal, its own code did not raise it.
 */
enum end_cause end_cause_of(int code, int signal, bool by_hand);

enum { BLAME_MAX = 64 };

/* Requests that were being served when a fault came.  All zero is empty. */
struct blame {
	uint64_t request[BLAME_MAX];
	size_t count;
};

enum blame_verdict {
	BLAME_AGAIN, /* give it to the next incarnation */
	BLAME_FAIL,  /* answer it with EIO */
};

/*
 * A request was under way when its server ended.  by_its_thread: the thread
 * that served it is the one that faulted.  Only then, and only for a fault of
 * the server's own, the request is blamed; the second time it fails, and is
 * forgotten.
 */
enum blame_verdict blame_request(struct blame *b, uint64_t request,
    enum end_cause cause, bool by_its_thread);
/* The request was answered, or its caller is gone. */
void blame_forget(struct blame *b, uint64_t request);
