/* kernel/socket/unix_stream.c -- stream sockets: bytes through shared pages. */
/* SPDX-License-Identifier: MIT */
#include "kernel/socket/unix_internal.h"
#include "kernel/core/panic.h"
#include "kernel/socket/rights.h"

/*
 * As in a pipe, small writes share a page and two emptied pages are kept, so
 * that a ping-pong never meets the allocator; what is added is that a page may
 * carry descriptors, and knows who wrote it.
 *
 * A writer may have unix_limit() pages under way. It sleeps when there is no
 * room at all, and is woken when half of the limit is free: one wake-up for
 * many pages. poll says writable by the same rule. A reader is woken when the
 * queue was empty before; pollers that asked for edges hear of each write.
 */
enum { STREAM_CHUNK = 16 * 4096 }; /* of a message with descriptors */

static struct sbuf *page_take(struct unix_sock *s) REQUIRES(&s -> lock)
{
	struct sbuf *b = s->spare;

	if (likely(b) && likely(b->silo == silo_current()->index)) {
		s->spare = b->next;
		s->spares--;
		/* The rest is as it was: nothing but bytes was in it. */
		b->next = NULL;
		b->off = b->len = 0;
		b->start = true;
		b->sealed = false;
		return b;
	}
	return sbuf_alloc();
}

void unix_page_drop(struct unix_sock *s, struct sbuf *b)
{
	if (s->spares < UNIX_SPARES) {
		b->next = s->spare;
		s->spare = b;
		s->spares++;
	} else {
		sbuf_free(b);
	}
}

void unix_chain_queue(
    struct unix_sock *s, struct sbuf *first, struct sbuf *last)
{
	struct sbuf *head =
	    atomic_load_explicit(&s->head, memory_order_relaxed);
	uint32_t pages = 1;

	for (struct sbuf *b = first; b != last; b = b->next)
		pages++;
	atomic_store_explicit(&s->pages,
	    atomic_load_explicit(&s->pages, memory_order_relaxed) + pages,
	    memory_order_relaxed);
	if (head)
		s->tail->next = first;
	s->tail = last;
	/* Release: the data is there when poll sees it. */
	if (!head)
		atomic_store_explicit(&s->head, first, memory_order_release);
}

/* Were the bytes at the end of b written by c? If not, does it matter? */
static bool same_writer(
    struct unix_sock *to, struct sbuf *b, struct linux_ucred c)
{
	if (likely(b->creds.pid == c.pid && b->creds.uid == c.uid &&
	           b->creds.gid == c.gid))
		return true;
	if (to->socket.bits & SOCKET_PASSCRED)
		return false;
	/* Nobody asks now. Who asks later is not told a half-truth. */
	b->creds = (struct linux_ucred){0, 65534, 65534};
	return true;
}

/*
 * Append bytes of u to the queue of `to`, in the last page first, while s may.
 * E_NOMEM and E_FAULT only matter when nothing was taken.
 */
static enum err stream_append(struct unix_sock *s, struct unix_sock *to,
    struct uio *u) REQUIRES(&to -> lock)
{
	struct linux_ucred creds = unix_creds_now();
	uint32_t limit = unix_limit(s);
	struct sbuf *b;
	size_t n, got;

	if (to->head) {
		b = to->tail;
		n = MIN(u->left, (size_t)(SBUF_ROOM - b->len));
		if (n && !b->sealed && same_writer(to, b, creds)) {
			got = uio_copy_from(u, b->data + b->len, n);
			b->len += (uint16_t)got;
			if (unlikely(got < n))
				return E_FAULT;
		}
	}
	while (u->left && to->pages < limit) {
		b = page_take(to);
		if (unlikely(!b))
			return E_NOMEM;
		n = MIN(u->left, (size_t)SBUF_ROOM);
		got = uio_copy_from(u, b->data, n);
		if (unlikely(got == 0)) {
			unix_page_drop(to, b);
			return E_FAULT;
		}
		b->creds = creds;
		b->len = (uint16_t)got;
		unix_chain_queue(to, b, b);
		if (unlikely(got < n))
			return E_FAULT;
	}
	return OK;
}

/* May s write again? Also true when that would fail at once. */
static bool stream_writable(struct unix_sock *s)
{
	struct unix_sock *peer = unix_peer(s);

	return peer->pages * 2 <= unix_limit(s) || (s->shut & UNIX_SHUT_WR) ||
	       (peer->shut & UNIX_SHUT_RD);
}

static enum err stream_wait_room(struct unix_sock *s, unsigned flags)
{
	if (socket_nowait(&s->socket, flags))
		return E_AGAIN;
	return unix_wait(
	    s, &s->write_wait, stream_writable, s->socket.sndtimeo);
}

