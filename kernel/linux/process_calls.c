/* kernel/linux/process_calls.c -- fork, exec, groups, prctl. */
/* SPDX-License-Identifier: MIT */
#include "kernel/linux/process_calls.h"
#include "kernel/arch/x86_64/regs.h"
#include "kernel/core/string.h"
#include "kernel/mm/aspace.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/exec.h"
#include "kernel/object/process_internal.h"
#include "kernel/object/process_start.h"
#include "kernel/object/restrict.h"
#include "kernel/object/signal.h"
#include "kernel/vfs/path.h"

enum {
	AT_SYMLINK_NOFOLLOW = 0x100,
	AT_EMPTY_PATH = 0x1000,
	CLONE_ARGS_V0 = 64, /* size of the first struct clone_args */
	CLONE_ARGS_MAX = 4096,
};

long sys_fork(void)
{
	struct clone_args a = {.exit_signal = SIGCHLD};

	return process_clone(&a, thread_regs(thread_current()));
}

long sys_vfork(void)
{
	struct clone_args a = {
	    .flags = CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD};

	return process_clone(&a, thread_regs(thread_current()));
}

/* Linux's struct clone_args, with what later versions appended. */
struct clone3_args {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal;
	uint64_t stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

/* Bytes that a newer program knows and we do not must be zero. */
static enum err rest_is_zero(struct uptr p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t b;
		enum err e = copy_from_user(&b, uptr_add(p, i), 1);

		if (e != OK)
			return e;
		if (b)
			return E_2BIG;
	}
	return OK;
}

long sys_clone3(struct uptr args, size_t size)
{
	struct clone3_args u = {0};
	struct clone_args a;
	enum err e;

	if (size < CLONE_ARGS_V0)
		return E_INVAL;
	if (size > CLONE_ARGS_MAX)
		return E_2BIG;
	e = copy_from_user(&u, args, MIN(size, sizeof(u)));
	if (e == OK && size > sizeof(u))
		e = rest_is_zero(uptr_add(args, sizeof(u)), size - sizeof(u));
	if (e != OK)
		return e;
	if ((u.flags & CLONE_CSIGNAL) || u.set_tid || u.set_tid_size)
		return E_INVAL;
	if (!!u.stack != !!u.stack_size || u.exit_signal > SIGNAL_MAX)
		return E_INVAL;
	if ((u.flags & (CLONE_THREAD | CLONE_PARENT)) && u.exit_signal)
		return E_INVAL;
	if ((u.flags & CLONE_SETTLS) && u.tls >= USER_TOP)
		return E_PERM;
	a = (struct clone_args){
	    .flags = u.flags,
	    .pidfd = u.pidfd,
	    .child_tid = u.child_tid,
	    .parent_tid = u.parent_tid,
	    .exit_signal = u.exit_signal,
	    .stack = u.stack,
	    .stack_size = u.stack_size,
	    .tls = u.tls,
	};
	return process_clone(&a, thread_regs(thread_current()));
}

long sys_execve(struct uptr path, struct uptr argv, struct uptr envp)
{
	return sys_execveat(FD_CWD, path, argv, envp, 0);
}

long sys_execveat(
    int dirfd, struct uptr path, struct uptr argv, struct uptr envp, int flags)
{
	struct process *p = process_current();
	unsigned walk = 0;
	char *text;
	enum err e;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return E_INVAL;
	if (flags & AT_SYMLINK_NOFOLLOW)
		walk |= WALK_NOFOLLOW;
	if (flags & AT_EMPTY_PATH)
		walk |= WALK_EMPTY;
	text = kmalloc(PATH_TEXT_MAX);
	if (!text)
		return E_NOMEM;
	e = strncpy_from_user(text, path, PATH_TEXT_MAX, NULL);
	if (e == OK && !text[0] && !(flags & AT_EMPTY_PATH))
		e = E_NOENT;
	if (process_is_starting(p))
		process_first_exec();
	if (e == OK)
		e = process_exec(dirfd, text, walk, argv, envp);
	if (e != OK && process_is_starting(p))
		process_first_failed(text, e);
	kfree(text);
	return e;
}

long sys_getpid(void)
{
	return process_current()->pid;
}

/* 0 also when the parent is another silo's. */
long sys_getppid(void)
{
	return atomic_load_explicit(
	    &process_current()->ppid, memory_order_relaxed);
}

/* Number of the group or session of pid (0: own). */
static long number_of(int pid, bool session)
{
	struct process *self = process_current();
	struct pid_entry *entry;
	struct process *p = self;
	irqflags_t f;
	long r = E_SRCH;

	f = lock_take_irq(&process_tree_lock);
	if (pid != 0) {
		entry = pid > 0 ? pid_entry((uint32_t)pid) : NULL;
		p = entry ? entry->process : NULL;
		if (p && !process_visible(p))
			p = NULL;
	}
	if (p && p->pgrp)
		r = session ? p->session->sid : p->pgrp->pgid;
	lock_drop_irq(&process_tree_lock, f);
	return r;
}

