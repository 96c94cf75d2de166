/* chevron/cmd/top.c -- processes, watched. */
/* SPDX-License-Identifier: MIT */
#include "chevron/cmd/cmd.h"
#include "chevron/cmd/ps.h"
#include "lib/file.h"
#include "lib/procfs.h"
#include "lib/text.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* What one look at the system saw; two make percentages. */
struct look {
	struct proc_info *list;
	int n;
	uint64_t busy, all; /* of all CPUs together, in 1/100 s */
	int cpus;
};

struct row {
	const struct proc_info *p;
	uint64_t ticks; /* since the last look */
};

struct screen {
	int rows, columns;
	bool live;
};

static void read_cpu(struct look *l)
{
	char text[4096], *line, *f[12];
	int n;

	if (file_read("/proc/stat", text, sizeof(text)) <= 0)
		return;
	for (line = text; (line = strstr(line, "\ncpu")) != NULL; line++)
		l->cpus++;
	line = strchrnul(text, '\n');
	*line = '\0';
	n = text_fields(text, f, 12);
	for (int i = 1; i < n && i <= 8; i++) {
		uint64_t v = text_lead_u64(f[i], NULL);

		l->all += v;
		if (i != 4 && i != 5) /* idle, waiting */
			l->busy += v;
	}
}

static struct look look_now(void)
{
	struct look l = {0};

	l.list = proc_list(&l.n);
	read_cpu(&l);
	return l;
}

static uint64_t ticks_before(const struct look *old, const struct proc_info *p)
{
	for (int i = 0; i < old->n; i++)
		if (old->list[i].pid == p->pid &&
		    old->list[i].start == p->start)
			return old->list[i].ticks;
	return 0;
}

static int by_use(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->ticks != y->ticks)
		return x->ticks < y->ticks ? 1 : -1;
	if (x->p->rss != y->p->rss)
		return x->p->rss < y->p->rss ? 1 : -1;
	return x->p->pid - y->p->pid;
}

static void end_line(const struct screen *s)
{
	out_str(&cmd_out, s->live ? "\033[K\n" : "\n");
}

static void print_head(
    const struct screen *s, const struct look *old, const struct look *now)
{
	uint64_t all = now->all - old->all, busy = now->busy - old->busy;
	uint64_t total = 0, available = 0;
	char text[8192], load[64] = "", size[16], uptime[64];
	int running = 0;
	const char *end;

	for (int i = 0; i < now->n; i++)
		running += now->list[i].state == 'R';
	if (file_read("/proc/uptime", uptime, sizeof(uptime)) > 0) {
		unsigned long up = text_lead_u64(uptime, &end);

		out_fmt(&cmd_out, "up %lu:%02lu:%02lu  ", up / 3600,
		    up / 60 % 60, up % 60);
	}
	if (file_read("/proc/loadavg", load, sizeof(load)) > 0)
		out_fmt(&cmd_out, "load %.*s  ", 14, load);
	out_fmt(&cmd_out, "%d processes, %d running", now->n, running);
	end_line(s);
	if (all > 0)
		out_fmt(&cmd_out, "CPU %3lu%% of %d  ",
		    (unsigned long)(busy * 100 / all), now->cpus);
	if (file_read("/proc/meminfo", text, sizeof(text)) > 0 &&
	    text_key_u64(text, "MemTotal", &total)) {
		if (!text_key_u64(text, "MemAvailable", &available))
			text_key_u64(text, "MemFree", &available);
		text_size(size, (total - available) * 1024);
		out_fmt(&cmd_out, "memory %s used", size);
		text_size(size, total * 1024);
		out_fmt(&cmd_out, " of %s", size);
	}
	end_line(s);
	end_line(s);
}

