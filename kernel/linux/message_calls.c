/* kernel/linux/message_calls.c -- sending and receiving over sockets. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/linux/message_calls.h"
#include "kernel/core/clock.h"
#include "kernel/core/string.h"
#include "kernel/linux/socket_calls.h"
#include "kernel/mm/slab.h"
#include "kernel/object/process.h"
#include "kernel/socket/cmsg.h"
#include "kernel/socket/rights.h"
#include "kernel/sys/sys_io.h"
#include "kernel/sys/sys_poll.h"
#include "kernel/sys/timespec.h"

enum {
	CONTROL_MAX = 20480, /* bytes of control messages to send */
	MESSAGES_MAX = 1024, /* of one sendmmsg or recvmmsg */
	CALLER_FLAGS = ~(MSG_CMSG_CLOEXEC),
};

long sys_sendto(int fd, struct uptr buf, size_t n, unsigned flags,
    struct uptr addr, int addr_len)
{
	struct sockaddr_buf name;
	struct uio u = uio_user(buf, MIN(n, (size_t)IO_BYTES_MAX));
	struct socket_msg m = {.uio = &u, .flags = flags};
	struct socket *s;
	struct held h;
	enum err e = socket_hold(fd, RIGHT_WRITE, &h, &s);
	long r;

	if (e != OK)
		return e;
	if (!uptr_null(addr)) {
		e = sockaddr_read(addr, addr_len, &name);
		m.name = &name;
	}
	r = e == OK ? s->ops->send(s, &m) : e;
	desc_release(&h);
	return r;
}

long sys_recvfrom(int fd, struct uptr buf, size_t n, unsigned flags,
    struct uptr addr, struct uptr addr_len)
{
	struct sockaddr_buf name = {.len = 0};
	struct uio u = uio_user(buf, MIN(n, (size_t)IO_BYTES_MAX));
	struct socket_msg m = {.uio = &u, .flags = flags};
	struct socket *s;
	struct held h;
	enum err e = socket_hold(fd, RIGHT_READ, &h, &s);
	long r;

	if (e != OK)
		return e;
	if (!uptr_null(addr))
		m.name = &name;
	r = s->ops->recv(s, &m);
	rights_drop(m.rights);
	if (r >= 0 && m.name) {
		e = sockaddr_write(&name, addr, addr_len);
		if (e != OK)
			r = e;
	}
	desc_release(&h);
	return r;
}

/* Who may claim to be c: nobody but themselves, or the privileged. */
static enum err creds_check(const struct linux_ucred *c)
{
	const struct cred *me = cred_current();

	if (cred_privileged())
		return OK;
	if (c->pid != process_current()->pid ||
	    (c->uid != me->uid && c->uid != me->euid && c->uid != me->suid) ||
	    (c->gid != me->gid && c->gid != me->egid && c->gid != me->sgid))
		return E_PERM;
	return OK;
}

/* What the control messages ask for, into m. */
static enum err control_apply(
    const uint8_t *buf, size_t n, struct cmsg_request *r, struct socket_msg *m)
{
	enum err e = cmsg_parse(buf, n, r);

	if (e == OK && r->has_creds) {
		e = creds_check(&r->creds);
		m->has_creds = true;
		m->creds = r->creds;
	}
	if (e == OK && r->nfds)
		e = rights_collect(r->fds, r->nfds, &m->rights);
	return e;
}

static enum err control_read(const struct linux_msghdr *h, struct socket_msg *m)
{
	size_t n = h->control_len;
	struct cmsg_request *r;
	uint8_t *buf;
	enum err e;

	if (n == 0)
		return OK;
	if (n > CONTROL_MAX)
		return E_NOBUFS;
	buf = kmalloc(ALIGN_UP(n, 8) + sizeof(*r));
	if (!buf)
		return E_NOMEM;
	r = (struct cmsg_request *)(buf + ALIGN_UP(n, 8));
	e = copy_from_user(buf, (struct uptr){h->control}, n);
	if (e == OK)
		e = control_apply(buf, n, r, m);
	kfree(buf);
	return e;
}

static enum err header_check(struct linux_msghdr *h)
{
	if (!h->name)
		h->name_len = 0;
	if (h->name_len < 0)
		return E_INVAL;
	h->name_len = MIN(h->name_len, (int32_t)SOCKADDR_MAX);
	if (h->iov_count > IO_VECS_MAX)
		return E_MSGSIZE;
	return OK;
}

