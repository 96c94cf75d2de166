/* kernel/vfs/procfs.h -- what the files of the proc scheme share. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/object/process.h"
#include "kernel/vfs/procfs_tree.h"

/*
 * A node about a process (thread NULL: the process as a whole) holds both; fd
 * is of an entry of fd/ or fdinfo/.
 */
struct proc_ref {
	struct process *process;
	struct thread *thread;
	const struct proc_entry *entry;
	int fd;
};

/* An entry of /proc/PID and /proc/PID/task/TID. */
struct proc_entry {
	const char *name;
	uint32_t mode;
	enum err (*show)(const struct proc_ref *r, struct text_out *t);
	enum err (*store)(const struct proc_ref *r, const char *s, size_t n);
	/* A magic link. */
	enum err (*follow)(const struct proc_ref *r, struct path *out);
	const struct node_ops *ops; /* a directory */
	bool private;               /* only for who may inspect the process */
	bool once;                  /* not in task/TID */
};
extern const struct proc_entry proc_entries[];

/* The node for r (its references are copied). */
enum err proc_node(struct scheme *s, const struct proc_ref *r, uint64_t ino,
    uint32_t mode, const struct node_ops *ops, struct node **out);
void proc_release(struct node *n);

/* A directory /proc/PID, by its number; E_NOENT. procfs_pid.c */
enum err proc_pid_node(
    struct scheme *s, const char *name, size_t len, struct node **out);
/* Directory names of digits only. */
bool proc_parse_id(const char *name, size_t len, uint32_t *out);

/* Same user or privileged, and not less restricted than we are. */
bool proc_may_inspect(struct process *p);

/* procfs_status.c */
enum err proc_show_stat(const struct proc_ref *r, struct text_out *t);
enum err proc_show_status(const struct proc_ref *r, struct text_out *t);
enum err proc_show_statm(const struct proc_ref *r, struct text_out *t);
enum err proc_show_limits(const struct proc_ref *r, struct text_out *t);
enum err proc_show_io(const struct proc_ref *r, struct text_out *t);
enum err proc_show_wchan(const struct proc_ref *r, struct text_out *t);
enum err proc_show_comm(const struct proc_ref *r, struct text_out *t);
enum err proc_store_comm(const struct proc_ref *r, const char *s, size_t n);

/* procfs_silo.c: /proc/silos, /proc/PID/silo */
void proc_show_silos(struct text_out *t);
enum err proc_show_silo(const struct proc_ref *r, struct text_out *t);

/* procfs_maps.c */
enum err proc_show_maps(const struct proc_ref *r, struct text_out *t);
enum err proc_show_smaps(const struct proc_ref *r, struct text_out *t);
enum err proc_show_cmdline(const struct proc_ref *r, struct text_out *t);
enum err proc_show_environ(const struct proc_ref *r, struct text_out *t);
enum err proc_show_auxv(const struct proc_ref *r, struct text_out *t);
enum err proc_follow_exe(const struct proc_ref *r, struct path *out);

/* procfs_fd.c */
extern const struct node_ops proc_fd_ops, proc_fdinfo_ops;

/* procfs_system.c, procfs_cpu.c and procfs_sysctl.c: what is in /proc itself. */
void proc_show_meminfo(struct text_out *t);
void proc_show_slabinfo(struct text_out *t);
void proc_show_zoneinfo(struct text_out *t);
void proc_show_buddyinfo(struct text_out *t);
void proc_show_vmstat(struct text_out *t);
void proc_show_objects(struct text_out *t);
void proc_show_cpuinfo(struct text_out *t);
void proc_show_stat_all(struct text_out *t);
void proc_show_interrupts(struct text_out *t);
extern struct tree_entry proc_sysctl[];
