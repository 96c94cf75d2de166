/* chevron/cmd/info.c -- version, times and the kernel's log. */
/* SPDX-License-Identifier: MIT */
#include "chevron/cmd/info.h"
#include "chevron/cmd/cmd.h"
#include "lib/file.h"
#include "lib/text.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

int cmd_version(struct shell *sh, int argc, char **argv)
{
	struct utsname u;

	(void)sh, (void)argc;
	if (uname(&u) != 0)
		return cmd_errno(argv[0], "uname");
	out_fmt(&cmd_out, "Strat9: Bedrock kernel, Chevron shell\n");
	out_fmt(&cmd_out, "%s %s %s %s %s\n", u.sysname, u.nodename, u.release,
	    u.version, u.machine);
	return 0;
}

int cmd_uptime(struct shell *sh, int argc, char **argv)
{
	time_t now = time(NULL);
	struct sysinfo info;
	struct tm tm;
	unsigned long up;

	(void)sh, (void)argc;
	if (sysinfo(&info) != 0)
		return cmd_errno(argv[0], "sysinfo");
	up = (unsigned long)info.uptime;
	if (localtime_r(&now, &tm) != NULL)
		out_fmt(&cmd_out, "%02d:%02d:%02d ", tm.tm_hour, tm.tm_min,
		    tm.tm_sec);
	out_fmt(&cmd_out, "up ");
	if (up >= 86400)
		out_fmt(&cmd_out, "%lu days ", up / 86400);
	out_fmt(&cmd_out, "%lu:%02lu:%02lu, %u processes, load", up / 3600 % 24,
	    up / 60 % 60, up % 60, info.procs);
	for (int i = 0; i < 3; i++)
		out_fmt(&cmd_out, " %lu.%02lu", info.loads[i] >> 16,
		    (info.loads[i] & 0xffff) * 100 >> 16);
	out_char(&cmd_out, '\n');
	return 0;
}

static int set_time(const char *name, const char *value)
{
	struct timespec t = {0};
	int64_t seconds;

	if (value[0] != '@' || !text_to_i64(value + 1, &seconds))
		return cmd_error(name, "%s: not @SECONDS since 1970", value);
	t.tv_sec = seconds;
	if (clock_settime(CLOCK_REALTIME, &t) != 0)
		return cmd_errno(name, "cannot set the time");
	return 0;
}

int cmd_date(struct shell *sh, int argc, char **argv)
{
	const char *format = "%a %b %e %H:%M:%S %Z %Y";
	time_t now = time(NULL);
	struct options o = {0};
	bool utc = false;
	char text[512];
	struct tm tm;
	int c;

	(void)sh;
	while ((c = options_next(&o, argc, argv, "us:d:")) != 0) {
		int64_t given = 0;

		if (c == '?')
			return STATUS_USAGE;
		utc |= c == 'u';
		if (c == 's')
			return set_time(argv[0], o.value);
		if (c == 'd' &&
		    (o.value[0] != '@' || !text_to_i64(o.value + 1, &given)))
			return cmd_error(
			    argv[0], "%s: not @SECONDS since 1970", o.value);
		if (c == 'd')
			now = given;
	}
	if (o.at < argc && argv[o.at][0] == '+')
		format = argv[o.at] + 1;
	else if (o.at < argc)
		return cmd_usage(argv[0]);
	if ((utc ? gmtime_r : localtime_r)(&now, &tm) == NULL)
		return cmd_errno(argv[0], "the time");
	if (*format != '\0' && strftime(text, sizeof(text), format, &tm) == 0)
		return cmd_error(argv[0], "the text of the time is too long");
	out_fmt(&cmd_out, "%s\n", *format ? text : "");
	return 0;
}

/* One record of /dev/kmsg: "prio,seq,usec,flags;text\n tags". */
static void print_record(char *s, size_t n)
{
	char *text, *stamp;
	uint64_t us;

	s[n] = '\0';
	text = strchr(s, ';');
	if (text == NULL) {
		out_str(&cmd_out, s);
		return;
	}
	stamp = strchr(s, ',');
	stamp = stamp ? strchr(stamp + 1, ',') : NULL;
	us = stamp ? text_lead_u64(stamp + 1, NULL) : 0;
	text++;
	*strchrnul(text, '\n') = '\0';
	out_fmt(&cmd_out, "[%5lu.%06lu] ", (unsigned long)(us / 1000000),
	    (unsigned long)(us % 1000000));
	out_str(&cmd_out, text);
	out_char(&cmd_out, '\n');
}

static int read_kmsg(const char *name, int fd, bool wait)
{
	char record[8193];
	ssize_t n;

	for (;;) {
		n = read(fd, record, sizeof(record) - 1);
		if (n > 0) {
			print_record(record, (size_t)n);
			if (wait)
				out_flush(&cmd_out);
		} else if (n == 0 || errno == EAGAIN || errno == EINTR) {
			return 0;
		} else if (errno != EPIPE) { /* records were overwritten */
			return cmd_errno(name, "cannot read /dev/kmsg");
		}
	}
}

static int read_klog(const char *name)
{
	int size = klogctl(10, NULL, 0), n;
	char *text;

	if (size < 0)
		return cmd_error(
		    name, "this system offers neither /dev/kmsg nor syslog");
	text = xmalloc((size_t)size + 1);
	n = klogctl(3, text, size);
	if (n < 0) {
		free(text);
		return cmd_errno(name, "cannot read the kernel's log");
	}
	out_mem(&cmd_out, text, (size_t)n);
	free(text);
	return 0;
}

int cmd_dmesg(struct shell *sh, int argc, char **argv)
{
	struct options o = {0};
	bool wait = false;
	int c, fd, status;

	(void)sh;
	while ((c = options_next(&o, argc, argv, "w")) != 0) {
		if (c == '?')
			return STATUS_USAGE;
		wait = true;
	}
	fd = open("/dev/kmsg", O_RDONLY | O_CLOEXEC | (wait ? 0 : O_NONBLOCK));
	if (fd < 0)
		return read_klog(argv[0]);
	status = read_kmsg(argv[0], fd, wait);
	close(fd);
	return status;
}
