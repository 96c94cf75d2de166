/* tests/host/shim.c -- the kernel around a unit under test, as a program. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sanitizer/asan_interface.h>
#include "shim.h"
#include "kernel/core/clock.h"
#include "kernel/core/klog.h"
#include "kernel/core/mutex.h"
#include "kernel/core/panic.h"
#include "kernel/core/rcu.h"
#include "kernel/core/sched.h"
#include "kernel/core/wait.h"
#include "kernel/mm/drain.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/object/silo.h"

/*
 * Everything is weak, so that a test links the real file beside this one. One
 * thread, one CPU: a lock that is already held is a bug and panics.
 */
#define WEAK __attribute__((weak))

/* CPUs and preemption. */
WEAK unsigned cpu_count = 1;
WEAK unsigned cpu_online_count = 1;
WEAK uint32_t preempt_count;
WEAK uint32_t need_resched;

WEAK void preempt_schedule(void)
{
	need_resched = 0;
}

void shim_preempt_reset(void)
{
	preempt_count = 0;
}

WEAK struct thread *thread_hosted_current(void)
{
	static struct thread thread;

	return &thread;
}

WEAK void sched_yield(void)
{
}

WEAK enum err sched_sleep_until(nsec_t deadline, int mode)
{
	(void)deadline;
	(void)mode;
	return OK;
}

/* Panic, log, formatting. */
jmp_buf shim_panic_jump;
bool shim_panic_expected;
char shim_panic_text[256];
char shim_log_text[256];
unsigned shim_log_count;
WEAK _Atomic bool panic_active;
WEAK unsigned klog_console_level = LOG_WARN;

WEAK noreturn_fn void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(shim_panic_text, sizeof(shim_panic_text), fmt, ap);
	va_end(ap);
	if (shim_panic_expected)
		longjmp(shim_panic_jump, 1);
	fprintf(stderr, "panic: %s\n", shim_panic_text);
	abort();
}

WEAK void klog(enum klog_level level, const char *subsys, const char *fmt, ...)
{
	va_list ap;
	int n = snprintf(shim_log_text, sizeof(shim_log_text), "%s: ", subsys);

	(void)level;
	va_start(ap, fmt);
	vsnprintf(shim_log_text + n, sizeof(shim_log_text) - n, fmt, ap);
	va_end(ap);
	shim_log_count++;
	if (getenv("SHIM_LOG"))
		fprintf(stderr, "%s\n", shim_log_text);
}

WEAK int kvsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
	return vsnprintf(buf, size, fmt, ap);
}

WEAK int ksnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, size, fmt, ap);
	va_end(ap);
	return n;
}

WEAK size_t kstrlcpy(char *dst, const char *src, size_t size)
{
	size_t n = strlen(src);
	size_t m = n < size ? n : size - 1;

	memcpy(dst, src, m);
	dst[m] = '\0';
	return n;
}

WEAK const char *err_name(enum err e)
{
	switch (e) {
#define X(name, value, text) \
	case name:           \
		return #name;
		ERR_LIST(X)
#undef X
	case OK:
		return "OK";
	}
	return "E_?";
}

/* Locks. */
WEAK void lock_init(struct lock *l, enum lock_rank rank)
{
	*l = (struct lock){.rank = rank};
}

WEAK NO_LOCK_CHECK void lock_take_nested(struct lock *l)
{
	lock_take(l);
}

WEAK NO_LOCK_CHECK bool lock_try(struct lock *l)
{
	if (l->held)
		return false;
	lock_take(l);
	return true;
}

WEAK bool lock_held(const struct lock *l)
{
	return l->held;
}

WEAK void lock_spin(struct lock *l)
{
	panic("deadlock: lock of rank %u is held", l->rank);
}

#ifdef CONFIG_DEBUG
WEAK void lock_debug_take(struct lock *l, const void *site)
{
	(void)l;
	(void)site;
}
WEAK void lock_debug_taken(struct lock *l, const void *site)
{
	(void)l;
	(void)site;
}
WEAK void lock_debug_drop(struct lock *l)
{
	KASSERT(l->held);
}
#endif

WEAK void mutex_init(struct mutex *m, enum lock_rank rank)
{
	*m = (struct mutex){.lock = LOCK_INIT(rank)};
}

WEAK NO_LOCK_CHECK void mutex_take(struct mutex *m)
{
	KASSERT(!m->owner);
	m->owner = 1;
}

WEAK NO_LOCK_CHECK void mutex_take_nested(struct mutex *m)
{
	mutex_take(m);
}

WEAK NO_LOCK_CHECK bool mutex_try(struct mutex *m)
{
	if (m->owner)
		return false;
	m->owner = 1;
	return true;
}

