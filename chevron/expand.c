/* chevron/expand.c -- words to strings. */
/* SPDX-License-Identifier: MIT */
#include "chevron/expand.h"
#include "chevron/arith.h"
#include "chevron/parse.h"
#include "chevron/pattern.h"
#include "lib/fmt.h"
#include "lib/text.h"
#include "lib/users.h"
#include <stdlib.h>
#include <string.h>

/*
 * The field being built holds PATTERN_ESCAPE before each quoted character
 * that a pattern would read as something else, so that the end of a field
 * knows what was quoted: a magic field names files, any other is unescaped.
 */

struct expander {
	struct shell *sh;
	struct strings *out; /* where finished fields go; NULL: one text */
	const char *ifs;     /* NULL: no splitting */
	char *s;
	size_t n, cap;
	bool any;         /* the field exists, even when it is empty */
	bool after_blank; /* the last field was ended by white space */
};

void strings_add(struct shell *sh, struct strings *l, char *s)
{
	if (l->n + 1 >= l->cap) {
		int cap = l->cap ? l->cap * 2 : 8;
		char **wider =
		    arena_alloc(&sh->scratch, (size_t)cap * sizeof(*wider));

		if (l->n > 0)
			memcpy(wider, l->v, (size_t)l->n * sizeof(*wider));
		l->v = wider;
		l->cap = cap;
	}
	l->v[l->n++] = s;
	l->v[l->n] = NULL;
}

char **strings_end(struct shell *sh, struct strings *l)
{
	if (l->v == NULL)
		l->v = arena_alloc(&sh->scratch, sizeof(*l->v));
	return l->v;
}

static void put(struct expander *x, char c)
{
	if (x->n == x->cap) {
		size_t cap = x->cap ? x->cap * 2 : 64;
		char *wider = arena_alloc(&x->sh->scratch, cap + 1);

		if (x->n > 0)
			memcpy(wider, x->s, x->n);
		x->s = wider;
		x->cap = cap;
	}
	x->s[x->n++] = c;
}

static void finish_field(struct expander *x)
{
	struct shell *sh = x->sh;
	int before = x->out->n;

	if (!x->any)
		return;
	if (!sh->opt_noglob && x->n > 0 && pattern_is_magic(x->s, x->n))
		glob_add(sh, x->s, x->n, x->out);
	if (x->out->n == before) {
		char *s = arena_copy(&sh->scratch, x->s, x->n);

		s[pattern_unescape(s, x->n)] = '\0';
		strings_add(sh, x->out, s);
	}
	x->n = 0;
	x->any = false;
}

static void put_quoted(struct expander *x, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (s[i] == PATTERN_ESCAPE ||
		    (s[i] != '\0' && strchr("*?[]-!^", s[i])))
			put(x, PATTERN_ESCAPE);
		put(x, s[i]);
	}
	x->any = true;
	x->after_blank = false;
}

static void put_plain(struct expander *x, char c)
{
	if (c == PATTERN_ESCAPE)
		put(x, PATTERN_ESCAPE);
	put(x, c);
	x->any = true;
	x->after_blank = false;
}

/* The result of an unquoted expansion: split where IFS says. */
static void put_split(struct expander *x, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char c = s[i];

		if (x->ifs == NULL || c == '\0' || !strchr(x->ifs, c)) {
			put_plain(x, c);
		} else if (c == ' ' || c == '\t' || c == '\n') {
			if (x->any) {
				finish_field(x);
				x->after_blank = true;
			}
		} else {
			if (!x->after_blank)
				x->any = true;
			finish_field(x);
			x->after_blank = false;
		}
	}
}

static void put_value(struct expander *x, const char *s, size_t n, bool quoted)
{
	if (quoted)
		put_quoted(x, s, n);
	else
		put_split(x, s, n);
}

[[gnu::format(printf, 2, 3)]] static void fail(
    struct expander *x, const char *f, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, f);
	fmt_v(text, sizeof(text), f, ap);
	va_end(ap);
	shell_error(x->sh, "%s", text);
	x->sh->flow = FLOW_ERROR;
	x->sh->status = STATUS_USAGE;
}

/* "$@" and "$*" */
static void put_params(struct expander *x, char which, bool quoted)
{
	struct params *p = &x->sh->params;
	const char *ifs = var_get(x->sh, "IFS");
	char joint[2] = {
	    ifs == NULL || (which == '@' && !quoted) ? ' ' : ifs[0], '\0'};

	if (which == '@')
		joint[0] = ' ';
	for (int i = 0; i < p->argc; i++) {
		const char *s = p->argv[i];

		if (i > 0 && x->ifs && (which == '@' || !quoted))
			finish_field(x);
		else if (i > 0)
			put_value(x, joint, strlen(joint), quoted);
		put_value(x, s, strlen(s), quoted);
	}
	if (which == '*' && quoted)
		x->any = true;
}

