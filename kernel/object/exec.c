/* kernel/object/exec.c -- execve: from a file to a new program. */
/* SPDX-License-Identifier: MIT */
#include "kernel/object/exec_internal.h"
#include "kernel/object/rlimits.h"
#include "kernel/object/signal_internal.h"
#include "kernel/arch/x86_64/fpu.h"
#include "kernel/arch/x86_64/regs.h"
#include "kernel/core/klog.h"
#include "kernel/core/sched.h"
#include "kernel/core/string.h"
#include "kernel/mm/slab.h"
#include "kernel/object/desc.h"
#include "kernel/vfs/mount.h"
#include "kernel/vfs/view.h"

/*
 * Three parts. Prepare: read the file, copy the arguments, build the new
 * address space beside the old one; whatever fails there returns an error and
 * has changed nothing. Commit: end the other threads and swap. Finish: write
 * the new stack, which can only fail for want of memory, and then kills.
 */

static struct slab_cache *exec_cache;

void exec_init(void)
{
	exec_cache =
	    slab_create("exec", sizeof(struct exec), _Alignof(struct exec));
	vdso_init();
}

static void file_drop(struct exec_file *f)
{
	if (!f->file)
		return;
	file_exec_done(f->node);
	object_put(&f->file->object);
	f->file = NULL;
}

static enum err file_open_checked(
    int dirfd, const char *path, unsigned walk_flags, struct exec_file *f)
{
	enum err e = file_open_exec(dirfd, path, walk_flags, &f->file);

	if (e != OK) {
		f->file = NULL;
		return e;
	}
	f->node = f->file->node;
	e = node_contents(f->node);
	if (e == OK && !f->node->vmo)
		e = E_ACCES; /* text made on demand cannot be mapped */
	return e;
}

static enum err read_head(struct exec *x)
{
	long n = file_read_kernel(x->main.file, 0, x->head, sizeof(x->head));

	if (n < 0)
		return (enum err)n;
	x->head_size = (size_t)n;
	return OK;
}

/*
 * The file is a script: go on with its interpreter. E_NOEXEC when it is none.
 * Neither the dirfd nor the walk flags of the call apply to it.
 */
static enum err enter_script(struct exec *x, const char *path, bool first)
{
	char interp[EXEC_LINE_MAX], arg[EXEC_LINE_MAX];
	enum err e =
	    script_parse(x->head, x->head_size, interp, arg, EXEC_LINE_MAX);

	if (e != OK)
		return e;
	/* Further scripts find their own path as argv[0] already. */
	if (first) {
		e = exec_args_prefix(&x->args, path);
		x->args.drop_first = true;
	}
	if (e == OK && arg[0])
		e = exec_args_prefix(&x->args, arg);
	if (e == OK)
		e = exec_args_prefix(&x->args, interp);
	if (e != OK)
		return e;
	file_drop(&x->main);
	e = file_open_checked(FD_CWD, interp, 0, &x->main);
	return e == OK ? read_head(x) : e;
}

static enum err find_program(
    struct exec *x, int dirfd, const char *path, unsigned walk_flags)
{
	enum err e = file_open_checked(dirfd, path, walk_flags, &x->main);
	int depth;

	if (e == OK)
		e = read_head(x);
	for (depth = 0; e == OK; depth++) {
		if (x->head_size < 2 || x->head[0] != '#' || x->head[1] != '!')
			return exec_read_image(&x->main, x->head, x->head_size);
		if (depth == EXEC_SCRIPT_DEPTH)
			return E_LOOP;
		e = enter_script(x, x->path, depth == 0);
	}
	return e;
}

static enum err find_interpreter(struct exec *x)
{
	const struct elf_image *m = &x->main.image;
	char path[ELF_INTERP_MAX + 1];
	enum err e;
	long n;

	if (!m->has_interp)
		return OK;
	n = file_read_kernel(x->main.file, m->interp_off, path, m->interp_len);
	if (n != (long)m->interp_len || path[n - 1] != '\0')
		return n < 0 ? (enum err)n : E_NOEXEC;
	e = file_open_checked(FD_CWD, path, 0, &x->interp);
	if (e != OK)
		return e;
	x->has_interp = true;
	n = file_read_kernel(x->interp.file, 0, x->head, sizeof(x->head));
	if (n < 0)
		return (enum err)n;
	e = exec_read_image(&x->interp, x->head, (size_t)n);
	if (e == OK && x->interp.image.has_interp)
		e = E_NOEXEC;
	return e;
}

/* Set-uid and set-gid bits, where they are honoured. */
static enum err find_identity(struct exec *x)
{
	const struct node *n = x->main.node;
	const struct cred *now = cred_current();
	uint32_t mode = n->mode;
	bool setgid = (mode & 02000) && (mode & 010);
	struct cred *c;

