/* chevron/cmd/files.c -- copying, moving and removing. */
/* SPDX-License-Identifier: MIT */
#include "chevron/cmd/files.h"
#include "chevron/cmd/cmd.h"
#include "lib/fmt.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Trees are walked by paths in one buffer per level, at most DEPTH_MAX deep.
 * A symbolic link in a tree is copied as a link and removed as a link, never
 * followed.
 */

enum { DEPTH_MAX = 256, COPY_SIZE = 64 << 10 };

struct work {
	const char *name; /* of the command */
	bool recurse, force, ask, keep, tell;
	int depth;
};

static bool path_below(char buf[PATH_MAX], const char *dir, const char *name)
{
	size_t n = strlen(dir);

	if (fmt_buf(buf, PATH_MAX, "%s%s%s", dir,
	        n > 0 && dir[n - 1] == '/' ? "" : "/", name) < PATH_MAX - 1)
		return true;
	cmd_error("path", "%s/%s: too long", dir, name);
	return false;
}

static bool is_dots(const char *s)
{
	return s[0] == '.' && (s[1] == '\0' || (s[1] == '.' && !s[2]));
}

/* The last component, trailing slashes aside, copied to buf. */
static void base_name(const char *path, char buf[NAME_MAX + 1])
{
	size_t end = strlen(path), at;

	while (end > 1 && path[end - 1] == '/')
		end--;
	for (at = end; at > 0 && path[at - 1] != '/'; at--)
		;
	fmt_buf(buf, NAME_MAX + 1, "%.*s", (int)(end - at), path + at);
}

static bool confirm(const char *name, const char *what, const char *path)
{
	char answer[2] = "", c;

	fd_fmt(2, "%s: %s %s? ", name, what, path);
	while (read(0, &c, 1) == 1 && c != '\n')
		if (answer[0] == '\0')
			answer[0] = c;
	return answer[0] == 'y' || answer[0] == 'Y';
}

static int remove_tree(struct work *w, const char *path);

static int remove_below(struct work *w, const char *path)
{
	DIR *d = opendir(path);
	char below[PATH_MAX];
	struct dirent *e;
	int status = 0;

	if (d == NULL)
		return cmd_errno(w->name, "cannot open %s", path);
	while (status == 0 && (e = readdir(d)) != NULL) {
		if (is_dots(e->d_name))
			continue;
		if (!path_below(below, path, e->d_name))
			status = 1;
		else
			status = remove_tree(w, below);
		if (shell_interrupted())
			status = 130;
	}
	closedir(d);
	return status;
}

/* Some systems skip entries when files vanish while a directory is read, so
 * it is read again until nothing is left in it. */
static int remove_directory(struct work *w, const char *path)
{
	int status;

	if (++w->depth > DEPTH_MAX) {
		w->depth--;
		return cmd_error(w->name, "%s: too deep", path);
	}
	do
		status = remove_below(w, path);
	while (status == 0 && rmdir(path) != 0 && errno == ENOTEMPTY);
	w->depth--;
	if (status == 0 && access(path, F_OK) == 0)
		status = cmd_errno(w->name, "cannot remove %s", path);
	return status;
}

static int remove_tree(struct work *w, const char *path)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return w->force && errno == ENOENT
		           ? 0
		           : cmd_errno(w->name, "cannot remove %s", path);
	if (S_ISDIR(st.st_mode) && !w->recurse)
		return cmd_error(w->name,
		    "cannot remove %s: is a directory (-r removes it)", path);
	if (w->ask && !confirm(w->name, "remove", path))
		return 0;
	if (S_ISDIR(st.st_mode)) {
		if (remove_directory(w, path) != 0)
			return 1;
	} else if (unlink(path) != 0) {
		return cmd_errno(w->name, "cannot remove %s", path);
	}
	if (w->tell)
		out_fmt(&cmd_out, "removed %s\n", path);
	return 0;
}

int cmd_rm(struct shell *sh, int argc, char **argv)
{
	struct work w = {.name = argv[0]};
	struct options o = {0};
	char base[NAME_MAX + 1];
	int c, status = 0;

	(void)sh;
	while ((c = options_next(&o, argc, argv, "rRfiv")) != 0) {
		if (c == '?')
			return STATUS_USAGE;
		w.recurse |= c == 'r' || c == 'R';
		w.force = c == 'f' ? true : c == 'i' ? false : w.force;
		w.ask = c == 'i' ? true : c == 'f' ? false : w.ask;
		w.tell |= c == 'v';
	}
	if (o.at >= argc && !w.force)
		return cmd_usage(argv[0]);
	for (int i = o.at; i < argc; i++) {
		base_name(argv[i], base);
		if (is_dots(base) || strcmp(base, "/") == 0 || !base[0])
			status |=
			    cmd_error(argv[0], "%s: is not removed", argv[i]);
		else
			status |= remove_tree(&w, argv[i]);
	}
	return status;
}

