/* chevron/cmd/ls.c -- listing files. */
/* SPDX-License-Identifier: MIT */
#include "chevron/cmd/ls.h"
#include "chevron/cmd/cmd.h"
#include "lib/fmt.h"
#include "lib/text.h"
#include "lib/users.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

enum { DEPTH_MAX = 256 };

struct listing {
	const char *name; /* of the command */
	bool lines, all, almost, self, marks, human, inodes, longs, recurse;
	bool reverse, by_size, by_time;
	bool headers; /* more than one directory is shown */
	bool any;     /* something was printed: a blank line goes before */
	int columns, status, depth;
};

struct entry {
	char *name;
	struct stat st;
};

struct entries {
	struct entry *v;
	size_t n, cap;
};

/* qsort knows no context */
static const struct listing *sorting;

void ls_mode(char buf[12], mode_t mode)
{
	static const char kinds[] = "?pc?d?b?-?l?s???";
	static const char bits[] = "rwxrwxrwx";

	buf[0] = kinds[mode >> 12 & 15];
	for (int i = 0; i < 9; i++)
		buf[1 + i] = mode & (0400u >> i) ? bits[i] : '-';
	if (mode & S_ISUID)
		buf[3] = buf[3] == 'x' ? 's' : 'S';
	if (mode & S_ISGID)
		buf[6] = buf[6] == 'x' ? 's' : 'S';
	if (mode & S_ISVTX)
		buf[9] = buf[9] == 'x' ? 't' : 'T';
	buf[10] = '\0';
}

static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int c = 0;

	if (sorting->by_size)
		c = (x->st.st_size < y->st.st_size) -
		    (x->st.st_size > y->st.st_size);
	if (sorting->by_time) {
		c = (x->st.st_mtim.tv_sec < y->st.st_mtim.tv_sec) -
		    (x->st.st_mtim.tv_sec > y->st.st_mtim.tv_sec);
		if (c == 0)
			c = (x->st.st_mtim.tv_nsec < y->st.st_mtim.tv_nsec) -
			    (x->st.st_mtim.tv_nsec > y->st.st_mtim.tv_nsec);
	}
	if (c == 0)
		c = strcmp(x->name, y->name);
	return sorting->reverse ? -c : c;
}

static bool wants_stat(const struct listing *l)
{
	return l->longs || l->marks || l->inodes || l->recurse || l->by_size ||
	       l->by_time;
}

static struct entry *entries_add(struct entries *e, const char *name)
{
	if (e->n == e->cap) {
		e->cap = e->cap ? e->cap * 2 : 32;
		e->v = xrealloc(e->v, e->cap * sizeof(*e->v));
	}
	e->v[e->n] = (struct entry){.name = xstrdup(name)};
	return &e->v[e->n++];
}

static void entries_free(struct entries *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->v[i].name);
	free(e->v);
}

static char mark_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return '/';
	case S_IFLNK:
		return '@';
	case S_IFIFO:
		return '|';
	case S_IFSOCK:
		return '=';
	case S_IFREG:
		return mode & 0111 ? '*' : '\0';
	default:
		return '\0';
	}
}

static void print_time(const struct stat *st)
{
	time_t now = time(NULL), then = st->st_mtim.tv_sec;
	bool near = then <= now && now - then < 180L * 86400;
	char text[32];
	struct tm tm;

	if (localtime_r(&then, &tm) == NULL ||
	    strftime(text, sizeof(text), near ? "%b %e %H:%M" : "%b %e  %Y",
	        &tm) == 0)
		text[0] = '\0';
	out_fmt(&cmd_out, "%s ", text);
}

static void print_size(const struct listing *l, const struct stat *st)
{
	char text[24];

	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		fmt_buf(text, sizeof(text), "%u, %u", major(st->st_rdev),
		    minor(st->st_rdev));
	else if (l->human)
		text_size(text, (uint64_t)st->st_size);
	else
		fmt_buf(text, sizeof(text), "%ld", (long)st->st_size);
	out_fmt(&cmd_out, "%9s ", text);
}