static long send_one(struct socket *s, struct linux_msghdr *h, unsigned flags)
{
	struct sockaddr_buf name;
	struct socket_msg m = {
	    .flags = flags & (unsigned)CALLER_FLAGS, .name = &name};
	struct io_vecs v;
	enum err e = header_check(h);
	long r;

	if (e == OK)
		e = sockaddr_read((struct uptr){h->name}, h->name_len, &name);
	if (e == OK)
		e = io_vecs_import(&v, (struct uptr){h->iov}, h->iov_count);
	if (e != OK)
		return e;
	m.uio = &v.uio;
	r = control_read(h, &m);
	if (r == OK)
		r = s->ops->send(s, &m);
	rights_drop(m.rights); /* unless they are under way */
	io_vecs_free(&v);
	return r;
}

/* Where control messages go in user memory. */
struct control_out {
	struct uptr at;
	size_t left;
	unsigned flags; /* MSG_CTRUNC */
};

/* One whole message, cut to the room. E_FAULT. */
static enum err control_put(
    struct control_out *c, int type, const void *data, size_t n)
{
	struct linux_cmsghdr h = {cmsg_len(n), SOL_SOCKET, type};
	size_t space = cmsg_space(n);
	enum err e;

	if (c->left < sizeof(h)) {
		c->flags |= MSG_CTRUNC;
		return OK;
	}
	if (c->left < h.len) {
		c->flags |= MSG_CTRUNC;
		h.len = c->left;
	}
	e = copy_to_user(c->at, &h, sizeof(h));
	if (e == OK)
		e = copy_to_user(
		    uptr_add(c->at, sizeof(h)), data, h.len - sizeof(h));
	space = MIN(space, c->left);
	c->at.addr += space;
	c->left -= space;
	return e;
}

/*
 * Install as many descriptors as there is room for. One that cannot be
 * installed ends it: the rest is dropped, and the flag says so.
 */
static void control_put_rights(
    struct control_out *c, const struct right_set *r, bool cloexec)
{
	uint32_t n = cmsg_fds_fit(c->left, r->count), i;
	struct uptr data = uptr_add(c->at, sizeof(struct linux_cmsghdr));
	struct linux_cmsghdr h = {0, SOL_SOCKET, SCM_RIGHTS};
	size_t space;
	int fd;

	for (i = 0; i < n; i++) {
		/* Room first: what was installed must be told. */
		if (user_write_u32(uptr_add(data, i * 4), 0) != OK ||
		    rights_install(r, i, cloexec ? DESC_CLOEXEC : 0, &fd) != OK)
			break;
		if (user_write_u32(uptr_add(data, i * 4), (uint32_t)fd) != OK) {
			(void)!desc_close(fd); /* gone already: as well */
			break;
		}
	}
	if (i < r->count)
		c->flags |= MSG_CTRUNC;
	if (i == 0)
		return;
	h.len = cmsg_len(i * 4);
	if (copy_to_user(c->at, &h, sizeof(h)) != OK)
		return;
	space = MIN(cmsg_space(i * 4), c->left);
	c->at.addr += space;
	c->left -= space;
}

/* The header's fields that recvmsg writes. */
static enum err header_write(struct uptr uh, const struct linux_msghdr *h,
    const struct sockaddr_buf *name, const struct control_out *c,
    unsigned flags)
{
	enum err e = OK;

	if (h->name) {
		e = copy_to_user((struct uptr){h->name}, name->bytes,
		    MIN((size_t)h->name_len, (size_t)name->len));
		if (e == OK)
			e = user_write_u32(
			    uptr_add(
			        uh, offsetof(struct linux_msghdr, name_len)),
			    name->len);
	}
	if (e == OK)
		e = user_write_u64(
		    uptr_add(uh, offsetof(struct linux_msghdr, control_len)),
		    c->at.addr - h->control);
	if (e == OK)
		e = user_write_u32(
		    uptr_add(uh, offsetof(struct linux_msghdr, flags)), flags);
	return e;
}

static long recv_one(
    struct socket *s, struct uptr uh, struct linux_msghdr *h, unsigned flags)
{
	struct sockaddr_buf name = {.len = 0};
	struct socket_msg m = {
	    .flags = flags & (unsigned)CALLER_FLAGS, .name = &name};
	struct control_out c = {{h->control}, h->control_len, 0};
	struct io_vecs v;
	enum err e = header_check(h);
	long r;

