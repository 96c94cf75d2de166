/* kernel/socket/unix_connect.c -- listening, connecting, accepting. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/socket/unix_internal.h"

/*
 * connect makes the socket that accept will give, joins it to the caller's
 * and puts it into the listener's queue: from then on data may be sent, though
 * nobody has accepted yet. The queue owns the new socket's object.
 */
static bool backlog_full(const struct unix_sock *l)
{
	return l->npending > l->backlog;
}

static bool backlog_changed(struct unix_sock *l)
{
	return !backlog_full(l) || l->dead || l->state != UNIX_LISTENING ||
	       (l->shut & UNIX_SHUT_RD);
}

/* Give the client s and the server's end n what each knows of the other. */
static void introduce(
    struct unix_sock *s, struct unix_sock *n, struct unix_sock *listener)
{
	struct unix_name *name = listener->name;
	struct cred *old = s->peer_cred;

	unix_note_peer(n);
	s->peer_pid = listener->peer_pid;
	s->peer_cred = cred_get(listener->peer_cred);
	cred_put(old);
	if (name) {
		atomic_fetch_add(&name->refs, 1);
		n->name = name;
	}
	silo_pin(listener->silo);
	silo_unpin(n->silo);
	n->silo = listener->silo;
	object_set_silo(&n->socket.object, n->silo);
	n->socket.bits = listener->socket.bits & SOCKET_PASSCRED;
	unix_join(s, n);
}

/* Put n, joined to s, into the listener's queue. E_AGAIN: it is full. */
static enum err enqueue(
    struct unix_sock *s, struct unix_sock *n, struct unix_sock *listener)
{
	enum err e = OK;

	mutex_take(&listener->lock);
	if (listener->dead || listener->state != UNIX_LISTENING ||
	    (listener->shut & UNIX_SHUT_RD)) {
		e = E_CONNREFUSED;
	} else if (backlog_full(listener)) {
		e = E_AGAIN;
	} else {
		introduce(s, n, listener);
		list_push_back(&listener->pending, &n->pending_link);
		listener->npending++;
	}
	mutex_drop(&listener->lock);
	if (e == OK && !wait_idle(&listener->read_wait))
		wait_wake_events(&listener->read_wait, 1, EV_IN | EV_RDNORM);
	return e;
}

static enum err connect_to(
    struct unix_sock *s, struct unix_sock *listener, bool nowait)
{
	struct unix_sock *n;
	enum err e = unix_create(s->socket.type, 0, &n);

	if (e != OK)
		return e;
	for (;;) {
		e = enqueue(s, n, listener);
		if (e != E_AGAIN || nowait)
			break;
		e = unix_wait(listener, &listener->write_wait, backlog_changed,
		    s->socket.sndtimeo);
		if (e != OK)
			break;
	}
	if (e != OK)
		object_put(&n->socket.object);
	return e;
}

enum err unix_connect(
    struct socket *socket, const struct sockaddr_buf *a, bool nowait)
{
	struct unix_sock *s = unix_of(socket), *listener;
	uint8_t state = UNIX_NEW;
	enum err e;

	e = unix_find(a, socket->type, &listener);
	if (e != OK)
		return e;
	if (socket->bits & SOCKET_PASSCRED)
		e = unix_autobind(s);
	if (e == OK &&
	    !atomic_compare_exchange_strong(&s->state, &state, UNIX_CONNECTING))
		e = state == UNIX_LISTENING   ? E_INVAL
		    : state == UNIX_CONNECTED ? E_ISCONN
		                              : E_ALREADY;
	if (e == OK) {
		e = connect_to(s, listener, nowait);
		if (e != OK)
			s->state = UNIX_NEW;
	}
	unix_put(listener);
	if (e == OK) /* pollers saw a socket that was not connected */
		unix_wake_write(s, EV_OUT | EV_WRNORM);
	return e;
}

enum err unix_listen(struct socket *socket, unsigned backlog)
{
	struct unix_sock *s = unix_of(socket);
	enum err e = OK;

	mutex_take(&s->lock);
	if (!s->name || (s->state != UNIX_NEW && s->state != UNIX_LISTENING))
		e = E_INVAL;
	if (e == OK) {
		unix_note_peer(s);
		s->backlog = MIN(backlog, (unsigned)SOCKET_BACKLOG_MAX);
		s->state = UNIX_LISTENING;
	}
	mutex_drop(&s->lock);
	if (e == OK)
		unix_wake_write(s, 0); /* there may be more room now */
	return e;
}

static bool accept_ready(struct unix_sock *s)
{
	return s->npending || (s->shut & UNIX_SHUT_RD);
}

static struct unix_sock *pending_take(struct unix_sock *s)
{
	struct unix_sock *n = NULL;

	mutex_take(&s->lock);
	if (!list_empty(&s->pending)) {
		n = list_first(&s->pending, struct unix_sock, pending_link);
		list_remove(&n->pending_link);
		s->npending--;
	}
	mutex_drop(&s->lock);
	return n;
}

enum err unix_accept(
    struct socket *socket, uint32_t oflags, bool nowait, struct socket **out)
{
	struct unix_sock *s = unix_of(socket), *n;
	enum err e;

	if (s->state != UNIX_LISTENING)
		return E_INVAL;
	while (!(n = pending_take(s))) {
		if (s->shut & UNIX_SHUT_RD)
			return E_INVAL;
		if (nowait)
			return E_AGAIN;
		e = unix_wait(s, &s->read_wait, accept_ready, socket->rcvtimeo);
		if (e != OK)
			return e;
	}
	unix_wake_write(s, 0);
	n->socket.object.oflags = O_RDWR | oflags;
	*out = &n->socket;
	return OK;
}

void unix_drop_pending(struct unix_sock *s)
{
	struct unix_sock *n;

	while ((n = pending_take(s))) {
		struct unix_sock *client = unix_peer(n);

		atomic_store(&client->socket.error, E_CONNRESET);
		object_put(&n->socket.object);
	}
}