WEAK NO_LOCK_CHECK void mutex_drop(struct mutex *m)
{
	KASSERT(m->owner);
	m->owner = 0;
}

WEAK bool mutex_held(const struct mutex *m)
{
	return m->owner;
}

#define RW_WRITER (1ull << 63)

WEAK void rwlock_init(struct rwlock *l, enum lock_rank rank)
{
	*l = (struct rwlock){.lock = LOCK_INIT(rank)};
}

WEAK NO_LOCK_CHECK void rwlock_read(struct rwlock *l)
{
	KASSERT(!(l->state & RW_WRITER));
	l->state++;
}

WEAK NO_LOCK_CHECK void rwlock_read_drop(struct rwlock *l)
{
	KASSERT(l->state && !(l->state & RW_WRITER));
	l->state--;
}

WEAK NO_LOCK_CHECK void rwlock_write(struct rwlock *l)
{
	KASSERT(!l->state);
	l->state = RW_WRITER;
}

WEAK NO_LOCK_CHECK void rwlock_write_drop(struct rwlock *l)
{
	KASSERT(l->state == RW_WRITER);
	l->state = 0;
}

WEAK bool rwlock_write_held(const struct rwlock *l)
{
	return l->state & RW_WRITER;
}

/* RCU: callbacks run at the next rcu_sync or rcu_barrier. */
static struct rcu_head *rcu_waiting;

WEAK void rcu_call(struct rcu_head *h, void (*fn)(struct rcu_head *h))
{
	h->fn = fn;
	h->next = rcu_waiting;
	rcu_waiting = h;
}

WEAK void rcu_barrier(void)
{
	while (rcu_waiting) {
		struct rcu_head *h = rcu_waiting;

		rcu_waiting = h->next;
		h->fn(h);
	}
}

WEAK void rcu_sync(void)
{
	rcu_barrier();
}

/* Waiting: nobody else could wake us, so sleeping ends as by a signal. */
WEAK void wait_queue_init(struct wait_queue *q)
{
	*q = (struct wait_queue){.lock = LOCK_INIT(RANK_WAITQ)};
	list_init(&q->waiters);
}

WEAK void wait_begin(struct wait_queue *q, struct waiter *w)
{
	w->queue = q;
	list_push_back(&q->waiters, &w->link);
}

WEAK enum err wait_sleep(struct waiter *w, enum wait_mode mode, nsec_t deadline)
{
	(void)w;
	(void)deadline;
	if (mode == WAIT_UNINTR)
		panic("uninterruptible sleep in a hosted test");
	return E_INTR;
}

WEAK void wait_end(struct waiter *w)
{
	list_remove(&w->link);
}

WEAK void wait_wake_events(struct wait_queue *q, unsigned n, uint32_t events)
{
	struct waiter *w, *tmp;

	(void)n;
	list_for_each_safe(w, tmp, &q->waiters, link) if (w->fn)
	    w->fn(w, events);
}

WEAK nsec_t clock_now(void)
{
	static nsec_t now;

	return now += NSEC_PER_USEC;
}

WEAK nsec_t clock_wall(void)
{
	return 1700000000 * NSEC_PER_SEC + clock_now();
}

uint64_t shim_random_state = 0x9e3779b97f4a7c15;

uint32_t shim_random(uint32_t below)
{
	shim_random_state ^= shim_random_state << 13;
	shim_random_state ^= shim_random_state >> 7;
	shim_random_state ^= shim_random_state << 17;
	return (uint32_t)(shim_random_state >> 32) % below;
}

WEAK uint64_t random_u64(void)
{
	shim_random(1);
	return shim_random_state;
}

WEAK void random_bytes(void *buf, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((uint8_t *)buf)[i] = shim_random(256);
}

/* Fault injection. */
static long fail_after = -1;
static bool failed;

void kalloc_fail_after(long n)
{
	fail_after = n;
	failed = false;
}

bool kalloc_failed(void)
{
	return failed;
}

bool kalloc_should_fail(void)
{
	if (fail_after < 0 || fail_after-- > 0)
		return false;
	failed = true;
	return true;
}

/* kmalloc and slabs over malloc: ASan watches every object. */
static long objects_live;

long kalloc_live(void)
{
	return objects_live;
}

WEAK void *kmalloc(size_t n)
{
	if (kalloc_should_fail())
		return NULL;
	objects_live++;
	return malloc(n ? n : 1);
}

WEAK void *kmalloc_atomic(size_t n)
{
	return kmalloc(n);
}

WEAK void *kzalloc(size_t n)
{
	void *p = kmalloc(n);

	return p ? memset(p, 0, n) : NULL;
}

WEAK void kfree(void *p)
{
	objects_live -= p != NULL;
	free(p);
}

