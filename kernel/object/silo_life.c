/* kernel/object/silo_life.c -- silos from their making to their end. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/object/silo_internal.h"
#include "kernel/core/clock.h"
#include "kernel/core/mutex.h"
#include "kernel/core/string.h"
#include "kernel/mm/slab.h"
#include "kernel/object/process_internal.h"
#include "kernel/object/signal_internal.h"
#include "kernel/vfs/fs_context.h"
#include "kernel/vfs/mount.h"

/*
 * The table has every silo that exists. One leaves it when nobody holds a
 * reference, no process is left and its exact use of everything is zero: then
 * no frame, object or grant can name its index or SID any more. Much of this
 * use ends in RCU callbacks, so it is looked at later: whoever makes, lists or
 * lets go of silos sweeps the table.
 *
 * SIDs that are given out here rise and are not used twice.
 */
static struct mutex table_mutex;           /* leaf: takes no other */
static uint32_t next_sid = SID_USER_FIRST; /* table_mutex */

struct silo *silo_get(struct silo *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

static void silo_free(struct rcu_head *h)
{
	kfree(container_of(h, struct silo, rcu));
}

/* Let go of what a silo that left the table holds. */
static void silo_dispose(struct silo *s)
{
	fs_context_put(s->fs);
	namespace_put(s->namespace);
	rcu_call(&s->rcu, silo_free);
}

/* Take a silo that nothing names out of the table; NULL: there is none. */
static struct silo *sweep_one(void)
{
	struct silo *s, *found = NULL;

	mutex_take(&table_mutex);
	for (unsigned i = 2; i < SILOS_MAX && !found; i++) {
		s = silo_table[i];
		if (!s || atomic_load(&s->refs) || !silo_unused(s))
			continue;
		rcu_store(silo_table[i], NULL);
		found = s;
	}
	mutex_drop(&table_mutex);
	return found;
}

static void sweep(void)
{
	struct silo *s;

	while ((s = sweep_one()) != NULL)
		silo_dispose(s);
}

void silo_put(struct silo *s)
{
	if (atomic_fetch_sub(&s->refs, 1) == 1)
		sweep();
}

/* The silo with the lowest SID >= sid; uncounted. */
static struct silo *lowest(uint32_t sid)
{
	struct silo *best = NULL;

	for (unsigned i = 1; i < SILOS_MAX; i++) {
		struct silo *s = silo_table[i];

		if (s && s->sid >= sid && (!best || s->sid < best->sid))
			best = s;
	}
	return best;
}

struct silo *silo_next(uint32_t *sid)
{
	struct silo *s;

	sweep();
	mutex_take(&table_mutex);
	s = lowest(*sid);
	if (s)
		*sid = silo_get(s)->sid;
	mutex_drop(&table_mutex);
	return s;
}

struct silo *silo_find(uint32_t sid)
{
	uint32_t found = sid;
	struct silo *s = silo_next(&found);

	if (s && found != sid) {
		silo_put(s);
		s = NULL;
	}
	return s;
}

static struct silo *silo_alloc(const struct silo_config *c)
{
	const struct silo *creator = silo_current();
	struct silo *s =
	    kzalloc(sizeof(*s) + SILO_EVENTS_MAX * sizeof(s->events[0]));

	if (!s)
		return NULL;
	s->events = (struct silo_event *)(s + 1);
	s->mode = c->mode;
	s->flow = c->flow;
	s->abi_linux = c->flags & SILO_LINUX;
	s->flags = c->flags;
	s->creator = creator->sid;
	s->peer_count = (uint8_t)c->peer_count;
	memcpy(s->peers, c->peers, sizeof(s->peers));
	s->cpu_weight = c->cpu_weight ? c->cpu_weight : 100;
	s->cpu_cap = c->cpu_cap;
	s->refs = 1;
	for (unsigned i = 0; i < QUOTAS; i++)
		s->limit[i] = silo_config_limit(creator, c, i);
	s->limit[SILO_OBJECTS] = INT64_MAX;
	list_init(&s->processes);
	wait_queue_init(&s->wait);
	lock_init(&s->lock, RANK_SILO);
	kstrlcpy(s->name, c->name, sizeof(s->name));
	return s;
}

/* Its own copy of the namespace, its root that of the current process. */
static enum err namespace_inherit(struct silo *s)
{
	struct process *p = process_current();
	struct path root;
	enum err e = namespace_copy(p->namespace, &s->namespace);

	if (e == OK)
		e = fs_context_copy(p->fs, &s->fs);
	if (e != OK)
		return e;
	namespace_lock(s->namespace);
	fs_context_move(s->fs, s->namespace);
	fs_context_read(s->fs, &root, NULL);
	fs_context_set_cwd(s->fs, &root);
	return OK;
}

/* Give s its SID, label and place. E_EXIST, E_AGAIN. */
static enum err enter_table(struct silo *s, const struct silo_config *c)
    REQUIRES(&table_mutex)
{
	uint32_t sid = c->sid ? c->sid : next_sid;
	struct silo *other = lowest(sid);
	unsigned i = 2;

	/* Manifests may have taken some of the numbers to come. */
	while (other && other->sid == sid) {
		if (c->sid)
			return E_EXIST;
		other = lowest(++sid);
	}
	if (!c->sid && sid < next_sid)
		return E_AGAIN; /* wrapped */
	while (i < SILOS_MAX && silo_table[i])
		i++;
	if (i == SILOS_MAX)
		return E_AGAIN;
	if (!c->sid)
		next_sid = sid + 1;
	s->sid = sid;
	s->index = (uint16_t)i;
	s->label = LABEL(silo_tier_of(sid), c->family, c->compartment);
	if (LABEL_TIER(s->label) == TIER_CRITICAL)
		s->flow = FLOW_ALL;
	rcu_store(silo_table[i], s);
	return OK;
}

void silo_life_init(void)
{
	mutex_init(&table_mutex, RANK_MISC);
}

enum err silo_make(const struct silo_config *c, struct silo **out)
{
	struct silo *s = silo_alloc(c);
	enum err e;

	if (!s)
		return E_NOMEM;
	e = namespace_inherit(s);
	sweep();
	if (e == OK) {
		mutex_take(&table_mutex);
		e = enter_table(s, c);
		mutex_drop(&table_mutex);
	}
	if (e == OK)
		*out = s;
	else
		silo_dispose(s);
	return e;
}

void silo_record(struct silo *s, struct silo_event fill)
{
	irqflags_t f;

	if (!s->events)
		return;
	f = lock_take_irq(&s->lock);
	fill.time = clock_now();
	fill.sid = s->sid;
	fill.number = s->event_count;
	s->events[s->event_count++ % SILO_EVENTS_MAX] = fill;
	lock_drop_irq(&s->lock, f);
	wait_wake_all(&s->wait);
}

bool silo_event_get(struct silo *s, uint32_t *number, struct silo_event *out)
{
	irqflags_t f = lock_take_irq(&s->lock);
	uint32_t count = s->event_count;
	bool got = *number != count;

	if (got) {
		/* Overtaken: go on with the oldest that is there. */
		if (count - *number > SILO_EVENTS_MAX)
			*number = count - SILO_EVENTS_MAX;
		*out = s->events[*number % SILO_EVENTS_MAX];
	}
	lock_drop_irq(&s->lock, f);
	return got;
}

void silo_process_enter_locked(struct process *p)
{
	struct silo *s = p->silo;

	list_push_back(&s->processes, &p->silo_link);
	s->process_count++;
	if (!p->strate)
		return;
	s->starts++;
	s->state = SILO_RUNNING;
	silo_record(
	    s, (struct silo_event){.kind = SILO_EV_STARTED, .pid = p->pid});
}

static struct silo_event end_of(const struct process *p, uint32_t kind)
{
	uint32_t status = (uint32_t)p->exit_code;
	struct silo_event ev = {.kind = kind, .pid = p->pid};

	ev.signal = status & 0x7f;
	if (!ev.signal)
		ev.code = (int32_t)(status >> 8 & 0xff);
	else
		ev.address = p->fault_address;
	return ev;
}

void silo_process_leave_locked(struct process *p)
{
	struct silo *s = p->silo;

	list_remove(&p->silo_link);
	s->process_count--;
	atomic_fetch_add_explicit(&s->cpu_ns,
	    atomic_load(&p->utime_ns) + atomic_load(&p->stime_ns),
	    memory_order_relaxed);
	if (p->strate)
		silo_record(s, end_of(p, SILO_EV_STRATE_END));
	if (s->process_count > 0)
		return;
	if (s->state != SILO_DESTROYED)
		s->state = SILO_DEAD;
	silo_record(s, end_of(p, SILO_EV_END));
}

static void signal_all_locked(struct silo *s, int signo)
{
	struct ksiginfo info = {.signo = signo, .code = SI_KERNEL};
	struct process *p;

	list_for_each(p, &s->processes, silo_link)
	    signal_send_process(p, &info);
}

static const struct operation {
	int signals[2];
	uint32_t state; /* when something runs; 0: as it was */
	uint32_t record;
} operations[] = {
    [SILO_SUSPEND] = {{SIGSTOP}, SILO_SUSPENDED, SILO_EV_SUSPENDED},
    [SILO_RESUME] = {{SIGCONT}, SILO_RUNNING, SILO_EV_RESUMED},
    /* Who is suspended goes on to see that it is to end. */
    [SILO_STOP] = {{SIGTERM, SIGCONT}, SILO_STOPPING, SILO_EV_STOPPING},
    [SILO_KILL] = {{SIGKILL}, SILO_STOPPING, 0},
    [SILO_DESTROY] = {{SIGKILL}, SILO_DESTROYED, SILO_EV_DESTROYED},
};

enum err silo_operate(struct silo *s, enum silo_op op)
{
	const struct operation *o = &operations[op];
	irqflags_t f;
	bool runs;

	if (op < SILO_SUSPEND || op > SILO_DESTROY)
		return E_INVAL;
	if (s == &silo_boot)
		return E_PERM;
	f = lock_take_irq(&process_tree_lock);
	runs = s->process_count > 0;
	if (runs || op == SILO_DESTROY) {
		if (s->state != SILO_DESTROYED)
			s->state = o->state;
		if (o->record)
			silo_record(s, (struct silo_event){.kind = o->record});
		for (unsigned i = 0; i < COUNT(o->signals); i++) {
			if (o->signals[i])
				signal_all_locked(s, o->signals[i]);
		}
	}
	lock_drop_irq(&process_tree_lock, f);
	return runs || op == SILO_DESTROY ? OK : E_SRCH;
}

static uint64_t living_cpu_ns(struct silo *s)
{
	irqflags_t f = lock_take_irq(&process_tree_lock);
	uint64_t ns = atomic_load(&s->cpu_ns);
	struct process *p;
	struct thread *t;

	list_for_each(p, &s->processes, silo_link)
	{
		ns += atomic_load(&p->utime_ns) + atomic_load(&p->stime_ns);
		list_for_each(t, &p->threads, process_link) ns +=
		    process_thread_time(t);
	}
	lock_drop_irq(&process_tree_lock, f);
	return ns;
}

void silo_fill_info(struct silo *s, struct silo_info *out)
{
	uint32_t last = __atomic_load_n(&s->event_count, __ATOMIC_RELAXED) - 1;

	*out = (struct silo_info){
	    .size = sizeof(*out),
	    .sid = s->sid,
	    .label = s->label,
	    .mode = atomic_load(&s->mode),
	    .flow = atomic_load(&s->flow),
	    .flags = s->flags,
	    .state = __atomic_load_n(&s->state, __ATOMIC_RELAXED),
	    .creator = s->creator,
	    .cpu_weight = s->cpu_weight,
	    .cpu_cap = s->cpu_cap,
	    .starts = __atomic_load_n(&s->starts, __ATOMIC_RELAXED),
	    .refused = atomic_load(&s->refused),
	    .memory_peak = atomic_load(&s->peak_memory),
	    .cpu_ns = living_cpu_ns(s),
	};
	for (unsigned i = 0; i < QUOTAS; i++) {
		int64_t limit = atomic_load(&s->limit[i]);

		out->used[i] = (uint64_t)silo_used(s, (enum silo_resource)i);
		out->quota[i] =
		    limit == INT64_MAX ? QUOTA_NONE : (uint64_t)limit;
	}
	if (last != UINT32_MAX)
		(void)silo_event_get(s, &last, &out->last); /* kind 0 if none */
	silo_copy_name(s, out->name);
}

void silo_copy_name(struct silo *s, char out[SILO_NAME_MAX])
{
	irqflags_t f = lock_take_irq(&s->lock);

	memcpy(out, s->name, SILO_NAME_MAX);
	lock_drop_irq(&s->lock, f);
}

enum err silo_rename(struct silo *s, const char name[SILO_NAME_MAX])
{
	irqflags_t f;

	if (!silo_name_ok(name))
		return E_INVAL;
	f = lock_take_irq(&s->lock);
	memcpy(s->name, name, SILO_NAME_MAX);
	lock_drop_irq(&s->lock, f);
	return OK;
}

void silo_narrow(struct silo *s, uint32_t mode, uint32_t flow)
{
	atomic_fetch_and(&s->mode, mode);
	if (LABEL_TIER(s->label) != TIER_CRITICAL)
		atomic_fetch_and(&s->flow, flow);
}
