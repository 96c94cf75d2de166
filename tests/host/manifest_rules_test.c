/* tests/host/manifest_rules_test.c -- silo.toml: rules of families, order. */
/* SPDX-License-Identifier: MIT */
/* build: lib/manifest.c lib/manifest_value.c lib/manifest_check.c
 * lib/manifest_rules.c lib/profile.c lib/toml_parse.c lib/toml_lex.c
 * lib/toml_value.c lib/toml_time.c lib/toml_tree.c lib/pool.c lib/text.c
 * lib/fmt.c tests/host/manifest_text.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lib/profile.h"
#include "manifest_text.h"

/* Names, numbers, paths and posted names are one silo's each. */
static void duplicates__are_refused(void **state)
{
	char text[1024];
	static const char two[] =
	    "[[silos]]\nname = \"%s\"\nsid = %d\nfamily = \"FS\"\nmode = "
	    "\"006\"\n[silos.srv]\nbind = [\"%s\"]\n[[silos.strates]]\nname = "
	    "\"p\"\nbinary = \"/p\"\n[[silos]]\nname = \"b\"\nsid = 21\nfamily "
	    "= \"FS\"\nmode = \"006\"\n[silos.srv]\nbind = [\"z\", \"y\"]\n"
	    "[[silos.strates]]\nname = \"p\"\nbinary = \"/p\"\n";

	(void)state;
	snprintf(text, sizeof(text), two, "a", 20, "x");
	manifest_free(read_ok(text));
	snprintf(text, sizeof(text), two, "b", 20, "x");
	refused(text, "line 12: silo \"b\": the name is used twice (first at "
	              "line 2)");
	snprintf(text, sizeof(text), two, "a", 21, "x");
	refused(text,
	    "line 13: silo \"b\": sid 21 is used twice (first by \"a\" "
	    "at line 3)");
	snprintf(text, sizeof(text), two, "a", 20, "y");
	refused(text, "line 16: silo \"b\": /srv/y is bound by \"a\" too (line "
	              "6)");
	refused(with("[[silos.mounts]]\npath = \"/a\"\nscheme = \"/b\"\n"
	             "[[silos.mounts]]\npath = \"/a\"\nscheme = \"/c\""),
	    "line 9: silo \"x\": /a is mounted twice (first at line 6)");
	refused(with("[[silos.strates]]\nname = \"p\"\nbinary = \"/q\""),
	    "line 9: silo \"x\": strate \"p\" is there twice (first at line "
	    "6)");
}

/* Each is one step beyond a rule of its family. */
static const struct {
	const char *family;
	int sid;
	const char *mode, *more, *why;
} beyond[] = {
    {"USR", 1000, "006", "",
        "line 5: silo \"x\": rule USR: mode 006 has more than the "
        "family's 004"},
    {"USR", 999, "004", "",
        "line 3: silo \"x\": rule USR: sid is 1000 or more, not 999"},
    {"USR", 1000, "004", "flow = [\"FS\", \"DRV\"]",
        "line 6: silo \"x\": rule USR: may not send to DRV"},
    {"USR", 1000, "004", "flow = [\"SYS\"]",
        "line 6: silo \"x\": rule USR: may not send to SYS"},
    {"USR", 1000, "004", "pageout = true",
        "line 6: silo \"x\": rule pageout: for SYS, DRV and FS below "
        "sid "
        "1000 only"},
    {"USR", 1000, "004", "wx = true",
        "line 6: silo \"x\": rule abi: wx = true needs abi = "
        "\"linux\"; "
        "native code uses jit = true"},
    {"USR", 1000, "000", "srv = { lookup = [\"a\"] }",
        "line 6: silo \"x\": rule mode: \"lookup\" needs 4 in the last "
        "digit, mode is 000"},
    {"USR", 1000, "004", "srv = { bind = [\"a\"] }",
        "line 6: silo \"x\": rule mode: \"bind\" needs 2 in the last "
        "digit, mode is 004"},
    {"FS", 20, "006", "srv = { proxy = [\"a\"] }",
        "line 6: silo \"x\": rule mode: \"proxy\" needs 1 in the last "
        "digit, mode is 006"},
    {"USR", 1000, "044", "",
        "line 5: silo \"x\": rule user tier: from sid 1000 on the "
        "digits "
        "C and H are 0, mode is 044"},
    {"SYS", 1000, "100", "",
        "line 5: silo \"x\": rule user tier: from sid 1000 on the "
        "digits "
        "C and H are 0, mode is 100"},
    {"FS", 1000, "016", "",
        "line 5: silo \"x\": rule user tier: from sid 1000 on the "
        "digits "
        "C and H are 0, mode is 016"},
    {"FS", 1000, "006", "pageout = true",
        "line 6: silo \"x\": rule pageout: for SYS, DRV and FS below "
        "sid "
        "1000 only"},
    {"DRV", 20, "020", "",
        "line 5: silo \"x\": rule DRV: mode 020 lacks some of the "
        "family's 060"},
    {"DRV", 20, "077", "",
        "line 5: silo \"x\": rule DRV: mode 077 has more than the "
        "family's 076"},
    {"DRV", 20, "460", "",
        "line 5: silo \"x\": rule DRV: mode 460 has more than the "
        "family's 076"},
    {"DRV", 20, "060", "flow = [\"USR\"]",
        "line 6: silo \"x\": rule DRV: may not send to USR"},
    {"FS", 20, "004", "",
        "line 5: silo \"x\": rule FS: mode 004 lacks some of the "
        "family's "
        "006"},
    {"FS", 20, "006", "flow = [\"WASM\"]",
        "line 6: silo \"x\": rule FS: may not send to WASM"},
    {"NET", 20, "007", "",
        "line 5: silo \"x\": rule NET: mode 007 has more than the "
        "family's 076"},
    {"NET", 20, "006", "pageout = true",
        "line 6: silo \"x\": rule pageout: for SYS, DRV and FS below "
        "sid "
        "1000 only"},
    {"WASM", 20, "014", "",
        "line 5: silo \"x\": rule WASM: mode 014 has more than the "
        "family's 006"},
    {"WASM", 20, "004", "memory = \"17M\"",
        "line 6: silo \"x\": rule WASM: memory is at most 16M"},
    {"JS", 20, "000", "",
        "line 5: silo \"x\": rule JS: mode 000 lacks some of the "
        "family's "
        "004"},
    {"JS", 20, "004", "flow = [\"USR\"]",
        "line 6: silo \"x\": rule JS: may not send to USR"},
    {"DSP", 20, "006", "flow = [\"FS\"]",
        "line 6: silo \"x\": rule DSP: may not send to FS"},
    {"SYS", 20, "000",
        "peers = "
        "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\"]",
        "line 6: silo \"x\": rule peers: at most 8"},
};

