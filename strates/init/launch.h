/* strates/init/launch.h -- a strate's first process: its descriptors. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "lib/manifest.h"

/* Open what all strates get; once, before the first. */
void launch_setup(void);
/* Start the i-th strate of a silo in it.  A pid, or -1 with errno. */
int launch_strate(int silo, const struct manifest_silo *s, size_t i);