static bool stream_shut(const struct unix_sock *s, const struct unix_sock *peer)
{
	return (atomic_load_explicit(&s->shut, memory_order_relaxed) &
	           UNIX_SHUT_WR) ||
	       (atomic_load_explicit(&peer->shut, memory_order_relaxed) &
	           UNIX_SHUT_RD);
}

/* Data came: wake who waits for the first, and who wants to hear of all. */
static inline void stream_arrived(struct unix_sock *to, bool was_empty)
{
	if (was_empty || unlikely(to->edges))
		unix_wake_read(to, EV_IN | EV_RDNORM);
}

/* The plain bytes of u. */
static long stream_write(struct unix_sock *s, struct uio *u, unsigned flags)
{
	struct unix_sock *peer = unix_peer(s);
	size_t want = u->left;
	enum err e = OK;

	if (unlikely(!peer))
		return E_NOTCONN;
	while (u->left && e == OK) {
		size_t before = u->left;
		bool was_empty;

		mutex_take(&peer->lock);
		if (unlikely(stream_shut(s, peer))) {
			mutex_drop(&peer->lock);
			e = u->left < want ? E_PIPE : socket_broken(flags);
			break;
		}
		was_empty = !peer->head;
		e = stream_append(s, peer, u);
		mutex_drop(&peer->lock);
		if (u->left < before)
			stream_arrived(peer, was_empty);
		if (u->left && e == OK)
			e = stream_wait_room(s, flags);
	}
	return u->left < want ? (long)(want - u->left) : (long)e;
}

enum err unix_chain_make(
    struct uio *u, size_t max, struct sbuf **first, struct sbuf **last)
{
	struct linux_ucred creds = unix_creds_now();
	struct sbuf *b, *tail = NULL;
	size_t left = MIN(u->left, max);

	*first = NULL;
	do {
		size_t n = MIN(left, (size_t)SBUF_ROOM), got;

		b = sbuf_alloc();
		if (!b) {
			unix_chain_free(*first);
			return E_NOMEM;
		}
		if (tail)
			tail->next = b;
		else
			*first = b;
		tail = b;
		b->start = b == *first;
		b->sealed = true;
		b->creds = creds;
		got = uio_copy_from(u, b->data, n);
		b->len = (uint16_t)got;
		if (got < n) {
			unix_chain_free(*first);
			return E_FAULT;
		}
		left -= n;
	} while (left);
	*last = tail;
	return OK;
}

void unix_chain_free(struct sbuf *first)
{
	while (first) {
		struct sbuf *next = first->next;

		sbuf_free(first);
		first = next;
	}
}

/* The first part of a message, which carries m's descriptors. */
static long stream_write_rights(struct unix_sock *s, struct socket_msg *m)
{
	struct unix_sock *peer = unix_peer(s);
	size_t want = m->uio->left;
	struct sbuf *first, *last;
	enum err e;

	if (!peer)
		return E_NOTCONN;
	e = unix_chain_make(m->uio, STREAM_CHUNK, &first, &last);
	if (e != OK)
		return e;
	if (m->has_creds)
		first->creds = m->creds;
	for (;;) {
		bool was_empty;

		mutex_take(&peer->lock);
		if (stream_shut(s, peer)) {
			e = E_PIPE;
		} else if (peer->pages < unix_limit(s)) {
			was_empty = !peer->head;
			first->rights = m->rights;
			m->rights = NULL;
			unix_chain_queue(peer, first, last);
			mutex_drop(&peer->lock);
			stream_arrived(peer, was_empty);
			return (long)(want - m->uio->left);
		}
		mutex_drop(&peer->lock);
		if (e == OK)
			e = stream_wait_room(s, m->flags);
		if (e != OK)
			break;
	}
	unix_chain_free(first);
	return e == E_PIPE ? socket_broken(m->flags) : e;
}

long unix_stream_send(struct socket *socket, struct socket_msg *m)
{
	struct unix_sock *s = unix_of(socket);
	long r, more;

	if (m->flags & MSG_OOB)
		return E_OPNOTSUPP;
	if (m->name && m->name->len)
		return unix_peer(s) ? E_ISCONN : E_OPNOTSUPP;
	if (likely(!m->rights && !m->has_creds) || m->uio->left == 0)
		return stream_write(s, m->uio, m->flags);
	r = stream_write_rights(s, m);
	if (r < 0 || m->uio->left == 0)
		return r;
	more = stream_write(s, m->uio, m->flags);
	return more > 0 ? r + more : r;
}

