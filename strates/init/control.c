/* strates/init/control.c -- the port over which init is managed. */
/* SPDX-License-Identifier: MIT */
#include "strates/init/control.h"
#include "abi/init_protocol.h"
#include "abi/rights.h"
#include "lib/ipc.h"
#include "lib/silo.h"
#include "lib/text.h"
#include "strates/init/events.h"
#include "strates/init/setup.h"
#include "strates/init/silos.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/*
 * One thread answers one request at a time.  What a caller may is the badge of
 * the capability that it calls through; a caller outside the boot silo can
 * change silos of the user tier only, whatever its badge says, so that nobody
 * spawns or ends something that is trusted more than itself.
 */

struct request {
	struct ipc_msg m;
	struct ipc_more more;
	struct ipc_from from;
	char *text;   /* what was sent, ended by NUL */
	size_t n;     /* its length */
	size_t room;  /* bytes that can be written */
	size_t words; /* of the answer */
	int give;     /* a descriptor for the answer, -1 */
};

enum {
	EVENTS_AT_ONCE = 32,
	STACK = 64 << 10,
	RUN_RIGHTS = RIGHT_READ | RIGHT_SIGNAL | RIGHT_MANAGE,
};

static int port = -1, changed = -1;
static char text_buf[INIT_TEXT_MAX + 1];
static char answer_buf[INIT_TEXT_MAX];

static int answer(struct request *r, const void *data, size_t n)
{
	long e;

	if (n > r->room)
		return -ERANGE;
	e = msg_write(0, data, n);
	return e < 0 ? (int)e : 0;
}

/* Text that explains a refusal; a caller without room for it gets none. */
static void explain(struct request *r, const char *text)
{
	size_t n = strlen(text) + 1;

	if (n > r->room)
		n = r->room;
	(void)msg_write(0, text, n);
}

static bool text_to_sid(const char *s, uint32_t *sid)
{
	int64_t n;

	if (*s < '0' || *s > '9' || !text_to_i64(s, &n) || n > UINT32_MAX)
		return false;
	*sid = (uint32_t)n;
	return true;
}

static int silo_facts(uint32_t sid, int fd, struct silo_info *out)
{
	int own = fd < 0 ? silo_open(sid, RIGHT_READ) : -1, e = 0;

	if (fd < 0 && own < 0)
		return -errno;
	if (silo_info(fd < 0 ? own : fd, out) != 0)
		e = -errno;
	if (own >= 0)
		close(own);
	return e;
}

/* The SID of a silo of that name that init does not manage; 0: there is none. */
static uint32_t foreign_sid(const char *name)
{
	struct silo_info info;
	uint32_t sid = 0;

	while (silo_list(sid, &sid, 1) == 1)
		if (silo_facts(sid, -1, &info) == 0 &&
		    strcmp(info.name, name) == 0)
			return sid;
	return 0;
}

/* The silo that the text names; the SID alone, if init does not manage it. */
static int find_target(struct request *r, struct managed **s, uint32_t *sid)
{
	bool number = text_to_sid(r->text, sid);

	*s = number ? silos_find(*sid, NULL) : silos_find(0, r->text);
	if (*s != NULL)
		*sid = (*s)->sid;
	else if (!number)
		*sid = foreign_sid(r->text);
	return *sid != 0 ? 0 : -ESRCH;
}

/* What there is to say of a silo that Bedrock has not been told of yet. */
static void planned_facts(const struct managed *s, struct silo_info *out)
{
	struct silo_config c = config_of(s->config->m, s->m);

	*out = (struct silo_info){.size = sizeof(*out),
	    .sid = s->sid,
	    .label = LABEL(s->sid >= SID_USER_FIRST     ? TIER_USER
	                   : s->sid >= SID_SYSTEM_FIRST ? TIER_SYSTEM
	                                                : TIER_CRITICAL,
	        c.family, c.compartment),
	    .mode = c.mode,
	    .flow = c.flow,
	    .flags = c.flags,
	    .state = SILO_CREATED,
	    .creator = SID_BOOT,
	    .cpu_weight = c.cpu_weight};
	memcpy(out->quota, c.quota, sizeof(c.quota));
	memcpy(out->name, s->name, sizeof(out->name));
}

