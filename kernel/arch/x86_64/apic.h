/* kernel/arch/x86_64/apic.h -- local APIC and IOAPIC. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/percpu.h"

/* APIC id of each CPU, in the order in which they came up. */
extern uint32_t cpu_apic_id[CPUS_MAX];

/*
 * Silence the old interrupt controllers. Before lapic_init_cpu masks their
 * line: what they had raised would otherwise stay pending.
 */
void pic_disable(void);

/* Boot CPU: find and map it; still without x2APIC, timer not yet known. */
void lapic_init(void);
/* Every CPU: switch it on, mask all sources, x2APIC where there is one. */
void lapic_init_cpu(void);

/* This CPU's APIC id; end the interrupt in service. */
uint32_t lapic_id(void);
void lapic_eoi(void);
/* True when vector v is in service here (a spurious interrupt is not). */
bool lapic_in_service(uint8_t v);

/* Send to one APIC: INIT, start-up at page, NMI, or a fixed vector. */
void lapic_send_init(uint32_t apic_id);
void lapic_send_startup(uint32_t apic_id, uint8_t page);
void lapic_send_fixed(uint32_t apic_id, uint8_t vector);
/* NMI to all CPUs online but this one; no lock, for panics. */
void lapic_nmi_others(void);

/*
 * The timer: count down from `count` once at the bus rate, silent (masked).
 * lapic_timer_left is what remains; it may be asked only before x2APIC is on.
 */
void lapic_timer_start(uint32_t count);
uint32_t lapic_timer_left(void);
/* False when firmware has switched x2APIC on, so that _left cannot be used. */
bool lapic_timer_readable(void);
/* In x2APIC mode: has the (unmasked) timer fired at vector? */
bool lapic_timer_pending(void);
/* Its rate; 0 means TSC-deadline mode. Then lapic_timer_program works. */
void lapic_timer_set_rate(uint64_t hz);
/* Every CPU, when the rate is known. */
void lapic_timer_init_cpu(void);

/* IOAPICs: find them, mask everything. */
void ioapic_init(void);
unsigned ioapic_gsi_count(void);
/* These two under irq.c's lock. Route gsi; masked until ioapic_mask(gsi, false). False: no such line. */
bool ioapic_route(
    unsigned gsi, uint8_t vector, uint32_t apic_id, bool level, bool low);
void ioapic_mask(unsigned gsi, bool masked);
/* The global interrupt of an ISA line, by the tables' overrides. */
unsigned isa_to_gsi(unsigned line, bool *level, bool *low);
