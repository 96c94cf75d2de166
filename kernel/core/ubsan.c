/* kernel/core/ubsan.c -- the undefined-behaviour sanitizer's runtime. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/core/ubsan.h"
#include "kernel/core/klog.h"
#include "kernel/core/panic.h"

/*
 * The compilers call __ubsan_handle_* with a record that describes the site
 * and the operands. The layouts are theirs. A site is reported once: its
 * column is exchanged against SITE_SEEN. An operand of at most 64 bits comes
 * by value, a wider one by address.
 */
_Atomic uint32_t ubsan_reports;

enum { SITE_SEEN = UINT32_MAX, KIND_INTEGER = 0, VALUE_TEXT = 48 };

struct location {
	const char *file;
	uint32_t line;
	uint32_t column;
};

struct type {
	uint16_t kind;
	uint16_t info; /* integers: bit 0 signed, above log2 of the bits */
	char name[];
};

typedef uintptr_t value_t;

static bool is_signed(const struct type *t)
{
	return t->info & 1;
}

static unsigned bits_of(const struct type *t)
{
	return 1u << (t->info >> 1);
}

/* True the first time that this site is met. */
static bool first_time(struct location *at)
{
	ubsan_reports++;
	return __atomic_exchange_n(&at->column, SITE_SEEN, __ATOMIC_RELAXED) !=
	       SITE_SEEN;
}

static const char *value_text(
    const struct type *t, value_t v, char buf[VALUE_TEXT])
{
	unsigned bits = bits_of(t);

	if (t->kind != KIND_INTEGER) {
		ksnprintf(buf, VALUE_TEXT, "%s", t->name);
	} else if (bits > 64) {
		const uint64_t *w = (const uint64_t *)v;

		ksnprintf(buf, VALUE_TEXT, "0x%lx%016lx", (unsigned long)w[1],
		    (unsigned long)w[0]);
	} else if (is_signed(t)) {
		long n = (long)((uint64_t)v << (64 - bits)) >> (64 - bits);

		ksnprintf(buf, VALUE_TEXT, "%ld", n);
	} else {
		uint64_t n = (uint64_t)v << (64 - bits) >> (64 - bits);

		ksnprintf(buf, VALUE_TEXT, "%lu", (unsigned long)n);
	}
	return buf;
}

static void printf_like(2, 3) report(struct location *at, const char *fmt, ...)
{
	char text[160];
	va_list ap;

	va_start(ap, fmt);
	kvsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	klog(LOG_ERR, "ubsan", "%s:%u: %s", at->file, at->line, text);
}

/* Handlers: called by the compiler, so nobody includes a prototype. */
#define HANDLER(name, ...)                       \
	void __ubsan_handle_##name(__VA_ARGS__); \
	void __ubsan_handle_##name(__VA_ARGS__)

struct arith_site {
	struct location at;
	const struct type *type;
};

static void overflow(struct arith_site *s, const char *op, value_t a, value_t b)
{
	char x[VALUE_TEXT], y[VALUE_TEXT];

	if (first_time(&s->at))
		report(&s->at, "overflow: %s %s %s as %s",
		    value_text(s->type, a, x), op, value_text(s->type, b, y),
		    s->type->name);
}

HANDLER(add_overflow, struct arith_site *s, value_t a, value_t b)
{
	overflow(s, "+", a, b);
}

HANDLER(sub_overflow, struct arith_site *s, value_t a, value_t b)
{
	overflow(s, "-", a, b);
}

HANDLER(mul_overflow, struct arith_site *s, value_t a, value_t b)
{
	overflow(s, "*", a, b);
}

HANDLER(divrem_overflow, struct arith_site *s, value_t a, value_t b)
{
	overflow(s, "/", a, b);
}

HANDLER(negate_overflow, struct arith_site *s, value_t v)
{
	char x[VALUE_TEXT];

	if (first_time(&s->at))
		report(&s->at, "overflow: -(%s) as %s",
		    value_text(s->type, v, x), s->type->name);
}

struct shift_site {
	struct location at;
	const struct type *left, *right;
};

HANDLER(shift_out_of_bounds, struct shift_site *s, value_t a, value_t b)
{
	char x[VALUE_TEXT], y[VALUE_TEXT];

	if (first_time(&s->at))
		report(&s->at, "shift of %s by %s as %s",
		    value_text(s->left, a, x), value_text(s->right, b, y),
		    s->left->name);
}

