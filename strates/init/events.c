/* strates/init/events.c -- the last records of all silos, for who asks. */
/* SPDX-License-Identifier: MIT */
#include "strates/init/events.h"
#include "lib/event.h"
#include "lib/fmt.h"
#include <unistd.h>

enum { KEPT = 256, WATCHERS = 16 };

static struct init_event kept[KEPT];
static uint64_t count; /* ever added: the next one's number */
static int watcher[WATCHERS];
static unsigned watchers;

/* A failure is the watcher's own: it gave no event, or without the right. */
static void tell_watchers(void)
{
	for (unsigned i = 0; i < watchers; i++) {
		(void)event_signal(watcher[i], 1);
		close(watcher[i]);
	}
	watchers = 0;
}

void events_add(const char *name, const struct silo_event *record)
{
	struct init_event *e = &kept[count % KEPT];

	*e = (struct init_event){.number = count++, .record = *record};
	fmt_buf(e->name, sizeof(e->name), "%s", name);
	tell_watchers();
}

void events_action(uint32_t sid, enum init_action a, uint64_t delay_ns)
{
	for (uint64_t i = count; i > 0 && i + KEPT > count; i--) {
		struct init_event *e = &kept[(i - 1) % KEPT];

		if (e->record.sid != sid)
			continue;
		e->action = a;
		e->delay_ns = delay_ns;
		return;
	}
}

size_t events_get(
    uint64_t from, struct init_event *out, size_t n, uint64_t *next)
{
	size_t got = 0;

	if (count > KEPT && from < count - KEPT)
		from = count - KEPT;
	while (from < count && got < n)
		out[got++] = kept[from++ % KEPT];
	*next = from;
	return got;
}

void events_watch(int event, uint64_t from)
{
	if (watchers == WATCHERS || from < count)
		tell_watchers();
	if (from < count) {
		(void)event_signal(event, 1);
		close(event);
		return;
	}
	watcher[watchers++] = event;
}
