/* chevron/cmd/flow.h -- commands that steer the shell. */
/* SPDX-License-Identifier: MIT */
#pragma once
struct shell;

/* All take a command's arguments and return its status. */
int cmd_colon(struct shell *sh, int argc, char **argv);
int cmd_true(struct shell *sh, int argc, char **argv);
int cmd_false(struct shell *sh, int argc, char **argv);
int cmd_break(struct shell *sh, int argc, char **argv);
int cmd_return(struct shell *sh, int argc, char **argv);
int cmd_exit(struct shell *sh, int argc, char **argv);
int cmd_eval(struct shell *sh, int argc, char **argv);
int cmd_source(struct shell *sh, int argc, char **argv);
int cmd_exec(struct shell *sh, int argc, char **argv);
int cmd_command(struct shell *sh, int argc, char **argv);
int cmd_type(struct shell *sh, int argc, char **argv);
int cmd_trap(struct shell *sh, int argc, char **argv);
