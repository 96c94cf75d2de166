/* kernel/object/signalfd.c -- signals that are read and waited for. */
/* SPDX-License-Identifier: MIT */
#include "kernel/object/signalfd.h"
#include "kernel/core/klog.h"
#include "kernel/core/string.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/poll.h"
#include "kernel/object/signal_internal.h"
#include "kernel/vfs/file.h"

/*
 * Whoever reads or polls gets the signals of its own thread and process. A
 * signalfd is found by who is sent a signal in a bucket of its user's; if
 * several processes use it (after fork), it moves to the list of those that
 * every process looks through. `user` is compared, never followed.
 */
enum { BUCKETS = 64, SHARED = BUCKETS };

struct signalfd {
	struct object object; /* first */
	_Atomic uint64_t mask;
	struct wait_queue wait;
	struct process *user; /* fds_lock */
	struct list link;     /* fds_lock */
	_Atomic bool shared;  /* set once */
};

struct signalfd_info { /* = Linux's signalfd_siginfo */
	uint32_t signo;
	int32_t err, code;
	uint32_t pid, uid;
	int32_t fd;
	uint32_t tid, band, overrun, trapno;
	int32_t status, value_int;
	uint64_t value, utime, stime, addr;
	uint8_t rest[48];
};
static_assert(sizeof(struct signalfd_info) == 128, "as on Linux");

enum { ANON_DEV = 12 }; /* st_dev of objects that have no name */

static const struct object_ops signalfd_ops;
static struct lock fds_lock = LOCK_INIT(RANK_OBJECT); /* interrupts off */
static struct list fds[BUCKETS + 1];
_Atomic uint32_t signalfd_count;

static struct signalfd *signalfd_of(struct object *o)
{
	return (struct signalfd *)o;
}

static struct list *bucket(const struct process *p)
{
	struct list *l = &fds[(uintptr_t)p / sizeof(*p) % BUCKETS];

	if (!l->next)
		list_init(l);
	return l;
}

static struct list *shared_list(void)
{
	if (!fds[SHARED].next)
		list_init(&fds[SHARED]);
	return &fds[SHARED];
}

static void wake_list(struct list *l, const struct process *p, uint64_t bit)
{
	struct signalfd *s;

	list_for_each(s, l, link)
	{
		if ((s->mask & bit) && (!p || s->user == p))
			wait_wake_all(&s->wait);
	}
}

void signalfd_notify_slow(struct process *p, int signo)
{
	irqflags_t f = lock_take_irq(&fds_lock);

	wake_list(bucket(p), p, SIGBIT(signo));
	wake_list(shared_list(), NULL, SIGBIT(signo));
	lock_drop_irq(&fds_lock, f);
}

/* The current process uses s: it must be found by its signals. */
static void note_user(struct signalfd *s)
{
	struct process *p = process_current();
	irqflags_t f;

	if (s->shared || s->user == p)
		return;
	f = lock_take_irq(&fds_lock);
	if (s->user != p) {
		s->shared = true;
		list_remove(&s->link);
		list_push_back(shared_list(), &s->link);
	}
	lock_drop_irq(&fds_lock, f);
}

static uint64_t pending(const struct signalfd *s)
{
	const struct thread *t = thread_current();

	/* Single words; what comes later wakes us. */
	return (__atomic_load_n(&t->sig_pending, __ATOMIC_RELAXED) |
	           __atomic_load_n(
	               &t->process->sig_pending, __ATOMIC_RELAXED)) &
	       s->mask;
}

static bool take(struct signalfd *s, struct ksiginfo *out)
{
	struct thread *t = thread_current();
	irqflags_t f = lock_take_irq(&t->process->sig_lock);
	bool got = signal_dequeue_locked(t, s->mask, out);

	signal_recalc_locked(t);
	lock_drop_irq(&t->process->sig_lock, f);
	return got;
}

