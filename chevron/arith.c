/* chevron/arith.c -- integer expressions of $(( )). */
/* SPDX-License-Identifier: MIT */
#include "chevron/arith.h"
#include "chevron/parse.h"
#include <string.h>

/*
 * Precedence climbing.  skip > 0 means that a value is parsed but not wanted
 * (the untaken side of && || ?:), so that it neither assigns nor fails on a
 * division by zero.
 */

struct eval {
	const char *at;
	const struct arith_vars *vars;
	const char *error;
	int depth, skip;
};

struct operator
{
	const char *text;
	int level; /* higher binds tighter; 0 ends the table */
};

/* Longer ones first, where one begins another. */
static const struct operator operators[] = {
	{"<<", 8},
	{">>", 8},
	{"<=", 7},
	{">=", 7},
	{"==", 6},
	{"!=", 6},
	{"&&", 2},
	{"||", 1},
	{"*", 10},
	{"/", 10},
	{"%", 10},
	{"+", 9},
	{"-", 9},
	{"<", 7},
	{">", 7},
	{"&", 5},
	{"^", 4},
	{"|", 3},
	{NULL, 0}
};

static int64_t eval_assign(struct eval *e);

static int64_t fail(struct eval *e, const char *what)
{
	if (e->error == NULL)
		e->error = what;
	return 0;
}

static void blanks(struct eval *e)
{
	e->at += strspn(e->at, " \t\r\n");
}

