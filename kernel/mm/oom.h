/* kernel/mm/oom.h -- out of memory: who has to go. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/*
 * Kill the process that holds the most memory, with one line in the log. True
 * when somebody was killed or is still dying, so that waiting makes sense;
 * false when there is nobody to kill (init is spared) or it is the caller
 * itself, who must not wait. May sleep.
 */
bool oom_kill(void);
