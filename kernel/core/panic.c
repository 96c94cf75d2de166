/* kernel/core/panic.c -- the end: assertions and the panic report. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include <stdarg.h>
#include <stdatomic.h>
#include "kernel/core/panic.h"
#include "kernel/arch/x86_64/panic_arch.h"
#include "kernel/boot/boot_info.h"
#include "kernel/core/backtrace.h"
#include "kernel/core/klog.h"
#include "kernel/core/string.h"
#include "kernel/object/process.h"

/*
 * The report may meet the very damage that it reports. It is made in steps,
 * each of which may fault; a fault (or assertion) inside comes back to
 * panic(), which sees that the report is under way, says so in one line, and
 * goes on with the next step. After STEPS_LOST of those it gives up.
 * Only one CPU reports: others that panic meanwhile stop quietly.
 */
enum { STEPS_LOST = 5, LAST_LINES = 12, NO_CPU = -1 };

_Atomic bool panic_active;
static _Atomic int reporter = NO_CPU;
static unsigned step, lost;
static const struct regs *report_regs;
static char message[256];

static void say(const char *line)
{
	console_write(line, strlen(line));
	console_write("\n", 1);
}

printf_like(1, 2) static void sayf(const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	kvsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	say(line);
}

static void step_message(void)
{
	say("");
	sayf("PANIC: %s", message);
	sayf("Strat9 Bedrock " STRAT9_VERSION " by %s, cpu %u of %u",
	    boot_info.loader, cpu_id(), cpu_count);
}

static void step_thread(void)
{
	struct thread *t = thread_current();

	if (t == NULL)
		return;
	if (t->process == NULL)
		sayf("thread: %.16s (kernel)", t->name);
	else
		sayf("process: %.16s pid=%u tid=%u silo=%.32s", t->name,
		    t->process->pid, t->tid,
		    t->process->silo ? t->process->silo->name : "?");
}

static void step_registers(void)
{
	if (report_regs != NULL)
		arch_print_regs(report_regs, say);
}

static void step_backtrace(void)
{
	say("backtrace:");
	backtrace(report_regs, say);
}

static void cut_newline(char *line)
{
	char *end = strchr(line, '\n');

	if (end != NULL)
		*end = 0;
}

static void step_log(void)
{
	uint64_t end = klog_next_seq(), seq;
	char line[300];

	seq = end > LAST_LINES ? end - LAST_LINES : 0;
	say("last log lines:");
	while (klog_read(&seq, line, sizeof(line)) != 0) {
		char *text = strchr(line, ';');

		cut_newline(line);
		sayf("  %s", text ? text + 1 : line);
	}
}

static void step_end(void)
{
	int wait = boot_args.panic_timeout;

	if (wait == 0) {
		say("halted; panic=SECONDS on the command line restarts");
		arch_halt();
	}
	if (wait > 0)
		sayf("restart in %d s", wait);
	arch_panic_restart(wait > 0 ? wait : 0);
}

static void (*const steps[])(void) = {step_message, step_thread, step_registers,
    step_backtrace, step_log, step_end};

noreturn_fn static void report(void)
{
	while (step < COUNT(steps))
		steps[step++]();
	arch_halt();
}

/* A second panic on the CPU that reports: skip the step that failed. */
noreturn_fn static void report_again(const char *fmt, va_list ap)
{
	char line[160];

	if (++lost > STEPS_LOST)
		arch_halt();
	kvsnprintf(line, sizeof(line), fmt, ap);
	say("");
	sayf("(fault inside the report: %s)", line);
	report();
}

noreturn_fn static void panic_va(
    const struct regs *regs, const char *fmt, va_list ap)
{
	int none = NO_CPU, me;

	__asm__ volatile("cli");
	me = (int)cpu_id();
	if (!atomic_compare_exchange_strong(&reporter, &none, me)) {
		if (none == me)
			report_again(fmt, ap);
		arch_halt();
	}
	atomic_store(&panic_active, true);
	arch_stop_others();
	report_regs = regs;
	kvsnprintf(message, sizeof(message), fmt, ap);
	report();
}

noreturn_fn void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	panic_va(NULL, fmt, ap);
}

noreturn_fn void panic_regs(const struct regs *regs, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	panic_va(regs, fmt, ap);
}
