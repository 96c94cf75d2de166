/* tests/host/manifest_test.c -- silo.toml: what a text must be. */
/* SPDX-License-Identifier: MIT */
/* build: lib/manifest.c lib/manifest_value.c lib/manifest_check.c
 * lib/manifest_rules.c lib/profile.c lib/toml_parse.c lib/toml_lex.c
 * lib/toml_value.c lib/toml_time.c lib/toml_tree.c lib/pool.c lib/text.c
 * lib/fmt.c tests/host/manifest_text.c */
/* flags: -Wl,--wrap=malloc -Wl,--wrap=calloc */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "abi/rights.h"
#include "lib/profile.h"
#include "manifest_text.h"

void *__wrap_malloc(size_t n);
void *__real_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__real_calloc(size_t n, size_t size);

static long fail_after = -1; /* allocations to go; -1: none fails */

static bool fails(void)
{
	return fail_after >= 0 && fail_after-- == 0;
}

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

static const char example[] =
    "[[silos]]\n"
    "name = \"virtio-blk-0\"\n"
    "sid = 100\n"
    "family = \"DRV\"\n"
    "mode = \"076\"\n"
    "pageout = true\n"
    "srv = { bind = [\"virtio-blk-0\"] }\n"
    "[[silos.strates]]\n"
    "name = \"virtio-blk\"\n"
    "binary = \"/sbin/virtio-blk\"\n"
    "\n"
    "[[silos]]\n"
    "name = \"ext4-root\"\n"
    "sid = 200\n"
    "family = \"FS\"\n"
    "mode = \"006\"            # a string, read as octal\n"
    "abi = \"native\"\n"
    "compartment = \"root\"\n"
    "restart = \"limited:5\"\n"
    "after = [\"virtio-blk-0\"]\n"
    "memory = \"8M\"\n"
    "cpu = 200\n"
    "processes = 4\n"
    "descriptors = 128\n"
    "peers = [\"virtio-blk-0\"]\n"
    "flow = [\"DRV\", \"SYS\"]\n"
    "jit = true\n"
    "\n"
    "  [silos.srv]\n"
    "  lookup = [\"virtio-blk-0\"]\n"
    "  bind = [\"root\", \"root.ctl\"]\n"
    "\n"
    "  [[silos.strates]]\n"
    "  name = \"ext4\"\n"
    "  binary = \"/sbin/ext4\"\n"
    "  args = [\"--volume\", \"root\"]\n"
    "  env = { TZ = \"UTC\", EMPTY = \"\" }\n"
    "\n"
    "  [[silos.mounts]]\n"
    "  path = \"/dev/disk\"\n"
    "  scheme = \"/srv/virtio-blk-0\"\n"
    "  rights = \"rw\"\n";

/* Every key of the format reaches its field. */
static void manifest_read__takes_every_key(void **state)
{
	struct manifest *m = read_ok(example);
	const struct manifest_silo *s = manifest_find(m, "ext4-root");

	(void)state;
	assert_int_equal(m->count, 2);
	assert_int_equal(s->line, 12);
	assert_int_equal(s->sid, 200);
	assert_int_equal(s->family, FAMILY_FS);
	assert_int_equal(s->mode, 06);
	assert_false(s->abi_linux);
	assert_string_equal(s->compartment, "root");
	assert_int_equal(s->compartment_id, manifest_compartment("root"));
	assert_int_equal(s->restart, RESTART_LIMITED);
	assert_int_equal(s->restart_limit, 5);
	assert_int_equal(s->after.count, 1);
	assert_int_equal(s->after_index[0], 0);
	assert_int_equal(s->memory, 8 << 20);
	assert_int_equal(s->cpu, 200);
	assert_int_equal(s->processes, 4);
	assert_int_equal(s->descriptors, 128);
	assert_string_equal(s->peers.name[0], "virtio-blk-0");
	assert_int_equal(s->flow, FLOW(FAMILY_DRV) | FLOW(FAMILY_SYS));
	assert_true(s->jit);
	assert_false(s->wx);
	assert_false(s->pageout);
	assert_string_equal(s->lookup.name[0], "virtio-blk-0");
	assert_string_equal(s->bind.name[1], "root.ctl");
	assert_int_equal(s->proxy.count, 0);
	assert_true(m->silos[0].pageout);
	assert_null(manifest_find(m, "ext4"));
	manifest_free(m);
}