static int describe(const struct managed *s, uint32_t sid, struct init_silo *d)
{
	uint64_t now = clock_ns();

	*d = (struct init_silo){0};
	if (s == NULL)
		return silo_facts(sid, -1, &d->info);
	if (s->fd >= 0) {
		int e = silo_facts(sid, s->fd, &d->info);

		if (e != 0)
			return e;
	} else if (s->m != NULL) {
		planned_facts(s, &d->info);
	}
	d->status = silo_status(s);
	d->origin = s->origin;
	d->faults = s->supervisor.faults;
	d->restart = s->supervisor.policy;
	d->restart_limit = s->supervisor.limit;
	d->strates = s->m != NULL ? (uint32_t)s->m->strate_count : 1;
	d->due_ns = s->due > now ? s->due - now : 0;
	return 0;
}

static int do_list(struct request *r)
{
	uint32_t above = (uint32_t)r->m.word[0], sid;
	struct managed *s;
	struct init_silo d;
	int e;

	do {
		s = silos_next(above);
		if (silo_list(above, &sid, 1) == 1 &&
		    (s == NULL || sid < s->sid))
			s = NULL;
		else if (s == NULL)
			return -ESRCH;
		else
			sid = s->sid;
		e = describe(s, sid, &d);
		above = sid;
		/* It went between the two looks, or is about to. */
	} while (e == -ESRCH || (e == 0 && d.status == INIT_FOREIGN &&
	                            d.info.state == SILO_DESTROYED));
	return e != 0 ? e : answer(r, &d, sizeof(d));
}

static int do_info(struct request *r)
{
	struct init_silo d;
	struct managed *s;
	uint32_t sid;
	int e = find_target(r, &s, &sid);

	if (e == 0)
		e = describe(s, sid, &d);
	return e != 0 ? e : answer(r, &d, sizeof(d));
}

static int do_strates(struct request *r)
{
	struct init_strate *list = (struct init_strate *)answer_buf;
	struct managed *s;
	uint32_t sid;
	int e = find_target(r, &s, &sid);
	size_t n = 0;

	if (e != 0)
		return e;
	for (size_t i = 0; s && s->m && i < s->m->strate_count; i++) {
		struct init_strate *d = &list[n++];
		const struct part *p = &s->parts[i];

		*d = (struct init_strate){.sid = sid,
		    .pid = (uint32_t)p->pid,
		    .starts = p->starts,
		    .code = p->code,
		    .signal = p->signal};
		strncpy(d->name, s->m->strates[i].name, sizeof(d->name) - 1);
		strncpy(
		    d->binary, s->m->strates[i].binary, sizeof(d->binary) - 1);
	}
	r->m.word[0] = n;
	r->words = 1;
	return answer(r, list, n * sizeof(*list));
}

static int do_config(struct request *r)
{
	struct managed *s;
	uint32_t sid;
	int e = find_target(r, &s, &sid);
	size_t n;

	if (e != 0)
		return e;
	if (s == NULL || s->m == NULL)
		return -ENODATA;
	n = config_text(s->m, answer_buf, sizeof(answer_buf));
	r->m.word[0] = n;
	r->words = 1;
	return answer(r, answer_buf, n);
}

static int do_events(struct request *r)
{
	struct init_event *list = (struct init_event *)answer_buf;
	size_t n = r->room / sizeof(*list);
	uint64_t next;

	if (n > EVENTS_AT_ONCE)
		n = EVENTS_AT_ONCE;
	n = events_get(r->m.word[0], list, n, &next);
	if (IPC_TAG_DESCS(r->m.tag) > 0 && r->more.descs[0] >= 0) {
		fcntl(r->more.descs[0], F_SETFD, FD_CLOEXEC);
		events_watch(r->more.descs[0], next);
		r->more.descs[0] = -1; /* kept */
	}
	r->m.word[0] = n;
	r->m.word[1] = next;
	r->words = 2;
	return answer(r, list, n * sizeof(*list));
}

/* Whether the caller may change a silo with that number. */
static bool may_change(const struct request *r, uint32_t sid)
{
	return r->from.sid == SID_BOOT || sid >= SID_USER_FIRST;
}