long sys_getpgid(int pid)
{
	return number_of(pid, false);
}

long sys_getpgrp(void)
{
	return number_of(0, false);
}

long sys_getsid(int pid)
{
	return number_of(pid, true);
}

long sys_setpgid(int pid, int pgid)
{
	if (pid < 0)
		return E_SRCH;
	if (pgid < 0)
		return E_INVAL;
	return pgrp_set((uint32_t)pid, (uint32_t)pgid);
}

long sys_setsid(void)
{
	return session_create();
}

long sys_get_robust_list(int pid, struct uptr head, struct uptr size)
{
	struct thread *t;
	uint64_t list;
	enum err e = OK;

	if (pid < 0)
		return E_INVAL;
	t = pid ? thread_find((uint32_t)pid) : thread_get(thread_current());
	if (!t)
		return E_SRCH;
	if (t->process != process_current() &&
	    !(cred_privileged() && process_subject(t->process)))
		e = E_PERM;
	list = t->robust_list;
	thread_put(t);
	if (e == OK)
		e = user_write_u64(size, 24);
	return e == OK ? user_write_u64(head, list) : e;
}

long sys_personality(uint32_t persona)
{
	struct process *p = process_current();
	uint32_t old = p->personality;

	if (persona != UINT32_MAX)
		p->personality = persona;
	return old;
}

enum prctl_option {
	PR_SET_PDEATHSIG = 1,
	PR_GET_PDEATHSIG = 2,
	PR_GET_DUMPABLE = 3,
	PR_SET_DUMPABLE = 4,
	PR_SET_NAME = 15,
	PR_GET_NAME = 16,
	PR_GET_SECCOMP = 21,
	PR_CAPBSET_READ = 23,
	PR_GET_TIMERSLACK = 30,
	PR_SET_CHILD_SUBREAPER = 36,
	PR_GET_CHILD_SUBREAPER = 37,
	PR_SET_NO_NEW_PRIVS = 38,
	PR_GET_NO_NEW_PRIVS = 39,
	PR_GET_TID_ADDRESS = 40,
	CAP_LAST = 40,
};

static long set_name(struct uptr name)
{
	struct thread *t = thread_current();
	struct process *p = t->process;
	char buf[sizeof(t->name)];
	enum err e = strncpy_from_user(buf, name, sizeof(buf), NULL);

	if (e == E_NAMETOOLONG) {
		e = copy_from_user(buf, name, sizeof(buf) - 1);
		buf[sizeof(buf) - 1] = '\0';
	}
	if (e != OK)
		return e;
	kstrlcpy(t->name, buf, sizeof(t->name));
	if (t->tid == p->pid)
		kstrlcpy(p->comm, buf, sizeof(p->comm));
	return OK;
}

static long prctl_get(int option, struct uptr out)
{
	struct process *p = process_current();
	struct thread *t = thread_current();

	switch (option) {
	case PR_GET_PDEATHSIG:
		return user_write_u32(out, p->pdeath_signal);
	case PR_GET_DUMPABLE:
		return p->dumpable;
	case PR_GET_NAME:
		return copy_to_user(out, t->name, sizeof(t->name));
	case PR_GET_SECCOMP:
		return 0;
	case PR_CAPBSET_READ:
		return out.addr > CAP_LAST ? (long)E_INVAL : 1;
	case PR_GET_CHILD_SUBREAPER:
		return user_write_u32(out, p->child_subreaper);
	case PR_GET_NO_NEW_PRIVS:
		return p->no_new_privs;
	case PR_GET_TID_ADDRESS:
		return user_write_u64(out, t->clear_tid);
	default:
		return E_INVAL;
	}
}

long sys_prctl(int option, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
	struct process *p = process_current();

	switch (option) {
	case PR_SET_PDEATHSIG:
		if (a > SIGNAL_MAX)
			return E_INVAL;
		p->pdeath_signal = (uint32_t)a;
		return OK;
	case PR_SET_DUMPABLE:
		if (a > 1)
			return E_INVAL;
		p->dumpable = (uint32_t)a;
		return OK;
	case PR_SET_NAME:
		return set_name((struct uptr){a});
	case PR_SET_CHILD_SUBREAPER:
		p->child_subreaper = a != 0;
		return OK;
	case PR_SET_NO_NEW_PRIVS:
		if (a != 1 || b || c || d)
			return E_INVAL;
		p->no_new_privs = 1;
		return OK;
	default:
		return prctl_get(option, (struct uptr){a});
	}
}