WEAK char *kstrdup(const char *s)
{
	char *p = kmalloc(strlen(s) + 1);

	return p ? strcpy(p, s) : NULL;
}

struct shim_cache {
	size_t size, align;
};

WEAK struct slab_cache *slab_create(const char *name, size_t size, size_t align)
{
	static struct shim_cache caches[64];
	static unsigned count;
	struct shim_cache *c = &caches[count++];

	(void)name;
	KASSERT(count < COUNT(caches));
	c->align = MAX(align, 16ul);
	c->size = ALIGN_UP(size, c->align);
	return (struct slab_cache *)c;
}

WEAK void *slab_alloc(struct slab_cache *cache)
{
	struct shim_cache *c = (struct shim_cache *)cache;

	if (kalloc_should_fail())
		return NULL;
	objects_live++;
	return aligned_alloc(c->align, c->size);
}

WEAK void *slab_alloc_atomic(struct slab_cache *c)
{
	return slab_alloc(c);
}

WEAK void slab_free(struct slab_cache *c, void *p)
{
	(void)c;
	objects_live--;
	free(p);
}

WEAK void *vmalloc(size_t n)
{
	return kmalloc(n);
}

WEAK void *vzalloc(size_t n)
{
	return kzalloc(n);
}

WEAK void vfree(void *p)
{
	kfree(p);
}

/* Fake RAM, and frames out of it; frame 0 is never given. */
enum { SHIM_FRAMES = SHIM_RAM_SIZE / PAGE_SIZE };
WEAK vaddr_t hhdm_base;
static struct page shim_pages[SHIM_FRAMES];
WEAK struct page *page_array = shim_pages;
WEAK uint64_t page_count = SHIM_FRAMES;
static long frames_live;

void shim_ram_init(void)
{
	void *p;

	if (hhdm_base)
		return;
	p = mmap(NULL, SHIM_RAM_SIZE + MIB(4), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	KASSERT(p != MAP_FAILED);
	hhdm_base = ALIGN_UP((vaddr_t)p, MIB(4));
	__asan_poison_memory_region((void *)hhdm_base, SHIM_RAM_SIZE);
}

long page_live(void)
{
	return frames_live;
}

static bool frames_free(unsigned first, unsigned n)
{
	for (unsigned i = first; i < first + n; i++)
		if (shim_pages[i].flags)
			return false;
	return true;
}

WEAK void silo_pin(struct silo *s)
{
	(void)s;
}

WEAK void silo_unpin(struct silo *s)
{
	(void)s;
}

WEAK struct page *page_alloc(unsigned order, unsigned flags, struct silo *silo)
{
	static unsigned hint;
	unsigned n = 1u << order;

	shim_ram_init();
	if (kalloc_should_fail())
		return NULL;
	for (unsigned tries = 0; tries < SHIM_FRAMES / n; tries++) {
		unsigned f = (hint = (hint + n) % SHIM_FRAMES) & ~(n - 1);
		struct page *p = &shim_pages[f];

		if (!f || !frames_free(f, n))
			continue;
		for (unsigned i = 0; i < n; i++)
			p[i].flags = PAGE_KERNEL;
		p->flags = PAGE_KERNEL | order << 8;
		p->refs = 1;
		p->silo = silo ? 1 : 0;
		frames_live += n;
		__asan_unpoison_memory_region(page_to_virt(p), n * PAGE_SIZE);
		memset(page_to_virt(p), flags & ALLOC_ZERO ? 0 : 0xa5,
		    n * PAGE_SIZE);
		return p;
	}
	return NULL;
}

WEAK void page_free(struct page *p, unsigned order)
{
	KASSERT(p->flags & PAGE_USE);
	for (unsigned i = 0; i < 1u << order; i++)
		p[i].flags = 0;
	frames_live -= 1l << order;
	__asan_poison_memory_region(page_to_virt(p), PAGE_SIZE << order);
}

WEAK void page_split(struct page *p, unsigned order)
{
	for (unsigned i = 0; i < 1u << order; i++) {
		p[i].refs = 1;
		p[i].flags = PAGE_KERNEL;
		p[i].silo = p->silo;
	}
}

WEAK bool page_managed(paddr_t pa)
{
	return pa < SHIM_RAM_SIZE;
}

WEAK uint64_t page_managed_count(void)
{
	return SHIM_FRAMES - 1;
}

WEAK uint64_t page_free_count(void)
{
	return SHIM_FRAMES - 1 - frames_live;
}

WEAK void drain_all(void)
{
}

WEAK void reclaim_register_local(const char *name, reclaim_fn *fn)
{
	(void)name;
	(void)fn;
}

WEAK void reclaim_register(const char *name, reclaim_fn *fn)
{
	(void)name;
	(void)fn;
}

WEAK bool oom_kill(void)
{
	return false;
}
