/* kernel/linux/socket_calls.h -- sockets: making, naming, connecting. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"
#include "kernel/object/desc.h"
#include "kernel/socket/socket.h"

/* A descriptor held that is a socket. E_BADF, E_NOTSOCK. */
enum err socket_hold(
    int fd, uint32_t rights, struct held *h, struct socket **out);

/* Copy an address in. E_INVAL (length), E_FAULT. */
enum err sockaddr_read(struct uptr addr, int len, struct sockaddr_buf *out);
/* And out, cut to *ulen, which is set to its whole size. addr null: nothing. */
enum err sockaddr_write(
    const struct sockaddr_buf *a, struct uptr addr, struct uptr ulen);

/* socket(2). */
long sys_socket(int family, int type, int protocol);
/* socketpair(2). */
long sys_socketpair(int family, int type, int protocol, struct uptr fds);
/* bind(2). */
long sys_bind(int fd, struct uptr addr, int len);
/* listen(2). */
long sys_listen(int fd, int backlog);
/* accept(2). */
long sys_accept(int fd, struct uptr addr, struct uptr len);
/* accept4(2). */
long sys_accept4(int fd, struct uptr addr, struct uptr len, int flags);
/* connect(2). */
long sys_connect(int fd, struct uptr addr, int len);
/* getsockname(2). */
long sys_getsockname(int fd, struct uptr addr, struct uptr len);
/* getpeername(2). */
long sys_getpeername(int fd, struct uptr addr, struct uptr len);
/* shutdown(2). */
long sys_shutdown(int fd, int how);
/* setsockopt(2). */
long sys_setsockopt(int fd, int level, int name, struct uptr v, int len);
/* getsockopt(2). */
long sys_getsockopt(
    int fd, int level, int name, struct uptr v, struct uptr len);
