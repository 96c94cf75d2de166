/* tests/guest/exceptions.c -- what ring 3 may not do, and how it ends. */
/* SPDX-License-Identifier: MIT */
/*
 * Each attempt is made by a child.  It dies of the signals that it may die of,
 * or ends well where that is allowed; we, and the system, go on.
 */
#include "tap.h"
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>

enum { PAGE = 4096, FINE = 1u << 0 };
#define SIG(n) (1u << (n))
#define SEGV   SIG(SIGSEGV)
#define BUS    SIG(SIGBUS)
#define ILL    SIG(SIGILL)
#define TRAP   SIG(SIGTRAP)

struct attempt {
	const char *name;
	void (*fn)(void);
	unsigned allowed; /* FINE: it may end well */
};

/* Without the C library: its state may be gone. */
static void leave(void)
{
	__asm__ volatile("mov %0, %%eax\n\txor %%edi, %%edi\n\tsyscall"
	    :
	    : "i"(SYS_exit_group)
	    : "rax", "rdi", "rcx", "r11");
}

/* True when fn, in a child, ended as allowed. */
static bool ends(const struct attempt *a)
{
	pid_t pid = fork();
	int s;

	CHECK(pid >= 0);
	if (pid == 0) {
		a->fn();
		leave();
	}
	s = tap_wait(pid);
	if (s == 0 && a->allowed & FINE)
		return true;
	if (WIFSIGNALED(s) && a->allowed & SIG(WTERMSIG(s)))
		return true;
	printf("# %s ended with %#x\n", a->name, (unsigned)s);
	return false;
}

static void all_end(const struct attempt *list, size_t n)
{
	bool good = true;

	for (size_t i = 0; i < n; i++)
		good = ends(&list[i]) && good;
	CHECK(good);
}
#define ALL_END(list) all_end(list, sizeof(list) / sizeof(*(list)))

#define OP(name, text)                                                     \
	static void name(void)                                             \
	{                                                                  \
		static uint64_t room[8];                                   \
		__asm__ volatile(text                                      \
		    :                                                      \
		    : "b"(room)                                            \
		    : "rax", "rcx", "rdx", "rsi", "rdi", "r11", "memory"); \
	}

OP(op_cli, "cli")
OP(op_sti, "sti")
OP(op_hlt, "hlt")
OP(op_clts, "clts")
OP(op_invd, "invd")
OP(op_wbinvd, "wbinvd")
OP(op_invlpg, "invlpg (%0)")
OP(op_lgdt, "lgdt (%0)")
OP(op_lidt, "lidt (%0)")
OP(op_lldt, "xor %%eax, %%eax\n\tlldt %%ax")
OP(op_ltr, "mov $0x28, %%eax\n\tltr %%ax")
OP(op_lmsw, "mov $1, %%eax\n\tlmsw %%ax")
OP(op_read_cr0, "mov %%cr0, %%rax")
OP(op_write_cr3, "xor %%eax, %%eax\n\tmov %%rax, %%cr3")
OP(op_write_cr4, "xor %%eax, %%eax\n\tmov %%rax, %%cr4")
OP(op_write_cr8, "xor %%eax, %%eax\n\tmov %%rax, %%cr8")
OP(op_write_dr7, "xor %%eax, %%eax\n\tmov %%rax, %%dr7")
OP(op_rdmsr, "mov $0xc0000080, %%ecx\n\trdmsr")
OP(op_wrmsr, "mov $0xc0000082, %%ecx\n\twrmsr")
OP(op_swapgs, "swapgs")
OP(op_sysret, "sysretq")
OP(op_sysexit, "sysexitq")
OP(op_in, "in $0x60, %%al")
OP(op_out, "mov $0xfe, %%al\n\tout %%al, $0x64")
OP(op_outs, "mov $0x3f8, %%dx\n\tmov %0, %%rsi\n\toutsb")
OP(op_xsetbv, "xor %%ecx, %%ecx\n\txor %%edx, %%edx\n\tmov $1, %%eax\n\txsetbv")
OP(op_rdpmc, "xor %%ecx, %%ecx\n\trdpmc")
OP(op_vmcall, "vmcall")
OP(op_ud2, "ud2")
OP(op_sgdt, "sgdt (%0)")
OP(op_sidt, "sidt (%0)")
OP(op_sldt, "sldt (%0)")
OP(op_str, "str %%ax")
OP(op_smsw, "smsw %%ax")

