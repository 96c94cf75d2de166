/* chevron/cmd/mounts.h -- mounted file systems. */
/* SPDX-License-Identifier: MIT */
#pragma once
struct shell;

/* All take a command's arguments and return its status. */
int cmd_df(struct shell *sh, int argc, char **argv);
int cmd_mount(struct shell *sh, int argc, char **argv);
int cmd_umount(struct shell *sh, int argc, char **argv);
