/* kernel/arch/x86_64/irq.c -- vectors, lines and MSI: who handles what. */
/* SPDX-License-Identifier: MIT */
#include "kernel/arch/x86_64/irq.h"
#include "kernel/arch/x86_64/apic.h"
#include "kernel/arch/x86_64/ipi.h"
#include "kernel/arch/x86_64/regs.h"
#include "kernel/arch/x86_64/traps.h"
#include "kernel/core/klog.h"
#include "kernel/core/panic.h"
#include "kernel/core/rcu.h"
#include "kernel/core/sched.h"
#include "kernel/core/string.h"
#include "kernel/core/timer.h"
#include "kernel/mm/slab.h"

/*
 * Each CPU has a table from device vectors to sources. A source is an IOAPIC
 * line (level lines may be shared: a chain of handlers) or one MSI vector.
 * Dispatch reads table and chain without a lock, as an RCU reader; changes are
 * made under irq_lock, and what was unlinked is freed after a grace period.
 *
 * Storm: a line whose handlers all said "not mine" STORM times in a row would
 * starve the machine; it is masked, with a message.
 */
enum {
	VECTORS = VECTOR_DEVICE_LAST - VECTOR_DEVICE_FIRST + 1,
	GSIS_MAX = 256,
	STORM = 20000,
	PIC_SPURIOUS_FIRST = 0x20,
	PIC_SPURIOUS_LAST = 0x2f,
	MSI_ADDRESS = 0xfee00000,
};

struct action {
	struct action *next;
	irq_handler *fn;
	void *arg;
	const char *name;
};

struct source {
	struct action *actions; /* RCU chain */
	int gsi;                /* -1: MSI */
	bool level, low;
	uint8_t vector, cpu;
	uint32_t unhandled; /* in a row; by the CPU that takes it */
	_Atomic uint64_t count;
};

struct vector_table {
	struct source *sources[VECTORS];
};
static PERCPU_DEFINE(struct vector_table, vector_table);
static PERCPU_DEFINE(uint64_t, irq_total);

static struct lock irq_lock = LOCK_INIT(RANK_IRQ);
static struct source *lines[GSIS_MAX] GUARDED_BY(&irq_lock);
static unsigned next_cpu GUARDED_BY(&irq_lock);

static struct source **slot(unsigned cpu, uint8_t vector)
{
	struct vector_table *t = percpu_of(vector_table, cpu);

	return &t->sources[vector - VECTOR_DEVICE_FIRST];
}

/* n consecutive free vectors of a CPU, aligned to n; 0: none. */
REQUIRES(&irq_lock) static uint8_t find_vectors_locked(unsigned cpu, unsigned n)
{
	for (unsigned v = ALIGN_UP(VECTOR_DEVICE_FIRST, n);
	    v + n - 1 <= VECTOR_DEVICE_LAST; v += n) {
		unsigned i = 0;

		while (i < n && *slot(cpu, v + i) == NULL)
			i++;
		if (i == n)
			return v;
	}
	return 0;
}

static struct action *action_create(
    const char *name, irq_handler *fn, void *arg)
{
	struct action *a = kzalloc(sizeof(*a));

	if (a != NULL)
		*a = (struct action){.fn = fn, .arg = arg, .name = name};
	return a;
}

REQUIRES(&irq_lock) static enum err add_line_locked(
    struct source *s, struct action *a)
{
	struct source *old = lines[s->gsi];
	uint8_t v;

	if (old != NULL) {
		/* Only level lines of one polarity can be shared. */
		if (!old->level || !s->level || old->low != s->low)
			return E_BUSY;
		a->next = old->actions;
		rcu_store(old->actions, a);
		return E_EXIST;
	}
	v = find_vectors_locked(0, 1);
	if (v == 0)
		return E_BUSY;
	if (!ioapic_route(s->gsi, v, cpu_apic_id[0], s->level, s->low))
		return E_NODEV;
	s->vector = v;
	s->actions = a;
	lines[s->gsi] = s;
	rcu_store(*slot(0, v), s);
	ioapic_mask(s->gsi, false);
	return OK;
}

