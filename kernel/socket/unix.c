/* kernel/socket/unix.c -- unix sockets: life, readiness, the end. */
/* SPDX-License-Identifier: MIT */
#include "kernel/socket/unix_internal.h"
#include "kernel/core/string.h"
#include "kernel/mm/slab.h"
#include "kernel/object/process_internal.h"
#include "kernel/socket/rights.h"
#include "kernel/socket/unix_gc.h"

static struct slab_cache *unix_cache;
static _Atomic uint64_t unix_count;

uint64_t unix_live(void)
{
	return unix_count;
}

struct linux_ucred unix_creds_now(void)
{
	const struct process *p = process_current();

	return (struct linux_ucred){p->pid, p->cred->uid, p->cred->gid};
}

static const struct socket_ops *ops_of(int type)
{
	if (type == SOCK_STREAM)
		return &unix_stream_ops;
	return type == SOCK_DGRAM ? &unix_dgram_ops : &unix_seqpacket_ops;
}

enum err unix_create(int type, uint32_t oflags, struct unix_sock **out)
{
	struct unix_sock *s = slab_alloc(unix_cache);

	if (!s)
		return E_NOMEM;
	memset(&s->refs, 0, sizeof(*s) - offsetof(struct unix_sock, refs));
	socket_init(&s->socket,
	    type == SOCK_STREAM ? &unix_stream_object_ops
	                        : &unix_packet_object_ops,
	    ops_of(type), AF_UNIX, type, oflags);
	s->refs = 1;
	mutex_init(&s->lock, RANK_PIPE);
	wait_queue_init(&s->read_wait);
	wait_queue_init(&s->write_wait);
	list_init(&s->pending);
	list_init(&s->pending_link);
	list_init(&s->name_link);
	list_init(&s->room_waiters);
	list_init(&s->room_link);
	list_init(&s->gc_link);
	list_init(&s->garbage_link);
	s->silo = silo_current();
	silo_pin(s->silo);
	atomic_fetch_add_explicit(&unix_count, 1, memory_order_relaxed);
	*out = s;
	return OK;
}

static void name_put(struct unix_name *n)
{
	if (n && atomic_fetch_sub(&n->refs, 1) == 1)
		kfree(n);
}

