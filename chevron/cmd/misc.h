/* chevron/cmd/misc.h -- small commands. */
/* SPDX-License-Identifier: MIT */
#pragma once
struct shell;

/* All take a command's arguments and return its status. */
int cmd_help(struct shell *sh, int argc, char **argv);
int cmd_clear(struct shell *sh, int argc, char **argv);
int cmd_sleep(struct shell *sh, int argc, char **argv);
int cmd_watch(struct shell *sh, int argc, char **argv);
int cmd_whoami(struct shell *sh, int argc, char **argv);
int cmd_which(struct shell *sh, int argc, char **argv);
int cmd_history(struct shell *sh, int argc, char **argv);
