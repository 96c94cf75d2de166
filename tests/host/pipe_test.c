/* tests/host/pipe_test.c -- pipes: contents, capacity, atomicity, hang-up. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/object/pipe.c kernel/object/pipe_open.c */
/* build: kernel/object/object.c kernel/object/silo.c kernel/mm/uio.c */
/* build: tests/host/shim.c */
#include <stdlib.h>
#include <string.h>
#include "shim.h"
#include "kernel/mm/usercopy.h"
#include "kernel/mm/page.h"
#include "kernel/object/pipe.h"
#include "kernel/object/poll.h"
#include "kernel/object/signal.h"
#include "kernel/vfs/file.h"

/* All of these do not block: what would wait gives E_AGAIN. */
static struct cred cred;
static struct process process = {.cred = &cred, .silo = &silo_boot};
static struct thread thread = {.process = &process};
static struct object *rd, *wr;
static unsigned sigpipes;

struct thread *thread_hosted_current(void)
{
	return &thread;
}

void signal_send_thread(struct thread *t, const struct ksiginfo *info)
{
	(void)t;
	sigpipes += info->signo == SIGPIPE;
}

bool cred_privileged(void)
{
	return false;
}

enum err user_write_u32(struct uptr p, uint32_t v)
{
	*(uint32_t *)p.addr = v;
	return OK;
}

/* "User memory" below 4 KiB is bad. */
size_t copy_to_user_some(struct uptr dst, const void *src, size_t n)
{
	if (dst.addr < 4096)
		return n;
	memcpy((void *)dst.addr, src, n);
	return 0;
}

size_t copy_from_user_some(void *dst, struct uptr src, size_t n)
{
	if (src.addr < 4096)
		return n;
	memcpy(dst, (void *)src.addr, n);
	return 0;
}

enum err clear_user(struct uptr dst, size_t n)
{
	memset((void *)dst.addr, 0, n);
	return OK;
}

void node_put(struct node *n)
{
	atomic_fetch_sub(&n->refs, 1);
}

void node_stat(struct node *n, struct kstat *out)
{
	(void)n;
	(void)out;
}

/* The queue that a poll of an end joined last, and who was woken there. */
static struct wait_queue *joined;
static unsigned wakes;

static bool note_wake(struct waiter *w, uint32_t events)
{
	(void)w;
	(void)events;
	wakes++;
	return true;
}

void wait_wake_events(struct wait_queue *q, unsigned n, uint32_t events)
{
	struct waiter *w;

	(void)n;
	list_for_each(w, &q->waiters, link) w->fn(w, events);
}

void poll_wait(struct poll_table *pt, struct wait_queue *q)
{
	(void)pt;
	joined = q;
}

static long put(const void *s, size_t n)
{
	struct uio u = uio_kernel((void *)(uintptr_t)s, n);

	return wr->ops->write(wr, &u, OFF_OWN);
}

static long get(void *buf, size_t n)
{
	struct uio u = uio_kernel(buf, n);

	return rd->ops->read(rd, &u, OFF_OWN);
}

static int setup(void **state)
{
	(void)state;
	shim_ram_init();
	sigpipes = 0;
	assert_int_equal(pipe_create(O_NONBLOCK, &rd, &wr), OK);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (rd)
		object_put(rd);
	if (wr)
		object_put(wr);
	rd = wr = NULL;
	assert_int_equal(kalloc_live(), 0);
	assert_int_equal(page_live(), 0);
	return 0;
}

/* Small writes share pages: 65,536 of one byte fit, as on Linux. */
static void pipe_write__merges_small_writes(void **state)
{
	static char all[65537];
	uint32_t n;

	(void)state;
	for (unsigned i = 0; i < 65536; i++) {
		char c = (char)(i * 31);

		assert_int_equal(put(&c, 1), 1);
	}
	assert_int_equal(put("x", 1), E_AGAIN);
	assert_int_equal(
	    rd->ops->ioctl(rd, 0x541b, (uint64_t)(uintptr_t)&n), OK);
	assert_int_equal(n, 65536);
	assert_int_equal(get(all, sizeof(all)), 65536);
	for (unsigned i = 0; i < 65536; i++)
		assert_int_equal(all[i], (char)(i * 31));
	assert_int_equal(get(all, 1), E_AGAIN);
}

/* Up to 4,096 bytes go whole or not at all; more may be cut. */
static void pipe_write__keeps_small_writes_whole(void **state)
{
	static char buf[70000];

	(void)state;
	assert_int_equal(put(buf, 65536 - 100), 65536 - 100);
	assert_int_equal(put(buf, 4096), E_AGAIN);
	assert_int_equal(put(buf, 101), E_AGAIN);
	assert_int_equal(put(buf, 4097), 100);
	assert_int_equal(put(buf, 1), E_AGAIN);
	assert_int_equal(get(buf, 4096), 4096);
	assert_int_equal(put(buf, 4096), 4096);
	assert_int_equal(put(buf, 70000), E_AGAIN);
}

