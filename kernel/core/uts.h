/* kernel/core/uts.h -- what the system is called: uname and /proc. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

enum { UTS_LENGTH = 65 }; /* with the end */

/* As the Linux personality shows them. */
extern const char uts_sysname[], uts_release[], uts_version[];

/* The host name, terminated; and setting it: E_INVAL when too long. */
void uts_nodename(char out[UTS_LENGTH]);
enum err uts_set_nodename(const char *name, size_t n);
