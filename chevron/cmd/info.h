/* chevron/cmd/info.h -- what the system says about itself. */
/* SPDX-License-Identifier: MIT */
#pragma once
struct shell;

/* All take a command's arguments and return its status. */
int cmd_version(struct shell *sh, int argc, char **argv);
int cmd_uptime(struct shell *sh, int argc, char **argv);
int cmd_date(struct shell *sh, int argc, char **argv);
int cmd_dmesg(struct shell *sh, int argc, char **argv);
int cmd_cpuinfo(struct shell *sh, int argc, char **argv);
int cmd_mem(struct shell *sh, int argc, char **argv);
int cmd_heap(struct shell *sh, int argc, char **argv);
int cmd_lspci(struct shell *sh, int argc, char **argv);
