/* tests/guest/unix_rights.c -- descriptors and credentials in messages. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "tap.h"

enum { FDS_MAX = 253 };

static int pair[2];

union control {
	char bytes[CMSG_SPACE(FDS_MAX * sizeof(int)) + 64];
	struct cmsghdr align;
};

static void make_pair(int type)
{
	CHECK(socketpair(AF_UNIX, type, 0, pair) == 0);
}

/* Send `text` with n descriptors; sendmsg's result. */
static ssize_t send_fds(int s, const char *text, const int *fds, int n)
{
	static union control c;
	struct iovec v = {(void *)(uintptr_t)text, strlen(text)};
	struct msghdr m = {.msg_iov = &v,
	    .msg_iovlen = 1,
	    .msg_control = c.bytes,
	    .msg_controllen = CMSG_SPACE((size_t)n * sizeof(int))};
	struct cmsghdr *h = &c.align;

	memset(&c, 0, sizeof(c));
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN((size_t)n * sizeof(int));
	memcpy(CMSG_DATA(h), fds, (size_t)n * sizeof(int));
	return sendmsg(s, &m, MSG_NOSIGNAL);
}

/* Receive into fds; their number, or -1. *flags: in and out. */
static int recv_fds(
    int s, char *text, size_t size, int *fds, size_t room, int *flags)
{
	static union control c;
	struct iovec v = {text, size - 1};
	struct msghdr m = {.msg_iov = &v,
	    .msg_iovlen = 1,
	    .msg_control = room ? c.bytes : 0,
	    .msg_controllen = room};
	ssize_t n = recvmsg(s, &m, *flags);
	struct cmsghdr *h;

	if (n < 0)
		return -1;
	text[n] = 0;
	*flags = m.msg_flags;
	h = CMSG_FIRSTHDR(&m);
	if (!h)
		return 0;
	CHECK(h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS);
	memcpy(fds, CMSG_DATA(h), h->cmsg_len - CMSG_LEN(0));
	return (int)((h->cmsg_len - CMSG_LEN(0)) / sizeof(int));
}

static int recv_one(int s, char *text)
{
	int fd = -1, flags = 0;
	int n = recv_fds(s, text, 16, &fd, CMSG_SPACE(sizeof(int)), &flags);

	return n == 1 ? fd : -1;
}

TEST(rights__arrive_as_new_descriptors)
{
	int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
	char text[16], c;
	int p[2], fd;

	for (int i = 0; i < 3; i++) {
		make_pair(types[i]);
		CHECK(pipe(p) == 0);
		CHECK(send_fds(pair[0], "hi", p, 1) == 2);
		close(p[0]);
		fd = recv_one(pair[1], text);
		CHECK(fd >= 0 && !strcmp(text, "hi"));
		CHECK(fcntl(fd, F_GETFD) == 0);
		CHECK(write(p[1], "q", 1) == 1 && read(fd, &c, 1) == 1);
		CHECK(c == 'q');
		close(fd);
		close(p[1]);
	}
}

TEST(rights__close_on_exec_when_asked)
{
	int flags = MSG_CMSG_CLOEXEC, fd;
	char text[16];

	make_pair(SOCK_STREAM);
	CHECK(send_fds(pair[0], "x", pair, 1) == 1);
	CHECK(recv_fds(pair[1], text, 16, &fd, 64, &flags) == 1);
	CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
}

TEST(rights__end_a_read_of_a_stream)
{
	char text[16];
	int p[2];

	make_pair(SOCK_STREAM);
	CHECK(pipe(p) == 0);
	CHECK(write(pair[0], "a", 1) == 1);
	CHECK(send_fds(pair[0], "b", p, 1) == 1);
	CHECK(write(pair[0], "c", 1) == 1);
	CHECK(recv_one(pair[1], text) >= 0 && !strcmp(text, "ab"));
	CHECK(read(pair[1], text, 16) == 1 && text[0] == 'c');
}

TEST(rights__no_room_is_told_and_dropped)
{
	char text[16], c;
	int p[2], fds[4], flags = 0;

	make_pair(SOCK_DGRAM);
	CHECK(pipe(p) == 0);
	CHECK(send_fds(pair[0], "x", &p[1], 1) == 1);
	close(p[1]);
	CHECK(recv_fds(pair[1], text, 16, fds, 0, &flags) == 0);
	CHECK(flags & MSG_CTRUNC);
	CHECK(read(p[0], &c, 1) == 0); /* nobody can write any more */
	CHECK(pipe(fds) == 0);
	fds[2] = fds[0];
	CHECK(send_fds(pair[0], "x", fds, 3) == 1);
	flags = 0;
	CHECK(recv_fds(pair[1], text, 16, fds, CMSG_LEN(8), &flags) == 2);
	CHECK(flags & MSG_CTRUNC);
}

