/* kernel/sys/sys_random.c -- getrandom(2). */
/* SPDX-License-Identifier: MIT */

#include "kernel/core/random.h"
#include "kernel/core/string.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/signal.h"

enum { GRND_NONBLOCK = 1, GRND_RANDOM = 2, GRND_INSECURE = 4 };

long sys_getrandom(struct uptr buf, size_t n, unsigned flags);

/*
 * The generator is ready from the first process on; with weak entropy the log
 * said so at boot, and waiting would not make it better.
 */
long sys_getrandom(struct uptr buf, size_t n, unsigned flags)
{
	uint8_t chunk[256];
	size_t done = 0;

	if (flags & ~(unsigned)(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE))
		return E_INVAL;
	if ((flags & GRND_RANDOM) && (flags & GRND_INSECURE))
		return E_INVAL;
	n = MIN(n, (size_t)INT32_MAX);
	while (done < n) {
		size_t take = MIN(n - done, sizeof(chunk));

		random_bytes(chunk, take);
		if (copy_to_user(uptr_add(buf, done), chunk, take) != OK)
			break;
		done += take;
		if (done < n && signal_pending())
			break;
	}
	memset(chunk, 0, sizeof(chunk));
	return done == 0 && n != 0 ? (long)E_FAULT : (long)done;
}
