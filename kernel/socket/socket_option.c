/* kernel/socket/socket_option.c -- SOL_SOCKET's options. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/socket/socket.h"
#include "kernel/core/string.h"
#include "kernel/object/process.h"

struct linger_option { /* = Linux's */
	int32_t on, seconds;
};
struct timeval_option {
	int64_t sec, usec;
};

/* The options that are one bit, by number. */
static uint32_t bit_of(int name)
{
	switch (name) {
	case SO_PASSCRED:
		return SOCKET_PASSCRED;
	case SO_REUSEADDR:
		return SOCKET_REUSEADDR;
	case SO_REUSEPORT:
		return SOCKET_REUSEPORT;
	case SO_BROADCAST:
		return SOCKET_BROADCAST;
	case SO_KEEPALIVE:
		return SOCKET_KEEPALIVE;
	case SO_OOBINLINE:
		return SOCKET_OOBINLINE;
	case SO_DONTROUTE:
		return SOCKET_DONTROUTE;
	case SO_DEBUG:
		return SOCKET_DEBUG;
	default:
		return 0;
	}
}

static enum err set_bit(struct socket *s, int name, int32_t on)
{
	uint32_t bit = bit_of(name);

	if (name == SO_DEBUG && on && !cred_privileged())
		return E_ACCES;
	if (on)
		atomic_fetch_or(&s->bits, bit);
	else
		atomic_fetch_and(&s->bits, ~bit);
	if (s->ops->changed)
		s->ops->changed(s);
	return OK;
}

/* Twice what is asked for, as Linux does and says. */
static enum err set_size(struct socket *s, int name, int32_t asked)
{
	bool send = name == SO_SNDBUF || name == SO_SNDBUFFORCE;
	uint32_t n = SOCKET_BUF_MAX / 2;

	if (name == SO_SNDBUFFORCE || name == SO_RCVBUFFORCE) {
		if (!cred_privileged())
			return E_PERM;
		n = SOCKET_BUF_LIMIT / 2;
	}
	if (asked >= 0 && (uint32_t)asked < n)
		n = (uint32_t)asked;
	n = MAX(2 * n, (uint32_t)SOCKET_BUF_MIN);
	if (send)
		s->sndbuf = n;
	else
		s->rcvbuf = n;
	if (s->ops->changed)
		s->ops->changed(s);
	return OK;
}

static enum err set_timeout(struct socket *s, int name, const void *v, size_t n)
{
	const struct timeval_option *t = v;
	nsec_t ns = 0;

	if (n < sizeof(*t))
		return E_INVAL;
	if (t->usec < 0 || t->usec >= 1000000)
		return E_DOM;
	if (t->sec < 0)
		ns = 1; /* over at once, says Linux */
	else if ((uint64_t)t->sec < INT64_MAX / NSEC_PER_SEC)
		ns = (uint64_t)t->sec * NSEC_PER_SEC +
		     (uint64_t)t->usec * NSEC_PER_USEC;
	if (name == SO_RCVTIMEO || name == SO_RCVTIMEO_NEW)
		s->rcvtimeo = ns;
	else
		s->sndtimeo = ns;
	return OK;
}

static enum err set_linger(struct socket *s, const void *v, size_t n)
{
	const struct linger_option *l = v;

	if (n < sizeof(*l))
		return E_INVAL;
	s->linger = l->on ? l->seconds & INT32_MAX : -1;
	return OK;
}

enum err socket_set_option(
    struct socket *s, int level, int name, const void *v, size_t n)
{
	int32_t value;

	if (level != SOL_SOCKET)
		return s->ops->set_option
		           ? s->ops->set_option(s, level, name, v, n)
		           : E_OPNOTSUPP;
	if (n < sizeof(value))
		return E_INVAL;
	memcpy(&value, v, sizeof(value));
	if (bit_of(name))
		return set_bit(s, name, value);
	switch (name) {
	case SO_SNDBUF:
	case SO_RCVBUF:
	case SO_SNDBUFFORCE:
	case SO_RCVBUFFORCE:
		return set_size(s, name, value);
	case SO_RCVTIMEO:
	case SO_SNDTIMEO:
	case SO_RCVTIMEO_NEW:
	case SO_SNDTIMEO_NEW:
		return set_timeout(s, name, v, n);
	case SO_LINGER:
		return set_linger(s, v, n);
	case SO_RCVLOWAT:
		s->rcvlowat = value < 0 ? INT32_MAX : value ? value : 1;
		return OK;
	case SO_PRIORITY:
		if ((value < 0 || value > 6) && !cred_privileged())
			return E_PERM;
		s->priority = (uint32_t)value;
		return OK;
	default:
		return s->ops->set_option
		           ? s->ops->set_option(s, level, name, v, n)
		           : E_NOPROTOOPT;
	}
}

/* Give `size` bytes, cut to the room. */
static enum err give(void *v, size_t *n, const void *value, size_t size)
{
	*n = MIN(*n, size);
	memcpy(v, value, *n);
	return OK;
}

static enum err give_timeout(void *v, size_t *n, nsec_t ns)
{
	struct timeval_option t = {(int64_t)(ns / NSEC_PER_SEC),
	    (int64_t)(ns % NSEC_PER_SEC / NSEC_PER_USEC)};

	return give(v, n, &t, sizeof(t));
}

static enum err get_number(struct socket *s, int name, int32_t *value)
{
	switch (name) {
	case SO_TYPE:
		*value = s->type;
		return OK;
	case SO_DOMAIN:
		*value = s->family;
		return OK;
	case SO_PROTOCOL:
		*value = s->protocol;
		return OK;
	case SO_ERROR:
		*value = -(int32_t)socket_take_error(s);
		return OK;
	case SO_SNDBUF:
		*value = (int32_t)s->sndbuf;
		return OK;
	case SO_RCVBUF:
		*value = (int32_t)s->rcvbuf;
		return OK;
	case SO_RCVLOWAT:
		*value = (int32_t)s->rcvlowat;
		return OK;
	case SO_SNDLOWAT:
		*value = 1;
		return OK;
	case SO_PRIORITY:
		*value = (int32_t)s->priority;
		return OK;
	case SO_ACCEPTCONN:
		*value = s->ops->listening && s->ops->listening(s);
		return OK;
	default:
		return E_NOPROTOOPT;
	}
}

enum err socket_get_option(
    struct socket *s, int level, int name, void *v, size_t *n)
{
	struct linger_option l = {s->linger >= 0, MAX(s->linger, 0)};
	int32_t value;

	if (level != SOL_SOCKET)
		return s->ops->get_option
		           ? s->ops->get_option(s, level, name, v, n)
		           : E_OPNOTSUPP;
	if (bit_of(name)) {
		value = (s->bits & bit_of(name)) != 0;
		return give(v, n, &value, sizeof(value));
	}
	if (get_number(s, name, &value) == OK)
		return give(v, n, &value, sizeof(value));
	switch (name) {
	case SO_LINGER:
		return give(v, n, &l, sizeof(l));
	case SO_RCVTIMEO:
	case SO_RCVTIMEO_NEW:
		return give_timeout(v, n, s->rcvtimeo);
	case SO_SNDTIMEO:
	case SO_SNDTIMEO_NEW:
		return give_timeout(v, n, s->sndtimeo);
	default:
		return s->ops->get_option
		           ? s->ops->get_option(s, level, name, v, n)
		           : E_NOPROTOOPT;
	}
}
