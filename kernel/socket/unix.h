/* kernel/socket/unix.h -- the unix address family. See unix(7). */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/socket/socket.h"

/* Boot: caches, and the family's place in the table of families. */
void unix_init(void);

/* Sockets in existence, for leak checks. */
uint64_t unix_live(void);
