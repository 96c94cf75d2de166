/* kernel/arch/x86_64/signal_frame.c -- handlers' frames on user stacks. */
/* SPDX-License-Identifier: MIT */
#include "kernel/object/signal_internal.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/arch/x86_64/fpu.h"
#include "kernel/arch/x86_64/regs.h"
#include "kernel/core/string.h"
#include "kernel/mm/aspace.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/usercopy.h"

/*
 * Linux's layout, which C libraries, unwinders and debuggers know: from the
 * stack pointer up the restorer's address, a ucontext, a siginfo; above them,
 * 64-byte aligned, the vector state as XSAVE left it, with a description in
 * its software-reserved bytes and a second magic number behind it.
 *
 * sigreturn believes none of it: flags are masked, segments set, the vector
 * image checked, and a bad address faults in user mode.
 */
struct sigcontext {
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
	uint16_t cs, gs, fs, ss;
	uint64_t err, trapno, oldmask, cr2;
	uint64_t fpstate; /* user address of the vector state; 0: none */
	uint64_t reserved[8];
};
static_assert(sizeof(struct sigcontext) == 256, "ABI");

struct ucontext {
	uint64_t flags, link;
	uint64_t stack[3]; /* sp, flags, size: stack_t */
	struct sigcontext mc;
	uint64_t sigmask;
};
static_assert(sizeof(struct ucontext) == 304, "ABI");

struct frame {
	uint64_t pretcode;
	struct ucontext uc;
	struct siginfo_user info;
};
static_assert(sizeof(struct frame) == 440, "ABI");

enum {
	UC_FP_XSTATE = 1,
	UC_SIGCONTEXT_SS = 2,
	UC_STRICT_RESTORE_SS = 4,
	FP_XSTATE_MAGIC1 = 0x46505853,
	FP_XSTATE_MAGIC2 = 0x46505845,
	FX_SIZE = 512,      /* FXSAVE image */
	FX_SW_OFFSET = 464, /* bytes for software in it */
	XSAVE_HEADER = 64,
	XSAVE_BASE = FX_SIZE + XSAVE_HEADER,
	RED_ZONE = 128,
	FP_ALIGN = 64,
};

/* In the software bytes of the FXSAVE image. */
struct fx_sw {
	uint32_t magic1, extended_size;
	uint64_t xfeatures;
	uint32_t xstate_size;
	uint32_t pad[7];
};
static_assert(sizeof(struct fx_sw) == FX_SIZE - FX_SW_OFFSET, "ABI");

enum {
	INFO_USED = 48, /* of siginfo: the rest of its 128 bytes says nothing */
	FRAME_COPY =
	    sizeof(struct frame) - sizeof(struct siginfo_user) + INFO_USED,
	AREA_ON_STACK = 1088, /* room for x87, SSE, AVX and some more */
};

static struct slab_cache *area_cache;
static size_t area_size;  /* of XSAVE or FXSAVE; const after init */
static size_t state_size; /* of the vector state in a frame */
static bool has_xsave;

void signal_frame_init(void)
{
	area_size = fpu_area_size();
	has_xsave = cpu_features.xsave;
	state_size = area_size + (has_xsave ? sizeof(uint32_t) : 0);
	area_cache = slab_create("fpu_frame", area_size, FP_ALIGN);
}

size_t signal_frame_min_stack(void)
{
	return sizeof(struct frame) + state_size + FP_ALIGN + 16 + RED_ZONE +
	       512;
}

/* The INFO_USED bytes that carry something. */
static inline void info_fill(const struct ksiginfo *k, struct siginfo_user *u)
{
	u->signo = k->signo;
	u->err = k->err;
	u->code = k->code;
	u->pad = 0;
	u->utime = 0;
	u->stime = 0;
	if ((SIGBIT(k->signo) & SIGS_SYNCHRONOUS) && k->code > 0) {
		u->addr = k->addr;
		u->value = 0;
		return;
	}
	u->pid = k->pid;
	u->uid = k->uid;
	u->value = k->value;
	if (k->signo == SIGCHLD && k->code > 0) {
		u->value = (uint32_t)k->status;
		u->utime = k->utime;
		u->stime = k->stime;
	}
}

void signal_info_export(const struct ksiginfo *k, struct siginfo_user *u)
{
	memset(u, 0, sizeof(*u));
	info_fill(k, u);
}

static bool on_altstack(const struct thread *t, uint64_t sp)
{
	return t->altstack_size && sp > t->altstack_sp &&
	       sp - t->altstack_sp <= t->altstack_size;
}

void signal_get_altstack(uint64_t st[3], uint64_t sp)
{
	const struct thread *t = thread_current();

	st[0] = t->altstack_sp;
	st[1] =
	    t->altstack_size ? t->altstack_flags & SS_AUTODISARM : SS_DISABLE;
	if (on_altstack(t, sp))
		st[1] |= SS_ONSTACK;
	st[2] = t->altstack_size;
}

enum err signal_set_altstack(const uint64_t st[3], uint64_t sp)
{
	struct thread *t = thread_current();
	uint32_t flags = (uint32_t)st[1];
	uint32_t mode = flags & ~SS_AUTODISARM;

