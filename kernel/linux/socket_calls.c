/* kernel/linux/socket_calls.c -- sockets: making, naming, connecting. */
/* SPDX-License-Identifier: MIT */
#include "kernel/linux/socket_calls.h"
#include "kernel/core/string.h"
#include "kernel/mm/usercopy.h"
#include "kernel/vfs/file.h"

enum { OPTION_MAX = 512 }; /* bytes of an option's value */

enum err socket_hold(
    int fd, uint32_t rights, struct held *h, struct socket **out)
{
	enum err e = desc_hold(fd, rights, h);

	if (e != OK)
		return e;
	*out = socket_of(h->obj);
	if (*out)
		return OK;
	e = h->obj->oflags & O_PATH ? E_BADF : E_NOTSOCK;
	desc_release(h);
	return e;
}

enum err sockaddr_read(struct uptr addr, int len, struct sockaddr_buf *out)
{
	if (len < 0 || len > SOCKADDR_MAX)
		return E_INVAL;
	out->len = (uint32_t)len;
	memset(out->bytes, 0, sizeof(out->bytes));
	return copy_from_user(out->bytes, addr, (size_t)len);
}

enum err sockaddr_write(
    const struct sockaddr_buf *a, struct uptr addr, struct uptr ulen)
{
	uint32_t room;
	enum err e;

	if (uptr_null(addr))
		return OK;
	e = user_read_u32(ulen, &room);
	if (e == OK && (int32_t)room < 0)
		e = E_INVAL;
	if (e == OK)
		e = copy_to_user(addr, a->bytes, MIN(room, a->len));
	return e == OK ? user_write_u32(ulen, a->len) : e;
}

/* Install s, or drop it. The number or an error. */
static long install_new(struct socket *s, int flags)
{
	int fd;
	enum err e = desc_install(&s->object, RIGHTS_ALL,
	    flags & SOCK_CLOEXEC ? DESC_CLOEXEC : 0, 0, &fd);

	if (e == OK)
		return fd;
	object_put(&s->object);
	return e;
}

static bool flags_bad(int type)
{
	return type & ~(SOCK_TYPE_MASK | SOCK_NONBLOCK | SOCK_CLOEXEC);
}

long sys_socket(int family, int type, int protocol)
{
	struct socket *s;
	enum err e;

	if (flags_bad(type))
		return E_INVAL;
	e = socket_create(family, type & SOCK_TYPE_MASK, protocol,
	    (uint32_t)type & SOCK_NONBLOCK, &s);
	return e == OK ? install_new(s, type) : e;
}

long sys_socketpair(int family, int type, int protocol, struct uptr ufds)
{
	struct socket *s[2];
	int32_t out[2];
	long fd[2];
	enum err e;

	if (flags_bad(type))
		return E_INVAL;
	e = socket_pair(family, type & SOCK_TYPE_MASK, protocol,
	    (uint32_t)type & SOCK_NONBLOCK, s);
	if (e != OK)
		return e;
	fd[0] = install_new(s[0], type);
	if (fd[0] < 0) {
		object_put(&s[1]->object);
		return fd[0];
	}
	fd[1] = install_new(s[1], type);
	if (fd[1] < 0) {
		e = (enum err)fd[1];
		goto close_first;
	}
	out[0] = (int32_t)fd[0];
	out[1] = (int32_t)fd[1];
	e = copy_to_user(ufds, out, sizeof(out));
	if (e == OK)
		return 0;
	/* Another thread may have closed it already: not our error. */
	(void)!desc_close((int)fd[1]);
close_first:
	(void)!desc_close((int)fd[0]);
	return e;
}

long sys_bind(int fd, struct uptr addr, int len)
{
	struct sockaddr_buf a;
	struct socket *s;
	struct held h;
	enum err e = socket_hold(fd, 0, &h, &s);

	if (e != OK)
		return e;
	e = sockaddr_read(addr, len, &a);
	if (e == OK)
		e = s->ops->bind ? s->ops->bind(s, &a) : E_OPNOTSUPP;
	desc_release(&h);
	return e;
}

long sys_listen(int fd, int backlog)
{
	struct socket *s;
	struct held h;
	enum err e = socket_hold(fd, 0, &h, &s);

	if (e != OK)
		return e;
	/* Negative means as many as there may be. */
	e = s->ops->listen ? s->ops->listen(s, (unsigned)backlog) : E_OPNOTSUPP;
	desc_release(&h);
	return e;
}

