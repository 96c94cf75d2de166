/* kernel/vfs/procfs_tree.h -- fixed trees of text files, for proc and sysfs. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/mm/usercopy.h"
#include "kernel/vfs/node.h"

/* Text under construction; len grows past size when it does not fit. */
struct text_out {
	char *buf;
	size_t size, len;
};
void text_add(struct text_out *t, const char *fmt, ...) printf_like(2, 3);
void text_bytes(struct text_out *t, const void *p, size_t n);
/* Blanks, newlines and backslashes as \ooo. */
void text_escaped(struct text_out *t, const char *s);

/*
 * Run fn over the kernel buffer of u as a NODE_SEQ read; what it returns as
 * its result. An error of fn wins.
 */
#define TEXT_READ(u, call)                                           \
	({                                                           \
		struct text_out text_ = {(u)->kernel, (u)->left, 0}; \
		enum err text_e_ = (call);                           \
		text_e_ != OK ? (long)text_e_                        \
		              : (long)MIN(text_.len, text_.size);    \
	})

/*
 * An entry of a fixed tree. A regular file has show, and store when it can be
 * written; a directory has `children`, ended by an entry without a name; a
 * link has `target`. ino is given by tree_number().
 */
struct tree_entry {
	const char *name;
	uint32_t mode; /* type and permissions */
	void (*show)(struct text_out *t);
	/* The same for one of many; they tell themselves apart by arg. */
	void (*show_one)(struct text_out *t, const struct tree_entry *e);
	uintptr_t arg;
	enum err (*store)(const char *text, size_t n); /* terminated */
	enum err (*target)(struct text_out *t);
	struct tree_entry *children;
	/* A directory whose contents are made by other means. */
	const struct node_ops *ops;
	uint64_t ino;
};
#define TREE_FILE(n, fn) {.name = (n), .mode = NODE_REG | 0444, .show = (fn)}
#define TREE_RW(n, fn, st) \
	{.name = (n), .mode = NODE_REG | 0644, .show = (fn), .store = (st)}
#define TREE_DIR(n, list) \
	{.name = (n), .mode = NODE_DIR | 0555, .children = (list)}

/* Give inode numbers from `next` on; returns the first one that is free. */
uint64_t tree_number(struct tree_entry *list, uint64_t next);
struct tree_entry *tree_find(
    struct tree_entry *list, const char *name, size_t len);
enum err tree_node(struct scheme *s, struct tree_entry *e, struct node **out);
/* Emit entries from number `cookie` on; false when the reader has enough. */
bool tree_emit(struct tree_entry *list, uint64_t cookie, struct dir_sink *sink);

/* A scheme type with one instance: made once, its root over `ops`. */
struct scheme *tree_scheme(
    const char *type, const struct scheme_ops *ops, struct tree_entry *root);

/* What was written, at most `max` bytes, into terminated buf; length or err. */
long tree_written(struct uio *u, char *buf, size_t max);
/* A decimal number with an optional newline; E_INVAL. */
enum err tree_number_in(const char *s, uint64_t max, uint64_t *out);