	if (on_altstack(t, sp))
		return E_PERM;
	if (mode != 0 && mode != SS_DISABLE && mode != SS_ONSTACK)
		return E_INVAL;
	if (mode == SS_DISABLE) {
		t->altstack_sp = 0;
		t->altstack_size = 0;
		t->altstack_flags = SS_DISABLE;
		return OK;
	}
	if (st[2] < MINSIGSTKSZ)
		return E_NOMEM;
	t->altstack_sp = st[0];
	t->altstack_size = st[2];
	t->altstack_flags = flags & SS_AUTODISARM;
	return OK;
}

/* Where frame and vector state go. */
struct place {
	uint64_t frame, state;
};

static struct place find_place(
    const struct regs *regs, const struct sigaction *act)
{
	struct thread *t = thread_current();
	uint64_t sp = regs->rsp - RED_ZONE;
	struct place p;

	if ((act->flags & SA_ONSTACK) && t->altstack_size &&
	    !on_altstack(t, regs->rsp))
		sp = t->altstack_sp + t->altstack_size;
	p.state = ALIGN_DOWN(sp - state_size, (uint64_t)FP_ALIGN);
	/* As after a call: the handler finds rsp + 8 aligned to 16. */
	p.frame = ALIGN_DOWN(p.state - sizeof(struct frame), 16ull) - 8;
	return p;
}

/*
 * Components beyond SSE that are in their initial state need not be copied:
 * the header says so, and restoring does not look at them.
 */
static size_t used_size(const uint8_t *area)
{
	uint64_t present;

	if (!has_xsave)
		return FX_SIZE;
	memcpy(&present, area + FX_SIZE, sizeof(present));
	return present & ~3ull ? area_size : (size_t)XSAVE_BASE;
}

static enum err push_state(uint64_t at)
{
	uint8_t *area = thread_current()->fpu;
	enum err e;

	/*
	 * A switch meanwhile saves the same registers again: the kernel does
	 * not touch them. The hardware leaves the software's bytes alone.
	 */
	fpu_save(area);
	if (!has_xsave)
		return copy_to_user((struct uptr){at}, area, FX_SIZE);
	*(struct fx_sw *)(area + FX_SW_OFFSET) = (struct fx_sw){
	    .magic1 = FP_XSTATE_MAGIC1,
	    .extended_size = (uint32_t)state_size,
	    .xfeatures = cpu_features.xcr0,
	    .xstate_size = (uint32_t)area_size,
	};
	e = copy_to_user((struct uptr){at}, area, used_size(area));
	if (e == OK)
		e = user_write_u32(
		    (struct uptr){at + area_size}, FP_XSTATE_MAGIC2);
	return e;
}

static void fill_context(struct sigcontext *c, const struct regs *r,
    const struct ksiginfo *info, uint64_t mask, uint64_t state)
{
	/* Field by field: a literal would be built aside and copied. */
	c->r8 = r->r8;
	c->r9 = r->r9;
	c->r10 = r->r10;
	c->r11 = r->r11;
	c->r12 = r->r12;
	c->r13 = r->r13;
	c->r14 = r->r14;
	c->r15 = r->r15;
	c->rdi = r->rdi;
	c->rsi = r->rsi;
	c->rbp = r->rbp;
	c->rbx = r->rbx;
	c->rdx = r->rdx;
	c->rax = r->rax;
	c->rcx = r->rcx;
	c->rsp = r->rsp;
	c->rip = r->rip;
	c->rflags = r->rflags;
	c->cs = (uint16_t)r->cs;
	c->gs = 0;
	c->fs = 0;
	c->ss = (uint16_t)r->ss;
	c->err = 0;
	c->trapno = info->trapno;
	c->oldmask = mask;
	c->cr2 = 0;
	c->fpstate = state;
	for (unsigned i = 0; i < COUNT(c->reserved); i++)
		c->reserved[i] = 0;
	if (info->code > 0 && (SIGBIT(info->signo) & SIGS_SYNCHRONOUS)) {
		c->err = r->orig_rax;
		c->cr2 = info->addr;
	}
}

static void enter_handler(struct regs *r, const struct ksiginfo *info,
    const struct sigaction *act, uint64_t frame)
{
	r->rdi = (uint64_t)info->signo;
	r->rsi = frame + offsetof(struct frame, info);
	r->rdx = frame + offsetof(struct frame, uc);
	r->rax = 0;
	r->rip = act->handler;
	r->rsp = frame;
	r->cs = SEL_USER_CODE;
	r->ss = SEL_USER_DATA;
	r->rflags &= ~(uint64_t)(RFLAGS_DF | RFLAGS_TF | RFLAGS_RF);
	/* No call is under way any more: nothing to restart. */
	r->orig_rax = UINT64_MAX;
}

