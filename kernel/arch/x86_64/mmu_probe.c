/* kernel/arch/x86_64/mmu_probe.c -- may this address be read? */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/arch/x86_64/mmu_probe.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/arch/x86_64/mmu.h"
#include "kernel/boot/boot_info.h"

bool mmu_probe(vaddr_t va)
{
	paddr_t table = read_cr3() & PTE_ADDR;

	if (va < 0xffff800000000000ul)
		return false;
	for (unsigned level = 4; level-- > 0;) {
		const pte_t *t = (const pte_t *)(boot_info.hhdm + table);
		pte_t e = t[va >> (12 + 9 * level) & 511];

		if (!(e & PTE_P))
			return false;
		if (level == 0 || (level < 3 && e & PTE_PS))
			return true;
		table = e & PTE_ADDR;
	}
	return false;
}
