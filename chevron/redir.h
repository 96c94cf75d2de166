/* chevron/redir.h -- redirections: planned, then applied. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "chevron/shell.h"

/* One step; everything is expanded, so that a vfork child can take it. */
struct io_step {
	enum redir_kind kind;
	int fd;
	const char *path; /* for the kinds that open */
	int source;       /* for REDIR_DUP and REDIR_TEXT; -1 closes fd */
};

struct io_plan {
	struct io_step *steps;
	int n;
};

/* What a step covered up; in order of the steps. */
struct io_saved {
	int fd, copy; /* copy -1: fd was closed */
};

/*
 * Expand the redirections into the scratch arena; here-documents are written
 * to a pipe or file here.  false after a message.  io_plan_close afterwards in
 * either case.
 */
bool io_plan_make(struct shell *sh, struct redir *list, struct io_plan *plan);
void io_plan_close(struct io_plan *plan);
/* Take the steps for good.  false after a message; safe in a vfork child. */
bool io_apply(struct shell *sh, const struct io_plan *plan);
/* Take the steps and give the way back in saved[plan->n * 2]; its count goes
 * to *n, also after a failure. */
bool io_apply_saved(struct shell *sh, const struct io_plan *plan,
    struct io_saved *saved, int *n);
void io_restore(struct io_saved *saved, int n);
/* Keep the new state: close the copies. */
void io_forget(struct io_saved *saved, int n);
