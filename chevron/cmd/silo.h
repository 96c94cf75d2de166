/* chevron/cmd/silo.h -- silos and strates, by asking init. */
/* SPDX-License-Identifier: MIT */
#pragma once
struct shell;

/* All take a command's arguments and return its status. */
int cmd_silo(struct shell *sh, int argc, char **argv);
int cmd_strate(struct shell *sh, int argc, char **argv);

/*
 * What follows is a subcommand each: argv[0] is its name, argc at least 1.
 * silo_show.c
 */
int silo_cmd_list(struct shell *sh, int argc, char **argv);
int silo_cmd_info(struct shell *sh, int argc, char **argv);
int silo_cmd_events(struct shell *sh, int argc, char **argv);
int silo_cmd_strates(struct shell *sh, int argc, char **argv);
/* silo_make.c */
int silo_cmd_spawn(struct shell *sh, int argc, char **argv);
int silo_cmd_add(struct shell *sh, int argc, char **argv);
int silo_cmd_remove(struct shell *sh, int argc, char **argv);
int silo_cmd_run(struct shell *sh, int argc, char **argv);

/* "silo: WHAT: reason of a negative error"; the status 1. */
int silo_failed(const char *what, int error);
