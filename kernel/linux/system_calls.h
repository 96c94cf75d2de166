/* kernel/linux/system_calls.h -- uname, sysinfo, reboot. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

long sys_uname(struct uptr out);
long sys_sethostname(struct uptr name, int len);
long sys_setdomainname(struct uptr name, int len);
long sys_sysinfo(struct uptr out);
long sys_reboot(uint32_t magic, uint32_t magic2, uint32_t cmd, struct uptr arg);