	if (!(mode & 04000) && !setgid)
		return OK;
	if (process_current()->no_new_privs ||
	    (atomic_load(&x->main.file->path.mount->flags) & MOUNT_NOSUID))
		return OK;
	c = cred_copy_current();
	if (!c)
		return E_NOMEM;
	if (mode & 04000)
		c->euid = n->uid;
	if (setgid)
		c->egid = n->gid;
	x->secure = c->euid != now->uid || c->egid != now->gid;
	x->cred = c;
	return OK;
}

/*
 * At every exec saved and filesystem ids follow the effective ones, and root
 * gets its capabilities anew, everybody else none.
 */
static enum err settle_identity(struct exec *x)
{
	const struct cred *now = x->cred ? x->cred : cred_current();
	uint64_t caps = now->euid == 0 ? CAPS_ALL : 0;

	if (now->suid == now->euid && now->fsuid == now->euid &&
	    now->sgid == now->egid && now->fsgid == now->egid &&
	    now->cap_effective == caps && now->cap_permitted == caps)
		return OK;
	if (!x->cred)
		x->cred = cred_copy_current();
	if (!x->cred)
		return E_NOMEM;
	x->cred->suid = x->cred->fsuid = x->cred->euid;
	x->cred->sgid = x->cred->fsgid = x->cred->egid;
	x->cred->cap_effective = caps;
	x->cred->cap_permitted = caps;
	return OK;
}

/* A name for the program: relative to a descriptor, by way of /dev/fd. */
static enum err set_name(struct exec *x, int dirfd, const char *path)
{
	size_t size = strlen(path) + sizeof("/dev/fd/-2147483648/");

	x->path = kmalloc(size);
	if (!x->path)
		return E_NOMEM;
	if (dirfd == FD_CWD || path[0] == '/')
		kstrlcpy(x->path, path, size);
	else
		ksnprintf(x->path, size, "/dev/fd/%d%s%s", dirfd,
		    path[0] ? "/" : "", path);
	return OK;
}

static enum err prepare(struct exec *x, int dirfd, const char *path,
    unsigned walk_flags, const struct uptr *vectors)
{
	struct process *p = process_current();
	enum err e = set_name(x, dirfd, path);

	if (e == OK)
		e = find_program(x, dirfd, path, walk_flags);
	if (e == OK)
		e = find_interpreter(x);
	if (e == OK && vectors)
		e = exec_args_copy(&x->args, vectors[0], vectors[1]);
	if (e == OK)
		e = find_identity(x);
	if (e == OK)
		e = settle_identity(x);
	if (e == OK)
		e = exec_load(x);
	if (e == OK && p->view)
		e = view_lock();
	if (e == OK)
		e = desc_table_unshare(&p->descs);
	if (e == OK)
		e = sighand_unshare(p);
	return e;
}

/* End the other threads and take the process's number. */
enum err process_kill_others(void)
{
	struct thread *self = thread_current(), *t;
	struct process *p = self->process;
	irqflags_t f;
	bool lost;

	if (p->thread_count == 1)
		return OK;
	f = lock_take_irq(&p->sig_lock);
	lost = p->group_exiting || p->exec_thread;
	if (!lost) {
		p->exec_thread = self;
		p->group_stop_signal = 0;
		p->stopped = false;
		list_for_each(t, &p->threads, process_link)
		{
			if (t == self)
				continue;
			atomic_fetch_or(&t->work, WORK_KILL);
			signal_kick(t, true);
		}
	}
	while (!lost && p->thread_count > 1) {
		sched_prepare_sleep();
		lock_drop_irq(&p->sig_lock, f);
		schedule();
		f = lock_take_irq(&p->sig_lock);
	}
	if (!lost)
		p->exec_thread = NULL;
	lock_drop_irq(&p->sig_lock, f);
	return lost ? E_AGAIN : OK;
}

static void take_number(struct process *p, struct thread *t)
{
	irqflags_t f;

	if (t->tid == p->pid)
		return;
	f = lock_take_irq(&process_tree_lock);
	rcu_store(pid_entry(t->tid)->thread, NULL);
	pid_release_locked(t->tid);
	t->tid = p->pid;
	rcu_store(pid_entry(p->pid)->thread, t);
	p->leader = t;
	lock_drop_irq(&process_tree_lock, f);
}

static void set_comm(struct exec *x, struct process *p, struct thread *t)
{
	const char *base = strrchr(x->path, '/');

	base = base ? base + 1 : x->path;
	kstrlcpy(t->name, base, sizeof(t->name));
	kstrlcpy(p->comm, base, sizeof(p->comm));
}