static void export(const struct ksiginfo *k, struct signalfd_info *i)
{
	memset(i, 0, sizeof(*i));
	i->signo = (uint32_t)k->signo;
	i->err = k->err;
	i->code = k->code;
	i->pid = k->pid;
	i->uid = k->uid;
	i->trapno = k->trapno;
	i->status = k->status;
	i->value = k->value;
	i->value_int = (int32_t)k->value;
	i->utime = k->utime;
	i->stime = k->stime;
	i->addr = k->addr;
}

/* As many signals as there are and fit. */
static long signalfd_read(struct object *o, struct uio *u, int64_t off)
{
	struct signalfd *s = signalfd_of(o);
	struct signalfd_info info;
	struct ksiginfo k;
	long done = 0;

	(void)off;
	if (u->left < sizeof(info))
		return E_INVAL;
	note_user(s);
	while (u->left >= sizeof(info)) {
		if (take(s, &k)) {
			export(&k, &info);
			if (uio_copy_to(u, &info, sizeof(info)) < sizeof(info))
				return done ? done : E_FAULT;
			done += (long)sizeof(info);
			continue;
		}
		if (done)
			break;
		if ((o->oflags & O_NONBLOCK) || (u->flags & UIO_NOWAIT))
			return E_AGAIN;
		if (WAIT_EVENT(&s->wait, pending(s), WAIT_INTR, WAIT_FOREVER) !=
		    OK)
			return E_RESTARTSYS;
	}
	return done;
}

static uint32_t signalfd_poll(struct object *o, struct poll_table *pt)
{
	struct signalfd *s = signalfd_of(o);

	note_user(s);
	poll_wait(pt, &s->wait);
	return pending(s) ? EV_IN | EV_RDNORM : 0;
}

static enum err signalfd_stat(struct object *o, struct kstat *out)
{
	(void)o;
	memset(out, 0, sizeof(*out));
	out->dev = ANON_DEV;
	out->ino = 3;
	out->mode = 0600;
	out->nlink = 1;
	out->blksize = PAGE_SIZE;
	return OK;
}

static size_t signalfd_describe(struct object *o, char *buf, size_t size)
{
	int n = ksnprintf(buf, size, "sigmask:\t%016lx\n",
	    (unsigned long)signalfd_of(o)->mask);

	return n < 0 ? 0 : MIN((size_t)n, size);
}

static void signalfd_release(struct object *o)
{
	struct signalfd *s = signalfd_of(o);
	irqflags_t f = lock_take_irq(&fds_lock);

	list_remove(&s->link);
	signalfd_count--;
	lock_drop_irq(&fds_lock, f);
	kfree(s);
}

static const struct object_ops signalfd_ops = {
    .kind = "signalfd",
    .release = signalfd_release,
    .read = signalfd_read,
    .poll = signalfd_poll,
    .stat = signalfd_stat,
    .describe = signalfd_describe,
};

enum err signalfd_set_mask(struct object *o, uint64_t mask)
{
	struct signalfd *s = signalfd_of(o);

	if (o->ops != &signalfd_ops)
		return E_INVAL;
	s->mask = mask & ~SIGS_UNBLOCKABLE;
	wait_wake_all(&s->wait);
	return OK;
}

enum err signalfd_create(uint64_t mask, uint32_t oflags, struct object **out)
{
	struct signalfd *s = kmalloc(sizeof(*s));
	irqflags_t f;

	if (!s)
		return E_NOMEM;
	s->mask = mask & ~SIGS_UNBLOCKABLE;
	s->user = process_current();
	s->shared = false;
	wait_queue_init(&s->wait);
	object_init(&s->object, &signalfd_ops, O_RDWR | oflags,
	    RIGHTS_ALL & ~(uint32_t)(RIGHT_SEEK | RIGHT_MAP));
	f = lock_take_irq(&fds_lock);
	list_push_back(bucket(s->user), &s->link);
	signalfd_count++;
	lock_drop_irq(&fds_lock, f);
	*out = &s->object;
	return OK;
}
