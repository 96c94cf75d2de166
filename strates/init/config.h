/* strates/init/config.h -- manifests in use, and what Bedrock is told. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "lib/manifest.h"

/* A manifest that several silos point into. */
struct config {
	struct manifest *m;
	uint32_t refs;
};

/* Read a manifest; one reference, to config_put. NULL: *e says why. */
struct config *config_read(
    const char *text, size_t n, struct manifest_error *e);
/* Read the system's, /etc/silo.toml; without one it has no silos. */
struct config *config_read_file(struct manifest_error *e);
struct config *config_get(struct config *c);
/* The last one frees the manifest; NULL is allowed. */
void config_put(struct config *c);
/* Whether two silos are to be the same but for their names. */
bool config_same(const struct manifest_silo *a, const struct manifest_silo *b);
/* Whether b is a, with more strates behind its own. */
bool config_grown(const struct manifest_silo *a, const struct manifest_silo *b);
/* What silo_create is told; m: the manifest of s. */
struct silo_config config_of(
    const struct manifest *m, const struct manifest_silo *s);
/* s as the text of a manifest; its length, cut at cap. */
size_t config_text(const struct manifest_silo *s, char *buf, size_t cap);
