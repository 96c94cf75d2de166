/* kernel/core/backtrace.c -- who called whom, with names. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/core/backtrace.h"
#include "kernel/arch/x86_64/mmu_probe.h"
#include "kernel/arch/x86_64/regs.h"
#include "kernel/arch/x86_64/sections.h"
#include "kernel/core/klog.h"
#include "kernel/core/thread.h"

/*
 * Release builds have no frame pointers, so the stack is scanned: a word is
 * taken for a return address when it lies in the kernel's text right behind a
 * CALL instruction. Such a word may be left over from an earlier call, hence
 * the mark; in practice nearly all are real.
 */
enum { LINES_MAX = 32, SCAN_WORDS = KSTACK_SIZE / 8 };

const char *symbol_name(vaddr_t at, uint64_t *offset)
{
	uint64_t off = at - (vaddr_t)kernel_start;
	uint32_t low = 0, high = ksyms_count;

	if (at < (vaddr_t)kernel_start || at >= (vaddr_t)text_end || !high)
		return NULL;
	while (high - low > 1) {
		uint32_t mid = low + (high - low) / 2;

		if (ksyms_offset[mid] <= off)
			low = mid;
		else
			high = mid;
	}
	if (ksyms_offset[low] > off)
		return NULL;
	*offset = off - ksyms_offset[low];
	return &ksyms_names[ksyms_name[low]];
}

/*
 * back: 1 for a return address, whose call may be the last of its function
 * (what does not return is followed by nothing): its name is the call's.
 */
static void print_frame(
    vaddr_t at, unsigned back, const char *mark, void (*out)(const char *line))
{
	char line[120];
	uint64_t off = 0;
	const char *name = symbol_name(at - back, &off);

	if (name == NULL)
		ksnprintf(line, sizeof(line), "  %#llx%s",
		    (unsigned long long)at, mark);
	else
		ksnprintf(line, sizeof(line), "  %s+%#llx%s", name,
		    (unsigned long long)off + back, mark);
	out(line);
}

static bool in_text(vaddr_t at)
{
	return at >= (vaddr_t)kernel_start && at < (vaddr_t)text_end;
}

#if defined(CONFIG_DEBUG) || defined(CONFIG_UBSAN) || defined(CONFIG_KASAN)
/* Frame pointers are kept: follow them upwards. */
static void walk(vaddr_t sp, vaddr_t fp, void (*out)(const char *line))
{
	for (unsigned n = 0; n < LINES_MAX; n++) {
		const uint64_t *frame = (const uint64_t *)fp;

		if (fp < sp || fp - sp > KSTACK_SIZE || fp % 8 ||
		    !mmu_probe(fp) || !mmu_probe(fp + 8))
			return;
		if (!in_text(frame[1]))
			return;
		print_frame(frame[1], 1, "", out);
		sp = fp + 16;
		fp = frame[0];
	}
}
#else
/* Right behind a CALL? Its forms end with a 32-bit or modrm operand. */
static bool after_call(vaddr_t at)
{
	const uint8_t *p = (const uint8_t *)at;

	if (at < (vaddr_t)kernel_start + 8 || at >= (vaddr_t)text_end)
		return false;
	if (p[-5] == 0xe8)
		return true;
	for (unsigned n = 2; n <= 7; n++)
		if (p[-(int)n] == 0xff && (p[-(int)n + 1] >> 3 & 7) == 2)
			return true;
	return false;
}

static void walk(vaddr_t sp, vaddr_t fp, void (*out)(const char *line))
{
	unsigned lines = 0;

	(void)fp;
	sp = ALIGN_UP(sp, 8);
	for (unsigned i = 0; i < SCAN_WORDS && lines < LINES_MAX;
	    i++, sp += 8) {
		vaddr_t at;

		if ((i == 0 || sp % PAGE_SIZE == 0) && !mmu_probe(sp))
			return;
		at = *(const uint64_t *)sp;
		if (in_text(at) && after_call(at)) {
			print_frame(at, 1, " ?", out);
			lines++;
		}
	}
}
#endif

__attribute__((noinline)) void backtrace(
    const struct regs *regs, void (*out)(const char *line))
{
	vaddr_t fp = (vaddr_t)__builtin_frame_address(0);

	if (regs == NULL) {
		walk(fp, fp, out);
		return;
	}
	print_frame(regs->rip, 0, "", out);
	if (!regs_user(regs))
		walk(regs->rsp, regs->rbp, out);
}
