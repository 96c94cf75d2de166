/* kernel/object/hostname.h -- the machine's names. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

enum hostname_which { HOSTNAME, DOMAINNAME, HOSTNAME_COUNT };

/* Copy a name, cut to size-1 bytes. */
void hostname_get(enum hostname_which which, char *buf, size_t size);
/* At most 64 bytes count. */
void hostname_set(enum hostname_which which, const char *name);