/* Each family's rules, one step beyond them. */
static void rules__are_those_of_the_family(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(beyond); i++)
		refused(of(beyond[i].family, beyond[i].sid, beyond[i].mode,
		            beyond[i].more),
		    beyond[i].why);
	refused(with("processes = 1\n[[silos.strates]]\nname = \"q\"\n"
	             "binary = \"/q\""),
	    "line 6: silo \"x\": rule processes: 1 are less than its 2 "
	    "strates");
}

/* What a family may be at most is accepted. */
static void rules__admit_what_the_family_may(void **state)
{
	(void)state;
	manifest_free(read_ok(of("SYS", 3, "777", "pageout = true")));
	manifest_free(read_ok(of("DRV", 20, "076", "pageout = true")));
	manifest_free(read_ok(of("DRV", 20, "060", "memory = \"64M\"")));
	manifest_free(read_ok(of("FS", 20, "076", "flow = []")));
	manifest_free(read_ok(of("FS", 1000, "006", "")));
	manifest_free(read_ok(of("NET", 20, "076", "memory = \"64M\"")));
	manifest_free(read_ok(of("WASM", 1000, "006", "memory = \"16M\"")));
	manifest_free(read_ok(of("JS", 20, "006", "jit = true")));
	manifest_free(read_ok(of("DSP", 20, "076", "flow = [\"USR\"]")));
	manifest_free(read_ok(of("USR", 2147483647, "000", "flow = []")));
}

/* Silos by the letters of names, each with its `after`. */
static const char *chain(const char *const *after, size_t n)
{
	static char text[65536];
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "[[silos]]\nname = \"s%zu\"\nsid = %zu\nfamily = \"SYS\"\n"
		    "mode = \"000\"\nafter = [%s]\n"
		    "strates = [{name = \"p\", binary = \"/p\"}]\n",
		    i, i + 10, after[i]);
	return text;
}

/* Each comes after what it waits for; otherwise the text's order stays. */
static void order__is_topological_and_stable(void **state)
{
	static const char *const after[] = {
	    "\"s3\"", "", "\"s0\", \"s4\"", "", "\"s1\""};
	static const size_t want[] = {1, 3, 0, 4, 2};
	struct manifest *m = read_ok(chain(after, 5));

	(void)state;
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(m->order[i], want[i]);
	manifest_free(m);
}

