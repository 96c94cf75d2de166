/* kernel/linux/pipe_calls.h -- pipes, eventfd, memfd, dup2 and relatives. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

long sys_pipe(struct uptr fds);
long sys_pipe2(struct uptr fds, unsigned flags);
long sys_eventfd(unsigned initial);
long sys_eventfd2(unsigned initial, unsigned flags);
long sys_memfd_create(struct uptr name, unsigned flags);
long sys_dup2(int fd, int to);
long sys_dup3(int fd, int to, unsigned flags);
long sys_close_range(unsigned first, unsigned last, unsigned flags);
long sys_flock(int fd, int operation);
