/* lib/manifest.h -- silo.toml: which silos there are.  See docs/SILOS.md. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/silo.h"
#include "lib/toml.h"

enum {
	MANIFEST_SILOS_MAX = 256,
	MANIFEST_LIST_MAX = 64, /* names in a list, mounts, arguments */
	MANIFEST_STRATES_MAX = 16,
	MANIFEST_NAME_MAX = SILO_NAME_MAX - 1,
	MANIFEST_PATH_MAX = 255,
	MANIFEST_ERROR_SIZE = 320,
};

enum restart_policy {
	RESTART_NEVER,
	RESTART_ALWAYS,
	RESTART_LIMITED, /* gives up after so many restarts in a row */
};

/* The list ends with a NULL, as execve wants it. */
struct manifest_list {
	const char **name;
	size_t count;
};

struct manifest_strate {
	uint32_t line;
	const char *name, *binary;
	struct manifest_list args; /* without the program's own name */
	struct manifest_list env;  /* "NAME=value" */
};

struct manifest_mount {
	uint32_t line;
	const char *path, *scheme;
	uint32_t rights; /* RIGHT_READ, RIGHT_WRITE, RIGHT_EXEC */
};

struct manifest_silo {
	uint32_t line;
	const struct toml_value *source; /* its table: where each key stands */
	const char *name;
	uint32_t sid;
	enum silo_family family;
	uint32_t mode;
	bool abi_linux;
	const char *compartment;
	uint32_t compartment_id; /* manifest_compartment() of it */
	enum restart_policy restart;
	uint32_t restart_limit; /* of RESTART_LIMITED */
	struct manifest_list after;
	size_t *after_index; /* the same, as indices of silos */
	uint64_t memory;     /* bytes; 0: no limit */
	uint32_t cpu;        /* weight */
	uint32_t processes, descriptors;
	struct manifest_list peers;
	struct manifest_list lookup, bind, proxy; /* names in /srv */
	uint32_t flow;                            /* FLOW() of families */
	struct manifest_strate *strates;
	size_t strate_count;
	struct manifest_mount *mounts;
	size_t mount_count;
	uint32_t init_may; /* enum init_may: what it may ask of init */
	bool jit;          /* may make memory executable by sealing it */
	bool wx;           /* may have memory both writable and executable */
	bool pageout;      /* stands on the way of write-back */
};

struct manifest {
	struct manifest_silo *silos; /* as the text has them */
	size_t count;
	size_t *order; /* indices: each silo after all of its `after` */
};

struct manifest_error {
	uint32_t line;
	char text[MANIFEST_ERROR_SIZE]; /* "line 4: silo "x": ..." */
};

/*
 * Read and check a whole manifest.  Gives one that keeps nothing of the text,
 * to manifest_free.  NULL: *e says the first thing that is wrong.
 */
struct manifest *manifest_read(
    const char *text, size_t len, struct manifest_error *e);
/* Free a manifest and everything it points to; NULL is allowed. */
void manifest_free(struct manifest *m);
/* The silo of that name, or NULL. */
const struct manifest_silo *manifest_find(
    const struct manifest *m, const char *name);
/* The number of a compartment in labels: of its name alone, so that it stays
 * the same when the manifest changes.  Never 0. */
uint32_t manifest_compartment(const char *name);
