/* strates/init/exec.h -- a boot that runs one command and powers off. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <signal.h>
#include <stdbool.h>

/* Whether the boot archive asks for it: /etc/strat9/exec exists. */
bool exec_wanted(void);
/* Run its text by Chevron, its output untouched on the terminal, tell the
 * status behind it and switch the machine off.  blocked: signals that the
 * caller holds back and the command must not. */
[[gnu::noreturn]] void exec_run(const sigset_t *blocked);
