/* kernel/linux/xattr_calls.h -- extended attributes: no scheme keeps any. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

long sys_setxattr(struct uptr path);
long sys_lsetxattr(struct uptr path);
long sys_fsetxattr(int fd);
long sys_getxattr(struct uptr path);
long sys_lgetxattr(struct uptr path);
long sys_fgetxattr(int fd);
long sys_listxattr(struct uptr path);
long sys_llistxattr(struct uptr path);
long sys_flistxattr(int fd);
long sys_removexattr(struct uptr path);
long sys_lremovexattr(struct uptr path);
long sys_fremovexattr(int fd);