/* Programs and mounts come whole; lists end with NULL as execve wants. */
static void manifest_read__takes_strates_and_mounts(void **state)
{
	struct manifest *m = read_ok(example);
	const struct manifest_strate *p = m->silos[1].strates;
	const struct manifest_mount *d = m->silos[1].mounts;

	(void)state;
	assert_int_equal(m->silos[1].strate_count, 1);
	assert_string_equal(p->name, "ext4");
	assert_string_equal(p->binary, "/sbin/ext4");
	assert_int_equal(p->args.count, 2);
	assert_string_equal(p->args.name[1], "root");
	assert_null(p->args.name[2]);
	assert_string_equal(p->env.name[0], "TZ=UTC");
	assert_string_equal(p->env.name[1], "EMPTY=");
	assert_null(p->env.name[2]);
	assert_int_equal(m->silos[1].mount_count, 1);
	assert_string_equal(d->path, "/dev/disk");
	assert_string_equal(d->scheme, "/srv/virtio-blk-0");
	assert_int_equal(d->rights, RIGHT_READ | RIGHT_WRITE);
	manifest_free(m);
}

/* What is not said comes from the family. */
static void manifest_read__knows_defaults(void **state)
{
	struct manifest *m = read_ok(with("[[silos.mounts]]\npath = \"/\"\n"
	                                  "scheme = \"/scheme/initfs\""));
	const struct manifest_silo *s = &m->silos[0];

	(void)state;
	assert_string_equal(s->compartment, "x");
	assert_int_equal(s->restart, RESTART_NEVER);
	assert_int_equal(s->memory, 16 << 20);
	assert_int_equal(s->cpu, 100);
	assert_int_equal(s->processes, 16);
	assert_int_equal(s->descriptors, 256);
	assert_int_equal(s->flow, profile_find("USR")->flow);
	assert_false(s->jit || s->wx || s->pageout);
	assert_int_equal(s->mounts[0].rights, RIGHT_READ);
	manifest_free(m);
	m = read_ok(with("abi = \"linux\""));
	assert_int_equal(m->silos[0].memory, 256 << 20);
	assert_true(m->silos[0].wx);
	manifest_free(m);
	m = read_ok(with("abi = \"linux\"\nwx = false\nmemory = \"1G\""));
	assert_false(m->silos[0].wx);
	assert_true(m->silos[0].memory == 1ull << 30);
	manifest_free(m);
	m = read_ok(of("SYS", 20, "700", ""));
	assert_int_equal(m->silos[0].restart, RESTART_ALWAYS);
	assert_int_equal(m->silos[0].memory, 0);
	manifest_free(m);
	m = read_ok("# no silos\n");
	assert_int_equal(m->count, 0);
	manifest_free(m);
}

/* A mistake of TOML is told with line and column. */
static void manifest_read__tells_where_toml_is_wrong(void **state)
{
	(void)state;
	refused("[[silos]]\nname = \"a\"\nname = \"b\"\n",
	    "line 3, column 1: key \"name\" is set twice (first at line 2)");
	refused("[[silos]\n", "line 1, column 9: ]] should end the header");
}

/* Nothing is guessed: unknown keys, missing ones, wrong types. */
static void manifest_read__refuses_unknown_and_missing_keys(void **state)
{
	(void)state;
	refused("a = 1", "line 1: unknown key \"a\"");
	refused(
	    "silos = 1", "line 1: \"silos\" must be an array, is an integer");
	refused("silos = [1]",
	    "line 1: \"silos\" must hold tables, this is an integer");
	refused(
	    with("colour = 1"), "line 6: silo \"x\": unknown key \"colour\"");
	refused(with("[silos.srv]\npost = []"),
	    "line 7: silo \"x\": unknown key \"post\"");
	refused(with("[[silos.mounts]]\npath = \"/\"\nfrom = 1"),
	    "line 8: silo \"x\": unknown key \"from\"");
	refused("[[silos]]\n", "line 1: \"name\" is missing");
	refused("[[silos]]\nname = \"a\"\nsid = 9\nfamily = \"SYS\"\n",
	    "line 1: silo \"a\": \"mode\" is missing");
	refused("[[silos]]\nname = \"a\"\nsid = 9\nfamily = \"SYS\"\n"
	        "mode = \"000\"\n",
	    "line 1: silo \"a\": \"strates\" is missing");
	refused("[[silos]]\nname = \"a\"\nsid = 9\nfamily = \"SYS\"\n"
	        "mode = \"000\"\nstrates = []\n",
	    "line 1: silo \"a\": a silo needs a strate");
	refused(with("[[silos.mounts]]\npath = \"/\""),
	    "line 6: silo \"x\": \"scheme\" is missing");
	refused(with("[[silos.strates]]\nname = \"q\""),
	    "line 6: silo \"x\": \"binary\" is missing");
}