static void option_letters(struct shell *sh, char buf[8])
{
	int n = 0;

	if (sh->opt_errexit)
		buf[n++] = 'e';
	if (sh->opt_noglob)
		buf[n++] = 'f';
	if (sh->interactive)
		buf[n++] = 'i';
	if (sh->opt_nounset)
		buf[n++] = 'u';
	if (sh->opt_xtrace)
		buf[n++] = 'x';
	buf[n] = '\0';
}

/* The value of a parameter other than @ and *; NULL: unset. */
static const char *param_value(
    struct shell *sh, const struct part *q, char buf[24])
{
	char c = q->text[0];
	uint64_t i;

	if (c >= '0' && c <= '9') {
		i = text_lead_u64(q->text, NULL);
		if (i == 0)
			return sh->name;
		return q->len < 10 && i <= (uint64_t)sh->params.argc
		           ? sh->params.argv[i - 1]
		           : NULL;
	}
	if (q->len != 1 || !strchr("?$!#-", c))
		return var_get(sh, q->text);
	if (c == '?')
		fmt_buf(buf, 24, "%d", sh->status);
	else if (c == '$')
		fmt_buf(buf, 24, "%d", sh->pid);
	else if (c == '#')
		fmt_buf(buf, 24, "%d", sh->params.argc);
	else if (c == '-')
		option_letters(sh, buf);
	else if (sh->last_async == 0)
		return NULL;
	else
		fmt_buf(buf, 24, "%d", sh->last_async);
	return buf;
}

static void expand_parts(struct expander *x, const struct word *w, bool split);

static void cut_ends(
    struct expander *x, const struct part *q, const char **s, size_t *n)
{
	bool prefix = q->op == OP_CUT_PREFIX || q->op == OP_CUT_PREFIXES;
	bool longest = q->op == OP_CUT_PREFIXES || q->op == OP_CUT_SUFFIXES;
	size_t pn, len = *n;
	char *p = expand_pattern(x->sh, q->arg, &pn);

	for (size_t i = 0; p != NULL && i <= len; i++) {
		size_t cut = longest ? len - i : i;

		if (prefix && pattern_match(p, pn, *s, cut)) {
			*s += cut;
			*n -= cut;
			return;
		}
		if (!prefix && pattern_match(p, pn, *s + len - cut, cut)) {
			*n -= cut;
			return;
		}
	}
}

static size_t count_characters(const char *s)
{
	size_t n = strlen(s), count = 0;
	uint32_t cp;

	for (size_t i = 0; i < n; count++)
		i += utf8_decode(s + i, n - i, &cp);
	return count;
}

/* The operators that use their operand instead of the value.  true: done. */
static bool param_operand(struct expander *x, const struct part *q, bool set)
{
	struct shell *sh = x->sh;
	const char *text;

	if (q->op == OP_ALTERNATE) {
		if (set)
			expand_parts(x, q->arg, !q->quoted);
		else if (q->quoted)
			x->any = true;
		return true;
	}
	if (set)
		return false;
	switch (q->op) {
	case OP_DEFAULT:
		expand_parts(x, q->arg, !q->quoted);
		if (q->quoted)
			x->any = true;
		return true;
	case OP_ASSIGN:
		if (!name_is_valid(q->text, q->len)) {
			fail(x, "%s: cannot be assigned to", q->text);
			return true;
		}
		text = expand_text(sh, q->arg);
		if (text == NULL || !var_set(sh, q->text, text))
			return true;
		put_value(x, text, strlen(text), q->quoted);
		return true;
	case OP_ERROR:
		text = expand_text(sh, q->arg);
		fail(x, "%s: %s", q->text,
		    text && *text ? text : "parameter not set");
		return true;
	default:
		return false;
	}
}

