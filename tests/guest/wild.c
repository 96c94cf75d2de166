/* tests/guest/wild.c -- wild arguments at every system call. */
/* SPDX-License-Identifier: MIT */
/*
 * Each call number is tried in a child of its own, by three threads at once,
 * with pointers and numbers that no caller should pass.  What it returns is
 * its own affair; that we are still here afterwards is the claim.
 *
 * wild --soak SECONDS SEED: random numbers until the time is up; each child
 * mixes calls, so that one finds what another left behind.
 */
#include "tap.h"
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

enum {
	CALLS = 512,
	ROUNDS = 24,
	THREADS = 3,
	MIXED = 300, /* calls of a child of the soak */
	NATIVE_FIRST = 1000,
	NATIVE_LAST = 1100
};

static _Thread_local uint64_t seed;

static uint64_t any(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static char *half; /* one good page, then a hole */

static long wild(void)
{
	static const uint64_t words[] = {0, 1, 2, 3, 7, 8, 4095, 4096,
	    0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x7ffffffff000,
	    0x7fffffffffff, 0x800000000000, 0xffff7fffffffffff,
	    0xffff800000000000, 0xffffffff80000000, 0xffffffffffffffff,
	    0x7fffffffffffffff, 0x8000000000000000, 0xfffffffffffff000};
	uint64_t r = any();

	switch (r & 3) {
	case 0:
		return (long)(half + 4096 - (r >> 8 & 15));
	case 1:
		return (long)(half + (r >> 8 & 4095));
	default:
		return (long)words[(r >> 8) % (sizeof(words) / sizeof(*words))];
	}
}

/* Calls that would rightly end or stop us, or the machine. */
static int is_spared(long n)
{
	switch (n) {
	case SYS_reboot:
	case SYS_kill:
	case SYS_tkill:
	case SYS_tgkill:
	case SYS_rt_sigqueueinfo:
	case SYS_rt_tgsigqueueinfo:
	case SYS_pidfd_send_signal:
	case SYS_vfork:
	case SYS_fork:
	case SYS_clone:
	case SYS_clone3:
	case SYS_chroot:
	case SYS_pivot_root:
	case SYS_mount:
	case SYS_umount2:
	case SYS_swapon:
	case SYS_init_module:
	case SYS_finit_module:
	case SYS_delete_module:
	case SYS_kexec_load:
	case SYS_kexec_file_load:
	case SYS_settimeofday:
	case SYS_clock_settime:
	case SYS_clock_adjtime:
	case SYS_adjtimex:
	case SYS_sethostname:
	case SYS_setdomainname:
	case SYS_vhangup:
	case SYS_syslog:
	case SYS_iopl:
	case SYS_ioperm:
	case SYS_quotactl:
	case SYS_ptrace:
	case SYS_setpriority: /* these reach other processes by number */
	case SYS_prlimit64:
	case SYS_sched_setscheduler:
	case SYS_sched_setparam:
	case SYS_sched_setattr:
		return 1;
	default:
		return 0;
	}
}

struct work {
	long call; /* -1: any */
	int rounds;
	uint64_t seed;
};

static void *call_wildly(void *arg)
{
	const struct work *w = arg;

	seed = w->seed;
	for (int i = 0; i < w->rounds; i++) {
		long n = w->call;

		while (n < 0 || is_spared(n))
			n = (long)(any() >> 20) % CALLS;
		syscall(n, wild(), wild(), wild(), wild(), wild(), wild());
	}
	return 0;
}

/* It may have blocked every signal that would have cut it short. */
static void wait_or_kill(pid_t pid)
{
	struct timespec ms = {0, 1000000};

	for (int i = 0; i < 2000; i++) {
		if (waitpid(pid, 0, WNOHANG) == pid)
			return;
		nanosleep(&ms, 0);
	}
	kill(pid, SIGKILL);
	tap_wait(pid);
}

/* A child whose threads make the calls; all seeds follow from one. */
static void try_call(long n, int rounds, uint64_t start)
{
	struct work work[THREADS];
	pid_t pid = fork();
	pthread_t t;

	CHECK(pid >= 0);
	if (pid) {
		wait_or_kill(pid);
		return;
	}
	setrlimit(RLIMIT_NOFILE, &(struct rlimit){64, 64});
	setrlimit(RLIMIT_AS, &(struct rlimit){64 << 20, 64 << 20});
	/* What waits for ever is cut short. */
	setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 200000}}, 0);
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	for (unsigned i = 0; i < THREADS; i++) {
		work[i] = (struct work){n, rounds, start + i * 0x100000001b3};
		if (i)
			pthread_create(&t, 0, call_wildly, &work[i]);
	}
	call_wildly(&work[0]);
	_exit(0);
}

static void prepare(void)
{
	half = mmap(0, 8192, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(half != MAP_FAILED && munmap(half + 4096, 4096) == 0);
	alarm(0);
	if (getuid() == 0) /* a host's root must not be let loose on it */
		CHECK(setgid(65534) == 0 && setuid(65534) == 0);
}

static void range(long first, long last)
{
	prepare();
	for (long n = first; n < last; n++)
		if (!is_spared(n))
			try_call(
			    n, ROUNDS, 0x9e3779b97f4a7c15 * (uint64_t)(n + 1));
}

static int soak(int argc, char **argv)
{
	time_t end;

	if (argc != 4 || strcmp(argv[1], "--soak"))
		return 2;
	end = time(0) + atol(argv[2]);
	prepare();
	for (uint64_t s = strtoull(argv[3], 0, 0) | 1; time(0) < end;
	    s += 0x9e3779b97f4a7c16)
		try_call(-1, MIXED, s);
	printf("wild: done\n");
	return 0;
}

__attribute__((constructor)) static void set_soak(void)
{
	tap_self = soak;
}

/* Linux's numbers. */
TEST(wild__linux_calls_survive)
{
	range(0, CALLS);
}

/* Our own. */
TEST(wild__native_calls_survive)
{
	range(NATIVE_FIRST, NATIVE_LAST);
}

/* Numbers that nobody has. */
TEST(wild__unknown_calls_are_enosys)
{
	CHECK(syscall(500000) < 0 && errno == ENOSYS);
	CHECK(syscall(-1) < 0 && errno == ENOSYS);
	CHECK(syscall(0x7fffffff) < 0 && errno == ENOSYS);
	CHECK(syscall(0x80000000L) < 0 && errno == ENOSYS);
}

TAP_MAIN
