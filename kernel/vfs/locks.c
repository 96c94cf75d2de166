/* kernel/vfs/locks.c -- advisory locks: flock, POSIX, open-file-description. */
/* SPDX-License-Identifier: MIT */
#include "kernel/vfs/locks.h"
#include "abi/linux/flock.h"
#include "kernel/core/panic.h"
#include "kernel/core/wait.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/process.h"
#include "kernel/vfs/file.h"
#include "kernel/vfs/vfs.h"

/*
 * All locks hang on their node; one mutex guards them all, because finding a
 * deadlock needs the whole picture and locking is rare. Record locks exclude
 * one another; flock's are a kind of their own. POSIX locks belong to a process
 * by its descriptor table, which ends with all of its descriptors closed; OFD
 * locks and flock's belong to an open file.
 *
 * 1. Locks of one owner on one node do not overlap, and those that touch have
 *    different types.
 * 2. Who waits stands in `waiters`; it joins its queue before the mutex is
 *    dropped, so that no release is missed.
 * 3. A waiter's blocker is an owner that still holds what it held then: who
 *    unlocks clears it. NULL too where no process waits for a process, since
 *    any thread may unlock an open file.
 */
enum kind { KIND_RECORD, KIND_FLOCK };
enum { CMD_GET = 5, CMD_SET = 6, CMD_WAIT = 7, OFD_SHIFT = 31, CHAIN_MAX = 64 };
enum { FLOCK_SH = 1, FLOCK_EX = 2, FLOCK_NB = 4, FLOCK_UN = 8, QUEUES = 32 };

struct file_lock {
	struct list link; /* in node->locks */
	const void *owner;
	uint64_t start, end; /* bytes, both included */
	int32_t pid;         /* -1: OFD */
	uint8_t type;        /* enum linux_lock_type */
	uint8_t kind;
};

struct lock_waiter {
	struct list link;
	const struct node *node;
	const void *owner, *blocker;
};

static struct mutex mutex;
static struct list waiters = LIST_INIT(waiters);
static struct wait_queue queues[QUEUES];

void locks_init(void)
{
	unsigned i;

	mutex_init(&mutex, RANK_MISC);
	for (i = 0; i < QUEUES; i++)
		wait_queue_init(&queues[i]);
}

static struct wait_queue *queue_of(const struct node *n)
{
	return &queues[((uintptr_t)n >> 7) % QUEUES];
}

static struct file *lockable(struct object *o)
{
	return o->ops->flush == file_flush ? (struct file *)o : NULL;
}

static bool overlap(const struct file_lock *a, const struct file_lock *b)
{
	return a->start <= b->end && b->start <= a->end;
}

/* The first lock that keeps `want` from being taken, or NULL. */
static struct file_lock *conflict(struct node *n, const struct file_lock *want)
{
	struct file_lock *l;

	list_for_each(l, &n->locks,
	    link) if (l->kind == want->kind && l->owner != want->owner &&
	              overlap(l, want) &&
	              (l->type == LINUX_F_WRLCK ||
	                  want->type == LINUX_F_WRLCK)) return l;
	return NULL;
}

/* Would `owner` wait for itself if it waited for blocker? */
static bool deadlock(const void *owner, const void *blocker)
{
	struct lock_waiter *w;
	unsigned steps;
	bool found;

	for (steps = 0; steps < CHAIN_MAX; steps++) {
		if (blocker == owner)
			return true;
		found = false;
		list_for_each(
		    w, &waiters, link) if (w->owner == blocker && w->blocker)
		{
			blocker = w->blocker;
			found = true;
			break;
		}
		if (!found)
			return false;
	}
	return true; /* too deep to know: refuse rather than hang */
}

/*
 * Make room for want among its owner's locks, then put it there (unless it
 * unlocks). spare: two allocated locks; what was used is cleared.
 */
static void apply(
    struct node *n, const struct file_lock *want, struct file_lock *spare[2])
{
	struct file_lock *l, *tmp, *tail, merged = *want;

