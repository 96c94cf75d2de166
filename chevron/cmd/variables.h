/* chevron/cmd/variables.h -- commands on variables and options. */
/* SPDX-License-Identifier: MIT */
#pragma once
struct shell;

/* All take a command's arguments and return its status. */
int cmd_export(struct shell *sh, int argc, char **argv);
int cmd_unset(struct shell *sh, int argc, char **argv);
int cmd_set(struct shell *sh, int argc, char **argv);
int cmd_shift(struct shell *sh, int argc, char **argv);
int cmd_local(struct shell *sh, int argc, char **argv);
int cmd_read(struct shell *sh, int argc, char **argv);
int cmd_env(struct shell *sh, int argc, char **argv);
int cmd_umask(struct shell *sh, int argc, char **argv);
