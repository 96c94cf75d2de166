/* chevron/exec.h -- running trees. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "chevron/shell.h"

enum {
	EXEC_LAST = 1, /* nothing follows in this process: it may be replaced */
};

/* Run a tree (NULL: nothing); its status is also left in sh->status. */
int exec_node(struct shell *sh, struct node *n, int flags);
/* End a forked shell: flush, run the EXIT trap, exit with its status. */
[[gnu::noreturn]] void exec_finish(struct shell *sh);
/* Run argv as a command word by word: function, builtin or program. */
int exec_argv(struct shell *sh, int argc, char **argv, bool functions);

/* simple.c */
int exec_simple(struct shell *sh, struct node *n, int flags);
/* If n is a program (not a function or builtin) whose words expand without
 * side effects, start it; *pid is 0 when it has to be done by a fork. */
bool exec_start_program(struct shell *sh, struct node *n, int in, int out,
    pid_t group, bool foreground, pid_t *pid);
