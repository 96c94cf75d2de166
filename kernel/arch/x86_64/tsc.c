/* kernel/arch/x86_64/tsc.c -- how fast time stamps and timers count. */
/* SPDX-License-Identifier: MIT */
#include "kernel/arch/x86_64/tsc.h"
#include "kernel/arch/x86_64/apic.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/core/clock.h"
#include "kernel/core/klog.h"
#include "kernel/core/muldiv.h"
#include "kernel/core/timer.h"

/*
 * CPUID tells the rates on newer CPUs and under some hypervisors. Else both
 * ends of a short interval are sampled: reference, TSC, reference, as often as
 * it takes to see one sample that nothing interrupted; the shortest of a few
 * is best. The interval is short, because boot waits for it; a second
 * measurement over a second of running corrects the rate (time_refine).
 */
enum {
	WINDOW_US = 250,
	SAMPLES = 5,
	REFINE_NS = 1000000000,
	SKEW_ROUNDS = 200,
	DEFAULT_MHZ = 1000,
	/* What a refined rate may differ, in 1/1000: more is a bad measure. */
	REFINE_LIMIT = 100,
};

struct sample {
	uint64_t tsc, ref;
	uint32_t apic; /* timer left, where it can be read */
};

static const struct refclock *ref;
static struct sample refine_first;
static struct timer refine_timer;
static bool measured;

/* lfence: RDTSC may otherwise run before the reads round it. */
static uint64_t tsc_ordered(void)
{
	__asm__ volatile("lfence" ::: "memory");
	return rdtsc();
}

static struct sample sample_take(bool apic)
{
	struct sample best = {0}, s;
	uint64_t shortest = UINT64_MAX;

	for (unsigned i = 0; i < SAMPLES; i++) {
		uint64_t before = tsc_ordered(), after;

		s.ref = ref->read();
		after = tsc_ordered();
		s.apic = apic ? lapic_timer_left() : 0;
		s.tsc = before + (after - before) / 2;
		if (after - before < shortest) {
			shortest = after - before;
			best = s;
		}
	}
	return best;
}

static uint64_t rate(
    const struct sample *a, const struct sample *b, uint64_t ticks)
{
	uint64_t d = (b->ref - a->ref) & ref->mask;

	return d ? muldiv(ticks, ref->hz, d) : 0;
}

/* Both rates in Hz over one window. apic_hz stays 0 if it cannot be read. */
static uint64_t measure(uint64_t *apic_hz)
{
	bool apic = lapic_timer_readable();
	struct sample a, b;
	uint64_t window = ref->hz * WINDOW_US / 1000000;

	if (apic)
		lapic_timer_start(UINT32_MAX);
	a = sample_take(apic);
	while (((ref->read() - a.ref) & ref->mask) < window)
		;
	b = sample_take(apic);
	*apic_hz = apic ? rate(&a, &b, a.apic - b.apic) : 0;
	refine_first = a;
	return rate(&a, &b, b.tsc - a.tsc);
}

/* Leaf 0x15: crystal and ratio; 0x40000010: a hypervisor's word, in kHz. */
static uint64_t cpuid_rates(uint64_t *apic_hz)
{
	struct cpuid r;

	*apic_hz = 0;
	if (cpuid(0, 0).a >= 0x15) {
		r = cpuid(0x15, 0);
		if (r.a && r.b && r.c) {
			*apic_hz = r.c;
			return (uint64_t)r.c * r.b / r.a;
		}
	}
	if (cpu_features.hypervisor && cpuid(0x40000000, 0).a >= 0x40000010) {
		r = cpuid(0x40000010, 0);
		*apic_hz = r.b * 1000ull;
		return r.a * 1000ull;
	}
	return 0;
}

/* x2APIC from the start: time a count-down by its interrupt, not taken. */
static uint64_t measure_apic_by_irr(uint64_t tsc_hz)
{
	enum { COUNT = 100000 };
	uint64_t start, limit = tsc_hz / 50;

	lapic_timer_start(COUNT);
	start = rdtsc();
	while (!lapic_timer_pending() && rdtsc() - start < limit)
		;
	return muldiv(COUNT, tsc_hz, rdtsc() - start);
}

void time_init(void)
{
	uint64_t apic_hz = 0, tsc_hz = cpuid_rates(&apic_hz);

	ref = refclock_init();
	if ((tsc_hz == 0 || apic_hz == 0) && ref != NULL) {
		uint64_t apic, tsc = measure(&apic);

		measured = tsc_hz == 0;
		tsc_hz = tsc_hz ? tsc_hz : tsc;
		apic_hz = apic_hz ? apic_hz : apic;
	}
	if (tsc_hz < 1000000) {
		klog(LOG_ERR, "time", "no reference: assume %u MHz",
		    DEFAULT_MHZ);
		tsc_hz = DEFAULT_MHZ * 1000000ull;
		measured = false;
	}
	if (apic_hz == 0 && !cpu_features.tsc_deadline)
		apic_hz = measure_apic_by_irr(tsc_hz);
	lapic_timer_set_rate(cpu_features.tsc_deadline ? 0 : apic_hz);
	clock_init(tsc_hz, rtc_read() * NSEC_PER_SEC);
	klog(LOG_INFO, "time", "tsc=%llu kHz by %s, timer %s",
	    (unsigned long long)tsc_hz / 1000, measured ? ref->name : "CPUID",
	    cpu_features.tsc_deadline ? "by TSC deadline" : "by bus clock");
}

/*
 * Runs once, a second after boot. The reference may have wrapped since: it is
 * asked only if it wraps less often than that.
 */
static void time_refine(struct timer *t)
{
	struct sample now = sample_take(false);
	uint64_t hz = rate(&refine_first, &now, now.tsc - refine_first.tsc);
	uint64_t old = clock_tsc_hz;
	uint64_t diff = hz > old ? hz - old : old - hz;

	(void)t;
	if (diff > old / 1000 * REFINE_LIMIT)
		return;
	clock_set_rate(hz);
	klog(LOG_DEBUG, "time", "tsc=%llu kHz refined",
	    (unsigned long long)hz / 1000);
}

void time_refine_start(void)
{
	if (!measured || ref->mask / ref->hz < 4)
		return;
	timer_init(&refine_timer, time_refine);
	timer_start(&refine_timer, clock_now() + REFINE_NS);
}

static _Atomic uint64_t skew_last, skew_most;

void tsc_check_skew(unsigned cpu)
{
	for (unsigned i = 0; i < SKEW_ROUNDS; i++) {
		uint64_t last = atomic_load(&skew_last);
		uint64_t now = tsc_ordered();

		if (now >= last) {
			/* A loser's value is no older than the winner's. */
			atomic_compare_exchange_strong(&skew_last, &last, now);
			continue;
		}
		if (last - now > atomic_load(&skew_most))
			atomic_store(&skew_most, last - now);
		if (cpu != 0)
			wrmsr(MSR_TSC, rdtsc() + (last - now));
	}
}

void tsc_report_skew(void)
{
	if (atomic_load(&skew_most))
		klog(LOG_WARN, "time", "corrected tsc skew ns=%llu",
		    (unsigned long long)clock_tsc_to_ns(skew_most));
}
