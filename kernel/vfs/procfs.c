/* kernel/vfs/procfs.c -- the proc scheme: its root and the small files there. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/vfs/procfs.h"
#include "kernel/boot/boot_info.h"
#include "kernel/core/clock.h"
#include "kernel/core/klog.h"
#include "kernel/core/sched.h"
#include "kernel/core/string.h"
#include "kernel/core/uts.h"
#include "kernel/sys/syscall.h"
#include "kernel/vfs/vfs.h"

/*
 * One tree for all who mount it. The root holds fixed entries, then one
 * directory per process; nothing below a process is cached, because it goes
 * with the process. Only true values are shown: what is not known has no file
 * and no line.
 */
enum { COOKIE_PIDS = 1 << 16 };

static void show_uptime(struct text_out *t)
{
	nsec_t now = clock_now(), idle = 0;

	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++) {
		struct sched_stats s;

		sched_stats(cpu, &s);
		idle += s.idle_ns;
	}
	text_add(t, "%lu.%02lu %lu.%02lu\n",
	    (unsigned long)(now / NSEC_PER_SEC),
	    (unsigned long)(now / 10000000 % 100),
	    (unsigned long)(idle / NSEC_PER_SEC),
	    (unsigned long)(idle / 10000000 % 100));
}

static void show_loadavg(struct text_out *t)
{
	uint64_t load[3];
	uint32_t running = 0;

	sched_load(load);
	for (unsigned i = 0; i < 3; i++)
		text_add(t, "%lu.%02lu ", (unsigned long)(load[i] >> 11),
		    (unsigned long)((load[i] & 2047) * 100 >> 11));
	for (unsigned cpu = 0; cpu < cpu_online_count; cpu++) {
		struct sched_stats s;

		sched_stats(cpu, &s);
		running += s.running;
	}
	text_add(t, "%u/%lu %u\n", running, (unsigned long)thread_live(),
	    pid_last());
}

static void show_version(struct text_out *t)
{
	text_add(
	    t, "%s version %s %s\n", uts_sysname, uts_release, uts_version);
}

static void show_cmdline(struct text_out *t)
{
	text_add(t, "%s\n", boot_info.cmdline);
}

/* None of them needs a block device. */
static void show_type(const struct scheme_type *type, void *arg)
{
	text_add(arg, "nodev\t%s\n", type->name);
}

static void show_filesystems(struct text_out *t)
{
	scheme_type_for_each(show_type, t);
}

static void show_unknown_call(uint64_t nr, uint32_t count, void *t)
{
	text_add(t, "%lu %u\n", (unsigned long)nr, count);
}

static void show_unknown(struct text_out *t)
{
	syscall_unknown_each(show_unknown_call, t);
}

static void show_consoles(struct text_out *t)
{
	for (unsigned i = 0; i < boot_args.console_count; i++)
		text_add(t, "%s -W- (E%s)\n", boot_args.console[i],
		    i == 0 ? "C" : " ");
}

static enum err self_target(struct text_out *t)
{
	text_add(t, "%u", process_current()->pid);
	return OK;
}

static enum err thread_self_target(struct text_out *t)
{
	text_add(
	    t, "%u/task/%u", process_current()->pid, thread_current()->tid);
	return OK;
}

static enum err mounts_target(struct text_out *t)
{
	text_add(t, "self/mounts");
	return OK;
}

#define LINK(n, fn) {.name = (n), .mode = NODE_LNK | 0777, .target = (fn)}
static struct tree_entry root_entries[] = {
    LINK("self", self_target),
    LINK("thread-self", thread_self_target),
    LINK("mounts", mounts_target),
    TREE_FILE("buddyinfo", proc_show_buddyinfo),
    TREE_FILE("cmdline", show_cmdline),
    TREE_FILE("consoles", show_consoles),
    TREE_FILE("cpuinfo", proc_show_cpuinfo),
    TREE_FILE("filesystems", show_filesystems),
    TREE_FILE("interrupts", proc_show_interrupts),
    TREE_FILE("loadavg", show_loadavg),
    TREE_FILE("meminfo", proc_show_meminfo),
    TREE_FILE("objects", proc_show_objects),
    TREE_FILE("silos", proc_show_silos),
    TREE_FILE("slabinfo", proc_show_slabinfo),
    TREE_FILE("stat", proc_show_stat_all),
    TREE_FILE("unknown_syscalls", show_unknown),
    TREE_FILE("uptime", show_uptime),
    TREE_FILE("version", show_version),
    TREE_FILE("vmstat", proc_show_vmstat),
    TREE_FILE("zoneinfo", proc_show_zoneinfo),
    TREE_DIR("sys", proc_sysctl),
    {0},
};

static enum err root_lookup(
    struct node *dir, const char *name, size_t len, struct node **out)
{
	struct tree_entry *e = tree_find(root_entries, name, len);

	if (e)
		return tree_node(dir->scheme, e, out);
	return proc_pid_node(dir->scheme, name, len, out);
}

static enum err root_readdir(
    struct node *dir, uint64_t cookie, struct dir_sink *sink)
{
	uint32_t pid = 1;

	(void)dir;
	if (cookie < COOKIE_PIDS) {
		if (!tree_emit(root_entries, cookie, sink))
			return OK;
	} else {
		pid = (uint32_t)(cookie - COOKIE_PIDS);
	}
	for (;; pid++) {
		struct process *p = process_next(&pid);
		char name[12];
		int n;
		bool more;

		if (!p)
			return OK;
		process_put(p);
		n = ksnprintf(name, sizeof(name), "%u", pid);
		more = sink->emit(sink, name, (size_t)n, (uint64_t)pid << 32,
		    NODE_DIR, COOKIE_PIDS + pid + 1);
		if (!more)
			return OK;
	}
}

static const struct node_ops root_ops = {
    .lookup = root_lookup,
    .readdir = root_readdir,
};
static struct tree_entry root = {
    .name = "",
    .mode = NODE_DIR | 0555,
    .children = root_entries,
    .ops = &root_ops,
};

static enum err proc_statfs(struct scheme *s, struct scheme_stat *out)
{
	(void)s;
	*out = (struct scheme_stat){
	    .type = 0x9fa0, .block_size = PAGE_SIZE, .name_max = 255};
	return OK;
}

static const struct scheme_ops proc_ops = {.statfs = proc_statfs};
static struct scheme *proc_scheme;

static enum err proc_create(
    const char *source, const char *options, struct scheme **out)
{
	(void)source;
	(void)options; /* there is only one: nothing to choose */
	*out = scheme_get(proc_scheme);
	return OK;
}

static struct scheme_type proc_type = {.name = "proc", .create = proc_create};

void procfs_init(void)
{
	proc_scheme = tree_scheme("proc", &proc_ops, &root);
	scheme_register(&proc_type);
}
