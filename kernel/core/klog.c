/* kernel/core/klog.c -- the log ring and the consoles that show it. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include <stdatomic.h>
#include "kernel/core/klog.h"
#include "kernel/core/clock.h"
#include "kernel/core/lock.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"

/*
 * The ring has no lock, so that an NMI or a CPU that died with one held cannot
 * stop the log. Record n lives in slot n % SLOTS; the slot's state says:
 *
 *	2n+1	n is being written
 *	2n+2	n is whole
 *
 * 1. A writer takes its number from next_seq, then claims the slot by a
 *    compare-and-swap from an even state older than its own; when the slot is
 *    odd (its old writer was interrupted a whole ring ago) the record is lost.
 * 2. A reader copies the record and looks at the state again: changed means
 *    that it was overwritten meanwhile, and the copy is thrown away.
 *
 * Consoles: whoever gets `flushing` prints all records up to the newest; others
 * leave theirs to it. It looks again after letting go, so none stays behind.
 */
enum { SLOTS = 512, TEXT_MAX = 220 };

struct record {
	_Atomic uint64_t state;
	nsec_t time;
	uint8_t level;
	uint8_t len;
	char subsys[10];
	char text[TEXT_MAX];
};
static_assert(TEXT_MAX <= 255, "len is a byte");

static struct record ring[SLOTS];
static _Atomic uint64_t next_seq;
static _Atomic uint64_t console_seq; /* next to print */
static _Atomic bool flushing;
static struct console *_Atomic consoles;

unsigned klog_console_level = LOG_INFO;

static bool record_read(uint64_t seq, struct record *out)
{
	struct record *r = &ring[seq % SLOTS];
	uint64_t want = 2 * seq + 2;

	if (atomic_load(&r->state) != want)
		return false;
	out->time = r->time;
	out->level = r->level;
	out->len = MIN(r->len, TEXT_MAX - 1);
	memcpy(out->subsys, r->subsys, sizeof(out->subsys));
	memcpy(out->text, r->text, out->len);
	out->text[out->len] = 0;
	out->subsys[sizeof(out->subsys) - 1] = 0;
	atomic_thread_fence(memory_order_acquire);
	return atomic_load(&r->state) == want;
}

void console_write(const char *s, size_t n)
{
	for (struct console *c = atomic_load(&consoles); c; c = c->next)
		c->write(c, s, n);
}

/* On all consoles, or on one. */
static void record_print(const struct record *r, struct console *only)
{
	char line[TEXT_MAX + 40];
	int n = ksnprintf(line, sizeof(line), "[%5llu.%06llu] %s: %s\n",
	    (unsigned long long)(r->time / NSEC_PER_SEC),
	    (unsigned long long)(r->time / NSEC_PER_USEC % 1000000), r->subsys,
	    r->text);
	size_t len = MIN((size_t)n, sizeof(line) - 1);

	if (only != NULL)
		only->write(only, line, len);
	else
		console_write(line, len);
}

void console_register(struct console *c)
{
	uint64_t end = atomic_load(&console_seq);
	struct record r;

	for (uint64_t seq = end > SLOTS ? end - SLOTS : 0; seq < end; seq++)
		if (record_read(seq, &r) && r.level <= klog_console_level)
			record_print(&r, c);
	c->next = atomic_load(&consoles);
	while (!atomic_compare_exchange_weak(&consoles, &c->next, c))
		;
}

static void flush_all(void)
{
	struct record r;

	for (;;) {
		uint64_t seq = atomic_load(&console_seq);
		uint64_t end = atomic_load(&next_seq);

		if (seq >= end)
			return;
		if (end - seq > SLOTS)
			seq = end - SLOTS;
		if (atomic_load(&ring[seq % SLOTS].state) == 2 * seq + 1)
			return; /* its writer is next to come here */
		if (record_read(seq, &r) && r.level <= klog_console_level)
			record_print(&r, NULL);
		atomic_store(&console_seq, seq + 1);
	}
}

/* Print what is new, unless somebody does so already. */
static void klog_flush(void)
{
	if (atomic_load(&panic_active) || !atomic_load(&consoles))
		return;
	do {
		preempt_disable();
		if (atomic_exchange(&flushing, true)) {
			preempt_enable();
			return;
		}
		flush_all();
		atomic_store(&flushing, false);
		preempt_enable();
	} while (
	    atomic_load(&console_seq) < atomic_load(&next_seq) &&
	    atomic_load(&ring[atomic_load(&console_seq) % SLOTS].state) % 2 ==
	        0 &&
	    !atomic_load(&panic_active));
}

void klog(enum klog_level level, const char *subsys, const char *fmt, ...)
{
	uint64_t seq = atomic_fetch_add(&next_seq, 1);
	struct record *r = &ring[seq % SLOTS];
	uint64_t old = atomic_load(&r->state);
	va_list ap;
	int n;

	if (old % 2 || old > 2 * seq ||
	    !atomic_compare_exchange_strong(&r->state, &old, 2 * seq + 1))
		return;
	r->time = clock_now();
	r->level = level;
	kstrlcpy(r->subsys, subsys, sizeof(r->subsys));
	va_start(ap, fmt);
	n = kvsnprintf(r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
	r->len = MIN(n, TEXT_MAX - 1);
	for (unsigned i = 0; i < r->len; i++)
		if ((unsigned char)r->text[i] < ' ')
			r->text[i] = ' ';
	atomic_store(&r->state, 2 * seq + 2);
	klog_flush();
}

uint64_t klog_next_seq(void)
{
	return atomic_load(&next_seq);
}

size_t klog_read(uint64_t *seq, char *buf, size_t size)
{
	uint64_t end = atomic_load(&next_seq), at = *seq;
	struct record r;
	int n;

	if (size == 0)
		return 0;
	if (end > SLOTS && at < end - SLOTS)
		at = end - SLOTS;
	for (; at < end; at++) {
		if (!record_read(at, &r)) {
			/* Unfinished: come again. Lost or gone: the next. */
			if (atomic_load(&ring[at % SLOTS].state) == 2 * at + 1)
				break;
			continue;
		}
		n = ksnprintf(buf, size, "%u,%llu,%llu,-;%s: %s\n", r.level,
		    (unsigned long long)at,
		    (unsigned long long)(r.time / NSEC_PER_USEC), r.subsys,
		    r.text);
		*seq = at + 1;
		if ((size_t)n >= size) {
			buf[size - 1] = '\n';
			return size;
		}
		return n;
	}
	*seq = at;
	return 0;
}
