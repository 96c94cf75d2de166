/* kernel/object/cred.c -- who a process acts as. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/object/process_internal.h"
#include "kernel/object/restrict.h"
#include "kernel/object/signal_internal.h"
#include "kernel/core/string.h"
#include "kernel/mm/slab.h"

/*
 * Credentials are immutable once published: a change makes a new copy and
 * replaces the pointer. fork shares them. Others read p->cred under RCU and
 * take a reference with it; the owner reads its own without.
 */
static struct slab_cache *cred_cache;

struct cred *cred_get(struct cred *c)
{
	atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
	return c;
}

static void cred_free(struct rcu_head *h)
{
	slab_free(cred_cache, container_of(h, struct cred, rcu));
}

void cred_put(struct cred *c)
{
	if (c && atomic_fetch_sub(&c->refs, 1) == 1)
		rcu_call(&c->rcu, cred_free);
}

struct cred *process_cred(struct process *p)
{
	struct cred *c;

	rcu_read_enter();
	do {
		c = rcu_load(p->cred);
	} while (!process_ref_unless_zero(&c->refs));
	rcu_read_exit();
	return c;
}

struct cred *cred_alloc(void)
{
	struct cred *c = slab_alloc(cred_cache);

	if (c)
		atomic_init(&c->refs, 1);
	return c;
}

struct cred *cred_copy_current(void)
{
	const struct cred *old = cred_current();
	struct cred *c = cred_alloc();

	if (!c)
		return NULL;
	memcpy(&c->uid, &old->uid,
	    offsetof(struct cred, groups) - offsetof(struct cred, uid));
	memcpy(c->groups, old->groups, old->ngroups * sizeof(c->groups[0]));
	return c;
}

void cred_commit(struct cred *c)
{
	struct process *p = process_current();
	struct cred *old = p->cred;

	/* Another identity's memory must not be readable by the old one. */
	if (old->euid != c->euid || old->egid != c->egid ||
	    old->fsuid != c->fsuid || old->fsgid != c->fsgid)
		p->dumpable = 0;
	rcu_store(p->cred, c);
	cred_put(old);
}

struct cred *cred_first(void)
{
	struct cred *c = cred_alloc();

	if (!c)
		return NULL;
	memset(&c->uid, 0,
	    offsetof(struct cred, groups) - offsetof(struct cred, uid));
	c->cap_effective = CAPS_ALL;
	c->cap_permitted = CAPS_ALL;
	return c;
}

void cred_settle_caps(const struct cred *old, struct cred *c)
{
	bool was = old->uid == 0 || old->euid == 0 || old->suid == 0;
	bool is = c->uid == 0 || c->euid == 0 || c->suid == 0;

	if (was && !is) {
		c->cap_permitted = 0;
		c->cap_effective = 0;
	} else if (old->euid == 0 && c->euid != 0) {
		c->cap_effective = 0;
	} else if (old->euid != 0 && c->euid == 0) {
		c->cap_effective = c->cap_permitted;
	}
}

bool cred_privileged(void)
{
	const struct cred *c = cred_current();

	return c->euid == 0 && (c->cap_effective & CAP_ADMIN);
}

bool cred_system(void)
{
	return cred_privileged() &&
	       LABEL_TIER(silo_current()->label) != TIER_USER;
}

bool cred_in_group(const struct cred *c, uint32_t gid)
{
	if (c->fsgid == gid)
		return true;
	for (uint32_t i = 0; i < c->ngroups; i++) {
		if (c->groups[i] == gid)
			return true;
	}
	return false;
}

bool cred_may_signal(const struct process *target, int signo)
{
	const struct cred *self = cred_current();
	const struct cred *c;
	bool may;

	if (target == process_current())
		return true;
	if (!process_subject(target))
		return false;
	if (cred_privileged())
		return true;
	rcu_read_enter();
	c = rcu_load(target->cred);
	may = self->euid == c->suid || self->euid == c->uid ||
	      self->uid == c->suid || self->uid == c->uid;
	rcu_read_exit();
	if (!may && signo == SIGCONT)
		may = target->session == process_current()->session;
	return may;
}

void cred_init(void)
{
	cred_cache =
	    slab_create("cred", sizeof(struct cred), _Alignof(struct cred));
}
