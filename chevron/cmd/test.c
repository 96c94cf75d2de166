/* chevron/cmd/test.c -- test and [. */
/* SPDX-License-Identifier: MIT */
#include "chevron/cmd/cmd.h"
#include "chevron/cmd/print.h"
#include "lib/text.h"
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The number of arguments decides, as POSIX says, so that "test ! = x" and
 * the like are comparisons; only five and more go through the grammar with
 * -a, -o and brackets.
 */

enum { TEST_DEPTH_MAX = 64 };

struct testing {
	char **at, **end;
	const char *error;
	int depth;
};

static bool fail(struct testing *t, const char *what)
{
	if (t->error == NULL)
		t->error = what;
	return false;
}

static bool is_unary(const char *s)
{
	return s[0] == '-' && s[1] != '\0' && s[2] == '\0' &&
	       strchr("bcdefghLnprsStuwxz", s[1]);
}

static bool is_binary(const char *s)
{
	static const char *const list[] = {"=", "==", "!=", "<", ">", "-eq",
	    "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (strcmp(s, list[i]) == 0)
			return true;
	return false;
}

static bool file_kind(char op, mode_t mode)
{
	switch (op) {
	case 'b':
		return S_ISBLK(mode);
	case 'c':
		return S_ISCHR(mode);
	case 'd':
		return S_ISDIR(mode);
	case 'f':
		return S_ISREG(mode);
	case 'p':
		return S_ISFIFO(mode);
	case 'S':
		return S_ISSOCK(mode);
	case 'g':
		return (mode & S_ISGID) != 0;
	case 'u':
		return (mode & S_ISUID) != 0;
	default:
		return true;
	}
}

static bool unary(struct testing *t, char op, const char *s)
{
	struct stat st;
	int64_t fd;

	switch (op) {
	case 'n':
		return *s != '\0';
	case 'z':
		return *s == '\0';
	case 't':
		if (!text_to_i64(s, &fd))
			return fail(t, "-t: not a number");
		return isatty((int)fd);
	case 'h':
	case 'L':
		return lstat(s, &st) == 0 && S_ISLNK(st.st_mode);
	case 'r':
		return access(s, R_OK) == 0;
	case 'w':
		return access(s, W_OK) == 0;
	case 'x':
		return access(s, X_OK) == 0;
	default:
		if (stat(s, &st) != 0)
			return false;
		return op == 's' ? st.st_size > 0 : file_kind(op, st.st_mode);
	}
}

static bool numbers(
    struct testing *t, const char *a, const char *op, const char *b)
{
	int64_t x, y;

	a += strspn(a, " \t");
	b += strspn(b, " \t");
	if (!text_to_i64(a, &x) || !text_to_i64(b, &y))
		return fail(t, "not a number");
	switch (op[1]) {
	case 'e':
		return x == y;
	case 'n':
		return x != y;
	case 'l':
		return op[2] == 't' ? x < y : x <= y;
	default:
		return op[2] == 't' ? x > y : x >= y;
	}
}

static bool files(const char *a, const char *op, const char *b)
{
	struct stat x, y;
	bool has_a = stat(a, &x) == 0, has_b = stat(b, &y) == 0;
	bool newer = has_a && has_b &&
	             (x.st_mtim.tv_sec > y.st_mtim.tv_sec ||
	                 (x.st_mtim.tv_sec == y.st_mtim.tv_sec &&
	                     x.st_mtim.tv_nsec > y.st_mtim.tv_nsec));
	bool same =
	    has_a && has_b && x.st_dev == y.st_dev && x.st_ino == y.st_ino;

	if (strcmp(op, "-nt") == 0)
		return has_a && (!has_b || newer);
	if (strcmp(op, "-ot") == 0)
		return has_b && (!has_a || (!newer && !same));
	return same;
}

static bool binary(
    struct testing *t, const char *a, const char *op, const char *b)
{
	if (op[0] == '=')
		return strcmp(a, b) == 0;
	if (op[0] == '!')
		return strcmp(a, b) != 0;
	if (op[0] == '<' || op[0] == '>')
		return (strcmp(a, b) < 0) == (op[0] == '<');
	if (strcmp(op, "-nt") == 0 || strcmp(op, "-ot") == 0 ||
	    strcmp(op, "-ef") == 0)
		return files(a, op, b);
	return numbers(t, a, op, b);
}

static bool test_or(struct testing *t);

static bool primary(struct testing *t)
{
	char **a = t->at;
	long left = t->end - a;
	bool value;

	if (left == 0)
		return fail(t, "an argument is missing");
	if (left >= 3 && is_binary(a[1])) {
		t->at += 3;
		return binary(t, a[0], a[1], a[2]);
	}
	if (strcmp(a[0], "!") == 0 && left > 1) {
		t->at++;
		if (++t->depth > TEST_DEPTH_MAX)
			return fail(t, "nested too deeply");
		value = !primary(t);
		t->depth--;
		return value;
	}
	if (strcmp(a[0], "(") == 0 && left > 1) {
		t->at++;
		if (++t->depth > TEST_DEPTH_MAX)
			return fail(t, "nested too deeply");
		value = test_or(t);
		t->depth--;
		if (t->at == t->end || strcmp(*t->at, ")") != 0)
			return fail(t, "\")\" is missing");
		t->at++;
		return value;
	}
	if (left >= 2 && is_unary(a[0])) {
		t->at += 2;
		return unary(t, a[0][1], a[1]);
	}
	t->at++;
	return a[0][0] != '\0';
}

static bool accept(struct testing *t, const char *word)
{
	if (t->error || t->at == t->end || strcmp(*t->at, word) != 0)
		return false;
	t->at++;
	return true;
}

static bool test_and(struct testing *t)
{
	bool value = primary(t);

	while (accept(t, "-a"))
		value &= primary(t);
	return value;
}

static bool test_or(struct testing *t)
{
	bool value = test_and(t);

	while (accept(t, "-o"))
		value |= test_and(t);
	return value;
}

static bool evaluate(struct testing *t)
{
	long n = t->end - t->at;
	bool value;

	if (n == 0)
		return false;
	if (n == 1)
		return *t->at++[0] != '\0';
	if (n == 2 && strcmp(t->at[0], "!") == 0) {
		t->at += 2;
		return t->at[-1][0] == '\0';
	}
	value = test_or(t);
	if (t->error == NULL && t->at != t->end)
		fail(t, "too many arguments");
	return value;
}

int cmd_test(struct shell *sh, int argc, char **argv)
{
	struct testing t = {.at = argv + 1, .end = argv + argc};
	bool value;

	(void)sh;
	if (argv[0][0] == '[') {
		if (argc < 2 || strcmp(argv[argc - 1], "]") != 0) {
			cmd_error(argv[0], "\"]\" is missing");
			return STATUS_USAGE;
		}
		t.end--;
	}
	value = evaluate(&t);
	if (t.error != NULL) {
		cmd_error(argv[0], "%s", t.error);
		return STATUS_USAGE;
	}
	return !value;
}
