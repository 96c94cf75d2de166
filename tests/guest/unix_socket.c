/* tests/guest/unix_socket.c -- unix sockets: bytes, packets, the end. */
/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include "unix.h"

TEST(stream__carries_bytes_both_ways)
{
	char c[8];

	make_pair(SOCK_STREAM);
	CHECK(write(pair[0], "abc", 3) == 3);
	CHECK(write(pair[0], "de", 2) == 2);
	CHECK(read(pair[1], c, 8) == 5 && !memcmp(c, "abcde", 5));
	CHECK(send(pair[1], "x", 1, 0) == 1);
	CHECK(recv(pair[0], c, 8, 0) == 1 && c[0] == 'x');
	CHECK(recv(pair[0], c, 8, MSG_DONTWAIT) == -1 && errno == EAGAIN);
	CHECK(read(pair[0], c, 0) == 0);
}

TEST(stream__large_writes_block_until_read)
{
	static char buf[1 << 20];
	size_t sum = 0;
	pid_t pid;
	ssize_t n;

	make_pair(SOCK_STREAM);
	pid = fork();
	if (pid == 0) {
		close(pair[1]);
		for (size_t i = 0; i < sizeof(buf); i++)
			buf[i] = (char)(i * 7 >> 3);
		_exit(write(pair[0], buf, sizeof(buf)) != sizeof(buf));
	}
	close(pair[0]);
	while ((n = read(pair[1], buf, 10007)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			CHECK(buf[i] == (char)((sum + (size_t)i) * 7 >> 3));
		sum += (size_t)n;
	}
	CHECK(n == 0 && sum == sizeof(buf));
	CHECK(tap_wait(pid) == 0);
}

TEST(stream__full_queue_is_eagain_and_not_writable)
{
	static char buf[4096];
	ssize_t n;
	size_t sum = 0;

	make_pair(SOCK_STREAM);
	CHECK(events_of(pair[0]) == POLLOUT);
	while ((n = send(pair[0], buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		sum += (size_t)n;
	CHECK(errno == EAGAIN && sum >= 65536 && sum <= 1 << 20);
	CHECK(events_of(pair[0]) == 0);
	CHECK(events_of(pair[1]) == (POLLIN | POLLOUT));
	while (recv(pair[1], buf, sizeof(buf), MSG_DONTWAIT) > 0)
		continue;
	CHECK(events_of(pair[0]) == POLLOUT);
}

TEST(stream__waitall_and_peek)
{
	char c[8];
	pid_t pid;

	make_pair(SOCK_STREAM);
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 6; i++) {
			CHECK(write(pair[0], "abcdef" + i, 1) == 1);
			sched_yield();
		}
		_exit(0);
	}
	CHECK(recv(pair[1], c, 6, MSG_WAITALL) == 6);
	CHECK(!memcmp(c, "abcdef", 6));
	CHECK(tap_wait(pid) == 0);
	CHECK(write(pair[0], "xyz", 3) == 3);
	CHECK(recv(pair[1], c, 8, MSG_PEEK) == 3);
	CHECK(recv(pair[1], c, 2, MSG_PEEK) == 2);
	CHECK(recv(pair[1], c, 8, 0) == 3 && !memcmp(c, "xyz", 3));
}

TEST(stream__end_of_peer_is_eof_and_epipe)
{
	struct pollfd p;
	char c;

	signal(SIGPIPE, SIG_IGN);
	make_pair(SOCK_STREAM);
	CHECK(write(pair[0], "z", 1) == 1);
	close(pair[0]);
	p = (struct pollfd){pair[1], POLLIN | POLLRDHUP, 0};
	CHECK(poll(&p, 1, -1) == 1);
	CHECK(p.revents == (POLLIN | POLLRDHUP | POLLHUP));
	CHECK(read(pair[1], &c, 1) == 1 && c == 'z');
	CHECK(read(pair[1], &c, 1) == 0);
	CHECK(write(pair[1], "z", 1) == -1 && errno == EPIPE);
}

TEST(stream__sigpipe_unless_told_not_to)
{
	pid_t pid;
	int s;

	make_pair(SOCK_STREAM);
	close(pair[0]);
	CHECK(send(pair[1], "z", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE);
	pid = fork();
	if (pid == 0) {
		if (write(pair[1], "z", 1) < 0)
			_exit(1);
		_exit(0);
	}
	s = tap_wait(pid);
	CHECK(WIFSIGNALED(s) && WTERMSIG(s) == SIGPIPE);
}

TEST(stream__unread_data_resets_the_peer)
{
	socklen_t n = sizeof(int);
	int err = 0;
	char c;

	make_pair(SOCK_STREAM);
	CHECK(write(pair[0], "z", 1) == 1);
	close(pair[1]);
	CHECK(events_of(pair[0]) & POLLERR);
	CHECK(getsockopt(pair[0], SOL_SOCKET, SO_ERROR, &err, &n) == 0);
	CHECK(err == ECONNRESET);
	CHECK(read(pair[0], &c, 1) == 0);
	make_pair(SOCK_STREAM);
	CHECK(write(pair[0], "z", 1) == 1);
	close(pair[1]);
	CHECK(read(pair[0], &c, 1) == -1 && errno == ECONNRESET);
	CHECK(read(pair[0], &c, 1) == 0);
}

TEST(stream__shutdown_of_each_side)
{
	char c;

	signal(SIGPIPE, SIG_IGN);
	make_pair(SOCK_STREAM);
	CHECK(write(pair[0], "z", 1) == 1);
	CHECK(shutdown(pair[0], SHUT_WR) == 0);
	CHECK(write(pair[0], "z", 1) == -1 && errno == EPIPE);
	CHECK(read(pair[1], &c, 1) == 1 && read(pair[1], &c, 1) == 0);
	CHECK(events_of(pair[1]) == (POLLIN | POLLOUT | POLLRDHUP));
	CHECK(write(pair[1], "y", 1) == 1 && read(pair[0], &c, 1) == 1);
	CHECK(shutdown(pair[0], SHUT_RD) == 0);
	CHECK(write(pair[1], "y", 1) == -1 && errno == EPIPE);
	CHECK(shutdown(pair[0], 7) == -1 && errno == EINVAL);
}

TEST(stream__end_wakes_who_waits)
{
	char c;
	pid_t pid;

	make_pair(SOCK_STREAM);
	pid = fork();
	if (pid == 0) {
		close(pair[1]);
		_exit(read(pair[0], &c, 1) != 0);
	}
	close(pair[0]);
	sched_yield();
	close(pair[1]);
	CHECK(tap_wait(pid) == 0);
}

TEST(stream__fionread_and_outq)
{
	int n = -1;

	make_pair(SOCK_STREAM);
	CHECK(write(pair[0], "12345", 5) == 5);
	CHECK(ioctl(pair[1], FIONREAD, &n) == 0 && n == 5);
	CHECK(ioctl(pair[0], FIONREAD, &n) == 0 && n == 0);
	CHECK(ioctl(pair[0], TIOCOUTQ, &n) == 0 && n > 0);
	CHECK(ioctl(pair[0], TCGETS, &n) == -1 && errno == ENOTTY);
}

TEST(seqpacket__keeps_messages_apart)
{
	char c[8];
	struct iovec v = {c, 2};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};

	make_pair(SOCK_SEQPACKET);
	CHECK(write(pair[0], "abc", 3) == 3 && write(pair[0], "de", 2) == 2);
	CHECK(recvmsg(pair[1], &m, 0) == 2 && (m.msg_flags & MSG_TRUNC));
	CHECK(read(pair[1], c, 8) == 2 && !memcmp(c, "de", 2));
	CHECK(send(pair[0], "", 0, 0) == 0 && send(pair[0], "q", 1, 0) == 1);
	CHECK(recv(pair[1], c, 8, 0) == 0 && recv(pair[1], c, 8, 0) == 1);
	CHECK(write(pair[0], "abc", 3) == 3);
	CHECK(recv(pair[1], c, 1, MSG_PEEK | MSG_TRUNC) == 3);
	CHECK(recv(pair[1], c, 1, MSG_TRUNC) == 3);
	close(pair[0]);
	CHECK(recv(pair[1], c, 8, 0) == 0);
}

TEST(packets__large_ones_arrive_whole)
{
	static char out[60000], in[70000];
	int types[] = {SOCK_DGRAM, SOCK_SEQPACKET};

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (char)(i * 13 >> 2);
	for (int k = 0; k < 2; k++) {
		make_pair(types[k]);
		CHECK(send(pair[0], out, sizeof(out), 0) == sizeof(out));
		CHECK(send(pair[0], "x", 1, 0) == 1);
		CHECK(recv(pair[1], in, sizeof(in), 0) == sizeof(out));
		CHECK(!memcmp(in, out, sizeof(out)));
		CHECK(recv(pair[1], in, sizeof(in), 0) == 1);
		CHECK(send(pair[0], calloc(1, 1 << 20), 1 << 20, 0) == -1);
		CHECK(errno == EMSGSIZE);
	}
}

TEST(dgram__names_sender_and_target)
{
	socklen_t la, lb, n = sizeof(struct sockaddr_un);
	struct sockaddr_un a = abstract("dgram-a", &la), from;
	struct sockaddr_un b = abstract("dgram-b", &lb);
	int sa = socket(AF_UNIX, SOCK_DGRAM, 0);
	int sb = socket(AF_UNIX, SOCK_DGRAM, 0);
	char c[8];

	CHECK(sendto(sb, "x", 1, 0, (struct sockaddr *)&a, la) == -1 &&
	      errno == ECONNREFUSED);
	CHECK(bind(sa, (struct sockaddr *)&a, la) == 0);
	CHECK(bind(sb, (struct sockaddr *)&b, lb) == 0);
	CHECK(sendto(sb, "x", 1, 0, (struct sockaddr *)&a, la) == 1);
	CHECK(recvfrom(sa, c, 8, 0, (struct sockaddr *)&from, &n) == 1);
	CHECK(n == lb && !memcmp(&from, &b, lb));
	CHECK(send(sb, "x", 1, 0) == -1 && errno == ENOTCONN);
	CHECK(connect(sb, (struct sockaddr *)&a, la) == 0);
	CHECK(send(sb, "y", 1, 0) == 1 && recv(sa, c, 8, 0) == 1);
	/* Connected to a, b hears nobody else. */
	int sc = socket(AF_UNIX, SOCK_DGRAM, 0);
	CHECK(sendto(sc, "z", 1, 0, (struct sockaddr *)&b, lb) == -1 &&
	      errno == EPERM);
	close(sa);
	CHECK(send(sb, "y", 1, 0) == -1 && errno == ECONNREFUSED);
	CHECK(send(sb, "y", 1, 0) == -1 && errno == ENOTCONN);
}

TEST(dgram__full_receiver_is_not_writable)
{
	socklen_t la;
	struct sockaddr_un a = abstract("dgram-full", &la);
	int sa = socket(AF_UNIX, SOCK_DGRAM, 0);
	int sb = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct pollfd p = {sb, POLLOUT, 0};
	pid_t pid;
	char c;
	int n = 0;

	CHECK(bind(sa, (struct sockaddr *)&a, la) == 0);
	CHECK(connect(sb, (struct sockaddr *)&a, la) == 0);
	CHECK(poll(&p, 1, 0) == 1);
	while (send(sb, "x", 1, MSG_DONTWAIT) == 1)
		n++;
	CHECK(errno == EAGAIN && n >= 5 && n < 10000);
	CHECK(poll(&p, 1, 0) == 0);
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < n; i++)
			CHECK(recv(sa, &c, 1, 0) == 1);
		_exit(0);
	}
	CHECK(poll(&p, 1, 10000) == 1 && p.revents == POLLOUT);
	CHECK(tap_wait(pid) == 0);
}

