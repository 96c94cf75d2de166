/* kernel/sys/sys_desc.h -- system calls on descriptors themselves. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/object/desc.h"

long sys_close(int fd);
long sys_dup(int fd);
long sys_fcntl(int fd, unsigned cmd, uint64_t arg);