static long stream_object_write(struct object *o, struct uio *u, int64_t off)
{
	(void)off;
	return stream_write(unix_of_object(o), u,
	    unlikely(u->flags & UIO_NOWAIT) ? MSG_DONTWAIT : 0);
}

/* What one pass over the queue gave besides bytes. */
struct drained {
	size_t bytes;
	struct right_set *unwanted; /* of a reader that cannot take them */
	bool rights_seen;
	bool creds_seen;
	bool apart; /* what follows is another message */
};

/*
 * b begins a message: may the bytes after what was read come with it? Never
 * behind descriptors, nor from another writer if the reader asked who writes.
 */
static bool message_joins(struct unix_sock *s, const struct sbuf *b,
    struct socket_msg *m, struct drained *d)
{
	if (d->rights_seen)
		return false;
	if (likely(!m) || !(s->socket.bits & SOCKET_PASSCRED))
		return true;
	if (!d->creds_seen) {
		m->creds = b->creds;
		m->has_creds = d->creds_seen = true;
		return true;
	}
	return m->creds.pid == b->creds.pid && m->creds.uid == b->creds.uid &&
	       m->creds.gid == b->creds.gid;
}

/* Hand b's descriptors over. */
static void rights_hand_over(
    struct sbuf *b, struct socket_msg *m, struct drained *d)
{
	d->rights_seen = true;
	if (m && (m->flags & MSG_PEEK)) {
		m->rights = rights_get(b->rights);
		return;
	}
	if (m)
		m->rights = b->rights;
	else
		d->unwanted = b->rights;
	b->rights = NULL;
}

/* Take bytes out of the queue until u is full, or what follows is apart. */
static enum err stream_drain(struct unix_sock *s, struct uio *u,
    struct socket_msg *m, struct drained *d) REQUIRES(&s -> lock)
{
	bool peek = m && (m->flags & MSG_PEEK);
	struct sbuf *b = atomic_load_explicit(&s->head, memory_order_relaxed);
	struct sbuf *next;

	do {
		size_t n = MIN(u->left, (size_t)(b->len - b->off)), got;

		if (b->start && !message_joins(s, b, m, d)) {
			d->apart = true;
			break;
		}
		got = uio_copy_to(u, b->data + b->off, n);
		d->bytes += got;
		if (unlikely(b->rights) && (got || n == 0))
			rights_hand_over(b, m, d);
		next = b->next;
		if (likely(!peek)) {
			b->off += (uint16_t)got;
			if (b->off != b->len)
				return unlikely(got < n) ? E_FAULT : OK;
			/* Release: poll sees the queue as it is now. */
			atomic_store_explicit(
			    &s->head, next, memory_order_release);
			atomic_store_explicit(&s->pages,
			    atomic_load_explicit(
			        &s->pages, memory_order_relaxed) -
			        1,
			    memory_order_release);
			unix_page_drop(s, b);
		} else if (unlikely(got < n)) {
			return E_FAULT;
		}
		b = next;
	} while (b && u->left);
	return OK;
}

static bool stream_readable(struct unix_sock *s)
{
	return s->head || (s->shut & UNIX_SHUT_RD) || s->socket.error;
}

/* The queue is empty: why, and is it worth waiting? OK: look again. */
static enum err stream_empty(struct unix_sock *s, unsigned flags, bool *end)
{
	nsec_t timeo;
	enum err e;

	*end = false;
	if (s->state != UNIX_CONNECTED)
		return E_INVAL;
	e = socket_take_error(&s->socket);
	if (e != OK)
		return e;
	if (s->shut & UNIX_SHUT_RD) {
		*end = true;
		return OK;
	}
	if (socket_nowait(&s->socket, flags))
		return E_AGAIN;
	timeo = s->socket.rcvtimeo;
	e = WAIT_EVENT(&s->read_wait, stream_readable(s), WAIT_INTR,
	    socket_deadline(timeo));
	return likely(e == OK) ? OK : socket_wait_error(e, timeo);
}

/* Pages were freed: there may be room again for who writes to s. */
static inline void stream_freed(
    struct unix_sock *s, uint32_t before, uint32_t after)
{
	struct unix_sock *peer = unix_peer(s);
	uint32_t limit = unix_limit(peer);

	if (unlikely(before * 2 > limit && after * 2 <= limit))
		unix_wake_write(peer, EV_OUT | EV_WRNORM);
}

/* One look at the queue; false when it was empty. */
static bool stream_look(struct unix_sock *s, struct uio *u,
    struct socket_msg *m, struct drained *d, enum err *e)
{
	uint32_t before, after;