enum err irq_request_gsi(unsigned gsi, bool level, bool active_low,
    const char *name, irq_handler *fn, void *arg)
{
	struct source *s;
	struct action *a;
	irqflags_t f;
	enum err e;

	if (gsi >= GSIS_MAX || gsi >= ioapic_gsi_count())
		return E_NODEV;
	s = kzalloc(sizeof(*s));
	a = action_create(name, fn, arg);
	if (s == NULL || a == NULL) {
		kfree(s);
		kfree(a);
		return E_NOMEM;
	}
	s->gsi = (int)gsi;
	s->level = level;
	s->low = active_low;
	f = lock_take_irq(&irq_lock);
	e = add_line_locked(s, a);
	lock_drop_irq(&irq_lock, f);
	if (e == OK)
		return OK;
	kfree(s); /* shared: the line has its own */
	if (e == E_EXIST)
		return OK;
	kfree(a);
	return e;
}

enum err irq_request_isa(
    unsigned line, const char *name, irq_handler *fn, void *arg)
{
	bool level, low;
	unsigned gsi = isa_to_gsi(line, &level, &low);

	return irq_request_gsi(gsi, level, low, name, fn, arg);
}

void irq_release(unsigned gsi, void *arg)
{
	struct action *gone = NULL, **link;
	struct source *s, *dead = NULL;
	irqflags_t f;

	if (gsi >= GSIS_MAX)
		return;
	f = lock_take_irq(&irq_lock);
	s = lines[gsi];
	for (link = s ? &s->actions : NULL; link && *link;
	    link = &(*link)->next)
		if ((*link)->arg == arg) {
			gone = *link;
			rcu_store(*link, gone->next);
			break;
		}
	if (s != NULL && s->actions == NULL) {
		ioapic_mask(gsi, true);
		lines[gsi] = NULL;
		rcu_store(*slot(s->cpu, s->vector), NULL);
		dead = s;
	}
	lock_drop_irq(&irq_lock, f);
	if (gone != NULL)
		rcu_sync();
	kfree(gone);
	kfree(dead);
}

/* Links n prepared sources into one CPU's table. */
REQUIRES(&irq_lock) static enum err place_msi_locked(
    struct source **s, unsigned n, struct msi_message *out)
{
	for (unsigned tries = 0; tries < cpu_online_count; tries++) {
		unsigned cpu = next_cpu++ % cpu_online_count;
		uint8_t v = find_vectors_locked(cpu, n);

		if (v == 0 || cpu_apic_id[cpu] > 254)
			continue;
		for (unsigned i = 0; i < n; i++) {
			s[i]->vector = v + i;
			s[i]->cpu = cpu;
			rcu_store(*slot(cpu, v + i), s[i]);
			out[i] = (struct msi_message){
			    .address = MSI_ADDRESS | cpu_apic_id[cpu] << 12,
			    .data = v + i,
			    .vector = v + i,
			    .cpu = cpu};
		}
		return OK;
	}
	return E_BUSY;
}

enum err irq_alloc_msi(unsigned count, const char *name, irq_handler *fn,
    void *arg, struct msi_message *out)
{
	struct source *s[32] = {NULL};
	enum err e = OK;
	irqflags_t f;

	/* Plain MSI: powers of two up to 32, consecutive. */
	if (count == 0 || count > COUNT(s) || count & (count - 1))
		return E_INVAL;
	for (unsigned i = 0; i < count && e == OK; i++) {
		s[i] = kzalloc(sizeof(*s[i]));
		if (s[i] == NULL ||
		    (s[i]->actions = action_create(name, fn, arg)) == NULL)
			e = E_NOMEM;
		else
			s[i]->gsi = -1;
	}
	if (e == OK) {
		f = lock_take_irq(&irq_lock);
		e = place_msi_locked(s, count, out);
		lock_drop_irq(&irq_lock, f);
	}
	for (unsigned i = 0; i < count && e != OK; i++) {
		if (s[i] != NULL)
			kfree(s[i]->actions);
		kfree(s[i]);
	}
	return e;
}

