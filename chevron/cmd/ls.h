/* chevron/cmd/ls.h -- listing files. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <sys/types.h>
struct shell;

/* Takes a command's arguments and returns its status. */
int cmd_ls(struct shell *sh, int argc, char **argv);
/* "-rwxr-xr-x" for a mode. */
void ls_mode(char buf[12], mode_t mode);
