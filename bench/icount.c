/* bench/icount.c -- QEMU plugin: instructions until each stage of boot. */
/* SPDX-License-Identifier: MIT */
/*
 *   gcc -O2 -shared -fPIC -o icount.so icount.c
 *   qemu-system-x86_64 ... -plugin ./icount.so -d plugin -D FILE
 *
 * Counts the guest instructions of every translation block that is entered,
 * and writes the count so far when a block first runs
 *   at 1..16 MiB       "image":  the firmware handed over,
 *   in the upper half  "kernel": the kernel proper (of a Linux bzImage: it is
 *                      decompressed),
 *   at 1 MiB and up, once the upper half was entered
 *                      "user":   init (boot code below 1 MiB, for other CPUs,
 *                      does not count),
 * when the bytes ">>> " went out of the first UART
 *                      "prompt": the first of these bytes,
 * and at the end.  Unlike the guest's clock, the count leaves out idle time.
 * It is for one CPU.  Needs no header: the few calls it uses are declared here
 * (plugin API 4, QEMU 9.2 to 10.0).
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_register;
/* GLib's array of bytes and of anything, as far as they are public. */
struct bytes {
	unsigned char *data;
	unsigned len;
};
struct reg {
	struct qemu_plugin_register *handle;
	const char *name;
	const char *feature;
};
struct regs {
	struct reg *data;
	unsigned len;
};
typedef void on_tb_translated(plugin_id, struct qemu_plugin_tb *);
typedef void on_executed(unsigned cpu, void *data);
extern void qemu_plugin_register_vcpu_tb_trans_cb(
    plugin_id, on_tb_translated *);
extern void qemu_plugin_register_vcpu_tb_exec_cb(
    struct qemu_plugin_tb *, on_executed *, int flags, void *data);
extern void qemu_plugin_register_vcpu_insn_exec_cb(
    struct qemu_plugin_insn *, on_executed *, int flags, void *data);
extern void qemu_plugin_register_vcpu_init_cb(
    plugin_id, void (*)(plugin_id, unsigned));
extern void qemu_plugin_register_atexit_cb(
    plugin_id, void (*)(plugin_id, void *), void *);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(
    const struct qemu_plugin_tb *, size_t);
extern size_t qemu_plugin_insn_data(
    const struct qemu_plugin_insn *, void *dest, size_t);
extern struct regs *qemu_plugin_get_registers(void);
extern int qemu_plugin_read_register(
    struct qemu_plugin_register *, struct bytes *);
extern struct bytes *g_byte_array_new(void);
extern struct bytes *g_byte_array_set_size(struct bytes *, unsigned);
extern void qemu_plugin_outs(const char *);

EXPORT int qemu_plugin_version = 4;

/* What an instruction read from memory, as QEMU hands it over. */
struct mem_value {
	int type;
	union {
		uint8_t u8;
		uint64_t words[2];
	} data;
};
typedef void on_memory(unsigned cpu, uint32_t info, uint64_t at, void *data);
extern void qemu_plugin_register_vcpu_mem_cb(
    struct qemu_plugin_insn *, on_memory *, int flags, int rw, void *data);
extern struct mem_value qemu_plugin_mem_get_value(uint32_t info);

enum { REP = 0xf3, OUTSB = 0x6e, MEM_READ = 1 };
enum { CB_NO_REGS = 0, CB_R_REGS = 1, OUT_AL_DX = 0xee, UART = 0x3f8 };
enum stage { FIRMWARE, IMAGE, KERNEL, USER };
static const char *const stage_name[] = {"firmware", "image", "kernel", "user"};
static const char prompt[] = ">>> ";
static uint64_t count, prompt_at;
static bool seen[4] = {true}, prompt_seen;
static size_t matched; /* bytes of the prompt that went out */
static struct qemu_plugin_register *reg_rax, *reg_rdx;
static struct bytes *value;

static void say(const char *stage, uint64_t n)
{
	char line[80];

	snprintf(
	    line, sizeof(line), "@plugin_insns_to_%s %" PRIu64 "\n", stage, n);
	qemu_plugin_outs(line);
}

/* data: the block's instructions * 4 + its stage */
static void on_block(unsigned cpu, void *data)
{
	uintptr_t n = (uintptr_t)data;
	int s = n & 3;

	(void)cpu;
	if (!seen[s]) {
		seen[s] = true;
		say(stage_name[s], count);
	}
	count += n >> 2;
}

static unsigned read_low(struct qemu_plugin_register *r, unsigned bytes)
{
	unsigned v = 0;

	g_byte_array_set_size(value, 0);
	if (r && qemu_plugin_read_register(r, value) >= (int)bytes)
		memcpy(&v, value->data, bytes);
	return v;
}

/* The next byte of the prompt, or not: ">" may begin it anew. */
static void sent(char c)
{
	if (prompt_seen || read_low(reg_rdx, 2) != UART)
		return;
	if (c != prompt[matched])
		matched = 0;
	if (c != prompt[matched])
		return;
	if (matched++ == 0)
		prompt_at = count;
	if (matched == sizeof(prompt) - 1) {
		prompt_seen = true;
		say("prompt", prompt_at);
	}
}

static void on_out(unsigned cpu, void *data)
{
	(void)cpu, (void)data;
	if (!prompt_seen)
		sent((char)read_low(reg_rax, 1));
}

static void on_outs(unsigned cpu, uint32_t info, uint64_t at, void *data)
{
	(void)cpu, (void)at, (void)data;
	if (!prompt_seen)
		sent((char)qemu_plugin_mem_get_value(info).data.u8);
}

static void on_cpu(plugin_id id, unsigned cpu)
{
	struct regs *all = qemu_plugin_get_registers();

	(void)id, (void)cpu;
	value = g_byte_array_new();
	for (unsigned i = 0; i < all->len; i++) {
		if (!strcmp(all->data[i].name, "rax"))
			reg_rax = all->data[i].handle;
		if (!strcmp(all->data[i].name, "rdx"))
			reg_rdx = all->data[i].handle;
	}
}

static enum stage stage_of(uint64_t va)
{
	if (va >> 63)
		return KERNEL;
	if (seen[KERNEL])
		return va >= 0x100000 ? USER : FIRMWARE;
	return va >= 0x100000 && va < 0x1000000 ? IMAGE : FIRMWARE;
}

static void on_translate(plugin_id id, struct qemu_plugin_tb *tb)
{
	enum stage s = stage_of(qemu_plugin_tb_vaddr(tb));
	size_t n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_cb(
	    tb, on_block, CB_NO_REGS, (void *)(n << 2 | s));
	for (size_t i = 0; i < n && s == KERNEL; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		unsigned char op[2] = {0};

		qemu_plugin_insn_data(insn, op, sizeof(op));
		if (op[0] == OUTSB || (op[0] == REP && op[1] == OUTSB))
			qemu_plugin_register_vcpu_mem_cb(
			    insn, on_outs, CB_R_REGS, MEM_READ, 0);
		if (op[0] == OUT_AL_DX)
			qemu_plugin_register_vcpu_insn_exec_cb(
			    insn, on_out, CB_R_REGS, 0);
	}
}

static void on_exit(plugin_id id, void *u)
{
	(void)id, (void)u;
	say("end", count);
}

EXPORT int qemu_plugin_install(
    plugin_id id, const void *info, int argc, char **argv)
{
	(void)info, (void)argc, (void)argv;
	qemu_plugin_register_vcpu_init_cb(id, on_cpu);
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	qemu_plugin_register_atexit_cb(id, on_exit, 0);
	return 0;
}