/* The kernel's instructions are not ours. QEMU takes invd as a no-op. */
TEST(privileged__each_dies)
{
	static const struct attempt list[] = {{"cli", op_cli, SEGV},
	    {"sti", op_sti, SEGV}, {"hlt", op_hlt, SEGV},
	    {"clts", op_clts, SEGV}, {"invd", op_invd, SEGV | FINE},
	    {"wbinvd", op_wbinvd, SEGV | FINE}, {"invlpg", op_invlpg, SEGV},
	    {"lgdt", op_lgdt, SEGV}, {"lidt", op_lidt, SEGV},
	    {"lldt", op_lldt, SEGV}, {"ltr", op_ltr, SEGV},
	    {"lmsw", op_lmsw, SEGV}, {"mov cr0", op_read_cr0, SEGV},
	    {"mov cr3", op_write_cr3, SEGV}, {"mov cr4", op_write_cr4, SEGV},
	    {"mov cr8", op_write_cr8, SEGV}, {"mov dr7", op_write_dr7, SEGV},
	    {"rdmsr", op_rdmsr, SEGV}, {"wrmsr", op_wrmsr, SEGV},
	    {"swapgs", op_swapgs, SEGV}, {"sysret", op_sysret, SEGV | ILL},
	    {"sysexit", op_sysexit, SEGV | ILL}, {"in", op_in, SEGV},
	    {"out", op_out, SEGV}, {"outs", op_outs, SEGV},
	    {"xsetbv", op_xsetbv, SEGV | ILL}, {"rdpmc", op_rdpmc, SEGV | ILL},
	    {"vmcall", op_vmcall, SEGV | ILL}, {"ud2", op_ud2, ILL}};

	ALL_END(list);
}

/* These tell addresses of the kernel where UMIP is not to be had. */
TEST(tables__are_not_told_or_harmless)
{
	static const struct attempt list[] = {{"sgdt", op_sgdt, SEGV | FINE},
	    {"sidt", op_sidt, SEGV | FINE}, {"sldt", op_sldt, SEGV | FINE},
	    {"str", op_str, SEGV | FINE}, {"smsw", op_smsw, SEGV | FINE}};

	ALL_END(list);
}

/* True when a word is among the CPU's flags. */
static bool cpu_has(const char *flag)
{
	static char text[16384];
	FILE *f = fopen("/proc/cpuinfo", "r");
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;
	char *word;

	text[n] = 0;
	if (f)
		fclose(f);
	for (word = strtok(text, " \n"); word; word = strtok(NULL, " \n"))
		if (!strcmp(word, flag))
			return true;
	return false;
}

/* With UMIP they are not even harmless: Linux makes values up, we do not. */
TEST(tables__umip_is_on)
{
	static const struct attempt list[] = {{"sgdt", op_sgdt, SEGV},
	    {"sidt", op_sidt, SEGV}, {"sldt", op_sldt, SEGV},
	    {"str", op_str, SEGV}, {"smsw", op_smsw, SEGV}};

	if (access("/proc/objects", F_OK) < 0)
		SKIP("another kernel's choice");
	if (!cpu_has("umip"))
		SKIP("the CPU has no UMIP");
	ALL_END(list);
}

OP(icebp, ".byte 0xf1")
OP(step, "pushfq\n\torl $0x100, (%%rsp)\n\tpopfq\n\tmov $39, "
         "%%eax\n\tsyscall\n\tnop")
OP(step_after_ss, "mov %%ss, %%edx\n\tmov $39, %%eax\n\tpushfq\n\torl $0x100, "
                  "(%%rsp)\n\tpopfq\n\t"
                  "mov %%edx, %%ss\n\tsyscall\n\tnop")

/* Debug exceptions, also where a system call lies in the way. */
TEST(debug__is_sigtrap)
{
	static const struct attempt list[] = {{"icebp", icebp, TRAP},
	    {"single step through syscall", step, TRAP},
	    {"single step from mov ss", step_after_ss, TRAP}};

	ALL_END(list);
}

static uint8_t *code; /* a page that may be written and executed */

static void run_code(void)
{
	((void (*)(void))code)();
}

