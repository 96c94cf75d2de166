/* strates/init/manage.c -- what silos there are to be: boot, reload, requests. */
/* SPDX-License-Identifier: MIT */
#include "abi/rights.h"
#include "lib/fmt.h"
#include "lib/silo.h"
#include "strates/init/setup.h"
#include "strates/init/silos.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum {
	RUN_FIRST_SID = 100000, /* init numbers what it is not told from here */
	RUN_UNUSED_MS = 10000,  /* a silo in which nothing is started */
	LOOK_MS = 50,
};

#define MS ((uint64_t)1000000)

static uint32_t next_sid = RUN_FIRST_SID;

/* A number that no managed silo has; it is not given out twice. */
static uint32_t free_sid(void)
{
	while (silos_find(next_sid, NULL) != NULL)
		next_sid++;
	return next_sid++;
}

uint32_t silos_number(void)
{
	return free_sid();
}

static int add(
    struct config *c, const struct manifest_silo *m, enum init_origin origin)
{
	struct managed *s = silo_new();

	if (s == NULL)
		return -ENOMEM;
	silo_set(s, config_get(c), m);
	s->origin = origin;
	s->wanted = true;
	return 0;
}

static void add_told(
    struct config *c, const struct manifest_silo *m, enum init_origin origin)
{
	if (add(c, m, origin) != 0)
		console_line("no room for another silo");
}

void silos_boot(struct config *c)
{
	for (size_t i = 0; i < c->m->count; i++)
		add_told(c, &c->m->silos[c->m->order[i]], INIT_OF_MANIFEST);
	config_put(c);
}

void silo_end(struct managed *s)
{
	s->wanted = false;
	s->by_hand = true;
	s->kill_at = 0;
	if (s->up && silo_control(s->fd, SILO_STOP) == 0)
		s->kill_at = clock_ns() + STOP_ASKED_MS * MS;
}

static const struct manifest_silo *with_sid(
    const struct manifest *m, uint32_t sid)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->silos[i].sid == sid)
			return &m->silos[i];
	return NULL;
}

static void set_next(
    struct managed *s, struct config *c, const struct manifest_silo *m)
{
	config_put(s->next);
	s->next = c != NULL ? config_get(c) : NULL;
	s->next_m = m;
}

/* A silo of the manifest before: m is what the new one says of it, or NULL. */
static void renew(struct managed *s, struct config *c,
    const struct manifest_silo *m, uint64_t counts[3])
{
	struct supervisor history = s->supervisor;
	size_t first = s->m->strate_count;

	if (m != NULL && !s->leaving && config_grown(s->m, m)) {
		counts[2]++;
		silo_set(s, config_get(c), m);
		s->supervisor = history;
		if (s->up && !s->broken)
			(void)silo_start_parts(s, first); /* told there */
		return;
	}
	if (m == NULL || s->leaving || !config_same(s->m, m)) {
		counts[m == NULL ? 1 : 2]++;
		set_next(s, m != NULL ? c : NULL, m);
		silo_end(s);
		s->leaving = true;
		return;
	}
	if (strcmp(s->name, m->name) != 0) {
		counts[2]++;
		if (s->fd >= 0)
			silo_rename(s->fd, m->name);
	}
	silo_set(s, config_get(c), m);
	s->supervisor = history;
}

void silos_reload(struct config *c, uint64_t counts[3])
{
	struct managed *s;

	for (size_t i = 0; (s = silos_at(i)) != NULL; i++)
		if (s->origin == INIT_OF_MANIFEST)
			renew(s, c, with_sid(c->m, s->sid), counts);
	for (size_t i = 0; i < c->m->count; i++) {
		const struct manifest_silo *m = &c->m->silos[c->m->order[i]];

		s = silos_find(m->sid, NULL);
		if (s != NULL && s->origin == INIT_OF_MANIFEST)
			continue;
		counts[0]++;
		add_told(c, m, INIT_OF_MANIFEST);
	}
	config_put(c);
}

/* Whether a silo of a text may be taken in; *there: in place of that one. */
static int check_spawn(
    const struct manifest_silo *m, bool replace, struct managed **there)
{
	struct managed *named = silos_find(0, m->name);

	*there = silos_find(m->sid, NULL);
	if (*there != NULL && (!replace || (*there)->m == NULL))
		return -EEXIST;
	return named != NULL && named != *there ? -EEXIST : 0;
}

int silos_spawn(struct config *c, bool replace)
{
	uint64_t counts[3] = {0};
	struct managed *s;
	int e = 0;

	for (size_t i = 0; i < c->m->count && e == 0; i++)
		e = check_spawn(&c->m->silos[i], replace, &s);
	for (size_t i = 0; i < c->m->count && e == 0; i++) {
		const struct manifest_silo *m = &c->m->silos[c->m->order[i]];

		e = check_spawn(m, replace, &s);
		if (e == 0 && s != NULL)
			renew(s, c, m, counts);
		else if (e == 0)
			e = add(c, m, INIT_OF_SPAWN);
	}
	config_put(c);
	return e;
}

