/* kernel/object/pipe.h -- pipes and fifos. See pipe(4). */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/object/object.h"

enum {
	PIPE_ATOMIC = 4096, /* PIPE_BUF: such writes are not split */
	PIPE_PAGES_DEFAULT = 16,
	PIPE_PAGES_MAX = 256,    /* F_SETPIPE_SZ without privilege */
	PIPE_PAGES_LIMIT = 8192, /* and with it */
};

/*
 * Make a pipe; gives a reference to each end. oflags: O_NONBLOCK and O_DIRECT
 * (packets) for both. E_NOMEM.
 */
enum err pipe_create(
    uint32_t oflags, struct object **read_end, struct object **write_end);

/*
 * Open a fifo: node->fifo is the pipe while anybody has it open. Waits for the
 * other side unless O_NONBLOCK or O_RDWR. E_NXIO (nobody reads), E_NOMEM,
 * E_RESTARTSYS.
 */
enum err pipe_fifo_open(
    struct node *node, uint32_t oflags, struct object **out);

/* F_GETPIPE_SZ, F_SETPIPE_SZ: bytes, or E_BADF for what is no pipe. */
long pipe_get_size(struct object *o);
long pipe_set_size(struct object *o, size_t bytes);

/* True for an end of a pipe or fifo. */
bool object_is_pipe(const struct object *o);
