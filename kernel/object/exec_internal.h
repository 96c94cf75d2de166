/* kernel/object/exec_internal.h -- the steps of exec share this state. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/mm/aspace.h"
#include "kernel/object/exec.h"
#include "kernel/vfs/file.h"

enum {
	EXEC_HEAD = 1024,      /* bytes of the file read at first */
	EXEC_LINE_MAX = 256,   /* script line, interpreter, argument */
	EXEC_SCRIPT_DEPTH = 4, /* scripts run by scripts */
	EXEC_PREFIX = PATH_TEXT_MAX + 2 * EXEC_LINE_MAX * EXEC_SCRIPT_DEPTH,
	EXEC_STRING_MAX = 128 * 1024, /* one argument */
	EXEC_ARGS_MAX = 2 * 1024 * 1024,
};

/*
 * Strings of argv, then envp, each with its NUL, in one growing buffer. What
 * scripts put before argv is written downwards from the end of `prefix`.
 */
struct exec_args {
	char *buf;
	size_t used, size, limit;
	uint32_t argc, envc;
	size_t argv_bytes; /* strings of argv end here */
	bool drop_first;   /* a script: argv[0] is replaced */
	char *prefix;
	size_t prefix_at;
	uint32_t prefix_count;
};

struct exec_file {
	struct file *file;
	struct node *node;
	struct elf_header header;
	struct elf_image image;
	uint64_t bias; /* added to linked addresses */
};

struct exec {
	struct exec_args args;
	struct exec_file main, interp;
	bool has_interp;
	char *path; /* what was executed, kernel text: AT_EXECFN, comm */
	char head[EXEC_HEAD];
	size_t head_size;
	struct aspace *aspace;
	vaddr_t stack_top, stack_low, vdso, entry;
	struct cred *cred; /* new identity (set-uid), or NULL */
	bool secure;
	struct file *opened; /* the script chain's last file */
};

/* exec_args.c */
enum err exec_args_copy(
    struct exec_args *a, struct uptr argv, struct uptr envp);
enum err exec_args_prefix(struct exec_args *a, const char *s);
void exec_args_free(struct exec_args *a);
/*
 * Write strings, vectors and auxv to the stack of the (now current) address
 * space; *sp gets the initial stack pointer. E_FAULT, E_NOMEM.
 */
enum err exec_args_write(struct exec *x, vaddr_t *sp);

/* exec_load.c */
/* Read headers of f->file; x->head holds its first bytes. */
enum err exec_read_image(
    struct exec_file *f, const char *head, size_t head_size);
/* Make x->aspace and map everything into it. */
enum err exec_load(struct exec *x);
/* Zero what follows the file's bytes in last pages; space is current. */
enum err exec_zero_tails(const struct exec_file *f);

/* The vDSO: vdso_map.c */
void vdso_init(void);
enum { VDSO_PAGES = 2 }; /* data page, then code */
/* Map it at `at` (data page first); *code gets the image's address. */
enum err vdso_map(struct aspace *a, vaddr_t at, vaddr_t *code);
/* Offset in the code page of the two instructions that start init. */
extern uint64_t vdso_start_offset;