TEST(options__timeouts_end_waits)
{
	struct timeval tv = {0, 50000}, got;
	socklen_t n = sizeof(got);
	static char big[1 << 20];
	char c;

	make_pair(SOCK_STREAM);
	CHECK(!setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	CHECK(!getsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &got, &n));
	CHECK(n == sizeof(got) && got.tv_sec == 0 && got.tv_usec >= 50000 &&
	      got.tv_usec < 60000);
	CHECK(read(pair[0], &c, 1) == -1 && errno == EAGAIN);
	CHECK(!setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)));
	CHECK(send(pair[0], big, sizeof(big), 0) < (ssize_t)sizeof(big));
	tv.tv_usec = 1000000;
	CHECK(setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)) ==
	          -1 &&
	      errno == EDOM);
}

static void nothing(int sig)
{
	(void)sig;
}

TEST(signals__interrupt_waits)
{
	struct sigaction sa = {.sa_handler = nothing};
	struct timespec t = {0, 20000000};
	pid_t me = getpid(), pid;
	char c;

	make_pair(SOCK_STREAM);
	sigaction(SIGUSR1, &sa, 0);
	pid = fork();
	if (pid == 0) {
		for (;;) {
			nanosleep(&t, 0);
			if (kill(me, SIGUSR1))
				_exit(0);
		}
	}
	CHECK(read(pair[0], &c, 1) == -1 && errno == EINTR);
	CHECK(accept(listener("intr", SOCK_STREAM, 1), 0, 0) == -1 &&
	      errno == EINTR);
	kill(pid, SIGKILL);
	tap_wait(pid);
}

