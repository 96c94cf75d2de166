/* lib/manifest_read.h -- what the parts of the manifest's reader share. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "lib/manifest.h"
#include "lib/pool.h"

struct manifest_reader {
	struct pool pool;
	struct toml *toml;
	struct manifest *m;
	struct manifest_error *error;
	const char *silo; /* the name for messages, or NULL */
};

typedef bool (*manifest_read_fn)(
    struct manifest_reader *r, const struct toml_value *v, void *out);

/* A key that a table may have, and what takes its value to where. */
struct manifest_field {
	const char *key;
	manifest_read_fn read;
	size_t offset; /* of out in the struct that the table fills */
	bool required;
};

/* Say what is wrong in a line.  Always false.  Known formats: fmt.h. */
[[gnu::format(printf, 3, 4)]] bool manifest_fail(
    struct manifest_reader *r, uint32_t line, const char *f, ...);
/* Memory that the manifest keeps; NULL: failed, and said so. */
void *manifest_alloc(struct manifest_reader *r, size_t n);
/* Fill base by a table's keys.  what names the table in messages. */
bool manifest_fields(struct manifest_reader *r, const struct toml_value *v,
    const struct manifest_field *f, size_t n, void *base);
/* The line of a key of a silo; of the silo itself when it has none. */
uint32_t manifest_line(const struct manifest_silo *s, const char *key);

/* Read one value: the right type, within its bounds.  out is a const char *
 * (name, path, text), a manifest_list (names, texts, environment), a bool. */
bool manifest_name(
    struct manifest_reader *r, const struct toml_value *v, void *out);
bool manifest_path(
    struct manifest_reader *r, const struct toml_value *v, void *out);
bool manifest_names(
    struct manifest_reader *r, const struct toml_value *v, void *out);
bool manifest_texts(
    struct manifest_reader *r, const struct toml_value *v, void *out);
bool manifest_environment(
    struct manifest_reader *r, const struct toml_value *v, void *out);
bool manifest_bool(
    struct manifest_reader *r, const struct toml_value *v, void *out);
/* A string without a NUL in it. */
bool manifest_string(
    struct manifest_reader *r, const struct toml_value *v, const char **out);
/* An integer from low to high. */
bool manifest_number(struct manifest_reader *r, const struct toml_value *v,
    int64_t low, int64_t high, uint32_t *out);
/* An array of at most max elements. */
bool manifest_array(
    struct manifest_reader *r, const struct toml_value *v, size_t max);

/* What holds between silos and for their families; sets the order. */
bool manifest_check(struct manifest_reader *r);
/* Whether the silo keeps the rules of its tier, family, mode and abi. */
bool manifest_check_rules(
    struct manifest_reader *r, const struct manifest_silo *s);
