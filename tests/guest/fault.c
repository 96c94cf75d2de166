/* tests/guest/fault.c -- every exception that ring 3 can provoke. */
/* SPDX-License-Identifier: MIT */
#include "tap.h"
#include <setjmp.h>
#include <sys/mman.h>

static sigjmp_buf back;
static siginfo_t last;

static void on_fault(int s, siginfo_t *info, void *context)
{
	(void)s, (void)context;
	last = *info;
	siglongjmp(back, 1);
}

/* The signal that fn raises, 0 if none; its siginfo in last. */
static int caught(void (*fn)(void))
{
	static const int all[] = {
	    SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS};
	struct sigaction a = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		CHECK(sigaction(all[i], &a, 0) == 0);
	if (sigsetjmp(back, 1))
		return last.si_signo;
	fn();
	return 0;
}

/* And without a handler it dies of the same signal, alone. */
static void dies(void (*fn)(void), int signal)
{
	pid_t pid;

	CHECK(caught(fn) == signal);
	for (int i = SIGHUP; i < SIGSYS; i++)
		sigaction(i, &(struct sigaction){.sa_handler = SIG_DFL}, 0);
	pid = fork();
	if (pid == 0) {
		fn();
		_exit(0);
	}
	int s = tap_wait(pid);
	CHECK(WIFSIGNALED(s) && WTERMSIG(s) == signal);
}

static void divide(void)
{
	__asm__ volatile("xor %%edx, %%edx\n\tmov $1, %%eax\n\t"
	                 "xor %%ecx, %%ecx\n\tdiv %%ecx"
	    :
	    :
	    : "eax", "ecx", "edx");
}

static void undefined(void)
{
	__asm__ volatile("ud2");
}

static void privileged(void)
{
	__asm__ volatile("hlt");
}

static void port(void)
{
	__asm__ volatile("outb %%al, $0x80" : : "a"(0));
}

static void breakpoint(void)
{
	__asm__ volatile("int3");
}

static void null_read(void)
{
	volatile char *p = 0;

	__asm__("" : "+r"(p));
	(void)*p;
}

static void kernel_read(void)
{
	volatile char *p = (void *)0xffffffff80000000;

	__asm__("" : "+r"(p));
	(void)*p;
}

static void noncanonical(void)
{
	volatile char *p = (void *)0x1234567812345678;

	__asm__("" : "+r"(p));
	(void)*p;
}

static void jump_away(void)
{
	void (*f)(void) = (void (*)(void))0x0000700000000000;

	__asm__("" : "+r"(f));
	f();
}

static void soft_interrupt(void)
{
	__asm__ volatile("int $0x21");
}

static void page_fault_gate(void)
{
	__asm__ volatile("int $14");
}

static void single_step(void)
{
	__asm__ volatile("pushfq\n\torl $0x100, (%%rsp)\n\tpopfq\n\tnop"
	    :
	    :
	    : "memory", "cc");
}

static void sse_exception(void)
{
	uint32_t csr = 0x1f80 & ~(1 << 9); /* unmask division by zero */
	float one = 1, zero = 0;

	__asm__ volatile("ldmxcsr %0\n\tdivss %2, %1"
	    :
	    : "m"(csr), "x"(one), "x"(zero));
}

static void x87_exception(void)
{
	uint16_t cw = 0x37f & ~(1 << 2);

	__asm__ volatile("fldcw %0\n\tfld1\n\tfldz\n\tfdivrp\n\tfwait"
	    :
	    : "m"(cw));
}

static void alignment(void)
{
	static char room[64];

	__asm__ volatile("pushfq\n\torl $0x40000, (%%rsp)\n\tpopfq\n\t"
	                 "mov 1(%0), %%eax\n\t"
	                 "pushfq\n\tandl $~0x40000, (%%rsp)\n\tpopfq"
	    :
	    : "r"(((uintptr_t)room + 15) & ~15UL)
	    : "eax", "memory", "cc");
}

static void read_only(void)
{
	__asm__ volatile("movb $1, (%0)" : : "r"("text") : "memory");
}

#define DIES(name, signal)          \
	TEST(fault__##name)         \
	{                           \
		dies(name, signal); \
	}

/* Each of these is one claim: that signal, caught or deadly. */
DIES(divide, SIGFPE)
DIES(undefined, SIGILL)
DIES(privileged, SIGSEGV)
DIES(port, SIGSEGV)
DIES(breakpoint, SIGTRAP)
DIES(null_read, SIGSEGV)
DIES(kernel_read, SIGSEGV)
DIES(noncanonical, SIGSEGV)
DIES(jump_away, SIGSEGV)
DIES(soft_interrupt, SIGSEGV)
DIES(page_fault_gate, SIGSEGV)
DIES(single_step, SIGTRAP)
DIES(x87_exception, SIGFPE)
DIES(read_only, SIGSEGV)

/* TCG does not check alignment; where it is checked it is SIGBUS. */
TEST(fault__alignment)
{
	int s = caught(alignment);

	CHECK(s == SIGBUS || s == 0);
}

/* QEMU's TCG does not raise SIMD exceptions either. */
TEST(fault__sse_exception)
{
	int s = caught(sse_exception);

	CHECK(s == SIGFPE || s == 0);
}

/* The address of a page fault and the code of a division are told. */
TEST(siginfo__of_faults)
{
	CHECK(caught(null_read) == SIGSEGV);
	CHECK(last.si_code == SEGV_MAPERR && last.si_addr == 0);
	CHECK(caught(divide) == SIGFPE && last.si_code == FPE_INTDIV);
	CHECK(caught(undefined) == SIGILL && last.si_code == ILL_ILLOPN);
	CHECK(caught(read_only) == SIGSEGV && last.si_code == SEGV_ACCERR);
}

TAP_MAIN
