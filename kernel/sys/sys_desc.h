/* kernel/sys/sys_desc.h -- system calls on descriptors themselves. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/object/desc.h"

/* close(2). May sleep. */
long sys_close(int fd);
/* dup(2). */
long sys_dup(int fd);
/* fcntl(2). */
long sys_fcntl(int fd, unsigned cmd, uint64_t arg);
