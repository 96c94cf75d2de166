/* kernel/vfs/dev_audit.h -- /dev/audit. */
/* SPDX-License-Identifier: MIT */
#pragma once

/* Add /dev/audit: abi/audit.h. */
void dev_audit_register(void);