/* The mode is a string of octal digits and never a number. */
static void mode__is_an_octal_string(void **state)
{
	static const char *const bad[] = {"\"6\"", "\"0006\"", "\"008\"",
	    "\"0x6\"", "\"\"", "\"-06\"", "\" 06\""};
	char text[256];

	(void)state;
	refused("[[silos]]\nname = \"a\"\nmode = 6\n",
	    "line 3: silo \"a\": \"mode\" must be a string of three octal "
	    "digits (\"006\"), an integer would be read in base ten");
	refused("[[silos]]\nname = \"a\"\nmode = true\n",
	    "line 3: silo \"a\": \"mode\" must be a string, is a boolean");
	for (size_t i = 0; i < COUNT(bad); i++) {
		snprintf(text, sizeof(text),
		    "[[silos]]\nname = \"a\"\nmode = %s\n", bad[i]);
		refused(text,
		    "line 3: silo \"a\": \"mode\" must be three octal "
		    "digits, as \"006\"");
	}
}

/* Sizes, counts and policies keep to their form and bounds. */
static void values__keep_their_bounds(void **state)
{
	static const char memory[] =
	    "line 6: silo \"x\": \"memory\" must be a string of a number and "
	    "K, M or G, of whole 4K pages, as \"8M\"";
	static const char restart[] =
	    "line 6: silo \"x\": \"restart\" must be \"always\", \"never\" or "
	    "\"limited:N\" with N from 1 to 1000";
	static const char *const sizes[] = {"8388608", "\"8\"", "\"M\"",
	    "\"0M\"", "\"8m\"", "\"8MB\"", "\"8 M\"", "\"-8M\"", "\"1K\"",
	    "\"6K\"", "\"999999999999G\"", "\"99999999999999999999M\"",
	    "\"65537G\"", "\"\""};
	static const char *const policies[] = {"\"sometimes\"", "\"limited\"",
	    "\"limited:\"", "\"limited:0\"", "\"limited:-1\"", "\"limited:+1\"",
	    "\"limited:1001\"", "\"limited:5x\"",
	    "\"limited:99999999999999999999\"", "\"Always\"", "\"\""};
	char line[128];

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		snprintf(line, sizeof(line), "memory = %s", sizes[i]);
		refused(with(line), memory);
	}
	for (size_t i = 0; i < COUNT(policies); i++) {
		snprintf(line, sizeof(line), "restart = %s", policies[i]);
		refused(with(line), restart);
	}
	manifest_free(read_ok(with("memory = \"64K\"\nrestart = \"limited:1\"\n"
	                           "cpu = 10000\nprocesses = 65536")));
	manifest_free(read_ok(with("memory = \"65536G\"")));
	refused(with("cpu = 0"),
	    "line 6: silo \"x\": \"cpu\" must be from 1 to 10000");
	refused(with("cpu = \"1\""),
	    "line 6: silo \"x\": \"cpu\" must be an integer, is a string");
	refused(with("processes = 65537"),
	    "line 6: silo \"x\": \"processes\" must be from 1 to 65536");
	refused(with("descriptors = -1"),
	    "line 6: silo \"x\": \"descriptors\" must be from 1 to 65536");
	refused(with("jit = 1"),
	    "line 6: silo \"x\": \"jit\" must be true or false, is an integer");
	refused(with("abi = \"posix\""),
	    "line 6: silo \"x\": \"abi\" must be \"native\" or \"linux\"");
	refused(of("SYS", 1, "000", ""),
	    "line 3: silo \"x\": sid 1 is init itself");
	refused(of("SYS", 0, "000", ""),
	    "line 3: silo \"x\": \"sid\" must be from 2 to 2147483647");
	refused(of("usr", 1000, "000", ""),
	    "line 4: silo \"x\": a family is SYS, DRV, FS, NET, WASM, USR, DSP "
	    "or JS");
	refused(with("flow = [\"ABC\"]"),
	    "line 6: silo \"x\": \"flow\": there is no family \"ABC\"");
}

