/* chevron/cmd/dirs.c -- directories, times, small files. */
/* SPDX-License-Identifier: MIT */
#include "chevron/cmd/dirs.h"
#include "chevron/cmd/cmd.h"
#include "chevron/cmd/ls.h"
#include "lib/users.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

/* The logical path: $PWD with .. taken off by name, as cd's users expect. */
static bool join_logical(const char *pwd, const char *to, char *buf, size_t cap)
{
	size_t n = 0;

	if (to[0] != '/') {
		n = strlen(pwd);
		if (pwd[0] != '/' || n + 1 >= cap)
			return false;
		memcpy(buf, pwd, n);
		while (n > 0 && buf[n - 1] == '/')
			n--;
	}
	while (*to) {
		size_t len;

		to += strspn(to, "/");
		len = strcspn(to, "/");
		if (len == 2 && to[0] == '.' && to[1] == '.') {
			while (n > 0 && buf[n - 1] != '/')
				n--;
			while (n > 0 && buf[n - 1] == '/')
				n--;
		} else if (len > 0 && !(len == 1 && to[0] == '.')) {
			if (n + len + 2 >= cap)
				return false;
			buf[n++] = '/';
			memcpy(buf + n, to, len);
			n += len;
		}
		to += len;
	}
	if (n == 0)
		buf[n++] = '/';
	buf[n] = '\0';
	return true;
}

static const char *cd_target(struct shell *sh, int argc, char **argv)
{
	const char *to = argc > 1 ? argv[1] : var_get(sh, "HOME");

	if (argc > 1 && strcmp(to, "-") == 0) {
		to = var_get(sh, "OLDPWD");
		if (to != NULL)
			out_fmt(&cmd_out, "%s\n", to);
		else
			cmd_error(argv[0], "OLDPWD is not set");
	} else if (to == NULL) {
		cmd_error(argv[0], "HOME is not set");
	}
	return to;
}

int cmd_cd(struct shell *sh, int argc, char **argv)
{
	char path[PATH_MAX], *old;
	const char *to, *pwd = var_get(sh, "PWD");

	if (argc > 2 && strcmp(argv[1], "--") == 0) {
		argv++;
		argc--;
	}
	if (argc > 2)
		return cmd_usage("cd");
	to = cd_target(sh, argc, argv);
	if (to == NULL)
		return 1;
	if (!join_logical(pwd ? pwd : "", to, path, sizeof(path)) ||
	    chdir(path) != 0) {
		if (chdir(to) != 0)
			return cmd_errno("cd", "%s", to);
		if (getcwd(path, sizeof(path)) == NULL)
			return cmd_errno("cd", "the new directory's path");
	}
	old = xstrdup(pwd ? pwd : "");
	var_set(sh, "OLDPWD", old);
	free(old);
	return !var_set(sh, "PWD", path);
}

int cmd_pwd(struct shell *sh, int argc, char **argv)
{
	const char *pwd = var_get(sh, "PWD");
	char path[PATH_MAX];
	struct stat a, b;

	if ((argc < 2 || strcmp(argv[1], "-P") != 0) && pwd && pwd[0] == '/' &&
	    stat(pwd, &a) == 0 && stat(".", &b) == 0 && a.st_dev == b.st_dev &&
	    a.st_ino == b.st_ino) {
		out_fmt(&cmd_out, "%s\n", pwd);
		return 0;
	}
	if (getcwd(path, sizeof(path)) == NULL)
		return cmd_errno(argv[0], "the working directory's path");
	out_fmt(&cmd_out, "%s\n", path);
	return 0;
}

static int make_path(const char *name, char *path, mode_t mode)
{
	struct stat st;

	for (char *at = path + 1; at[-1] && *at; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		if (mkdir(path, 0777) != 0 && errno != EEXIST)
			return cmd_errno(name, "cannot make %s", path);
		*at = '/';
	}
	if (mkdir(path, mode) != 0 &&
	    (errno != EEXIST || stat(path, &st) != 0 || !S_ISDIR(st.st_mode)))
		return cmd_errno(name, "cannot make %s", path);
	return 0;
}

int cmd_mkdir(struct shell *sh, int argc, char **argv)
{
	struct options o = {0};
	bool parents = false, exact = false;
	mode_t mode = 0777;
	int c, status = 0;

	(void)sh;
	while ((c = options_next(&o, argc, argv, "pm:")) != 0) {
		if (c == '?')
			return STATUS_USAGE;
		parents |= c == 'p';
		if (c == 'm') {
			mode = (mode_t)strtoul(o.value, NULL, 8) & 07777;
			exact = true;
		}
	}
	if (o.at >= argc)
		return cmd_usage(argv[0]);
	for (int i = o.at; i < argc; i++) {
		if (parents)
			status |= make_path(argv[0], argv[i], mode);
		else if (mkdir(argv[i], mode) != 0)
			status |= cmd_errno(argv[0], "cannot make %s", argv[i]);
		if (exact && status == 0 && chmod(argv[i], mode) != 0)
			status |= cmd_errno(
			    argv[0], "cannot set the mode of %s", argv[i]);
	}
	return status;
}

