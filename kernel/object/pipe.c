/* kernel/object/pipe.c -- pipes and fifos: a ring of pages between two ends. */
/* SPDX-License-Identifier: MIT */
#include "kernel/object/pipe.h"
#include "kernel/object/pipe_internal.h"
#include "kernel/object/poll.h"
#include "kernel/object/signal.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/usercopy.h"
#include "kernel/vfs/file.h"
#include "kernel/core/clock.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"

/*
 * Invariants, under pipe->lock:
 * 1. Buffers [tail, head) of the ring hold data, each at least one byte; the
 *    indices never wrap back, so head - tail is the fill.
 * 2. Only the last buffer grows, and only if it is no packet.
 * 3. A reader sleeps only while the ring is empty, a writer only while it has
 *    no free buffer; so only these two changes wake, once per call, after the
 *    lock was dropped.
 * head and tail are atomic so that poll and the sleepers' conditions read them
 * without the lock. A pipe lives while an end does: each counts in `ends`.
 *
 * Two pages that were emptied are kept: a ping-pong never meets the allocator.
 */
static struct slab_cache *pipe_cache;
static _Atomic uint64_t pipe_next_ino = 1;

static struct pipe_end *end_of(struct object *o)
{
	return container_of(o, struct pipe_end, object);
}

static uint32_t pipe_fill(const struct pipe *p)
{
	/* Acquire: pairs with the stores that publish a buffer or free one. */
	return atomic_load_explicit(&p->head, memory_order_acquire) -
	       atomic_load_explicit(&p->tail, memory_order_acquire);
}

static bool pipe_readable(const struct pipe *p)
{
	return pipe_fill(p) != 0 ||
	       atomic_load_explicit(&p->writers, memory_order_acquire) == 0;
}

static bool pipe_writable(const struct pipe *p)
{
	return pipe_fill(p) < p->size ||
	       atomic_load_explicit(&p->readers, memory_order_acquire) == 0;
}

/* A page for the ring, or NULL. */
static void *pipe_page_get(struct pipe *p) REQUIRES(&p -> lock)
{
	struct page *page;

	if (p->spares)
		return p->spare[--p->spares];
	page = page_alloc(0, 0, p->silo);
	return page ? page_to_virt(page) : NULL;
}

static void pipe_page_put(struct pipe *p, void *data) REQUIRES(&p -> lock)
{
	if (p->spares < PIPE_SPARES)
		p->spare[p->spares++] = data;
	else
		page_put(phys_to_page(virt_to_phys(data)));
}

struct pipe *pipe_alloc(void)
{
	struct pipe *p;

	if (!pipe_cache) {
		struct slab_cache *c =
		    slab_create("pipe", sizeof(struct pipe), CACHE_LINE);

		pipe_cache = c;
	}
	p = slab_alloc(pipe_cache);
	if (!p)
		return NULL;
	mutex_init(&p->lock, RANK_PIPE);
	p->size = PIPE_PAGES_DEFAULT;
	p->ring = p->first_ring;
	p->head = p->tail = 0;
	p->readers = p->writers = 0;
	p->reads_opened = p->writes_opened = 0;
	p->ends = 0;
	p->spares = 0;
	p->silo = silo_current();
	silo_pin(p->silo);
	p->ino = atomic_fetch_add(&pipe_next_ino, 1);
	p->made = clock_wall();
	wait_queue_init(&p->read_wait);
	wait_queue_init(&p->write_wait);
	return p;
}

void pipe_free(struct pipe *p)
{
	for (uint32_t i = p->tail; i != p->head; i++)
		page_put(phys_to_page(
		    virt_to_phys(p->ring[i & (p->size - 1)].data)));
	while (p->spares)
		page_put(phys_to_page(virt_to_phys(p->spare[--p->spares])));
	if (p->ring != p->first_ring)
		kfree(p->ring);
	silo_unpin(p->silo);
	slab_free(pipe_cache, p);
}

/* Take bytes out of the ring until u is full, a packet ends or none is left */
static size_t pipe_drain(struct pipe *p, struct uio *u) REQUIRES(&p -> lock)
{
	uint32_t tail = p->tail;
	uint32_t head = p->head;
	size_t done = 0;

	while (tail != head && u->left) {
		struct pipe_buf *b = &p->ring[tail & (p->size - 1)];
		size_t n = MIN(u->left, (size_t)b->len);
		size_t got = uio_copy_to(u, b->data + b->off, n);
		bool packet = b->packet;

		done += got;
		b->off += (uint16_t)got;
		b->len -= (uint16_t)got;
		if (unlikely(got < n))
			break;
		if (b->len == 0 || packet) {
			pipe_page_put(p, b->data);
			/* Release: the buffer is free when this is seen. */
			atomic_store_explicit(
			    &p->tail, ++tail, memory_order_release);
		}
		if (unlikely(packet))
			break;
	}
	return done;
}

