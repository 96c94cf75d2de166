/* tests/guest/unix_names.c -- unix sockets: names, connections, options. */
/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "unix.h"

TEST(connect__accept_and_names)
{
	int l = listener("names", SOCK_STREAM, 5), c, s;
	socklen_t la, n = sizeof(struct sockaddr_un);
	struct sockaddr_un a = abstract("names", &la), x;
	char b;

	c = dial("names", SOCK_STREAM);
	CHECK(c >= 0);
	CHECK(write(c, "early", 5) == 5);
	CHECK(events_of(l) == POLLIN);
	s = accept4(l, (struct sockaddr *)&x, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);
	CHECK(s >= 0 && n == 2 && x.sun_family == AF_UNIX);
	CHECK(fcntl(s, F_GETFD) == FD_CLOEXEC);
	CHECK(fcntl(s, F_GETFL) == (O_RDWR | O_NONBLOCK));
	CHECK(read(s, &b, 1) == 1 && b == 'e');
	n = sizeof(x);
	CHECK(getsockname(s, (struct sockaddr *)&x, &n) == 0);
	CHECK(n == la && !memcmp(&x, &a, la));
	n = sizeof(x);
	CHECK(getpeername(c, (struct sockaddr *)&x, &n) == 0);
	CHECK(n == la && !memcmp(&x, &a, la));
	n = sizeof(x);
	CHECK(getpeername(l, (struct sockaddr *)&x, &n) == -1 &&
	      errno == ENOTCONN);
	CHECK(accept(c, 0, 0) == -1 && errno == EINVAL);
	CHECK(connect(c, (struct sockaddr *)&a, la) == -1 && errno == EISCONN);
	CHECK(syscall(SYS_accept4, l, 0, 0, 1) == -1 && errno == EINVAL);
}

TEST(connect__says_why_not)
{
	socklen_t la;
	struct sockaddr_un a = abstract("refused", &la);
	struct sockaddr_un bad = {.sun_family = AF_INET}, file;
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	int d = socket(AF_UNIX, SOCK_DGRAM, 0);
	char c;

	CHECK(connect(s, (struct sockaddr *)&a, la) == -1);
	CHECK(errno == ECONNREFUSED);
	/* An abstract name is one for each type of socket, a path is not. */
	CHECK(bind(d, (struct sockaddr *)&a, la) == 0);
	CHECK(connect(s, (struct sockaddr *)&a, la) == -1);
	CHECK(errno == ECONNREFUSED);
	d = socket(AF_UNIX, SOCK_DGRAM, 0);
	file = path_name("dgram-file");
	unlink("dgram-file");
	CHECK(bind(d, (struct sockaddr *)&file, sizeof(file)) == 0);
	CHECK(connect(s, (struct sockaddr *)&file, sizeof(file)) == -1);
	CHECK(errno == EPROTOTYPE);
	unlink("dgram-file");
	CHECK(connect(s, (struct sockaddr *)&bad, 10) == -1 && errno == EINVAL);
	CHECK(connect(s, (struct sockaddr *)&a, 200) == -1 && errno == EINVAL);
	CHECK(connect(s, 0, 10) == -1 && errno == EFAULT);
	CHECK(listen(s, 1) == -1 && errno == EINVAL);
	CHECK(listen(d, 1) == -1 && errno == EOPNOTSUPP);
	CHECK(accept(d, 0, 0) == -1 && errno == EOPNOTSUPP);
	CHECK(write(s, "x", 1) == -1 && errno == ENOTCONN);
	CHECK(read(s, &c, 1) == -1 && errno == EINVAL);
	CHECK(events_of(s) == (POLLOUT | POLLHUP));
	CHECK(send(d, &c, 1, 0) == -1 && errno == ENOTCONN);
	CHECK(accept(0x7fff, 0, 0) == -1 && errno == EBADF);
	CHECK(
	    accept(open("/dev/null", O_RDWR), 0, 0) == -1 && errno == ENOTSOCK);
}

TEST(connect__full_backlog)
{
	int l = listener("backlog", SOCK_STREAM, 1), n = 0, s;
	socklen_t la;
	struct sockaddr_un a = abstract("backlog", &la);
	pid_t pid;

	for (;;) {
		s = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (connect(s, (struct sockaddr *)&a, la) < 0)
			break;
		n++;
	}
	CHECK(errno == EAGAIN && n == 2);
	pid = fork();
	if (pid == 0)
		_exit(dial("backlog", SOCK_STREAM) < 0);
	CHECK(accept(l, 0, 0) >= 0);
	CHECK(tap_wait(pid) == 0);
}

TEST(listener__its_end_resets_the_waiting)
{
	int l = listener("gone", SOCK_STREAM, 5);
	int c = dial("gone", SOCK_STREAM);
	char b;

	CHECK(c >= 0);
	close(l);
	CHECK(read(c, &b, 1) == -1 && errno == ECONNRESET);
	CHECK(dial("gone", SOCK_STREAM) == -1 && errno == ECONNREFUSED);
}