	list_for_each_safe(l, tmp, &n->locks, link)
	{
		if (l->kind != want->kind || l->owner != want->owner)
			continue;
		/* Same type and touching: one lock of both. */
		if (l->type == want->type &&
		    (l->end == UINT64_MAX || l->end + 1 >= merged.start) &&
		    (merged.end == UINT64_MAX || merged.end + 1 >= l->start)) {
			merged.start = MIN(merged.start, l->start);
			merged.end = MAX(merged.end, l->end);
			list_remove(&l->link);
			kfree(l);
			continue;
		}
		if (!overlap(l, want))
			continue;
		if (l->start < want->start && l->end > want->end) {
			tail = spare[0]; /* cut in two */
			spare[0] = NULL;
			*tail = *l;
			tail->start = want->end + 1;
			list_push_back(&n->locks, &tail->link);
			l->end = want->start - 1;
		} else if (l->start < want->start) {
			l->end = want->start - 1;
		} else if (l->end > want->end) {
			l->start = want->end + 1;
		} else {
			list_remove(&l->link);
			kfree(l);
		}
	}
	if (want->type != LINUX_F_UNLCK) {
		*spare[1] = merged;
		list_push_back(&n->locks, &spare[1]->link);
		spare[1] = NULL;
	}
}

/* Locks of owner on n have changed: who waits for them is to look again. */
static void unblock(const struct node *n, const void *owner) REQUIRES(&mutex)
{
	struct lock_waiter *w;

	list_for_each(
	    w, &waiters, link) if (w->node == n && w->blocker == owner)
	{
		w->blocker = NULL;
	}
}

/* Wait until the lock b may be gone. The mutex is held, and again after. */
static enum err wait_for(struct node *n, const struct file_lock *want,
    const struct file_lock *b) REQUIRES(&mutex)
{
	struct lock_waiter me = {.node = n, .owner = want->owner};
	struct waiter w;
	enum err e;

	if (want->pid >= 0 && b->pid >= 0) {
		if (deadlock(want->owner, b->owner))
			return E_DEADLK;
		me.blocker = b->owner;
	}
	list_push_back(&waiters, &me.link);
	wait_begin(queue_of(n), &w);
	mutex_drop(&mutex);
	e = wait_sleep(&w, WAIT_INTR, WAIT_FOREVER);
	wait_end(&w);
	mutex_take(&mutex);
	list_remove(&me.link);
	return e == E_INTR ? E_RESTARTSYS : e;
}

static enum err set_lock(
    struct node *n, const struct file_lock *want, bool wait)
{
	struct file_lock *spare[2], *b;
	enum err e = OK;

	spare[0] = kmalloc(sizeof(*spare[0]));
	spare[1] = kmalloc(sizeof(*spare[1]));
	if (!spare[0] || !spare[1]) {
		e = E_NOMEM;
		goto out;
	}
	mutex_take(&mutex);
	while (e == OK && want->type != LINUX_F_UNLCK &&
	       (b = conflict(n, want)) != NULL)
		e = wait ? wait_for(n, want, b) : E_AGAIN;
	if (e == OK) {
		apply(n, want, spare);
		unblock(n, want->owner);
	}
	mutex_drop(&mutex);
	if (e == OK)
		wait_wake_all(queue_of(n)); /* unlocked, or downgraded */
out:
	kfree(spare[0]);
	kfree(spare[1]);
	return e;
}

/* struct flock to a range of bytes. */
static enum err range(
    struct file *f, const struct linux_flock *u, struct file_lock *out)
{
	int64_t start = u->start, base = 0, last;

	if (u->whence == 1)
		base = f->pos;
	else if (u->whence == 2)
		base = (int64_t)f->node->size;
	else if (u->whence != 0)
		return E_INVAL;
	if (__builtin_add_overflow(base, start, &start))
		return E_OVERFLOW;
	if (start < 0)
		return E_INVAL;
	last = INT64_MAX;
	if (u->len > 0 && __builtin_add_overflow(start, u->len - 1, &last))
		return E_OVERFLOW;
	if (u->len < 0) {
		last = start - 1;
		start += u->len;
	}
	if (start < 0)
		return E_INVAL;
	out->start = (uint64_t)start;
	out->end = last == INT64_MAX ? UINT64_MAX : (uint64_t)last;
	return OK;
}

