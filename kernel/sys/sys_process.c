/* kernel/sys/sys_process.c -- system calls: threads, exit, scheduling. */
/* SPDX-License-Identifier: MIT */
#include "kernel/sys/sys_process.h"
#include "kernel/core/sched.h"
#include "kernel/mm/aspace.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/process_internal.h"

enum {
	ARCH_SET_GS = 0x1001,
	ARCH_SET_FS = 0x1002,
	ARCH_GET_FS = 0x1003,
	ARCH_GET_GS = 0x1004,
	ROBUST_HEAD_SIZE = 24,
};

long sys_clone(uint64_t flags, uint64_t stack, struct uptr parent_tid,
    struct uptr child_tid, uint64_t tls)
{
	struct clone_args a = {
	    .flags = (uint32_t)flags & ~CLONE_CSIGNAL,
	    .exit_signal = flags & CLONE_CSIGNAL,
	    .parent_tid = parent_tid.addr,
	    .child_tid = child_tid.addr,
	    .stack = stack,
	    .tls = tls,
	};

	if ((flags & CLONE_SETTLS) && tls >= USER_TOP)
		return E_PERM;
	return process_clone(&a, thread_regs(thread_current()));
}

long sys_exit(int code)
{
	process_exit_thread(wait_status_exited(code));
}

long sys_exit_group(int code)
{
	process_exit_group(wait_status_exited(code));
}

long sys_gettid(void)
{
	return thread_current()->tid;
}

long sys_set_tid_address(struct uptr word)
{
	thread_current()->clear_tid = word.addr;
	return thread_current()->tid;
}

long sys_set_robust_list(struct uptr head, size_t size)
{
	if (size != ROBUST_HEAD_SIZE)
		return E_INVAL;
	thread_current()->robust_list = head.addr;
	return OK;
}

long sys_arch_prctl(int code, uint64_t addr)
{
	uint64_t fs, gs;

	switch (code) {
	case ARCH_SET_FS:
	case ARCH_SET_GS:
		/* A kernel or non-canonical base is nobody's business. */
		if (addr >= USER_TOP)
			return E_PERM;
		if (code == ARCH_SET_FS)
			thread_set_fs_base(addr);
		else
			thread_set_gs_base(addr);
		return OK;
	case ARCH_GET_FS:
	case ARCH_GET_GS:
		thread_get_bases(&fs, &gs);
		return user_write_u64(
		    (struct uptr){addr}, code == ARCH_GET_FS ? fs : gs);
	default:
		return E_INVAL;
	}
}

long sys_sched_yield(void)
{
	sched_yield();
	return OK;
}

long sys_restart_syscall(void)
{
	struct restart *r = &thread_current()->restart;
	long (*fn)(const uint64_t arg[5]) = r->fn;

	/* Called by a program on its own account: nothing to go on with. */
	if (!fn)
		return E_INTR;
	r->fn = NULL;
	return fn(r->arg);
}
