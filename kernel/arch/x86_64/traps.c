/* kernel/arch/x86_64/traps.c -- exceptions: signals for users, reports for us. */
/* SPDX-License-Identifier: MIT */
#include "kernel/arch/x86_64/traps.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/arch/x86_64/gdt.h"
#include "kernel/arch/x86_64/panic_arch.h"
#include "kernel/arch/x86_64/regs.h"
#include "kernel/core/klog.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"
#include "kernel/mm/aspace.h"
#include "kernel/mm/usercopy.h"
#include "kernel/mm/vmalloc.h"
#include "kernel/object/signal.h"

/* Codes of SIGFPE that only these traps give. */
enum { FLT_DIV = 3, FLT_OVF = 4, FLT_UND = 5, FLT_RES = 6 };

enum page_fault_bits {
	PF_PRESENT = 1,
	PF_WRITE = 2,
	PF_USER = 4,
	PF_RESERVED = 8,
	PF_FETCH = 16,
};

const char *trap_name(unsigned vector)
{
	static const char *const names[] = {"divide error", "debug trap", "NMI",
	    "breakpoint", "overflow", "bound range", "invalid opcode", "no FPU",
	    "double fault", "exception 9", "invalid TSS", "segment not present",
	    "stack segment", "general protection", "page fault", "exception 15",
	    "x87 error", "alignment check", "machine check", "SIMD error",
	    "virtualization", "control protection"};

	return vector < COUNT(names) ? names[vector] : "exception";
}

/* Which of the exception flags that are not masked is it? */
static int fpe_code(unsigned vector)
{
	uint32_t mxcsr = 0;
	uint16_t cw = 0, sw = 0, bits;

	if (vector == TRAP_VECTOR_FPU) {
		__asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
		bits = mxcsr & ~(mxcsr >> 7);
	} else {
		__asm__ volatile("fnstcw %0" : "=m"(cw));
		__asm__ volatile("fnstsw %0" : "=m"(sw));
		bits = sw & ~cw;
	}
	return bits & 1      ? FPE_FLTINV
	       : bits & 4    ? FLT_DIV
	       : bits & 8    ? FLT_OVF
	       : bits & 0x12 ? FLT_UND
	       : bits & 0x20 ? FLT_RES
	                     : FPE_FLTINV;
}

static void user_trap(struct regs *r, unsigned vector)
{
	uint64_t ip = r->rip;

	switch (vector) {
	case TRAP_DIVIDE:
		signal_force_fault(SIGFPE, FPE_INTDIV, ip, vector);
		break;
	case TRAP_FPU:
	case TRAP_VECTOR_FPU:
		signal_force_fault(SIGFPE, fpe_code(vector), ip, vector);
		break;
	case TRAP_DEBUG:
		signal_force_fault(SIGTRAP, TRAP_TRACE, ip, vector);
		break;
	case TRAP_BREAKPOINT:
		signal_force_fault(SIGTRAP, SI_KERNEL, 0, vector);
		break;
	case TRAP_OPCODE:
	case TRAP_NO_FPU:
		signal_force_fault(SIGILL, ILL_ILLOPN, ip, vector);
		break;
	case TRAP_ALIGNMENT:
		signal_force_fault(SIGBUS, BUS_ADRALN, 0, vector);
		break;
	case TRAP_SEGMENT:
	case TRAP_STACK:
		signal_force_fault(SIGBUS, SI_KERNEL, 0, vector);
		break;
	default:
		signal_force_fault(SIGSEGV, SI_KERNEL, 0, vector);
	}
}

/* Why a kernel access could not be: the most useful words for the report. */
static const char *page_fault_words(
    const struct regs *r, vaddr_t va, const char **what)
{
	uint64_t code = r->orig_rax;

	if (vmalloc_guard_hit(va, what))
		return "guard page hit";
	if (ist_guard_hit(va)) {
		*what = "interrupt stack";
		return "guard page hit";
	}
	*what = code & PF_FETCH ? "fetch" : code & PF_WRITE ? "write" : "read";
	if (code & PF_RESERVED)
		return "corrupt page table";
	if (va < USER_TOP && code & PF_FETCH)
		return code & PF_PRESENT ? "execution of user memory (SMEP)"
		                         : "jump to nowhere";
	if (va < PAGE_SIZE)
		return "null pointer";
	if (va < USER_TOP && code & PF_PRESENT && cpu_features.smap)
		return "user memory outside a copy (SMAP)";
	if (code & PF_FETCH && code & PF_PRESENT)
		return "execution of data (NX)";
	if (code & PF_WRITE && code & PF_PRESENT)
		return "write to read-only memory";
	return "bad address";
}