/* Names, paths, rights and variables keep to their characters. */
static void names__keep_their_characters(void **state)
{
	(void)state;
	refused("[[silos]]\nname = \"\"", "line 2: \"\" is no name: it must "
	                                  "begin with a letter or digit");
	refused("[[silos]]\nname = \"-a\"",
	    "line 2: \"-a\" is no name: it must "
	    "begin with a letter or digit");
	refused("[[silos]]\nname = \"a/b\"",
	    "line 2: \"a/b\" is no name: only letters, digits, '-', '_', '.'");
	refused("[[silos]]\nname = \"a\\u0000b\"",
	    "line 2: a string must not hold a NUL");
	refused("[[silos]]\nname = \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"",
	    "line 2: \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" is longer than a "
	    "name "
	    "may be");
	refused(with("after = [1]"),
	    "line 6: silo \"x\": an element must be a string, is an integer");
	refused(with("peers = [\"y\", \"y\"]"),
	    "line 6: silo \"x\": \"peers\" has \"y\" twice");
	refused(with("[[silos.mounts]]\npath = \"a\""),
	    "line 7: silo \"x\": \"a\" must be a path from \"/\" without "
	    "\"//\", "
	    "\".\", \"..\"");
	refused(with("[[silos.mounts]]\npath = \"/a/../b\""),
	    "line 7: silo \"x\": \"/a/../b\" must be a path from \"/\" without "
	    "\"//\", \".\", \"..\"");
	refused(with("[[silos.mounts]]\npath = \"/a/\""),
	    "line 7: silo \"x\": \"/a/\" must be a path from \"/\" without "
	    "\"//\", \".\", \"..\"");
	refused(with("[[silos.mounts]]\nrights = \"rwr\""),
	    "line 7: silo \"x\": \"rights\" must be of the letters r, w and x, "
	    "once each");
	refused(with("[[silos.mounts]]\nrights = \"\""),
	    "line 7: silo \"x\": \"rights\" must be of the letters r, w and x, "
	    "once each");
	refused(with("[[silos.strates]]\nenv = { \"A=B\" = \"c\" }"),
	    "line 7: silo \"x\": a variable's name is empty or has '=' or a "
	    "NUL");
	refused(with("[[silos.strates]]\nenv = { A = 1 }"),
	    "line 7: silo \"x\": \"A\" must be a string, is an integer");
}

/* Each allocation in turn fails: it is said, and nothing leaks. */
static void manifest_read__survives_every_allocation_failure(void **state)
{
	struct manifest *m = NULL;
	long n = 0;

	(void)state;
	for (; m == NULL; n++) {
		fail_after = n;
		m = manifest_read(
		    example, sizeof(example) - 1, &manifest_error);
		fail_after = -1;
		if (m == NULL)
			assert_non_null(
			    strstr(manifest_error.text, "out of memory"));
	}
	assert_true(n > 5);
	manifest_free(m);
	manifest_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(manifest_read__takes_every_key),
	    cmocka_unit_test(manifest_read__takes_strates_and_mounts),
	    cmocka_unit_test(manifest_read__knows_defaults),
	    cmocka_unit_test(manifest_read__tells_where_toml_is_wrong),
	    cmocka_unit_test(manifest_read__refuses_unknown_and_missing_keys),
	    cmocka_unit_test(mode__is_an_octal_string),
	    cmocka_unit_test(values__keep_their_bounds),
	    cmocka_unit_test(names__keep_their_characters),
	    cmocka_unit_test(manifest_read__survives_every_allocation_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
