/* chevron/history.h -- the lines that were typed. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum { HISTORY_MAX = 1000 };

struct history {
	char **lines; /* a ring: the newest is at (first + n - 1) */
	int first, n;
	char *path; /* the file, NULL: none or it could not be written */
};

/* Read the file (it need not exist) and remember its name. */
void history_load(struct history *h, const char *path);
/* Add a line, in memory and to the file; blank ones and repetitions of the
 * newest are left out. */
void history_add(struct history *h, const char *line);
/* Entry i, 1 is the newest; NULL beyond the oldest. */
const char *history_get(const struct history *h, int i);
void history_free(struct history *h);
