/* kernel/arch/x86_64/irq.h -- interrupts: vectors, lines, MSI, IPIs. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

struct cpu_set;

enum {
	VECTOR_DEVICE_FIRST = 0x30,
	VECTOR_DEVICE_LAST = 0xdf,
	VECTOR_TIMER = 0xec,
	VECTOR_RESCHED = 0xfb,
	VECTOR_TLB = 0xfc,
	VECTOR_CALL = 0xfd,
	VECTOR_STOP = 0xfe, /* by NMI where it must get through */
	VECTOR_SPURIOUS = 0xff,
};

/* Runs with interrupts off on the CPU that took it; true if it was ours. */
typedef bool irq_handler(void *arg);

/*
 * Connect a handler to a legacy or ACPI global interrupt (isa: apply MADT
 * overrides). Level or edge is taken from there. E_BUSY, E_NOMEM, E_NODEV.
 */
enum err irq_request_isa(
    unsigned line, const char *name, irq_handler *fn, void *arg);
enum err irq_request_gsi(unsigned gsi, bool level, bool active_low,
    const char *name, irq_handler *fn, void *arg);
void irq_release(unsigned gsi, void *arg);

/* A vector for MSI: address and data to program into the device. */
struct msi_message {
	uint64_t address;
	uint32_t data;
	uint8_t vector;
	uint8_t cpu;
};
enum err irq_alloc_msi(unsigned count, const char *name, irq_handler *fn,
    void *arg, struct msi_message *out);
void irq_free_msi(const struct msi_message *m, unsigned count);

/* Inter-processor interrupts. */
void ipi_send(unsigned cpu, uint8_t vector);
void ipi_send_others(uint8_t vector);
/* Run fn(arg) on each CPU of the set (interrupts off there); wait for all. */
void ipi_call(const struct cpu_set *cpus, void (*fn)(void *), void *arg);
/* Ask cpu to look at its run queue. */
void ipi_resched(unsigned cpu);

/* Next one-shot timer interrupt of this CPU; UINT64_MAX: none. irqs off. */
void lapic_timer_program(uint64_t deadline_ns);

/* For /proc/interrupts: text into buf. */
size_t irq_describe(char *buf, size_t size);

/* Counts: total interrupts taken on a CPU. */
uint64_t irq_count(unsigned cpu);