static void print_long(const struct listing *l, int dir, const struct entry *e)
{
	char mode[12], user[64], group[64], target[PATH_MAX];
	ssize_t n;

	ls_mode(mode, e->st.st_mode);
	user_name(e->st.st_uid, user, sizeof(user));
	group_name(e->st.st_gid, group, sizeof(group));
	out_fmt(&cmd_out, "%s %3lu %-8s %-8s ", mode,
	    (unsigned long)e->st.st_nlink, user, group);
	print_size(l, &e->st);
	print_time(&e->st);
	out_str(&cmd_out, e->name);
	if (S_ISLNK(e->st.st_mode)) {
		n = readlinkat(dir, e->name, target, sizeof(target) - 1);
		out_fmt(&cmd_out, " -> %.*s", n < 0 ? 1 : (int)n,
		    n < 0 ? "?" : target);
	} else if (l->marks && mark_of(e->st.st_mode)) {
		out_char(&cmd_out, mark_of(e->st.st_mode));
	}
	out_char(&cmd_out, '\n');
}

static int name_width(const char *s)
{
	size_t n = strlen(s);
	int width = 0;
	uint32_t cp;

	for (size_t i = 0; i < n;) {
		i += utf8_decode(s + i, n - i, &cp);
		width += utf8_width(cp);
	}
	return width;
}

static void print_name(const struct listing *l, const struct entry *e, int pad)
{
	int width = name_width(e->name);
	char mark = l->marks ? mark_of(e->st.st_mode) : '\0';

	if (l->inodes) {
		out_fmt(&cmd_out, "%8lu ", (unsigned long)e->st.st_ino);
		width += 9;
	}
	out_str(&cmd_out, e->name);
	if (mark) {
		out_char(&cmd_out, mark);
		width++;
	}
	out_fill(&cmd_out, ' ', pad - width);
}

static void print_short(const struct listing *l, const struct entries *e)
{
	int widest = 0, across = 1;
	size_t down;

	for (size_t i = 0; i < e->n; i++) {
		int width = name_width(e->v[i].name);

		widest = width > widest ? width : widest;
	}
	widest += 2 + (l->marks ? 1 : 0) + (l->inodes ? 9 : 0);
	if (!l->lines && l->columns / widest > 1)
		across = l->columns / widest;
	down = (e->n + (size_t)across - 1) / (size_t)across;
	for (size_t row = 0; row < down; row++) {
		for (size_t i = row; i < e->n; i += down)
			print_name(l, &e->v[i], i + down < e->n ? widest : 0);
		out_char(&cmd_out, '\n');
	}
}

static void print_entries(const struct listing *l, int dir, struct entries *e)
{
	sorting = l;
	if (e->n > 0)
		qsort(e->v, e->n, sizeof(*e->v), compare);
	if (!l->longs) {
		print_short(l, e);
		return;
	}
	for (size_t i = 0; i < e->n; i++) {
		if (l->inodes)
			out_fmt(&cmd_out, "%8lu ",
			    (unsigned long)e->v[i].st.st_ino);
		print_long(l, dir, &e->v[i]);
	}
}

static void list_directory(struct listing *l, const char *path);

static void list_below(
    struct listing *l, const char *path, const struct entries *e)
{
	char below[PATH_MAX];
	size_t n = strlen(path);

	if (++l->depth > DEPTH_MAX) {
		l->status = cmd_error(l->name, "%s: too deep", path);
	} else {
		for (size_t i = 0; i < e->n; i++) {
			if (!S_ISDIR(e->v[i].st.st_mode) ||
			    !strcmp(e->v[i].name, ".") ||
			    !strcmp(e->v[i].name, ".."))
				continue;
			if (fmt_buf(below, sizeof(below), "%s%s%s", path,
			        n && path[n - 1] == '/' ? "" : "/",
			        e->v[i].name) < sizeof(below) - 1)
				list_directory(l, below);
		}
	}
	l->depth--;
}

