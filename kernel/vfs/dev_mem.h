/* kernel/vfs/dev_mem.h -- null, zero, full, random, urandom, kmsg. */
/* SPDX-License-Identifier: MIT */
#pragma once

/* Register them; called by devfs_init. */
void dev_mem_register(void);