/* A silo that init does not manage: only what Bedrock itself can do. */
static int do_foreign(uint32_t sid, enum init_verb verb, const char *name)
{
	static const enum silo_op ops[INIT_VERBS] = {
	    [INIT_STOP] = SILO_STOP,
	    [INIT_KILL] = SILO_KILL,
	    [INIT_DESTROY] = SILO_DESTROY,
	    [INIT_SUSPEND] = SILO_SUSPEND,
	    [INIT_RESUME] = SILO_RESUME,
	};
	int fd, e = 0;

	if (ops[verb] == 0 && verb != INIT_RENAME)
		return -EOPNOTSUPP;
	fd = silo_open(sid, RIGHT_READ | RIGHT_SIGNAL | RIGHT_MANAGE);
	if (fd < 0)
		return -errno;
	if (verb == INIT_RENAME ? silo_rename(fd, name) != 0
	                        : silo_control(fd, ops[verb]) != 0)
		e = -errno;
	close(fd);
	return e;
}

static int do_control(struct request *r)
{
	enum init_verb verb = (enum init_verb)IPC_TAG_VERB(r->m.tag);
	size_t first = strlen(r->text);
	const char *name = first < r->n ? r->text + first + 1 : "";
	struct managed *s;
	uint32_t sid;
	int e = find_target(r, &s, &sid);

	if (e != 0)
		return e;
	if (!may_change(r, sid))
		return -EPERM;
	if (s == NULL)
		return do_foreign(sid, verb, name);
	return verb == INIT_RENAME ? silo_set_name(s, name) : silo_do(s, verb);
}

/* Nobody hands on more than it has: mode, flow, and what it may ask here. */
static bool may_spawn(const struct request *r, const struct manifest *m)
{
	struct silo_info asker;

	if (r->from.sid == SID_BOOT)
		return true;
	if (silo_facts(r->from.sid, -1, &asker) != 0)
		return false;
	for (size_t i = 0; i < m->count; i++) {
		const struct manifest_silo *s = &m->silos[i];

		if (!may_change(r, s->sid) || (s->mode & ~asker.mode) ||
		    (s->flow & ~asker.flow) || (s->init_may & ~r->from.badge))
			return false;
	}
	return true;
}

static int do_spawn(struct request *r)
{
	struct manifest_error error;
	struct config *c = config_read(r->text, r->n, &error);
	int e;

	if (c == NULL) {
		explain(r, error.text);
		return -EINVAL;
	}
	if (!may_spawn(r, c->m)) {
		config_put(c);
		return -EPERM;
	}
	e = silos_spawn(c, r->m.word[0] != 0);
	if (e == -EEXIST)
		explain(r, "there is a silo with that name or sid");
	return e;
}

static int do_number(struct request *r)
{
	r->m.word[0] = silos_number();
	r->words = 1;
	return 0;
}

static int do_run(struct request *r)
{
	struct managed *s;
	int e;

	if (r->from.sid != SID_BOOT)
		return -EPERM; /* it could not hold the descriptor */
	if (r->n == 0 || strspn(r->text, "abcdefghijklmnopqrstuvwxyz"
	                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                                 "0123456789-_.") != r->n)
		return -EINVAL;
	e = silos_run(r->text, &s, &r->give);
	if (e != 0)
		return e;
	r->m.word[0] = s->sid;
	r->words = 1;
	return 0;
}

static int do_reload(struct request *r)
{
	struct manifest_error error;
	struct config *c;

	if (r->n > 0 && r->from.sid != SID_BOOT)
		return -EPERM; /* the file is the owner's word, a text is not */
	c = r->n > 0 ? config_read(r->text, r->n, &error)
	             : config_read_file(&error);
	if (c == NULL) {
		explain(r, error.text);
		return -EINVAL;
	}
	memset(r->m.word, 0, sizeof(r->m.word));
	silos_reload(c, r->m.word);
	r->words = 3;
	return 0;
}

