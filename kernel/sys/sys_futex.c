/* kernel/sys/sys_futex.c -- futex(2). */
/* SPDX-License-Identifier: MIT */

#include "kernel/sys/syscall.h"
#include "kernel/core/clock.h"
#include "kernel/core/wait.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/futex.h"
#include "kernel/sys/timespec.h"

enum {
	FUTEX_WAIT,
	FUTEX_WAKE,
	FUTEX_REQUEUE = 3,
	FUTEX_CMP_REQUEUE = 4,
	FUTEX_WAKE_OP = 5,
	FUTEX_WAIT_BITSET = 9,
	FUTEX_WAKE_BITSET = 10,
	FUTEX_CMD = 0x7f,
	FUTEX_PRIVATE = 128,
	FUTEX_REALTIME = 256,
};

long sys_futex(struct uptr addr, int op, uint32_t val, uint64_t timeout,
    struct uptr addr2, uint32_t val3);

/* A timespec in user memory as an absolute monotonic deadline. */
static enum err read_deadline(
    struct uptr p, bool absolute, bool realtime, nsec_t *out)
{
	enum err e;
	nsec_t ns;

	*out = WAIT_FOREVER;
	if (uptr_null(p))
		return OK;
	if ((e = timespec_read(p, &ns)) != OK)
		return e;
	if (ns == UINT64_MAX)
		return OK; /* beyond 292 years: for ever */
	if (!absolute) {
		ns += clock_now();
	} else if (realtime) {
		nsec_t wall = clock_wall();

		ns = clock_now() + (ns > wall ? ns - wall : 0);
	}
	*out = ns;
	return OK;
}

long sys_futex(struct uptr addr, int op, uint32_t val, uint64_t timeout,
    struct uptr addr2, uint32_t val3)
{
	bool private = op & FUTEX_PRIVATE, real = op & FUTEX_REALTIME;
	int cmd = op & FUTEX_CMD, n = (int)val, n2 = (int)timeout;
	struct uptr utime = {timeout};
	nsec_t deadline;
	enum err e;

	switch (cmd) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		if ((e = read_deadline(utime, cmd == FUTEX_WAIT_BITSET, real,
		         &deadline)) != OK)
			return e;
		return futex_wait(addr, private, val,
		    cmd == FUTEX_WAIT ? UINT32_MAX : val3, deadline,
		    cmd == FUTEX_WAIT && deadline != WAIT_FOREVER);
	case FUTEX_WAKE:
	case FUTEX_WAKE_BITSET:
		if (cmd == FUTEX_WAKE)
			val3 = UINT32_MAX;
		if (val3 == 0)
			return E_INVAL;
		/* Linux wakes one even when asked for none. */
		return futex_wake(addr, private, n < 1 ? 1 : n, val3);
	case FUTEX_REQUEUE:
		return futex_requeue(addr, addr2, private, n, n2, NULL);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(addr, addr2, private, n, n2, &val3);
	case FUTEX_WAKE_OP:
		return futex_wake_op(addr, addr2, private, n, n2, val3);
	default:
		return E_NOSYS;
	}
}
