/* kernel/object/sighand.c -- tables of signal actions. */
/* SPDX-License-Identifier: MIT */
#include "kernel/object/signal_internal.h"
#include "kernel/core/panic.h"
#include "kernel/mm/slab.h"

static struct slab_cache *sighand_cache;

static struct sighand *sighand_alloc(void)
{
	struct sighand *h = slab_alloc(sighand_cache);

	if (!h)
		return NULL;
	atomic_init(&h->refs, 1);
	/* Inside sig_lock, whose rank it follows. */
	lock_init(&h->lock, (enum lock_rank)(RANK_SIGHAND + 1));
	h->set = 0;
	h->ignored = 0;
	h->caught = 0;
	return h;
}

struct sighand *sighand_create(void)
{
	return sighand_alloc();
}

struct sighand *sighand_copy(struct sighand *h, bool clear)
{
	struct sighand *n = sighand_alloc();

	if (!n)
		return NULL;
	n->ignored = h->ignored;
	n->caught = clear ? 0 : h->caught;
	n->set = clear ? h->ignored : h->set;
	for (uint64_t left = n->set; left; left &= left - 1) {
		unsigned i = __builtin_ctzll(left);

		n->actions[i] = h->actions[i];
	}
	return n;
}

void sighand_put(struct sighand *h)
{
	if (h && atomic_fetch_sub(&h->refs, 1) == 1)
		slab_free(sighand_cache, h);
}

enum err sighand_unshare(struct process *p)
{
	struct sighand *old = p->sighand;
	struct sighand *h;
	irqflags_t f;

	if (atomic_load(&old->refs) == 1)
		return OK;
	h = sighand_copy(old, false);
	if (!h)
		return E_NOMEM;
	f = lock_take_irq(&p->sig_lock);
	p->sighand = h;
	lock_drop_irq(&p->sig_lock, f);
	sighand_put(old);
	return OK;
}

void sighand_reset_handlers(struct process *p)
{
	irqflags_t f = lock_take_irq(&p->sig_lock);
	struct sighand *h = p->sighand;
	uint64_t left;

	KASSERT_SLOW(atomic_load(&h->refs) == 1);
	h->caught = 0;
	h->set = h->ignored;
	for (left = h->set; left; left &= left - 1) {
		struct sigaction *a = &h->actions[__builtin_ctzll(left)];

		*a = (struct sigaction){.handler = SIG_IGN};
	}
	lock_drop_irq(&p->sig_lock, f);
}

NO_LOCK_CHECK void sighand_get_action(
    struct sighand *h, int signo, struct sigaction *out)
{
	bool shared = atomic_load_explicit(&h->refs, memory_order_relaxed) > 1;

	if (!(h->set & SIGBIT(signo))) {
		*out = (struct sigaction){0};
		return;
	}
	if (shared)
		lock_take(&h->lock);
	*out = h->actions[signo - 1];
	if (shared)
		lock_drop(&h->lock);
}

void sighand_init(void)
{
	sighand_cache = slab_create(
	    "sighand", sizeof(struct sighand), _Alignof(struct sighand));
}
