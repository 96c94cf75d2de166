/* kernel/arch/x86_64/vdso/vdso.c -- code that the kernel lends to programs. */
/* SPDX-License-Identifier: MIT */
#include <stdatomic.h>
#include "abi/vdso.h"

/*
 * A shared object of one page, mapped into every process with the data page
 * before it. It runs in user mode, has no data of its own and needs no
 * relocation. Names and versions are Linux's: C libraries look them up.
 */

enum {
	SYS_GETTIMEOFDAY = 96,
	SYS_TIME = 201,
	SYS_CLOCK_GETTIME = 228,
	SYS_GETCPU = 309,
	CLOCK_REALTIME = 0,
	CLOCK_MONOTONIC = 1,
	CLOCK_MONOTONIC_RAW = 4,
	CLOCK_REALTIME_COARSE = 5,
	CLOCK_MONOTONIC_COARSE = 6,
	CLOCK_BOOTTIME = 7,
	/* Clocks that the data page knows. */
	WALL_CLOCKS = 1 << CLOCK_REALTIME | 1 << CLOCK_REALTIME_COARSE,
	KNOWN_CLOCKS = WALL_CLOCKS | 1 << CLOCK_MONOTONIC |
	               1 << CLOCK_MONOTONIC_RAW | 1 << CLOCK_MONOTONIC_COARSE |
	               1 << CLOCK_BOOTTIME,
};

struct timespec {
	int64_t sec, nsec;
};
struct timeval {
	int64_t sec, usec;
};
struct timezone {
	int32_t minutes_west, dst;
};

#define EXPORT __attribute__((visibility("default"), used))

/* Placed by vdso.lds. */
extern volatile struct vdso_data data_page
    __attribute__((visibility("hidden")));

EXPORT int __vdso_clock_gettime(int clock, struct timespec *ts);
EXPORT int __vdso_gettimeofday(struct timeval *tv, struct timezone *tz);
EXPORT int64_t __vdso_time(int64_t *out);
EXPORT long __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused);
void vdso_start(void);

static inline long call(long nr, long a, long b, long c)
{
	long r;

	__asm__ volatile("syscall"
	    : "=a"(r)
	    : "a"(nr), "D"(a), "S"(b), "d"(c)
	    : "rcx", "r11", "memory");
	return r;
}

/* ticks * mult >> shift; C would also care for shifts of 64 and more. */
static inline uint64_t scale(uint64_t ticks, uint64_t mult, uint32_t shift)
{
	uint64_t high;

	__asm__("mulq %2; shrdq %%cl, %1, %0"
	    : "+a"(ticks), "=&d"(high)
	    : "r"(mult), "c"(shift)
	    : "cc");
	return ticks;
}

/* False: the TSC is of no use here. */
static inline bool now(uint64_t *ns, bool wall)
{
	volatile struct vdso_data *d = &data_page;
	uint32_t seq, lo, hi;
	uint64_t t;

	do {
		seq = atomic_load_explicit(&d->seq, memory_order_acquire);
		if (d->mult == 0)
			return false;
		/* Not before the loads above: time must not run backwards. */
		__asm__ volatile("lfence; rdtsc"
		    : "=a"(lo), "=d"(hi)
		    :
		    : "memory");
		t = scale(
		    ((uint64_t)hi << 32 | lo) - d->tsc_base, d->mult, d->shift);
		t += d->mono_base_ns;
		if (wall)
			t += d->wall_offset_ns;
		atomic_thread_fence(memory_order_acquire);
	} while ((seq & 1) ||
	         seq != atomic_load_explicit(&d->seq, memory_order_relaxed));
	*ns = t;
	return true;
}

int __vdso_clock_gettime(int clock, struct timespec *ts)
{
	uint64_t ns;

	if ((unsigned)clock > CLOCK_BOOTTIME || !(KNOWN_CLOCKS >> clock & 1) ||
	    !now(&ns, WALL_CLOCKS >> clock & 1))
		return (int)call(SYS_CLOCK_GETTIME, clock, (long)ts, 0);
	ts->sec = (int64_t)(ns / 1000000000u);
	ts->nsec = (int64_t)(ns % 1000000000u);
	return 0;
}

int __vdso_gettimeofday(struct timeval *tv, struct timezone *tz)
{
	uint64_t ns;

	if (!now(&ns, true))
		return (int)call(SYS_GETTIMEOFDAY, (long)tv, (long)tz, 0);
	if (tv) {
		tv->sec = (int64_t)(ns / 1000000000u);
		tv->usec = (int64_t)(ns % 1000000000u / 1000);
	}
	if (tz)
		*tz = (struct timezone){0};
	return 0;
}

int64_t __vdso_time(int64_t *out)
{
	uint64_t ns;

	if (!now(&ns, true))
		return call(SYS_TIME, (long)out, 0, 0);
	if (out)
		*out = (int64_t)(ns / 1000000000u);
	return (int64_t)(ns / 1000000000u);
}

long __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused)
{
	(void)unused;
	return call(SYS_GETCPU, (long)cpu, (long)node, 0);
}

/*
 * The entry point of the image: where the first process starts, with the
 * registers of an execve of init. It comes back only when that failed, and the
 * kernel has then said why.
 */
__asm__(".pushsection .text\n"
        ".globl vdso_start\n"
        ".hidden vdso_start\n"
        "vdso_start:\n"
        "	syscall\n"
        "	ud2\n"
        ".popsection\n");
