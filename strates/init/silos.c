/* strates/init/silos.c -- starting silos, reading their records, their ends. */
/* SPDX-License-Identifier: MIT */
#include "strates/init/silos.h"
#include "lib/fmt.h"
#include "lib/out.h"
#include "lib/silo.h"
#include "strates/init/control.h"
#include "strates/init/events.h"
#include "strates/init/launch.h"
#include "strates/init/setup.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * One table under one lock, which the main thread holds but for its waiting,
 * and the control port's thread while it answers.  Only the main thread closes
 * descriptors of silos and removes them: it polls them without the lock.
 *
 * Records of a silo come in order, but later than what they tell.  So they are
 * read until there are no more, and only then its state decides: a silo that
 * Bedrock calls dead has no record under way.
 */

#define MS ((uint64_t)1000000)

enum { SID_LEFT_MS = 10, SID_TRIES = 500, RECORDS = 16 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct managed *table[MANAGED_MAX + 1]; /* ends with a NULL */
static size_t count;

void silos_lock(void)
{
	pthread_mutex_lock(&lock);
}

void silos_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

[[gnu::format(printf, 2, 3)]] static void tell(
    const struct managed *s, const char *f, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, f);
	fmt_v(text, sizeof(text), f, ap);
	va_end(ap);
	fd_fmt(2, "init: silo %s: %s\n", s->name, text);
}

struct managed *silos_at(size_t i)
{
	return table[i];
}

struct managed *silo_new(void)
{
	struct managed *s;

	if (count == MANAGED_MAX)
		return NULL;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->fd = -1;
	table[count++] = s;
	return s;
}

void silo_set(
    struct managed *s, struct config *c, const struct manifest_silo *m)
{
	config_put(s->config);
	s->config = c;
	s->m = m;
	s->sid = m->sid;
	s->supervisor = supervisor_new(m);
	fmt_buf(s->name, sizeof(s->name), "%s", m->name);
}

static void remove_at(size_t i)
{
	struct managed *s = table[i];

	memmove(&table[i], &table[i + 1], (count - i) * sizeof(table[0]));
	count--;
	config_put(s->config);
	config_put(s->next);
	free(s);
}

struct managed *silos_find(uint32_t sid, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (name != NULL ? strcmp(table[i]->name, name) == 0
		                 : table[i]->sid == sid)
			return table[i];
	return NULL;
}

struct managed *silos_next(uint32_t above)
{
	struct managed *best = NULL;

	for (size_t i = 0; i < count; i++)
		if (table[i]->sid > above &&
		    (best == NULL || table[i]->sid < best->sid))
			best = table[i];
	return best;
}

enum init_status silo_status(const struct managed *s)
{
	if (s->leaving)
		return INIT_LEAVING;
	if (s->up)
		return INIT_UP;
	if (s->wanted)
		return INIT_WAITING;
	return s->failed ? INIT_FAILED : INIT_DOWN;
}

/* It ended, or could not be started, for s->cause: what follows? */
static void ended(struct managed *s)
{
	uint64_t now = clock_ns(), at = now;

	s->up = s->broken = s->by_hand = false;
	s->kill_at = 0;
	for (size_t i = 0; i < COUNT(s->parts); i++)
		s->parts[i].pid = 0;
	if (s->m == NULL)
		s->leaving = true;
	if (s->leaving)
		return;
	if (!s->wanted)
		s->cause = END_STOPPED;
	switch (supervisor_ended(&s->supervisor, s->cause, now, &at)) {
	case RESTART_AT:
		s->due = at;
		events_action(s->sid, INIT_RESTARTS, at - now);
		return;
	case RESTART_STOP:
		s->failed = true;
		events_action(s->sid, INIT_GIVES_UP, 0);
		tell(s, "failed %u times in a row: left down",
		    s->supervisor.faults + 1);
		[[fallthrough]];
	case RESTART_NOT:
		s->wanted = false;
	}
}

/* What cannot be started counts as a failure of the silo. */
static int start_failed(struct managed *s, const char *what, int error)
{
	tell(s, "cannot start %s: %s", what, strerror(error));
	s->cause = END_FAILURE;
	s->broken = true;
	if (s->up) /* some of its strates run: they end it */
		silo_control(s->fd, SILO_KILL);
	else
		ended(s);
	return -error;
}

static int make(struct managed *s)
{
	struct silo_config c = config_of(s->config->m, s->m);

	s->fd = silo_create(&c);
	if (s->fd < 0)
		return -errno;
	fcntl(s->fd, F_SETFD, FD_CLOEXEC);
	fcntl(s->fd, F_SETFL, O_NONBLOCK);
	return 0;
}

int silo_start_parts(struct managed *s, size_t first)
{
	for (size_t i = first; i < s->m->strate_count; i++) {
		int pid = launch_strate(s->fd, s->m, i);

		if (pid < 0)
			return start_failed(s, s->m->strates[i].binary, errno);
		s->up = true;
		s->parts[i].pid = pid;
		s->parts[i].starts++;
	}
	return 0;
}

