/* kernel/sys/timespec.c -- times in user memory. */
/* SPDX-License-Identifier: MIT */

#include "kernel/sys/timespec.h"
#include "kernel/mm/usercopy.h"

static enum err to_ns(int64_t sec, int64_t part, uint64_t per_sec, nsec_t *ns)
{
	if (sec < 0 || part < 0 || (uint64_t)part >= per_sec)
		return E_INVAL;
	if ((uint64_t)sec >= INT64_MAX / NSEC_PER_SEC)
		*ns = UINT64_MAX;
	else
		*ns = (uint64_t)sec * NSEC_PER_SEC +
		      (uint64_t)part * (NSEC_PER_SEC / per_sec);
	return OK;
}

enum err timespec_read(struct uptr p, nsec_t *ns)
{
	struct timespec64 t;
	enum err e = copy_from_user(&t, p, sizeof(t));

	return e != OK ? e : to_ns(t.sec, t.nsec, NSEC_PER_SEC, ns);
}

enum err timeval_read(struct uptr p, nsec_t *ns)
{
	struct timespec64 t; /* nsec holds microseconds */
	enum err e = copy_from_user(&t, p, sizeof(t));

	return e != OK ? e : to_ns(t.sec, t.nsec, 1000000, ns);
}

enum err timespec_write(struct uptr p, nsec_t ns)
{
	struct timespec64 t = {
	    (int64_t)(ns / NSEC_PER_SEC), (int64_t)(ns % NSEC_PER_SEC)};

	return copy_to_user(p, &t, sizeof(t));
}

enum err timeval_write(struct uptr p, nsec_t ns)
{
	struct timespec64 t = {(int64_t)(ns / NSEC_PER_SEC),
	    (int64_t)(ns % NSEC_PER_SEC / NSEC_PER_USEC)};

	return copy_to_user(p, &t, sizeof(t));
}