static const struct verb {
	int (*handle)(struct request *r);
	uint32_t may;
	bool wakes; /* the main loop has something to do */
} verbs[INIT_VERBS] = {
    [INIT_LIST] = {do_list, INIT_MAY_LIST, false},
    [INIT_INFO] = {do_info, INIT_MAY_LIST, false},
    [INIT_STRATES] = {do_strates, INIT_MAY_LIST, false},
    [INIT_CONFIG] = {do_config, INIT_MAY_LIST, false},
    [INIT_EVENTS] = {do_events, INIT_MAY_LIST, false},
    [INIT_START] = {do_control, INIT_MAY_CONTROL, true},
    [INIT_STOP] = {do_control, INIT_MAY_CONTROL, true},
    [INIT_KILL] = {do_control, INIT_MAY_CONTROL, true},
    [INIT_DESTROY] = {do_control, INIT_MAY_CONTROL, true},
    [INIT_SUSPEND] = {do_control, INIT_MAY_CONTROL, true},
    [INIT_RESUME] = {do_control, INIT_MAY_CONTROL, true},
    [INIT_RENAME] = {do_control, INIT_MAY_CONTROL, true},
    [INIT_SPAWN] = {do_spawn, INIT_MAY_SPAWN, true},
    [INIT_NUMBER] = {do_number, INIT_MAY_SPAWN, false},
    [INIT_RUN] = {do_run, INIT_MAY_SPAWN, true},
    [INIT_RELOAD] = {do_reload, INIT_MAY_CONFIG, true},
};

static int read_text(struct request *r)
{
	long n = 0;

	r->text = text_buf;
	r->n = 0;
	text_buf[0] = '\0';
	if (r->m.word[1] > INIT_TEXT_MAX)
		return -E2BIG;
	if (r->m.word[1] > 0)
		n = msg_read(0, text_buf, r->m.word[1]);
	if (n < 0)
		return (int)n;
	r->n = (size_t)n;
	text_buf[n] = '\0';
	return 0;
}

static int handle(struct request *r)
{
	uint32_t verb = IPC_TAG_VERB(r->m.tag);
	uint64_t one = 1;
	int e;

	if (IPC_TAG_WORDS(r->m.tag) < 3 || verb >= INIT_VERBS ||
	    verbs[verb].handle == NULL)
		return -EOPNOTSUPP;
	if (!(r->from.badge & verbs[verb].may))
		return -EACCES;
	r->room =
	    r->m.word[2] < INIT_TEXT_MAX ? (size_t)r->m.word[2] : INIT_TEXT_MAX;
	e = read_text(r);
	if (e != 0)
		return e;
	silos_lock();
	e = verbs[verb].handle(r);
	silos_unlock();
	if (verbs[verb].wakes)
		(void)!write(changed, &one, sizeof(one));
	return e;
}

/* A caller that is gone needs no answer; one that cannot be given its
 * descriptor is told why. */
static void reply(struct request *r, int e)
{
	struct ipc_more more = {.descs = {r->give}, .rights = {RUN_RIGHTS}};

	if (e == 0) {
		r->m.tag = IPC_TAG(0, r->words);
		if (r->give >= 0)
			r->m.tag |= (uint64_t)1 << 36;
		e = (int)ipc_reply(0, &r->m, r->give >= 0 ? &more : NULL);
	}
	if (r->give >= 0)
		close(r->give);
	if (e == 0)
		return;
	r->m.tag = (uint32_t)-e;
	(void)ipc_reply(IPC_REFUSE, &r->m, NULL);
}

static void *serve(void *unused)
{
	static struct request r;
	unsigned came;

	(void)unused;
	for (;;) {
		memset(&r, 0, sizeof(r));
		r.give = -1;
		if (ipc_receive((uint32_t)port, &r.m, &r.more, &r.from) != 0)
			continue;
		came = IPC_TAG_DESCS(r.m.tag);
		reply(&r, handle(&r));
		for (unsigned i = 0; i < came; i++)
			if (r.more.descs[i] >= 0)
				close(r.more.descs[i]);
	}
	return NULL;
}

void control_setup(void)
{
	pthread_attr_t a;
	pthread_t t;

	port = (int)port_create(0);
	changed = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, STACK);
	if (port < 0 || changed < 0 || pthread_create(&t, &a, serve, NULL)) {
		console_line("no control port");
		return;
	}
	fcntl(port, F_SETFD, FD_CLOEXEC);
}

int control_mint(uint32_t may)
{
	long fd = port_mint(port, may, RIGHT_CALL | RIGHT_GRANT);

	if (fd < 0) {
		errno = (int)-fd;
		return -1;
	}
	fcntl((int)fd, F_SETFD, FD_CLOEXEC);
	return (int)fd;
}

int control_changed(void)
{
	return changed;
}

void control_seen(void)
{
	uint64_t n;

	(void)!read(changed, &n, sizeof(n));
}
