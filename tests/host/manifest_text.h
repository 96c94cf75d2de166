/* tests/host/manifest_text.h -- what the tests of the manifest share. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "lib/manifest.h"

/* What the last refused manifest was refused for. */
extern struct manifest_error manifest_error;

/* A manifest that must be accepted. */
struct manifest *read_ok(const char *text);
/* A manifest that must be refused with exactly these words. */
void refused(const char *text, const char *why);
/* A user silo that is right but for the lines added, which begin at line 6.
 * The text stays until the next call. */
const char *with(const char *more);
/* One silo of a family: sid, mode and more lines, from line 6. */
const char *of(const char *family, int sid, const char *mode, const char *more);