enum err signal_frame_push(struct regs *regs, const struct ksiginfo *info,
    const struct sigaction *act, uint64_t saved_mask)
{
	struct thread *t = thread_current();
	struct place p = find_place(regs, act);
	struct frame f;
	enum err e;

	if (!(act->flags & SA_RESTORER))
		return E_FAULT; /* there is nowhere to return to */
	if (on_altstack(t, regs->rsp) &&
	    (p.frame <= t->altstack_sp)) /* overflow of the alternate stack */
		return E_FAULT;
	f.pretcode = act->restorer;
	f.uc.flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS |
	             (has_xsave ? UC_FP_XSTATE : 0);
	f.uc.link = 0;
	signal_get_altstack(f.uc.stack, regs->rsp);
	f.uc.sigmask = saved_mask;
	fill_context(&f.uc.mc, regs, info, saved_mask, p.state);
	info_fill(info, &f.info);
	e = push_state(p.state);
	if (e == OK)
		e = copy_to_user((struct uptr){p.frame}, &f, FRAME_COPY);
	if (e != OK)
		return e;
	if (t->altstack_flags & SS_AUTODISARM) {
		t->altstack_sp = 0;
		t->altstack_size = 0;
		t->altstack_flags = SS_DISABLE;
	}
	enter_handler(regs, info, act, p.frame);
	return OK;
}

/* A whole XSAVE image, if the frame claims one and it is of our making. */
static bool extended(uint64_t at, const struct fx_sw *sw)
{
	uint32_t magic2;

	return has_xsave && sw->magic1 == FP_XSTATE_MAGIC1 &&
	       sw->xstate_size == area_size &&
	       sw->extended_size == state_size &&
	       user_read_u32((struct uptr){at + area_size}, &magic2) == OK &&
	       magic2 == FP_XSTATE_MAGIC2;
}

static enum err copy_legacy(uint8_t *area, uint64_t at)
{
	static const uint64_t legacy = 3; /* x87 and SSE */
	enum err e = copy_from_user(area, (struct uptr){at}, FX_SIZE);

	if (has_xsave) {
		memset(area + FX_SIZE, 0, XSAVE_HEADER);
		memcpy(area + FX_SIZE, &legacy, sizeof(legacy));
	}
	return e;
}

static enum err copy_state(uint8_t *area, uint64_t at)
{
	const struct fx_sw *sw = (const struct fx_sw *)(area + FX_SW_OFFSET);
	size_t have;

	if (!has_xsave)
		return copy_legacy(area, at);
	if (copy_from_user(area, (struct uptr){at}, XSAVE_BASE) != OK ||
	    !extended(at, sw))
		return copy_legacy(area, at);
	have = used_size(area);
	if (have == XSAVE_BASE)
		return OK;
	return copy_from_user(area + XSAVE_BASE, (struct uptr){at + XSAVE_BASE},
	    have - XSAVE_BASE);
}

static enum err pop_into(uint8_t *area, uint64_t at)
{
	enum err e = OK;

	if (at == 0)
		fpu_area_init(area);
	else
		e = copy_state(area, at);
	if (e == OK)
		e = fpu_area_check(area);
	/* Straight into the registers: t->fpu is stale while we run. */
	if (e == OK)
		fpu_load(area);
	return e;
}

static enum err pop_state(uint64_t at)
{
	uint8_t small[AREA_ON_STACK] aligned_to(FP_ALIGN);
	uint8_t *area;
	enum err e;

	if (likely(area_size <= sizeof(small)))
		return pop_into(small, at);
	area = slab_alloc(area_cache);
	if (!area)
		return E_NOMEM;
	e = pop_into(area, at);
	slab_free(area_cache, area);
	return e;
}

static void pop_registers(struct regs *r, const struct sigcontext *c)
{
	r->r8 = c->r8;
	r->r9 = c->r9;
	r->r10 = c->r10;
	r->r11 = c->r11;
	r->r12 = c->r12;
	r->r13 = c->r13;
	r->r14 = c->r14;
	r->r15 = c->r15;
	r->rdi = c->rdi;
	r->rsi = c->rsi;
	r->rbp = c->rbp;
	r->rbx = c->rbx;
	r->rdx = c->rdx;
	r->rax = c->rax;
	r->rcx = c->rcx;
	r->rsp = c->rsp;
	r->rip = c->rip;
	r->rflags = (c->rflags & RFLAGS_USER) | RFLAGS_FIXED | RFLAGS_IF;
	r->cs = SEL_USER_CODE;
	r->ss = SEL_USER_DATA;
	r->orig_rax = UINT64_MAX;
}

enum err signal_frame_pop(struct regs *regs)
{
	struct ucontext uc;
	uint64_t at = regs->rsp - 8 + offsetof(struct frame, uc);
	enum err e = copy_from_user(&uc, (struct uptr){at}, sizeof(uc));

	if (e != OK)
		return e;
	/* IRET to a non-canonical address would fault in the kernel. */
	if (uc.mc.rip >= USER_TOP)
		return E_FAULT;
	e = pop_state(uc.mc.fpstate);
	if (e != OK)
		return e;
	pop_registers(regs, &uc.mc);
	signal_set_blocked(uc.sigmask);
	/* A bad one is ignored, as on Linux: the stack stays as it is. */
	(void)signal_set_altstack(uc.stack, regs->rsp);
	return OK;
}
