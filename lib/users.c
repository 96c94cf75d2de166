/* lib/users.c -- names of users and groups, from /etc. */
/* SPDX-License-Identifier: MIT */
#include "lib/users.h"
#include "lib/file.h"
#include "lib/fmt.h"
#include "lib/text.h"
#include <stdlib.h>
#include <string.h>

/* The C library's functions ask a name server over a socket first. */

enum { FILE_MAX = 1 << 20, FIELDS = 7 };

/* Take the fields of the next line apart in place; NULL at the end. */
static char *next_record(char *at, char *f[FIELDS])
{
	char *end = strchrnul(at, '\n'), *next = *end ? end + 1 : end;

	if (*at == '\0')
		return NULL;
	*end = '\0';
	for (int i = 0; i < FIELDS; i++) {
		f[i] = at;
		at = strchrnul(at, ':');
		if (*at == ':')
			*at++ = '\0';
	}
	return next;
}

/* Give field want of the record whose field is equals key. */
static bool look_up(
    const char *file, int is, const char *key, int want, char *buf, size_t cap)
{
	size_t n;
	char *text = file_slurp(file, &n, FILE_MAX), *at = text, *f[FIELDS];
	bool found = false;

	while (at && !found && (at = next_record(at, f)) != NULL) {
		found = strcmp(f[is], key) == 0;
		if (found)
			fmt_buf(buf, cap, "%s", f[want]);
	}
	free(text);
	return found;
}

static bool number_name(const char *file, unsigned id, char *buf, size_t cap)
{
	char key[16];

	fmt_buf(key, sizeof(key), "%u", id);
	if (look_up(file, 2, key, 0, buf, cap))
		return true;
	fmt_buf(buf, cap, "%s", key);
	return false;
}

bool user_name(unsigned uid, char *buf, size_t cap)
{
	return number_name("/etc/passwd", uid, buf, cap);
}

bool group_name(unsigned gid, char *buf, size_t cap)
{
	return number_name("/etc/group", gid, buf, cap);
}

bool user_home(const char *name, char *buf, size_t cap)
{
	return look_up("/etc/passwd", 0, name, 5, buf, cap);
}