static size_t name_length(const char *s)
{
	size_t n = 0;

	while (name_is_valid(s, n + 1))
		n++;
	return n;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

static int64_t eval_number(struct eval *e)
{
	uint64_t v = 0;
	int base = 10;

	if (e->at[0] == '0' && (e->at[1] == 'x' || e->at[1] == 'X')) {
		base = 16;
		e->at += 2;
	} else if (e->at[0] == '0') {
		base = 8;
	}
	for (; digit_value(*e->at) < base; e->at++)
		v = v * (unsigned)base + (unsigned)digit_value(*e->at);
	if (name_length(e->at) > 0 || digit_value(*e->at) < 16)
		return fail(e, "a number with a wrong digit");
	return (int64_t)v;
}

/* A variable holds a number, perhaps with a sign; nothing counts as 0. */
static int64_t variable_value(struct eval *e, const char *name, size_t n)
{
	const char *text = e->vars->get(e->vars->context, name, n);
	struct eval inner = {.vars = e->vars};
	bool minus;
	int64_t v;

	if (text == NULL)
		return 0;
	inner.at = text;
	blanks(&inner);
	minus = *inner.at == '-';
	if (*inner.at == '-' || *inner.at == '+')
		inner.at++;
	if (*inner.at == '\0')
		return minus ? fail(e, "a variable holds no number") : 0;
	if (*inner.at < '0' || *inner.at > '9')
		return fail(e, "a variable holds no number");
	v = eval_number(&inner);
	blanks(&inner);
	if (*inner.at != '\0' || inner.error)
		return fail(e, "a variable holds no number");
	return minus ? (int64_t)(0 - (uint64_t)v) : v;
}

static void store(struct eval *e, const char *name, size_t n, int64_t v)
{
	if (e->skip == 0 && e->error == NULL &&
	    !e->vars->set(e->vars->context, name, n, v))
		fail(e, "a variable may not be changed");
}

static int64_t eval_name(struct eval *e)
{
	const char *name = e->at;
	size_t n = name_length(name);
	int64_t v;

	e->at += n;
	blanks(e);
	v = variable_value(e, name, n);
	if ((e->at[0] == '+' || e->at[0] == '-') && e->at[1] == e->at[0]) {
		int64_t step = e->at[0] == '+' ? 1 : -1;

		e->at += 2;
		store(e, name, n, (int64_t)((uint64_t)v + (uint64_t)step));
	}
	return v;
}

static int64_t eval_step(struct eval *e)
{
	uint64_t step = e->at[0] == '+' ? 1 : (uint64_t)-1;
	const char *name;
	size_t n;
	int64_t v;

	e->at += 2;
	blanks(e);
	name = e->at;
	n = name_length(name);
	e->at += n;
	v = (int64_t)((uint64_t)variable_value(e, name, n) + step);
	store(e, name, n, v);
	return v;
}

static bool is_step(struct eval *e)
{
	const char *s = e->at;

	if ((s[0] != '+' && s[0] != '-') || s[1] != s[0])
		return false;
	s += 2;
	s += strspn(s, " \t\r\n");
	return name_length(s) > 0;
}

static int64_t eval_primary(struct eval *e)
{
	int64_t v;

	if (*e->at == '(') {
		e->at++;
		v = eval_assign(e);
		blanks(e);
		if (*e->at != ')')
			return fail(e, "( without its )");
		e->at++;
		return v;
	}
	if (*e->at >= '0' && *e->at <= '9')
		return eval_number(e);
	if (name_length(e->at) > 0)
		return eval_name(e);
	return fail(e, *e->at ? "a value was expected" : "a value is missing");
}

static int64_t eval_unary(struct eval *e)
{
	char prefix[ARITH_DEPTH_MAX];
	int n = 0;
	int64_t v;

	for (blanks(e); *e->at && strchr("+-!~", *e->at); blanks(e)) {
		if (is_step(e))
			break;
		if (n == ARITH_DEPTH_MAX)
			return fail(e, "nested too deeply");
		prefix[n++] = *e->at++;
	}
	v = is_step(e) ? eval_step(e) : eval_primary(e);
	while (n-- > 0) {
		if (prefix[n] == '-')
			v = (int64_t)(0 - (uint64_t)v);
		else if (prefix[n] == '!')
			v = !v;
		else if (prefix[n] == '~')
			v = ~v;
	}
	return v;
}

static int64_t divide(struct eval *e, int64_t a, int64_t b, bool rest)
{
	if (b == 0)
		return e->skip ? 0 : fail(e, "division by zero");
	if (b == -1) /* the smallest number has no positive twin */
		return rest ? 0 : (int64_t)(0 - (uint64_t)a);
	return rest ? a % b : a / b;
}

/* long: flat switch */
static int64_t apply(struct eval *e, const char *op, int64_t a, int64_t b)
{
	uint64_t x = (uint64_t)a, y = (uint64_t)b;

	switch (op[0]) {
	case '*':
		return (int64_t)(x * y);
	case '/':
		return divide(e, a, b, false);
	case '%':
		return divide(e, a, b, true);
	case '+':
		return (int64_t)(x + y);
	case '-':
		return (int64_t)(x - y);
	case '<':
		if (op[1] == '<')
			return (int64_t)(x << (y & 63));
		return op[1] == '=' ? a <= b : a < b;
	case '>':
		if (op[1] == '>')
			return a >> (y & 63);
		return op[1] == '=' ? a >= b : a > b;
	case '=':
		return a == b;
	case '!':
		return a != b;
	case '^':
		return (int64_t)(x ^ y);
	case '&':
		return op[1] == '&' ? (a && b) : (int64_t)(x & y);
	default:
		return op[1] == '|' ? (a || b) : (int64_t)(x | y);
	}
}

static const struct operator* next_operator(struct eval *e)
{
	const struct operator* o = operators;

	blanks(e);
	for (; o->text; o++) {
		size_t n = strlen(o->text);

		if (strncmp(e->at, o->text, n) != 0)
			continue;
		/* "a += 1" is no addition; "a == 1" was found before. */
		return n == 1 && e->at[1] == '=' && !strchr("<>", e->at[0])
		           ? NULL
		           : o;
	}
	return NULL;
}

static int64_t eval_binary(struct eval *e, int level)
{
	int64_t a = eval_unary(e), b;
	const struct operator* o;

	while (e->error == NULL && (o = next_operator(e)) != NULL &&
	       o->level >= level) {
		bool unwanted = (o->level == 2 && !a) || (o->level == 1 && a);

		e->at += strlen(o->text);
		e->skip += unwanted;
		b = eval_binary(e, o->level + 1);
		e->skip -= unwanted;
		a = apply(e, o->text, a, b);
	}
	return a;
}

static int64_t eval_choice(struct eval *e)
{
	int64_t c = eval_binary(e, 1), a, b;

	blanks(e);
	if (*e->at != '?' || e->error)
		return c;
	e->at++;
	e->skip += !c;
	a = eval_assign(e);
	e->skip -= !c;
	blanks(e);
	if (*e->at != ':')
		return fail(e, "? without its :");
	e->at++;
	e->skip += !!c;
	b = eval_assign(e);
	e->skip -= !!c;
	return c ? a : b;
}

/* NAME = or NAME op= : the length of op, or -1 when it is no assignment. */
static int assign_length(const char *s)
{
	static const char *const list[] = {
	    "<<=", ">>=", "*=", "/=", "%=", "+=", "-=", "&=", "^=", "|="};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (strncmp(s, list[i], strlen(list[i])) == 0)
			return (int)strlen(list[i]) - 1;
	return s[0] == '=' && s[1] != '=' ? 0 : -1;
}

static int64_t eval_assign_to(struct eval *e, size_t n)
{
	const char *name = e->at, *op = name + n;
	int64_t v;
	int len;

	if (n == 0)
		return eval_choice(e);
	op += strspn(op, " \t\r\n");
	len = assign_length(op);
	if (len < 0)
		return eval_choice(e);
	e->at = op + len + 1;
	v = eval_assign(e);
	if (len > 0)
		v = apply(e, op, variable_value(e, name, n), v);
	store(e, name, n, v);
	return v;
}

static int64_t eval_assign(struct eval *e)
{
	int64_t v = 0;

	if (++e->depth > ARITH_DEPTH_MAX) {
		fail(e, "nested too deeply");
	} else {
		blanks(e);
		v = eval_assign_to(e, name_length(e->at));
	}
	e->depth--;
	return v;
}

const char *arith_eval(
    const char *text, const struct arith_vars *vars, int64_t *out)
{
	struct eval e = {.at = text, .vars = vars};

	*out = 0;
	blanks(&e);
	if (*e.at == '\0')
		return NULL; /* $(( )) is 0 */
	*out = eval_assign(&e);
	blanks(&e);
	if (e.error == NULL && *e.at != '\0')
		e.error = "something is left over after the value";
	return e.error;
}
