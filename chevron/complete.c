/* chevron/complete.c -- completion of commands and paths. */
/* SPDX-License-Identifier: MIT */
#include "chevron/complete.h"
#include "chevron/cmd/cmd.h"
#include "chevron/expand.h"
#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char word_ends[] = " \t\n;|&()<>";

/* The word being completed. */
struct target {
	char *word;   /* quoting undone */
	bool command; /* it names a command */
	char quote;   /* the quote it stands in, or 0 */
};

static struct target find_target(struct shell *sh, const struct editor *e)
{
	struct target t = {.command = true};
	size_t n = 0;

	t.word = arena_alloc(&sh->scratch, e->cursor + 1);
	for (size_t i = 0; i < e->cursor; i++) {
		char c = e->text[i];

		if (t.quote ? c == t.quote : c == '\'' || c == '"') {
			t.quote = t.quote ? 0 : c;
		} else if (c == '\\' && t.quote != '\'' && i + 1 < e->cursor) {
			t.word[n++] = e->text[++i];
		} else if (!t.quote && strchr(word_ends, c)) {
			if (strchr(";|&(", c))
				t.command = true;
			else if (n > 0 || c == '<' || c == '>')
				t.command = false;
			n = 0;
		} else {
			t.word[n++] = c;
		}
	}
	t.word[n] = '\0';
	return t;
}

static bool starts_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static void add(struct shell *sh, struct strings *l, const char *s)
{
	strings_add(sh, l, arena_copy(&sh->scratch, s, strlen(s)));
}

static void add_directory(struct shell *sh, struct strings *l, const char *path,
    const char *prefix, bool programs)
{
	DIR *d = opendir(path);
	struct dirent *e;
	struct stat st;

	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		bool dots = e->d_name[0] == '.';

		if (!starts_with(e->d_name, prefix) ||
		    (dots && prefix[0] != '.') || !strcmp(e->d_name, ".") ||
		    !strcmp(e->d_name, ".."))
			continue;
		if (programs && faccessat(dirfd(d), e->d_name, X_OK, 0) != 0)
			continue;
		if (fstatat(dirfd(d), e->d_name, &st, 0) != 0)
			st.st_mode = 0;
		if (S_ISDIR(st.st_mode) && !programs) {
			size_t n = strlen(e->d_name);
			char *s = arena_copy(&sh->scratch, e->d_name, n + 1);

			s[n] = '/';
			strings_add(sh, l, s);
		} else if (!programs || S_ISREG(st.st_mode)) {
			add(sh, l, e->d_name);
		}
	}
	closedir(d);
}

static void add_commands(
    struct shell *sh, struct strings *l, const char *prefix)
{
	const char *path = var_get(sh, "PATH");
	size_t n;
	const struct command *c = commands_all(&n);

	for (size_t i = 0; i < n; i++)
		if (starts_with(c[i].name, prefix))
			add(sh, l, c[i].name);
	while (path && *path) {
		const char *end = strchrnul(path, ':');

		add_directory(sh, l,
		    arena_copy(&sh->scratch, path, (size_t)(end - path)),
		    prefix, true);
		path = *end ? end + 1 : NULL;
	}
}

/* The part of the word behind its last slash. */
static const char *add_paths(
    struct shell *sh, struct strings *l, const char *word)
{
	const char *slash = strrchr(word, '/'), *home, *base;
	char path[PATH_MAX];
	size_t n;

	base = slash ? slash + 1 : word;
	n = (size_t)(base - word);
	if (n >= sizeof(path))
		return base;
	memcpy(path, word, n);
	path[n] = '\0';
	home = var_get(sh, "HOME");
	if (starts_with(path, "~/") && home && strlen(home) + n < PATH_MAX) {
		size_t h = strlen(home);

		memmove(path + h, path + 1, n);
		memcpy(path, home, h);
	}
	add_directory(sh, l, n ? path : ".", base, false);
	return base;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_unique(struct strings *l)
{
	int to = 0;

	if (l->n > 0)
		qsort(l->v, (size_t)l->n, sizeof(*l->v), by_name);
	for (int i = 0; i < l->n; i++)
		if (to == 0 || strcmp(l->v[to - 1], l->v[i]) != 0)
			l->v[to++] = l->v[i];
	l->n = to;
}

static size_t common_length(const struct strings *l)
{
	size_t n = strlen(l->v[0]);

	for (int i = 1; i < l->n; i++) {
		size_t same = 0;

		while (same < n && l->v[i][same] == l->v[0][same])
			same++;
		n = same;
	}
	while (n > 0 && ((unsigned char)l->v[0][n] & 0xc0) == 0x80)
		n--; /* not in the middle of a character */
	return n;
}

static void insert_quoted(struct editor *e, const char *s, size_t n, char quote)
{
	for (size_t i = 0; i < n; i++) {
		if (!quote && strchr(" \t\n\\'\"$`*?[]#~;|&()<>{}!", s[i]))
			edit_insert(e, "\\", 1);
		else if (quote == '"' && strchr("\\\"$`", s[i]))
			edit_insert(e, "\\", 1);
		edit_insert(e, s + i, 1);
	}
}

static void print_list(const struct strings *l, struct editor *e, struct out *o)
{
	size_t widest = 0;
	int across, down;

	for (int i = 0; i < l->n; i++)
		if (strlen(l->v[i]) > widest)
			widest = strlen(l->v[i]);
	across = e->columns / ((int)widest + 2);
	if (across < 1)
		across = 1;
	down = (l->n + across - 1) / across;
	edit_leave(e, o);
	for (int row = 0; row < down; row++) {
		for (int i = row; i < l->n; i += down)
			out_fmt(o, "%-*s",
			    i + down < l->n ? (int)widest + 2 : 0, l->v[i]);
		out_str(o, "\r\n");
	}
	edit_forget_screen(e);
}

void complete(struct shell *sh, struct editor *e, bool list, struct out *o)
{
	struct arena_mark mark = arena_mark(&sh->scratch);
	struct target t = find_target(sh, e);
	struct strings l = {0};
	const char *base = t.word;
	size_t have, n, cursor = e->cursor;

	if (t.command && !strchr(t.word, '/'))
		add_commands(sh, &l, t.word);
	else
		base = add_paths(sh, &l, t.word);
	sort_unique(&l);
	have = strlen(base);
	if (l.n == 0) {
		out_char(o, '\a');
		goto release;
	}
	n = common_length(&l);
	if (n > have)
		insert_quoted(e, l.v[0] + have, n - have, t.quote);
	if (l.n == 1 && l.v[0][n - 1] != '/') {
		if (t.quote)
			edit_insert(e, &t.quote, 1);
		edit_insert(e, " ", 1);
	}
	if (l.n > 1 && n <= have && list) {
		print_list(&l, e, o);
		e->cursor = cursor;
	} else if (l.n > 1 && n <= have) {
		out_char(o, '\a');
	}
release:
	arena_release(&sh->scratch, mark);
}