static int copy_data(
    struct work *w, int in, int out, const char *from, const char *to)
{
	static char *buf;
	ssize_t n;
	int e;

	if (buf == NULL)
		buf = xmalloc(COPY_SIZE);
	while ((n = read(in, buf, COPY_SIZE)) != 0) {
		if (shell_interrupted())
			return 130;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return cmd_errno(w->name, "cannot read %s", from);
		e = write_all(out, buf, (size_t)n);
		if (e != 0) {
			errno = e;
			return cmd_errno(w->name, "cannot write %s", to);
		}
	}
	return 0;
}

static void copy_attributes(const struct stat *st, const char *to)
{
	struct timespec times[2] = {st->st_atim, st->st_mtim};

	/* Best effort, as everywhere: only root may give files away. */
	if (lchown(to, st->st_uid, st->st_gid) != 0)
		errno = 0;
	if (!S_ISLNK(st->st_mode))
		chmod(to, st->st_mode & 07777);
	utimensat(AT_FDCWD, to, times, AT_SYMLINK_NOFOLLOW);
}

static int copy_file(
    struct work *w, const char *from, const struct stat *st, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out, status;
	struct stat target;

	if (in < 0)
		return cmd_errno(w->name, "cannot open %s", from);
	if (stat(to, &target) == 0 && target.st_dev == st->st_dev &&
	    target.st_ino == st->st_ino) {
		close(in);
		return cmd_error(
		    w->name, "%s and %s are the same file", from, to);
	}
	out = open(
	    to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, st->st_mode & 0777);
	if (out < 0 && w->force && unlink(to) == 0)
		out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    st->st_mode & 0777);
	if (out < 0) {
		status = cmd_errno(w->name, "cannot make %s", to);
		close(in);
		return status;
	}
	status = copy_data(w, in, out, from, to);
	close(in);
	if (close(out) != 0 && status == 0)
		status = cmd_errno(w->name, "cannot write %s", to);
	return status;
}

static int copy_link(struct work *w, const char *from, const char *to)
{
	char target[PATH_MAX];
	ssize_t n = readlink(from, target, sizeof(target) - 1);

	if (n < 0)
		return cmd_errno(w->name, "cannot read %s", from);
	target[n] = '\0';
	unlink(to);
	if (symlink(target, to) != 0)
		return cmd_errno(w->name, "cannot make %s", to);
	return 0;
}

static int copy_tree(
    struct work *w, const char *from, const char *to, bool top);

static int copy_below(struct work *w, const char *from, const char *to)
{
	DIR *d = opendir(from);
	char from_below[PATH_MAX], to_below[PATH_MAX];
	struct dirent *e;
	int status = 0;

	if (d == NULL)
		return cmd_errno(w->name, "cannot open %s", from);
	while (!shell_interrupted() && (e = readdir(d)) != NULL) {
		if (is_dots(e->d_name))
			continue;
		if (!path_below(from_below, from, e->d_name) ||
		    !path_below(to_below, to, e->d_name))
			status = 1;
		else
			status |= copy_tree(w, from_below, to_below, false);
	}
	closedir(d);
	return status;
}

/* A copy into itself would never end: some directory above the target is the
 * source. */
static bool is_inside(const struct stat *source, const char *to)
{
	char path[PATH_MAX], *slash;
	struct stat st;

	fmt_buf(path, sizeof(path), "%s", to);
	while ((slash = strrchr(path, '/')) != NULL && slash != path) {
		*slash = '\0';
		if (stat(path, &st) == 0)
			break;
	}
	if (slash == NULL && stat(".", &st) != 0)
		return false;
	if (slash == NULL)
		fmt_buf(path, sizeof(path), ".");
	for (int i = 0; i < DEPTH_MAX; i++) {
		ino_t inode;

		if (stat(path, &st) != 0)
			return false;
		if (st.st_dev == source->st_dev && st.st_ino == source->st_ino)
			return true;
		inode = st.st_ino;
		if (strlen(path) + 4 > sizeof(path))
			return false;
		strcat(path, "/..");
		if (stat(path, &st) != 0 || st.st_ino == inode)
			return false;
	}
	return false;
}

