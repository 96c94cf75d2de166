/* chevron/redir.c -- redirections: planned, then applied. */
/* SPDX-License-Identifier: MIT */
#include "chevron/redir.h"
#include "chevron/expand.h"
#include "lib/out.h"
#include "lib/text.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A text that a pipe surely takes without a reader. */
enum { PIPE_TEXT_MAX = 4096 };

static int text_in_pipe(const char *s, size_t n)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) != 0)
		return -1;
	(void)write_all(fds[1], s, n); /* fits; the reader sees what came */
	close(fds[1]);
	return fds[0];
}

static int text_in_file(const char *s, size_t n)
{
	char path[] = "/tmp/.chevron-XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC), e;

	if (fd < 0)
		return -1;
	unlink(path);
	e = write_all(fd, s, n);
	if (e != 0 || lseek(fd, 0, SEEK_SET) != 0) {
		close(fd);
		errno = e ? e : errno;
		return -1;
	}
	return fd;
}

static bool plan_text(struct shell *sh, struct redir *r, struct io_step *step)
{
	char *s = expand_text(sh, r->target), *longer;
	size_t n;

	if (s == NULL)
		return false;
	n = strlen(s);
	if (r->line) {
		longer = arena_copy(&sh->scratch, s, n + 1);
		longer[n++] = '\n';
		s = longer;
	}
	step->source =
	    n <= PIPE_TEXT_MAX ? text_in_pipe(s, n) : text_in_file(s, n);
	if (step->source >= 0)
		return true;
	shell_error(sh, "here-document of %zu bytes: %s", n, strerror(errno));
	return false;
}

static bool plan_dup(struct shell *sh, const char *s, struct io_step *step)
{
	int64_t fd;

	step->source = -1;
	if (strcmp(s, "-") == 0)
		return true;
	if (text_to_i64(s, &fd) && fd >= 0 && fd < 1 << 20) {
		step->source = (int)fd;
		return true;
	}
	if (step->fd == 1) { /* >&FILE is &>FILE */
		step->kind = REDIR_BOTH;
		step->path = s;
		return true;
	}
	shell_error(sh, "%s: a descriptor's number was expected", s);
	return false;
}

static bool plan_step(struct shell *sh, struct redir *r, struct io_step *step)
{
	const char *s;

	step->kind = r->kind;
	step->fd = r->fd;
	if (r->kind == REDIR_TEXT)
		return plan_text(sh, r, step);
	s = expand_text(sh, r->target);
	if (s == NULL)
		return false;
	if (r->kind == REDIR_DUP)
		return plan_dup(sh, s, step);
	step->path = s;
	return true;
}

bool io_plan_make(struct shell *sh, struct redir *list, struct io_plan *plan)
{
	int n = 0;

	*plan = (struct io_plan){0};
	if (list == NULL)
		return true;
	for (struct redir *r = list; r; r = r->next)
		n++;
	plan->steps =
	    arena_alloc(&sh->scratch, (size_t)n * sizeof(*plan->steps));
	for (struct redir *r = list; r; r = r->next) {
		if (!plan_step(sh, r, &plan->steps[plan->n]))
			return false;
		plan->n++;
	}
	return true;
}

void io_plan_close(struct io_plan *plan)
{
	for (int i = 0; i < plan->n; i++)
		if (plan->steps[i].kind == REDIR_TEXT)
			close(plan->steps[i].source);
	plan->n = 0;
}

static int open_flags(enum redir_kind kind)
{
	switch (kind) {
	case REDIR_IN:
		return O_RDONLY;
	case REDIR_READ_WRITE:
		return O_RDWR | O_CREAT;
	case REDIR_APPEND:
	case REDIR_BOTH_APPEND:
		return O_WRONLY | O_CREAT | O_APPEND;
	default:
		return O_WRONLY | O_CREAT | O_TRUNC;
	}
}

static bool step_open(struct shell *sh, const struct io_step *s)
{
	int fd = open(s->path, open_flags(s->kind), 0666);

	if (fd < 0) {
		shell_error(sh, "cannot open %s: %s", s->path, strerror(errno));
		return false;
	}
	if (fd != s->fd) {
		if (dup2(fd, s->fd) < 0) {
			shell_error(
			    sh, "descriptor %d: %s", s->fd, strerror(errno));
			close(fd);
			return false;
		}
		close(fd);
	}
	if (s->kind == REDIR_BOTH || s->kind == REDIR_BOTH_APPEND)
		dup2(s->fd, 2);
	return true;
}

static bool step_apply(struct shell *sh, const struct io_step *s)
{
	if (s->path != NULL)
		return step_open(sh, s);
	if (s->source < 0) {
		close(s->fd);
		return true;
	}
	if (s->source == s->fd && fcntl(s->fd, F_GETFD) >= 0)
		return true;
	if (dup2(s->source, s->fd) < 0) {
		shell_error(
		    sh, "descriptor %d: %s", s->source, strerror(errno));
		return false;
	}
	return true;
}

bool io_apply(struct shell *sh, const struct io_plan *plan)
{
	for (int i = 0; i < plan->n; i++)
		if (!step_apply(sh, &plan->steps[i]))
			return false;
	return true;
}

static void save(struct io_saved *saved, int *n, int fd)
{
	saved[*n] =
	    (struct io_saved){fd, fcntl(fd, F_DUPFD_CLOEXEC, SHELL_FD_MIN)};
	++*n;
}

bool io_apply_saved(struct shell *sh, const struct io_plan *plan,
    struct io_saved *saved, int *n)
{
	*n = 0;
	for (int i = 0; i < plan->n; i++) {
		const struct io_step *s = &plan->steps[i];

		save(saved, n, s->fd);
		if (s->kind == REDIR_BOTH || s->kind == REDIR_BOTH_APPEND)
			save(saved, n, 2);
		if (!step_apply(sh, s))
			return false;
	}
	return true;
}

void io_restore(struct io_saved *saved, int n)
{
	while (n-- > 0) {
		if (saved[n].copy < 0) {
			close(saved[n].fd);
			continue;
		}
		dup2(saved[n].copy, saved[n].fd);
		close(saved[n].copy);
	}
}

void io_forget(struct io_saved *saved, int n)
{
	while (n-- > 0)
		if (saved[n].copy >= 0)
			close(saved[n].copy);
}
