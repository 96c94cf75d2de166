/* chevron/cmd/silo_make.c -- silo spawn, silo run. */
/* SPDX-License-Identifier: MIT */
#include "chevron/cmd/cmd.h"
#include "chevron/cmd/silo.h"
#include "chevron/launch.h"
#include "lib/file.h"
#include "lib/fmt.h"
#include "lib/init_client.h"
#include "lib/silo.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct text {
	char *buf;
	size_t n, cap;
};

[[gnu::format(printf, 2, 3)]] static void put(
    struct text *t, const char *f, ...)
{
	va_list ap;

	va_start(ap, f);
	t->n += fmt_v(t->buf + t->n, t->cap - t->n, f, ap);
	va_end(ap);
}

/* key = "s", with what TOML wants quoted. */
static void put_string(struct text *t, const char *key, const char *s)
{
	put(t, "%s\"", key);
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			put(t, "\\%c", *s);
		else if ((unsigned char)*s < ' ' || *s == 127)
			put(t, "\\u%04x", (unsigned)*s);
		else
			put(t, "%c", *s);
	}
	put(t, "\"");
}

static int spawn_text(const char *what, const char *text, bool replace)
{
	char why[400];
	int e = init_spawn(text, replace, why, sizeof(why));

	if (e == 0)
		return 0;
	if (why[0] != '\0')
		return cmd_error("silo", "%s: %s", what, why);
	return silo_failed(what, e);
}

static int spawn_file(const char *path)
{
	size_t n;
	char *text = file_slurp(path, &n, INIT_TEXT_MAX - 1);
	int status;

	if (text == NULL)
		return cmd_errno("silo", "%s", path);
	status = spawn_text(path, text, false);
	free(text);
	return status;
}

/* The name of a program as a path; false after a message. */
static bool find_program(struct shell *sh, const char *name, char *buf)
{
	const char *path = var_get(sh, "PATH");

	if (strchr(name, '/') != NULL) {
		if (realpath(name, buf) != NULL)
			return true;
		cmd_errno("silo", "%s", name);
		return false;
	}
	if (path != NULL && path_search(path, name, buf, PATH_MAX))
		return true;
	cmd_error("silo", "%s: there is no such program", name);
	return false;
}

/* A name that silos can have, out of a program's. */
static void name_of(const char *program, char buf[16])
{
	const char *slash = strrchr(program, '/');

	fmt_buf(buf, 16, "%s", slash != NULL ? slash + 1 : program);
	for (char *c = buf; *c != '\0'; c++)
		if (!(*c >= 'a' && *c <= 'z') && !(*c >= 'A' && *c <= 'Z') &&
		    !(*c >= '0' && *c <= '9') && *c != '.')
			*c = '-';
}

struct wish {
	const char *family, *mode, *memory, *restart, *abi;
	const char *sid; /* NULL: as init numbers it */
};

static bool read_wish(struct options *o, int argc, char **argv, struct wish *w)
{
	int c;

	while ((c = options_next(o, argc, argv, "f:m:M:r:s:n")) != 0) {
		switch (c) {
		case 'f':
			w->family = o->value;
			break;
		case 'm':
			w->mode = o->value;
			break;
		case 'M':
			w->memory = o->value;
			break;
		case 'r':
			w->restart = o->value;
			break;
		case 's':
			w->sid = o->value;
			break;
		case 'n':
			w->abi = "native";
			break;
		default:
			return false;
		}
	}
	return argc > o->at;
}

static void put_strate(struct text *t, const char *name, const char *program,
    int argc, char **argv)
{
	put_string(t, "[[silos.strates]]\nname = ", name);
	put_string(t, "\nbinary = ", program);
	put(t, "\nargs = [");
	for (int i = 0; i < argc; i++)
		put_string(t, i > 0 ? ", " : "", argv[i]);
	put(t, "]\n");
}

/* argv: NAME PROGRAM ARGS.  The manifest of a silo with this one strate. */
static void write_manifest(struct text *t, const struct wish *w,
    const char *sid, const char *program, int argc, char **argv)
{
	char name[16];

	put(t, "[[silos]]\nsid = %s\n", sid);
	put_string(t, "name = ", argv[0]);
	put_string(t, "\nfamily = ", w->family);
	put_string(t, "\nmode = ", w->mode);
	put_string(t, "\nabi = ", w->abi);
	if (w->memory != NULL)
		put_string(t, "\nmemory = ", w->memory);
	if (w->restart != NULL)
		put_string(t, "\nrestart = ", w->restart);
	name_of(program, name);
	put(t, "\n");
	put_strate(t, name, program, argc - 2, argv + 2);
}

