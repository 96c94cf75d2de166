/* kernel/vfs/procfs_cpu.c -- processors: cpuinfo, stat, interrupts. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/arch/x86_64/apic.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/arch/x86_64/irq.h"
#include "kernel/core/clock.h"
#include "kernel/core/sched.h"
#include "kernel/vfs/procfs.h"

enum { TICK_NS = 10000000 };

/* Names of the feature bits, by leaf and register; a blank is no name. */
static const char *const leaf1_edx[32] = {"fpu", "vme", "de", "pse", "tsc",
    "msr", "pae", "mce", "cx8", "apic", NULL, "sep", "mtrr", "pge", "mca",
    "cmov", "pat", "pse36", "pn", "clflush", NULL, "dts", "acpi", "mmx", "fxsr",
    "sse", "sse2", "ss", "ht", "tm", "ia64", "pbe"};
static const char *const leaf1_ecx[32] = {"pni", "pclmulqdq", "dtes64",
    "monitor", "ds_cpl", "vmx", "smx", "est", "tm2", "ssse3", "cid", "sdbg",
    "fma", "cx16", "xtpr", "pdcm", NULL, "pcid", "dca", "sse4_1", "sse4_2",
    "x2apic", "movbe", "popcnt", "tsc_deadline_timer", "aes", "xsave", NULL,
    "avx", "f16c", "rdrand", "hypervisor"};
static const char *const leaf7_ebx[32] = {"fsgsbase", "tsc_adjust", "sgx",
    "bmi1", "hle", "avx2", NULL, "smep", "bmi2", "erms", "invpcid", "rtm", NULL,
    NULL, "mpx", NULL, "avx512f", "avx512dq", "rdseed", "adx", "smap",
    "avx512ifma", NULL, "clflushopt", "clwb", NULL, "avx512pf", "avx512er",
    "avx512cd", "sha_ni", "avx512bw", "avx512vl"};
static const char *const leaf7_ecx[32] = {NULL, "avx512vbmi", "umip", "pku",
    NULL, "waitpkg", "avx512_vbmi2", NULL, "gfni", "vaes", "vpclmulqdq",
    "avx512_vnni", "avx512_bitalg", NULL, "avx512_vpopcntdq", NULL,
    "la57", [22] = "rdpid"};
static const char *const extended_edx[32] = {[11] = "syscall",
    [20] = "nx",
    [26] = "pdpe1gb",
    [27] = "rdtscp",
    [29] = "lm"};
static const char *const extended_ecx[32] = {"lahf_lm", NULL, "svm", NULL,
    "cr8_legacy", "abm", "sse4a", "misalignsse", "3dnowprefetch"};

static void show_bits(
    struct text_out *t, uint32_t bits, const char *const names[32])
{
	for (unsigned i = 0; i < 32; i++)
		if (bits >> i & 1 && names[i])
			text_add(t, " %s", names[i]);
}

static void show_flags(struct text_out *t)
{
	struct cpuid c = cpuid(1, 0);

	text_add(t, "flags\t\t:");
	show_bits(t, c.d, leaf1_edx);
	show_bits(t, c.c, leaf1_ecx);
	c = cpuid(0x80000000, 0);
	if (c.a >= 0x80000001) {
		c = cpuid(0x80000001, 0);
		show_bits(t, c.d, extended_edx);
		show_bits(t, c.c, extended_ecx);
	}
	if (cpuid(0, 0).a >= 7) {
		c = cpuid(7, 0);
		show_bits(t, c.b, leaf7_ebx);
		show_bits(t, c.c, leaf7_ecx);
	}
	text_add(t, "\n");
}

void proc_show_cpuinfo(struct text_out *t)
{
	const struct cpu_features *f = &cpu_features;
	unsigned long khz = (unsigned long)(clock_tsc_hz / 1000);

	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++) {
		text_add(t,
		    "processor\t: %u\nvendor_id\t: %s\ncpu family\t: %u\n"
		    "model\t\t: %u\nmodel name\t: %s\nstepping\t: %u\n",
		    cpu, f->vendor, f->family, f->model, f->brand, f->stepping);
		text_add(t, "cpu MHz\t\t: %lu.%03lu\napicid\t\t: %u\n",
		    khz / 1000, khz % 1000, cpu_apic_id[cpu]);
		show_flags(t);
		text_add(t,
		    "clflush size\t: %u\naddress sizes\t: %u bits physical, "
		    "48 bits virtual\n\n",
		    (cpuid(1, 0).b >> 8 & 0xff) * 8, f->phys_bits);
	}
}

static void show_times(struct text_out *t, const struct sched_stats *s)
{
	text_add(t, "%lu 0 %lu %lu 0 0 0 0 0 0\n",
	    (unsigned long)(s->busy_user_ns / TICK_NS),
	    (unsigned long)(s->busy_kernel_ns / TICK_NS),
	    (unsigned long)(s->idle_ns / TICK_NS));
}

void proc_show_stat_all(struct text_out *t)
{
	struct sched_stats one, all = {0};
	uint64_t interrupts = 0;

	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++) {
		sched_stats(cpu, &one);
		all.busy_user_ns += one.busy_user_ns;
		all.busy_kernel_ns += one.busy_kernel_ns;
		all.idle_ns += one.idle_ns;
		all.switches += one.switches;
		all.running += one.running;
		interrupts += irq_count(cpu);
	}
	text_add(t, "cpu  ");
	show_times(t, &all);
	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++) {
		sched_stats(cpu, &one);
		text_add(t, "cpu%u ", cpu);
		show_times(t, &one);
	}
	text_add(t,
	    "intr %lu\nctxt %lu\nbtime %lu\nprocesses %lu\n"
	    "procs_running %u\n",
	    (unsigned long)interrupts, (unsigned long)all.switches,
	    (unsigned long)((clock_wall() - clock_now()) / NSEC_PER_SEC),
	    (unsigned long)sched_forks(), all.running);
}

void proc_show_interrupts(struct text_out *t)
{
	size_t room = t->len < t->size ? t->size - t->len : 0;
	size_t n = irq_describe(t->buf + t->len, room);

	/* Cut text fills the buffer: a larger one will be tried. */
	t->len += MIN(n, room);
}