/* Wait at an end as a sleeper would. */
static void wait_at(struct object *o, struct waiter *w)
{
	struct poll_table pt = {0};

	joined = NULL;
	(void)o->ops->poll(o, &pt);
	assert_non_null(joined);
	w->fn = note_wake;
	list_push_back(&joined->waiters, &w->link);
	wakes = 0;
}

/* Bytes in an empty pipe wake who reads, room in a full one who writes. */
static void pipe__wakes_the_other_side(void **state)
{
	static char buf[65536];
	struct waiter reader, writer;

	(void)state;
	wait_at(rd, &reader);
	assert_int_equal(put("x", 1), 1);
	assert_int_equal(wakes, 1);
	assert_int_equal(put("y", 1), 1);
	assert_int_equal(wakes, 1); /* there is something already */
	list_remove(&reader.link);
	assert_int_equal(put(buf, sizeof(buf)), sizeof(buf) - 2);
	wait_at(wr, &writer);
	assert_int_equal(get(buf, 100), 100);
	assert_int_equal(wakes, 0); /* no whole page is free */
	assert_int_equal(get(buf, 4096), 4096);
	assert_int_equal(wakes, 1);
	list_remove(&writer.link);
	wait_at(rd, &reader);
	object_put(wr);
	wr = NULL;
	assert_true(wakes > 0); /* the end is something to see, too */
	list_remove(&reader.link);
}

/* What comes out is what went in, whatever the sizes and the capacity. */
static void pipe__is_a_queue_of_bytes(void **state)
{
	static uint8_t buf[20000];
	uint64_t in = 0, out = 0;

	(void)state;
	for (unsigned step = 0; step < 20000; step++) {
		size_t n = 1 + shim_random(shim_random(4) ? 300 : 20000);
		long r;

		if (shim_random(2)) {
			for (size_t i = 0; i < n; i++)
				buf[i] = (uint8_t)((in + i) * 2654435761u >> 7);
			r = put(buf, n);
			if (r > 0)
				in += (uint64_t)r;
			assert_true(r == E_AGAIN || r > 0);
		} else {
			r = get(buf, n);
			for (long i = 0; i < r; i++)
				assert_int_equal(
				    buf[i], (uint8_t)((out + (uint64_t)i) *
				                          2654435761u >>
				                      7));
			if (r > 0)
				out += (uint64_t)r;
			assert_int_equal(r == E_AGAIN, in == out && r < 0);
		}
		if (shim_random(200) == 0) {
			r = pipe_set_size(rd, 4096ul << shim_random(8));
			assert_true(r > 0 || r == E_BUSY);
		}
	}
}

static void pipe_set_size__keeps_to_the_limits(void **state)
{
	static char buf[40000];

	(void)state;
	assert_int_equal(pipe_get_size(rd), 65536);
	assert_int_equal(pipe_set_size(wr, 1), 4096);
	assert_int_equal(pipe_set_size(wr, 5000), 8192);
	assert_int_equal(put(buf, 40000), 8192);
	assert_int_equal(pipe_set_size(wr, 4096), E_BUSY);
	assert_int_equal(pipe_set_size(wr, 1 << 20), 1 << 20);
	assert_int_equal(pipe_set_size(wr, (1 << 20) + 1), E_PERM);
	assert_int_equal(pipe_set_size(wr, SIZE_MAX), E_INVAL);
	assert_int_equal(get(buf, 40000), 8192);
}

static void pipe__tells_of_the_other_end(void **state)
{
	char b[4];

	(void)state;
	assert_int_equal(wr->ops->poll(wr, NULL), EV_OUT | EV_WRNORM);
	assert_int_equal(rd->ops->poll(rd, NULL), 0);
	assert_int_equal(put("ab", 2), 2);
	assert_int_equal(rd->ops->poll(rd, NULL), EV_IN | EV_RDNORM);
	object_put(wr);
	wr = NULL;
	assert_int_equal(rd->ops->poll(rd, NULL), EV_IN | EV_RDNORM | EV_HUP);
	/* What was written can still be read; then it ends. */
	assert_int_equal(get(b, 4), 2);
	assert_int_equal(get(b, 4), 0);
}

static void pipe_write__fails_without_a_reader(void **state)
{
	(void)state;
	object_put(rd);
	rd = NULL;
	assert_int_equal(put("a", 1), E_PIPE);
	assert_int_equal(sigpipes, 1);
	assert_true(wr->ops->poll(wr, NULL) & EV_ERR);
	/* Nothing to write: nothing to tell. */
	assert_int_equal(put("a", 0), 0);
	assert_int_equal(sigpipes, 1);
}

