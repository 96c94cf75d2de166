/* kernel/core/uts.c -- what the system is called: uname and /proc. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/core/uts.h"
#include "kernel/core/lock.h"
#include "kernel/core/string.h"

/* Unmodified programs compare these with what Linux says. */
const char uts_sysname[] = "Linux";
const char uts_release[] = "6.12.0-strat9-" STRAT9_VERSION;
const char uts_version[] = "#1 SMP PREEMPT Strat9 Bedrock";

static struct lock lock = LOCK_INIT(RANK_OBJECT);
static char nodename[UTS_LENGTH] GUARDED_BY(&lock) = "strat9";

void uts_nodename(char out[UTS_LENGTH])
{
	lock_take(&lock);
	memcpy(out, nodename, UTS_LENGTH);
	lock_drop(&lock);
}

enum err uts_set_nodename(const char *name, size_t n)
{
	if (n >= UTS_LENGTH || memchr(name, '\0', n))
		return E_INVAL;
	lock_take(&lock);
	memset(nodename, 0, sizeof(nodename));
	memcpy(nodename, name, n);
	lock_drop(&lock);
	return OK;
}
