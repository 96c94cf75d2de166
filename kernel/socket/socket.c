/* kernel/socket/socket.c -- sockets: what all address families share. */
/* SPDX-License-Identifier: MIT */
#include "kernel/socket/socket.h"
#include "kernel/core/clock.h"
#include "kernel/core/string.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/process.h"
#include "kernel/object/signal.h"
#include "kernel/vfs/node.h"

enum { SOCKET_DEV = 8 }; /* st_dev */

const char socket_kind[] = "socket";
static const struct socket_family_ops *families[AF_LIMIT];
static _Atomic uint64_t next_ino = 1;

void socket_register(unsigned family, const struct socket_family_ops *f)
{
	families[family] = f;
}

static enum err family_find(
    int family, int type, const struct socket_family_ops **out)
{
	if (family < 0 || family >= AF_LIMIT)
		return E_AFNOSUPPORT;
	if (type <= 0 || type > SOCK_TYPE_MASK)
		return E_INVAL;
	if (!families[family])
		return E_AFNOSUPPORT;
	*out = families[family];
	return OK;
}

enum err socket_create(
    int family, int type, int protocol, uint32_t oflags, struct socket **out)
{
	const struct socket_family_ops *f;
	enum err e = family_find(family, type, &f);

	return e == OK ? f->create(type, protocol, oflags, out) : e;
}

enum err socket_pair(
    int family, int type, int protocol, uint32_t oflags, struct socket *out[2])
{
	const struct socket_family_ops *f;
	enum err e = family_find(family, type, &f);

	if (e != OK)
		return e;
	return f->pair ? f->pair(type, protocol, oflags, out) : E_OPNOTSUPP;
}

void socket_init(struct socket *s, const struct object_ops *object_ops,
    const struct socket_ops *ops, unsigned family, int type, uint32_t oflags)
{
	object_init(&s->object, object_ops, 2 | oflags,
	    RIGHTS_ALL & ~(uint32_t)(RIGHT_SEEK | RIGHT_MAP));
	s->ops = ops;
	s->family = (uint16_t)family;
	s->type = (uint8_t)type;
	s->protocol = 0;
	s->bits = 0;
	s->sndbuf = s->rcvbuf = SOCKET_BUF_DEFAULT;
	s->rcvlowat = 1;
	s->priority = 0;
	s->linger = -1;
	s->rcvtimeo = s->sndtimeo = 0;
	s->error = OK;
	s->ino = atomic_fetch_add_explicit(&next_ino, 1, memory_order_relaxed);
	s->made = clock_wall();
}

enum err socket_stat(struct object *o, struct kstat *out)
{
	struct socket *s = (struct socket *)o;
	const struct cred *c = cred_current();
	struct ktime t;

	t.sec = (int64_t)(s->made / NSEC_PER_SEC);
	t.nsec = (uint32_t)(s->made % NSEC_PER_SEC);
	memset(out, 0, sizeof(*out));
	out->dev = SOCKET_DEV;
	out->ino = s->ino;
	out->mode = NODE_SOCK | 0777;
	out->nlink = 1;
	out->uid = c->fsuid;
	out->gid = c->fsgid;
	out->blksize = PAGE_SIZE;
	out->atime = out->mtime = out->ctime = out->btime = t;
	return OK;
}

long socket_write(struct object *o, struct uio *u, int64_t off)
{
	struct socket *s = (struct socket *)o;
	struct socket_msg m = {.uio = u};

	(void)off;
	if (u->flags & UIO_NOWAIT)
		m.flags = MSG_DONTWAIT;
	return s->ops->send(s, &m);
}

enum err socket_take_error(struct socket *s)
{
	if (likely(atomic_load_explicit(&s->error, memory_order_relaxed) == OK))
		return OK;
	return (enum err)atomic_exchange(&s->error, OK);
}

enum err socket_broken(unsigned flags)
{
	struct ksiginfo info = {
	    .signo = SIGPIPE,
	    .pid = process_current()->pid,
	    .uid = cred_current()->uid,
	};

	if (!(flags & MSG_NOSIGNAL))
		signal_send_thread(thread_current(), &info);
	return E_PIPE;
}

nsec_t socket_deadline(nsec_t timeo)
{
	nsec_t now;

	if (timeo == 0)
		return WAIT_FOREVER;
	now = clock_now();
	return timeo > WAIT_FOREVER - 1 - now ? WAIT_FOREVER - 1 : now + timeo;
}

enum err socket_wait_error(enum err e, nsec_t timeo)
{
	if (e == E_TIMEDOUT)
		return E_AGAIN;
	if (e == E_INTR)
		return timeo ? E_INTR : E_RESTARTSYS;
	return e;
}
