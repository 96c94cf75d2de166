/* chevron/cmd/dirs.h -- directories, times, small files. */
/* SPDX-License-Identifier: MIT */
#pragma once
struct shell;

/* All take a command's arguments and return its status. */
int cmd_cd(struct shell *sh, int argc, char **argv);
int cmd_pwd(struct shell *sh, int argc, char **argv);
int cmd_mkdir(struct shell *sh, int argc, char **argv);
int cmd_rmdir(struct shell *sh, int argc, char **argv);
int cmd_touch(struct shell *sh, int argc, char **argv);
int cmd_write(struct shell *sh, int argc, char **argv);
int cmd_stat(struct shell *sh, int argc, char **argv);
