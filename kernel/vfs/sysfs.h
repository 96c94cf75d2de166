/* kernel/vfs/sysfs.h -- what the files of the sysfs scheme share. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/vfs/procfs_tree.h"

/* /sys/bus/pci/devices. */
extern const struct node_ops sysfs_pci_ops;
