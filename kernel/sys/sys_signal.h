/* kernel/sys/sys_signal.h -- system calls: handlers, masks, tkill. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

struct thread;

long sys_rt_sigaction(
    int signo, struct uptr act, struct uptr old, size_t set_size);
long sys_rt_sigprocmask(
    int how, struct uptr set, struct uptr old, size_t set_size);
long sys_rt_sigreturn(void);
long sys_sigaltstack(struct uptr ss, struct uptr old);
long sys_tkill(uint32_t tid, int signo);

/* tkill and tgkill: tgid 0 for any process. */
long signal_to_thread(uint32_t tgid, uint32_t tid, int signo);
