/* lib/manifest_rules.c -- a silo against its tier, family, mode and abi. */
/* SPDX-License-Identifier: MIT */
#include "lib/fmt.h"
#include "lib/manifest_read.h"
#include "lib/profile.h"

enum { MODE_C = 0700, MODE_H = 0070 };

static void octal(char buf[4], uint32_t mode)
{
	for (int i = 0; i < 3; i++)
		buf[i] = (char)('0' + (mode >> (6 - 3 * i) & 7));
	buf[3] = '\0';
}

static bool check_mode(struct manifest_reader *r, const struct manifest_silo *s,
    const struct profile *p)
{
	uint32_t line = manifest_line(s, "mode");
	char has[4], limit[4];

	octal(has, s->mode);
	if (s->sid >= SID_USER_FIRST && (s->mode & (MODE_C | MODE_H)) != 0)
		return manifest_fail(r, line,
		    "rule user tier: from sid 1000 on the digits C and H are "
		    "0, mode is %s",
		    has);
	octal(limit, p->mode_max);
	if ((s->mode & ~p->mode_max) != 0)
		return manifest_fail(r, line,
		    "rule %s: mode %s has more than the family's %s", p->name,
		    has, limit);
	octal(limit, p->mode_min);
	if ((p->mode_min & ~s->mode) != 0)
		return manifest_fail(r, line,
		    "rule %s: mode %s lacks some of the family's %s", p->name,
		    has, limit);
	return true;
}

static bool check_flow(struct manifest_reader *r, const struct manifest_silo *s,
    const struct profile *p)
{
	uint32_t more = s->flow & ~p->flow;

	for (int family = 0; family < FAMILIES; family++)
		if ((more & FLOW(family)) != 0)
			return manifest_fail(r, manifest_line(s, "flow"),
			    "rule %s: may not send to %s", p->name,
			    profile_of((enum silo_family)family)->name);
	return true;
}

/* A list of names in /srv needs its bit of the mode. */
static bool check_srv(struct manifest_reader *r, const struct manifest_silo *s)
{
	const struct {
		const struct manifest_list *names;
		const char *what;
		uint32_t bit;
	} all[] = {{&s->lookup, "lookup", MODE_LOOKUP},
	    {&s->bind, "bind", MODE_BIND}, {&s->proxy, "proxy", MODE_PROXY}};
	char has[4];

	octal(has, s->mode);
	for (size_t i = 0; i < COUNT(all); i++)
		if (all[i].names->count > 0 && (s->mode & all[i].bit) == 0)
			return manifest_fail(r, manifest_line(s, "srv"),
			    "rule mode: \"%s\" needs %u in the last digit, "
			    "mode "
			    "is %s",
			    all[i].what, all[i].bit, has);
	return true;
}

static bool check_limits(struct manifest_reader *r,
    const struct manifest_silo *s, const struct profile *p)
{
	if (s->sid < p->sid_first)
		return manifest_fail(r, manifest_line(s, "sid"),
		    "rule %s: sid is %u or more, not %u", p->name, p->sid_first,
		    s->sid);
	if (p->memory_max != 0 && s->memory > p->memory_max)
		return manifest_fail(r, manifest_line(s, "memory"),
		    "rule %s: memory is at most %luM", p->name,
		    (unsigned long)(p->memory_max >> 20));
	if (s->pageout && (!p->pageout || s->sid >= SID_USER_FIRST))
		return manifest_fail(r, manifest_line(s, "pageout"),
		    "rule pageout: for SYS, DRV and FS below sid 1000 only");
	if (s->wx && !s->abi_linux)
		return manifest_fail(r, manifest_line(s, "wx"),
		    "rule abi: wx = true needs abi = \"linux\"; native code "
		    "uses jit = true");
	if (s->strate_count > s->processes)
		return manifest_fail(r, manifest_line(s, "processes"),
		    "rule processes: %u are less than its %zu strates",
		    s->processes, s->strate_count);
	if (s->peers.count > SILO_PEERS_MAX)
		return manifest_fail(r, manifest_line(s, "peers"),
		    "rule peers: at most %d", SILO_PEERS_MAX);
	return true;
}

bool manifest_check_rules(
    struct manifest_reader *r, const struct manifest_silo *s)
{
	const struct profile *p = profile_of(s->family);

	return check_mode(r, s, p) && check_flow(r, s, p) && check_srv(r, s) &&
	       check_limits(r, s, p);
}
