/* tests/guest/signal.c -- handlers, masks, stacks, restart, sigreturn. */
/* SPDX-License-Identifier: MIT */
/* flags: -fno-stack-protector */
#include "tap.h"
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>

static volatile sig_atomic_t count, order[8];
static siginfo_t last;

static void on_count(int s)
{
	order[count & 7] = s;
	count++;
}

static void on_info(int s, siginfo_t *info, void *context)
{
	(void)s, (void)context;
	last = *info;
	count++;
}

static void handle(int s, void (*fn)(int), int flags)
{
	struct sigaction a = {.sa_handler = fn, .sa_flags = flags};

	CHECK(sigaction(s, &a, 0) == 0);
}

static void handle_info(int s, void (*fn)(int, siginfo_t *, void *), int flags)
{
	struct sigaction a = {
	    .sa_sigaction = fn, .sa_flags = flags | SA_SIGINFO};

	CHECK(sigaction(s, &a, 0) == 0);
}

/* The sender, its number and the kind are told. */
TEST(siginfo__names_the_sender)
{
	handle_info(SIGUSR1, on_info, 0);
	CHECK(kill(getpid(), SIGUSR1) == 0);
	CHECK(count == 1 && last.si_signo == SIGUSR1);
	CHECK(last.si_code == SI_USER && last.si_pid == getpid());
	CHECK(raise(SIGUSR1) == 0 && last.si_code == SI_TKILL);
}

/* A blocked signal waits, is seen as pending, and comes once. */
TEST(mask__holds_back)
{
	sigset_t set, pending;

	handle(SIGUSR1, on_count, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK(sigprocmask(SIG_BLOCK, &set, 0) == 0);
	raise(SIGUSR1);
	raise(SIGUSR1);
	CHECK(count == 0);
	CHECK(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1));
	CHECK(sigprocmask(SIG_UNBLOCK, &set, 0) == 0);
	CHECK(count == 1);
}

/* Real-time signals queue, with their values, lowest number first. */
static int values[8];

static void on_value(int s, siginfo_t *info, void *context)
{
	(void)context;
	order[count & 7] = s;
	values[count & 7] = info->si_value.sival_int;
	count++;
}

TEST(sigqueue__queues_in_order)
{
	sigset_t set;

	handle_info(SIGRTMIN + 1, on_value, 0);
	handle_info(SIGRTMIN + 2, on_value, 0);
	sigfillset(&set);
	CHECK(sigprocmask(SIG_BLOCK, &set, 0) == 0);
	CHECK(sigqueue(getpid(), SIGRTMIN + 2, (union sigval){7}) == 0);
	CHECK(sigqueue(getpid(), SIGRTMIN + 1, (union sigval){5}) == 0);
	CHECK(sigqueue(getpid(), SIGRTMIN + 1, (union sigval){6}) == 0);
	sigemptyset(&set);
	CHECK(sigprocmask(SIG_SETMASK, &set, 0) == 0);
	CHECK(count == 3);
	/* The last to be set up runs first: handlers nest. */
	for (int i = 0; i < 3; i++)
		if (order[i] == SIGRTMIN + 2)
			CHECK(values[i] == 7);
	CHECK(values[0] + values[1] + values[2] == 18);
}

/* A handler runs with its own signal blocked (or not), and sa_mask too. */
static void on_nested(int s)
{
	sigset_t now;

	sigprocmask(SIG_BLOCK, 0, &now);
	order[0] = sigismember(&now, s);
	order[1] = sigismember(&now, SIGUSR2);
	order[2] = sigismember(&now, SIGHUP);
}

TEST(handler__mask)
{
	struct sigaction a = {.sa_handler = on_nested};

	sigaddset(&a.sa_mask, SIGUSR2);
	CHECK(sigaction(SIGUSR1, &a, 0) == 0);
	raise(SIGUSR1);
	CHECK(order[0] == 1 && order[1] == 1 && order[2] == 0);
	a.sa_flags = SA_NODEFER;
	CHECK(sigaction(SIGUSR1, &a, 0) == 0);
	raise(SIGUSR1);
	CHECK(order[0] == 0 && order[1] == 1 && order[2] == 0);
}

/* RESETHAND: the second one takes the default. */
TEST(handler__resethand)
{
	handle(SIGUSR1, on_count, SA_RESETHAND);
	raise(SIGUSR1);
	CHECK(count == 1);
	pid_t pid = fork();
	if (pid == 0) {
		raise(SIGUSR1);
		_exit(0);
	}
	CHECK(WTERMSIG(tap_wait(pid)) == SIGUSR1);
}

