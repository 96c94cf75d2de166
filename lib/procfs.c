/* lib/procfs.c -- what /proc says about one process. */
/* SPDX-License-Identifier: MIT */
#include "lib/procfs.h"
#include "lib/file.h"
#include "lib/fmt.h"
#include "lib/text.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

/* Fields of stat after the name, as proc(5) numbers them from 3 on. */
enum {
	F_STATE = 0,
	F_PPID = 1,
	F_PGRP = 2,
	F_SESSION = 3,
	F_TTY = 4,
	F_UTIME = 11,
	F_STIME = 12,
	F_NICE = 16,
	F_THREADS = 17,
	F_START = 19,
	F_VSIZE = 20,
	F_RSS = 21,
	F_COUNT = 22,
};

static int64_t field(char **f, int i)
{
	int64_t v = 0;

	return text_to_i64(f[i], &v) ? v : 0;
}

bool proc_parse_stat(const char *line, struct proc_info *out)
{
	const char *open = strchr(line, '('), *close = strrchr(line, ')');
	char rest[512], *f[F_COUNT];
	size_t n;

	if (open == NULL || close == NULL || close < open)
		return false;
	fmt_buf(rest, sizeof(rest), "%s", close + 1);
	if (text_fields(rest, f, F_COUNT) < F_COUNT)
		return false;
	memset(out, 0, sizeof(*out));
	out->pid = (int)text_lead_u64(line, NULL);
	n = (size_t)(close - open - 1);
	if (n >= sizeof(out->comm))
		n = sizeof(out->comm) - 1;
	memcpy(out->comm, open + 1, n);
	out->state = f[F_STATE][0];
	out->ppid = (int)field(f, F_PPID);
	out->pgrp = (int)field(f, F_PGRP);
	out->session = (int)field(f, F_SESSION);
	out->tty = (int)field(f, F_TTY);
	out->ticks = (uint64_t)(field(f, F_UTIME) + field(f, F_STIME));
	out->nice = (int)field(f, F_NICE);
	out->threads = (int)field(f, F_THREADS);
	out->start = (uint64_t)field(f, F_START);
	out->vsize = (uint64_t)field(f, F_VSIZE);
	out->rss = (uint64_t)field(f, F_RSS);
	return true;
}

bool proc_read(int pid, struct proc_info *out)
{
	char path[32], line[1024];

	fmt_buf(path, sizeof(path), "/proc/%d/stat", pid);
	return file_read(path, line, sizeof(line)) > 0 &&
	       proc_parse_stat(line, out);
}

static int by_pid(const void *a, const void *b)
{
	const struct proc_info *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

struct proc_info *proc_list(int *count)
{
	DIR *d = opendir("/proc");
	struct proc_info *list = NULL, *wider;
	int n = 0, cap = 0;
	struct dirent *e;
	int64_t pid;

	if (d == NULL)
		return NULL;
	while ((e = readdir(d)) != NULL) {
		if (!text_to_i64(e->d_name, &pid))
			continue;
		if (n == cap) {
			cap = cap ? cap * 2 : 32;
			wider = realloc(list, (size_t)cap * sizeof(*list));
			if (wider == NULL)
				break;
			list = wider;
		}
		if (proc_read((int)pid, &list[n]))
			n++;
	}
	closedir(d);
	if (list != NULL)
		qsort(list, (size_t)n, sizeof(*list), by_pid);
	else
		list = malloc(1);
	*count = n;
	return list;
}

void proc_cmdline(const struct proc_info *p, char *buf, int cap)
{
	char path[32];
	ssize_t n;

	fmt_buf(path, sizeof(path), "/proc/%d/cmdline", p->pid);
	n = file_read(path, buf, (size_t)cap);
	while (n > 0 && buf[n - 1] == '\0')
		n--;
	if (n <= 0) {
		fmt_buf(buf, (size_t)cap, "[%s]", p->comm);
		return;
	}
	for (ssize_t i = 0; i < n; i++)
		if ((unsigned char)buf[i] < ' ')
			buf[i] = ' ';
	buf[n] = '\0';
}