static enum err get_lock(
    struct file *f, struct file_lock *want, struct uptr arg)
{
	struct linux_flock u = {.type = LINUX_F_UNLCK};
	struct file_lock *b;

	mutex_take(&mutex);
	b = conflict(f->node, want);
	if (b) {
		u.type = b->type;
		u.start = (int64_t)b->start;
		u.len =
		    b->end == UINT64_MAX ? 0 : (int64_t)(b->end - b->start + 1);
		u.pid = b->pid;
	}
	mutex_drop(&mutex);
	if (u.type == LINUX_F_UNLCK) /* only the type is changed */
		return copy_to_user(arg, &u.type, sizeof(u.type));
	return copy_to_user(arg, &u, sizeof(u));
}

long file_lock_fcntl(struct object *o, unsigned cmd, struct uptr arg)
{
	struct file *f = lockable(o);
	struct file_lock want = {.kind = KIND_RECORD};
	struct linux_flock u;
	bool ofd = cmd > CMD_WAIT;
	uint32_t mode = o->oflags & O_ACCMODE;
	enum err e;

	if (ofd)
		cmd -= OFD_SHIFT;
	if (o->oflags & O_PATH)
		return E_BADF;
	if (!f)
		return E_INVAL;
	e = copy_from_user(&u, arg, sizeof(u));
	if (e == OK)
		e = range(f, &u, &want);
	if (e != OK)
		return e;
	if (u.type < LINUX_F_RDLCK || u.type > LINUX_F_UNLCK ||
	    (ofd && u.pid != 0))
		return E_INVAL;
	want.type = (uint8_t)u.type;
	want.owner = ofd ? (const void *)f : process_current()->descs;
	want.pid = ofd ? -1 : (int32_t)process_current()->pid;
	if (cmd == CMD_GET)
		return u.type == LINUX_F_UNLCK ? E_INVAL
		                               : get_lock(f, &want, arg);
	if ((u.type == LINUX_F_RDLCK && mode == O_WRONLY) ||
	    (u.type == LINUX_F_WRLCK && mode == O_RDONLY))
		return E_BADF;
	if (ofd)
		f->flocked = true;
	return set_lock(f->node, &want, cmd == CMD_WAIT);
}

long file_flock(struct object *o, int operation)
{
	struct file *f = lockable(o);
	struct file_lock want = {
	    .kind = KIND_FLOCK, .end = UINT64_MAX, .pid = -1, .owner = f};
	bool wait = !(operation & FLOCK_NB);
	enum err e;

	if (o->oflags & O_PATH)
		return E_BADF;
	if (!f)
		return E_INVAL;
	switch (operation & ~FLOCK_NB) {
	case FLOCK_SH:
		want.type = LINUX_F_RDLCK;
		break;
	case FLOCK_EX:
		want.type = LINUX_F_WRLCK;
		break;
	case FLOCK_UN:
		want.type = LINUX_F_UNLCK;
		break;
	default:
		return E_INVAL;
	}
	f->flocked = true;
	e = set_lock(f->node, &want, false);
	if (e != E_AGAIN || !wait)
		return e;
	/* As flock(2) says: a conversion gives up the old lock and waits. */
	want.type = LINUX_F_UNLCK;
	e = set_lock(f->node, &want, false);
	want.type = (operation & FLOCK_EX) ? LINUX_F_WRLCK : LINUX_F_RDLCK;
	return e == OK ? set_lock(f->node, &want, true) : e;
}

/* Drop all locks of an owner on n. */
static void drop_owner(struct node *n, const void *owner)
{
	struct file_lock *l, *tmp;
	bool any = false;

	mutex_take(&mutex);
	list_for_each_safe(l, tmp, &n->locks, link) if (l->owner == owner)
	{
		list_remove(&l->link);
		kfree(l);
		any = true;
	}
	unblock(n, owner);
	mutex_drop(&mutex);
	if (any)
		wait_wake_all(queue_of(n));
}

void file_locks_flush(struct file *f, const struct desc_table *table)
{
	drop_owner(f->node, table);
}

void file_locks_release(struct file *f)
{
	drop_owner(f->node, f);
}
