/* lib/procfs.h -- what /proc says about one process. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct proc_info {
	int pid, ppid, pgrp, session, tty;
	char state;
	char comm[32];
	uint64_t ticks; /* user + system time, in 1/100 s */
	uint64_t start; /* 1/100 s after boot */
	uint64_t vsize; /* bytes */
	uint64_t rss;   /* pages */
	int nice, threads;
};

/* Parse one line of /proc/PID/stat.  The name may hold blanks and brackets. */
bool proc_parse_stat(const char *line, struct proc_info *out);
/* Read /proc/PID/stat.  false: the process is gone. */
bool proc_read(int pid, struct proc_info *out);
/* All processes, sorted by pid, in fresh memory (free it); NULL with errno. */
struct proc_info *proc_list(int *count);
/* The command line of a process with blanks between its arguments, or its
 * name in [brackets] when it has none.  Cut to fit. */
void proc_cmdline(const struct proc_info *p, char *buf, int cap);
