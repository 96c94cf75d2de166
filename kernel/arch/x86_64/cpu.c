/* kernel/arch/x86_64/cpu.c -- what the CPU can do, and switching it on. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/arch/x86_64/mmu.h"
#include "kernel/arch/x86_64/regs.h"
#include "kernel/arch/x86_64/traps.h"
#include "kernel/boot/boot_info.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"
#include "kernel/sys/syscall.h"

struct cpu_features cpu_features;

/* Page attributes: entry 1 (PWT alone) is write-combining, else reset's. */
#define PAT_VALUE             0x0007010600070106ull
#define MSR_ARCH_CAPABILITIES 0x10a
#define ARCH_CAP_RDCL_NO      1u
#define XCR0_X87              1u
#define XCR0_SSE              2u
#define XCR0_AVX              4u
#define XCR0_AVX512           0xe0u

static bool bit(uint32_t word, unsigned n)
{
	return word >> n & 1;
}

static void read_names(struct cpu_features *f, uint32_t max_ext)
{
	struct cpuid r = cpuid(0, 0);

	memcpy(f->vendor, &r.b, 4);
	memcpy(f->vendor + 4, &r.d, 4);
	memcpy(f->vendor + 8, &r.c, 4);
	for (uint32_t i = 0; i < 3 && max_ext >= 0x80000004; i++) {
		r = cpuid(0x80000002 + i, 0);
		memcpy(f->brand + 16 * i, &r, 16);
	}
	r = cpuid(1, 0);
	f->stepping = r.a & 15;
	f->model = r.a >> 4 & 15;
	f->family = r.a >> 8 & 15;
	if (f->family == 6 || f->family == 15)
		f->model |= (r.a >> 16 & 15) << 4;
	if (f->family == 15)
		f->family += r.a >> 20 & 255;
}

/* The size of the standard form with what XCR0 will enable. */
static void read_xsave(struct cpu_features *f)
{
	struct cpuid r;

	f->xsave_size = 512;
	if (!f->xsave)
		return;
	r = cpuid(0xd, 0);
	f->xcr0 = r.a & (XCR0_X87 | XCR0_SSE);
	if (f->avx)
		f->xcr0 |= r.a & XCR0_AVX;
	if ((r.a & XCR0_AVX512) == XCR0_AVX512 && f->avx)
		f->xcr0 |= XCR0_AVX512;
	f->xsave_size = 576;
	for (unsigned i = 2; i < 32; i++) {
		if (!(f->xcr0 >> i & 1))
			continue;
		r = cpuid(0xd, i);
		f->xsave_size = MAX(f->xsave_size, r.a + r.b);
	}
	f->xsaveopt = bit(cpuid(0xd, 1).a, 0);
}

/* Meltdown: Intel CPUs that do not say that they are free of it. */
static bool leaks_kernel_memory(const struct cpu_features *f, uint32_t l7_edx)
{
	if (strcmp(f->vendor, "GenuineIntel") != 0)
		return false;
	if (bit(l7_edx, 29))
		return !(rdmsr(MSR_ARCH_CAPABILITIES) & ARCH_CAP_RDCL_NO);
	return true;
}

static void read_leaf7(struct cpu_features *f, uint32_t max)
{
	struct cpuid r = {0};

	if (max >= 7)
		r = cpuid(7, 0);
	f->fsgsbase = bit(r.b, 0);
	f->smep = bit(r.b, 7);
	f->erms = bit(r.b, 9);
	f->invpcid = bit(r.b, 10);
	f->rdseed = bit(r.b, 18);
	f->smap = bit(r.b, 20);
	f->umip = bit(r.c, 2);
	f->la57 = bit(r.c, 16);
	f->needs_pti = leaks_kernel_memory(f, r.d);
}

void cpu_features_init(void)
{
	struct cpu_features *f = &cpu_features;
	uint32_t max = cpuid(0, 0).a, max_ext = cpuid(0x80000000, 0).a;
	struct cpuid r = cpuid(1, 0);

	read_names(f, max_ext);
	f->pge = bit(r.d, 13);
	f->mwait = bit(r.c, 3);
	f->pcid = bit(r.c, 17);
	f->x2apic = bit(r.c, 21);
	f->tsc_deadline = bit(r.c, 24);
	f->xsave = bit(r.c, 26);
	f->avx = bit(r.c, 28) && f->xsave && max >= 0xd;
	f->xsave = f->xsave && max >= 0xd;
	f->rdrand = bit(r.c, 30);
	f->hypervisor = bit(r.c, 31);
	read_leaf7(f, max);
	r = cpuid(0x80000001, 0);
	f->nx = bit(r.d, 20);
	f->gib_pages = bit(r.d, 26);
	if (max_ext >= 0x80000007)
		f->tsc_invariant = bit(cpuid(0x80000007, 0).d, 8);
	f->phys_bits = 36;
	if (max_ext >= 0x80000008)
		f->phys_bits = cpuid(0x80000008, 0).a & 0xff;
	read_xsave(f);
	if (boot_args.pti >= 0)
		f->needs_pti = boot_args.pti;
}

/* CALL and RETURN segments, the entry, and flags that it starts without. */
static void syscall_control_init(void)
{
	wrmsr(MSR_STAR,
	    (uint64_t)STAR_SYSRET_BASE << 48 | (uint64_t)SEL_KERNEL_CODE << 32);
	wrmsr(
	    MSR_LSTAR, (uint64_t)(mmu_pti ? syscall_entry_pti : syscall_entry));
	wrmsr(MSR_CSTAR, 0);
	wrmsr(MSR_SFMASK, RFLAGS_IF | RFLAGS_TF | RFLAGS_DF | RFLAGS_IOPL |
	                      RFLAGS_NT | RFLAGS_AC | RFLAGS_RF);
}

void cpu_entry_init(void)
{
	syscall_control_init();
	idt_load();
}

void cpu_control_init(void)
{
	const struct cpu_features *f = &cpu_features;
	uint64_t cr4 = read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT;
	uint64_t efer = rdmsr(MSR_EFER) | EFER_SCE;

	write_cr0((read_cr0() & ~(CR0_EM | CR0_TS)) | CR0_WP | CR0_NE | CR0_MP);
	cr4 |= f->pge ? CR4_PGE : 0;
	cr4 |= f->umip ? CR4_UMIP : 0;
	cr4 |= f->smep ? CR4_SMEP : 0;
	cr4 |= f->smap ? CR4_SMAP : 0;
	cr4 |= f->fsgsbase ? CR4_FSGSBASE : 0;
	cr4 |= f->xsave ? CR4_OSXSAVE : 0;
	write_cr4(cr4);
	if (f->smap)
		__asm__ volatile("clac" ::: "memory");
	wrmsr(MSR_EFER, f->nx ? efer | EFER_NXE : efer);
	wrmsr(MSR_PAT, PAT_VALUE);
	if (f->xsave)
		__asm__ volatile("xsetbv"
		    :
		    : "c"(0), "a"((uint32_t)f->xcr0),
		    "d"((uint32_t)(f->xcr0 >> 32)));
}