TEST(bind__paths_are_files)
{
	struct sockaddr_un a = path_name("sock-file"), x;
	int l = socket(AF_UNIX, SOCK_STREAM, 0), c;
	socklen_t n = sizeof(x);
	struct stat st;

	unlink("sock-file");
	umask(022);
	CHECK(bind(l, (struct sockaddr *)&a, sizeof(a)) == 0);
	CHECK(stat("sock-file", &st) == 0 && S_ISSOCK(st.st_mode));
	CHECK((st.st_mode & 0777) == 0755);
	CHECK(open("sock-file", O_RDWR) == -1 && errno == ENXIO);
	CHECK(getsockname(l, (struct sockaddr *)&x, &n) == 0 && n == 12);
	c = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(connect(c, (struct sockaddr *)&a, sizeof(a)) == -1);
	CHECK(errno == ECONNREFUSED);
	CHECK(listen(l, 1) == 0);
	CHECK(rename("sock-file", "sock-moved") == 0);
	CHECK(connect(c, (struct sockaddr *)&a, sizeof(a)) == -1);
	CHECK(errno == ENOENT);
	a = path_name("sock-moved");
	CHECK(connect(c, (struct sockaddr *)&a, sizeof(a)) == 0);
	CHECK(bind(c, (struct sockaddr *)&a, sizeof(a)) == -1);
	CHECK(errno == EADDRINUSE);
	CHECK(bind(l, (struct sockaddr *)&a, sizeof(a)) == -1);
	CHECK(errno == EINVAL || errno == EADDRINUSE);
	CHECK(unlink("sock-moved") == 0);
	a = path_name("no/such/dir");
	CHECK(bind(c, (struct sockaddr *)&a, sizeof(a)) == -1);
	CHECK(errno == ENOENT);
	a = path_name("/dev/null");
	c = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(connect(c, (struct sockaddr *)&a, sizeof(a)) == -1);
	CHECK(errno == ECONNREFUSED);
}

TEST(bind__autobind_and_abstract_conflict)
{
	socklen_t la, n = sizeof(struct sockaddr_un);
	struct sockaddr_un a = abstract("twice", &la), x;
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	int t = socket(AF_UNIX, SOCK_STREAM, 0);
	sa_family_t f = AF_UNIX;

	CHECK(bind(s, (struct sockaddr *)&a, la) == 0);
	CHECK(bind(t, (struct sockaddr *)&a, la) == -1);
	CHECK(errno == EADDRINUSE);
	close(s);
	CHECK(bind(t, (struct sockaddr *)&a, la) == 0);
	s = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(getsockname(s, (struct sockaddr *)&x, &n) == 0 && n == 2);
	CHECK(bind(s, (struct sockaddr *)&f, sizeof(f)) == 0);
	n = sizeof(x);
	CHECK(getsockname(s, (struct sockaddr *)&x, &n) == 0 && n == 8);
	CHECK(x.sun_path[0] == 0);
}

TEST(options__types_sizes_and_peer)
{
	struct ucred u;
	socklen_t n = sizeof(int);
	int v;
	int l = listener("opts", SOCK_SEQPACKET, 1);

	make_pair(SOCK_STREAM);
	CHECK(
	    !getsockopt(l, SOL_SOCKET, SO_TYPE, &v, &n) && v == SOCK_SEQPACKET);
	CHECK(!getsockopt(l, SOL_SOCKET, SO_ACCEPTCONN, &v, &n) && v == 1);
	CHECK(!getsockopt(l, SOL_SOCKET, SO_DOMAIN, &v, &n) && v == AF_UNIX);
	CHECK(!getsockopt(l, SOL_SOCKET, SO_PROTOCOL, &v, &n) && v == 0);
	CHECK(!getsockopt(l, SOL_SOCKET, SO_ERROR, &v, &n) && v == 0);
	v = 10000;
	CHECK(!setsockopt(l, SOL_SOCKET, SO_SNDBUF, &v, sizeof(v)));
	CHECK(!getsockopt(l, SOL_SOCKET, SO_SNDBUF, &v, &n) && v == 20000);
	v = 1;
	CHECK(!setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &v, sizeof(v)));
	CHECK(!setsockopt(l, SOL_SOCKET, SO_PASSCRED, &v, sizeof(v)));
	CHECK(!getsockopt(l, SOL_SOCKET, SO_PASSCRED, &v, &n) && v == 1);
	CHECK(setsockopt(l, SOL_SOCKET, SO_PASSCRED, &v, 2) == -1 &&
	      errno == EINVAL);
	CHECK(setsockopt(l, SOL_SOCKET, 9999, &v, sizeof(v)) == -1 &&
	      errno == ENOPROTOOPT);
	CHECK(
	    getsockopt(l, SOL_SOCKET, SO_TYPE, &v, 0) == -1 && errno == EFAULT);
	n = sizeof(u);
	CHECK(!getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &u, &n));
	CHECK(n == sizeof(u) && u.pid == getpid() && u.uid == geteuid());
	CHECK(socket(AF_UNIX, 77, 0) == -1 && errno == EINVAL);
	CHECK(socket(AF_UNIX, SOCK_RDM, 0) == -1 && errno == ESOCKTNOSUPPORT);
	CHECK(
	    socket(AF_UNIX, SOCK_STREAM, 7) == -1 && errno == EPROTONOSUPPORT);
	CHECK(socket(4000, SOCK_STREAM, 0) == -1 && errno == EAFNOSUPPORT);
	CHECK(socket(-1, SOCK_STREAM, 0) == -1 && errno == EAFNOSUPPORT);
}

TAP_MAIN
