/* lib/profile.c -- the family profiles. */
/* SPDX-License-Identifier: MIT */
#include "lib/profile.h"
#include <string.h>

#define MIB       (1024ull * 1024)
#define TO(f)     FLOW(FAMILY_##f)
#define NAME(f)   .name = #f, .family = FAMILY_##f
#define MEMORY(n) .memory = (n) * MIB, .memory_linux = (n) * MIB

/* DMA, caches, sockets and surfaces come on top of what a system family needs
 * itself: the manifest says how much, so those have no memory_max. */
static const struct profile profiles[] = {
    {NAME(SYS), .mode_max = 0777, .flow = FLOW_ALL, .sid_first = 2,
        .priority = PRIORITY_HIGH, .restart = true, .pageout = true},
    {NAME(DRV), .mode_min = 0060, .mode_max = 0076,
        .flow = TO(FS) | TO(NET) | TO(SYS), .sid_first = 2, MEMORY(4),
        .priority = PRIORITY_HIGH, .restart = true, .pageout = true},
    {NAME(FS), .mode_min = 0006, .mode_max = 0076,
        .flow = TO(DRV) | TO(NET) | TO(SYS) | TO(USR), .sid_first = 2,
        MEMORY(8), .priority = PRIORITY_NORMAL, .restart = true,
        .pageout = true},
    {NAME(NET), .mode_min = 0006, .mode_max = 0076,
        .flow = TO(DRV) | TO(FS) | TO(SYS) | TO(USR), .sid_first = 2, MEMORY(8),
        .priority = PRIORITY_NORMAL, .restart = true},
    {NAME(WASM), .mode_min = 0004, .mode_max = 0006,
        .flow = TO(FS) | TO(NET) | TO(SYS), .sid_first = 2, MEMORY(16),
        .memory_max = 16 * MIB, .priority = PRIORITY_NORMAL},
    {NAME(JS), .mode_min = 0004, .mode_max = 0006,
        .flow = TO(FS) | TO(NET) | TO(SYS), .sid_first = 2, MEMORY(16),
        .memory_max = 16 * MIB, .priority = PRIORITY_NORMAL},
    {NAME(DSP), .mode_min = 0006, .mode_max = 0076,
        .flow = TO(DRV) | TO(SYS) | TO(USR) | TO(NET), .sid_first = 2,
        MEMORY(32), .priority = PRIORITY_NORMAL, .restart = true},
    {NAME(USR), .mode_max = 0004,
        .flow = TO(FS) | TO(NET) | TO(WASM) | TO(JS) | TO(DSP),
        .sid_first = SID_USER_FIRST, .memory = 16 * MIB,
        .memory_linux = 256 * MIB, .priority = PRIORITY_LOW},
};

const struct profile *profile_find(const char *name)
{
	for (size_t i = 0; i < COUNT(profiles); i++)
		if (strcmp(profiles[i].name, name) == 0)
			return &profiles[i];
	return NULL;
}

const struct profile *profile_of(enum silo_family family)
{
	for (size_t i = 0; i < COUNT(profiles); i++)
		if (profiles[i].family == family)
			return &profiles[i];
	return NULL;
}
