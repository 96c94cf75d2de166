/* tests/guest/memory.c -- mmap, mprotect, brk, copy-on-write, bad pointers. */
/* SPDX-License-Identifier: MIT */
#include "tap.h"
#include <fcntl.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum { PAGE = 4096 };

static sigjmp_buf back;
static siginfo_t last;

static void on_fault(int s, siginfo_t *info, void *context)
{
	(void)s, (void)context;
	last = *info;
	siglongjmp(back, 1);
}

static void catch_faults(void)
{
	struct sigaction a = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};

	CHECK(sigaction(SIGSEGV, &a, 0) == 0);
	CHECK(sigaction(SIGBUS, &a, 0) == 0);
}

/* Whether touching the byte faults. */
static bool faults(volatile char *p, bool write)
{
	if (sigsetjmp(back, 1))
		return true;
	if (write)
		*p = 1;
	else
		(void)*p;
	return false;
}

static char *map(size_t pages, int prot)
{
	char *m =
	    mmap(0, pages * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(m != MAP_FAILED);
	return m;
}

/* Fresh anonymous memory reads as zero, whoever wrote there before. */
TEST(mmap__is_zero)
{
	pid_t pid = fork();
	char *m;

	if (pid == 0) {
		memset(map(1200, PROT_READ | PROT_WRITE), 0xaa, 1200 * PAGE);
		_exit(0);
	}
	CHECK(tap_wait(pid) == 0);
	m = map(600, PROT_READ | PROT_WRITE);
	for (int i = 0; i < 600; i++) {
		if (i % 2) /* the first access is a write */
			m[i * PAGE + 1] = 1;
		CHECK(m[i * PAGE] == 0 && m[i * PAGE + PAGE - 1] == 0);
		m[i * PAGE] = (char)i;
	}
	for (int i = 0; i < 600; i++)
		CHECK(m[i * PAGE] == (char)i);
}

/* A hole in a mapping faults, its neighbours do not. */
TEST(munmap__leaves_a_hole)
{
	char *m = map(3, PROT_READ | PROT_WRITE);

	catch_faults();
	memset(m, 7, 3 * PAGE);
	CHECK(munmap(m + PAGE, PAGE) == 0);
	CHECK(faults(m + PAGE, false));
	CHECK(last.si_signo == SIGSEGV && last.si_code == SEGV_MAPERR);
	CHECK(last.si_addr == m + PAGE);
	CHECK(m[0] == 7 && m[2 * PAGE] == 7);
	CHECK(munmap(m, 3 * PAGE) == 0);
	CHECK(faults(m, false));
}

/* Rights taken away hold at once, and come back with the contents. */
TEST(mprotect__changes_rights)
{
	char *m = map(2, PROT_READ | PROT_WRITE);

	catch_faults();
	m[0] = 5;
	CHECK(mprotect(m, PAGE, PROT_READ) == 0);
	CHECK(faults(m, true) && last.si_code == SEGV_ACCERR);
	CHECK(m[0] == 5);
	CHECK(mprotect(m, PAGE, PROT_NONE) == 0);
	CHECK(faults(m, false));
	CHECK(mprotect(m, PAGE, PROT_READ | PROT_WRITE) == 0);
	CHECK(m[0] == 5 && !faults(m, true));
	/* musl's mprotect would round the address. */
	CHECK(syscall(SYS_mprotect, m + 1, PAGE, PROT_READ) < 0 &&
	      errno == EINVAL);
	CHECK(munmap(m + PAGE, PAGE) == 0);
	CHECK(mprotect(m, 2 * PAGE, PROT_READ) < 0 && errno == ENOMEM);
}

/* Data pages do not run. */
TEST(nx__data_is_not_executable)
{
	char *m = map(1, PROT_READ | PROT_WRITE);

	catch_faults();
	*m = (char)0xc3;
	if (!sigsetjmp(back, 1)) {
		((void (*)(void))(uintptr_t)m)();
		CHECK(!"it ran");
	}
	CHECK(last.si_signo == SIGSEGV && last.si_addr == m);
}

/* MAP_FIXED replaces what was there; NOREPLACE does not. */
TEST(mmap__fixed_replaces)
{
	char *m = map(3, PROT_READ | PROT_WRITE), *n;

	memset(m, 1, 3 * PAGE);
	n = mmap(m + PAGE, PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	CHECK(n == m + PAGE && n[0] == 0 && m[0] == 1 && m[2 * PAGE] == 1);
	n = mmap(m, PAGE, PROT_READ,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	CHECK(n == MAP_FAILED && errno == EEXIST);
}

/* Parent and child see their own copies, in both directions. */
TEST(fork__copies_on_write)
{
	char *m = map(64, PROT_READ | PROT_WRITE);
	pid_t pid;

	memset(m, 1, 64 * PAGE);
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 64; i++) {
			CHECK(m[i * PAGE] == 1);
			m[i * PAGE] = 2;
		}
		for (int i = 0; i < 64; i++)
			CHECK(m[i * PAGE] == 2);
		_exit(0);
	}
	for (int i = 0; i < 64; i += 2)
		m[i * PAGE] = 3;
	CHECK(tap_wait(pid) == 0);
	for (int i = 0; i < 64; i++)
		CHECK(m[i * PAGE] == (i % 2 ? 1 : 3));
}

/* Shared anonymous memory is one memory after fork. */
TEST(mmap__shared_is_shared)
{
	volatile int *m = mmap(
	    0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	CHECK(m != MAP_FAILED);
	*m = 1;
	pid = fork();
	if (pid == 0) {
		*m = 42;
		_exit(0);
	}
	CHECK(tap_wait(pid) == 0 && *m == 42);
}

/* A private file mapping shows the file and keeps writes to itself. */
TEST(mmap__private_file)
{
	char b[8] = {0}, *m;
	int fd = open("private", O_RDWR | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0 && write(fd, "abcdef", 6) == 6);
	m = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(m != MAP_FAILED && !memcmp(m, "abcdef\0", 7));
	m[0] = 'X';
	CHECK(pread(fd, b, 6, 0) == 6 && !memcmp(b, "abcdef", 6));
	CHECK(unlink("private") == 0);
}

/* A shared file mapping and the file are one; beyond its end is SIGBUS. */
TEST(mmap__shared_file)
{
	char b[8] = {0}, *m;
	int fd = open("shared", O_RDWR | O_CREAT | O_TRUNC, 0600);

	CHECK(fd >= 0 && write(fd, "abcdef", 6) == 6);
	m = mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(m != MAP_FAILED);
	m[0] = 'X';
	CHECK(pread(fd, b, 6, 0) == 6 && !memcmp(b, "Xbcdef", 6));
	CHECK(pwrite(fd, "Z", 1, 5) == 1 && m[5] == 'Z');
	catch_faults();
	CHECK(faults(m + PAGE, false) && last.si_signo == SIGBUS);
	CHECK(ftruncate(fd, PAGE + 1) == 0);
	CHECK(!faults(m + PAGE, false) && m[PAGE] == 0);
	CHECK(unlink("shared") == 0);
}

/* The break grows, holds zeros, and shrinks. */
TEST(brk__grows_and_shrinks)
{
	char *p = sbrk(0);

	CHECK(p != (void *)-1);
	if (sbrk(3 * PAGE) == (void *)-1)
		SKIP("no break in this C library");
	catch_faults();
	CHECK(p[0] == 0 && p[3 * PAGE - 1] == 0);
}

/* A moved mapping keeps its contents. */
TEST(mremap__moves_and_grows)
{
	char *m = map(2, PROT_READ | PROT_WRITE), *n;

	memset(m, 9, 2 * PAGE);
	n = mremap(m, 2 * PAGE, 40 * PAGE, MREMAP_MAYMOVE);
	CHECK(n != MAP_FAILED && n[0] == 9 && n[2 * PAGE - 1] == 9);
	CHECK(n[2 * PAGE] == 0 && n[40 * PAGE - 1] == 0);
	n = mremap(n, 40 * PAGE, PAGE, 0);
	catch_faults();
	CHECK(n != MAP_FAILED && n[0] == 9 && faults(n + PAGE, false));
}

/* Bad pointers are EFAULT: kernel space, unmapped, read only, half mapped. */
TEST(usercopy__bad_pointers_fail)
{
	static char *const bad[] = {(char *)8, (char *)0x7fffffffe000,
	    (char *)0x800000000000, (char *)0xffff800000000000,
	    (char *)0xffffffff80000000, (char *)-16};
	char *ro = map(1, PROT_READ), *edge = map(2, PROT_READ | PROT_WRITE);
	int p[2];

	CHECK(pipe(p) == 0 && write(p[1], "12345678", 8) == 8);
	CHECK(munmap(edge + PAGE, PAGE) == 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		CHECK(read(p[0], bad[i], 4) < 0 && errno == EFAULT);
		CHECK(write(p[1], bad[i], 4) < 0 && errno == EFAULT);
		CHECK(open(bad[i], O_RDONLY) < 0 && errno == EFAULT);
	}
	CHECK(read(p[0], ro, 4) < 0 && errno == EFAULT);
	CHECK(open(edge + PAGE, O_RDONLY) < 0 && errno == EFAULT);
}

/* A lazy page, and a page shared after fork, are good targets of a copy. */
TEST(usercopy__lazy_and_cow_pages_work)
{
	char *m = map(4, PROT_READ | PROT_WRITE);
	int p[2];
	pid_t pid;

	CHECK(pipe(p) == 0);
	CHECK(write(p[1], m, 2 * PAGE) == 2 * PAGE); /* reads as zeros */
	CHECK(read(p[0], m + 2 * PAGE - 5, 100) == 100);
	memset(m, 1, 4 * PAGE);
	pid = fork();
	if (pid == 0) {
		while (read(p[0], m, PAGE) == PAGE)
			if (m[0] != 0)
				_exit(1);
			else
				break;
		_exit(m[0] == 0 && m[3 * PAGE] == 1 ? 0 : 1);
	}
	CHECK(tap_wait(pid) == 0 && m[0] == 1);
}

/* A stack grows by itself, far below what was touched first. */
static int deep(int n)
{
	volatile char room[2048];

	room[0] = (char)n;
	return n ? deep(n - 1) + room[0] - (char)n : 0;
}

TEST(stack__grows)
{
	CHECK(deep(1500) == 0);
}

TAP_MAIN
