/* chevron/shell.h -- the state of one shell, and what is done with it. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "chevron/arena.h"
#include "chevron/ast.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <termios.h>

enum {
	STATUS_USAGE = 2,
	STATUS_CANNOT_RUN = 126,
	STATUS_NOT_FOUND = 127,
	STATUS_SIGNAL = 128, /* + the signal's number */
	CALL_DEPTH_MAX = 500,
	SHELL_FD_MIN = 10, /* the shell's own descriptors start here */
};

/* Why the commands that follow are not run. */
enum flow {
	FLOW_NONE,
	FLOW_BREAK,
	FLOW_CONTINUE,
	FLOW_RETURN,
	FLOW_ERROR, /* an expansion failed: back to the prompt, or exit */
	FLOW_EXIT,
};

/* Params of a script or function: $1 is argv[0]. */
struct params {
	char **argv;
	int argc;
	bool owned; /* argv and its strings came from malloc */
};

struct var;
struct local;
struct job;
struct function;
struct history;

/* The text that trees of remembered functions lie in. */
struct tree {
	struct arena arena;
	int refs;
};

struct shell {
	const char *name; /* $0 */
	bool interactive; /* it has a person at the other end */
	bool job_control;
	bool subshell;    /* a forked child: its end runs no EXIT trap twice */
	int status;       /* $? */
	int subst_status; /* of the last $( ), -1: none ran */
	enum flow flow;
	int flow_levels; /* loops that break and continue leave */
	int loops, calls;
	int tested; /* > 0: set -e does not apply here */
	bool opt_errexit, opt_nounset, opt_xtrace, opt_noglob;
	pid_t pid, last_async;
	int tty;              /* job control's terminal, -1: none */
	struct termios modes; /* as they were when a line was last edited */
	bool modes_known;
	struct params params;
	struct var *vars;
	struct local *locals;
	struct function *functions;
	struct job *jobs;
	struct tree *tree;    /* of the command that runs now */
	struct arena scratch; /* expansions of running commands */
	char **env;           /* cached for exec; NULL: rebuild */
	struct history *history;
	uint32_t line;
	char *traps[65]; /* [0] is EXIT */
};

/* vars.c */

/* The value, or NULL when unset.  Valid until the variable changes. */
const char *var_get(struct shell *sh, const char *name);
/* false, with a message, when it is read only. */
bool var_set(struct shell *sh, const char *name, const char *value);
void var_unset(struct shell *sh, const char *name);
/* Mark for export; a variable that is not set becomes one once it is set. */
void var_export(struct shell *sh, const char *name);
void var_readonly(struct shell *sh, const char *name);
/* Remember the present value until vars_leave with an earlier mark. */
void var_local(struct shell *sh, const char *name);
struct local *vars_enter(struct shell *sh);
void vars_leave(struct shell *sh, struct local *mark);
/* The environment for exec; valid until the next change of a variable. */
char **vars_env(struct shell *sh);
void vars_import(struct shell *sh, char **env);
/* Call f for each set variable in order of names. */
void vars_each(struct shell *sh,
    void (*f)(void *context, const char *name, const char *value, bool exported,
        bool readonly),
    void *context);

/* Replace the parameters; the strings are copied. */
void params_set(struct shell *sh, char **argv, int argc);
void params_free(struct params *p);

/* functions: the body lives as long as its tree. */
struct node *function_find(
    struct shell *sh, const char *name, struct tree **tree);
void function_define(struct shell *sh, const char *name, struct node *body);
bool function_unset(struct shell *sh, const char *name);
struct tree *tree_new(void);
void tree_put(struct tree *t);

/* signal.c: what reached the shell itself */

/* Set up the signals of an interactive shell. */
void shell_signals_interactive(void);
/* In a child: dispositions as a new program expects them. */
void shell_signals_child(struct shell *sh);
/* Whether Ctrl-C came since the last clear; also read by commands. */
bool shell_interrupted(void);
void shell_clear_interrupt(void);
/* As if Ctrl-C had come: a foreground job died of it. */
void shell_interrupt(void);
/* Whether the window changed since the last call. */
bool shell_window_changed(void);
/* trap: text NULL ignores, "-" resets; the text is copied. */
void trap_set(struct shell *sh, int number, const char *text);
/* Run what is pending. */
void traps_run(struct shell *sh);
void trap_exit(struct shell *sh);

/* One line on standard error: "chevron: line N: ..." in scripts. */
[[gnu::format(printf, 2, 3)]] void shell_error(
    struct shell *sh, const char *f, ...);

/* Parse and run a text as a script; returns the status. */
int shell_run_text(struct shell *sh, const char *text, size_t len);