/* Every register survives a handler, the vector ones too. */
static void on_spoil(int s)
{
	(void)s;
	__asm__ volatile("pxor %%xmm0, %%xmm0\n\tpxor %%xmm7, %%xmm7\n\t"
	                 "pxor %%xmm15, %%xmm15"
	    :
	    :
	    : "xmm0", "xmm7", "xmm15");
	count++;
}

TEST(handler__keeps_registers)
{
	uint64_t in = 0x1122334455667788, out0, out7, r12 = 0;
	long pid = getpid();
	long ret;

	handle(SIGUSR1, on_spoil, 0);
	__asm__ volatile("movq %[in], %%xmm0\n\tmovq %[in], %%xmm7\n\t"
	                 "mov %[in], %%r12\n\tsyscall\n\t"
	                 "movq %%xmm0, %[o0]\n\tmovq %%xmm7, %[o7]\n\t"
	                 "mov %%r12, %[r12]"
	    : "=a"(ret), [o0] "=&r"(out0), [o7] "=&r"(out7), [r12] "=&r"(r12)
	    : "a"(SYS_kill), "D"(pid), "S"((long)SIGUSR1), [in] "r"(in)
	    : "rcx", "r11", "r12", "xmm0", "xmm7", "memory");
	CHECK(ret == 0 && count == 1);
	CHECK(out0 == in && out7 == in && r12 == in);
}

/* On the alternate stack when asked, and not before. */
static char alternate[65536];

static void on_stack(int s)
{
	char here;

	(void)s;
	order[count++ & 7] =
	    &here >= alternate && &here < alternate + sizeof(alternate);
}

TEST(sigaltstack__is_used)
{
	stack_t st = {.ss_sp = alternate, .ss_size = sizeof(alternate)}, old;

	CHECK(sigaltstack(&st, 0) == 0);
	handle(SIGUSR1, on_stack, 0);
	handle(SIGUSR2, on_stack, SA_ONSTACK);
	raise(SIGUSR1);
	raise(SIGUSR2);
	CHECK(order[0] == 0 && order[1] == 1);
	CHECK(sigaltstack(0, &old) == 0 && old.ss_sp == alternate);
}

/* A stack overflow can be caught on another stack. */
static sigjmp_buf back;

static void on_overflow(int s)
{
	(void)s;
	siglongjmp(back, 1);
}

static int endless(volatile int n)
{
	volatile char room[4096];

	room[n & 4095] = 1;
	return endless(n + 1) + room[0];
}

TEST(sigaltstack__catches_stack_overflow)
{
	stack_t st = {.ss_sp = alternate, .ss_size = sizeof(alternate)};

	CHECK(sigaltstack(&st, 0) == 0);
	handle(SIGSEGV, on_overflow, SA_ONSTACK);
	if (!sigsetjmp(back, 1)) {
		endless(0);
		CHECK(!"it came back");
	}
}

/* EINTR without SA_RESTART, no EINTR with it. */
static void interrupt_read(int flags)
{
	int p[2];
	char c = 0;
	pid_t pid, me = getpid();
	ssize_t n;

	handle(SIGUSR1, on_count, flags);
	CHECK(pipe(p) == 0);
	pid = fork();
	if (pid == 0) {
		struct timespec t = {0, 2000000};

		/* Until the reader's counter, which it sends back, says so. */
		for (int i = 0; i < 50; i++) {
			nanosleep(&t, 0);
			if (kill(me, SIGUSR1) < 0)
				_exit(1);
		}
		_exit(write(p[1], "x", 1) == 1 ? 0 : 1);
	}
	n = read(p[0], &c, 1);
	if (flags & SA_RESTART)
		CHECK(n == 1 && c == 'x' && count > 0);
	else
		CHECK(n < 0 && errno == EINTR);
	kill(pid, SIGKILL);
	tap_wait(pid);
}

TEST(read__is_interrupted)
{
	interrupt_read(0);
}

TEST(read__is_restarted)
{
	interrupt_read(SA_RESTART);
}

/* nanosleep says what is left. */
TEST(nanosleep__is_interrupted)
{
	struct itimerval it = {.it_value = {0, 30000}};
	struct timespec t = {5, 0}, left = {0};

	handle(SIGALRM, on_count, 0);
	CHECK(setitimer(ITIMER_REAL, &it, 0) == 0);
	CHECK(nanosleep(&t, &left) < 0 && errno == EINTR);
	CHECK(count == 1 && left.tv_sec == 4 && left.tv_nsec > 0);
}

/* sigtimedwait takes a signal without a handler, and times out. */
TEST(sigtimedwait__takes)
{
	struct timespec none = {0, 0};
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK(sigprocmask(SIG_BLOCK, &set, 0) == 0);
	CHECK(sigtimedwait(&set, &info, &none) < 0 && errno == EAGAIN);
	CHECK(kill(getpid(), SIGUSR1) == 0);
	CHECK(sigtimedwait(&set, &info, &none) == SIGUSR1);
	CHECK(info.si_pid == getpid());
}