	if (e == OK)
		e = io_vecs_import(&v, (struct uptr){h->iov}, h->iov_count);
	if (e != OK)
		return e;
	m.uio = &v.uio;
	r = s->ops->recv(s, &m);
	io_vecs_free(&v);
	if (r >= 0 && m.has_creds)
		e = control_put(&c, SCM_CREDENTIALS, &m.creds, sizeof(m.creds));
	if (r >= 0 && m.rights && e == OK)
		control_put_rights(&c, m.rights, flags & MSG_CMSG_CLOEXEC);
	rights_drop(m.rights);
	if (r >= 0 && e == OK)
		e = header_write(uh, h, &name, &c,
		    (m.flags & (MSG_TRUNC | MSG_EOR)) | c.flags |
		        (flags & MSG_CMSG_CLOEXEC));
	return r >= 0 && e != OK ? e : r;
}

long sys_sendmsg(int fd, struct uptr msg, unsigned flags)
{
	struct linux_msghdr h;
	struct socket *s;
	struct held held;
	enum err e = socket_hold(fd, RIGHT_WRITE, &held, &s);
	long r;

	if (e != OK)
		return e;
	r = copy_from_user(&h, msg, sizeof(h));
	if (r == OK)
		r = send_one(s, &h, flags);
	desc_release(&held);
	return r;
}

long sys_recvmsg(int fd, struct uptr msg, unsigned flags)
{
	struct linux_msghdr h;
	struct socket *s;
	struct held held;
	enum err e = socket_hold(fd, RIGHT_READ, &held, &s);
	long r;

	if (e != OK)
		return e;
	r = copy_from_user(&h, msg, sizeof(h));
	if (r == OK)
		r = recv_one(s, msg, &h, flags);
	desc_release(&held);
	return r;
}

/* One element of a vector of messages; its length is written back. */
static long vec_one(struct socket *s, struct uptr at, unsigned flags, bool send)
{
	struct linux_msghdr h;
	long r = copy_from_user(&h, at, sizeof(h));
	enum err e;

	if (r == OK)
		r = send ? send_one(s, &h, flags) : recv_one(s, at, &h, flags);
	if (r < 0)
		return r;
	e = user_write_u32(
	    uptr_add(at, offsetof(struct linux_mmsghdr, len)), (uint32_t)r);
	return e == OK ? r : e;
}

long sys_sendmmsg(int fd, struct uptr vec, unsigned n, unsigned flags)
{
	struct socket *s;
	struct held h;
	unsigned i;
	enum err e = socket_hold(fd, RIGHT_WRITE, &h, &s);
	long r = OK;

	if (e != OK)
		return e;
	n = MIN(n, (unsigned)MESSAGES_MAX);
	for (i = 0; i < n; i++) {
		r = vec_one(s, uptr_add(vec, i * sizeof(struct linux_mmsghdr)),
		    flags, true);
		if (r < 0)
			break;
	}
	desc_release(&h);
	return i ? (long)i : r;
}

/* After the first message of a MSG_WAITFORONE, none is waited for. */
static long recv_many(
    struct socket *s, struct uptr vec, unsigned n, unsigned flags, nsec_t until)
{
	long r = OK;
	unsigned i;

	for (i = 0; i < n; i++) {
		r = vec_one(s, uptr_add(vec, i * sizeof(struct linux_mmsghdr)),
		    flags & ~(unsigned)MSG_WAITFORONE, false);
		if (r < 0)
			break;
		if (flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
		if (until != WAIT_FOREVER && clock_now() >= until) {
			i++;
			break;
		}
	}
	/* What stopped us shows at the next call, if it is no mere lack. */
	if (i && r < 0 && r != E_AGAIN && r > E_RESTARTSYS && r != E_INTR)
		atomic_store(&s->error, (int32_t)r);
	return i ? (long)i : r;
}

/* As on Linux, the timeout is only looked at after each message. */
long sys_recvmmsg(
    int fd, struct uptr vec, unsigned n, unsigned flags, struct uptr timeout)
{
	nsec_t until = WAIT_FOREVER, ns, now;
	struct socket *s;
	struct held h;
	enum err e = OK;
	long r;

	if (!uptr_null(timeout)) {
		e = timespec_read(timeout, &ns);
		if (e == OK)
			until = ns ? poll_deadline(ns) : clock_now();
	}
	if (e == OK)
		e = socket_hold(fd, RIGHT_READ, &h, &s);
	if (e != OK)
		return e;
	e = socket_take_error(s);
	r = e != OK ? (long)e
	            : recv_many(
	                  s, vec, MIN(n, (unsigned)MESSAGES_MAX), flags, until);
	desc_release(&h);
	if (r > 0 && !uptr_null(timeout)) {
		now = clock_now();
		e = timespec_write(timeout, until > now ? until - now : 0);
		if (e != OK)
			return e;
	}
	return r;
}
