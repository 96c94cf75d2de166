/* kernel/socket/rights.h -- descriptors on their way in a message. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/linux/socket.h"
#include "kernel/core/list.h"

struct grant;
struct silo;
struct rights_user;

struct right {
	struct grant *grant; /* a reference */
	uint32_t rights;
};

/*
 * The descriptors of one message: counted against the silo that sent them
 * (SILO_DESCRIPTORS) and its user until they are received or dropped.
 */
struct right_set {
	struct list link; /* on a list of those to be dropped */
	_Atomic uint32_t refs;
	struct silo *silo;
	struct rights_user *user;
	uint32_t count;
	struct right of[];
};

/*
 * Collect the current process's descriptors fds[0..n). Each must carry
 * RIGHT_GRANT. E_BADF, E_ACCES, E_INVAL (more than SCM_RIGHTS_MAX), E_NOMEM,
 * E_TOOMANYREFS (RLIMIT_NOFILE of the user's are in flight).
 */
enum err rights_collect(const int32_t *fds, unsigned n, struct right_set **out);

/* One user more: a peek leaves them where they are. */
struct right_set *rights_get(struct right_set *r);

/* Install number i of them; gives the descriptor. E_MFILE, E_NOMEM. */
enum err rights_install(
    const struct right_set *r, unsigned i, unsigned flags, int *fd);

/*
 * Let go of all: they were received, or never will be. Takes one reference (r
 * NULL is fine). May sleep; hold no lock.
 */
void rights_drop(struct right_set *r);

/* Descriptors in flight, for leak checks. */
uint64_t rights_live(void);
