/* tests/guest/thread.c -- threads, futexes, thread-local data, the FPU. */
/* SPDX-License-Identifier: MIT */
#include "tap.h"
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>

/* musl has no header for these. */
enum {
	FUTEX_WAIT = 0,
	FUTEX_WAKE = 1,
	FUTEX_PRIVATE = 128,
	FUTEX_WAIT_PRIVATE = FUTEX_WAIT | FUTEX_PRIVATE,
	FUTEX_WAKE_PRIVATE = FUTEX_WAKE | FUTEX_PRIVATE,
	FUTEX_CMP_REQUEUE_PRIVATE = 4 | FUTEX_PRIVATE,
};

static long futex(
    _Atomic int *at, int op, int value, const void *time, void *at2, int v3)
{
	return syscall(SYS_futex, at, op, value, time, at2, v3);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long shared;

static void *add_many(void *arg)
{
	for (int i = 0; i < 20000; i++) {
		pthread_mutex_lock(&lock);
		shared++;
		pthread_mutex_unlock(&lock);
	}
	return arg;
}

/* A mutex keeps a sum right. */
TEST(mutex__excludes)
{
	pthread_t t[4];

	for (int i = 0; i < 4; i++)
		CHECK(pthread_create(&t[i], 0, add_many, &t[i]) == 0);
	for (int i = 0; i < 4; i++) {
		void *r;

		CHECK(pthread_join(t[i], &r) == 0 && r == &t[i]);
	}
	CHECK(shared == 80000);
}

/* Thread-local variables are each thread's own, over many switches. */
static _Thread_local int local;

static void *use_local(void *arg)
{
	int me = (int)(intptr_t)arg;

	local = me;
	for (int i = 0; i < 2000; i++) {
		sched_yield();
		if (local != me)
			return (void *)1;
		local = me;
	}
	return 0;
}

TEST(tls__is_own)
{
	pthread_t t[6];

	for (intptr_t i = 0; i < 6; i++)
		CHECK(pthread_create(&t[i], 0, use_local, (void *)i) == 0);
	for (int i = 0; i < 6; i++) {
		void *r;

		CHECK(pthread_join(t[i], &r) == 0 && !r);
	}
}

/* The FPU's registers are each thread's own, AVX ones where there are any. */
static void *use_fpu(void *arg)
{
	double x = (double)(intptr_t)arg, sum = 0;
	uint64_t in = 0x0101010101010101 * (uint64_t)(intptr_t)arg, out = 0;

	for (int i = 0; i < 3000; i++) {
		sum += x / 3;
		__asm__ volatile("movq %1, %%xmm9\n\tmov $24, %%eax\n\t"
		                 "syscall\n\tmovq %%xmm9, %0"
		    : "=r"(out)
		    : "r"(in)
		    : "rax", "rcx", "r11", "xmm9", "memory");
		if (out != in)
			return (void *)1;
	}
	return sum > x * 999 && sum < x * 1001 ? 0 : (void *)2;
}

TEST(fpu__is_own)
{
	pthread_t t[5];

	for (intptr_t i = 0; i < 5; i++)
		CHECK(pthread_create(&t[i], 0, use_fpu, (void *)(i + 1)) == 0);
	for (int i = 0; i < 5; i++) {
		void *r;

		CHECK(pthread_join(t[i], &r) == 0 && !r);
	}
}

/* wait returns at once on another value, and after its time. */
TEST(futex_wait__value_and_time)
{
	_Atomic int word = 1;
	struct timespec t = {0, 20000000}, a, b;

	CHECK(futex(&word, FUTEX_WAIT, 0, 0, 0, 0) < 0 && errno == EAGAIN);
	clock_gettime(CLOCK_MONOTONIC, &a);
	CHECK(futex(&word, FUTEX_WAIT_PRIVATE, 1, &t, 0, 0) < 0 &&
	      errno == ETIMEDOUT);
	clock_gettime(CLOCK_MONOTONIC, &b);
	CHECK((b.tv_sec - a.tv_sec) * 1000000000L + b.tv_nsec - a.tv_nsec >=
	      20000000);
	CHECK(futex((_Atomic int *)8, FUTEX_WAIT, 0, 0, 0, 0) < 0 &&
	      errno == EFAULT);
	CHECK(futex((_Atomic int *)((char *)&word + 1), FUTEX_WAIT, 0, 0, 0,
	          0) < 0 &&
	      errno == EINVAL);
}

/* A wake reaches a waiter in another process, through shared memory. */
TEST(futex__between_processes)
{
	_Atomic int *word = mmap(
	    0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	CHECK(word != MAP_FAILED);
	pid = fork();
	if (pid == 0) {
		while (*word == 0)
			futex(word, FUTEX_WAIT, 0, 0, 0, 0);
		_exit(*word);
	}
	while (futex(word, FUTEX_WAKE, 1, 0, 0, 0) == 0)
		sched_yield();
	*word = 6;
	futex(word, FUTEX_WAKE, 1, 0, 0, 0);
	CHECK(tap_wait(pid) == 6 << 8);
}

/* Requeue moves waiters without waking them. */
static _Atomic int from, to, awake;

static void *wait_on_from(void *arg)
{
	while (from == 0)
		futex(&from, FUTEX_WAIT_PRIVATE, 0, 0, 0, 0);
	awake++;
	return arg;
}

TEST(futex__requeues)
{
	pthread_t t[3];
	long moved = 0;

	for (int i = 0; i < 3; i++)
		CHECK(pthread_create(&t[i], 0, wait_on_from, 0) == 0);
	while (moved < 3) {
		moved += futex(
		    &from, FUTEX_CMP_REQUEUE_PRIVATE, 0, (void *)100, &to, 0);
		sched_yield();
	}
	CHECK(moved == 3 && awake == 0);
	from = 1;
	CHECK(futex(&from, FUTEX_WAKE_PRIVATE, 9, 0, 0, 0) == 0);
	CHECK(futex(&to, FUTEX_WAKE_PRIVATE, 9, 0, 0, 0) == 3);
	for (int i = 0; i < 3; i++)
		CHECK(pthread_join(t[i], 0) == 0);
}

/* Conditions and semaphores over many rounds: no wake-up is lost. */
static sem_t ping, pong;

static void *answer(void *arg)
{
	for (int i = 0; i < 3000; i++) {
		sem_wait(&ping);
		sem_post(&pong);
	}
	return arg;
}

TEST(sem__loses_no_wake_up)
{
	pthread_t t;

	sem_init(&ping, 0, 0);
	sem_init(&pong, 0, 0);
	CHECK(pthread_create(&t, 0, answer, 0) == 0);
	for (int i = 0; i < 3000; i++) {
		sem_post(&ping);
		sem_wait(&pong);
	}
	CHECK(pthread_join(t, 0) == 0);
}

/* A robust mutex tells that its owner died; of a process the kernel does. */
static void *die_holding(void *arg)
{
	pthread_mutex_lock(arg);
	return arg;
}

TEST(robust__owner_died)
{
	pthread_mutex_t *m = mmap(
	    0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_t a;
	pthread_t t;
	pid_t pid;

	CHECK(m != MAP_FAILED);
	pthread_mutexattr_init(&a);
	pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(m, &a);
	CHECK(pthread_create(&t, 0, die_holding, m) == 0);
	CHECK(pthread_join(t, 0) == 0);
	CHECK(pthread_mutex_lock(m) == EOWNERDEAD);
	CHECK(pthread_mutex_consistent(m) == 0);
	CHECK(pthread_mutex_unlock(m) == 0);
	pid = fork();
	if (pid == 0)
		_exit(pthread_mutex_lock(m));
	CHECK(tap_wait(pid) == 0);
	CHECK(pthread_mutex_lock(m) == EOWNERDEAD);
}

/* exit of the process ends all threads, wherever they are. */
static void *sleep_on(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void *spin_on(void *arg)
{
	for (;;)
		__asm__ volatile("pause");
	return arg;
}

TEST(exit_group__ends_all)
{
	pid_t pid = fork();

	if (pid == 0) {
		pthread_t t;

		for (int i = 0; i < 3; i++) {
			pthread_create(&t, 0, sleep_on, 0);
			pthread_create(&t, 0, spin_on, 0);
		}
		_exit(4);
	}
	CHECK(tap_wait(pid) == 4 << 8);
}

/* A deadly fault of one thread ends the process. */
static void *fault(void *arg)
{
	volatile int *p = 0;

	__asm__("" : "+r"(p));
	*p = 1;
	return arg;
}

TEST(fault__ends_the_process)
{
	pid_t pid = fork();

	if (pid == 0) {
		pthread_t t;

		pthread_create(&t, 0, fault, 0);
		for (;;)
			pause();
	}
	CHECK(WTERMSIG(tap_wait(pid)) == SIGSEGV);
}

/* exec from a thread leaves one thread, with the process's number. */
static void *exec_true(void *arg)
{
	char *argv[] = {"self", "--pid", arg, 0}, *envp[] = {0};

	execve("/proc/self/exe", argv, envp);
	return 0;
}

static int say_pid(int argc, char **argv)
{
	return argc == 3 && atoi(argv[2]) == getpid() && gettid() == getpid()
	           ? 8
	           : 9;
}

__attribute__((constructor)) static void have_self(void)
{
	tap_self = say_pid;
}

TEST(exec__from_a_thread)
{
	pid_t pid = fork();

	if (pid == 0) {
		char me[16];
		pthread_t t;

		snprintf(me, sizeof(me), "%d", getpid());
		pthread_create(&t, 0, sleep_on, 0);
		pthread_create(&t, 0, exec_true, me);
		for (;;)
			pause();
	}
	CHECK(tap_wait(pid) == 8 << 8);
}

/* Three hundred threads at once. */
TEST(pthread_create__many)
{
	enum { MANY = 300 };
	static pthread_t t[MANY];
	pthread_attr_t a;

	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, 16384);
	for (intptr_t i = 0; i < MANY; i++)
		CHECK(pthread_create(&t[i], &a, use_local, (void *)(i & 63)) ==
		      0);
	for (int i = 0; i < MANY; i++)
		CHECK(pthread_join(t[i], 0) == 0);
}

/* What one thread maps anew or copies, all see at once, on every CPU. */
static int *_Atomic page;
static _Atomic int seen;
static _Atomic long looks;

static void *look_on(void *arg)
{
	while (*(int *volatile *)arg) {
		seen = *(volatile int *)page;
		looks++;
	}
	return 0;
}

static bool all_see(int value)
{
	long begin = looks;

	/* The look after the next began after the value was there. */
	while (looks < begin + 2)
		sched_yield();
	return seen == value;
}

/* The page's two contents lie in frames that stay. */
TEST(mmap__is_seen_by_all_threads)
{
	int *go = (int *)1, fd = open("pages", O_RDWR | O_CREAT, 0600);
	pthread_t t;

	CHECK(fd >= 0 && ftruncate(fd, 8192) == 0);
	page = mmap(0, 4096, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(page != MAP_FAILED && pthread_create(&t, 0, look_on, &go) == 0);
	for (int i = 1; i <= 50; i++) {
		off_t at = i % 2 * 4096;

		CHECK(pwrite(fd, &i, sizeof(i), at) == sizeof(i));
		CHECK(mmap(page, 4096, PROT_READ, MAP_SHARED | MAP_FIXED, fd,
		          at) == page);
		CHECK(all_see(i));
	}
	*(int *volatile *)&go = 0;
	CHECK(pthread_join(t, 0) == 0 && unlink("pages") == 0);
}

/* The child keeps the frame that all threads looked at. */
TEST(fork__copies_are_seen_by_all_threads)
{
	int *go = (int *)1, p[2];
	pthread_t t;

	page = mmap(0, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(page != MAP_FAILED && pthread_create(&t, 0, look_on, &go) == 0);
	for (int i = 1; i <= 50; i++) {
		char c;
		pid_t pid;

		CHECK(pipe(p) == 0);
		pid = fork();
		if (pid == 0)
			_exit(close(p[1]) || read(p[0], &c, 1) != 0);
		CHECK(all_see(i - 1));
		*page = i;
		CHECK(all_see(i));
		CHECK(close(p[0]) == 0 && close(p[1]) == 0);
		CHECK(tap_wait(pid) == 0);
	}
	*(int *volatile *)&go = 0;
	CHECK(pthread_join(t, 0) == 0);
}

/* Affinity is kept and told. */
TEST(affinity__is_kept)
{
	cpu_set_t set, now;

	CHECK(sched_getaffinity(0, sizeof(set), &set) == 0);
	CHECK(CPU_COUNT(&set) >= 1);
	for (int c = 0; c < CPU_SETSIZE; c++) {
		if (!CPU_ISSET(c, &set))
			continue;
		CPU_ZERO(&now);
		CPU_SET(c, &now);
		CHECK(sched_setaffinity(0, sizeof(now), &now) == 0);
		CHECK(sched_getcpu() == c);
	}
	CPU_ZERO(&now);
	CHECK(sched_setaffinity(0, sizeof(now), &now) < 0 && errno == EINVAL);
}

TAP_MAIN
