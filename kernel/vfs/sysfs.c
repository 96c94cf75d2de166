/* kernel/vfs/sysfs.c -- the sysfs scheme: devices and the kernel's insides. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/vfs/sysfs.h"
#include "kernel/arch/x86_64/apic.h"
#include "kernel/boot/boot_info.h"
#include "kernel/core/klog.h"
#include "kernel/core/panic.h"
#include "kernel/core/provoke.h"
#include "kernel/core/string.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/vfs/vfs.h"

/* One fixed tree, made at boot; only the PCI devices are looked for later. */

/* The last one is /dev/console, as programs expect of this file. */
static void show_consoles(struct text_out *t)
{
	for (unsigned i = boot_args.console_count; i-- > 0;)
		text_add(t, "%s%c", boot_args.console[i], i ? ' ' : '\n');
}

static void show_zones(struct text_out *t)
{
	text_add(t, "zone      managed      free       min       low  (frames) "
	            "free blocks by order\n");
	for (unsigned i = 0; i < ZONE_COUNT; i++) {
		struct zone_stats z;

		page_zone_stats((enum zone_id)i, &z);
		if (!z.managed)
			continue;
		text_add(t, "%-7s %9lu %9lu %9lu %9lu          ", z.name,
		    (unsigned long)z.managed, (unsigned long)z.free,
		    (unsigned long)z.min, (unsigned long)z.low);
		for (unsigned o = 0; o <= PAGE_ORDER_MAX; o++)
			text_add(t, " %lu", (unsigned long)z.free_blocks[o]);
		text_add(t, "\n");
	}
}

static void show_range(struct text_out *t, unsigned n)
{
	if (n > 1)
		text_add(t, "0-%u\n", n - 1);
	else
		text_add(t, "0\n");
}

static void show_online(struct text_out *t)
{
	show_range(t, cpu_online_count);
}

static void show_present(struct text_out *t)
{
	show_range(t, cpu_count);
}

static void show_apic_id(struct text_out *t, const struct tree_entry *e)
{
	text_add(t, "%u\n", cpu_apic_id[e->arg]);
}

#ifdef CONFIG_PROVOKE
/* A word that provoke.h knows: a fault of the kernel itself, for the tests. */
static enum err store_provoke(const char *s, size_t n)
{
	char word[32] = {0};
	const char *end = memchr(s, '\n', n);

	if (end)
		n = (size_t)(end - s);
	if (n >= sizeof(word))
		return E_INVAL;
	memcpy(word, s, n);
	return provoke(word) ? OK : E_INVAL;
}

static struct tree_entry debug_entries[] = {
    {.name = "provoke", .mode = NODE_REG | 0200, .store = store_provoke},
    {0},
};
#endif

static struct tree_entry console_entries[] = {
    TREE_FILE("active", show_consoles),
    {0},
};
static struct tree_entry tty_entries[] = {
    TREE_DIR("console", console_entries),
    {0},
};
static struct tree_entry class_entries[] = {
    TREE_DIR("tty", tty_entries),
    {0},
};
/* cpu0, cpu1 ... follow; see cpus_add. */
static struct tree_entry cpu_entries[3 + CPUS_MAX + 1] = {
    TREE_FILE("online", show_online),
    TREE_FILE("possible", show_present),
    TREE_FILE("present", show_present),
};
static struct tree_entry system_entries[] = {
    TREE_DIR("cpu", cpu_entries),
    {0},
};
static struct tree_entry devices_entries[] = {
    TREE_DIR("system", system_entries),
    {0},
};
static struct tree_entry pci_entries[] = {
    {.name = "devices", .mode = NODE_DIR | 0555, .ops = &sysfs_pci_ops},
    {0},
};
static struct tree_entry bus_entries[] = {
    TREE_DIR("pci", pci_entries),
    {0},
};
static struct tree_entry mm_entries[] = {
    TREE_FILE("zones", show_zones),
    {0},
};
static struct tree_entry kernel_entries[] = {
#ifdef CONFIG_PROVOKE
    TREE_DIR("debug", debug_entries),
#endif
    TREE_DIR("mm", mm_entries),
    {0},
};
static struct tree_entry root_entries[] = {
    TREE_DIR("bus", bus_entries),
    TREE_DIR("class", class_entries),
    TREE_DIR("devices", devices_entries),
    TREE_DIR("kernel", kernel_entries),
    {0},
};
static struct tree_entry root = TREE_DIR("", root_entries);

/* A directory per CPU. Memory that stays: boot only. */
static void cpus_add(void)
{
	struct {
		struct tree_entry files[2];
		char name[8];
	} *made = kzalloc(cpu_count * sizeof(*made));

	if (!made)
		panic("sysfs: no memory");
	for (unsigned i = 0; i < cpu_count; i++) {
		ksnprintf(made[i].name, sizeof(made[i].name), "cpu%u", i);
		made[i].files[0] = (struct tree_entry){.name = "apic_id",
		    .mode = NODE_REG | 0444,
		    .show_one = show_apic_id,
		    .arg = i};
		cpu_entries[3 + i] =
		    (struct tree_entry)TREE_DIR(made[i].name, made[i].files);
	}
}

static enum err sysfs_statfs(struct scheme *s, struct scheme_stat *out)
{
	(void)s;
	*out = (struct scheme_stat){
	    .type = 0x62656572, .block_size = PAGE_SIZE, .name_max = 255};
	return OK;
}

static const struct scheme_ops sysfs_ops = {.statfs = sysfs_statfs};
static struct scheme *sysfs_scheme;

static enum err sysfs_create(
    const char *source, const char *options, struct scheme **out)
{
	(void)source;
	(void)options; /* there is only one: nothing to choose */
	*out = scheme_get(sysfs_scheme);
	return OK;
}

static struct scheme_type sysfs_type = {
    .name = "sysfs", .create = sysfs_create};

void sysfs_init(void)
{
	cpus_add();
	sysfs_scheme = tree_scheme("sysfs", &sysfs_ops, &root);
	scheme_register(&sysfs_type);
}
