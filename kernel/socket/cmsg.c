/* kernel/socket/cmsg.c -- control messages: taking them apart. */
/* SPDX-License-Identifier: MIT */
#include "kernel/socket/cmsg.h"
#ifdef HOSTED
#include <string.h>
#else
#include "kernel/core/string.h"
#endif

bool cmsg_next(
    const uint8_t *buf, size_t size, size_t *at, struct cmsg *out, enum err *e)
{
	struct linux_cmsghdr h;
	size_t left;

	*e = OK;
	if (*at >= size || size - *at < sizeof(h))
		return false;
	left = size - *at;
	memcpy(&h, buf + *at, sizeof(h));
	if (h.len < sizeof(h) || h.len > left) {
		*e = E_INVAL;
		return false;
	}
	out->level = h.level;
	out->type = h.type;
	out->data = buf + *at + sizeof(h);
	out->len = h.len - sizeof(h);
	/* The last one need not be padded. */
	left -= h.len;
	*at += h.len;
	h.len = -h.len & 7;
	*at += h.len < left ? h.len : left;
	return true;
}

static enum err parse_rights(const struct cmsg *c, struct cmsg_request *r)
{
	size_t n = c->len / sizeof(int32_t);

	if (n > SCM_RIGHTS_MAX - r->nfds)
		return E_INVAL;
	memcpy(r->fds + r->nfds, c->data, n * sizeof(int32_t));
	r->nfds += (uint32_t)n;
	return OK;
}

static enum err parse_creds(const struct cmsg *c, struct cmsg_request *r)
{
	if (c->len != sizeof(r->creds))
		return E_INVAL;
	memcpy(&r->creds, c->data, sizeof(r->creds));
	r->has_creds = true;
	return OK;
}

enum err cmsg_parse(const uint8_t *buf, size_t size, struct cmsg_request *out)
{
	struct cmsg c;
	size_t at = 0;
	enum err e;

	out->has_creds = false;
	out->nfds = 0;
	while (cmsg_next(buf, size, &at, &c, &e)) {
		if (c.level != SOL_SOCKET)
			continue;
		if (c.type == SCM_RIGHTS)
			e = parse_rights(&c, out);
		else if (c.type == SCM_CREDENTIALS)
			e = parse_creds(&c, out);
		else
			e = E_INVAL;
		if (e != OK)
			return e;
	}
	return e;
}
