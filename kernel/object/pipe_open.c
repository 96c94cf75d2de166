/* kernel/object/pipe_open.c -- making pipes, opening fifos, their capacity. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/object/pipe.h"
#include "kernel/object/pipe_internal.h"
#include "kernel/object/process.h"
#include "kernel/mm/slab.h"
#include "kernel/vfs/file.h"

bool object_is_pipe(const struct object *o)
{
	return o->ops == &pipe_ops;
}

static struct pipe *pipe_of(struct object *o)
{
	return container_of(o, struct pipe_end, object)->pipe;
}

static void end_init(
    struct pipe_end *end, struct pipe *p, struct node *node, uint32_t oflags)
{
	uint32_t mode = oflags & O_ACCMODE;
	uint32_t rights = RIGHTS_ALL & ~(RIGHT_SEEK | RIGHT_MAP);

	end->pipe = p;
	end->node = node;
	end->reads = mode != O_WRONLY;
	end->writes = mode != O_RDONLY;
	end->seen_opened = UINT32_MAX;
	if (!end->reads)
		rights &= ~(uint32_t)RIGHT_READ;
	if (!end->writes)
		rights &= ~(uint32_t)RIGHT_WRITE;
	object_init(&end->object, &pipe_ops, oflags, rights);
}

enum err pipe_create(
    uint32_t oflags, struct object **read_end, struct object **write_end)
{
	uint32_t kept = oflags & (O_NONBLOCK | O_DIRECT);
	struct pipe *p = pipe_alloc();

	if (!p)
		return E_NOMEM;
	end_init(&p->pair[0], p, NULL, O_RDONLY | kept);
	end_init(&p->pair[1], p, NULL, O_WRONLY | kept);
	p->readers = p->writers = 1;
	p->ends = 2;
	*read_end = &p->pair[0].object;
	*write_end = &p->pair[1].object;
	return OK;
}

/* Count the new end in, making the pipe if it is the first. */
static enum err fifo_join(struct node *node, struct pipe_end *end)
{
	struct pipe *p;
	enum err e = OK;

	mutex_take(&node->lock);
	p = (struct pipe *)node->fifo;
	if (!p)
		p = pipe_alloc();
	if (!p) {
		mutex_drop(&node->lock);
		return E_NOMEM;
	}
	/* RANK_PIPE comes after RANK_NODE. */
	mutex_take(&p->lock);
	if (!end->reads && p->readers == 0 &&
	    (end->object.oflags & O_NONBLOCK)) {
		e = E_NXIO;
	} else {
		end->pipe = p;
		p->ends++;
		if (end->reads) {
			p->readers++;
			p->reads_opened++;
		}
		if (end->writes) {
			p->writers++;
			p->writes_opened++;
		}
		if (p->writers == 0)
			end->seen_opened = p->writes_opened;
		node->fifo = (struct object *)p;
	}
	mutex_drop(&p->lock);
	if (e != OK && !node->fifo)
		pipe_free(p);
	mutex_drop(&node->lock);
	return e;
}

/* Wait for somebody on the other side. */
static enum err fifo_meet(struct pipe_end *end)
{
	struct pipe *p = end->pipe;
	uint32_t seen;

	if (end->reads && end->writes)
		return OK;
	if (end->reads) {
		seen = end->seen_opened;
		if (p->writers || (end->object.oflags & O_NONBLOCK))
			return OK;
		return WAIT_EVENT(&p->read_wait,
		    p->writers || p->writes_opened != seen, WAIT_INTR,
		    WAIT_FOREVER);
	}
	seen = p->reads_opened;
	if (p->readers)
		return OK;
	return WAIT_EVENT(&p->write_wait, p->readers || p->reads_opened != seen,
	    WAIT_INTR, WAIT_FOREVER);
}

enum err pipe_fifo_open(struct node *node, uint32_t oflags, struct object **out)
{
	struct pipe_end *end = kmalloc(sizeof(*end));
	enum err e;

	if (!end)
		return E_NOMEM;
	end_init(end, NULL, node, oflags & ~(uint32_t)O_DIRECT);
	e = fifo_join(node, end);
	if (e != OK) {
		kfree(end);
		return e;
	}
	node_get(node);
	/* Those of the other side that wait in fifo_meet. */
	wait_wake_all(&end->pipe->read_wait);
	wait_wake_all(&end->pipe->write_wait);
	e = fifo_meet(end);
	if (e != OK) {
		object_put(&end->object);
		return E_RESTARTSYS;
	}
	*out = &end->object;
	return OK;
}

long pipe_get_size(struct object *o)
{
	if (!object_is_pipe(o))
		return E_BADF;
	return (long)pipe_of(o)->size * (long)PAGE_SIZE;
}

/* Move the buffers over to a ring of n entries; false if they do not fit. */
static bool pipe_resize_locked(
    struct pipe *p, struct pipe_buf *ring, uint32_t n) REQUIRES(&p -> lock)
{
	uint32_t fill = p->head - p->tail;

	if (fill > n)
		return false;
	for (uint32_t i = 0; i < fill; i++)
		ring[i] = p->ring[(p->tail + i) & (p->size - 1)];
	if (p->ring != p->first_ring)
		kfree(p->ring);
	p->ring = ring;
	p->size = n;
	p->head = fill;
	p->tail = 0;
	return true;
}

long pipe_set_size(struct object *o, size_t bytes)
{
	struct pipe_buf *ring;
	struct pipe *p;
	uint32_t n = 1;
	bool done;

	if (!object_is_pipe(o))
		return E_BADF;
	if (bytes > PIPE_PAGES_LIMIT * PAGE_SIZE)
		return E_INVAL;
	while (n * PAGE_SIZE < bytes)
		n *= 2;
	if (n > PIPE_PAGES_MAX && !cred_privileged())
		return E_PERM;
	ring = kmalloc(n * sizeof(*ring));
	if (!ring)
		return E_NOMEM;
	p = pipe_of(o);
	mutex_take(&p->lock);
	done = pipe_resize_locked(p, ring, n);
	mutex_drop(&p->lock);
	if (!done) {
		kfree(ring);
		return E_BUSY;
	}
	wait_wake_all(&p->write_wait);
	return (long)(n * PAGE_SIZE);
}
