/* lib/event.c -- events, channels, semaphores, memory objects: the calls. */
/* SPDX-License-Identifier: MIT */
#include "lib/event.h"
#include "abi/native.h"

/* Five arguments do; rdx may come back changed. */
static inline long native(
    long nr, uint64_t a, uint64_t b, uint64_t *c, uint64_t d, uint64_t e)
{
	register uint64_t r10 __asm__("r10") = d;
	register uint64_t r8 __asm__("r8") = e;
	long r = nr;

	__asm__ volatile("syscall"
	    : "+a"(r), "+d"(*c)
	    : "D"(a), "S"(b), "r"(r10), "r"(r8)
	    : "rcx", "r11", "memory");
	return r;
}

static inline long native3(long nr, uint64_t a, uint64_t b, uint64_t c)
{
	return native(nr, a, b, &c, 0, 0);
}

long event_create(uint32_t flags)
{
	return native3(NR_event_create, flags, 0, 0);
}

long event_signal(int fd, uint64_t bits)
{
	return native3(NR_event_signal, (uint32_t)fd, bits, 0);
}

long event_wait(
    int fd, uint64_t mask, uint64_t deadline, uint32_t flags, uint64_t *out)
{
	*out = deadline;
	return native(NR_event_wait, (uint32_t)fd, mask, out, flags, 0);
}

long event_bind(int fd, uint64_t bits, uint32_t cause, uint64_t a, uint64_t b)
{
	uint64_t third = cause;

	return native(NR_event_bind, (uint32_t)fd, bits, &third, a, b);
}