static enum err accept_one(
    struct socket *s, struct uptr addr, struct uptr len, int flags, long *fd)
{
	struct sockaddr_buf a;
	struct socket *n;
	enum err e;

	if (!s->ops->accept)
		return E_OPNOTSUPP;
	e = s->ops->accept(
	    s, (uint32_t)flags & SOCK_NONBLOCK, socket_nowait(s, 0), &n);
	if (e != OK)
		return e;
	if (!uptr_null(addr)) {
		if (n->ops->name(n, true, &a) != OK)
			e = E_CONNRESET;
		else
			e = sockaddr_write(&a, addr, len);
		if (e != OK) {
			object_put(&n->object);
			return e;
		}
	}
	*fd = install_new(n, flags);
	return OK;
}

long sys_accept4(int fd, struct uptr addr, struct uptr len, int flags)
{
	struct socket *s;
	struct held h;
	enum err e;
	long r = 0;

	if (flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC))
		return E_INVAL;
	e = socket_hold(fd, RIGHT_READ, &h, &s);
	if (e != OK)
		return e;
	e = accept_one(s, addr, len, flags, &r);
	desc_release(&h);
	return e == OK ? r : e;
}

long sys_accept(int fd, struct uptr addr, struct uptr len)
{
	return sys_accept4(fd, addr, len, 0);
}

long sys_connect(int fd, struct uptr addr, int len)
{
	struct sockaddr_buf a;
	struct socket *s;
	struct held h;
	enum err e = socket_hold(fd, 0, &h, &s);

	if (e != OK)
		return e;
	e = sockaddr_read(addr, len, &a);
	if (e == OK)
		e = s->ops->connect
		        ? s->ops->connect(s, &a, socket_nowait(s, 0))
		        : E_OPNOTSUPP;
	desc_release(&h);
	return e;
}

static long name_of(int fd, bool peer, struct uptr addr, struct uptr len)
{
	struct sockaddr_buf a;
	struct socket *s;
	struct held h;
	enum err e = socket_hold(fd, 0, &h, &s);

	if (e != OK)
		return e;
	e = s->ops->name(s, peer, &a);
	if (e == OK)
		e = uptr_null(addr) ? E_FAULT : sockaddr_write(&a, addr, len);
	desc_release(&h);
	return e;
}

long sys_getsockname(int fd, struct uptr addr, struct uptr len)
{
	return name_of(fd, false, addr, len);
}

long sys_getpeername(int fd, struct uptr addr, struct uptr len)
{
	return name_of(fd, true, addr, len);
}

long sys_shutdown(int fd, int how)
{
	struct socket *s;
	struct held h;
	enum err e = socket_hold(fd, 0, &h, &s);

	if (e != OK)
		return e;
	e = s->ops->shutdown ? s->ops->shutdown(s, how) : E_OPNOTSUPP;
	desc_release(&h);
	return e;
}

long sys_setsockopt(int fd, int level, int name, struct uptr v, int len)
{
	_Alignas(8) uint8_t value[OPTION_MAX] = {0};
	struct socket *s;
	struct held h;
	enum err e;

	if (len < 0)
		return E_INVAL;
	e = socket_hold(fd, 0, &h, &s);
	if (e != OK)
		return e;
	len = MIN(len, (int)OPTION_MAX);
	e = copy_from_user(value, v, (size_t)len);
	if (e == OK)
		e = socket_set_option(s, level, name, value, (size_t)len);
	desc_release(&h);
	return e;
}

/* Value and size out. E_RANGE: only the size that is needed. */
static enum err option_write(
    enum err e, const void *value, size_t n, struct uptr v, struct uptr ulen)
{
	enum err w = OK;

	if (e != OK && e != E_RANGE)
		return e;
	if (e == OK)
		w = copy_to_user(v, value, n);
	if (w == OK)
		w = user_write_u32(ulen, (uint32_t)n);
	return w == OK ? e : w;
}

long sys_getsockopt(
    int fd, int level, int name, struct uptr v, struct uptr ulen)
{
	_Alignas(8) uint8_t value[OPTION_MAX];
	struct socket *s;
	struct held h;
	uint32_t len;
	size_t n;
	enum err e = socket_hold(fd, 0, &h, &s);

	if (e != OK)
		return e;
	e = user_read_u32(ulen, &len);
	if (e == OK && (int32_t)len < 0)
		e = E_INVAL;
	if (e == OK) {
		n = MIN(len, (uint32_t)OPTION_MAX);
		e = socket_get_option(s, level, name, value, &n);
		e = option_write(e, value, n, v, ulen);
	}
	desc_release(&h);
	return e;
}