int cmd_rmdir(struct shell *sh, int argc, char **argv)
{
	struct options o = {0};
	bool parents = false;
	int c, status = 0;

	(void)sh;
	while ((c = options_next(&o, argc, argv, "p")) != 0) {
		if (c == '?')
			return STATUS_USAGE;
		parents = true;
	}
	if (o.at >= argc)
		return cmd_usage(argv[0]);
	for (int i = o.at; i < argc; i++) {
		char *slash;

		do {
			if (rmdir(argv[i]) != 0) {
				status |= cmd_errno(
				    argv[0], "cannot remove %s", argv[i]);
				break;
			}
			slash = strrchr(argv[i], '/');
			if (slash)
				*slash = '\0';
		} while (parents && slash && argv[i][0]);
	}
	return status;
}

static int touch_one(const char *name, const char *path, bool create)
{
	int fd;

	if (utimensat(AT_FDCWD, path, NULL, 0) == 0)
		return 0;
	if (errno != ENOENT)
		return cmd_errno(name, "%s", path);
	if (!create)
		return 0;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0)
		return cmd_errno(name, "cannot make %s", path);
	close(fd);
	return 0;
}

int cmd_touch(struct shell *sh, int argc, char **argv)
{
	struct options o = {0};
	bool create = true;
	int c, status = 0;

	(void)sh;
	while ((c = options_next(&o, argc, argv, "c")) != 0) {
		if (c == '?')
			return STATUS_USAGE;
		create = false;
	}
	if (o.at >= argc)
		return cmd_usage(argv[0]);
	for (int i = o.at; i < argc; i++)
		status |= touch_one(argv[0], argv[i], create);
	return status;
}

int cmd_write(struct shell *sh, int argc, char **argv)
{
	struct options o = {0};
	int c, fd, e, how = O_TRUNC;
	static struct out file;

	(void)sh;
	while ((c = options_next(&o, argc, argv, "a")) != 0) {
		if (c == '?')
			return STATUS_USAGE;
		how = O_APPEND;
	}
	if (o.at >= argc)
		return cmd_usage(argv[0]);
	fd = open(argv[o.at], O_WRONLY | O_CREAT | O_CLOEXEC | how, 0666);
	if (fd < 0)
		return cmd_errno(argv[0], "cannot open %s", argv[o.at]);
	file.fd = fd;
	for (int i = o.at + 1; i < argc; i++) {
		out_str(&file, argv[i]);
		out_char(&file, i + 1 < argc ? ' ' : '\n');
	}
	e = out_flush(&file);
	close(fd);
	errno = e;
	return e ? cmd_errno(argv[0], "cannot write %s", argv[o.at]) : 0;
}

static const char *kind_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "directory";
	case S_IFLNK:
		return "symbolic link";
	case S_IFCHR:
		return "character device";
	case S_IFBLK:
		return "block device";
	case S_IFIFO:
		return "pipe";
	case S_IFSOCK:
		return "socket";
	default:
		return "unknown";
	}
}

static void print_time(const char *label, const struct timespec *t)
{
	char text[40];
	struct tm tm;

	if (localtime_r(&t->tv_sec, &tm) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) == 0)
		return;
	out_fmt(&cmd_out, "%s %s.%09ld\n", label, text, t->tv_nsec);
}

static void print_stat(const char *path, const struct stat *st)
{
	char mode[12], user[64], group[64], target[PATH_MAX];
	ssize_t n;

	out_fmt(&cmd_out, "  File: %s", path);
	if (S_ISLNK(st->st_mode)) {
		n = readlink(path, target, sizeof(target) - 1);
		if (n >= 0)
			out_fmt(&cmd_out, " -> %.*s", (int)n, target);
	}
	ls_mode(mode, st->st_mode);
	user_name(st->st_uid, user, sizeof(user));
	group_name(st->st_gid, group, sizeof(group));
	out_fmt(&cmd_out, "\n  Kind: %s\n  Size: %ld  Blocks: %ld of 512\n",
	    kind_of(st->st_mode), (long)st->st_size, (long)st->st_blocks);
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		out_fmt(&cmd_out, "Number: %u, %u\n", major(st->st_rdev),
		    minor(st->st_rdev));
	out_fmt(&cmd_out, "Device: %u,%u  Inode: %lu  Links: %lu\n",
	    major(st->st_dev), minor(st->st_dev), (unsigned long)st->st_ino,
	    (unsigned long)st->st_nlink);
	out_fmt(&cmd_out, "Access: %04o %s  Owner: %u/%s  Group: %u/%s\n",
	    st->st_mode & 07777, mode, st->st_uid, user, st->st_gid, group);
	print_time("  Read:", &st->st_atim);
	print_time("Change:", &st->st_mtim);
	print_time("Status:", &st->st_ctim);
}

int cmd_stat(struct shell *sh, int argc, char **argv)
{
	struct options o = {0};
	bool follow = false;
	int c, status = 0;
	struct stat st;

	(void)sh;
	while ((c = options_next(&o, argc, argv, "L")) != 0) {
		if (c == '?')
			return STATUS_USAGE;
		follow = true;
	}
	if (o.at >= argc)
		return cmd_usage(argv[0]);
	for (int i = o.at; i < argc; i++) {
		if ((follow ? stat : lstat)(argv[i], &st) != 0)
			status = cmd_errno(argv[0], "%s", argv[i]);
		else
			print_stat(argv[i], &st);
	}
	return status;
}
