/* chevron/cmd/silo.c -- silo and strate: what changes silos. */
/* SPDX-License-Identifier: MIT */
#include "chevron/cmd/silo.h"
#include "chevron/cmd/cmd.h"
#include "lib/file.h"
#include "lib/init_client.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { CONFIG_MAX = 64 << 10 };

int silo_failed(const char *what, int error)
{
	switch (-error) {
	case EBADF:
		return cmd_error(
		    "silo", "this program was not given init's control port");
	case EACCES:
		return cmd_error("silo", "%s: init does not allow it", what);
	case ESRCH:
		return cmd_error("silo", "%s: there is no such silo", what);
	case ECONNRESET:
		return cmd_error("silo", "%s: init does not answer", what);
	}
	errno = -error;
	return cmd_errno("silo", "%s", what);
}

static const struct {
	const char *name;
	enum init_verb verb;
} controls[] = {
    {"start", INIT_START},
    {"stop", INIT_STOP},
    {"kill", INIT_KILL},
    {"destroy", INIT_DESTROY},
    {"suspend", INIT_SUSPEND},
    {"resume", INIT_RESUME},
};

/* A silo that is there but does not run is said apart from one that is not. */
static int control_failed(const char *target, int e)
{
	struct init_silo s;

	if (e == -ESRCH && init_info(target, &s) == 0)
		return cmd_error("silo", "%s: it does not run", target);
	if (e == -EALREADY)
		return cmd_error("silo", "%s: it runs already", target);
	return silo_failed(target, e);
}

static int control(struct shell *sh, int argc, char **argv)
{
	int status = 0;
	size_t i = 0;

	(void)sh;
	if (argc < 2)
		return cmd_usage("silo");
	while (strcmp(controls[i].name, argv[0]) != 0)
		i++;
	for (int k = 1; k < argc; k++) {
		int e = init_control(controls[i].verb, argv[k]);

		if (e != 0)
			status = control_failed(argv[k], e);
	}
	return status;
}

static int rename_one(struct shell *sh, int argc, char **argv)
{
	int e;

	(void)sh;
	if (argc != 3)
		return cmd_usage("silo");
	e = init_rename(argv[1], argv[2]);
	return e == 0 ? 0 : silo_failed(argv[e == -ESRCH ? 1 : 2], e);
}

/* path NULL: the system's manifest, which init reads itself. */
static int reload(const char *path)
{
	uint64_t n[3];
	char why[400];
	size_t size;
	char *text =
	    path != NULL ? file_slurp(path, &size, INIT_TEXT_MAX - 1) : NULL;
	int e;

	if (path != NULL && text == NULL)
		return cmd_errno("silo", "%s", path);
	e = init_reload(text != NULL ? text : "", n, why, sizeof(why));
	free(text);
	if (e != 0 && why[0] != '\0')
		return cmd_error(
		    "silo", "%s: %s", path ? path : "/etc/silo.toml", why);
	if (e != 0)
		return silo_failed("reload", e);
	out_fmt(&cmd_out, "%lu added, %lu removed, %lu changed\n",
	    (unsigned long)n[0], (unsigned long)n[1], (unsigned long)n[2]);
	return 0;
}

static int show_config(const char *target)
{
	static char text[CONFIG_MAX];
	int n = init_config(target, text, sizeof(text));

	if (n == -ENODATA)
		return cmd_error("silo", "%s: no manifest has it", target);
	if (n < 0)
		return silo_failed(target, n);
	out_mem(&cmd_out, text, (size_t)n);
	return 0;
}

static int config(struct shell *sh, int argc, char **argv)
{
	int status = 0;

	(void)sh;
	if (argc > 1 && argc < 4 && strcmp(argv[1], "reload") == 0)
		return reload(argv[2]); /* NULL behind the last one */
	if (argc < 3 || strcmp(argv[1], "show") != 0)
		return cmd_usage("silo");
	for (int i = 2; i < argc; i++)
		status |= show_config(argv[i]);
	return status;
}

struct subcommand {
	const char *name;
	int (*run)(struct shell *sh, int argc, char **argv);
};

static int run_subcommand(
    struct shell *sh, const struct subcommand *list, int argc, char **argv)
{
	for (; argc > 1 && list->name != NULL; list++)
		if (strcmp(list->name, argv[1]) == 0)
			return list->run(sh, argc - 1, argv + 1);
	return cmd_usage(argv[0]);
}

int cmd_silo(struct shell *sh, int argc, char **argv)
{
	static const struct subcommand list[] = {
	    {"list", silo_cmd_list},
	    {"info", silo_cmd_info},
	    {"events", silo_cmd_events},
	    {"spawn", silo_cmd_spawn},
	    {"run", silo_cmd_run},
	    {"start", control},
	    {"stop", control},
	    {"kill", control},
	    {"destroy", control},
	    {"suspend", control},
	    {"resume", control},
	    {"rename", rename_one},
	    {"config", config},
	    {NULL, NULL},
	};

	return run_subcommand(sh, list, argc, argv);
}

/* The strates of a silo live and end together, so that they are started and
 * ended by their silo's name. */
int cmd_strate(struct shell *sh, int argc, char **argv)
{
	static const struct subcommand list[] = {
	    {"list", silo_cmd_strates},
	    {"info", silo_cmd_strates},
	    {"spawn", silo_cmd_spawn},
	    {"add", silo_cmd_add},
	    {"remove", silo_cmd_remove},
	    {"start", control},
	    {"stop", control},
	    {"kill", control},
	    {"destroy", control},
	    {"rename", rename_one},
	    {"config", config},
	    {NULL, NULL},
	};

	return run_subcommand(sh, list, argc, argv);
}
