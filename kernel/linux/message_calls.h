/* kernel/linux/message_calls.h -- sending and receiving over sockets. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/* sendto(2), send(2). */
long sys_sendto(int fd, struct uptr buf, size_t n, unsigned flags,
    struct uptr addr, int addr_len);
/* recvfrom(2), recv(2). */
long sys_recvfrom(int fd, struct uptr buf, size_t n, unsigned flags,
    struct uptr addr, struct uptr addr_len);
/* sendmsg(2). */
long sys_sendmsg(int fd, struct uptr msg, unsigned flags);
/* recvmsg(2). */
long sys_recvmsg(int fd, struct uptr msg, unsigned flags);
/* sendmmsg(2): number sent; an error only when that is none. */
long sys_sendmmsg(int fd, struct uptr vec, unsigned n, unsigned flags);
/* recvmmsg(2). */
long sys_recvmmsg(
    int fd, struct uptr vec, unsigned n, unsigned flags, struct uptr timeout);