static long pipe_read(struct object *o, struct uio *u, int64_t off)
{
	struct pipe *p = end_of(o)->pipe;
	size_t want = u->left, done;
	bool was_full, more;
	enum err e;

	(void)off;
	if (unlikely(want == 0))
		return 0;
	for (;;) {
		mutex_take(&p->lock);
		if (likely(p->head != p->tail))
			break;
		if (p->writers == 0) {
			mutex_drop(&p->lock);
			return 0;
		}
		mutex_drop(&p->lock);
		if ((o->oflags & O_NONBLOCK) || (u->flags & UIO_NOWAIT))
			return E_AGAIN;
		e = WAIT_EVENT(
		    &p->read_wait, pipe_readable(p), WAIT_INTR, WAIT_FOREVER);
		if (e != OK)
			return E_RESTARTSYS;
	}
	was_full = p->head - p->tail >= p->size;
	done = pipe_drain(p, u);
	more = p->head - p->tail < p->size;
	mutex_drop(&p->lock);
	if (was_full && more)
		wait_wake_all(&p->write_wait);
	return done ? (long)done : E_FAULT;
}

/*
 * Append bytes of u: first to the last buffer, then in new ones, while there
 * is room. E_NOMEM and E_FAULT only matter when nothing was taken.
 */
static enum err pipe_append(struct pipe *p, struct uio *u, bool packet)
    REQUIRES(&p -> lock)
{
	uint32_t mask = p->size - 1;
	struct pipe_buf *b;
	size_t n;

	if (p->head != p->tail && !packet) {
		b = &p->ring[(p->head - 1) & mask];
		n = MIN(u->left, PAGE_SIZE - b->off - b->len);
		if (n && !b->packet) {
			size_t got =
			    uio_copy_from(u, b->data + b->off + b->len, n);

			b->len += (uint16_t)got;
			if (unlikely(got < n))
				return E_FAULT;
		}
	}
	while (u->left && p->head - p->tail < p->size) {
		b = &p->ring[p->head & mask];
		b->data = pipe_page_get(p);
		if (unlikely(!b->data))
			return E_NOMEM;
		n = MIN(u->left, PAGE_SIZE);
		b->off = 0;
		b->packet = packet;
		b->len = (uint16_t)uio_copy_from(u, b->data, n);
		if (unlikely(b->len == 0)) {
			pipe_page_put(p, b->data);
			return E_FAULT;
		}
		/* Release: the bytes are there when head is seen. */
		atomic_store_explicit(
		    &p->head, p->head + 1, memory_order_release);
		if (unlikely(b->len < n))
			return E_FAULT;
	}
	return OK;
}

/* Does n bytes' worth of an atomic write fit now? */
static bool pipe_room(struct pipe *p, size_t n, bool packet)
    REQUIRES(&p -> lock)
{
	struct pipe_buf *b;

	if (p->head - p->tail < p->size)
		return true;
	b = &p->ring[(p->head - 1) & (p->size - 1)];
	if (packet || b->packet)
		return false;
	n = n > PIPE_ATOMIC ? 1 : n;
	return PAGE_SIZE - b->off - b->len >= n;
}

/* Nobody reads: a signal and an error. */
static enum err pipe_broken(void)
{
	struct ksiginfo info = {
	    .signo = SIGPIPE,
	    .pid = process_current()->pid,
	    .uid = cred_current()->uid,
	};

	signal_send_thread(thread_current(), &info);
	return E_PIPE;
}

/*
 * Sleep until a writer has a chance. The condition has no view of the last
 * buffer's tail: whoever waits for it is woken when a buffer is freed.
 */
static enum err pipe_wait_room(struct object *o, struct pipe *p, struct uio *u)
{
	if ((o->oflags & O_NONBLOCK) || (u->flags & UIO_NOWAIT))
		return E_AGAIN;
	if (WAIT_EVENT(&p->write_wait, pipe_writable(p), WAIT_INTR,
	        WAIT_FOREVER) != OK)
		return E_RESTARTSYS;
	return OK;
}

