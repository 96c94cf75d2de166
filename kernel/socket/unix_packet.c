/* kernel/socket/unix_packet.c -- datagram and seqpacket sockets: messages. */
/* SPDX-License-Identifier: MIT */
#include "kernel/socket/unix_internal.h"
#include "kernel/core/panic.h"
#include "kernel/socket/rights.h"

/*
 * A message is a chain of pages, made before any lock is taken, so that it is
 * queued whole or not at all. Its pages count against the sender (`sent`) until
 * it is received. Besides, a datagram socket takes UNIX_PACKETS messages from
 * others than its peer.
 *
 * A sender that polls waits at its own write_wait. If what it waits for is
 * room at its peer, it is on the peer's list room_waiters, and the peer's
 * receiver passes the word on; that list has a lock of its own, for all.
 */
static struct lock room_lock = LOCK_INIT(RANK_OBJECT);

static bool packet_full(const struct unix_sock *to, const struct unix_sock *s)
{
	return to->socket.type == SOCK_DGRAM && to != s &&
	       atomic_load_explicit(&to->peer, memory_order_relaxed) != s &&
	       to->packets > UNIX_PACKETS;
}

/* Tell those whose poll waits for room at s. */
static void room_tell(struct unix_sock *s)
{
	struct unix_sock *w;

	for (;;) {
		lock_take(&room_lock);
		if (list_empty(&s->room_waiters)) {
			lock_drop(&room_lock);
			return;
		}
		w = list_first(&s->room_waiters, struct unix_sock, room_link);
		list_remove(&w->room_link);
		unix_get(w);
		lock_drop(&room_lock);
		unix_wake_write(w, EV_OUT | EV_WRNORM);
		unix_put(w);
	}
}

bool unix_dgram_room(struct unix_sock *s, struct poll_table *pt)
{
	bool room = true;
	struct unix_sock *peer;

	lock_take(&room_lock);
	/* s->peer does not change while we hold this lock. */
	peer = unix_peer(s);
	if (peer && packet_full(peer, s)) {
		if (pt && list_empty(&s->room_link))
			list_push_back(&peer->room_waiters, &s->room_link);
		/* Full after the lock as well: room_tell will find us. */
		atomic_thread_fence(memory_order_seq_cst);
		room = !packet_full(peer, s);
	}
	lock_drop(&room_lock);
	return room;
}

/* Set s's peer, forgetting what waited for the old one; gives the old one. */
static struct unix_sock *peer_replace(
    struct unix_sock *s, struct unix_sock *peer)
{
	struct unix_sock *old;

	mutex_take(&s->lock);
	lock_take(&room_lock);
	old = atomic_exchange(&s->peer, peer);
	list_remove(&s->room_link);
	lock_drop(&room_lock);
	mutex_drop(&s->lock);
	return old;
}

void unix_room_forget(struct unix_sock *s)
{
	lock_take(&room_lock);
	list_remove(&s->room_link);
	lock_drop(&room_lock);
	room_tell(s); /* they will find us dead */
}

/* Does `to` hear s? Only its own peer if it has one. */
static bool may_send(struct unix_sock *s, struct unix_sock *to)
{
	struct unix_sock *p =
	    atomic_load_explicit(&to->peer, memory_order_relaxed);

	return !p || p == s;
}

enum err unix_dgram_connect(
    struct socket *socket, const struct sockaddr_buf *a, bool nowait)
{
	struct unix_sock *s = unix_of(socket), *to = NULL, *old;
	enum err e = OK;

	(void)nowait;
	if (a->len >= SOCKADDR_FAMILY && a->family == AF_UNSPEC) {
		old = peer_replace(s, NULL);
		goto out;
	}
	e = unix_find(a, SOCK_DGRAM, &to);
	if (e != OK)
		return e;
	if (socket->bits & SOCKET_PASSCRED)
		e = unix_autobind(s);
	if (e == OK && !may_send(s, to))
		e = E_PERM;
	if (e != OK) {
		unix_put(to);
		return e;
	}
	old = peer_replace(s, to);
out:
	if (old)
		unix_put(old);
	unix_wake_write(s, EV_OUT | EV_WRNORM);
	return e;
}

void unix_packet_free(struct sbuf *first)
{
	struct unix_sock *from = first->from;
	uint32_t pages = 0, before, limit;

	rights_drop(first->rights);
	for (struct sbuf *b = first; b; b = b->next)
		pages++;
	unix_chain_free(first);
	if (!from)
		return;
	before = atomic_fetch_sub(&from->sent, pages);
	limit = unix_limit(from);
	if (before * 2 > limit && (before - pages) * 2 <= limit)
		unix_wake_write(from, EV_OUT | EV_WRNORM);
	unix_put(from);
}

static bool sender_has_room(struct unix_sock *s)
{
	return s->sent * 2 <= unix_limit(s) || (s->shut & UNIX_SHUT_WR);
}

/* Sleep until s may have more under way. */
static enum err wait_own_room(struct unix_sock *s, unsigned flags)
{
	if (s->sent < unix_limit(s) || (s->shut & UNIX_SHUT_WR))
		return OK;
	if (socket_nowait(&s->socket, flags))
		return E_AGAIN;
	return unix_wait(
	    s, &s->write_wait, sender_has_room, s->socket.sndtimeo);
}

