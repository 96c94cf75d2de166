/* chevron/cmd/text.h -- commands that read text. */
/* SPDX-License-Identifier: MIT */
#pragma once
struct shell;

/* All take a command's arguments and return its status. */
int cmd_cat(struct shell *sh, int argc, char **argv);
int cmd_head(struct shell *sh, int argc, char **argv);
int cmd_wc(struct shell *sh, int argc, char **argv);
int cmd_grep(struct shell *sh, int argc, char **argv);
