/* lib/profile.h -- what a silo of each family may be: policy, not mechanism. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/silo.h"

enum silo_priority {
	PRIORITY_LOW,
	PRIORITY_NORMAL,
	PRIORITY_HIGH,
};

struct profile {
	const char *name;
	enum silo_family family;
	uint32_t mode_min, mode_max; /* must have; may have */
	uint32_t flow;               /* FLOW() of whom it may send to */
	uint32_t sid_first;
	uint64_t memory;       /* bytes, when not said; 0: no limit */
	uint64_t memory_linux; /* the same with abi = "linux" */
	uint64_t memory_max;   /* 0: as the manifest says */
	enum silo_priority priority;
	bool restart; /* always; else never; when not said */
	bool pageout; /* may stand on the way of write-back */
};

/* The profile with that name ("FS"), or NULL. */
const struct profile *profile_find(const char *name);
/* The profile of a family, or NULL. */
const struct profile *profile_of(enum silo_family family);