/* A circle is told whole, even when others only lead to it. */
static void order__names_a_circle(void **state)
{
	static const char *const after[] = {
	    "\"s1\"", "\"s2\"", "\"s3\"", "\"s1\"", ""};
	static const char *const self[] = {"\"s0\""};
	static const char *const nobody[] = {"\"s1\""};

	(void)state;
	refused(chain(after, 5), "line 13: silo \"s1\": \"after\" goes in a "
	                         "circle: s1 after s2 after "
	                         "s3 after s1");
	refused(chain(self, 1),
	    "line 6: silo \"s0\": \"after\" names the silo itself");
	refused(chain(nobody, 1),
	    "line 6: silo \"s0\": \"after\": there is no silo \"s1\"");
	refused(with("peers = [\"s1\"]"),
	    "line 6: silo \"x\": \"peers\": there is no silo \"s1\"");
}

/* The most silos there may be, in one chain that goes backwards. */
static void order__takes_the_longest_chain(void **state)
{
	static char names[MANIFEST_SILOS_MAX + 1][8];
	const char *after[MANIFEST_SILOS_MAX + 1];
	struct manifest *m;

	(void)state;
	for (size_t i = 0; i < MANIFEST_SILOS_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "\"s%zu\"", i + 1);
		after[i] = names[i];
	}
	after[MANIFEST_SILOS_MAX - 1] = "";
	m = read_ok(chain(after, MANIFEST_SILOS_MAX));
	for (size_t i = 0; i < m->count; i++)
		assert_int_equal(m->order[i], MANIFEST_SILOS_MAX - 1 - i);
	manifest_free(m);
	after[MANIFEST_SILOS_MAX - 1] = "\"s0\"";
	assert_null(manifest_read(chain(after, MANIFEST_SILOS_MAX),
	    strlen(chain(after, MANIFEST_SILOS_MAX)), &manifest_error));
	assert_non_null(
	    strstr(manifest_error.text, "s0 after s1 after s2 after"));
	assert_non_null(strstr(manifest_error.text, "... s0"));
	after[MANIFEST_SILOS_MAX] = "";
	refused(chain(after, MANIFEST_SILOS_MAX + 1),
	    "line 1: \"silos\" has 257 elements, at most 256 are allowed");
}

/* A compartment's number fits a label and is that of its name alone. */
static void compartments__have_numbers_by_name(void **state)
{
	(void)state;
	assert_int_equal(
	    manifest_compartment("root"), manifest_compartment("root"));
	assert_int_not_equal(
	    manifest_compartment("root"), manifest_compartment("roou"));
	for (char name[] = "a"; name[0] <= 'z'; name[0]++)
		assert_in_range(
		    manifest_compartment(name), 1, COMPARTMENT_MASK);
}

/* The table says of every family what the security model says. */
static void profiles__are_complete(void **state)
{
	(void)state;
	for (int f = FAMILY_SYS; f <= FAMILY_JS; f++) {
		const struct profile *p = profile_of((enum silo_family)f);

		assert_non_null(p);
		assert_ptr_equal(profile_find(p->name), p);
		assert_int_equal(p->mode_min & ~p->mode_max, 0);
	}
	assert_null(profile_of(FAMILIES));
	assert_null(profile_find("fs"));
	assert_int_equal(profile_find("USR")->flow & FLOW(FAMILY_DRV), 0);
}

/* The example of docs/SILOS.md is a manifest, in the order that it says. */
static void manifest__the_documented_example_is_right(void **state)
{
	static char page[1 << 16];
	static const char *const order[] = {
	    "virtio-blk-0", "ext4-root", "reader"};
	FILE *f = fopen("docs/SILOS.md", "r");
	char *text, *end;
	struct manifest *m;

	(void)state;
	assert_non_null(f);
	page[fread(page, 1, sizeof(page) - 1, f)] = '\0';
	fclose(f);
	text = strstr(page, "```toml\n");
	assert_non_null(text);
	text += strlen("```toml\n");
	end = strstr(text, "```\n");
	assert_non_null(end);
	*end = '\0';
	m = read_ok(text);
	assert_int_equal(m->count, COUNT(order));
	for (size_t i = 0; i < COUNT(order); i++)
		assert_string_equal(m->silos[m->order[i]].name, order[i]);
	manifest_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(duplicates__are_refused),
	    cmocka_unit_test(rules__are_those_of_the_family),
	    cmocka_unit_test(rules__admit_what_the_family_may),
	    cmocka_unit_test(order__is_topological_and_stable),
	    cmocka_unit_test(order__names_a_circle),
	    cmocka_unit_test(order__takes_the_longest_chain),
	    cmocka_unit_test(compartments__have_numbers_by_name),
	    cmocka_unit_test(profiles__are_complete),
	    cmocka_unit_test(manifest__the_documented_example_is_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
