/* chevron/cmd/grep.c -- lines that match. */
/* SPDX-License-Identifier: MIT */
#include "chevron/cmd/cmd.h"
#include "chevron/cmd/lines.h"
#include "chevron/cmd/text.h"
#include "lib/fmt.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATTERNS_MAX = 32, DEPTH_MAX = 256 };

struct search {
	const char *name;
	bool fixed, extended, fold, invert, count, list, number, quiet;
	bool whole_line, whole_word, recurse, names, no_names, only;
	const char *patterns[PATTERNS_MAX];
	regex_t regex[PATTERNS_MAX];
	int n, depth;
	bool found, failed;
};

static bool is_word(char c)
{
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

/* The first hit of pattern i at or behind from. */
static bool find_one(const struct search *s, int i, const char *line,
    size_t from, size_t *start, size_t *end)
{
	const char *hit, *p = s->patterns[i];
	regmatch_t m;

	if (s->fixed) {
		hit = s->fold ? strcasestr(line + from, p)
		              : strstr(line + from, p);
		if (hit == NULL)
			return false;
		*start = (size_t)(hit - line);
		*end = *start + strlen(p);
		return true;
	}
	if (regexec(&s->regex[i], line + from, 1, &m, from ? REG_NOTBOL : 0) !=
	    0)
		return false;
	*start = from + (size_t)m.rm_so;
	*end = from + (size_t)m.rm_eo;
	return true;
}

/* As find_one, but only hits that -x and -w accept. */
static bool find_fitting(const struct search *s, int i, const char *line,
    size_t n, size_t from, size_t *start, size_t *end)
{
	while (from <= n && find_one(s, i, line, from, start, end)) {
		bool fits = true;

		if (s->whole_line)
			fits = *start == 0 && *end == n;
		else if (s->whole_word)
			fits = (*start == 0 || !is_word(line[*start - 1])) &&
			       (*end == n || !is_word(line[*end])) &&
			       *end > *start;
		if (fits)
			return true;
		from = *start + 1;
	}
	return false;
}

static bool find(const struct search *s, const char *line, size_t n,
    size_t from, size_t *start, size_t *end)
{
	size_t a, b;
	bool any = false;

	for (int i = 0; i < s->n; i++) {
		if (!find_fitting(s, i, line, n, from, &a, &b))
			continue;
		if (!any || a < *start || (a == *start && b > *end)) {
			*start = a;
			*end = b;
		}
		any = true;
		if (!s->only)
			break;
	}
	return any;
}

static void print_prefix(const struct search *s, const char *path, long line)
{
	if (s->names)
		out_fmt(&cmd_out, "%s:", path);
	if (s->number)
		out_fmt(&cmd_out, "%ld:", line);
}

static void print_hits(const struct search *s, const char *path, long number,
    const char *line, size_t n)
{
	size_t from = 0, start, end;

	while (from <= n && find(s, line, n, from, &start, &end)) {
		if (end > start) {
			print_prefix(s, path, number);
			out_mem(&cmd_out, line + start, end - start);
			out_char(&cmd_out, '\n');
		}
		from = end > start ? end : end + 1;
	}
}

static void search_lines(struct search *s, int fd, const char *path)
{
	struct lines l = {0};
	size_t n, start, end;
	long number = 0, hits = 0;
	char *line;

	lines_begin(&l, fd);
	while ((line = lines_next(&l, &n)) != NULL) {
		number++;
		if (find(s, line, n, 0, &start, &end) == s->invert)
			continue;
		hits++;
		if (s->quiet || s->list)
			break;
		if (s->count)
			continue;
		if (s->only && !s->invert) {
			print_hits(s, path, number, line, n);
			continue;
		}
		print_prefix(s, path, number);
		out_mem(&cmd_out, line, n);
		out_char(&cmd_out, '\n');
	}
	errno = l.error;
	if (l.error) {
		cmd_errno(s->name, "cannot read %s", path);
		s->failed = true;
	}
	lines_free(&l);
	s->found |= hits > 0;
	if (s->list && hits && !s->quiet)
		out_fmt(&cmd_out, "%s\n", path);
	if (s->count && !s->quiet && !s->list) {
		if (s->names)
			out_fmt(&cmd_out, "%s:", path);
		out_fmt(&cmd_out, "%ld\n", hits);
	}
}

static void search_path(struct search *s, const char *path, bool given);

static void search_directory(struct search *s, const char *path)
{
	DIR *d = opendir(path);
	char below[PATH_MAX];
	struct dirent *e;

	if (d == NULL || ++s->depth > DEPTH_MAX) {
		cmd_errno(s->name, "cannot open %s", path);
		s->failed = true;
		return;
	}
	while (!shell_interrupted() && (e = readdir(d)) != NULL) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		if (fmt_buf(below, sizeof(below), "%s/%s", path, e->d_name) <
		    sizeof(below) - 1)
			search_path(s, below, false);
	}
	closedir(d);
	s->depth--;
}