	mutex_take(&s->lock);
	if (!atomic_load_explicit(&s->head, memory_order_relaxed)) {
		mutex_drop(&s->lock);
		return false;
	}
	before = atomic_load_explicit(&s->pages, memory_order_relaxed);
	*e = stream_drain(s, u, m, d);
	after = atomic_load_explicit(&s->pages, memory_order_relaxed);
	mutex_drop(&s->lock);
	if (after != before)
		stream_freed(s, before, after);
	return true;
}

/*
 * What most reads are: bytes alone, all of them in the first page. 0: it is
 * none of those, or there is nothing yet.
 */
static inline long stream_read_page(struct unix_sock *s, struct uio *u)
{
	struct sbuf *b;
	uint32_t pages;
	size_t n, got;

	mutex_take(&s->lock);
	b = atomic_load_explicit(&s->head, memory_order_relaxed);
	if (!b)
		goto none;
	n = (size_t)(b->len - b->off);
	if (unlikely(b->rights) || (n < u->left && unlikely(b->next)) ||
	    unlikely(s->socket.rcvlowat != 1))
		goto none;
	n = MIN(n, u->left);
	got = uio_copy_to(u, b->data + b->off, n);
	b->off += (uint16_t)got;
	if (b->off != b->len) {
		mutex_drop(&s->lock);
		return likely(got) ? (long)got : E_FAULT;
	}
	pages = atomic_load_explicit(&s->pages, memory_order_relaxed);
	atomic_store_explicit(&s->pages, pages - 1, memory_order_relaxed);
	/* Release: poll sees the queue as it is now. */
	atomic_store_explicit(&s->head, b->next, memory_order_release);
	unix_page_drop(s, b);
	mutex_drop(&s->lock);
	stream_freed(s, pages, pages - 1);
	return (long)got;
none:
	mutex_drop(&s->lock);
	return 0;
}

/* m NULL: read(2), which takes bytes alone. */
static long stream_read(
    struct unix_sock *s, struct uio *u, struct socket_msg *m, unsigned flags)
{
	struct drained d = {0};
	size_t want = u->left, target;
	enum err e = OK;
	bool end;

	target = s->socket.rcvlowat;
	if ((flags & MSG_WAITALL) || target > want)
		target = want;
	for (;;) {
		if (stream_look(s, u, m, &d, &e)) {
			if (e != OK || d.bytes >= target || d.rights_seen ||
			    d.apart || (flags & MSG_PEEK))
				break;
			continue;
		}
		if (d.bytes && d.bytes >= target)
			break;
		e = stream_empty(s, flags, &end);
		if (e != OK || end)
			break;
	}
	if (unlikely(d.unwanted))
		rights_drop(d.unwanted);
	return d.bytes ? (long)d.bytes : (long)e;
}

long unix_stream_recv(struct socket *socket, struct socket_msg *m)
{
	struct unix_sock *s = unix_of(socket);
	struct unix_sock *peer;
	unsigned flags = m->flags;
	long r;

	if (flags & MSG_OOB)
		return E_INVAL;
	r = stream_read(s, m->uio, m, flags);
	if (r < 0)
		return r;
	peer = unix_peer(s);
	if (m->name && peer)
		unix_copy_name(peer, m->name);
	return r;
}

static long stream_object_read(struct object *o, struct uio *u, int64_t off)
{
	struct unix_sock *s = unix_of_object(o);
	unsigned flags = unlikely(u->flags & UIO_NOWAIT) ? MSG_DONTWAIT : 0;
	enum err e = OK;
	bool end = false;
	long r;

	(void)off;
	if (unlikely(u->left == 0))
		return 0;
	for (;;) {
		r = stream_read_page(s, u);
		if (likely(r))
			return r;
		if (s->head)
			return stream_read(s, u, NULL, flags);
		e = stream_empty(s, flags, &end);
		if (unlikely(e != OK || end))
			return e;
	}
}

const struct object_ops unix_stream_object_ops = {
    .kind = socket_kind,
    .release = unix_release,
    .flush = unix_flush,
    .read = stream_object_read,
    .write = stream_object_write,
    .poll = unix_poll,
    .ioctl = unix_ioctl,
    .stat = socket_stat,
};

const struct socket_ops unix_stream_ops = {
    .bind = unix_bind,
    .connect = unix_connect,
    .listen = unix_listen,
    .accept = unix_accept,
    .name = unix_getname,
    .shutdown = unix_shutdown,
    .send = unix_stream_send,
    .recv = unix_stream_recv,
    .get_option = unix_get_option,
    .changed = unix_changed,
    .listening = unix_listening,
};