int silo_start_now(struct managed *s)
{
	int e = s->fd < 0 ? make(s) : 0;

	s->failed = s->broken = s->by_hand = false;
	s->kill_at = 0;
	supervisor_started(&s->supervisor, clock_ns());
	if (e == -EEXIST && s->tries++ < SID_TRIES) {
		/* Something of the silo before still has the number. */
		s->due = clock_ns() + SID_LEFT_MS * MS;
		return 0;
	}
	s->tries = 0;
	if (e != 0)
		return start_failed(s, "it", -e);
	e = silo_start_parts(s, 0);
	if (e != 0)
		return e;
	s->was_started = true;
	return 0;
}

static void strate_ended(struct managed *s, const struct silo_event *r)
{
	size_t n = s->m != NULL ? s->m->strate_count : 0, i = 0;
	enum end_cause cause;

	while (i < n && s->parts[i].pid != (pid_t)r->pid)
		i++;
	if (i == n)
		return;
	s->parts[i].pid = 0;
	s->parts[i].code = r->code;
	s->parts[i].signal = r->signal;
	cause = end_cause_of(r->code, (int)r->signal, s->by_hand);
	if (s->by_hand || s->broken)
		return;
	s->cause = cause;
	if (cause == END_EXIT)
		return;
	/* They trusted one another: the others do not go on without it. */
	s->broken = true;
	if (r->signal != 0)
		tell(s, "%s was ended by signal %u, address 0x%lx",
		    s->m->strates[i].name, r->signal,
		    (unsigned long)r->address);
	else
		tell(s, "%s ended with status %d", s->m->strates[i].name,
		    r->code);
	silo_control(s->fd, SILO_KILL); /* nobody left is as good */
}

static void record_read(struct managed *s, const struct silo_event *r)
{
	events_add(s->name, r);
	if (r->kind == SILO_EV_STRATE_END)
		strate_ended(s, r);
	if (r->kind == SILO_EV_STARTED && s->m == NULL) {
		s->up = true;
		s->kill_at = 0;
	}
}

static void read_records(struct managed *s)
{
	struct silo_event r[RECORDS];
	struct silo_info info;
	ssize_t n;

	while ((n = read(s->fd, r, sizeof(r))) > 0)
		for (size_t i = 0; i < (size_t)n / sizeof(r[0]); i++)
			record_read(s, &r[i]);
	if (!s->up || silo_info(s->fd, &info) != 0)
		return;
	if (info.state != SILO_DEAD && info.state != SILO_DESTROYED)
		return;
	if (s->by_hand)
		s->cause = END_KILLED;
	ended(s);
}

void silos_ready(int fd)
{
	for (size_t i = 0; i < count; i++) {
		if (table[i]->fd != fd)
			continue;
		read_records(table[i]);
		return;
	}
}

size_t silos_poll(struct pollfd *p, size_t n)
{
	size_t k = 0;

	for (size_t i = 0; i < count && k < n; i++)
		if (table[i]->fd >= 0)
			p[k++] = (struct pollfd){table[i]->fd, POLLIN, 0};
	return k;
}

/* Whether all that it comes after were started. */
static bool may_start(const struct managed *s)
{
	for (size_t i = 0; i < s->m->after.count; i++) {
		const struct manifest_silo *m =
		    &s->config->m->silos[s->m->after_index[i]];
		const struct managed *other = silos_find(m->sid, NULL);

		if (other != NULL && !other->was_started)
			return false;
	}
	return true;
}

/* Nothing of it runs: make it anew, or forget it.  True: it is gone. */
static bool leave(size_t i)
{
	struct managed *s = table[i];

	if (s->fd >= 0) {
		silo_control(s->fd, SILO_DESTROY);
		close(s->fd);
		s->fd = -1;
	}
	if (s->next == NULL) {
		remove_at(i);
		return true;
	}
	silo_set(s, s->next, s->next_m);
	s->next = NULL;
	s->leaving = s->was_started = s->failed = false;
	s->wanted = true;
	s->due = 0;
	return false;
}

static void sooner(uint64_t *next, uint64_t at)
{
	if (at < *next)
		*next = at;
}

/* True: a silo was removed or started, which may concern those before it. */
static bool turn_one(size_t i, uint64_t now, uint64_t *next)
{
	struct managed *s = table[i];

	if (s->kill_at != 0 && s->kill_at <= now) {
		s->kill_at = 0;
		if (s->m == NULL && !s->up)
			s->leaving = true; /* nothing ever ran in it */
		else
			silo_control(s->fd, SILO_KILL);
	}
	if (s->kill_at != 0)
		sooner(next, s->kill_at);
	if (s->leaving && !s->up && leave(i))
		return true;
	if (!s->wanted || s->up || s->leaving || !may_start(s))
		return false;
	if (s->due <= now) {
		(void)silo_start_now(s); /* told; it is tried again */
		if (s->up)
			return true;
	}
	if (s->wanted && !s->up)
		sooner(next, s->due);
	return false;
}

long silos_turn(void)
{
	uint64_t now = clock_ns(), next = UINT64_MAX;

	for (size_t i = 0; i < count; i++) {
		if (!turn_one(i, now, &next))
			continue;
		next = UINT64_MAX;
		i = (size_t)-1;
	}
	if (next == UINT64_MAX)
		return -1;
	return next > now ? (long)((next - now + MS - 1) / MS) : 0;
}
