/* strates/init/silos.h -- the silos that init starts, watches, starts again. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <poll.h>
#include "abi/init_protocol.h"
#include "strates/init/config.h"
#include "strates/init/supervise.h"

enum {
	MANAGED_MAX = 512,
	STOP_ASKED_MS = 2000, /* from asking a silo to end to killing it */
};

struct part {      /* a strate */
	pid_t pid; /* 0: does not run */
	uint32_t starts;
	int32_t code;
	uint32_t signal;
};

/*
 * A silo that init looks after.
 *
 * fd < 0: Bedrock has none of it yet.  up: something of it runs, as far as its
 * records were read.  It is started when it is wanted, not up, its time has
 * come, and all that it comes after were started once.  leaving: it ends, and
 * is then made anew from `next`, or forgotten.
 */
struct managed {
	struct config *config;         /* counted; NULL: of INIT_RUN */
	const struct manifest_silo *m; /* in config */
	struct config *next;           /* counted: what to become */
	const struct manifest_silo *next_m;
	enum init_origin origin;
	uint32_t sid;
	char name[SILO_NAME_MAX];
	int fd;
	bool wanted, up, leaving, failed;
	bool by_hand; /* its end was asked for through init */
	bool broken;  /* a strate failed: `cause` is why */
	enum end_cause cause;
	bool was_started;
	uint32_t tries;   /* to get its SID */
	uint64_t due;     /* ns: of the next start */
	uint64_t kill_at; /* ns: 0 none */
	struct supervisor supervisor;
	struct part parts[MANIFEST_STRATES_MAX];
};

/*
 * All that follows is called with the lock held.  Errors are negative values
 * of enum err.
 */
void silos_lock(void);
void silos_unlock(void);

/* Silos, each before those made after it; the table's end is NULL. */
struct managed *silos_at(size_t i);
/* A place in the table, all zero but for the descriptor; NULL: full. */
struct managed *silo_new(void);
/* Set what it is to be; takes the reference to c. */
void silo_set(
    struct managed *s, struct config *c, const struct manifest_silo *m);
/* Start it now.  An error has been told on the console, and is followed by
 * another try as its policy says. */
int silo_start_now(struct managed *s);
/* Start its strates from one on, in a silo that is there; as above. */
int silo_start_parts(struct managed *s, size_t first);
/* Ask it to end; it is killed when it does not. */
void silo_end(struct managed *s);

/* Take over the silos of the system's manifest; takes the reference. */
void silos_boot(struct config *c);
/* Make the manifest that was read again hold; takes the reference. */
void silos_reload(struct config *c, uint64_t counts[3]);
/* Add the silos of a manifest that somebody sent, or replace those that are
 * there; takes the reference. */
int silos_spawn(struct config *c, bool replace);
/* A number of the user tier for one that is to be spawned; never the same. */
uint32_t silos_number(void);
/* Make a silo for one program of a session; gives a descriptor for that. */
int silos_run(const char *name, struct managed **out, int *give);

/* The managed silo of that number or name, or NULL. */
struct managed *silos_find(uint32_t sid, const char *name);
/* The managed silo with the lowest SID above, or NULL. */
struct managed *silos_next(uint32_t above);
enum init_status silo_status(const struct managed *s);
/* One of INIT_START to INIT_RESUME. */
int silo_do(struct managed *s, enum init_verb verb);
int silo_set_name(struct managed *s, const char *name);

/*
 * Do what is due: start, kill, forget.  The ms until there is more, -1: not
 * before something happens.
 */
long silos_turn(void);
/* Set p[0..n) to be polled for records; how many. */
size_t silos_poll(struct pollfd *p, size_t n);
/* Read the records of the silos with that descriptor, and act on them. */
void silos_ready(int fd);
/* End all, those first that others do not depend on. */
void silos_shutdown(void);