static void search_path(struct search *s, const char *path, bool given)
{
	struct stat st;
	int fd;

	if (strcmp(path, "-") != 0 && (given ? stat : lstat)(path, &st) == 0) {
		if (S_ISDIR(st.st_mode) && s->recurse) {
			search_directory(s, path);
			return;
		}
		if (!given && !S_ISREG(st.st_mode))
			return;
	}
	fd = lines_open(s->name, path);
	if (fd < 0) {
		s->failed = true;
		return;
	}
	search_lines(s, fd, strcmp(path, "-") ? path : "(standard input)");
	close(fd);
}

/* A pattern list: one per line. */
static bool add_patterns(struct search *s, const char *text)
{
	for (;;) {
		const char *end = strchrnul(text, '\n');
		char *p;

		if (s->n == PATTERNS_MAX) {
			cmd_error(s->name, "at most %d patterns", PATTERNS_MAX);
			return false;
		}
		p = xmalloc((size_t)(end - text) + 1);
		memcpy(p, text, (size_t)(end - text));
		p[end - text] = '\0';
		s->patterns[s->n++] = p;
		if (*end == '\0')
			return true;
		text = end + 1;
	}
}

static bool compile(struct search *s)
{
	int flags =
	    (s->extended ? REG_EXTENDED : 0) | (s->fold ? REG_ICASE : 0);
	char error[128];

	for (int i = 0; i < s->n && !s->fixed; i++) {
		int e = regcomp(&s->regex[i], s->patterns[i], flags);

		if (e == 0)
			continue;
		regerror(e, &s->regex[i], error, sizeof(error));
		cmd_error(s->name, "%s: %s", s->patterns[i], error);
		while (i-- > 0)
			regfree(&s->regex[i]);
		return false;
	}
	return true;
}

static void set_flag(struct search *s, int c)
{
	s->extended |= c == 'E';
	s->fixed |= c == 'F';
	s->count |= c == 'c';
	s->fold |= c == 'i';
	s->list |= c == 'l';
	s->number |= c == 'n';
	s->quiet |= c == 'q';
	s->recurse |= c == 'r';
	s->invert |= c == 'v';
	s->whole_word |= c == 'w';
	s->whole_line |= c == 'x';
	s->no_names |= c == 'h';
	s->only |= c == 'o';
}

static void search_all(struct search *s, int n, char **paths)
{
	s->names = (n > 1 || s->recurse) && !s->no_names;
	if (n == 0)
		search_path(s, s->recurse ? "." : "-", true);
	for (int i = 0; i < n && !(s->quiet && s->found); i++)
		search_path(s, paths[i], true);
}

int cmd_grep(struct shell *sh, int argc, char **argv)
{
	struct search s = {.name = argv[0]};
	struct options o = {0};
	int c, status = STATUS_USAGE;

	(void)sh;
	while ((c = options_next(&o, argc, argv, "EFcilnqrvwxhoe:")) != 0) {
		if (c == '?' || (c == 'e' && !add_patterns(&s, o.value)))
			goto release;
		set_flag(&s, c);
	}
	if (s.n == 0 && o.at >= argc) {
		cmd_usage(argv[0]);
		goto release;
	}
	if (s.n == 0 && !add_patterns(&s, argv[o.at++]))
		goto release;
	if (!compile(&s))
		goto release;
	search_all(&s, argc - o.at, argv + o.at);
	for (int i = 0; i < s.n && !s.fixed; i++)
		regfree(&s.regex[i]);
	status = s.found && (s.quiet || !s.failed) ? 0
	         : s.failed                        ? STATUS_USAGE
	                                           : 1;
release:
	for (int i = 0; i < s.n; i++)
		free((char *)s.patterns[i]);
	return status;
}
