/* chevron/cmd/ps.c -- the list of processes. */
/* SPDX-License-Identifier: MIT */
#include "chevron/cmd/ps.h"
#include "chevron/cmd/cmd.h"
#include "lib/fmt.h"
#include "lib/procfs.h"
#include "lib/text.h"
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static void tty_name(unsigned device, char buf[16])
{
	unsigned m = minor(device);

	switch (major(device)) {
	case 4:
		if (m >= 64)
			fmt_buf(buf, 16, "ttyS%u", m - 64);
		else
			fmt_buf(buf, 16, "tty%u", m);
		break;
	case 136:
		fmt_buf(buf, 16, "pts/%u", m);
		break;
	default:
		if (device == 0)
			fmt_buf(buf, 16, "-");
		else
			fmt_buf(buf, 16, "%u,%u", major(device), m);
	}
}

static void print_process(const struct proc_info *p, bool longs, int width)
{
	char command[1024], tty[16], rss[16];
	uint64_t seconds = p->ticks / 100;
	int used;

	proc_cmdline(p, command, sizeof(command));
	tty_name((unsigned)p->tty, tty);
	text_size(rss, p->rss * 4096);
	out_fmt(&cmd_out, "%5d ", p->pid);
	used = 6 + 9 + 7 + 9;
	if (longs) {
		out_fmt(&cmd_out, "%5d %5d %5d %3d %3d ", p->ppid, p->pgrp,
		    p->session, p->nice, p->threads);
		used += 26;
	}
	out_fmt(&cmd_out, "%-6s %c %6s %3lu:%02lu  %.*s\n", tty, p->state, rss,
	    (unsigned long)seconds / 60, (unsigned long)seconds % 60,
	    width > used ? width - used : 1000, command);
}

int cmd_ps(struct shell *sh, int argc, char **argv)
{
	struct options o = {0};
	struct proc_info *list;
	struct winsize w;
	bool longs = false;
	int c, n, width = 0;

	(void)sh;
	while ((c = options_next(&o, argc, argv, "leaf")) != 0) {
		if (c == '?')
			return STATUS_USAGE;
		longs |= c == 'l';
	}
	list = proc_list(&n);
	if (list == NULL)
		return cmd_errno(argv[0], "cannot read /proc");
	if (ioctl(1, TIOCGWINSZ, &w) == 0)
		width = w.ws_col;
	out_fmt(&cmd_out, "  PID %sTTY    S    RSS   TIME  COMMAND\n",
	    longs ? " PPID  PGRP   SID  NI THR " : "");
	for (int i = 0; i < n; i++)
		print_process(&list[i], longs, width);
	free(list);
	return 0;
}
