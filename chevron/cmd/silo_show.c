/* chevron/cmd/silo_show.c -- silo list, info, events; strate list, info. */
/* SPDX-License-Identifier: MIT */
#include "chevron/cmd/cmd.h"
#include "chevron/cmd/silo.h"
#include "lib/event.h"
#include "lib/fmt.h"
#include "lib/init_client.h"
#include "lib/profile.h"
#include "lib/text.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { PAGE = 4096, EVENTS = 32, MS = 1000000, SECOND = 1000000000 };

static const char *family_name(uint32_t label)
{
	const struct profile *p =
	    profile_of((enum silo_family)LABEL_FAMILY(label));

	return p != NULL ? p->name : "?";
}

static const char *state_name(const struct init_silo *s)
{
	static const char *const states[] = {
	    "created", "running", "suspended", "stopping", "dead", "destroyed"};
	static const char *const wishes[] = {
	    NULL, NULL, "waiting", "down", "failed", "leaving"};
	uint32_t state = s->info.state;

	if (s->status < COUNT(wishes) && wishes[s->status] != NULL)
		return wishes[s->status];
	return state < COUNT(states) ? states[state] : "?";
}

static void restart_name(const struct init_silo *s, char buf[24])
{
	if (s->origin != INIT_OF_MANIFEST && s->origin != INIT_OF_SPAWN)
		fmt_buf(buf, 24, "-");
	else if (s->restart == 2)
		fmt_buf(buf, 24, "limited:%u", s->restart_limit);
	else
		fmt_buf(buf, 24, s->restart == 1 ? "always" : "never");
}

int silo_cmd_list(struct shell *sh, int argc, char **argv)
{
	struct init_silo s;
	uint32_t sid = 0;
	char size[16], restart[24];
	int e;

	(void)sh, (void)argv;
	if (argc > 1)
		return cmd_usage("silo");
	out_fmt(&cmd_out, "%6s %-20s %-6s MODE %-9s %7s %5s %-11s STARTS\n",
	    "SID", "NAME", "FAMILY", "STATE", "MEMORY", "PROCS", "RESTART");
	while ((e = init_list(sid, &s)) == 0) {
		sid = s.info.sid;
		text_size(size, s.info.used[QUOTA_MEMORY] * PAGE);
		restart_name(&s, restart);
		out_fmt(&cmd_out,
		    "%6u %-20s %-6s  %03o %-9s %7s %5lu %-11s %6u\n", sid,
		    s.info.name, family_name(s.info.label), s.info.mode,
		    state_name(&s), size,
		    (unsigned long)s.info.used[QUOTA_PROCESSES], restart,
		    s.info.starts);
	}
	return e == -ESRCH ? 0 : silo_failed("list", e);
}

static void reason_text(const struct silo_event *r, char buf[64])
{
	const char *name = signal_name((int)r->signal);

	buf[0] = '\0';
	if (r->kind != SILO_EV_STRATE_END && r->kind != SILO_EV_END)
		return;
	if (r->signal == 0)
		fmt_buf(buf, 64, "status %d", r->code);
	else if (r->address != 0)
		fmt_buf(buf, 64, "signal %s at 0x%lx", name ? name : "?",
		    (unsigned long)r->address);
	else
		fmt_buf(buf, 64, "signal %s", name ? name : "?");
}

static const char *record_name(uint32_t kind)
{
	static const char *const names[] = {"-", "started", "suspended",
	    "resumed", "stopping", "strate ended", "ended", "destroyed"};

	return kind < COUNT(names) ? names[kind] : "?";
}

static void print_quota(
    const char *name, const struct silo_info *i, enum silo_quota q)
{
	unsigned long used = i->used[q], quota = i->quota[q];
	unsigned scale = q == QUOTA_MEMORY ? PAGE / 1024 : 1;
	const char *unit = q == QUOTA_MEMORY ? " KiB" : "";

	if (i->quota[q] == QUOTA_NONE || quota == 0)
		out_fmt(&cmd_out, "%-12s %lu%s\n", name, used * scale, unit);
	else
		out_fmt(&cmd_out, "%-12s %lu of %lu%s\n", name, used * scale,
		    quota * scale, unit);
}

static void print_flow(uint32_t flow)
{
	out_fmt(&cmd_out, "%-12s", "may send to");
	for (unsigned f = 0; f < FAMILIES; f++)
		if ((flow & FLOW(f)) && profile_of((enum silo_family)f))
			out_fmt(&cmd_out, " %s",
			    profile_of((enum silo_family)f)->name);
	out_char(&cmd_out, '\n');
}

static void print_life(const struct init_silo *s)
{
	static const char *const origins[] = {
	    "others", "the manifest", "silo spawn", "silo run"};
	char text[64];

	restart_name(s, text);
	out_fmt(&cmd_out, "%-12s %s\n%-12s %s\n%-12s %s\n", "state",
	    state_name(s), "made by",
	    s->origin < COUNT(origins) ? origins[s->origin] : "?", "restart",
	    text);
	if (s->status == INIT_WAITING && s->due_ns > 0)
		out_fmt(&cmd_out, "%-12s %lu ms\n", "starts in",
		    (unsigned long)(s->due_ns / MS));
	out_fmt(&cmd_out, "%-12s %u, own faults in a row: %u\n", "starts",
	    s->info.starts, s->faults);
	reason_text(&s->info.last, text);
	out_fmt(&cmd_out, "%-12s %s %s\n", "last record",
	    record_name(s->info.last.kind), text);
}