TEST(rights__plain_read_drops_them)
{
	char text[16], c;
	int p[2];

	make_pair(SOCK_STREAM);
	CHECK(pipe(p) == 0);
	CHECK(send_fds(pair[0], "x", &p[1], 1) == 1);
	close(p[1]);
	CHECK(read(pair[1], text, 16) == 1);
	CHECK(read(p[0], &c, 1) == 0);
}

TEST(rights__peek_gives_them_twice)
{
	char text[16];
	int p[2], fd, flags = MSG_PEEK;

	make_pair(SOCK_STREAM);
	CHECK(pipe(p) == 0);
	CHECK(send_fds(pair[0], "x", p, 1) == 1);
	CHECK(recv_fds(pair[1], text, 16, &fd, 64, &flags) == 1);
	close(fd);
	CHECK(recv_one(pair[1], text) >= 0);
}

TEST(rights__bad_ones_are_refused)
{
	union control c;
	struct iovec v = {"x", 1};
	struct msghdr m = {.msg_iov = &v,
	    .msg_iovlen = 1,
	    .msg_control = c.bytes,
	    .msg_controllen = sizeof(struct cmsghdr) + 4};
	int bad = 1000;

	make_pair(SOCK_STREAM);
	CHECK(send_fds(pair[0], "x", &bad, 1) == -1 && errno == EBADF);
	memset(&c, 0, sizeof(c));
	c.align.cmsg_level = SOL_SOCKET;
	c.align.cmsg_type = SCM_RIGHTS;
	c.align.cmsg_len = 1 << 20;
	CHECK(sendmsg(pair[0], &m, 0) == -1 && errno == EINVAL);
	c.align.cmsg_len = 3;
	CHECK(sendmsg(pair[0], &m, 0) == -1 && errno == EINVAL);
	c.align.cmsg_len = CMSG_LEN(4);
	c.align.cmsg_type = 99;
	CHECK(sendmsg(pair[0], &m, 0) == -1 && errno == EINVAL);
	CHECK(recv(pair[1], &bad, 4, MSG_DONTWAIT) == -1 && errno == EAGAIN);
}

TEST(rights__full_table_drops_the_rest)
{
	struct rlimit l = {32, 32};
	char text[16];
	int fds[40], flags = 0, n;

	make_pair(SOCK_STREAM);
	for (int i = 0; i < 20; i++)
		fds[i] = pair[0];
	CHECK(send_fds(pair[0], "x", fds, 20) == 1);
	CHECK(setrlimit(RLIMIT_NOFILE, &l) == 0);
	while (dup(pair[0]) >= 0)
		continue;
	close(30);
	close(31);
	n = recv_fds(pair[1], text, 16, fds, sizeof(union control), &flags);
	CHECK(n == 2 && (flags & MSG_CTRUNC));
}

TEST(rights__too_many_in_flight)
{
	struct rlimit l = {64, 64};
	int fds[32], sent = 0;

	make_pair(SOCK_STREAM);
	for (int i = 0; i < 32; i++)
		fds[i] = 0;
	CHECK(fcntl(pair[0], F_SETFL, O_NONBLOCK) == 0);
	CHECK(setrlimit(RLIMIT_NOFILE, &l) == 0);
	CHECK(setuid(12345) == 0);
	while (sent < 100 && send_fds(pair[0], "x", fds, 32) == 1)
		sent++;
	CHECK(errno == ETOOMANYREFS && sent >= 2 && sent < 6);
}

/* The write end of the pipe is closed when the cycle was collected. */
static void wait_collected(int rd)
{
	struct pollfd p = {rd, POLLIN, 0};

	for (int i = 0; i < 100; i++) {
		int s[2];

		/* On Linux a socket's end starts the search. */
		CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
		close(s[0]);
		close(s[1]);
		if (poll(&p, 1, 20) == 1)
			break;
	}
	CHECK(p.revents == POLLHUP);
}

TEST(cycles__a_socket_sent_through_itself)
{
	int p[2], fds[2];

	CHECK(pipe(p) == 0);
	make_pair(SOCK_STREAM);
	fds[0] = pair[1];
	fds[1] = p[1];
	CHECK(send_fds(pair[0], "x", fds, 2) == 1);
	close(p[1]);
	close(pair[0]);
	close(pair[1]);
	wait_collected(p[0]);
}

TEST(cycles__two_through_each_other)
{
	int p[2], a[2], b[2], fds[2];

	CHECK(pipe(p) == 0);
	make_pair(SOCK_DGRAM);
	a[0] = pair[0], a[1] = pair[1];
	make_pair(SOCK_DGRAM);
	b[0] = pair[0], b[1] = pair[1];
	fds[0] = a[1];
	fds[1] = p[1];
	CHECK(send_fds(b[0], "x", fds, 2) == 1);
	fds[0] = b[1];
	CHECK(send_fds(a[0], "x", fds, 2) == 1);
	close(p[1]);
	close(a[0]);
	close(b[0]);
	close(a[1]);
	close(b[1]);
	wait_collected(p[0]);
}

