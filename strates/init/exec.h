/* strates/init/exec.h -- a boot that runs one command and powers off. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/* Whether the boot archive asks for it: /etc/strat9/exec exists. */
bool exec_wanted(void);
/* Start its text by Chevron, its output untouched on the terminal.  blocked:
 * signals that the caller holds back and the command must not. */
void exec_start(const sigset_t *blocked);
/* A child ended; when it was the command, tell its status behind the output
 * and switch the machine off. */
void exec_ended(pid_t pid, int status);
/* The same, for a command that is not even started. */
[[gnu::noreturn]] void exec_refuse(void);