static bool receiver_has_room(struct unix_sock *to)
{
	return to->packets <= UNIX_PACKETS || to->dead ||
	       (to->shut & UNIX_SHUT_RD);
}

/* Put the chain into the queue of `to`. E_AGAIN: it is full. */
static enum err packet_queue(struct unix_sock *s, struct unix_sock *to,
    struct sbuf *first, struct sbuf *last)
{
	enum err e = OK;
	bool was_empty;

	mutex_take(&to->lock);
	was_empty = !to->head;
	if (to->dead)
		e = unix_connected_type(s) ? E_PIPE : E_CONNREFUSED;
	else if ((to->shut & UNIX_SHUT_RD) || (s->shut & UNIX_SHUT_WR))
		e = E_PIPE;
	else if (!unix_connected_type(s) && !may_send(s, to))
		e = E_PERM;
	else if (packet_full(to, s))
		e = E_AGAIN;
	else {
		unix_chain_queue(to, first, last);
		to->packets++;
	}
	mutex_drop(&to->lock);
	if (e == OK && (was_empty || to->edges))
		unix_wake_read(to, EV_IN | EV_RDNORM);
	return e;
}

/* Queue at `to`, waiting for room there; takes the chain when it succeeds. */
static enum err packet_deliver(struct unix_sock *s, struct unix_sock *to,
    struct sbuf *first, struct sbuf *last, unsigned flags)
{
	enum err e;

	for (;;) {
		e = packet_queue(s, to, first, last);
		if (e != E_AGAIN || socket_nowait(&s->socket, flags))
			return e;
		e = unix_wait(
		    to, &to->write_wait, receiver_has_room, s->socket.sndtimeo);
		if (e != OK)
			return e;
	}
}

/* Whom m goes to; gives a reference. */
static enum err packet_target(
    struct unix_sock *s, struct socket_msg *m, struct unix_sock **out)
{
	if (!unix_connected_type(s) && m->name && m->name->len)
		return unix_find(m->name, SOCK_DGRAM, out);
	mutex_take(&s->lock);
	*out = unix_peer(s);
	if (*out)
		unix_get(*out);
	mutex_drop(&s->lock);
	return *out ? OK : E_NOTCONN;
}

/* The peer is gone: a datagram socket is on its own again. */
static void peer_lost(struct unix_sock *s, struct unix_sock *peer)
{
	struct unix_sock *old = NULL;

	mutex_take(&s->lock);
	lock_take(&room_lock);
	if (unix_peer(s) == peer) {
		old = peer;
		s->peer = NULL;
		list_remove(&s->room_link);
	}
	lock_drop(&room_lock);
	mutex_drop(&s->lock);
	if (old)
		unix_put(old);
}

/* Make the chain for m, counted to s. */
static enum err packet_make(struct unix_sock *s, struct socket_msg *m,
    struct sbuf **first, struct sbuf **last)
{
	size_t n = m->uio->left;
	enum err e;

	if (n > s->socket.sndbuf - 32)
		return E_MSGSIZE;
	e = wait_own_room(s, m->flags);
	if (e == OK)
		e = unix_chain_make(m->uio, n, first, last);
	if (e != OK)
		return e;
	(*first)->record = (uint32_t)n;
	(*first)->from = unix_get(s);
	(*first)->rights = m->rights;
	if (m->has_creds)
		(*first)->creds = m->creds;
	for (struct sbuf *b = *first; b; b = b->next)
		s->sent++;
	return OK;
}

static long packet_send(struct socket *socket, struct socket_msg *m)
{
	struct unix_sock *s = unix_of(socket), *to;
	struct sbuf *first, *last;
	size_t n = m->uio->left;
	enum err e;

	if (m->flags & MSG_OOB)
		return E_OPNOTSUPP;
	if ((socket->bits & SOCKET_PASSCRED) && !s->name) {
		e = unix_autobind(s);
		if (e != OK)
			return e;
	}
	if (unix_connected_type(s) && s->state != UNIX_CONNECTED)
		return E_NOTCONN;
	e = packet_target(s, m, &to);
	if (e != OK)
		return e;
	if (s->shut & UNIX_SHUT_WR)
		e = E_PIPE;
	if (e == OK)
		e = packet_make(s, m, &first, &last);
	if (e == OK) {
		e = packet_deliver(s, to, first, last, m->flags);
		if (e == OK) {
			m->rights = NULL;
		} else {
			first->rights = NULL; /* still the caller's */
			unix_packet_free(first);
		}
	}
	if (e == E_CONNREFUSED)
		peer_lost(s, to);
	unix_put(to);
	if (e == E_PIPE && unix_connected_type(s))
		return socket_broken(m->flags);
	return e == OK ? (long)n : (long)e;
}

static bool packet_readable(struct unix_sock *s)
{
	return s->head || (s->shut & UNIX_SHUT_RD) || s->socket.error;
}

