/* kernel/linux/signal_calls.h -- kill, waiting for signals, timers. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

long sys_kill(int pid, int signo);
long sys_tgkill(uint32_t tgid, uint32_t tid, int signo);
long sys_rt_sigpending(struct uptr set, size_t set_size);
long sys_rt_sigsuspend(struct uptr set, size_t set_size);
long sys_rt_sigtimedwait(
    struct uptr set, struct uptr info, struct uptr timeout, size_t set_size);
long sys_rt_sigqueueinfo(int pid, int signo, struct uptr info);
long sys_rt_tgsigqueueinfo(int tgid, int tid, int signo, struct uptr info);
long sys_pause(void);
long sys_alarm(uint32_t seconds);
long sys_setitimer(int which, struct uptr value, struct uptr old);
long sys_getitimer(int which, struct uptr value);