static int copy_directory(struct work *w, const char *from,
    const struct stat *st, const char *to, bool top)
{
	int status;

	if (!w->recurse)
		return cmd_error(
		    w->name, "%s: is a directory (-r copies it)", from);
	if (top && is_inside(st, to))
		return cmd_error(
		    w->name, "%s: cannot be copied into itself", from);
	if (++w->depth > DEPTH_MAX) {
		w->depth--;
		return cmd_error(w->name, "%s: too deep", from);
	}
	status = mkdir(to, 0700 | (st->st_mode & 0777));
	if (status != 0 && errno != EEXIST) {
		w->depth--;
		return cmd_errno(w->name, "cannot make %s", to);
	}
	status = copy_below(w, from, to);
	w->depth--;
	return status;
}

static int copy_tree(struct work *w, const char *from, const char *to, bool top)
{
	struct stat st;
	int status;

	if ((w->recurse ? lstat : stat)(from, &st) != 0)
		return cmd_errno(w->name, "%s", from);
	if (w->ask && access(to, F_OK) == 0 && !S_ISDIR(st.st_mode) &&
	    !confirm(w->name, "overwrite", to))
		return 0;
	if (S_ISDIR(st.st_mode))
		status = copy_directory(w, from, &st, to, top);
	else if (S_ISLNK(st.st_mode))
		status = copy_link(w, from, to);
	else if (S_ISREG(st.st_mode) || !w->recurse)
		status = copy_file(w, from, &st, to);
	else if (mknod(to, st.st_mode, st.st_rdev) != 0)
		status = cmd_errno(w->name, "cannot make %s", to);
	else
		status = 0;
	if (status == 0 && w->keep)
		copy_attributes(&st, to);
	if (status == 0 && w->tell)
		out_fmt(&cmd_out, "%s -> %s\n", from, to);
	return status;
}

static int move_one(struct work *w, const char *from, const char *to)
{
	struct work copy = {.name = w->name, .recurse = true, .keep = true};
	struct work remove = {.name = w->name, .recurse = true};
	int status;

	if (w->ask && access(to, F_OK) == 0 &&
	    !confirm(w->name, "overwrite", to))
		return 0;
	if (rename(from, to) == 0) {
		if (w->tell)
			out_fmt(&cmd_out, "%s -> %s\n", from, to);
		return 0;
	}
	if (errno != EXDEV)
		return cmd_errno(w->name, "cannot move %s to %s", from, to);
	status = copy_tree(&copy, from, to, true);
	if (status == 0)
		status = remove_tree(&remove, from);
	return status;
}

static int one(struct work *w, const char *from, const char *to, bool move)
{
	return move ? move_one(w, from, to) : copy_tree(w, from, to, true);
}

/* FILE... TARGET of cp and mv. */
static int each(struct work *w, int n, char **names, bool move)
{
	const char *target = names[n - 1];
	char to[PATH_MAX], base[NAME_MAX + 1];
	struct stat st;
	bool dir = stat(target, &st) == 0 && S_ISDIR(st.st_mode);
	int status = 0;

	if (n == 2 && !dir)
		return one(w, names[0], target, move);
	if (!dir)
		return cmd_error(w->name, "%s: is not a directory", target);
	for (int i = 0; i < n - 1; i++) {
		base_name(names[i], base);
		/* "cp -r dir/. there" copies what is in it */
		if (is_dots(base))
			fmt_buf(to, sizeof(to), "%s", target);
		else if (!path_below(to, target, base))
			return 1;
		status |= one(w, names[i], to, move);
	}
	return status;
}

static int copy_or_move(int argc, char **argv, bool move)
{
	struct work w = {.name = argv[0]};
	struct options o = {0};
	int c;

	while (
	    (c = options_next(&o, argc, argv, move ? "fiv" : "rRafipv")) != 0) {
		if (c == '?')
			return STATUS_USAGE;
		w.recurse |= c == 'r' || c == 'R' || c == 'a';
		w.keep |= c == 'p' || c == 'a';
		w.force |= c == 'f';
		w.ask |= c == 'i';
		w.tell |= c == 'v';
	}
	if (argc - o.at < 2)
		return cmd_usage(argv[0]);
	return each(&w, argc - o.at, argv + o.at, move);
}

int cmd_cp(struct shell *sh, int argc, char **argv)
{
	(void)sh;
	return copy_or_move(argc, argv, false);
}

int cmd_mv(struct shell *sh, int argc, char **argv)
{
	(void)sh;
	return copy_or_move(argc, argv, true);
}
