/* kernel/arch/x86_64/ipi.c -- inter-processor interrupts. */
/* SPDX-License-Identifier: MIT */
#include "kernel/arch/x86_64/ipi.h"
#include "kernel/arch/x86_64/apic.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/arch/x86_64/irq.h"
#include "kernel/arch/x86_64/mmu.h"
#include "kernel/core/klog.h"
#include "kernel/core/lock.h"

/*
 * A call is a node on the stack of its requester, one per target, pushed on
 * the target's list. The target takes the whole list, runs each, and last of
 * all counts `left` down: after that the requester may return, and the node is
 * gone. A requester that waits with interrupts off serves its own list, so two
 * CPUs that call each other get on.
 */
struct call_node {
	struct call_node *next;
	void (*fn)(void *);
	void *arg;
	_Atomic unsigned *left;
};
struct call_list {
	struct call_node *_Atomic first;
};
static PERCPU_DEFINE(struct call_list, call_list);

void ipi_send(unsigned cpu, uint8_t vector)
{
	lapic_send_fixed(cpu_apic_id[cpu], vector);
}

void ipi_send_others(uint8_t vector)
{
	unsigned me;

	preempt_disable();
	me = cpu_id();
	for (unsigned i = 0; i < cpu_online_count; i++)
		if (i != me)
			ipi_send(i, vector);
	preempt_enable();
}

void ipi_resched(unsigned cpu)
{
	ipi_send(cpu, VECTOR_RESCHED);
}

/* Run what others want of this CPU; interrupts off. */
static void serve_calls(void)
{
	struct call_list *l = percpu_ptr(call_list);
	struct call_node *n = atomic_exchange(&l->first, NULL), *next;

	for (; n != NULL; n = next) {
		_Atomic unsigned *left = n->left;

		next = n->next;
		n->fn(n->arg);
		/* Release: the requester sees what fn did. */
		atomic_fetch_sub_explicit(left, 1, memory_order_release);
	}
}

static void push_call(unsigned cpu, struct call_node *n)
{
	struct call_list *l = percpu_of(call_list, cpu);
	struct call_node *first = atomic_load(&l->first);

	do {
		n->next = first;
	} while (!atomic_compare_exchange_weak(&l->first, &first, n));
	/* A list that was not empty has its interrupt under way. */
	if (first == NULL)
		ipi_send(cpu, VECTOR_CALL);
}

void ipi_call(const struct cpu_set *cpus, void (*fn)(void *), void *arg)
{
	struct call_node nodes[CPUS_MAX];
	_Atomic unsigned left = 0;
	bool here = false;
	irqflags_t f;

	preempt_disable();
	for (unsigned i = 0; i < cpu_online_count; i++) {
		if (!(atomic_load(&cpus->bits[i / 64]) >> i % 64 & 1))
			continue;
		if (i == cpu_id()) {
			here = true;
			continue;
		}
		nodes[i] =
		    (struct call_node){.fn = fn, .arg = arg, .left = &left};
		atomic_fetch_add(&left, 1);
		push_call(i, &nodes[i]);
	}
	f = irq_save();
	if (here)
		fn(arg);
	/* Acquire: pairs with the release of serve_calls. */
	while (atomic_load_explicit(&left, memory_order_acquire) != 0) {
		serve_calls();
		cpu_pause();
	}
	irq_restore(f);
	preempt_enable();
}

void ipi_handle(unsigned vector)
{
	switch (vector) {
	case VECTOR_RESCHED:
		/* The sender has set need_resched; the way out looks at it. */
		break;
	case VECTOR_TLB:
		tlb_ipi();
		break;
	case VECTOR_CALL:
		serve_calls();
		break;
	default:
		klog(LOG_WARN, "irq", "unexpected vector=%u cpu=%u", vector,
		    cpu_id());
	}
}