static void print_silo(const struct init_silo *s)
{
	const struct silo_info *i = &s->info;

	out_fmt(
	    &cmd_out, "%-12s %s\n%-12s %u\n", "name", i->name, "sid", i->sid);
	out_fmt(&cmd_out, "%-12s %08x (%s, compartment %x)\n", "label",
	    i->label, family_name(i->label), LABEL_COMPARTMENT(i->label));
	out_fmt(&cmd_out, "%-12s %03o\n%-12s %s\n", "mode", i->mode, "abi",
	    i->flags & SILO_LINUX ? "linux" : "native");
	print_flow(i->flow);
	print_life(s);
	print_quota("memory", i, QUOTA_MEMORY);
	out_fmt(&cmd_out, "%-12s %lu KiB\n", "at most",
	    (unsigned long)i->memory_peak * PAGE / 1024);
	print_quota("processes", i, QUOTA_PROCESSES);
	print_quota("threads", i, QUOTA_THREADS);
	print_quota("descriptors", i, QUOTA_DESCRIPTORS);
	out_fmt(&cmd_out, "%-12s %u, used %lu ms\n", "cpu weight",
	    i->cpu_weight, (unsigned long)i->cpu_ns / MS);
	if (i->refused > 0)
		out_fmt(&cmd_out, "%-12s %u calls\n", "refused", i->refused);
}

static void print_strates(const char *target)
{
	struct init_strate p[16];
	int n = init_strates(target, p, COUNT(p));

	for (int k = 0; k < n; k++)
		out_fmt(&cmd_out, "%-12s %s, %s, pid %u, starts %u\n", "strate",
		    p[k].name, p[k].binary, p[k].pid, p[k].starts);
}

int silo_cmd_info(struct shell *sh, int argc, char **argv)
{
	int status = 0;

	(void)sh;
	if (argc < 2)
		return cmd_usage("silo");
	for (int i = 1; i < argc; i++) {
		struct init_silo s;
		int e = init_info(argv[i], &s);

		if (e != 0) {
			status = silo_failed(argv[i], e);
			continue;
		}
		if (i > 1)
			out_char(&cmd_out, '\n');
		print_silo(&s);
		print_strates(argv[i]);
	}
	return status;
}

static void print_event(const struct init_event *e)
{
	char reason[64];

	reason_text(&e->record, reason);
	out_fmt(&cmd_out, "%5lu.%06lu %6u %-20s %s",
	    (unsigned long)(e->record.time / SECOND),
	    (unsigned long)(e->record.time % SECOND / 1000), e->record.sid,
	    e->name, record_name(e->record.kind));
	if (e->record.pid != 0)
		out_fmt(&cmd_out, " pid %u", e->record.pid);
	if (reason[0] != '\0')
		out_fmt(&cmd_out, ", %s", reason);
	if (e->action == INIT_RESTARTS)
		out_fmt(&cmd_out, ", starts again in %lu ms",
		    (unsigned long)(e->delay_ns / MS));
	if (e->action == INIT_GIVES_UP)
		out_str(&cmd_out, ", left down");
	out_char(&cmd_out, '\n');
}

/* Print what there is from number *from on.  0 or a negative error. */
static int print_events(uint64_t *from, const char *only, int event)
{
	struct init_event list[EVENTS];
	int n;

	do {
		n = init_events(from, list, COUNT(list), event);
		for (int i = 0; i < n; i++)
			if (only == NULL || strcmp(only, list[i].name) == 0)
				print_event(&list[i]);
	} while (n == EVENTS);
	out_flush(&cmd_out);
	return n < 0 ? n : 0;
}

int silo_cmd_events(struct shell *sh, int argc, char **argv)
{
	struct options o = {0};
	bool follow = false;
	uint64_t from = 0, bits;
	const char *only;
	int c, event = -1, e;

	(void)sh;
	while ((c = options_next(&o, argc, argv, "f")) != 0) {
		if (c == '?')
			return cmd_usage("silo");
		follow = true;
	}
	if (argc - o.at > 1)
		return cmd_usage("silo");
	only = o.at < argc ? argv[o.at] : NULL;
	if (follow)
		event = (int)event_create(EVENT_CLOEXEC);
	do
		e = print_events(&from, only, event);
	while (e == 0 && event >= 0 && !shell_interrupted() &&
	       event_wait(event, 1, EVENT_FOREVER, 0, &bits) == 0);
	if (event >= 0)
		close(event);
	return e == 0 ? 0 : silo_failed("events", e);
}

static int strates_of(const char *target)
{
	struct init_strate p[16];
	int n = init_strates(target, p, COUNT(p));

	for (int i = 0; i < n; i++)
		out_fmt(&cmd_out, "%-20s %6u %6u %6u %s\n", p[i].name, p[i].sid,
		    p[i].pid, p[i].starts, p[i].binary);
	return n < 0 ? silo_failed(target, n) : 0;
}

/* strate list; strate info SILO... */
int silo_cmd_strates(struct shell *sh, int argc, char **argv)
{
	struct init_silo s;
	uint32_t sid = 0;
	char number[16];
	int e, status = 0;

	(void)sh;
	if (argc < 2 && strcmp(argv[0], "info") == 0)
		return cmd_usage("strate");
	out_fmt(&cmd_out, "%-20s %6s %6s %6s BINARY\n", "NAME", "SID", "PID",
	    "STARTS");
	for (int i = 1; i < argc; i++)
		status |= strates_of(argv[i]);
	if (argc > 1)
		return status;
	while ((e = init_list(sid, &s)) == 0) {
		sid = s.info.sid;
		fmt_buf(number, sizeof(number), "%u", sid);
		status |= strates_of(number);
	}
	return e == -ESRCH ? status : silo_failed("list", e);
}
