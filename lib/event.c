/* lib/event.c -- events, channels, semaphores, memory objects: the calls. */
/* SPDX-License-Identifier: MIT */
#include "lib/event.h"

static inline long native(
    long nr, uint64_t a, uint64_t b, uint64_t *c, uint64_t d, uint64_t e)
{
	return event_native(nr, a, b, c, d, e, 0);
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

long channel_create(const struct channel_spec *spec, int32_t fds[2])
{
	return native3(NR_channel_create, (uintptr_t)spec, (uintptr_t)fds, 0);
}

long channel_send(
    int fd, const struct channel_message *m, uint64_t deadline, uint32_t flags)
{
	return native(
	    NR_channel_send, (uint32_t)fd, (uintptr_t)m, &deadline, flags, 0);
}

long channel_receive(
    int fd, struct channel_message *m, uint64_t deadline, uint32_t flags)
{
	return native(NR_channel_receive, (uint32_t)fd, (uintptr_t)m, &deadline,
	    flags, 0);
}

long semaphore_create(uint64_t initial, uint64_t limit, uint32_t flags)
{
	return native3(NR_semaphore_create, initial, limit, flags);
}

long semaphore_post(int fd, uint64_t n)
{
	return native3(NR_semaphore_post, (uint32_t)fd, n, 0);
}

long semaphore_wait(int fd, uint64_t deadline, uint32_t flags)
{
	return native3(NR_semaphore_wait, (uint32_t)fd, deadline, flags);
}

long vmo_create(uint64_t size, uint32_t flags)
{
	return native3(NR_vmo_create, size, flags, 0);
}

long vmo_seal_exec(int fd)
{
	return native3(NR_vmo_seal_exec, (uint32_t)fd, 0, 0);
}