int silo_cmd_spawn(struct shell *sh, int argc, char **argv)
{
	struct wish w = {.family = "USR", .mode = "000", .abi = "linux"};
	struct options o = {0};
	char program[PATH_MAX], number[16];
	struct text t = {malloc(INIT_TEXT_MAX), 0, INIT_TEXT_MAX};
	uint32_t sid;
	int status = 1, e;

	if (t.buf == NULL)
		return cmd_errno("silo", "spawn");
	if (!read_wish(&o, argc, argv, &w)) {
		free(t.buf);
		return cmd_usage("silo");
	}
	argc -= o.at, argv += o.at;
	if (argc == 1) {
		free(t.buf);
		return spawn_file(argv[0]);
	}
	if (find_program(sh, argv[1], program)) {
		e = w.sid == NULL ? init_number(&sid) : 0;
		if (w.sid == NULL)
			fmt_buf(number, sizeof(number), "%u", sid);
		write_manifest(
		    &t, &w, w.sid ? w.sid : number, program, argc, argv);
		status = e != 0 ? silo_failed(argv[0], e)
		         : t.n + 1 >= t.cap
		             ? cmd_error("silo", "too many arguments")
		             : spawn_text(argv[0], t.buf, false);
	}
	free(t.buf);
	return status;
}

/* The present configuration of a silo, in fresh memory; NULL after a message. */
static char *present(const char *silo, size_t *n)
{
	char *text = malloc(INIT_TEXT_MAX);
	int got =
	    text != NULL ? init_config(silo, text, INIT_TEXT_MAX - 1) : -ENOMEM;

	if (got >= 0) {
		text[got] = '\0';
		*n = (size_t)got;
		return text;
	}
	free(text);
	if (got == -ENODATA)
		cmd_error("silo", "%s: no manifest has it", silo);
	else
		silo_failed(silo, got);
	return NULL;
}

/* add SILO NAME PROGRAM ARGS: the others go on running. */
int silo_cmd_add(struct shell *sh, int argc, char **argv)
{
	char program[PATH_MAX];
	struct text t = {.cap = INIT_TEXT_MAX};
	int status;

	if (argc < 4)
		return cmd_usage("strate");
	if (!find_program(sh, argv[3], program))
		return STATUS_NOT_FOUND;
	t.buf = present(argv[1], &t.n);
	if (t.buf == NULL)
		return 1;
	put_strate(&t, argv[2], program, argc - 4, argv + 4);
	status = t.n + 1 >= t.cap ? cmd_error("silo", "too many arguments")
	                          : spawn_text(argv[1], t.buf, true);
	free(t.buf);
	return status;
}

/* remove SILO NAME: the silo is made anew without it. */
int silo_cmd_remove(struct shell *sh, int argc, char **argv)
{
	static const char head[] = "\n  [[silos.strates]]\n  name = \"";
	char *text, *at, *end;
	size_t n, k;
	int status;

	(void)sh;
	if (argc != 3)
		return cmd_usage("strate");
	text = present(argv[1], &n);
	if (text == NULL)
		return 1;
	k = strlen(argv[2]);
	/* init writes it: each strate has this head, and no string a newline. */
	for (at = strstr(text, head); at != NULL; at = strstr(at + 1, head)) {
		char *name = at + sizeof(head) - 1;

		if (strncmp(name, argv[2], k) == 0 && name[k] == '"')
			break;
	}
	if (at == NULL) {
		free(text);
		return cmd_error(
		    "silo", "%s: there is no strate %s", argv[1], argv[2]);
	}
	end = strstr(at + 1, "\n  [[");
	end = end != NULL ? end : text + n;
	memmove(at, end, strlen(end) + 1);
	status = spawn_text(argv[1], text, true);
	free(text);
	return status;
}

/* Wait for the end of a program in a silo; its status as a shell has it. */
static int wait_end(int silo, uint32_t pid)
{
	struct silo_event r;

	for (;;) {
		ssize_t n = read(silo, &r, sizeof(r));

		if (n < 0 && errno == EINTR)
			continue;
		if (n != sizeof(r))
			return cmd_errno("silo", "its end");
		if (r.kind == SILO_EV_STRATE_END && r.pid == pid)
			return r.signal ? STATUS_SIGNAL + (int)r.signal
			                : r.code;
	}
}

/*
 * init makes the silo, so that its rules hold; the program is started from
 * here, into this session and process group: so Ctrl-C and Ctrl-Z reach it.
 */
int silo_cmd_run(struct shell *sh, int argc, char **argv)
{
	struct silo_fd fds[3] = {{0, 0, 0, 0}, {1, 1, 0, 0}, {2, 2, 0, 0}};
	char program[PATH_MAX], name[16];
	struct silo_spawn how = {.path = (uintptr_t)program,
	    .argv = (uintptr_t)&argv[1],
	    .envp = (uintptr_t)vars_env(sh),
	    .fds = (uintptr_t)fds,
	    .fd_count = COUNT(fds),
	    .flags = SPAWN_ATTACH};
	uint32_t sid;
	int silo, pid, status;

	if (argc < 2)
		return cmd_usage("silo");
	if (!find_program(sh, argv[1], program))
		return STATUS_NOT_FOUND;
	name_of(program, name);
	silo = init_run(name, &sid);
	if (silo < 0)
		return silo_failed(argv[1], silo);
	fcntl(silo, F_SETFD, FD_CLOEXEC);
	out_flush(&cmd_out);
	pid = silo_start(silo, &how);
	if (pid < 0) {
		cmd_errno("silo", "cannot start %s", program);
		status = STATUS_CANNOT_RUN;
	} else {
		status = wait_end(silo, (uint32_t)pid);
	}
	close(silo);
	return status;
}
