/* chevron/input.h -- where a shell's commands come from. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "chevron/parse.h"
#include "chevron/shell.h"

/* Run commands from descriptor 0 line by line, without a prompt; not one byte
 * beyond the line that runs is read. */
void input_run_plain(struct shell *sh);
/* Talk to a person: prompt, editing, job messages. */
void input_run_interactive(struct shell *sh);
/* Run one parsed command line and free what it took. */
void input_execute(
    struct shell *sh, struct tree *tree, struct node *n, int flags);
/* A complete text; last: nothing follows in this process. */
void input_run_text(struct shell *sh, const char *text, size_t len, bool last);
