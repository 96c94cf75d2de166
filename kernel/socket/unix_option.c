/* kernel/socket/unix_option.c -- who is at the other end; how much waits. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/socket/unix_internal.h"
#include "kernel/core/string.h"

enum { IOCTL_INQ = 0x541b, IOCTL_OUTQ = 0x5411 };

static enum err get_peer_cred(struct unix_sock *s, void *v, size_t *n)
{
	struct linux_ucred c = {0, UINT32_MAX, UINT32_MAX};

	mutex_take(&s->lock);
	if (s->peer_cred) {
		c.pid = s->peer_pid;
		c.uid = s->peer_cred->euid;
		c.gid = s->peer_cred->egid;
	}
	mutex_drop(&s->lock);
	*n = MIN(*n, sizeof(c));
	memcpy(v, &c, *n);
	return OK;
}

/* The supplementary groups. E_RANGE with the size needed when cut. */
static enum err get_peer_groups(struct unix_sock *s, void *v, size_t *n)
{
	enum err e = E_NODATA;
	size_t need;

	mutex_take(&s->lock);
	if (s->peer_cred) {
		need = s->peer_cred->ngroups * sizeof(uint32_t);
		e = need > *n ? E_RANGE : OK;
		if (e == OK)
			memcpy(v, s->peer_cred->groups, need);
		*n = need;
	}
	mutex_drop(&s->lock);
	return e;
}

enum err unix_get_option(
    struct socket *socket, int level, int name, void *v, size_t *n)
{
	struct unix_sock *s = unix_of(socket);

	if (level != SOL_SOCKET)
		return E_OPNOTSUPP;
	if (name == SO_PEERCRED)
		return get_peer_cred(s, v, n);
	if (name == SO_PEERGROUPS)
		return get_peer_groups(s, v, n);
	return E_NOPROTOOPT;
}

/* Bytes that one read could give, at most. */
static uint32_t bytes_waiting(struct unix_sock *s)
{
	uint32_t n = 0;

	mutex_take(&s->lock);
	for (struct sbuf *b = s->head; b; b = b->next) {
		if (s->socket.type == SOCK_DGRAM && b != s->head && b->start)
			break;
		n += b->len - b->off;
	}
	mutex_drop(&s->lock);
	return n;
}

/* Bytes of ours that nobody has taken yet. */
static uint32_t bytes_under_way(struct unix_sock *s)
{
	struct unix_sock *peer = unix_peer(s);

	if (s->socket.type != SOCK_STREAM)
		return s->sent << PAGE_SHIFT;
	return peer ? bytes_waiting(peer) : 0;
}

long unix_ioctl(struct object *o, uint32_t cmd, uint64_t arg)
{
	struct unix_sock *s = unix_of_object(o);
	uint32_t n;

	if (cmd != IOCTL_INQ && cmd != IOCTL_OUTQ)
		return E_NOTTY;
	if (cmd == IOCTL_INQ && s->state == UNIX_LISTENING)
		return E_INVAL;
	n = cmd == IOCTL_INQ ? bytes_waiting(s) : bytes_under_way(s);
	return user_write_u32((struct uptr){arg}, n);
}
