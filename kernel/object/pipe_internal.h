/* kernel/object/pipe_internal.h -- the layout of a pipe, for pipe*.c. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/mutex.h"
#include "kernel/core/wait.h"
#include "kernel/object/pipe.h"

enum {
	PIPE_SPARES = 2,
	PIPE_DEV = 11, /* st_dev of unnamed pipes */
	PIPE_FIONREAD = 0x541b,
};

struct pipe_buf {
	uint8_t *data; /* a page */
	uint16_t off, len;
	bool packet; /* one read takes no more than this */
};

/* What a descriptor names: one open of the pipe. */
struct pipe_end {
	struct object object;
	struct pipe *pipe;    /* const */
	struct node *node;    /* const; fifo, with a reference; else NULL */
	uint32_t seen_opened; /* const: writes_opened when opened to read */
	bool reads, writes;   /* const */
};

struct pipe {
	struct mutex lock;
	_Atomic uint32_t head, tail; /* changed under lock */
	uint32_t size;               /* of ring, a power of two; lock */
	uint32_t spares;             /* lock */
	struct pipe_buf *ring;       /* lock */
	void *spare[PIPE_SPARES];    /* lock */
	struct wait_queue read_wait, write_wait;
	_Atomic uint32_t readers, writers; /* ends; changed under lock */
	/* Opens ever, so that an open that came and went is not missed. */
	_Atomic uint32_t reads_opened, writes_opened;
	_Atomic uint32_t ends;   /* the last one frees the pipe */
	struct silo *silo;       /* const: charged for the pages */
	uint64_t ino;            /* const */
	nsec_t made;             /* const: wall time */
	struct pipe_end pair[2]; /* of an unnamed pipe: reading, writing */
	struct pipe_buf first_ring[PIPE_PAGES_DEFAULT];
};

extern const struct object_ops pipe_ops;
struct pipe *pipe_alloc(void);  /* no ends yet */
void pipe_free(struct pipe *p); /* no ends any more */