/* SIGCHLD tells which child and how; SIG_IGN leaves no zombie. */
TEST(sigchld__tells)
{
	sigset_t set, old;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	CHECK(sigprocmask(SIG_BLOCK, &set, &old) == 0);
	handle_info(SIGCHLD, on_info, 0);
	pid = fork();
	if (pid == 0)
		_exit(5);
	while (!count)
		sigsuspend(&old);
	CHECK(last.si_pid == pid && last.si_code == CLD_EXITED &&
	      last.si_status == 5);
	CHECK(tap_wait(pid) == 5 << 8);
	handle(SIGCHLD, SIG_IGN, 0);
	pid = fork();
	if (pid == 0)
		_exit(0);
	CHECK(waitpid(pid, 0, 0) < 0 && errno == ECHILD);
}

/* sigreturn cannot raise privilege: segments and flags are the kernel's. */
static void on_evil(int s, siginfo_t *info, void *context)
{
	ucontext_t *u = context;

	(void)s, (void)info;
	u->uc_mcontext.gregs[REG_EFL] |= 0x3000; /* IOPL 3 */
	count++;
}

TEST(sigreturn__keeps_iopl)
{
	uint64_t flags;

	handle_info(SIGUSR1, on_evil, 0);
	raise(SIGUSR1);
	__asm__ volatile("pushfq\n\tpop %0" : "=r"(flags));
	CHECK(count == 1 && (flags & 0x3000) == 0);
}

static void on_kernel_rip(int s, siginfo_t *info, void *context)
{
	ucontext_t *u = context;

	(void)s, (void)info;
	u->uc_mcontext.gregs[REG_RIP] = (long long)0xffffffff80000000ULL;
}

static void on_noncanonical(int s, siginfo_t *info, void *context)
{
	ucontext_t *u = context;

	(void)s, (void)info;
	u->uc_mcontext.gregs[REG_RIP] = (long long)0x0000800000000000ULL;
}

TEST(sigreturn__to_the_kernel_is_a_fault)
{
	void (*evil[])(int, siginfo_t *, void *) = {
	    on_kernel_rip, on_noncanonical};

	for (int i = 0; i < 2; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			handle_info(SIGUSR1, evil[i], 0);
			raise(SIGUSR1);
			_exit(0);
		}
		CHECK(WTERMSIG(tap_wait(pid)) == SIGSEGV);
	}
}

/* A frame of garbage kills the process, not the system. */
TEST(sigreturn__garbage)
{
	pid_t pid = fork();

	if (pid == 0) {
		syscall(SYS_rt_sigreturn);
		_exit(0);
	}
	int s = tap_wait(pid);
	CHECK(WIFSIGNALED(s));
}

/* Some signals cannot be caught or blocked. */
TEST(sigkill__cannot_be_caught)
{
	struct sigaction a = {.sa_handler = on_count};
	sigset_t set, now;

	CHECK(sigaction(SIGKILL, &a, 0) < 0 && errno == EINVAL);
	CHECK(sigaction(SIGSTOP, &a, 0) < 0 && errno == EINVAL);
	sigfillset(&set);
	CHECK(sigprocmask(SIG_SETMASK, &set, 0) == 0);
	CHECK(sigprocmask(SIG_SETMASK, 0, &now) == 0);
	CHECK(!sigismember(&now, SIGKILL) && sigismember(&now, SIGUSR1));
}

/* A signal to a thread goes to that one; one to the process to any. */
static pthread_t who;

static void on_thread(int s)
{
	(void)s;
	who = pthread_self();
	count++;
}

static void *wait_count(void *arg)
{
	while (!count)
		pthread_kill(pthread_self(), 0);
	return arg;
}

TEST(pthread_kill__reaches_its_thread)
{
	pthread_t t;

	handle(SIGUSR1, on_thread, 0);
	CHECK(pthread_create(&t, 0, wait_count, 0) == 0);
	CHECK(pthread_kill(t, SIGUSR1) == 0);
	CHECK(pthread_join(t, 0) == 0);
	CHECK(count == 1 && pthread_equal(who, t));
}

/* Interval timers come again and again. */
TEST(setitimer__repeats)
{
	struct itimerval it = {{0, 5000}, {0, 5000}}, now;

	handle(SIGALRM, on_count, 0);
	CHECK(setitimer(ITIMER_REAL, &it, 0) == 0);
	while (count < 5)
		pause();
	CHECK(getitimer(ITIMER_REAL, &now) == 0 &&
	      now.it_interval.tv_usec == 5000);
}

TAP_MAIN