/* By the profile of applications, but with a session's counts: no quotas. */
static int run_config(const char *name, uint32_t sid, struct silo_config *how)
{
	struct manifest_error e;
	char text[300];
	struct config *c;

	fmt_buf(text, sizeof(text),
	    "[[silos]]\nname = \"%.20s-%u\"\nsid = %u\nfamily = \"USR\"\n"
	    "mode = \"000\"\nabi = \"linux\"\n"
	    "strates = [{name = \"program\", binary = \"/\"}]\n",
	    name, sid, sid);
	c = config_read(text, strlen(text), &e);
	if (c == NULL)
		return -EINVAL;
	*how = config_of(c->m, &c->m->silos[0]);
	how->quota[QUOTA_PROCESSES] = 0;
	how->quota[QUOTA_THREADS] = 0;
	how->quota[QUOTA_DESCRIPTORS] = 0;
	config_put(c);
	return 0;
}

/*
 * The descriptor that made the silo goes to who asked; init opens another, as
 * each opening gives every record once.
 */
int silos_run(const char *name, struct managed **out, int *give)
{
	struct silo_config how;
	uint32_t sid = free_sid();
	int e = run_config(name, sid, &how);
	struct managed *s = e == 0 ? silo_new() : NULL;

	if (s == NULL)
		return e != 0 ? e : -ENOMEM;
	s->origin = INIT_OF_RUN;
	s->sid = sid;
	s->kill_at = clock_ns() + RUN_UNUSED_MS * MS;
	memcpy(s->name, how.name, sizeof(s->name));
	*give = silo_create(&how);
	if (*give >= 0)
		s->fd = silo_open(
		    sid, RIGHT_READ | RIGHT_WAIT | RIGHT_SIGNAL | RIGHT_MANAGE);
	if (s->fd < 0) {
		e = -errno;
		s->leaving = true;
		return e;
	}
	fcntl(*give, F_SETFD, FD_CLOEXEC);
	fcntl(s->fd, F_SETFD, FD_CLOEXEC);
	fcntl(s->fd, F_SETFL, O_NONBLOCK);
	*out = s;
	return 0;
}

static int start(struct managed *s)
{
	if (s->m == NULL || s->leaving)
		return -EBUSY;
	if (s->up)
		return -EALREADY;
	s->supervisor = supervisor_new(s->m);
	s->wanted = true;
	s->due = 0;
	return silo_start_now(s);
}

static int control(struct managed *s, enum silo_op op)
{
	if (s->fd < 0 || !s->up)
		return -ESRCH;
	return silo_control(s->fd, op) == 0 ? 0 : -errno;
}

int silo_do(struct managed *s, enum init_verb verb)
{
	switch (verb) {
	case INIT_START:
		return start(s);
	case INIT_STOP:
		if (!s->up && !s->wanted)
			return -ESRCH;
		s->wanted = false;
		s->by_hand = true;
		return s->up ? control(s, SILO_STOP) : 0;
	case INIT_KILL:
		if (s->up)
			s->by_hand = true;
		return control(s, SILO_KILL);
	case INIT_DESTROY:
		set_next(s, NULL, NULL);
		s->wanted = false;
		s->leaving = true;
		if (s->fd >= 0)
			silo_control(s->fd, SILO_DESTROY);
		return 0;
	case INIT_SUSPEND:
		return control(s, SILO_SUSPEND);
	case INIT_RESUME:
		return control(s, SILO_RESUME);
	default:
		return -EINVAL;
	}
}

int silo_set_name(struct managed *s, const char *name)
{
	if (silos_find(0, name) != NULL)
		return -EEXIST;
	if (name[0] == '\0' || name[0] <= '9' || strlen(name) >= SILO_NAME_MAX)
		return -EINVAL;
	for (const char *c = name; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~')
			return -EINVAL;
	if (s->fd >= 0 && silo_rename(s->fd, name) != 0)
		return -errno;
	memcpy(s->name, name, strlen(name) + 1);
	return 0;
}

/* Whether something that still runs comes after s. */
static bool is_needed(const struct managed *s)
{
	const struct managed *o;

	for (size_t i = 0; (o = silos_at(i)) != NULL; i++) {
		if (!o->up || o->m == NULL || o == s)
			continue;
		for (size_t k = 0; k < o->m->after.count; k++) {
			size_t index = o->m->after_index[k];

			if (o->config->m->silos[index].sid == s->sid)
				return true;
		}
	}
	return false;
}

/* Ask, and then kill, all that nothing needs.  How many still run. */
static size_t shutdown_turn(void)
{
	struct managed *s;
	size_t up = 0;

	for (size_t i = 0; (s = silos_at(i)) != NULL; i++) {
		s->wanted = false;
		if (!s->up)
			continue;
		up++;
		if (s->kill_at != 0 && s->kill_at <= clock_ns())
			silo_control(s->fd, SILO_KILL);
		else if (s->kill_at == 0 && !is_needed(s))
			silo_end(s);
	}
	return up;
}

void silos_shutdown(void)
{
	static struct pollfd p[MANAGED_MAX];
	uint64_t give_up = clock_ns() + 4 * STOP_ASKED_MS * MS;

	while (shutdown_turn() > 0 && clock_ns() < give_up) {
		size_t n = silos_poll(p, COUNT(p));

		poll(p, n, LOOK_MS);
		for (size_t i = 0; i < n; i++)
			if (p[i].revents != 0)
				silos_ready(p[i].fd);
	}
}