static void read_entries(struct listing *l, DIR *d, struct entries *e)
{
	struct dirent *item;

	while ((item = readdir(d)) != NULL) {
		const char *s = item->d_name;
		bool dots = !strcmp(s, ".") || !strcmp(s, "..");
		struct entry *entry;

		if (s[0] == '.' && !l->all && (!l->almost || dots))
			continue;
		entry = entries_add(e, s);
		if (!wants_stat(l))
			continue;
		if (fstatat(dirfd(d), s, &entry->st, AT_SYMLINK_NOFOLLOW) != 0)
			l->status = cmd_errno(l->name, "%s", s);
	}
}

static void list_directory(struct listing *l, const char *path)
{
	DIR *d = opendir(path);
	struct entries e = {0};

	if (d == NULL) {
		l->status = cmd_errno(l->name, "cannot open %s", path);
		return;
	}
	if (l->headers || l->recurse)
		out_fmt(&cmd_out, "%s%s:\n", l->any ? "\n" : "", path);
	l->any = true;
	read_entries(l, d, &e);
	print_entries(l, dirfd(d), &e);
	closedir(d);
	if (l->recurse && !shell_interrupted())
		list_below(l, path, &e);
	entries_free(&e);
}

static bool read_options(
    struct listing *l, struct options *o, int argc, char **argv)
{
	int c;

	while ((c = options_next(o, argc, argv, "1aAdFhilRrSt")) != 0) {
		if (c == '?')
			return false;
		l->lines |= c == '1';
		l->all |= c == 'a';
		l->almost |= c == 'A';
		l->self |= c == 'd';
		l->marks |= c == 'F';
		l->human |= c == 'h';
		l->inodes |= c == 'i';
		l->longs |= c == 'l';
		l->recurse |= c == 'R';
		l->reverse |= c == 'r';
		l->by_size |= c == 'S';
		l->by_time |= c == 't';
	}
	return true;
}

/* Files first, then the directories' contents. */
static void list_arguments(struct listing *l, int n, char **names)
{
	struct entries files = {0}, dirs = {0};

	for (int i = 0; i < n; i++) {
		struct stat st;
		struct entry *e;
		int r = l->longs || l->self ? lstat(names[i], &st)
		                            : stat(names[i], &st);

		if (r != 0 && lstat(names[i], &st) != 0) {
			l->status = cmd_errno(l->name, "%s", names[i]);
			continue;
		}
		e = entries_add(
		    S_ISDIR(st.st_mode) && !l->self ? &dirs : &files, names[i]);
		e->st = st;
	}
	if (files.n > 0) {
		print_entries(l, AT_FDCWD, &files);
		l->any = true;
	}
	l->headers = n > 1;
	sorting = l;
	if (dirs.n > 0)
		qsort(dirs.v, dirs.n, sizeof(*dirs.v), compare);
	for (size_t i = 0; i < dirs.n; i++)
		list_directory(l, dirs.v[i].name);
	entries_free(&files);
	entries_free(&dirs);
}

int cmd_ls(struct shell *sh, int argc, char **argv)
{
	struct listing l = {.name = argv[0], .columns = 80};
	char *here = (char *)".";
	struct options o = {0};
	struct winsize w;

	(void)sh;
	if (!read_options(&l, &o, argc, argv))
		return STATUS_USAGE;
	if (ioctl(1, TIOCGWINSZ, &w) != 0)
		l.lines = true;
	else if (w.ws_col > 0)
		l.columns = w.ws_col;
	if (o.at >= argc)
		list_arguments(&l, 1, &here);
	else
		list_arguments(&l, argc - o.at, argv + o.at);
	return l.status;
}