void irq_free_msi(const struct msi_message *m, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		irqflags_t f = lock_take_irq(&irq_lock);
		struct source **at = slot(m[i].cpu, m[i].vector);
		struct source *s = *at;

		rcu_store(*at, NULL);
		lock_drop_irq(&irq_lock, f);
		rcu_sync();
		if (s != NULL)
			kfree(s->actions);
		kfree(s);
	}
}

static void storm(struct source *s)
{
	if (s->gsi < 0)
		return;
	lock_take(&irq_lock);
	ioapic_mask(s->gsi, true);
	lock_drop(&irq_lock);
	klog(LOG_ERR, "irq", "mask gsi=%d: nobody handles it", s->gsi);
}

static void device_interrupt(unsigned vector)
{
	struct source *s = rcu_load(*slot(cpu_id(), vector));
	bool mine = false;

	if (s == NULL) {
		if (lapic_in_service(vector))
			lapic_eoi();
		return;
	}
	for (struct action *a = rcu_load(s->actions); a; a = rcu_load(a->next))
		mine = a->fn(a->arg) || mine;
	atomic_fetch_add_explicit(&s->count, 1, memory_order_relaxed);
	s->unhandled = mine ? 0 : s->unhandled + 1;
	if (unlikely(s->unhandled == STORM))
		storm(s);
	lapic_eoi();
}

static void system_interrupt(unsigned vector)
{
	if (vector == VECTOR_SPURIOUS ||
	    (vector >= PIC_SPURIOUS_FIRST && vector <= PIC_SPURIOUS_LAST))
		return;
	lapic_eoi();
	ipi_handle(vector);
}

/* Handlers run as RCU readers: nothing is switched until they are done. */
void irq_dispatch(struct regs *r, unsigned vector)
{
	uint32_t locks = lock_debug_irq_enter();

	preempt_count++;
	rcu_interrupt();
	irq_total++;
	if (vector == VECTOR_TIMER) {
		lapic_eoi();
		sched_sample(regs_user(r));
		timer_interrupt();
	} else if (vector >= VECTOR_DEVICE_FIRST &&
	           vector <= VECTOR_DEVICE_LAST) {
		device_interrupt(vector);
	} else {
		system_interrupt(vector);
	}
	preempt_count--;
	lock_debug_irq_exit(locks);
}

uint64_t irq_count(unsigned cpu)
{
	return *(uint64_t *)percpu_of(irq_total, cpu);
}

static size_t describe(
    char *buf, size_t size, unsigned cpu, const struct source *s)
{
	const struct action *a = rcu_load(s->actions);
	char line[16];

	if (s->gsi >= 0)
		ksnprintf(line, sizeof(line), "%d", s->gsi);
	else
		ksnprintf(line, sizeof(line), "msi");
	return ksnprintf(buf, size, "%4s: %10llu  cpu%u vector %u %s  %s\n",
	    line, (unsigned long long)atomic_load(&s->count), cpu, s->vector,
	    s->gsi < 0 ? "edge"
	    : s->level ? "level"
	               : "edge",
	    a ? a->name : "");
}

size_t irq_describe(char *buf, size_t size)
{
	size_t n = 0;

	if (size == 0)
		return 0;
	buf[0] = 0;
	rcu_read_enter();
	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++)
		for (unsigned v = 0; v < VECTORS; v++) {
			struct source *s =
			    rcu_load(*slot(cpu, VECTOR_DEVICE_FIRST + v));

			if (s != NULL && n < size)
				n += describe(buf + n, size - n, cpu, s);
		}
	for (unsigned cpu = 0; cpu < cpu_online_count && n < size; cpu++)
		n += ksnprintf(buf + n, size - n, "cpu%u: %10llu  all\n", cpu,
		    (unsigned long long)irq_count(cpu));
	rcu_read_exit();
	return MIN(n, size - 1);
}
