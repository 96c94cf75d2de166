/* kernel/socket/sbuf.h -- queued socket data: pages with a head in front. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/linux/socket.h"
#include "kernel/core/types.h"

struct right_set;
struct unix_sock;

/*
 * A page: this head, then data. Small writes to a stream share one. Of a
 * message that needs several, the first has `start`.
 */
struct sbuf {
	struct sbuf *next;
	struct right_set *rights; /* descriptors that go along, owned */
	struct unix_sock *from;   /* packets: who sent it, a reference */
	struct linux_ucred creds;
	uint32_t record;   /* packets: bytes in the whole message */
	uint16_t off, len; /* data at [off, len) */
	uint16_t silo;     /* index, who is charged for the page */
	bool start;
	bool sealed; /* nothing may be added behind its data */
	uint8_t data[];
};

enum { SBUF_ROOM = 4096 - sizeof(struct sbuf) };

/* A fresh one, charged to the current silo; all fields but data set. NULL. */
struct sbuf *sbuf_alloc(void);
/* Only the page: rights and from were taken out. */
void sbuf_free(struct sbuf *b);

/* As sbuf_alloc sets them. */
void sbuf_reset(struct sbuf *b);
