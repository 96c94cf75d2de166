/* lib/users.h -- names of users and groups, from /etc. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* The name for a number in /etc/passwd or /etc/group, or the number itself
 * in digits when the file does not know it.  false: it did not. */
bool user_name(unsigned uid, char *buf, size_t cap);
bool group_name(unsigned gid, char *buf, size_t cap);
/* The home directory of a user by name.  false: unknown. */
bool user_home(const char *name, char *buf, size_t cap);