struct bounds_site {
	struct location at;
	const struct type *array, *index;
};

HANDLER(out_of_bounds, struct bounds_site *s, value_t index)
{
	char x[VALUE_TEXT];

	if (first_time(&s->at))
		report(&s->at, "index %s is outside %s",
		    value_text(s->index, index, x), s->array->name);
}

/* Accesses: null, misaligned, or an object that is too small. */
struct access_site {
	struct location at;
	const struct type *type;
	uint8_t align_shift;
	uint8_t kind;
};

static void bad_access(
    struct location *at, const struct type *type, value_t align, value_t p)
{
	if (!first_time(at))
		return;
	if (!p)
		report(at, "access through null as %s", type->name);
	else if (p & (align - 1))
		report(at, "%p is misaligned for %s", (void *)p, type->name);
	else
		report(at, "%p has no room for %s", (void *)p, type->name);
}

HANDLER(type_mismatch_v1, struct access_site *s, value_t p)
{
	bad_access(&s->at, s->type, (value_t)1 << s->align_shift, p);
}

struct alignment_site {
	struct location at, assumed_at;
	const struct type *type;
};

HANDLER(alignment_assumption, struct alignment_site *s, value_t p,
    value_t align, value_t offset)
{
	bad_access(&s->at, s->type, align, p - offset);
}

struct pointer_site {
	struct location at;
};

HANDLER(pointer_overflow, struct pointer_site *s, value_t a, value_t b)
{
	if (first_time(&s->at))
		report(&s->at, "pointer arithmetic from %p to %p", (void *)a,
		    (void *)b);
}

/* One location, no operand worth a word. */
#define PLAIN_HANDLER(name, text)                   \
	HANDLER(name, struct pointer_site *s)       \
	{                                           \
		if (first_time(&s->at))             \
			report(&s->at, "%s", text); \
	}
PLAIN_HANDLER(vla_bound_not_positive, "array of no or negative size")
PLAIN_HANDLER(nonnull_arg, "null passed as a non-null argument")
PLAIN_HANDLER(nullability_arg, "null passed as a non-null argument")
PLAIN_HANDLER(implicit_conversion, "conversion changes the value")
PLAIN_HANDLER(float_cast_overflow, "float does not fit")
PLAIN_HANDLER(cfi_check_fail, "call through a wrong type")

struct value_site {
	struct location at;
	const struct type *type;
};

HANDLER(load_invalid_value, struct value_site *s, value_t v)
{
	char x[VALUE_TEXT];

	if (first_time(&s->at))
		report(&s->at, "%s is no value of %s",
		    value_text(s->type, v, x), s->type->name);
}

static void wrong_call(struct value_site *s, value_t p)
{
	if (first_time(&s->at))
		report(&s->at, "call of %p as %s", (void *)p, s->type->name);
}

HANDLER(function_type_mismatch, struct value_site *s, value_t p)
{
	wrong_call(s, p);
}

HANDLER(function_type_mismatch_v1, struct value_site *s, value_t p)
{
	wrong_call(s, p);
}

HANDLER(nonnull_return_v1, void *data, struct location *at)
{
	(void)data;
	if (first_time(at))
		report(at, "null returned where it must not be");
}

HANDLER(nullability_return_v1, void *data, struct location *at)
{
	(void)data;
	if (first_time(at))
		report(at, "null returned where it must not be");
}

struct builtin_site {
	struct location at;
	uint8_t kind; /* 0 ctz, 1 clz, 2 an assumption */
};

HANDLER(invalid_builtin, struct builtin_site *s)
{
	static const char *const what[] = {
	    "ctz of 0", "clz of 0", "a false assumption"};

	if (first_time(&s->at))
		report(&s->at, "%s", s->kind < 3 ? what[s->kind] : "builtin");
}

/* These do not return: there is nothing to go on with. */
HANDLER(builtin_unreachable, struct pointer_site *s)
{
	ubsan_reports++;
	panic("ubsan: %s:%u: unreachable code was reached", s->at.file,
	    s->at.line);
}

HANDLER(missing_return, struct pointer_site *s)
{
	ubsan_reports++;
	panic("ubsan: %s:%u: end of a function without its value", s->at.file,
	    s->at.line);
}
