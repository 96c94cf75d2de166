/* kernel/object/hostname.c -- the machine's names. */
/* SPDX-License-Identifier: MIT */
#include "kernel/object/hostname.h"
#include "kernel/core/lock.h"
#include "kernel/core/string.h"

enum { NAME_SIZE = 65 };

static struct lock names_lock = LOCK_INIT(RANK_OBJECT);
static char names[HOSTNAME_COUNT][NAME_SIZE] = {
    [HOSTNAME] = "strat9", [DOMAINNAME] = "(none)"};

void hostname_get(enum hostname_which which, char *buf, size_t size)
{
	lock_take(&names_lock);
	kstrlcpy(buf, names[which], size);
	lock_drop(&names_lock);
}

void hostname_set(enum hostname_which which, const char *name)
{
	lock_take(&names_lock);
	kstrlcpy(names[which], name, NAME_SIZE);
	lock_drop(&names_lock);
}