TEST(mmsg__sends_and_receives_many)
{
	char in[4][4];
	struct iovec vi[4], vo[3] = {{"a", 1}, {"bb", 2}, {"ccc", 3}};
	struct mmsghdr o[3], i[4];

	memset(o, 0, sizeof(o));
	memset(i, 0, sizeof(i));
	for (int k = 0; k < 3; k++) {
		o[k].msg_hdr.msg_iov = &vo[k];
		o[k].msg_hdr.msg_iovlen = 1;
	}
	for (int k = 0; k < 4; k++) {
		vi[k] = (struct iovec){in[k], 4};
		i[k].msg_hdr.msg_iov = &vi[k];
		i[k].msg_hdr.msg_iovlen = 1;
	}
	make_pair(SOCK_DGRAM);
	CHECK(sendmmsg(pair[0], o, 3, 0) == 3 && o[2].msg_len == 3);
	CHECK(recvmmsg(pair[1], i, 4, MSG_WAITFORONE, 0) == 3);
	CHECK(i[0].msg_len == 1 && i[1].msg_len == 2 && i[2].msg_len == 3);
	CHECK(!memcmp(in[2], "ccc", 3));
	CHECK(
	    recvmmsg(pair[1], i, 4, MSG_DONTWAIT, 0) == -1 && errno == EAGAIN);
}

