/* chevron/cmd/table.c -- the table of commands. */
/* SPDX-License-Identifier: MIT */
#include "chevron/cmd/cmd.h"
#include "chevron/cmd/control.h"
#include "chevron/cmd/dirs.h"
#include "chevron/cmd/files.h"
#include "chevron/cmd/flow.h"
#include "chevron/cmd/info.h"
#include "chevron/cmd/ls.h"
#include "chevron/cmd/misc.h"
#include "chevron/cmd/mounts.h"
#include "chevron/cmd/power.h"
#include "chevron/cmd/print.h"
#include "chevron/cmd/ps.h"
#include "chevron/cmd/silo.h"
#include "chevron/cmd/text.h"
#include "chevron/cmd/variables.h"
#include <stdlib.h>
#include <string.h>

enum {
	SPECIAL = CMD_SPECIAL | CMD_SHELL,
};

/* In order of names (strcmp): found by halving. */
static const struct command commands[] = {
    {".", cmd_source, "run a file in this shell", "FILE [ARGS]", SPECIAL},
    {":", cmd_colon, "do nothing", "", SPECIAL},
    {"[", cmd_test, "test a condition", "CONDITION ]", 0},
    {"bg", cmd_fg, "let a stopped job go on in the background", "[JOB]",
        CMD_SHELL},
    {"break", cmd_break, "leave a loop", "[LEVELS]", SPECIAL},
    {"cat", cmd_cat, "print files", "[-n] [FILE...]", CMD_FORK},
    {"cd", cmd_cd, "change the working directory", "[DIR | -]", CMD_SHELL},
    {"clear", cmd_clear, "clear the screen", "", 0},
    {"command", cmd_command, "run a command that is no function, or find it",
        "[-v | -V] COMMAND [ARGS]", CMD_SHELL},
    {"continue", cmd_break, "begin a loop's next turn", "[LEVELS]", SPECIAL},
    {"cp", cmd_cp, "copy files", "[-rfpiv] FILE... TARGET", 0},
    {"cpuinfo", cmd_cpuinfo, "show the processors", "[-a]", 0},
    {"date", cmd_date, "show or set the time", "[-u] [-s @SECONDS] [+FORMAT]",
        0},
    {"df", cmd_df, "show free space of mounted file systems", "[-h] [PATH...]",
        0},
    {"dmesg", cmd_dmesg, "show the kernel's log", "[-w]", CMD_FORK},
    {"echo", cmd_echo, "print the arguments", "[-neE] [TEXT...]", 0},
    {"env", cmd_env, "show the environment, or run a command in another",
        "[-u NAME] [NAME=VALUE...] [COMMAND]", CMD_SHELL},
    {"eval", cmd_eval, "run the arguments as a command", "[TEXT...]", SPECIAL},
    {"exec", cmd_exec, "become a program, or keep redirections",
        "[COMMAND [ARGS]]", SPECIAL | CMD_KEEP_IO},
    {"exit", cmd_exit, "leave the shell", "[STATUS]", SPECIAL},
    {"export", cmd_export, "give variables to programs",
        "[-p] [NAME[=VALUE]...]", SPECIAL | CMD_DECLARES},
    {"false", cmd_false, "fail", "", 0},
    {"fg", cmd_fg, "bring a job to the foreground", "[JOB]", CMD_SHELL},
    {"grep", cmd_grep, "print lines that match",
        "[-EFcilnqrvwxho] [-e PATTERN | PATTERN] [FILE...]", CMD_FORK},
    {"head", cmd_head, "print the first lines", "[-n N | -c N] [FILE...]",
        CMD_FORK},
    {"heap", cmd_heap, "show the kernel's memory in totals", "", 0},
    {"help", cmd_help, "list the commands, or explain one", "[COMMAND...]", 0},
    {"history", cmd_history, "show the typed lines", "", CMD_SHELL},
    {"jobs", cmd_jobs, "list the jobs", "[-l]", CMD_SHELL},
    {"kill", cmd_kill, "send a signal",
        "[-SIGNAL | -s SIGNAL | -l] PID|%JOB...", CMD_SHELL},
    {"local", cmd_local, "make variables of a function its own",
        "NAME[=VALUE]...", CMD_SHELL | CMD_DECLARES},
    {"ls", cmd_ls, "list files", "[-1aAdFhilRrSt] [FILE...]", 0},
    {"lspci", cmd_lspci, "list PCI devices", "", 0},
    {"mem", cmd_mem, "show memory", "[zones | slabs]", 0},
    {"mkdir", cmd_mkdir, "make directories", "[-p] [-m MODE] DIR...", 0},
    {"mount", cmd_mount, "mount a file system, or list them",
        "[-t TYPE] [-o OPTIONS] [SOURCE DIR]", 0},
    {"mv", cmd_mv, "move or rename files", "[-fiv] FILE... TARGET", 0},
    {"printf", cmd_printf, "print by a format", "FORMAT [ARGS]", 0},
    {"ps", cmd_ps, "list processes", "[-l]", 0},
    {"pwd", cmd_pwd, "print the working directory", "[-P]", CMD_SHELL},
    {"read", cmd_read, "read a line into variables", "[-r] [-p TEXT] [NAME...]",
        CMD_SHELL},
    {"readonly", cmd_export, "protect variables", "[-p] [NAME[=VALUE]...]",
        SPECIAL | CMD_DECLARES},
    {"reboot", cmd_power, "restart the machine", "[-f]", 0},
    {"return", cmd_return, "leave a function", "[STATUS]", SPECIAL},
    {"rm", cmd_rm, "remove files", "[-rfiv] FILE...", 0},
    {"rmdir", cmd_rmdir, "remove empty directories", "[-p] DIR...", 0},
    {"set", cmd_set, "set options and parameters", "[-+efux] [--] [ARGS]",
        SPECIAL},
    {"shift", cmd_shift, "drop parameters", "[N]", SPECIAL},
    {"shutdown", cmd_power, "switch the machine off", "[-f]", 0},
    {"silo", cmd_silo, "see and manage silos",
        "list | info SILO... | events [-f] [SILO]\n"
        "       silo run PROGRAM [ARGS]\n"
        "       silo spawn FILE | spawn [-n] [-f FAMILY] [-m MODE] "
        "[-M MEMORY] [-r RESTART]\n"
        "                  [-s SID] NAME PROGRAM [ARGS]\n"
        "       silo start|stop|kill|destroy|suspend|resume SILO...\n"
        "       silo rename SILO NAME | config show SILO...\n"
        "       silo config reload [FILE]",
        CMD_FORK},
    {"sleep", cmd_sleep, "wait", "SECONDS[smhd]...", CMD_FORK},
    {"source", cmd_source, "run a file in this shell", "FILE [ARGS]", SPECIAL},
    {"stat", cmd_stat, "show what is known about files", "[-L] FILE...", 0},
    {"strate", cmd_strate, "see and manage strates, by their silos",
        "list | info SILO... | config show SILO...\n"
        "       strate spawn FILE | spawn [OPTIONS as silo] NAME PROGRAM "
        "[ARGS]\n"
        "       strate add SILO NAME PROGRAM [ARGS] | remove SILO NAME\n"
        "       strate start|stop|kill|destroy SILO... | rename SILO NAME",
        CMD_FORK},
    {"test", cmd_test, "test a condition", "CONDITION", 0},
    {"top", cmd_top, "watch processes (q quits)", "[-n TURNS] [-d SECONDS]",
        CMD_FORK},
    {"touch", cmd_touch, "make files or renew their times", "[-c] FILE...", 0},
    {"trap", cmd_trap, "run a command at a signal or at the end",
        "[COMMAND SIGNAL...]", SPECIAL},
    {"true", cmd_true, "succeed", "", 0},
    {"type", cmd_type, "tell what a command is", "NAME...", CMD_SHELL},
    {"umask", cmd_umask, "show or set the mode that new files lack", "[MODE]",
        CMD_SHELL},
    {"umount", cmd_umount, "unmount file systems", "[-l] DIR...", 0},
    {"unset", cmd_unset, "forget variables or functions", "[-fv] NAME...",
        SPECIAL},
    {"uptime", cmd_uptime, "show how long the system runs", "", 0},
    {"version", cmd_version, "show the system's version", "", 0},
    {"wait", cmd_wait, "wait for background jobs", "[PID|%JOB...]", CMD_SHELL},
    {"watch", cmd_watch, "run a command again and again",
        "[-n SECONDS] COMMAND", CMD_FORK},
    {"wc", cmd_wc, "count lines, words and bytes", "[-lwcm] [FILE...]",
        CMD_FORK},
    {"which", cmd_which, "show where a program lies", "NAME...", 0},
    {"whoami", cmd_whoami, "print the user's name", "", 0},
    {"write", cmd_write, "write the arguments to a file as a line",
        "[-a] FILE [TEXT...]", 0},
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static int by_name(const void *key, const void *item)
{
	return strcmp(key, ((const struct command *)item)->name);
}

const struct command *command_find(const char *name)
{
	return bsearch(name, commands, COMMANDS, sizeof(commands[0]), by_name);
}

const struct command *commands_all(size_t *n)
{
	*n = COMMANDS;
	return commands;
}
