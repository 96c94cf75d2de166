/* tests/guest/unix.h -- what the tests of unix sockets share. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "tap.h"

static int pair[2];

static inline void make_pair(int type)
{
	CHECK(socketpair(AF_UNIX, type, 0, pair) == 0);
}

/* An abstract address, this test's own; its length in *len. */
static inline struct sockaddr_un abstract(const char *name, socklen_t *len)
{
	static int owner; /* children speak of the same one */
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	if (!owner)
		owner = getpid();
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
	                   (size_t)sprintf(
	                       a.sun_path + 1, "strat9-%d-%s", owner, name));
	return a;
}

static inline struct sockaddr_un path_name(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	strcpy(a.sun_path, path);
	return a;
}

static inline int listener(const char *name, int type, int backlog)
{
	socklen_t len;
	struct sockaddr_un a = abstract(name, &len);
	int s = socket(AF_UNIX, type, 0);

	CHECK(s >= 0);
	CHECK(bind(s, (struct sockaddr *)&a, len) == 0);
	CHECK(listen(s, backlog) == 0);
	return s;
}

static inline int dial(const char *name, int type)
{
	socklen_t len;
	struct sockaddr_un a = abstract(name, &len);
	int s = socket(AF_UNIX, type, 0);

	CHECK(s >= 0);
	return connect(s, (struct sockaddr *)&a, len) == 0 ? s : -1;
}

static inline short events_of(int fd)
{
	struct pollfd p = {fd, POLLIN | POLLOUT | POLLRDHUP, 0};

	CHECK(poll(&p, 1, 0) >= 0);
	return p.revents;
}