static long pipe_write(struct object *o, struct uio *u, int64_t off)
{
	struct pipe *p = end_of(o)->pipe;
	bool packet = o->oflags & O_DIRECT;
	size_t want = u->left;
	enum err e = OK;

	(void)off;
	if (unlikely(want == 0))
		return 0;
	while (u->left && e == OK) {
		bool was_empty;

		mutex_take(&p->lock);
		if (unlikely(p->readers == 0)) {
			mutex_drop(&p->lock);
			e = pipe_broken();
			break;
		}
		was_empty = p->head == p->tail;
		if (likely(pipe_room(p, want, packet)))
			e = pipe_append(p, u, packet);
		mutex_drop(&p->lock);
		if (was_empty && u->left < want)
			wait_wake_all(&p->read_wait);
		if (u->left && e == OK)
			e = pipe_wait_room(o, p, u);
	}
	return u->left < want ? (long)(want - u->left) : (long)e;
}

static uint32_t pipe_poll(struct object *o, struct poll_table *pt)
{
	struct pipe_end *end = end_of(o);
	struct pipe *p = end->pipe;
	uint32_t events = 0;

	if (end->reads) {
		if (pt)
			poll_wait(pt, &p->read_wait);
		if (pipe_fill(p))
			events |= EV_IN | EV_RDNORM;
		if (p->writers == 0 && p->writes_opened != end->seen_opened)
			events |= EV_HUP;
	}
	if (end->writes) {
		if (pt)
			poll_wait(pt, &p->write_wait);
		if (pipe_fill(p) < p->size)
			events |= EV_OUT | EV_WRNORM;
		if (p->readers == 0)
			events |= EV_ERR;
	}
	return events;
}

static long pipe_ioctl(struct object *o, uint32_t cmd, uint64_t arg)
{
	struct pipe *p = end_of(o)->pipe;
	uint32_t n = 0;

	if (cmd != PIPE_FIONREAD)
		return E_NOTTY;
	mutex_take(&p->lock);
	for (uint32_t i = p->tail; i != p->head; i++)
		n += p->ring[i & (p->size - 1)].len;
	mutex_drop(&p->lock);
	return user_write_u32((struct uptr){arg}, n);
}

static enum err pipe_stat(struct object *o, struct kstat *out)
{
	struct pipe_end *end = end_of(o);
	const struct cred *c = cred_current();
	struct ktime t;

	if (end->node) {
		node_stat(end->node, out);
		return OK;
	}
	t.sec = (int64_t)(end->pipe->made / NSEC_PER_SEC);
	t.nsec = (uint32_t)(end->pipe->made % NSEC_PER_SEC);
	memset(out, 0, sizeof(*out));
	out->dev = PIPE_DEV;
	out->ino = end->pipe->ino;
	out->mode = NODE_FIFO | 0600;
	out->nlink = 1;
	out->uid = c->fsuid;
	out->gid = c->fsgid;
	out->blksize = PAGE_SIZE;
	out->atime = out->mtime = out->ctime = out->btime = t;
	return OK;
}

/* Count an end out; true when the other side must hear of it. */
static bool end_leave(struct pipe_end *end, struct pipe *p)
{
	bool hang_up = false;

	mutex_take(&p->lock);
	if (end->reads && --p->readers == 0)
		hang_up = true;
	if (end->writes && --p->writers == 0)
		hang_up = true;
	if (end->node && p->readers == 0 && p->writers == 0)
		end->node->fifo = NULL; /* the next open makes a new pipe */
	mutex_drop(&p->lock);
	return hang_up;
}

/*
 * An end goes: the other side learns of it when it was the last of its kind.
 * Nothing touches the pipe after our count in `ends` is gone, since the other
 * side may be here at the same moment.
 */
static void pipe_end_release(struct object *o)
{
	struct pipe_end *end = end_of(o);
	struct pipe *p = end->pipe;
	struct node *node = end->node;
	bool hang_up;

	if (node) {
		mutex_take(&node->lock);
		hang_up = end_leave(end, p);
		mutex_drop(&node->lock);
	} else {
		hang_up = end_leave(end, p);
	}
	if (hang_up) {
		wait_wake_all(&p->read_wait);
		wait_wake_all(&p->write_wait);
	}
	if (node) {
		kfree(end);
		node_put(node);
	}
	if (atomic_fetch_sub(&p->ends, 1) == 1)
		pipe_free(p);
}

static enum err pipe_set_flags(struct object *o, uint32_t oflags)
{
	o->oflags = oflags;
	return OK;
}

const struct object_ops pipe_ops = {
    .kind = "pipe",
    .release = pipe_end_release,
    .read = pipe_read,
    .write = pipe_write,
    .poll = pipe_poll,
    .ioctl = pipe_ioctl,
    .stat = pipe_stat,
    .set_flags = pipe_set_flags,
};
