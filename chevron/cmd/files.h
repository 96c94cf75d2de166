/* chevron/cmd/files.h -- copying, moving and removing. */
/* SPDX-License-Identifier: MIT */
#pragma once
struct shell;

/* All take a command's arguments and return its status. */
int cmd_cp(struct shell *sh, int argc, char **argv);
int cmd_mv(struct shell *sh, int argc, char **argv);
int cmd_rm(struct shell *sh, int argc, char **argv);
