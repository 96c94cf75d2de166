/* kernel/linux/epoll_calls.h -- epoll. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/* epoll_create(2): the size is only checked. */
long sys_epoll_create(int size);
/* epoll_create1(2). */
long sys_epoll_create1(int flags);
/* epoll_ctl(2). */
long sys_epoll_ctl(int epfd, int op, int fd, struct uptr event);
/* epoll_wait(2). */
long sys_epoll_wait(int epfd, struct uptr events, int max, int timeout_ms);
/* epoll_pwait(2). */
long sys_epoll_pwait(int epfd, struct uptr events, int max, int timeout_ms,
    struct uptr mask, size_t mask_size);
/* epoll_pwait2(2). */
long sys_epoll_pwait2(int epfd, struct uptr events, int max,
    struct uptr timeout, struct uptr mask, size_t mask_size);
