/* kernel/arch/x86_64/percpu.c -- setting up the per-CPU areas. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/arch/x86_64/percpu.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/arch/x86_64/sections.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"
#include "kernel/mm/page.h"

uintptr_t percpu_offsets[CPUS_MAX];
unsigned cpu_count = 1;
unsigned cpu_online_count = 1;
PERCPU_DEFINE(uintptr_t, percpu_offset);
PERCPU_DEFINE(uint32_t, percpu_cpu);

static void area_create(unsigned cpu, char *area)
{
	memcpy(area, percpu_start, percpu_end - percpu_start);
	percpu_offsets[cpu] = area - percpu_start;
	*(uintptr_t *)percpu_of(percpu_offset, cpu) = percpu_offsets[cpu];
	*(uint32_t *)percpu_of(percpu_cpu, cpu) = cpu;
}

void percpu_load(unsigned cpu)
{
	wrmsr(MSR_GS_BASE, percpu_offsets[cpu]);
}

void percpu_init_boot(void)
{
	size_t size = percpu_end - percpu_start;

	area_create(0, phys_to_virt(bootmem_alloc(size, PAGE_SIZE)));
	percpu_load(0);
}

void percpu_init_others(unsigned count)
{
	unsigned order = 0;
	struct page *p;

	while (PAGE_SIZE << order < (size_t)(percpu_end - percpu_start))
		order++;
	for (unsigned cpu = 1; cpu < count; cpu++) {
		p = page_alloc(order, 0, NULL);
		if (p == NULL)
			panic("no memory for the data of cpu %u", cpu);
		area_create(cpu, page_to_virt(p));
	}
	cpu_count = count;
}