void unix_put(struct unix_sock *s)
{
	/* Release: our writes come before the free; acquire: others' too. */
	if (atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	name_put(s->name);
	cred_put(s->peer_cred);
	silo_unpin(s->silo);
	slab_free(unix_cache, s);
	atomic_fetch_sub_explicit(&unix_count, 1, memory_order_relaxed);
}

/* Which type the user means: E_SOCKTNOSUPPORT, E_PROTONOSUPPORT. */
static enum err type_check(int *type, int protocol)
{
	if (protocol != 0 && protocol != AF_UNIX)
		return E_PROTONOSUPPORT;
	if (*type == SOCK_RAW) /* means this one since the BSDs */
		*type = SOCK_DGRAM;
	if (*type != SOCK_STREAM && *type != SOCK_DGRAM &&
	    *type != SOCK_SEQPACKET)
		return E_SOCKTNOSUPPORT;
	return OK;
}

static enum err family_create(
    int type, int protocol, uint32_t oflags, struct socket **out)
{
	enum err e = type_check(&type, protocol);
	struct unix_sock *s;

	if (e == OK)
		e = unix_create(type, oflags, &s);
	if (e == OK)
		*out = &s->socket;
	return e;
}

void unix_note_peer(struct unix_sock *s)
{
	struct process *p = process_current();
	struct cred *old = s->peer_cred;

	s->peer_pid = p->pid;
	s->peer_cred = cred_get(p->cred);
	cred_put(old);
}

void unix_join(struct unix_sock *a, struct unix_sock *b)
{
	atomic_store_explicit(&a->peer, unix_get(b), memory_order_release);
	atomic_store_explicit(&b->peer, unix_get(a), memory_order_release);
	if (unix_connected_type(a))
		a->state = b->state = UNIX_CONNECTED;
}

static enum err family_pair(
    int type, int protocol, uint32_t oflags, struct socket *out[2])
{
	enum err e = type_check(&type, protocol);
	struct unix_sock *s[2];

	if (e != OK)
		return e;
	e = unix_create(type, oflags, &s[0]);
	if (e != OK)
		return e;
	e = unix_create(type, oflags, &s[1]);
	if (e != OK) {
		object_put(&s[0]->socket.object);
		return e;
	}
	for (unsigned i = 0; i < 2; i++) {
		unix_note_peer(s[i]);
		out[i] = &s[i]->socket;
	}
	unix_join(s[0], s[1]);
	return OK;
}

void unix_wake_read(struct unix_sock *s, uint32_t events)
{
	if (!wait_idle(&s->read_wait))
		wait_wake_events(&s->read_wait, UINT32_MAX, events);
}

void unix_wake_write(struct unix_sock *s, uint32_t events)
{
	if (!wait_idle(&s->write_wait))
		wait_wake_events(&s->write_wait, UINT32_MAX, events);
}

enum err unix_wait(struct unix_sock *s, struct wait_queue *q,
    bool (*ready)(struct unix_sock *s), nsec_t timeo)
{
	return socket_wait_error(
	    WAIT_EVENT(q, ready(s), WAIT_INTR, socket_deadline(timeo)), timeo);
}

/* Is there room to send? Else the poller hears of it at s->write_wait. */
static bool poll_room(struct unix_sock *s, struct poll_table *pt)
{
	struct unix_sock *peer;

	if (s->state == UNIX_LISTENING)
		return false;
	if (s->socket.type == SOCK_STREAM) {
		peer = unix_peer(s);
		return !peer || peer->pages * 2 <= unix_limit(s);
	}
	if (s->sent * 2 > unix_limit(s))
		return false;
	return unix_connected_type(s) || unix_dgram_room(s, pt);
}

uint32_t unix_poll(struct object *o, struct poll_table *pt)
{
	struct unix_sock *s = unix_of_object(o);
	uint32_t events = 0;
	uint8_t shut;

	if (pt) {
		if (pt->join)
			s->edges = true;
		poll_wait(pt, &s->read_wait);
		poll_wait(pt, &s->write_wait);
	}
	if (s->head || s->npending)
		events |= EV_IN | EV_RDNORM;
	shut = s->shut;
	if (unlikely(shut & UNIX_SHUT_RD)) {
		events |= EV_IN | EV_RDNORM | EV_RDHUP;
		if (shut & UNIX_SHUT_WR)
			events |= EV_HUP;
	}
	if (unlikely(s->socket.error))
		events |= EV_ERR;
	if (unlikely(s->state <= UNIX_CONNECTING) && unix_connected_type(s))
		events |= EV_HUP;
	if (poll_room(s, pt))
		events |= EV_OUT | EV_WRNORM | EV_WRBAND;
	return events;
}

/* The other end of a connection hears that s does not go on. */
static void tell_peer(struct unix_sock *peer, uint8_t shut, bool reset)
{
	if (reset)
		atomic_store(&peer->socket.error, E_CONNRESET);
	atomic_fetch_or(&peer->shut, shut);
	unix_wake_read(peer, 0);
	unix_wake_write(peer, 0);
}

enum err unix_shutdown(struct socket *socket, int how)
{
	struct unix_sock *s = unix_of(socket), *peer;
	uint8_t mine, theirs = 0;

	if (how < SHUT_RD || how > SHUT_RDWR)
		return E_INVAL;
	mine = (uint8_t)(how + 1); /* the bits of enum unix_shut */
	if (mine & UNIX_SHUT_RD)
		theirs |= UNIX_SHUT_WR;
	if (mine & UNIX_SHUT_WR)
		theirs |= UNIX_SHUT_RD;
	atomic_fetch_or(&s->shut, mine);
	peer = unix_connected_type(s) ? unix_peer(s) : NULL;
	if (peer)
		tell_peer(peer, theirs, false);
	unix_wake_read(s, 0);
	unix_wake_write(s, 0);
	return OK;
}

/* Take everything out of the queue; no lock is held for what comes after. */
static struct sbuf *queue_take(struct unix_sock *s)
{
	struct sbuf *b, *spare;

	mutex_take(&s->lock);
	s->dead = true;
	atomic_fetch_or(&s->shut, UNIX_SHUT_RD | UNIX_SHUT_WR);
	b = s->head;
	s->head = NULL;
	s->pages = s->packets = 0;
	spare = s->spare;
	s->spare = NULL;
	mutex_drop(&s->lock);
	while (spare) {
		struct sbuf *next = spare->next;

		sbuf_free(spare);
		spare = next;
	}
	return b;
}

/* Free what queue_take took. Messages of packet sockets are whole. */
static void queue_free(struct unix_sock *s, struct sbuf *b)
{
	while (b) {
		struct sbuf *next = b->next;

		if (s->socket.type == SOCK_STREAM) {
			rights_drop(b->rights);
			sbuf_free(b);
			b = next;
			continue;
		}
		/* Cut after the last page of this message. */
		for (struct sbuf *last = b;; last = next) {
			next = last->next;
			if (!next || next->start) {
				last->next = NULL;
				break;
			}
		}
		unix_packet_free(b);
		b = next;
	}
}

void unix_release(struct object *o)
{
	struct unix_sock *s = unix_of_object(o), *peer;
	struct sbuf *left;

	unix_unbind(s);
	left = queue_take(s);
	unix_drop_pending(s);
	unix_room_forget(s);
	peer = atomic_exchange(&s->peer, NULL);
	if (peer && unix_connected_type(s))
		tell_peer(peer, UNIX_SHUT_RD | UNIX_SHUT_WR, left != NULL);
	unix_wake_read(s, 0);
	unix_wake_write(s, 0);
	queue_free(s, left);
	if (peer)
		unix_put(peer);
	if (s->node)
		node_put(s->node);
	unix_put(s);
	unix_gc();
}

void unix_changed(struct socket *s)
{
	unix_wake_write(unix_of(s), 0);
}

bool unix_listening(const struct socket *s)
{
	return container_of(s, struct unix_sock, socket)->state ==
	       UNIX_LISTENING;
}

static const struct socket_family_ops unix_family = {
    .create = family_create,
    .pair = family_pair,
};

void unix_init(void)
{
	unix_cache =
	    slab_create("unix_sock", sizeof(struct unix_sock), CACHE_LINE);
	mutex_init(&rights_lock, RANK_RIGHTS);
	unix_bind_init();
	socket_register(AF_UNIX, &unix_family);
}
