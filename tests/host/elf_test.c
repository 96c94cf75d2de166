/* tests/host/elf_test.c -- ELF headers, segments and script lines. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/object/elf.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <elf.h>
#include <cmocka.h>
#include "kernel/object/elf.h"

#define LIMIT     0x7ffffffff000ull
#define FILE_SIZE 0x10000ull

/* A small static program: code, then data with a bss, and a stack note. */
struct program {
	Elf64_Ehdr h;
	Elf64_Phdr p[3];
};

static struct program program(void)
{
	struct program f = {0};

	memcpy(f.h.e_ident,
	    "\x7f"
	    "ELF\2\1\1",
	    7);
	f.h.e_type = ET_EXEC;
	f.h.e_machine = EM_X86_64;
	f.h.e_version = 1;
	f.h.e_entry = 0x401000;
	f.h.e_phoff = sizeof(f.h);
	f.h.e_phentsize = sizeof(f.p[0]);
	f.h.e_phnum = 3;
	f.p[0] = (Elf64_Phdr){.p_type = PT_LOAD,
	    .p_flags = PF_R | PF_X,
	    .p_vaddr = 0x400000,
	    .p_filesz = 0x1800,
	    .p_memsz = 0x1800,
	    .p_align = 0x1000};
	f.p[1] = (Elf64_Phdr){.p_type = PT_LOAD,
	    .p_flags = PF_R | PF_W,
	    .p_offset = 0x1800,
	    .p_vaddr = 0x403800,
	    .p_filesz = 0x100,
	    .p_memsz = 0x4000,
	    .p_align = 0x1000};
	f.p[2] = (Elf64_Phdr){.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W};
	return f;
}

static enum err parse(const struct program *f, struct elf_image *out)
{
	struct elf_header h;
	enum err e = elf_parse_header(f, sizeof(*f), FILE_SIZE, &h);

	if (e != OK)
		return e;
	return elf_parse_segments(&h, f->p, FILE_SIZE, LIMIT, out);
}

/* The span, the entry and the place of the headers are those of the file. */
static void parse__takes_a_static_program(void **state)
{
	struct program f = program();
	struct elf_image m;

	(void)state;
	assert_int_equal(parse(&f, &m), OK);
	assert_int_equal(m.count, 2);
	assert_int_equal(m.low, 0x400000);
	assert_int_equal(m.high, 0x408000);
	assert_int_equal(m.phdr, 0x400040);
	assert_int_equal(m.segments[0].prot, 5);
	assert_int_equal(m.segments[1].prot, 3);
	assert_false(m.has_interp);
	assert_false(m.exec_stack);
}

/* Each of these breaks one rule, and is refused. */
static void parse__refuses_what_breaks_a_rule(void **state)
{
	struct program f;
	struct elf_image m;

	(void)state;
#define REFUSED(change)                                    \
	do {                                               \
		f = program();                             \
		change;                                    \
		assert_int_equal(parse(&f, &m), E_NOEXEC); \
	} while (0)
	REFUSED(f.h.e_ident[0] = 0);
	REFUSED(f.h.e_ident[4] = ELFCLASS32);
	REFUSED(f.h.e_ident[5] = ELFDATA2MSB);
	REFUSED(f.h.e_type = ET_REL);
	REFUSED(f.h.e_type = ET_CORE);
	REFUSED(f.h.e_machine = EM_386);
	REFUSED(f.h.e_phentsize = 32);
	REFUSED(f.h.e_phnum = 0);
	REFUSED(f.h.e_phnum = ELF_PHDRS_MAX + 1);
	REFUSED(f.h.e_phoff = FILE_SIZE);
	REFUSED(f.h.e_phoff = UINT64_MAX - 8);
	REFUSED(f.h.e_entry = 0x3fffff);
	REFUSED(f.h.e_entry = 0x408000);
	REFUSED(f.p[0].p_filesz = 0x1801);
	REFUSED(f.p[0].p_offset = FILE_SIZE);
	REFUSED(f.p[0].p_offset = UINT64_MAX - 0xfff);
	REFUSED(f.p[0].p_vaddr = LIMIT);
	REFUSED(f.p[1].p_memsz = UINT64_MAX);
	REFUSED(f.p[1].p_memsz = LIMIT);
	REFUSED(f.p[1].p_vaddr = 0x403900);
	REFUSED(f.p[1].p_vaddr = 0x400800);
	REFUSED(f.p[0].p_type = f.p[1].p_type = PT_NULL);
#undef REFUSED
}

/* An interpreter's path must lie in the file, once, and be of sane length. */
static void parse__checks_the_interpreter(void **state)
{
	struct program f = program();
	struct elf_image m;

	(void)state;
	f.p[2] = (Elf64_Phdr){
	    .p_type = PT_INTERP, .p_offset = 0x200, .p_filesz = 28};
	assert_int_equal(parse(&f, &m), OK);
	assert_true(m.has_interp);
	assert_int_equal(m.interp_off, 0x200);
	assert_int_equal(m.interp_len, 28);
	f.p[2].p_filesz = ELF_INTERP_MAX + 2;
	assert_int_equal(parse(&f, &m), E_NOEXEC);
	f.p[2].p_filesz = 1;
	assert_int_equal(parse(&f, &m), E_NOEXEC);
	f.p[2].p_filesz = 28;
	f.p[2].p_offset = FILE_SIZE - 27;
	assert_int_equal(parse(&f, &m), E_NOEXEC);
}

/* A header that the read bytes do not hold completely is none. */
static void header__needs_all_its_bytes(void **state)
{
	struct program f = program();
	struct elf_header h;

	(void)state;
	for (size_t n = 0; n < sizeof(f.h); n++)
		assert_int_equal(
		    elf_parse_header(&f, n, FILE_SIZE, &h), E_NOEXEC);
}

static enum err script(const char *s, char *interp, char *arg)
{
	return script_parse(s, strlen(s), interp, arg, 32);
}

/* The interpreter is one word, the rest of the line one argument. */
static void script__splits_at_the_first_blank(void **state)
{
	char interp[32], arg[32];

	(void)state;
	assert_int_equal(script("#!/bin/sh\necho", interp, arg), OK);
	assert_string_equal(interp, "/bin/sh");
	assert_string_equal(arg, "");
	assert_int_equal(script("#! /bin/awk  -f x \t\n", interp, arg), OK);
	assert_string_equal(interp, "/bin/awk");
	assert_string_equal(arg, "-f x");
	assert_int_equal(script("#!/bin/sh", interp, arg), OK);
	assert_string_equal(interp, "/bin/sh");
}

/* What is no script line, or is longer than the buffers, is refused. */
static void script__refuses_the_rest(void **state)
{
	char interp[32], arg[32];

	(void)state;
	assert_int_equal(script("", interp, arg), E_NOEXEC);
	assert_int_equal(script("#!", interp, arg), E_NOEXEC);
	assert_int_equal(script("#!  \n", interp, arg), E_NOEXEC);
	assert_int_equal(script("#/bin/sh\n", interp, arg), E_NOEXEC);
	assert_int_equal(script("#!/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
	                     interp, arg),
	    E_NOEXEC);
	assert_int_equal(
	    script(
	        "#!/a bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n", interp, arg),
	    E_NOEXEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(parse__takes_a_static_program),
	    cmocka_unit_test(parse__refuses_what_breaks_a_rule),
	    cmocka_unit_test(parse__checks_the_interpreter),
	    cmocka_unit_test(header__needs_all_its_bytes),
	    cmocka_unit_test(script__splits_at_the_first_blank),
	    cmocka_unit_test(script__refuses_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
