/* abi/init_protocol.h -- what a holder of init's control port may ask. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/silo.h"

/*
 * A request is a call through a capability that init minted. Its badge says
 * what the holder may ask (enum init_may), and init alone sets it.
 *
 *	word 0	a number of the verb's own
 *	word 1	bytes of text; it is what can be read of the window: most often
 *		TARGET, a silo's name or SID in decimal, and after a NUL an
 *		argument. No NUL at the end is needed
 *	word 2	room for an answer; it is what can be written of the window
 *
 * An answer is a refusal (enum err) or words and what was written. A refused
 * INIT_SPAWN or INIT_RELOAD has written a text that says why, ended by NUL.
 */
enum { INIT_TEXT_MAX = 64 << 10 };

/* Where a program that was given the port finds it. */
enum { INIT_CONTROL_FD = 63 };

enum init_may {
	INIT_MAY_LIST = 1,    /* see silos, strates, events */
	INIT_MAY_CONTROL = 2, /* start, stop, kill, suspend, rename ... */
	INIT_MAY_SPAWN = 4,   /* new ones */
	INIT_MAY_CONFIG = 8,  /* have the manifest read again */
	INIT_MAY_ALL = 15,
};

enum init_verb {
	INIT_LIST = 1, /* word 0: SID; writes the next silo, init_silo */
	INIT_INFO,     /* TARGET; writes an init_silo */
	INIT_STRATES,  /* TARGET; writes init_strate[], word 0: how many */
	INIT_CONFIG, /* TARGET; writes its part of the manifest, word 0: size */
	INIT_EVENTS, /* word 0: number of the first that is wanted; writes
	                * init_event[]; word 0: how many, word 1: the next
	                * number. A descriptor may come along: an event, whose
	                * bit 0 init signals when there are newer ones. */
	INIT_START,  /* TARGET; as all that follow, up to INIT_RENAME */
	INIT_STOP,   /* ask it to end, and leave it down */
	INIT_KILL,   /* init may start it again: by its policy */
	INIT_DESTROY, /* kill and forget it */
	INIT_SUSPEND,
	INIT_RESUME,
	INIT_RENAME, /* and the new name */
	INIT_SPAWN,  /* the text is a manifest, of silos to be added; word 0
	              * not 0: those that are there are replaced */
	INIT_NUMBER, /* word 0: a SID of the user tier that is free */
	INIT_RUN,    /* the text is a name: a silo for one program of a session;
	              * its descriptor comes back, word 0: its SID */
	INIT_RELOAD, /* the text is a manifest in place of the present one, or
	              * nothing: /etc/silo.toml; words: added, removed, changed */
	INIT_VERBS,
};

/* What init wants of a silo. */
enum init_status {
	INIT_FOREIGN, /* not init's: others made it */
	INIT_UP,
	INIT_WAITING, /* to be started: due_ns, or what it comes after */
	INIT_DOWN,    /* stopped, or ended and not to be started again */
	INIT_FAILED,  /* it failed too often in a row */
	INIT_LEAVING, /* is being ended, to be removed or replaced */
};

enum init_origin {
	INIT_OF_OTHERS,
	INIT_OF_MANIFEST, /* /etc/silo.toml */
	INIT_OF_SPAWN,
	INIT_OF_RUN,
};

struct init_silo {
	struct silo_info info;
	uint32_t status;  /* enum init_status */
	uint32_t origin;  /* enum init_origin */
	uint32_t restart; /* 0 never, 1 always, 2 limited */
	uint32_t restart_limit;
	uint32_t faults; /* of its own, in a row */
	uint32_t strates;
	uint64_t due_ns; /* of INIT_WAITING: how long from now */
};
static_assert(sizeof(struct init_silo) == 232, "ABI");

enum { INIT_BINARY_MAX = 256 };

struct init_strate {
	uint32_t sid;
	uint32_t pid; /* 0: does not run */
	uint32_t starts;
	int32_t code;    /* of its last end */
	uint32_t signal; /* the same */
	uint32_t reserved;
	char name[SILO_NAME_MAX];
	char binary[INIT_BINARY_MAX];
};
static_assert(sizeof(struct init_strate) == 312, "ABI");

/* A silo's record, and what init did about it. */
struct init_event {
	uint64_t number;
	struct silo_event record;
	uint32_t action; /* enum init_action */
	uint32_t reserved;
	uint64_t delay_ns; /* of INIT_RESTARTS */
	char name[SILO_NAME_MAX];
};
static_assert(sizeof(struct init_event) == 96, "ABI");

enum init_action {
	INIT_NOTHING,
	INIT_RESTARTS,
	INIT_GIVES_UP,
};
