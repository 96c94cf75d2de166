/* tests/host/cpio_test.c -- archives: what is read, what is refused. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/vfs/cpio.c tests/host/shim.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shim.h"
#include "kernel/vfs/cpio.h"
#include "kernel/vfs/walk_text.h"

uint64_t name_hash_secret;
static char archive[4096];
static size_t length;

static void add(const char *name, uint32_t mode, const char *data)
{
	size_t n = strlen(data);

	length += (size_t)sprintf(archive + length,
	    "070701%08X%08X%08X%08x%08X%08X%08zX%08X%08X%08X%08X%08zX%08X", 7u,
	    mode, 1000u, 0xabcdefu, 1u, 99u, n, 0u, 0u, 4u, 64u,
	    strlen(name) + 1, 0u);
	strcpy(archive + length, name);
	length = ALIGN_UP(length + strlen(name) + 1, 4ul);
	memcpy(archive + length, data, n);
	length = ALIGN_UP(length + n, 4ul);
}

static int clear(void **state)
{
	(void)state;
	memset(archive, 0, sizeof(archive));
	length = 0;
	return 0;
}

static struct cpio whole(void)
{
	return (struct cpio){.base = (const uint8_t *)archive, .size = length};
}

static void name_is(const struct cpio_entry *e, const char *want)
{
	assert_int_equal(e->name_len, strlen(want));
	assert_memory_equal(e->name, want, e->name_len);
}

/* Names are cleaned, numbers read, archives may follow one another. */
static void cpio_next__reads(void **state)
{
	struct cpio_entry e;
	struct cpio_attr a;
	struct cpio c;

	(void)state;
	add(".", 040755, "");
	add("./etc/", 040755, "");
	add("/etc/motd", 0100644, "hello");
	add("TRAILER!!!", 0, "");
	length = ALIGN_UP(length, 512ul);
	add("more", 0100600, "x");
	c = whole();
	assert_int_equal(cpio_next(&c, &e), OK);
	name_is(&e, "");
	assert_int_equal(cpio_next(&c, &e), OK);
	name_is(&e, "etc");
	assert_int_equal(cpio_next(&c, &e), OK);
	name_is(&e, "etc/motd");
	assert_int_equal(e.mode, 0100644);
	assert_int_equal(e.size, 5);
	assert_memory_equal(e.data, "hello", 5);
	assert_int_equal(cpio_attributes(e.header, &a), OK);
	assert_int_equal(a.uid, 1000);
	assert_int_equal(a.gid, 0xabcdef);
	assert_int_equal(a.rdev_major, 4);
	assert_int_equal(cpio_next(&c, &e), OK);
	name_is(&e, "more");
	assert_int_equal(cpio_next(&c, &e), E_NODATA);
}

/* Names that climb out are left out. */
static void cpio_next__skips_climbing_names(void **state)
{
	struct cpio_entry e;
	struct cpio c;

	(void)state;
	add("../x", 0100644, "");
	add("a/..", 0100644, "");
	add("a/../b", 0100644, "");
	add("a..b", 0100644, "");
	c = whole();
	assert_int_equal(cpio_next(&c, &e), OK);
	name_is(&e, "a..b");
}

/* Each prefix of an archive ends or is broken, and nothing is read past it. */
static void cpio_next__survives_truncation(void **state)
{
	struct cpio_entry e;

	(void)state;
	add("name", 0100644, "contents");
	for (size_t n = 0; n < length; n++) {
		uint8_t *copy = malloc(n);
		struct cpio c = {.base = copy, .size = n};

		memcpy(copy, archive, n);
		assert_int_not_equal(cpio_next(&c, &e), OK);
		free(copy);
	}
}

/* All that is no hexadecimal digit is refused, in each place. */
static void cpio_hex__refuses_others(void **state)
{
	uint8_t s[8];
	uint32_t v;

	(void)state;
	for (unsigned place = 0; place < 8; place++)
		for (unsigned ch = 0; ch < 256; ch++) {
			char *end, text[9] = "1a2B3c4D";

			text[place] = (char)ch;
			memcpy(s, text, 8);
			bool digit =
			    ch && strchr("0123456789abcdefABCDEF", (int)ch);

			assert_int_equal(cpio_hex(s, &v), digit);
			if (digit)
				assert_int_equal(v, strtoul(text, &end, 16));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(cpio_next__reads, clear),
	    cmocka_unit_test_setup(cpio_next__skips_climbing_names, clear),
	    cmocka_unit_test_setup(cpio_next__survives_truncation, clear),
	    cmocka_unit_test(cpio_hex__refuses_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
