/* kernel/vfs/procfs_sysctl.c -- /proc/sys: what can be asked and set. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/boot/boot_info.h"
#include "kernel/core/klog.h"
#include "kernel/core/random.h"
#include "kernel/core/string.h"
#include "kernel/core/uts.h"
#include "kernel/mm/aspace.h"
#include "kernel/mm/drain.h"
#include "kernel/mm/page.h"
#include "kernel/object/pipe.h"
#include "kernel/object/process_internal.h"
#include "kernel/vfs/procfs.h"

/* Only root may write: the files' mode says so. */

#define SHOW_TEXT(fn, fmt, ...)                \
	static void fn(struct text_out *t)     \
	{                                      \
		text_add(t, fmt, __VA_ARGS__); \
	}

SHOW_TEXT(show_ostype, "%s\n", uts_sysname)
SHOW_TEXT(show_osrelease, "%s\n", uts_release)
SHOW_TEXT(show_version, "%s\n", uts_version)
SHOW_TEXT(show_pid_max, "%u\n", pid_max)
SHOW_TEXT(show_threads_max, "%ld\n", (long)silo_boot.limit[SILO_THREADS])
SHOW_TEXT(show_ngroups, "%d\n", GROUPS_MAX)
SHOW_TEXT(show_panic, "%d\n", boot_args.panic_timeout)
SHOW_TEXT(show_printk, "%u\n", klog_console_level)
SHOW_TEXT(show_entropy, "%d\n", random_is_seeded() ? 256 : 0)
SHOW_TEXT(show_poolsize, "%d\n", 256)
/* Memory is given when it is touched, never refused beforehand. */
SHOW_TEXT(show_overcommit, "%d\n", 1)
SHOW_TEXT(show_max_maps, "%d\n", MAPS_MAX)
SHOW_TEXT(show_min_addr, "%d\n", USER_LOW)
SHOW_TEXT(show_pipe_max, "%lu\n", PIPE_PAGES_MAX *PAGE_SIZE)

static void show_hostname(struct text_out *t)
{
	char name[UTS_LENGTH];

	uts_nodename(name);
	text_add(t, "%s\n", name);
}

static enum err store_hostname(const char *s, size_t n)
{
	const char *end = memchr(s, '\n', n);

	return uts_set_nodename(s, end ? (size_t)(end - s) : n);
}

static enum err store_pid_max(const char *s, size_t n)
{
	uint64_t v;

	(void)n;
	if (tree_number_in(s, PID_LIMIT, &v) != OK || v < 301)
		return E_INVAL;
	pid_max = (uint32_t)v;
	return OK;
}

/* The first number of Linux's four; the others are not kept. */
static enum err store_printk(const char *s, size_t n)
{
	const char *end;
	uint64_t v;

	(void)n;
	if (*s < '0' || *s > '9')
		return E_INVAL;
	v = kstrtou64(s, &end);
	if (v > LOG_DEBUG + 1)
		return E_INVAL;
	klog_console_level = (unsigned)v;
	return OK;
}

static enum err store_panic(const char *s, size_t n)
{
	uint64_t v;

	(void)n;
	if (tree_number_in(s, INT32_MAX, &v) != OK)
		return E_INVAL;
	boot_args.panic_timeout = (int)v;
	return OK;
}

static void add_uuid(struct text_out *t, const uint8_t b[16])
{
	for (unsigned i = 0; i < 16; i++) {
		uint8_t v = b[i];

		/* Version 4, variant 1: random. */
		if (i == 6)
			v = (v & 0x0f) | 0x40;
		if (i == 8)
			v = (v & 0x3f) | 0x80;
		text_add(t, "%s%02x",
		    i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", v);
	}
	text_add(t, "\n");
}

static void show_uuid(struct text_out *t)
{
	uint8_t b[16];

	random_bytes(b, sizeof(b));
	add_uuid(t, b);
}

static void show_boot_id(struct text_out *t)
{
	static struct lock lock = LOCK_INIT(RANK_OBJECT);
	static uint8_t id[16];
	static bool made;

	lock_take(&lock);
	if (!made)
		random_bytes(id, sizeof(id));
	made = true;
	lock_drop(&lock);
	add_uuid(t, id);
}

/* Any number: give back what the caches can spare, as leak tests want. */
static enum err store_drop_caches(const char *s, size_t n)
{
	uint64_t v;

	(void)n;
	if (tree_number_in(s, 3, &v) != OK || v == 0)
		return E_INVAL;
	while (reclaim(UINT32_MAX))
		;
	drain_all();
	return OK;
}

static void show_limit(struct text_out *t, int64_t limit)
{
	text_add(t, "%ld\n", (long)limit);
}

static void show_file_max(struct text_out *t)
{
	show_limit(t, silo_boot.limit[SILO_DESCRIPTORS]);
}

static void show_file_nr(struct text_out *t)
{
	text_add(t, "%ld\t0\t%ld\n",
	    (long)silo_used(&silo_boot, SILO_DESCRIPTORS),
	    (long)silo_boot.limit[SILO_DESCRIPTORS]);
}

static struct tree_entry random_entries[] = {
    TREE_FILE("boot_id", show_boot_id),
    TREE_FILE("entropy_avail", show_entropy),
    TREE_FILE("poolsize", show_poolsize),
    TREE_FILE("uuid", show_uuid),
    {0},
};
static struct tree_entry kernel_entries[] = {
    TREE_RW("hostname", show_hostname, store_hostname),
    TREE_FILE("ngroups_max", show_ngroups),
    TREE_FILE("osrelease", show_osrelease),
    TREE_FILE("ostype", show_ostype),
    TREE_RW("panic", show_panic, store_panic),
    TREE_RW("pid_max", show_pid_max, store_pid_max),
    TREE_RW("printk", show_printk, store_printk),
    TREE_DIR("random", random_entries),
    TREE_FILE("threads-max", show_threads_max),
    TREE_FILE("version", show_version),
    {0},
};
static struct tree_entry vm_entries[] = {
    {.name = "drop_caches",
        .mode = NODE_REG | 0200,
        .store = store_drop_caches},
    TREE_FILE("max_map_count", show_max_maps),
    TREE_FILE("mmap_min_addr", show_min_addr),
    TREE_FILE("overcommit_memory", show_overcommit),
    {0},
};
static struct tree_entry fs_entries[] = {
    TREE_FILE("file-max", show_file_max),
    TREE_FILE("file-nr", show_file_nr),
    TREE_FILE("pipe-max-size", show_pipe_max),
    {0},
};
struct tree_entry proc_sysctl[] = {
    TREE_DIR("fs", fs_entries),
    TREE_DIR("kernel", kernel_entries),
    TREE_DIR("vm", vm_entries),
    {0},
};