/* O_DIRECT: a read takes one packet and loses what did not fit. */
static void pipe__keeps_packets_apart(void **state)
{
	char b[16];

	(void)state;
	wr->oflags |= O_DIRECT;
	assert_int_equal(put("abc", 3), 3);
	assert_int_equal(put("defg", 4), 4);
	assert_int_equal(get(b, 2), 2);
	assert_int_equal(get(b, 16), 4);
	assert_memory_equal(b, "defg", 4);
	assert_int_equal(get(b, 16), E_AGAIN);
}

/* A bad address moves nothing, or what came before it. */
static void pipe__reports_bad_addresses(void **state)
{
	char b[8];
	struct uio u;
	struct user_vec second = {.base = {8}, .len = 4};

	(void)state;
	u = uio_user((struct uptr){16}, 4);
	assert_int_equal(wr->ops->write(wr, &u, OFF_OWN), E_FAULT);
	assert_int_equal(get(b, 8), E_AGAIN);
	u = uio_user((struct uptr){(uint64_t)(uintptr_t)"good"}, 4);
	u.left = 8;
	u.next = &second;
	u.next_count = 1;
	assert_int_equal(wr->ops->write(wr, &u, OFF_OWN), 4);
	u = uio_user((struct uptr){16}, 4);
	assert_int_equal(rd->ops->read(rd, &u, OFF_OWN), E_FAULT);
	assert_int_equal(get(b, 8), 4);
	assert_memory_equal(b, "good", 4);
}

/* Each allocation in turn fails: an error, and nothing is lost. */
static void pipe__survives_allocation_failures(void **state)
{
	static char buf[30000];

	(void)state;
	for (long n = 0; n < 12; n++) {
		struct object *a = NULL, *b = NULL;
		enum err e;
		long w = 0;

		kalloc_fail_after(n);
		e = pipe_create(O_NONBLOCK, &a, &b);
		if (e == OK) {
			struct uio u = uio_kernel(buf, sizeof(buf));

			w = b->ops->write(b, &u, OFF_OWN);
			(void)pipe_set_size(a, 1 << 18);
			object_put(a);
			object_put(b);
		} else {
			assert_int_equal(e, E_NOMEM);
		}
		kalloc_fail_after(-1);
		assert_true(w == E_NOMEM || (w >= 0 && w % 4096 == 0) ||
		            w == (long)sizeof(buf));
	}
}

/* A fifo lives while it is open, and its opens find the same pipe. */
static void pipe_fifo_open__joins_by_node(void **state)
{
	struct node node = {.refs = 1};
	struct object *r, *w, *rw, *own_rd = rd, *own_wr = wr;
	char b[4];

	(void)state;
	mutex_init(&node.lock, RANK_NODE);
	/* Nobody reads: a writer that does not wait is told so. */
	assert_int_equal(
	    pipe_fifo_open(&node, O_WRONLY | O_NONBLOCK, &w), E_NXIO);
	assert_null(node.fifo);
	assert_int_equal(pipe_fifo_open(&node, O_RDONLY | O_NONBLOCK, &r), OK);
	/* No writer was ever there: that is no hang-up yet. */
	assert_int_equal(r->ops->poll(r, NULL), 0);
	assert_int_equal(pipe_fifo_open(&node, O_WRONLY | O_NONBLOCK, &w), OK);
	wr = w;
	rd = r;
	assert_int_equal(put("abc", 3), 3);
	assert_int_equal(get(b, 4), 3);
	assert_int_equal(get(b, 4), E_AGAIN);
	object_put(w);
	assert_true(r->ops->poll(r, NULL) & EV_HUP);
	assert_int_equal(get(b, 4), 0);
	assert_int_equal(pipe_fifo_open(&node, O_RDWR | O_NONBLOCK, &rw), OK);
	assert_int_equal(get(b, 4), E_AGAIN);
	object_put(rw);
	object_put(r);
	assert_null(node.fifo);
	assert_int_equal(node.refs, 1);
	rd = own_rd;
	wr = own_wr;
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(pipe_write__merges_small_writes),
	    T(pipe_write__keeps_small_writes_whole),
	    T(pipe__wakes_the_other_side),
	    T(pipe__is_a_queue_of_bytes),
	    T(pipe_set_size__keeps_to_the_limits),
	    T(pipe__tells_of_the_other_end),
	    T(pipe_write__fails_without_a_reader),
	    T(pipe__keeps_packets_apart),
	    T(pipe__reports_bad_addresses),
	    T(pipe__survives_allocation_failures),
	    T(pipe_fifo_open__joins_by_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
