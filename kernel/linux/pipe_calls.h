/* kernel/linux/pipe_calls.h -- pipes, eventfd, memfd, dup2 and relatives. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/* pipe(2). */
long sys_pipe(struct uptr fds);
/* pipe2(2): O_CLOEXEC, O_NONBLOCK, O_DIRECT. */
long sys_pipe2(struct uptr fds, unsigned flags);
/* eventfd(2), the old form. */
long sys_eventfd(unsigned initial);
/* eventfd(2). */
long sys_eventfd2(unsigned initial, unsigned flags);
/* memfd_create(2); no sealing, no huge pages: E_INVAL. */
long sys_memfd_create(struct uptr name, unsigned flags);
/* dup2(2). */
long sys_dup2(int fd, int to);
/* dup3(2): E_INVAL for a descriptor onto itself. */
long sys_dup3(int fd, int to, unsigned flags);
/* close_range(2). */
long sys_close_range(unsigned first, unsigned last, unsigned flags);
/* flock(2). */
long sys_flock(int fd, int operation);
