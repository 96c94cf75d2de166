/* kernel/socket/socket.h -- sockets: what all address families share. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/linux/socket.h"
#include "kernel/object/object.h"
#include "kernel/core/wait.h"

struct uio;
struct right_set;
struct socket;

enum {
	SOCKET_BUF_DEFAULT = 212992, /* bytes; Linux's, programs compare */
	SOCKET_BUF_MIN = 4608,
	SOCKET_BUF_MAX = 2 * 212992, /* without privilege, doubled */
	SOCKET_BUF_LIMIT = 64 << 20, /* and with it */
};

/* An address as user space passes it; len counts the family. */
struct sockaddr_buf {
	uint32_t len;
	union {
		uint16_t family;
		uint8_t bytes[SOCKADDR_MAX];
	};
};

/* One message on its way out or in. */
struct socket_msg {
	struct uio *uio;
	unsigned flags; /* MSG_* asked for; recv adds what it has to tell */
	/* send: where to; recv: filled with where from. NULL: do not care. */
	struct sockaddr_buf *name;
	/* send: goes along, taken when the call succeeds; recv: given. */
	struct right_set *rights;
	bool has_creds; /* recv: the receiver asked for creds */
	struct linux_ucred creds;
};

/*
 * A family's methods for one type of its sockets. NULL: E_OPNOTSUPP. The caller
 * holds a reference. nowait: E_AGAIN (connect: E_AGAIN or E_INPROGRESS)
 * instead of sleeping.
 */
struct socket_ops {
	enum err (*bind)(struct socket *s, const struct sockaddr_buf *a);
	enum err (*connect)(
	    struct socket *s, const struct sockaddr_buf *a, bool nowait);
	enum err (*listen)(struct socket *s, unsigned backlog);
	/* Gives a reference. */
	enum err (*accept)(struct socket *s, uint32_t oflags, bool nowait,
	    struct socket **out);
	/* The own or the peer's address. E_NOTCONN. */
	enum err (*name)(struct socket *s, bool peer, struct sockaddr_buf *out);
	enum err (*shutdown)(struct socket *s, int how);
	/* Bytes moved or an error; flags has MSG_DONTWAIT when not to wait. */
	long (*send)(struct socket *s, struct socket_msg *m);
	long (*recv)(struct socket *s, struct socket_msg *m);
	/* Options that socket.c does not know. n: size of v, set to its use. */
	enum err (*set_option)(
	    struct socket *s, int level, int name, const void *v, size_t n);
	enum err (*get_option)(
	    struct socket *s, int level, int name, void *v, size_t *n);
	/* A buffer limit or SO_PASSCRED changed; may be NULL. */
	void (*changed)(struct socket *s);
	bool (*listening)(const struct socket *s);
};

/* Options that are one bit. */
enum socket_bits {
	SOCKET_PASSCRED = 1,
	SOCKET_REUSEADDR = 2,
	SOCKET_REUSEPORT = 4,
	SOCKET_BROADCAST = 8,
	SOCKET_KEEPALIVE = 16,
	SOCKET_OOBINLINE = 32,
	SOCKET_DONTROUTE = 64,
	SOCKET_DEBUG = 128,
};

/*
 * The front of every socket. object.ops belongs to the family (its kind is
 * socket_kind), so that read and write reach it without a detour.
 */
struct socket {
	struct object object;         /* first */
	const struct socket_ops *ops; /* const */
	uint16_t family;              /* const, and the next two */
	uint8_t type;
	int32_t protocol;
	_Atomic uint32_t bits; /* enum socket_bits */
	_Atomic uint32_t sndbuf, rcvbuf;
	_Atomic uint32_t rcvlowat;
	_Atomic uint32_t priority;
	_Atomic int32_t linger;            /* seconds, -1: off */
	_Atomic nsec_t rcvtimeo, sndtimeo; /* 0: for ever */
	_Atomic int32_t error;             /* SO_ERROR, negative */
	uint64_t ino;                      /* const, for stat */
	nsec_t made;                       /* const, wall time */
};

extern const char socket_kind[];

/* The socket behind an object, or NULL. */
static inline struct socket *socket_of(struct object *o)
{
	return o->ops->kind == socket_kind ? (struct socket *)o : NULL;
}

/* A family; registered once at boot. type is checked by create. */
struct socket_family_ops {
	enum err (*create)(
	    int type, int protocol, uint32_t oflags, struct socket **out);
	enum err (*pair)(
	    int type, int protocol, uint32_t oflags, struct socket *out[2]);
};
void socket_register(unsigned family, const struct socket_family_ops *f);

/*
 * Make a socket, or two that are connected; gives references. oflags:
 * O_NONBLOCK. E_AFNOSUPPORT, E_SOCKTNOSUPPORT, E_PROTONOSUPPORT, E_OPNOTSUPP.
 */
enum err socket_create(
    int family, int type, int protocol, uint32_t oflags, struct socket **out);
enum err socket_pair(
    int family, int type, int protocol, uint32_t oflags, struct socket *out[2]);

/* For families: fill in the front, with one reference. */
void socket_init(struct socket *s, const struct object_ops *object_ops,
    const struct socket_ops *ops, unsigned family, int type, uint32_t oflags);

/* object_ops.stat of every socket. */
enum err socket_stat(struct object *o, struct kstat *out);

/* write for families without a shortcut. */
long socket_write(struct object *o, struct uio *u, int64_t off);

/*
 * Options. v: kernel copy of n bytes. get: *n is the room, set to the size.
 * E_NOPROTOOPT, E_INVAL, E_PERM, E_DOM.
 */
enum err socket_set_option(
    struct socket *s, int level, int name, const void *v, size_t n);
enum err socket_get_option(
    struct socket *s, int level, int name, void *v, size_t *n);

/* Take the pending error: OK when there is none. */
enum err socket_take_error(struct socket *s);

/* SIGPIPE for the current thread unless flags has MSG_NOSIGNAL; E_PIPE. */
enum err socket_broken(unsigned flags);

/* The deadline of a wait that begins now. timeo 0: WAIT_FOREVER. */
nsec_t socket_deadline(nsec_t timeo);

/*
 * What a wait that did not end well gives the caller: a timeout E_AGAIN; a
 * signal E_RESTARTSYS, or E_INTR when the wait had a limit.
 */
enum err socket_wait_error(enum err e, nsec_t timeo);

/* True when a call must not wait. */
static inline bool socket_nowait(const struct socket *s, unsigned flags)
{
	return (flags & MSG_DONTWAIT) || (s->object.oflags & 04000);
}