TEST(bad_pointers__are_efault)
{
	char *bad = (char *)8;
	struct iovec v = {bad, 10};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};

	make_pair(SOCK_STREAM);
	CHECK(send(pair[0], bad, 10, 0) == -1 && errno == EFAULT);
	CHECK(sendmsg(pair[0], &m, 0) == -1 && errno == EFAULT);
	CHECK(syscall(SYS_sendmsg, pair[0], bad, 0) == -1 && errno == EFAULT);
	CHECK(write(pair[0], "abc", 3) == 3);
	CHECK(recv(pair[1], bad, 10, 0) == -1 && errno == EFAULT);
	CHECK(recvmsg(pair[1], &m, 0) == -1 && errno == EFAULT);
	m.msg_iovlen = 1 << 20;
	CHECK(recvmsg(pair[1], &m, 0) == -1 && errno == EMSGSIZE);
	CHECK(syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, bad) == -1 &&
	      errno == EFAULT);
}

struct stress {
	int fd;
	long sum;
};
static void *stress_reader(void *arg)
{
	struct stress *s = arg;
	char b[300];
	ssize_t n;

	while ((n = read(s->fd, b, sizeof(b))) > 0)
		s->sum += n;
	return 0;
}
static void *stress_writer(void *arg)
{
	struct stress *s = arg;
	char b[1000] = {0};

	for (int i = 0; i < 2000; i++) {
		ssize_t n = write(s->fd, b, (size_t)(i * 37 % 999 + 1));

		CHECK(n > 0);
		s->sum += n;
	}
	return 0;
}

TEST(stream__many_threads_lose_nothing)
{
	struct stress s[8];
	pthread_t t[8];
	long in = 0, out = 0;

	make_pair(SOCK_STREAM);
	for (int i = 0; i < 8; i++) {
		s[i] = (struct stress){pair[i & 1], 0};
		pthread_create(
		    &t[i], 0, i & 1 ? stress_reader : stress_writer, &s[i]);
	}
	for (int i = 0; i < 8; i += 2) {
		pthread_join(t[i], 0);
		out += s[i].sum;
	}
	shutdown(pair[0], SHUT_WR);
	for (int i = 1; i < 8; i += 2) {
		pthread_join(t[i], 0);
		in += s[i].sum;
	}
	CHECK(in == out);
}

TAP_MAIN
