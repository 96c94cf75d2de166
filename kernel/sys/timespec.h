/* kernel/sys/timespec.h -- times in user memory. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

struct timespec64 {
	int64_t sec;
	int64_t nsec;
};

/*
 * Read a timespec / timeval as nanoseconds; more than 292 years: UINT64_MAX.
 * E_FAULT; E_INVAL: negative, or a fraction out of range.
 */
enum err timespec_read(struct uptr p, nsec_t *ns);
enum err timeval_read(struct uptr p, nsec_t *ns);

enum err timespec_write(struct uptr p, nsec_t ns);
enum err timeval_write(struct uptr p, nsec_t ns);