/* Swap memory and executable; gives the old ones back through x. */
static void swap_parts(struct exec *x, struct process *p, struct thread *t)
{
	struct aspace *old = p->aspace;
	struct path old_exe;
	irqflags_t f = lock_take_irq(&process_tree_lock);

	p->aspace = x->aspace;
	old_exe = p->exe;
	p->exe = x->main.file->path;
	path_get(&p->exe);
	lock_drop_irq(&process_tree_lock, f);
	/* The process holds the executable busy now, not the open file. */
	atomic_fetch_sub(&x->main.node->writers, 1);
	preempt_disable();
	t->aspace = x->aspace;
	aspace_switch(x->aspace);
	preempt_enable();
	p->vm_shared = false;
	process_vfork_done(p);
	if (old)
		aspace_put(old);
	process_exe_done(&old_exe);
}

static void reset_thread(struct thread *t)
{
	t->clear_tid = 0;
	t->robust_list = 0;
	t->rseq = 0;
	t->altstack_sp = 0;
	t->altstack_size = 0;
	t->altstack_flags = SS_DISABLE;
	preempt_disable();
	fpu_area_init(t->fpu);
	fpu_load(t->fpu);
	preempt_enable();
	thread_set_fs_base(0);
	thread_set_gs_base(0);
}

static void commit(struct exec *x, struct process *p, struct thread *t)
{
	take_number(p, t);
	p->start_error = OK;
	swap_parts(x, p, t);
	sighand_reset_handlers(p);
	reset_thread(t);
	p->exit_signal = SIGCHLD;
	p->pdeath_signal = x->secure ? 0 : p->pdeath_signal;
	p->dumpable = 1;
	if (x->cred) {
		cred_commit(x->cred);
		x->cred = NULL;
	}
	desc_close_on_exec(p->descs);
	set_comm(x, p, t);
	p->did_exec = true;
}

static enum err finish(struct exec *x, struct thread *t)
{
	struct regs *r = thread_regs(t);
	vaddr_t sp;
	enum err e = exec_zero_tails(&x->main);

	if (e == OK && x->has_interp)
		e = exec_zero_tails(&x->interp);
	if (e == OK)
		e = exec_args_write(x, &sp);
	if (e != OK)
		return e;
	*r = (struct regs){
	    .rip = x->entry,
	    .cs = SEL_USER_CODE,
	    .rflags = RFLAGS_FIXED | RFLAGS_IF,
	    .rsp = sp,
	    .ss = SEL_USER_DATA,
	    .orig_rax = UINT64_MAX,
	};
	atomic_fetch_or(&t->work, WORK_FULL_RETURN);
	return OK;
}

static void exec_drop(struct exec *x)
{
	file_drop(&x->main);
	file_drop(&x->interp);
	exec_args_free(&x->args);
	if (x->aspace)
		aspace_put(x->aspace);
	cred_put(x->cred);
	kfree(x->path);
	slab_free(exec_cache, x);
}

static struct exec *exec_alloc(void)
{
	struct exec *x = slab_alloc(exec_cache);

	if (!x)
		return NULL;
	memset(x, 0, offsetof(struct exec, head));
	memset(&x->head_size, 0, sizeof(*x) - offsetof(struct exec, head_size));
	return x;
}

/* vectors NULL: x has its arguments. Frees x. */
static enum err exec_run(struct exec *x, int dirfd, const char *path,
    unsigned walk_flags, const struct uptr *vectors)
{
	struct thread *t = thread_current();
	struct process *p = t->process;
	enum err e = prepare(x, dirfd, path, walk_flags, vectors);

	if (e == OK)
		e = process_kill_others();
	if (e != OK) {
		exec_drop(x);
		return e;
	}
	commit(x, p, t);
	e = finish(x, t);
	x->aspace = NULL; /* the process's */
	exec_drop(x);
	if (e == OK)
		return OK;
	klog(LOG_NOTICE, "process", "kill pid=%u comm=%s exec failed late: %s",
	    p->pid, p->comm, err_name(e));
	process_exit_group(SIGKILL);
}

enum err process_exec(int dirfd, const char *path, unsigned walk_flags,
    struct uptr argv, struct uptr envp)
{
	struct exec *x = exec_alloc();

	if (!x)
		return E_NOMEM;
	return exec_run(
	    x, dirfd, path, walk_flags, (struct uptr[]){argv, envp});
}

enum err process_exec_args(const char *path, struct exec_args *args)
{
	struct exec *x = exec_alloc();

	if (!x)
		return E_NOMEM;
	x->args = *args;
	*args = (struct exec_args){0};
	return exec_run(x, FD_CWD, path, 0, NULL);
}
