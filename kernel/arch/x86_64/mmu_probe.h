/* kernel/arch/x86_64/mmu_probe.h -- may this address be read? */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/*
 * True when the tables that CR3 holds map the kernel address va. Takes no lock
 * and trusts nothing: for reports of a kernel that may be broken.
 */
bool mmu_probe(vaddr_t va);
