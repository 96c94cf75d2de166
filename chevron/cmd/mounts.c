/* chevron/cmd/mounts.c -- mounted file systems. */
/* SPDX-License-Identifier: MIT */
#include "chevron/cmd/mounts.h"
#include "chevron/cmd/cmd.h"
#include "lib/file.h"
#include "lib/text.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

enum { TABLE_MAX = 1 << 20 };

static const char table[] = "/proc/mounts";

/* \040 and the like in /proc/mounts */
static void undo_octal(char *s)
{
	char *to = s;

	while (*s) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] &&
		    s[3]) {
			*to++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 +
			               (s[3] - '0'));
			s += 4;
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
}

/* The next line's fields: source, place, type, options.  NULL at the end. */
static char *next_mount(char *at, char *f[4])
{
	while (*at) {
		char *end = strchrnul(at, '\n'), *next = *end ? end + 1 : end;
		int n;

		*end = '\0';
		n = text_fields(at, f, 4);
		if (n == 4) {
			undo_octal(f[0]);
			undo_octal(f[1]);
			return next;
		}
		at = next;
	}
	return NULL;
}

static char *read_table(const char *name)
{
	size_t n;
	char *text = file_slurp(table, &n, TABLE_MAX);

	if (text == NULL)
		cmd_errno(name, "the list of mounts, %s", table);
	return text;
}

static void print_amount(uint64_t blocks, uint64_t size, bool human)
{
	char text[16];

	if (human)
		text_size(text, blocks * size);
	if (human)
		out_fmt(&cmd_out, " %9s", text);
	else
		out_fmt(&cmd_out, " %11lu",
		    (unsigned long)(blocks * (size / 512) / 2));
}

static int print_space(
    const char *name, const char *source, const char *place, bool human)
{
	struct statfs f;
	uint64_t used, size;
	unsigned percent;

	if (statfs(place, &f) != 0)
		return cmd_errno(name, "%s", place);
	size = (uint64_t)(f.f_frsize ? f.f_frsize : f.f_bsize);
	used = f.f_blocks - f.f_bfree;
	percent = used + f.f_bavail == 0
	              ? 0
	              : (unsigned)((used * 100 + used + f.f_bavail - 1) /
	                           (used + f.f_bavail));
	out_fmt(&cmd_out, "%-16s", source);
	print_amount(f.f_blocks, size, human);
	print_amount(used, size, human);
	print_amount(f.f_bavail, size, human);
	out_fmt(&cmd_out, " %4u%% %s\n", percent, place);
	return 0;
}

/* The mount that a path lies on: the last one of its device. */
static int path_space(const char *name, const char *path, bool human)
{
	char *text = read_table(name), *at = text, *f[4];
	char *source = NULL, *place = NULL;
	struct stat st, root;
	int status;

	if (text == NULL)
		return 1;
	if (stat(path, &st) != 0) {
		free(text);
		return cmd_errno(name, "%s", path);
	}
	while ((at = next_mount(at, f)) != NULL) {
		if (stat(f[1], &root) == 0 && root.st_dev == st.st_dev) {
			source = f[0];
			place = f[1];
		}
	}
	status = print_space(
	    name, source ? source : "-", place ? place : path, human);
	free(text);
	return status;
}

int cmd_df(struct shell *sh, int argc, char **argv)
{
	struct options o = {0};
	char *text, *at, *f[4];
	bool human = false;
	int c, status = 0;

	(void)sh;
	while ((c = options_next(&o, argc, argv, "hk")) != 0) {
		if (c == '?')
			return STATUS_USAGE;
		human |= c == 'h';
	}
	out_fmt(&cmd_out,
	    human ? "%-16s %9s %9s %9s  Use%% Mounted on\n"
	          : "%-16s %11s %11s %11s  Use%% Mounted on\n",
	    "Filesystem", human ? "Size" : "1K-blocks", "Used", "Available");
	for (int i = o.at; i < argc; i++)
		status |= path_space(argv[0], argv[i], human);
	if (o.at < argc)
		return status;
	at = text = read_table(argv[0]);
	while (at && (at = next_mount(at, f)) != NULL) {
		struct statfs s;

		if (statfs(f[1], &s) == 0 && s.f_blocks > 0)
			status |= print_space(argv[0], f[0], f[1], human);
	}
	free(text);
	return at == NULL && text == NULL ? 1 : status;
}