/* Nothing is queued: why? OK: look again. */
static enum err packet_empty(struct unix_sock *s, unsigned flags, bool *end)
{
	enum err e = socket_take_error(&s->socket);

	*end = false;
	if (e != OK)
		return e;
	if (s->shut & UNIX_SHUT_RD) {
		*end = true;
		return OK;
	}
	if (socket_nowait(&s->socket, flags))
		return E_AGAIN;
	return unix_wait(s, &s->read_wait, packet_readable, s->socket.rcvtimeo);
}

/* Copy a message out, as far as there is room. Bytes, or E_FAULT. */
static long packet_copy(struct sbuf *first, struct socket_msg *m)
{
	size_t room = m->uio->left, done = 0;
	bool full_length = m->flags & MSG_TRUNC;

	m->flags &= ~(unsigned)MSG_TRUNC;
	for (struct sbuf *b = first; b; b = b->next) {
		size_t n = MIN(m->uio->left, (size_t)b->len);

		if (b != first && b->start)
			break;
		if (uio_copy_to(m->uio, b->data, n) < n)
			return E_FAULT;
		done += n;
	}
	if (first->record > room)
		m->flags |= MSG_TRUNC;
	if (m->name && first->from)
		unix_copy_name(first->from, m->name);
	return full_length ? (long)first->record : (long)done;
}

static void packet_creds(
    struct unix_sock *s, const struct sbuf *first, struct socket_msg *m)
{
	m->has_creds = s->socket.bits & SOCKET_PASSCRED;
	m->creds = first->creds;
}

/* Look at the first message, which stays. False: there is none. */
static bool packet_peek(struct unix_sock *s, struct socket_msg *m, long *r)
{
	struct sbuf *first;

	mutex_take(&s->lock);
	first = s->head;
	if (first) {
		packet_creds(s, first, m);
		if (first->rights)
			m->rights = rights_get(first->rights);
		*r = packet_copy(first, m);
	}
	mutex_drop(&s->lock);
	return first;
}

/* Take the first message out of the queue, or NULL. */
static struct sbuf *packet_take(struct unix_sock *s)
{
	struct sbuf *first, *b;
	uint32_t pages = 1;
	bool was_full;

	mutex_take(&s->lock);
	first = s->head;
	if (!first) {
		mutex_drop(&s->lock);
		return NULL;
	}
	for (b = first; b->next && !b->next->start; b = b->next)
		pages++;
	was_full = s->packets > UNIX_PACKETS;
	atomic_store_explicit(&s->head, b->next, memory_order_release);
	b->next = NULL;
	s->packets--;
	s->pages -= pages;
	mutex_drop(&s->lock);
	if (was_full && s->packets <= UNIX_PACKETS) {
		unix_wake_write(s, 0);
		room_tell(s);
	}
	return first;
}

static long packet_recv(struct socket *socket, struct socket_msg *m)
{
	struct unix_sock *s = unix_of(socket);
	struct sbuf *first;
	enum err e;
	bool end;
	long r;

	if (m->flags & MSG_OOB)
		return E_OPNOTSUPP;
	if (unix_connected_type(s) && s->state != UNIX_CONNECTED)
		return E_NOTCONN;
	for (;;) {
		if (m->flags & MSG_PEEK) {
			if (packet_peek(s, m, &r))
				return r;
		} else if ((first = packet_take(s))) {
			break;
		}
		e = packet_empty(s, m->flags, &end);
		if (e != OK || end) {
			m->flags &= ~(unsigned)MSG_TRUNC;
			return e;
		}
	}
	r = packet_copy(first, m);
	packet_creds(s, first, m);
	if (r >= 0) {
		m->rights = first->rights;
		first->rights = NULL;
	}
	unix_packet_free(first);
	return r;
}

/* read(2) of no bytes takes no message. */
static long packet_object_read(struct object *o, struct uio *u, int64_t off)
{
	struct socket_msg m = {
	    .uio = u, .flags = u->flags & UIO_NOWAIT ? MSG_DONTWAIT : 0};
	long r;

	(void)off;
	if (u->left == 0)
		return 0;
	r = packet_recv((struct socket *)o, &m);
	rights_drop(m.rights);
	return r;
}

const struct object_ops unix_packet_object_ops = {
    .kind = socket_kind,
    .release = unix_release,
    .flush = unix_flush,
    .read = packet_object_read,
    .write = socket_write,
    .poll = unix_poll,
    .ioctl = unix_ioctl,
    .stat = socket_stat,
};

const struct socket_ops unix_dgram_ops = {
    .bind = unix_bind,
    .connect = unix_dgram_connect,
    .name = unix_getname,
    .shutdown = unix_shutdown,
    .send = packet_send,
    .recv = packet_recv,
    .get_option = unix_get_option,
    .changed = unix_changed,
};

const struct socket_ops unix_seqpacket_ops = {
    .bind = unix_bind,
    .connect = unix_connect,
    .listen = unix_listen,
    .accept = unix_accept,
    .name = unix_getname,
    .shutdown = unix_shutdown,
    .send = packet_send,
    .recv = packet_recv,
    .get_option = unix_get_option,
    .changed = unix_changed,
    .listening = unix_listening,
};