noreturn_fn static void kernel_page_fault(struct regs *r, vaddr_t va)
{
	const char *what, *why = page_fault_words(r, va, &what);

	panic_regs(r, "page fault: %s, %s at %#llx", why, what,
	    (unsigned long long)va);
}

/* A user address; r says who touched it. */
static enum err resolve(const struct regs *r, vaddr_t va)
{
	struct aspace *a = thread_current()->aspace;
	uint64_t code = r->orig_rax;
	unsigned flags = 0;
	enum err e;

	if (a == NULL)
		return E_FAULT;
	flags |= code & PF_WRITE ? FAULT_WRITE : 0;
	flags |= code & PF_FETCH ? FAULT_EXEC : 0;
	flags |= code & PF_USER ? FAULT_USER : 0;
	irq_enable();
	e = aspace_fault(a, va, flags);
	irq_disable();
	return e;
}

static void user_page_fault(struct regs *r, vaddr_t va)
{
	enum err e = va < USER_TOP ? resolve(r, va) : E_FAULT;

	switch (e) {
	case OK:
	case E_INTR: /* killed while a pager worked: dies on the way out */
	case E_AGAIN:
		return;
	case E_NXIO:
	case E_IO:
		signal_force_fault(SIGBUS, BUS_ADRERR, va, TRAP_PAGE);
		return;
	case E_NOMEM:
		if (atomic_load(&thread_current()->work) & WORK_KILL)
			return; /* the victim itself: dies on the way out */
		klog(LOG_ERR, "oom", "no page for pid=%u comm=%s",
		    process_current()->pid, process_current()->comm);
		signal_force_fault(SIGKILL, SI_KERNEL, va, TRAP_PAGE);
		return;
	case E_ACCES:
		signal_force_fault(SIGSEGV, SEGV_ACCERR, va, TRAP_PAGE);
		return;
	default:
		signal_force_fault(SIGSEGV, SEGV_MAPERR, va, TRAP_PAGE);
	}
}

static void page_fault(struct regs *r)
{
	vaddr_t va = read_cr2();
	struct regs copy;

	if (regs_user(r)) {
		user_page_fault(r, va);
		return;
	}
	copy = *r;
	if (r->orig_rax & PF_FETCH || va >= USER_TOP || !usercopy_fixup(&copy))
		kernel_page_fault(r, va);
	/*
	 * A user copy. It may sleep in the fault only if the copier could: not
	 * with interrupts off or a lock held (the no-fault forms).
	 */
	if (r->rflags & RFLAGS_IF && preempt_count == 0 && resolve(r, va) == OK)
		return;
	*r = copy;
}

void trap_dispatch(struct regs *r, unsigned vector)
{
	if (likely(vector == TRAP_PAGE)) {
		page_fault(r);
		return;
	}
	if (regs_user(r)) {
		user_trap(r, vector);
		return;
	}
	/* A non-canonical address in a user copy is #GP, not a page fault. */
	if (vector == TRAP_PROTECTION && usercopy_fixup(r))
		return;
	panic_regs(r, "%s", trap_name(vector));
}

struct regs *trap_bad_iret(struct regs *r)
{
	struct thread *t = thread_current();
	struct regs *user = thread_regs(t);
	uint64_t frame[5];

	memcpy(frame, (const void *)r->rsp, sizeof(frame));
	memmove(user, r, offsetof(struct regs, rip));
	memcpy(&user->rip, frame, sizeof(frame));
	return user;
}

static void double_fault(struct regs *r)
{
	const char *what;

	/* The push that failed was just below the stack pointer. */
	if (vmalloc_guard_hit(read_cr2(), &what) ||
	    vmalloc_guard_hit(r->rsp - 8, &what))
		panic_regs(r, "double fault: %s overflow", what);
	panic_regs(r, "double fault");
}

noreturn_fn void cpu_stop(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}

void trap_paranoid(struct regs *r, unsigned vector)
{
	switch (vector) {
	case TRAP_NMI:
		if (atomic_load(&panic_active))
			panic_stopped(r);
		klog(LOG_WARN, "nmi", "unexpected on cpu=%u", cpu_id());
		return;
	case TRAP_DEBUG:
		/* A watchpoint of a user that hit in the kernel: not for us. */
		r->rflags &= ~(uint64_t)RFLAGS_TF;
		return;
	case TRAP_DOUBLE_FAULT:
		double_fault(r);
		return;
	default:
		panic_regs(r, "%s", trap_name(vector));
	}
}
