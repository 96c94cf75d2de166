/* chevron/session.h -- the terminal side of an interactive shell. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "chevron/shell.h"

enum session_line { SESSION_LINE, SESSION_END, SESSION_INTERRUPT };

/* Take the terminal on descriptor 0: process group, signals, history. */
void session_begin(struct shell *sh);
/* Edit one line; *line is then malloc'd text without its newline. */
enum session_line session_read_line(
    struct shell *sh, const char *prompt, char **line);
