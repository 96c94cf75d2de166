/* kernel/arch/x86_64/ipi.h -- inside of the inter-processor interrupts. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/* An IPI's vector came in; interrupts off. */
void ipi_handle(unsigned vector);
