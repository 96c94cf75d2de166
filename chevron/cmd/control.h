/* chevron/cmd/control.h -- commands on jobs and processes. */
/* SPDX-License-Identifier: MIT */
#pragma once
struct shell;

/* All take a command's arguments and return its status. */
int cmd_jobs(struct shell *sh, int argc, char **argv);
int cmd_fg(struct shell *sh, int argc, char **argv);
int cmd_wait(struct shell *sh, int argc, char **argv);
int cmd_kill(struct shell *sh, int argc, char **argv);