static void print_rows(
    const struct screen *s, const struct look *old, const struct look *now)
{
	uint64_t all = (now->all - old->all) / (now->cpus ? now->cpus : 1);
	struct row *rows = xmalloc((size_t)now->n * sizeof(*rows));
	int shown = s->live && s->rows > 6 ? s->rows - 6 : now->n;

	for (int i = 0; i < now->n; i++) {
		uint64_t before = ticks_before(old, &now->list[i]);

		rows[i].p = &now->list[i];
		rows[i].ticks = now->list[i].ticks > before
		                    ? now->list[i].ticks - before
		                    : 0;
	}
	qsort(rows, (size_t)now->n, sizeof(*rows), by_use);
	out_str(&cmd_out, "  PID S  NI THR    RSS  CPU%   TIME  COMMAND");
	end_line(s);
	for (int i = 0; i < now->n && i < shown; i++) {
		const struct proc_info *p = rows[i].p;
		uint64_t use = all ? rows[i].ticks * 1000 / all : 0;
		char command[256], rss[16];

		proc_cmdline(p, command, sizeof(command));
		text_size(rss, p->rss * 4096);
		out_fmt(&cmd_out,
		    "%5d %c %3d %3d %6s %3lu.%lu %3lu:%02lu  %.*s", p->pid,
		    p->state, p->nice, p->threads, rss, (unsigned long)use / 10,
		    (unsigned long)use % 10, (unsigned long)p->ticks / 6000,
		    (unsigned long)p->ticks / 100 % 60,
		    s->columns > 50 ? s->columns - 42 : 40, command);
		end_line(s);
	}
	free(rows);
}

/* Wait, looking at the keyboard; true: stop. */
static bool wait_key(const struct screen *s, uint64_t ns)
{
	struct pollfd fd = {.fd = s->live ? 0 : -1, .events = POLLIN};
	int n = poll(&fd, 1, (int)(ns / 1000000 % 86400000));
	char c = 0;

	if (n < 0)
		return errno != EINTR || shell_interrupted();
	if (n > 0 && read(0, &c, 1) != 1)
		return true;
	return c == 'q' || c == 'Q' || c == 3;
}

static void learn_size(struct screen *s)
{
	struct winsize w = {0};

	s->rows = 25;
	s->columns = 80;
	if (ioctl(1, TIOCGWINSZ, &w) == 0 && w.ws_row > 0) {
		s->rows = w.ws_row;
		s->columns = w.ws_col;
	}
}

static int run(const char *name, struct screen *s, int64_t turns, uint64_t ns)
{
	struct look old = {0}, now;

	for (int64_t i = 0; turns < 0 || i < turns; i++) {
		now = look_now();
		if (now.list == NULL) {
			free(old.list);
			return cmd_errno(name, "cannot read /proc");
		}
		learn_size(s);
		if (s->live)
			out_str(&cmd_out, "\033[H");
		print_head(s, &old, &now);
		print_rows(s, &old, &now);
		if (s->live)
			out_str(&cmd_out, "\033[J");
		else
			out_char(&cmd_out, '\n');
		free(old.list);
		old = now;
		if (out_flush(&cmd_out) != 0 ||
		    (i + 1 != turns && wait_key(s, ns)))
			break;
	}
	free(old.list);
	return 0;
}

int cmd_top(struct shell *sh, int argc, char **argv)
{
	struct screen s = {.live = isatty(0) && isatty(1)};
	struct termios cooked, raw;
	struct options o = {0};
	uint64_t ns = 2000000000;
	int64_t turns = -1;
	int c, status;

	(void)sh;
	while ((c = options_next(&o, argc, argv, "n:d:b")) != 0) {
		if (c == '?')
			return STATUS_USAGE;
		if (c == 'n' && (!text_to_i64(o.value, &turns) || turns < 1))
			return cmd_error(
			    argv[0], "%s: not a number of turns", o.value);
		if (c == 'd' && !text_to_ns(o.value, &ns))
			return cmd_error(argv[0], "%s: not a time", o.value);
		s.live &= c == 'd';
	}
	if (!s.live && turns < 0)
		turns = 1;
	if (s.live && tcgetattr(0, &cooked) == 0) {
		raw = cooked;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		tcsetattr(0, TCSADRAIN, &raw);
		out_str(&cmd_out, "\033[H\033[2J");
	}
	status = run(argv[0], &s, turns, ns);
	if (s.live)
		tcsetattr(0, TCSADRAIN, &cooked);
	return status;
}
