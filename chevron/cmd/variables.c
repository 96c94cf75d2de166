/* chevron/cmd/variables.c -- commands on variables and options. */
/* SPDX-License-Identifier: MIT */
#include "chevron/cmd/variables.h"
#include "chevron/cmd/cmd.h"
#include "chevron/exec.h"
#include "chevron/parse.h"
#include "lib/text.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* text between single quotes, as the shell reads it again */
static void out_quoted(const char *s)
{
	out_char(&cmd_out, '\'');
	for (; *s; s++) {
		if (*s == '\'')
			out_str(&cmd_out, "'\\''");
		else
			out_char(&cmd_out, *s);
	}
	out_char(&cmd_out, '\'');
}

static void print_variable(void *context, const char *name, const char *value,
    bool exported, bool readonly)
{
	const char *verb = context;

	if ((*verb == 'e' && !exported) || (*verb == 'r' && !readonly))
		return;
	out_fmt(&cmd_out, "%s%s%s=", verb, *verb ? " " : "", name);
	out_quoted(value);
	out_char(&cmd_out, '\n');
}

static int bad_name(const char *command, const char *name)
{
	return cmd_error(command, "%s: not a valid name", name);
}

/* Set NAME=value, or give back NAME alone; NULL after a message. */
static char *declare(struct shell *sh, char **argv, const char *arg)
{
	const char *eq = strchrnul(arg, '=');
	size_t n = (size_t)(eq - arg);
	char *name = arena_copy(&sh->scratch, arg, n);

	if (!name_is_valid(arg, n)) {
		bad_name(argv[0], arg);
		return NULL;
	}
	if (argv[0][0] == 'l')
		var_local(sh, name);
	if (*eq != '\0' && !var_set(sh, name, eq + 1))
		return NULL;
	return name;
}

/* export and readonly */
int cmd_export(struct shell *sh, int argc, char **argv)
{
	int at = 1, status = 0;

	if (argc > 1 && (!strcmp(argv[1], "-p") || !strcmp(argv[1], "--")))
		at++;
	if (at >= argc)
		vars_each(sh, print_variable, argv[0]);
	for (; at < argc; at++) {
		char *name = declare(sh, argv, argv[at]);

		if (name == NULL)
			status = 1;
		else if (argv[0][0] == 'e')
			var_export(sh, name);
		else
			var_readonly(sh, name);
	}
	return status;
}

int cmd_local(struct shell *sh, int argc, char **argv)
{
	int status = 0;

	if (sh->calls == 0)
		return cmd_error(argv[0], "only inside a function");
	for (int i = 1; i < argc; i++)
		if (declare(sh, argv, argv[i]) == NULL)
			status = 1;
	return status;
}

int cmd_unset(struct shell *sh, int argc, char **argv)
{
	struct options o = {0};
	bool functions = false, variables = false;
	int c;

	while ((c = options_next(&o, argc, argv, "fv")) != 0) {
		if (c == '?')
			return STATUS_USAGE;
		functions |= c == 'f';
		variables |= c == 'v';
	}
	for (int i = o.at; i < argc; i++) {
		if (functions || (!variables && var_get(sh, argv[i]) == NULL))
			function_unset(sh, argv[i]);
		else
			var_unset(sh, argv[i]);
	}
	return 0;
}

static bool set_option(struct shell *sh, char letter, bool on)
{
	switch (letter) {
	case 'e':
		sh->opt_errexit = on;
		return true;
	case 'u':
		sh->opt_nounset = on;
		return true;
	case 'x':
		sh->opt_xtrace = on;
		return true;
	case 'f':
		sh->opt_noglob = on;
		return true;
	default:
		return false;
	}
}

static bool set_named(struct shell *sh, const char *name, bool on)
{
	static const struct {
		const char *name;
		char letter;
	} names[] = {{"errexit", 'e'}, {"nounset", 'u'}, {"xtrace", 'x'},
	    {"noglob", 'f'}};

	for (size_t i = 0; name && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i].name) == 0)
			return set_option(sh, names[i].letter, on);
	return false;
}

int cmd_set(struct shell *sh, int argc, char **argv)
{
	int at = 1;

	if (argc == 1)
		vars_each(sh, print_variable, (char *)"");
	for (; at < argc; at++) {
		const char *s = argv[at];

		if (strcmp(s, "--") == 0) {
			params_set(sh, argv + at + 1, argc - at - 1);
			return 0;
		}
		if ((s[0] != '-' && s[0] != '+') || s[1] == '\0')
			break;
		if (strcmp(s + 1, "o") == 0) {
			if (!set_named(sh, argv[++at], s[0] == '-'))
				return cmd_usage(argv[0]);
			continue;
		}
		for (int i = 1; s[i]; i++)
			if (!set_option(sh, s[i], s[0] == '-'))
				return cmd_error(
				    argv[0], "-%c: no such option", s[i]);
	}
	if (at < argc)
		params_set(sh, argv + at, argc - at);
	return 0;
}

int cmd_shift(struct shell *sh, int argc, char **argv)
{
	struct params *p = &sh->params;
	int64_t n = 1;

	if (argc > 1 && (!text_to_i64(argv[1], &n) || n < 0))
		return cmd_error(argv[0], "%s: not a number", argv[1]);
	if (n > p->argc)
		return cmd_error(argv[0], "%d: there are only %d parameters",
		    (int)n, p->argc);
	for (int i = 0; p->owned && i < n; i++)
		free(p->argv[i]);
	p->argc -= (int)n;
	if (p->owned)
		memmove(p->argv, p->argv + n,
		    ((size_t)p->argc + 1) * sizeof(char *));
	else
		p->argv += n;
	return 0;
}

