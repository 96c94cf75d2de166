/* kernel/object/process_start.c -- the first process. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/object/exec_internal.h"
#include "kernel/object/process_start.h"
#include "kernel/object/rlimits.h"
#include "kernel/object/silo_internal.h"
#include "kernel/object/signal_internal.h"
#include "kernel/arch/x86_64/regs.h"
#include "kernel/core/klog.h"
#include "kernel/core/panic.h"
#include "kernel/core/sched.h"
#include "kernel/core/string.h"
#include "kernel/object/desc.h"
#include "kernel/sys/syscall.h"

/*
 * Init starts as every other program does, by execve. Its process is made by
 * hand with a stack page and the vDSO, and its first thread goes to user mode
 * on the vDSO's two start instructions with the registers of that call.
 */
enum { SYS_EXECVE = 59 };
#define START_STACK 0x10000000ull
#define START_VDSO  0x20000000ull

/* The page that holds the call's arguments, at START_STACK. */
struct start_page {
	uint64_t argv[2];
	uint64_t envp[4];
	char path[512];
	char env[3][32];
};
static_assert(sizeof(struct start_page) <= PAGE_SIZE, "one page");

static enum err make_memory(struct process *p, const char *path, vaddr_t *code)
{
	static const char *const env[] = {
	    "HOME=/", "PATH=/bin:/sbin:/usr/bin:/usr/sbin", "TERM=linux"};
	struct start_page page = {0};
	struct map_request req = {
	    .at = START_STACK,
	    .len = PAGE_SIZE,
	    .prot = PROT_R | PROT_W,
	    .max_prot = PROT_R | PROT_W,
	    .flags = MAP_F_FIXED,
	};
	vaddr_t got;
	enum err e = aspace_create(p->silo, &p->aspace);

	if (e == OK)
		e = vmo_create_anon(p->silo, 1, &req.vmo);
	if (e != OK)
		return e;
	page.argv[0] = START_STACK + offsetof(struct start_page, path);
	kstrlcpy(page.path, path, sizeof(page.path));
	for (unsigned i = 0; i < COUNT(env); i++) {
		page.envp[i] = START_STACK + offsetof(struct start_page, env) +
		               i * sizeof(page.env[0]);
		kstrlcpy(page.env[i], env[i], sizeof(page.env[i]));
	}
	e = vmo_write_kernel(req.vmo, 0, &page, sizeof(page));
	if (e == OK)
		e = aspace_map(p->aspace, &req, &got);
	vmo_put(req.vmo);
	if (e == OK)
		e = vdso_map(p->aspace, START_VDSO, code);
	return e;
}

static enum err make_process(
    const char *path, struct process **out, vaddr_t *code)
{
	struct process *p;
	enum err e = process_alloc(&silo_boot, &p);

	if (e != OK)
		return e;
	p->cred = cred_first();
	p->sighand = sighand_create();
	if (!p->cred || !p->sighand)
		return E_NOMEM;
	rlimits_first(p->rlimits);
	kstrlcpy(p->comm, "init", sizeof(p->comm));
	p->fs = fs_context_get(fs_context_boot());
	p->namespace = namespace_get(silo_boot.namespace);
	e = desc_table_create(&p->descs);
	if (e == OK)
		e = make_memory(p, path, code);
	*out = p;
	return e;
}

static void set_registers(struct thread *t, vaddr_t code)
{
	struct regs *r = thread_regs(t);

	*r = (struct regs){
	    .rax = SYS_EXECVE,
	    .rdi = START_STACK + offsetof(struct start_page, path),
	    .rsi = START_STACK + offsetof(struct start_page, argv),
	    .rdx = START_STACK + offsetof(struct start_page, envp),
	    .rip = code + vdso_start_offset,
	    .cs = SEL_USER_CODE,
	    .rflags = RFLAGS_FIXED | RFLAGS_IF,
	    .rsp = START_STACK + PAGE_SIZE,
	    .ss = SEL_USER_DATA,
	    .orig_rax = UINT64_MAX,
	};
	kstrlcpy(t->name, "init", sizeof(t->name));
	t->calls = syscall_table.all;
	t->aspace = t->process->aspace;
	t->altstack_flags = SS_DISABLE;
	atomic_store(&t->state, THREAD_RUNNING);
}

static enum err publish(struct process *p, struct thread *t)
{
	irqflags_t f = lock_take_irq(&process_tree_lock);
	struct pid_entry *entry;
	uint32_t pid;
	enum err e = pid_alloc_locked(&pid, &entry);

	if (e == OK) {
		KASSERT(pid == 1);
		p->pid = pid;
		t->tid = pid;
		p->leader = t;
		process_link_thread_locked(p, t);
		list_push_back(&process_all, &p->all_link);
		silo_process_enter_locked(p);
		rcu_store(entry->thread, t);
		rcu_store(entry->process, p);
		atomic_fetch_add(&process_count, 1);
		process_first = p;
	}
	lock_drop_irq(&process_tree_lock, f);
	return e == OK ? pgrp_create_first(p) : e;
}

void process_start_init(const char *path)
{
	struct process *p;
	struct thread *t;
	vaddr_t code = 0;
	enum err e = make_process(path, &p, &code);

	if (e == OK)
		e = silo_charge(p->silo, SILO_THREADS, 1);
	if (e == OK)
		e = silo_charge(p->silo, SILO_PROCESSES, 1);
	if (e == OK)
		e = thread_create_user(p, &t);
	if (e != OK)
		panic("cannot make the first process: %s", err_name(e));
	set_registers(t, code);
	e = publish(p, t);
	if (e != OK)
		panic("cannot number the first process: %s", err_name(e));
	sched_start(t);
}

void process_first_exec(void)
{
	struct object *o;
	int fd;
	enum err e =
	    file_open(FD_CWD, "/dev/console", O_RDWR | O_NOCTTY, 0, 0, &o);

	if (e == OK) {
		e = desc_install(o, RIGHTS_ALL, 0, 0, &fd);
		if (e != OK)
			object_put(o);
	}
	for (int i = 1; i < 3 && e == OK; i++)
		e = desc_dup(0, i, 0, &fd);
	if (e != OK)
		klog(LOG_ERR, "init",
		    "open /dev/console: %s; init has no descriptors",
		    err_name(e));
}

noreturn_fn void process_first_failed(const char *path, enum err e)
{
	panic("cannot start init %s: %s (is it in the boot archive, and "
	      "executable? init= names another)",
	    path, err_name(e));
}