TEST(cycles__what_can_be_received_is_kept)
{
	int a[2], b[2], fds[2];
	char text[16];

	make_pair(SOCK_DGRAM);
	a[0] = pair[0], a[1] = pair[1];
	make_pair(SOCK_DGRAM);
	b[0] = pair[0], b[1] = pair[1];
	/* b[1] waits in a[1], a[1] in b[1]; a[1] stays open. */
	CHECK(send_fds(a[0], "b1", &b[1], 1) == 2);
	CHECK(send_fds(b[0], "a1", &a[1], 1) == 2);
	close(b[1]);
	close(b[0]);
	close(a[0]);
	make_pair(SOCK_DGRAM);
	close(pair[0]);
	close(pair[1]);
	fds[0] = recv_one(a[1], text);
	CHECK(fds[0] >= 0 && !strcmp(text, "b1"));
	fds[1] = recv_one(fds[0], text);
	CHECK(fds[1] >= 0 && !strcmp(text, "a1"));
}

TEST(cycles__a_connection_not_yet_accepted)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int p[2], fds[2], l, c;
	socklen_t n;

	n = (socklen_t)(3 + sprintf(a.sun_path + 1, "cyc%d", getpid()));
	l = socket(AF_UNIX, SOCK_STREAM, 0);
	c = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(pipe(p) == 0);
	CHECK(bind(l, (struct sockaddr *)&a, n) == 0 && listen(l, 1) == 0);
	CHECK(connect(c, (struct sockaddr *)&a, n) == 0);
	fds[0] = l;
	fds[1] = p[1];
	CHECK(send_fds(c, "x", fds, 2) == 1);
	close(p[1]);
	close(l);
	close(c);
	wait_collected(p[0]);
}

/* A socket in a socket in a socket...: dropping the last drops them all. */
TEST(rights__a_long_chain_goes_at_once)
{
	int p[2], inner, s[2];
	char c;

	CHECK(pipe(p) == 0);
	inner = p[1];
	for (int i = 0; i < 400; i++) {
		CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, s) == 0);
		CHECK(send_fds(s[0], "x", &inner, 1) == 1);
		close(inner);
		close(s[0]);
		inner = s[1];
	}
	close(inner);
	CHECK(read(p[0], &c, 1) == 0);
}

static ssize_t recv_creds(int s, struct ucred *u)
{
	union control c;
	char text[16];
	struct iovec v = {text, 16};
	struct msghdr m = {.msg_iov = &v,
	    .msg_iovlen = 1,
	    .msg_control = c.bytes,
	    .msg_controllen = sizeof(c)};
	ssize_t n = recvmsg(s, &m, 0);
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);

	memset(u, 0, sizeof(*u));
	if (h && h->cmsg_type == SCM_CREDENTIALS)
		memcpy(u, CMSG_DATA(h), sizeof(*u));
	return n;
}

TEST(creds__tell_the_sender)
{
	int on = 1, types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
	struct ucred u;
	pid_t pid;

	for (int i = 0; i < 3; i++) {
		make_pair(types[i]);
		CHECK(!setsockopt(
		    pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
		CHECK(write(pair[0], "a", 1) == 1);
		pid = fork();
		if (pid == 0)
			_exit(write(pair[0], "b", 1) != 1);
		CHECK(tap_wait(pid) == 0);
		CHECK(recv_creds(pair[1], &u) == 1 && u.pid == getpid());
		CHECK(u.uid == getuid() && u.gid == getgid());
		CHECK(recv_creds(pair[1], &u) == 1 && u.pid == pid);
	}
}

TEST(creds__cannot_be_forged)
{
	union control c;
	struct iovec v = {"x", 1};
	struct ucred u = {getpid(), 0, 0};
	struct msghdr m = {.msg_iov = &v,
	    .msg_iovlen = 1,
	    .msg_control = c.bytes,
	    .msg_controllen = CMSG_SPACE(sizeof(u))};

	make_pair(SOCK_DGRAM);
	memset(&c, 0, sizeof(c));
	c.align.cmsg_level = SOL_SOCKET;
	c.align.cmsg_type = SCM_CREDENTIALS;
	c.align.cmsg_len = CMSG_LEN(sizeof(u));
	memcpy(CMSG_DATA(&c.align), &u, sizeof(u));
	CHECK(sendmsg(pair[0], &m, 0) == 1);
	CHECK(setuid(12345) == 0);
	CHECK(sendmsg(pair[0], &m, 0) == -1 && errno == EPERM);
	c.align.cmsg_len = CMSG_LEN(4);
	CHECK(sendmsg(pair[0], &m, 0) == -1 && errno == EINVAL);
}

TAP_MAIN