static int list_mounts(const char *name)
{
	char *text = read_table(name), *at = text, *f[4];

	if (text == NULL)
		return 1;
	while ((at = next_mount(at, f)) != NULL)
		out_fmt(&cmd_out, "%s on %s type %s (%s)\n", f[0], f[1], f[2],
		    f[3]);
	free(text);
	return 0;
}

/* One word of -o: a flag, or false when it is the file system's own. */
static bool mount_flag(const char *s, size_t n, unsigned long *flags)
{
	static const struct {
		const char *name;
		unsigned long set, clear;
	} list[] = {{"ro", MS_RDONLY, 0}, {"rw", 0, MS_RDONLY},
	    {"nosuid", MS_NOSUID, 0}, {"nodev", MS_NODEV, 0},
	    {"noexec", MS_NOEXEC, 0}, {"noatime", MS_NOATIME, 0},
	    {"remount", MS_REMOUNT, 0}, {"bind", MS_BIND, 0},
	    {"rbind", MS_BIND | MS_REC, 0}, {"sync", MS_SYNCHRONOUS, 0},
	    {"defaults", 0, 0}};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		if (strlen(list[i].name) != n || memcmp(list[i].name, s, n))
			continue;
		*flags = (*flags | list[i].set) & ~list[i].clear;
		return true;
	}
	return false;
}

/* Sort options into flags and data; data has room for all of them. */
static void split_options(const char *s, unsigned long *flags, char *data)
{
	size_t to = strlen(data);

	while (*s) {
		size_t n = strcspn(s, ",");

		if (n > 0 && !mount_flag(s, n, flags)) {
			if (to > 0)
				data[to++] = ',';
			memcpy(data + to, s, n);
			to += n;
		}
		s += n;
		s += *s == ',';
	}
	data[to] = '\0';
}

int cmd_mount(struct shell *sh, int argc, char **argv)
{
	struct options o = {0};
	const char *type = NULL;
	unsigned long flags = 0;
	char data[1024] = "";
	int c;

	(void)sh;
	if (argc == 1)
		return list_mounts(argv[0]);
	while ((c = options_next(&o, argc, argv, "t:o:r")) != 0) {
		if (c == '?')
			return STATUS_USAGE;
		if (c == 't')
			type = o.value;
		if (c == 'r')
			flags |= MS_RDONLY;
		if (c != 'o')
			continue;
		if (strlen(data) + strlen(o.value) + 2 > sizeof(data))
			return cmd_error(argv[0], "too many options");
		split_options(o.value, &flags, data);
	}
	if (argc - o.at != 2)
		return cmd_usage(argv[0]);
	if (type == NULL && !(flags & (MS_BIND | MS_REMOUNT)))
		return cmd_error(argv[0], "which type? (-t TYPE)");
	if (mount(argv[o.at], argv[o.at + 1], type ? type : "", flags,
	        data[0] ? data : NULL) != 0)
		return cmd_errno(argv[0], "cannot mount %s%s%s on %s",
		    argv[o.at], type ? " as " : "", type ? type : "",
		    argv[o.at + 1]);
	return 0;
}

int cmd_umount(struct shell *sh, int argc, char **argv)
{
	struct options o = {0};
	int c, status = 0, flags = 0;

	(void)sh;
	while ((c = options_next(&o, argc, argv, "lf")) != 0) {
		if (c == '?')
			return STATUS_USAGE;
		flags |= c == 'l' ? MNT_DETACH : MNT_FORCE;
	}
	if (o.at >= argc)
		return cmd_usage(argv[0]);
	for (int i = o.at; i < argc; i++)
		if (umount2(argv[i], flags) != 0)
			status =
			    cmd_errno(argv[0], "cannot unmount %s", argv[i]);
	return status;
}