/*
 * One line, byte by byte: what follows belongs to whoever reads next.  quoted
 * gets 1 for each byte that a backslash protects from splitting.
 */
static bool read_line(
    struct shell *sh, bool raw, char **line, char **quoted, size_t *len)
{
	size_t n = 0, cap = 0;
	char *s = NULL, *q = NULL, c;
	bool escaped = false, ended = false;
	ssize_t got;

	while ((got = read(0, &c, 1)) == 1 ||
	       (got < 0 && errno == EINTR && !shell_interrupted())) {
		if (got != 1)
			continue;
		if (!escaped && c == '\n') {
			ended = true;
			break;
		}
		if (!raw && !escaped && c == '\\') {
			escaped = true;
			continue;
		}
		if ((escaped && c == '\n') || c == '\0') {
			escaped = false;
			continue;
		}
		if (n + 1 >= cap) {
			cap = cap ? cap * 2 : 128;
			s = xrealloc(s, cap);
			q = xrealloc(q, cap);
		}
		q[n] = escaped;
		s[n++] = c;
		escaped = false;
	}
	*line = arena_copy(&sh->scratch, s, n);
	*quoted = arena_copy(&sh->scratch, q, n);
	*len = n;
	free(s);
	free(q);
	return ended;
}

static bool is_blank_ifs(const char *ifs, char c)
{
	return (c == ' ' || c == '\t' || c == '\n') && strchr(ifs, c);
}

/* Give the line's fields to the names; the last one gets the rest. */
static int assign_fields(struct shell *sh, char **names, int n, char *s,
    const char *quoted, size_t len)
{
	const char *ifs = var_get(sh, "IFS");
	size_t at = 0, end;
	int status = 0;

	ifs = ifs ? ifs : " \t\n";
	while (len > 0 && !quoted[len - 1] && is_blank_ifs(ifs, s[len - 1]))
		len--;
	for (int i = 0; i < n; i++) {
		while (at < len && !quoted[at] && is_blank_ifs(ifs, s[at]))
			at++;
		for (end = at; end < len; end++)
			if (i + 1 < n && !quoted[end] && strchr(ifs, s[end]))
				break;
		if (!name_is_valid(names[i], strlen(names[i])))
			return bad_name("read", names[i]);
		if (!var_set(sh, names[i],
		        arena_copy(&sh->scratch, s + at, end - at)))
			status = 1;
		at = end;
		while (at < len && !quoted[at] && is_blank_ifs(ifs, s[at]))
			at++;
		if (at < len && !quoted[at] && strchr(ifs, s[at]) &&
		    !is_blank_ifs(ifs, s[at]))
			at++;
	}
	return status;
}

int cmd_read(struct shell *sh, int argc, char **argv)
{
	char *line, *quoted, *reply = (char *)"REPLY";
	struct options o = {0};
	bool raw = false, ended;
	size_t n;
	int c, status;

	while ((c = options_next(&o, argc, argv, "rp:")) != 0) {
		if (c == '?')
			return STATUS_USAGE;
		raw |= c == 'r';
		if (c == 'p' && isatty(0))
			fd_fmt(2, "%s", o.value);
	}
	ended = read_line(sh, raw, &line, &quoted, &n);
	status = assign_fields(sh, o.at < argc ? argv + o.at : &reply,
	    o.at < argc ? argc - o.at : 1, line, quoted, n);
	return ended ? status : 1;
}

static void print_env(void *context, const char *name, const char *value,
    bool exported, bool readonly)
{
	(void)context, (void)readonly;
	if (exported) {
		out_str(&cmd_out, name);
		out_char(&cmd_out, '=');
		out_str(&cmd_out, value);
		out_char(&cmd_out, '\n');
	}
}

int cmd_env(struct shell *sh, int argc, char **argv)
{
	struct local *mark = vars_enter(sh);
	struct options o = {0};
	int c, at, status = 0;

	while ((c = options_next(&o, argc, argv, "u:")) != 0) {
		if (c == '?')
			return STATUS_USAGE;
		var_local(sh, o.value);
		var_unset(sh, o.value);
	}
	for (at = o.at; at < argc; at++) {
		char *eq = strchr(argv[at], '='), *name;

		if (eq == NULL)
			break;
		name =
		    arena_copy(&sh->scratch, argv[at], (size_t)(eq - argv[at]));
		var_local(sh, name);
		var_set(sh, name, eq + 1);
		var_export(sh, name);
	}
	if (at < argc)
		status = exec_argv(sh, argc - at, argv + at, false);
	else
		vars_each(sh, print_env, NULL);
	vars_leave(sh, mark);
	return status;
}

int cmd_umask(struct shell *sh, int argc, char **argv)
{
	mode_t old;
	char *end;
	long v;

	(void)sh;
	if (argc < 2) {
		old = umask(022);
		umask(old);
		out_fmt(&cmd_out, "%04o\n", old);
		return 0;
	}
	v = strtol(argv[1], &end, 8);
	if (*end != '\0' || v < 0 || v > 0777)
		return cmd_error(
		    argv[0], "%s: not an octal number up to 777", argv[1]);
	umask((mode_t)v);
	return 0;
}
