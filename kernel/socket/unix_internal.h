/* kernel/socket/unix_internal.h -- unix sockets, inside. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/mutex.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/poll.h"
#include "kernel/object/process.h"
#include "kernel/socket/sbuf.h"
#include "kernel/socket/unix.h"
#include "kernel/vfs/file.h"

/*
 * Memory of a socket lives while `refs` is not 0: one for the object (gone
 * when the last descriptor is), one for each pointer to it in another socket's
 * `peer` and in a queued message. What a closed socket still answers is that
 * it is dead.
 *
 * Data waits at the receiver. `lock` guards the receive queue of its socket;
 * no two of these are ever held at once. For a stream or seqpacket socket
 * `peer` is set once and stays until release, so that it is read without lock.
 * For a datagram socket it is guarded by `lock`.
 *
 * shut, state and dead change atomically: a sender looks at the receiver's
 * under the receiver's lock, so that nothing is queued after release emptied
 * the queue.
 */
enum unix_state { UNIX_NEW, UNIX_CONNECTING, UNIX_CONNECTED, UNIX_LISTENING };
enum unix_shut { UNIX_SHUT_RD = 1, UNIX_SHUT_WR = 2 };

enum {
	UNIX_SPARES = 2,   /* emptied pages kept for the next message */
	UNIX_PACKETS = 10, /* that wait at a datagram socket from strangers */
};

/* A bound name; immutable, shared by accepted sockets. */
struct unix_name {
	_Atomic uint32_t refs;
	uint32_t len; /* of the address, family included */
	uint8_t path[UNIX_PATH_SIZE + 1];
};

struct unix_sock {
	struct socket socket; /* first */
	_Atomic uint32_t refs;
	_Atomic uint8_t state;     /* enum unix_state */
	_Atomic uint8_t shut;      /* enum unix_shut */
	_Atomic bool dead;         /* released */
	_Atomic bool binding;      /* bind has begun, or is done */
	_Atomic bool edges;        /* somebody wants to hear of each arrival */
	struct mutex lock;         /* RANK_PIPE */
	struct sbuf *_Atomic head; /* lock to change */
	struct sbuf *tail;         /* lock; valid while head is not NULL */
	_Atomic uint32_t pages;    /* in the queue; lock to change */
	_Atomic uint32_t packets;  /* messages in it; lock to change */
	uint32_t spares;           /* lock */
	struct sbuf *spare;        /* lock */
	struct wait_queue read_wait;  /* data, connections, the end */
	struct wait_queue write_wait; /* room */
	struct unix_sock *_Atomic peer;
	_Atomic uint32_t sent; /* packets: pages of ours in others' queues */

	/* Listening. lock. */
	struct list pending;       /* sockets to accept, by pending_link */
	_Atomic uint32_t npending; /* of them */
	uint32_t backlog;
	struct list pending_link;

	/* Who is at the other end; for a listener, who called listen. */
	struct cred *peer_cred; /* const once connected; a reference */
	uint32_t peer_pid;

	/* Name: const once published (release). Table lock for the link. */
	struct unix_name *_Atomic name;
	struct node *node;     /* path names: the node, a reference */
	struct silo *silo;     /* const: whose abstract names it sees */
	struct list name_link; /* in a table's chain */
	uint64_t name_hash;

	/* Datagrams: sockets whose poll waits for room here (room_lock). */
	struct list room_waiters;
	struct list room_link;

	/* Descriptors in flight; rights_lock. */
	uint32_t inflight;        /* references held by queued messages */
	uint32_t gc_left;         /* of them, from outside the candidates */
	struct list gc_link;      /* in the list of sockets in flight */
	struct list garbage_link; /* found by the one that collects */
	uint8_t gc_state;
};

extern const struct object_ops unix_stream_object_ops;
extern const struct object_ops unix_packet_object_ops;
extern const struct socket_ops unix_stream_ops;
extern const struct socket_ops unix_dgram_ops;
extern const struct socket_ops unix_seqpacket_ops;

static inline struct unix_sock *unix_of(struct socket *s)
{
	return container_of(s, struct unix_sock, socket);
}
static inline struct unix_sock *unix_of_object(struct object *o)
{
	return container_of(o, struct unix_sock, socket.object);
}

/* The unix socket behind an object, or NULL. */
static inline struct unix_sock *unix_from_object(struct object *o)
{
	struct socket *s = socket_of(o);

	return s && s->family == AF_UNIX ? unix_of(s) : NULL;
}

