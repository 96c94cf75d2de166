/* kernel/socket/rights.c -- descriptors on their way in a message. */
/* SPDX-License-Identifier: MIT */
#include "kernel/socket/rights.h"
#include "kernel/socket/unix_internal.h"
#include "kernel/socket/unix_gc.h"
#include "kernel/mm/slab.h"
#include "kernel/object/desc.h"
#include "kernel/object/restrict.h"

/*
 * What is in flight is bounded twice: the silo is charged for it as for
 * descriptors, and a user may have no more in flight than RLIMIT_NOFILE.
 *
 * Dropping a message may drop the last reference to a socket, whose queue may
 * hold messages with sockets, and so on. So that this does not recurse, a
 * thread that is dropping queues what comes up meanwhile (struct drain).
 */
struct rights_user {
	struct list link;
	uint32_t uid;
	uint32_t count;
};

static struct list users GUARDED_BY(&rights_lock) = LIST_INIT(users);
static _Atomic uint64_t rights_count;

uint64_t rights_live(void)
{
	return rights_count;
}

static struct rights_user *user_find(uint32_t uid) REQUIRES(&rights_lock)
{
	struct rights_user *u;

	list_for_each(u, &users, link)
	{
		if (u->uid == uid)
			return u;
	}
	u = kmalloc(sizeof(*u));
	if (u) {
		u->uid = uid;
		u->count = 0;
		list_push_back(&users, &u->link);
	}
	return u;
}

static void user_leave(struct rights_user *u, uint32_t n) REQUIRES(&rights_lock)
{
	u->count -= n;
	if (u->count == 0) {
		list_remove(&u->link);
		kfree(u);
	}
}

/* Count r as in flight. E_NOMEM, E_TOOMANYREFS. */
static enum err flight_begin(struct right_set *r)
{
	uint64_t limit = process_current()->rlimits[RL_NOFILE].cur;
	enum err e = OK;

	mutex_take(&rights_lock);
	r->user = user_find(cred_current()->uid);
	if (!r->user)
		e = E_NOMEM;
	else if (r->user->count + r->count > limit && !cred_privileged())
		e = E_TOOMANYREFS;
	if (e == OK) {
		r->user->count += r->count;
		for (uint32_t i = 0; i < r->count; i++)
			unix_gc_count(r->of[i].grant->object, 1);
	} else if (r->user && r->user->count == 0) {
		user_leave(r->user, 0);
	}
	mutex_drop(&rights_lock);
	return e;
}

/* True when a socket that was in flight with r still is elsewhere. */
static bool flight_end(struct right_set *r)
{
	bool again = false;

	mutex_take(&rights_lock);
	user_leave(r->user, r->count);
	for (uint32_t i = 0; i < r->count; i++)
		again |= unix_gc_count(r->of[i].grant->object, -1);
	mutex_drop(&rights_lock);
	silo_uncharge(r->silo, SILO_DESCRIPTORS, r->count);
	atomic_fetch_sub(&rights_count, r->count);
	return again;
}

static void grants_put(struct right_set *r)
{
	for (uint32_t i = 0; i < r->count; i++)
		grant_put(r->of[i].grant);
	kfree(r);
}

enum err rights_collect(const int32_t *fds, unsigned n, struct right_set **out)
{
	struct right_set *r;
	enum err e = OK;

	if (n > SCM_RIGHTS_MAX)
		return E_INVAL;
	r = kmalloc(sizeof(*r) + n * sizeof(r->of[0]));
	if (!r)
		return E_NOMEM;
	list_init(&r->link);
	r->refs = 1;
	r->silo = silo_current();
	for (r->count = 0; r->count < n && e == OK;) {
		struct right *x = &r->of[r->count];

		e = desc_get_grant(
		    fds[r->count], RIGHT_GRANT, &x->grant, &x->rights);
		if (e == OK)
			r->count++;
	}
	if (e == OK && silo_charge(r->silo, SILO_DESCRIPTORS, n) != OK)
		e = E_TOOMANYREFS;
	else if (e == OK) {
		e = flight_begin(r);
		if (e != OK)
			silo_uncharge(r->silo, SILO_DESCRIPTORS, n);
	}
	if (e != OK) {
		grants_put(r);
		return e;
	}
	atomic_fetch_add(&rights_count, n);
	*out = r;
	return OK;
}

struct right_set *rights_get(struct right_set *r)
{
	atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
	return r;
}

enum err rights_install(
    const struct right_set *r, unsigned i, unsigned flags, int *fd)
{
	const struct right *x = &r->of[i];
	struct grant *g = x->grant;
	enum err e = restrict_receive(g, r->silo, x->rights & g->rights, &g);

	if (e != OK)
		return e;
	e = desc_install_grant(g, x->rights, flags, 0, fd);
	if (e != OK)
		grant_put(g);
	return e;
}

struct drain {
	struct list link;
	struct thread *thread;
	struct list todo; /* only the thread itself touches it */
};
static struct lock drain_lock = LOCK_INIT(RANK_OBJECT);
static struct list drains = LIST_INIT(drains);

/* What the current thread is in the middle of dropping, or NULL. */
static struct drain *drain_current(void)
{
	struct drain *d, *found = NULL;

	lock_take(&drain_lock);
	list_for_each(d, &drains, link)
	{
		if (d->thread == thread_current())
			found = d;
	}
	lock_drop(&drain_lock);
	return found;
}

void rights_drop(struct right_set *r)
{
	struct drain mine = {.thread = thread_current()}, *d;
	bool cycles = false;

	if (likely(!r) || atomic_fetch_sub(&r->refs, 1) != 1)
		return;
	d = drain_current();
	if (d) {
		list_push_back(&d->todo, &r->link);
		return;
	}
	list_init(&mine.todo);
	list_push_back(&mine.todo, &r->link);
	lock_take(&drain_lock);
	list_push_back(&drains, &mine.link);
	lock_drop(&drain_lock);
	while (!list_empty(&mine.todo)) {
		r = list_first(&mine.todo, struct right_set, link);
		list_remove(&r->link);
		cycles |= flight_end(r);
		grants_put(r);
	}
	lock_take(&drain_lock);
	list_remove(&mine.link);
	lock_drop(&drain_lock);
	if (cycles)
		unix_gc();
}
