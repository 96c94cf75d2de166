/* kernel/core/clock.c -- time: monotonic and wall clocks from the TSC. */
/* SPDX-License-Identifier: MIT */
#include <stdatomic.h>
#include "abi/vdso.h"
#include "kernel/core/clock.h"
#include "kernel/core/lock.h"
#include "kernel/core/muldiv.h"

/*
 * The record of abi/vdso.h is the clock itself, so that kernel and user code
 * agree to the nanosecond. Writers hold clock_lock; seq is odd meanwhile. A
 * reader in an NMI that interrupted the writer would wait for ever, so readers
 * give up after some tries and take what they saw: only log lines do that.
 */
enum { SHIFT = 32, TRIES = 1000 };

static union {
	struct vdso_data data;
	uint8_t page[PAGE_SIZE];
} aligned_to(4096) vdso;
#define record (vdso.data)

static struct lock clock_lock = LOCK_INIT(RANK_LOG);
uint64_t clock_tsc_hz;

/* ticks * mult >> shift with a product of 128 bits. */
static inline uint64_t scale(uint64_t ticks, uint64_t mult)
{
	return (uint64_t)((unsigned __int128)ticks * mult >> SHIFT);
}

static inline uint64_t ticks_now(void)
{
#ifdef HOSTED
	extern uint64_t clock_hosted_tsc;

	return clock_hosted_tsc;
#else
	uint32_t lo, hi;

	__asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
	return (uint64_t)hi << 32 | lo;
#endif
}

static nsec_t read_clock(bool wall)
{
	nsec_t t = 0;

	for (unsigned i = 0; i < TRIES; i++) {
		uint32_t seq =
		    atomic_load_explicit(&record.seq, memory_order_acquire);

		t = record.mono_base_ns +
		    scale(ticks_now() - record.tsc_base, record.mult);
		if (wall)
			t += record.wall_offset_ns;
		/* Acquire: the fields were read before seq is read again. */
		atomic_thread_fence(memory_order_acquire);
		if (likely(
		        !(seq & 1) && seq == atomic_load_explicit(&record.seq,
		                                 memory_order_relaxed)))
			break;
	}
	return t;
}

nsec_t clock_now(void)
{
	return read_clock(false);
}

nsec_t clock_wall(void)
{
	return read_clock(true);
}

static void write_begin(void)
{
	atomic_store_explicit(
	    &record.seq, record.seq + 1, memory_order_relaxed);
	/* Release: seq is seen odd before any field changes. */
	atomic_thread_fence(memory_order_seq_cst);
}

static void write_end(void)
{
	/* Release: pairs with the acquire of readers. */
	atomic_store_explicit(
	    &record.seq, record.seq + 1, memory_order_release);
}

void clock_wall_set(nsec_t ns)
{
	irqflags_t f = lock_take_irq(&clock_lock);

	write_begin();
	record.wall_offset_ns =
	    ns - record.mono_base_ns -
	    scale(ticks_now() - record.tsc_base, record.mult);
	write_end();
	lock_drop_irq(&clock_lock, f);
}

nsec_t clock_tsc_to_ns(uint64_t ticks)
{
	return scale(ticks, record.mult);
}

uint64_t clock_ns_to_tsc(nsec_t ns)
{
	return muldiv(ns, clock_tsc_hz, NSEC_PER_SEC);
}

uint64_t clock_tsc_at(nsec_t deadline)
{
	nsec_t base = record.mono_base_ns;

	return record.tsc_base +
	       clock_ns_to_tsc(deadline > base ? deadline - base : 0);
}

void clock_init(uint64_t tsc_hz, nsec_t wall_at_boot)
{
	clock_tsc_hz = tsc_hz;
	write_begin();
	record.shift = SHIFT;
	record.tsc_base = ticks_now();
	record.mult = (NSEC_PER_SEC << SHIFT) / tsc_hz;
	record.mono_base_ns = 0;
	record.wall_offset_ns = wall_at_boot;
	write_end();
}

void clock_set_rate(uint64_t tsc_hz)
{
	irqflags_t f = lock_take_irq(&clock_lock);
	uint64_t t = ticks_now();

	write_begin();
	record.mono_base_ns += scale(t - record.tsc_base, record.mult);
	record.tsc_base = t;
	record.mult = (NSEC_PER_SEC << SHIFT) / tsc_hz;
	clock_tsc_hz = tsc_hz;
	write_end();
	lock_drop_irq(&clock_lock, f);
}

#ifndef HOSTED
#include "kernel/arch/x86_64/sections.h"
#include "kernel/boot/boot_info.h"

paddr_t clock_vdso_page(void)
{
	return boot_info.kernel_base + ((vaddr_t)&vdso - (vaddr_t)kernel_start);
}
#endif