static void expand_param(struct expander *x, const struct part *q)
{
	struct shell *sh = x->sh;
	char number[24], length[24];
	bool many = q->len == 1 && (q->text[0] == '@' || q->text[0] == '*');
	const char *s;
	size_t n;

	if (many && q->op != OP_LENGTH) {
		bool set = sh->params.argc > 0;

		if (q->op == OP_NONE || !param_operand(x, q, set))
			put_params(x, q->text[0], q->quoted);
		return;
	}
	s = many
	        ? param_value(sh, &(struct part){.text = "#", .len = 1}, number)
	        : param_value(sh, q, number);
	if (q->op >= OP_DEFAULT && q->op <= OP_ALTERNATE &&
	    param_operand(x, q, s != NULL && (!q->colon || *s != '\0')))
		return;
	if (s == NULL && sh->opt_nounset) {
		fail(x, "%s: parameter not set", q->text);
		return;
	}
	if (s == NULL)
		s = "";
	if (q->op == OP_LENGTH) {
		fmt_buf(length, sizeof(length), "%zu",
		    many ? (size_t)sh->params.argc : count_characters(s));
		s = length;
	}
	n = strlen(s);
	if (q->op >= OP_CUT_SUFFIX)
		cut_ends(x, q, &s, &n);
	put_value(x, s, n, q->quoted);
}

static const char *arith_get(void *context, const char *name, size_t n)
{
	struct shell *sh = context;

	return var_get(sh, arena_copy(&sh->scratch, name, n));
}

static bool arith_set(void *context, const char *name, size_t n, int64_t v)
{
	struct shell *sh = context;
	char number[24];

	fmt_buf(number, sizeof(number), "%ld", (long)v);
	return var_set(sh, arena_copy(&sh->scratch, name, n), number);
}

static void expand_arith(struct expander *x, const struct part *q)
{
	struct arith_vars vars = {arith_get, arith_set, x->sh};
	char *text = expand_text(x->sh, q->arg), number[24];
	const char *error;
	int64_t v;

	if (text == NULL)
		return;
	error = arith_eval(text, &vars, &v);
	if (error != NULL) {
		fail(x, "$((%s)): %s", text, error);
		return;
	}
	put_value(x, number, fmt_buf(number, sizeof(number), "%ld", (long)v),
	    q->quoted);
}

static void expand_command(struct expander *x, const struct part *q)
{
	size_t n;
	char *s = command_output(x->sh, q->body, &n);

	put_value(x, s, n, q->quoted);
}

/* ~ and ~NAME at the start of s; returns how much of it was used up. */
static size_t expand_tilde(struct expander *x, const char *s, size_t n)
{
	size_t end = 1;
	char buf[256];
	const char *home;

	while (end < n && s[end] != '/' && s[end] != ':')
		end++;
	if (end == 1) {
		home = var_get(x->sh, "HOME");
	} else {
		char *user = arena_copy(&x->sh->scratch, s + 1, end - 1);

		home = user_home(user, buf, sizeof(buf)) ? buf : NULL;
	}
	if (home == NULL || *home == '\0')
		return 0;
	put_quoted(x, home, strlen(home));
	return end;
}

static void expand_literal(
    struct expander *x, const struct part *q, bool first, bool split)
{
	size_t at = 0;

	if (q->quoted) {
		put_quoted(x, q->text, q->len);
		return;
	}
	if (first && q->len > 0 && q->text[0] == '~')
		at = expand_tilde(x, q->text, q->len);
	if (split) {
		put_split(x, q->text + at, q->len - at);
		return;
	}
	for (; at < q->len; at++)
		put_plain(x, q->text[at]);
}

/* split: even literal text is split, as it stands in a ${ } operand. */
static void expand_parts(struct expander *x, const struct word *w, bool split)
{
	for (const struct part *q = w->parts; q; q = q->next) {
		switch (q->kind) {
		case PART_TEXT:
			expand_literal(x, q, q == w->parts, split);
			break;
		case PART_PARAM:
			expand_param(x, q);
			break;
		case PART_COMMAND:
			expand_command(x, q);
			break;
		case PART_ARITH:
			expand_arith(x, q);
			break;
		}
		if (x->sh->flow == FLOW_ERROR)
			return;
	}
}

bool expand_fields(struct shell *sh, const struct word *w, struct strings *out)
{
	const char *ifs = var_get(sh, "IFS");
	struct expander x = {.sh = sh, .out = out, .ifs = ifs ? ifs : " \t\n"};

	expand_parts(&x, w, false);
	if (sh->flow == FLOW_ERROR)
		return false;
	finish_field(&x);
	return true;
}

char *expand_pattern(struct shell *sh, const struct word *w, size_t *n)
{
	struct expander x = {.sh = sh};

	if (w != NULL)
		expand_parts(&x, w, false);
	if (sh->flow == FLOW_ERROR)
		return NULL;
	*n = x.n;
	return arena_copy(&sh->scratch, x.s, x.n);
}

char *expand_text(struct shell *sh, const struct word *w)
{
	size_t n;
	char *s = expand_pattern(sh, w, &n);

	if (s != NULL)
		s[pattern_unescape(s, n)] = '\0';
	return s;
}