static inline struct unix_sock *unix_get(struct unix_sock *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}
void unix_put(struct unix_sock *s);

static inline bool unix_connected_type(const struct unix_sock *s)
{
	return s->socket.type != SOCK_DGRAM;
}
static inline struct unix_sock *unix_peer(struct unix_sock *s)
{
	/* Acquire: what connect set up before it published the peer. */
	return atomic_load_explicit(&s->peer, memory_order_acquire);
}

/* Pages that s may have under way. */
static inline uint32_t unix_limit(const struct unix_sock *s)
{
	uint32_t n =
	    atomic_load_explicit(&s->socket.sndbuf, memory_order_relaxed) >>
	    PAGE_SHIFT;

	return n ? n : 1;
}

/* unix.c. type: checked. Gives one reference to the object. */
enum err unix_create(int type, uint32_t oflags, struct unix_sock **out);
enum err unix_wait(struct unix_sock *s, struct wait_queue *q,
    bool (*ready)(struct unix_sock *s), nsec_t timeo);
/* Make a and b each other's peer; both new, not published. */
void unix_join(struct unix_sock *a, struct unix_sock *b);
/* Remember the current process as who stands at the other end of s. */
void unix_note_peer(struct unix_sock *s);
void unix_wake_read(struct unix_sock *s, uint32_t events);
void unix_wake_write(struct unix_sock *s, uint32_t events);
struct linux_ucred unix_creds_now(void);
uint32_t unix_poll(struct object *o, struct poll_table *pt);
void unix_release(struct object *o);
long unix_ioctl(struct object *o, uint32_t cmd, uint64_t arg);
enum err unix_shutdown(struct socket *s, int how);
enum err unix_get_option(
    struct socket *s, int level, int name, void *v, size_t *n);
void unix_changed(struct socket *s);
bool unix_listening(const struct socket *s);

/* unix_bind.c */
void unix_bind_init(void);
enum err unix_bind(struct socket *s, const struct sockaddr_buf *a);
/* Give s a name of its own if it has none and wants to show who it is. */
enum err unix_autobind(struct unix_sock *s);
/* Whom an address names, of the given type. Gives a reference (unix_get). */
enum err unix_find(
    const struct sockaddr_buf *a, int type, struct unix_sock **out);
enum err unix_getname(struct socket *s, bool peer, struct sockaddr_buf *out);
void unix_copy_name(struct unix_sock *s, struct sockaddr_buf *out);
void unix_unbind(struct unix_sock *s); /* release */

/* unix_connect.c */
enum err unix_connect(
    struct socket *s, const struct sockaddr_buf *a, bool nowait);
enum err unix_listen(struct socket *s, unsigned backlog);
enum err unix_accept(
    struct socket *s, uint32_t oflags, bool nowait, struct socket **out);
/* Reset what waits to be accepted; release of a listener. */
void unix_drop_pending(struct unix_sock *s);

/* unix_stream.c */
long unix_stream_send(struct socket *s, struct socket_msg *m);
long unix_stream_recv(struct socket *s, struct socket_msg *m);
/* Take b, emptied, out of use: kept as a spare or freed. */
void unix_page_drop(struct unix_sock *s, struct sbuf *b) REQUIRES(&s -> lock);
/* Copy up to max bytes into a chain for one message. E_NOMEM, E_FAULT. */
enum err unix_chain_make(
    struct uio *u, size_t max, struct sbuf **first, struct sbuf **last);
void unix_chain_free(struct sbuf *first);
/* Put a chain at the end of the queue of s; its pages are counted. */
void unix_chain_queue(struct unix_sock *s, struct sbuf *first,
    struct sbuf *last) REQUIRES(&s -> lock);

/* unix_packet.c */
enum err unix_dgram_connect(
    struct socket *s, const struct sockaddr_buf *a, bool nowait);
/* True when a poll of s for room may say yes; else s is told when. */
bool unix_dgram_room(struct unix_sock *s, struct poll_table *pt);
/* s goes, or lets go of its peer. */
void unix_room_forget(struct unix_sock *s);
/* A whole message that was taken out of a queue: free it, tell its sender. */
void unix_packet_free(struct sbuf *first);

/* unix_gc.c */
/* object_ops.flush */
void unix_flush(struct object *o, const struct desc_table *table);
/* Empty the queues of sockets that only messages in cycles refer to. */
void unix_gc(void);