/* Of all 256 gates, ring 3 may use those of breakpoint and overflow. */
TEST(int__only_two_gates_are_open)
{
	char name[16];
	bool good = true, elsewhere = access("/proc/objects", F_OK) < 0;

	code = mmap(0, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(code != MAP_FAILED);
	for (int n = 0; n < 256; n++) {
		struct attempt a = {name, run_code, SEGV};

		snprintf(name, sizeof(name), "int %#x", (unsigned)n);
		memcpy(code, (uint8_t[]){0xcd, (uint8_t)n, 0xc3}, 3);
		if (n == 3)
			a.allowed = TRAP;
		/* The 32-bit calls of Linux; what a hypervisor took. */
		if (n == 0x80 || ((n == 0x1a || n == 0x1b) && elsewhere))
			a.allowed |= FINE | ILL;
		good = ends(&a) && good;
	}
	CHECK(good);
}

#define KERNEL 0xffffffff80000000
OP(kernel_read, "mov $0xffffffff80000000, %%rax\n\tmov (%%rax), %%al")
OP(kernel_write, "mov $0xffffffff80000000, %%rax\n\tmovb $0, (%%rax)")
OP(kernel_jump, "mov $0xffffffff80000000, %%rax\n\tjmp *%%rax")
OP(kernel_stack, "mov $0xffffffff80000000, %%rsp\n\tpush %%rax")
OP(odd_read, "mov $0x8000000000000000, %%rax\n\tmov (%%rax), %%al")
OP(odd_jump, "mov $0x800000000000, %%rax\n\tjmp *%%rax")
OP(odd_stack, "mov $0x800000000010, %%rax\n\tmov %%rax, %%rsp\n\tpush %%rax")
OP(odd_return, "mov $0x800000000000, %%rax\n\tpush %%rax\n\tret")
OP(top_read, "mov $0x7fffffffffff, %%rax\n\tmov (%%rax), %%al")
OP(null_write, "xor %%eax, %%eax\n\tmovb $0, (%%rax)")
OP(null_jump, "xor %%eax, %%eax\n\tjmp *%%rax")

static void run_data(void)
{
	static uint8_t ret[] = {0xc3};

	((void (*)(void))(uintptr_t)ret)();
}

static void run_stack(void)
{
	volatile uint8_t ret[16] = {0xc3};

	((void (*)(void))(uintptr_t)ret)();
}

static void write_code(void)
{
	*(volatile uint8_t *)(uintptr_t)run_data = 0xc3;
}

/* Each wrong address, read, written, executed and as a stack. */
TEST(address__each_wrong_one_dies)
{
	static const struct attempt list[] = {
	    {"read kernel", kernel_read, SEGV},
	    {"write kernel", kernel_write, SEGV},
	    {"execute kernel", kernel_jump, SEGV},
	    {"kernel as stack", kernel_stack, SEGV},
	    {"read non-canonical", odd_read, SEGV},
	    {"execute non-canonical", odd_jump, SEGV},
	    {"non-canonical stack", odd_stack, SEGV | BUS},
	    {"return to non-canonical", odd_return, SEGV | BUS},
	    {"read the last byte", top_read, SEGV},
	    {"write null", null_write, SEGV}, {"execute null", null_jump, SEGV},
	    {"execute data", run_data, SEGV},
	    {"execute stack", run_stack, SEGV},
	    {"write code", write_code, SEGV}};

	ALL_END(list);
}

#define SELECTOR(name, reg, value) \
	OP(name, "mov $" #value ", %%eax\n\tmov %%eax, %%" #reg)
SELECTOR(ds_null, ds, 0)
SELECTOR(es_null, es, 0)
SELECTOR(fs_null, fs, 0)
SELECTOR(gs_null, gs, 0)
SELECTOR(ds_three, ds, 3)
SELECTOR(ss_null, ss, 0)
SELECTOR(ds_kernel, ds, 0x10)
SELECTOR(ss_kernel, ss, 0x10)
SELECTOR(gs_task, gs, 0x40)
SELECTOR(es_wild, es, 0xfff8)
SELECTOR(fs_ldt, fs, 0xf)
OP(far_call, "movl $0, (%0)\n\tmovw $0x8, 4(%0)\n\tlcall *(%0)")
OP(far_jump, "movl $0, (%0)\n\tmovw $0x8, 4(%0)\n\tljmp *(%0)")
OP(far_wild, "movl $0, (%0)\n\tmovw $0xfff8, 4(%0)\n\tljmp *(%0)")
OP(far_return, "push $0x8\n\tpush $0\n\tlretq")
OP(iret_kernel,
    "push $0\n\tpush $0\n\tpush $2\n\tpush $0x8\n\tpush $0\n\tiretq")
OP(iret_flags,
    "mov %%ss, %%eax\n\tmov %%rsp, %%rcx\n\tpush %%rax\n\tpush %%rcx\n\t"
    "push $0x3202\n\tmov %%cs, %%eax\n\tpush %%rax\n\t"
    "lea 1f(%%rip), %%rax\n\tpush %%rax\n\tiretq\n1:\tcli")

/* Selectors and far transfers give no privilege. */
TEST(selector__gives_nothing)
{
	static const struct attempt list[] = {{"ds null", ds_null, FINE},
	    {"es null", es_null, FINE}, {"fs null", fs_null, FINE},
	    {"gs null", gs_null, FINE}, {"ds 3", ds_three, FINE},
	    {"ss null", ss_null, SEGV}, {"ds kernel", ds_kernel, SEGV},
	    {"ss kernel", ss_kernel, SEGV}, {"gs task", gs_task, SEGV | FINE},
	    {"es wild", es_wild, SEGV}, {"fs ldt", fs_ldt, SEGV},
	    {"lcall kernel", far_call, SEGV}, {"ljmp kernel", far_jump, SEGV},
	    {"ljmp wild", far_wild, SEGV}, {"lret kernel", far_return, SEGV},
	    {"iret kernel", iret_kernel, SEGV},
	    {"iret with iopl, then cli", iret_flags, SEGV}};

	ALL_END(list);
}

/* The stack is gone: leave from here. */
#define LEAVE "\n\tmov $231, %%eax\n\txor %%edi, %%edi\n\tsyscall"
OP(stack_zero, "xor %%esp, %%esp\n\tmov $39, %%eax\n\tsyscall" LEAVE)
OP(stack_odd, "mov $0x800000000000, %%rax\n\tmov %%rax, %%rsp\n\t"
              "mov $39, %%eax\n\tsyscall" LEAVE)
OP(stack_kernel,
    "mov $0xffffffff80000000, %%rsp\n\tmov $24, %%eax\n\tsyscall" LEAVE)
OP(flag_direction,
    "std\n\tmov $39, %%eax\n\tsyscall\n\tmov $63, %%eax\n\t"
    "mov $0, %%edi\n\tsyscall\n\tmov $24, %%eax\n\tsyscall\n\tcld")
OP(flag_nested,
    "pushfq\n\torl $0x4000, (%%rsp)\n\tpopfq\n\tmov $24, %%eax\n\tsyscall\n\t"
    "mov $39, %%eax\n\tsyscall")
OP(flag_iopl, "pushfq\n\torl $0x3000, (%%rsp)\n\tpopfq\n\tcli")
OP(base_gs, "mov $0xffff800000000000, %%rax\n\twrgsbase %%rax\n\t"
            "mov $24, %%eax\n\tsyscall\n\tmov $24, %%eax\n\tsyscall")
OP(base_odd, "mov $0x800000000000, %%rax\n\twrgsbase %%rax")

/* AC is set while the kernel copies to an odd address, and is still set. */
static void flag_alignment(void)
{
	static char room[512];
	uint64_t flags;
	long r;

	__asm__ volatile(
	    "pushfq\n\torl $0x40000, (%%rsp)\n\tpopfq\n\tsyscall\n\t"
	    "pushfq\n\tpop %1\n\t"
	    "pushfq\n\tandl $~0x40000, (%%rsp)\n\tpopfq"
	    : "=a"(r), "=r"(flags)
	    : "a"(SYS_uname), "D"(room + 1)
	    : "rcx", "r11", "memory", "cc");
	if (r != 0 || !(flags & 0x40000))
		abort();
}

/* A system call with a bad stack, odd flags or bases is only a system call. */
TEST(syscall__takes_any_state)
{
	/* A hypervisor below the host may not bear the odd stack. */
	static const struct attempt list[] = {{"rsp 0", stack_zero, FINE},
	    {"rsp non-canonical", stack_odd, FINE | SEGV},
	    {"rsp kernel", stack_kernel, FINE},
	    {"direction", flag_direction, FINE},
	    {"nested task", flag_nested, FINE},
	    {"alignment", flag_alignment, FINE},
	    {"iopl, then cli", flag_iopl, SEGV},
	    {"gs base of the kernel", base_gs, FINE | ILL | SEGV},
	    {"gs base non-canonical", base_odd, ILL | SEGV | FINE}};

	ALL_END(list);
}

/* SYSRET must not see a non-canonical return address. */
TEST(syscall__at_the_end_of_memory)
{
	struct attempt a = {"syscall in the last bytes", run_code, SEGV};
	uint8_t *last = mmap((void *)0x7fffffffe000, PAGE,
	    PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	CHECK(
	    mmap((void *)0x7ffffffff000, PAGE, PROT_READ,
	        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED);
	if (last == MAP_FAILED)
		SKIP("the last page cannot be mapped");
	memcpy(last + PAGE - 7,
	    (uint8_t[]){0xb8, SYS_getpid, 0, 0, 0, 0x0f, 0x05}, 7);
	code = last + PAGE - 7;
	CHECK(ends(&a));
}

enum frame_lie {
	LIE_IP_KERNEL,
	LIE_IP_ODD,
	LIE_SP_ODD,
	LIE_CS_KERNEL,
	LIE_CS_NULL,
	LIE_SS_KERNEL,
	LIE_FLAGS,
	LIE_FPU_POINTER,
	LIE_FPU_KERNEL,
	LIE_FPU_CONTENT,
	LIES,
};
static enum frame_lie lie;

static void falsify(int s, siginfo_t *info, void *context)
{
	ucontext_t *u = context;
	greg_t *g = u->uc_mcontext.gregs;
	void **fpu = (void **)&u->uc_mcontext.fpregs;

	(void)s, (void)info;
	switch (lie) {
	case LIE_IP_KERNEL:
		g[REG_RIP] = (greg_t)KERNEL;
		break;
	case LIE_IP_ODD:
		g[REG_RIP] = (greg_t)0x8000000000000000;
		break;
	case LIE_SP_ODD:
		g[REG_RSP] = (greg_t)0x800000000000;
		break;
	case LIE_CS_KERNEL:
		g[REG_CSGSFS] = (g[REG_CSGSFS] & ~0xffffL) | 0x8;
		break;
	case LIE_CS_NULL:
		g[REG_CSGSFS] = 0;
		break;
	case LIE_SS_KERNEL:
		g[REG_CSGSFS] = (g[REG_CSGSFS] & 0xffffffffffff) | 0x10L << 48;
		break;
	case LIE_FLAGS:
		g[REG_EFL] |= 0x3b7000; /* VM, VIF, VIP, NT, IOPL 3, ... */
		break;
	case LIE_FPU_POINTER:
		*fpu = (void *)0x1000;
		break;
	case LIE_FPU_KERNEL:
		*fpu = (void *)0xffff800000001000;
		break;
	default:
		if (*fpu)
			memset(*fpu, 0xff, 512);
	}
}

/* After the lie: if we are still there, we have no privilege. */
static void return_by_lie(void)
{
	struct sigaction a = {.sa_sigaction = falsify, .sa_flags = SA_SIGINFO};

	sigaction(SIGUSR1, &a, 0);
	kill(getpid(), SIGUSR1);
	if (lie == LIE_FLAGS)
		op_cli();
}

/* No frame that sigreturn reads gives privilege or does harm. */
TEST(sigreturn__believes_nothing)
{
	struct attempt a = {
	    "sigreturn", return_by_lie, SEGV | BUS | ILL | FINE};

	for (lie = 0; lie < LIES; lie++) {
		printf("# lie %d\n", (int)lie);
		if (lie == LIE_FLAGS)
			a.allowed = SEGV | BUS;
		CHECK(ends(&a));
		a.allowed |= FINE;
	}
}

static volatile sig_atomic_t steps;

static void count_step(int s, siginfo_t *info, void *context)
{
	ucontext_t *u = context;

	(void)s, (void)info;
	if (++steps == 20)
		u->uc_mcontext.gregs[REG_EFL] &= ~0x100L;
}

/* A program may step itself, and go on. */
TEST(single_step__of_oneself)
{
	struct sigaction a = {
	    .sa_sigaction = count_step, .sa_flags = SA_SIGINFO};

	CHECK(sigaction(SIGTRAP, &a, 0) == 0);
	__asm__ volatile("pushfq\n\torl $0x100, (%%rsp)\n\tpopfq\n\t"
	                 "mov $100, %%ecx\n1:\tdec %%ecx\n\tjnz 1b"
	    :
	    :
	    : "ecx", "memory", "cc");
	CHECK(steps == 20);
}

TAP_MAIN
