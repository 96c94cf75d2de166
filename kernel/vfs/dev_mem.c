/* kernel/vfs/dev_mem.c -- null, zero, full, random, urandom, kmsg. */
/* SPDX-License-Identifier: MIT */
#include "kernel/vfs/dev_mem.h"
#include "kernel/core/clock.h"
#include "kernel/core/klog.h"
#include "kernel/core/random.h"
#include "kernel/core/sched.h"
#include "kernel/core/string.h"
#include "kernel/mm/aspace.h"
#include "kernel/mm/usercopy.h"
#include "kernel/mm/vmo.h"
#include "kernel/object/poll.h"
#include "kernel/object/signal.h"
#include "kernel/object/silo.h"
#include "kernel/vfs/devfs.h"
#include "kernel/vfs/file.h"

enum { MAJOR_MEM = 1, CHUNK = 256, KMSG_LINE = 1024 };

static long null_read(struct object *o, struct uio *u, int64_t off)
{
	(void)o;
	(void)u;
	(void)off;
	return 0;
}

/* Takes everything, looks at nothing. */
static long null_write(struct object *o, struct uio *u, int64_t off)
{
	long n = (long)u->left;

	(void)o;
	(void)off;
	return n;
}

static long zero_read(struct object *o, struct uio *u, int64_t off)
{
	size_t n = u->left, done = uio_zero(u, n);

	(void)o;
	(void)off;
	return n && !done ? (long)E_FAULT : (long)done;
}

static long full_write(struct object *o, struct uio *u, int64_t off)
{
	(void)o;
	(void)off;
	return u->left ? (long)E_NOSPC : 0;
}

static int64_t null_seek(struct object *o, int64_t off, int whence)
{
	(void)o;
	(void)off;
	(void)whence;
	return 0;
}

static uint32_t always_ready(struct object *o, struct poll_table *pt)
{
	(void)o;
	(void)pt;
	return EV_IN | EV_OUT | EV_RDNORM | EV_WRNORM;
}

/* Mapping zero is anonymous memory; sparse, so any length does. */
static enum err zero_map(
    struct object *o, uint32_t prot, bool shared, struct vmo **out)
{
	(void)o;
	(void)prot;
	(void)shared;
	return vmo_create_anon(silo_current(), 1ull << 35, out);
}

static long random_read(struct object *o, struct uio *u, int64_t off)
{
	uint8_t chunk[CHUNK];
	size_t n, done, sum = 0;

	(void)o;
	(void)off;
	while (u->left) {
		if (sum && signal_pending())
			break;
		n = MIN(u->left, sizeof(chunk));
		random_bytes(chunk, n);
		done = uio_copy_to(u, chunk, n);
		sum += done;
		if (done < n)
			return sum ? (long)sum : (long)E_FAULT;
	}
	memset(chunk, 0, sizeof(chunk));
	return (long)sum;
}

static long random_write(struct object *o, struct uio *u, int64_t off)
{
	uint8_t chunk[CHUNK];
	size_t n, done, sum = 0;

	(void)o;
	(void)off;
	while (u->left) {
		n = MIN(u->left, sizeof(chunk));
		done = uio_copy_from(u, chunk, n);
		random_mix(chunk, done);
		sum += done;
		if (done < n)
			return sum ? (long)sum : (long)E_FAULT;
	}
	return (long)sum;
}

/* RNDGETENTCNT: as Linux now answers once the generator is seeded. */
static long random_ioctl(struct object *o, uint32_t cmd, uint64_t arg)
{
	(void)o;
	if (cmd != 0x80045200)
		return E_INVAL;
	return user_write_u32((struct uptr){arg}, random_is_seeded() ? 256 : 0);
}

/* The position counts records; one record a read, "" never. */
static long kmsg_read(struct object *o, struct uio *u, int64_t off)
{
	struct file *f = container_of(o, struct file, object);
	char line[KMSG_LINE];
	uint64_t seq;
	size_t n;

	(void)off;
	for (;;) {
		mutex_take(&f->pos_lock);
		seq = (uint64_t)f->pos;
		n = klog_read(&seq, line, sizeof(line));
		if (n && n <= u->left)
			f->pos = (int64_t)seq;
		mutex_drop(&f->pos_lock);
		if (n)
			break;
		if (o->oflags & O_NONBLOCK)
			return E_AGAIN;
		/* The log is written under any lock, so it wakes nobody. */
		if (sched_sleep_until(
		        clock_now() + 50 * NSEC_PER_MSEC, WAIT_INTR) != OK)
			return E_RESTARTSYS;
	}
	if (n > u->left)
		return E_INVAL;
	return uio_copy_to(u, line, n) == n ? (long)n : (long)E_FAULT;
}

/* "<6>text": a record of that level. */
static long kmsg_write(struct object *o, struct uio *u, int64_t off)
{
	char line[KMSG_LINE], *s = line;
	size_t n = MIN(u->left, sizeof(line) - 1), whole = u->left;
	unsigned level = LOG_NOTICE;

	(void)o;
	(void)off;
	if (uio_copy_from(u, line, n) != n)
		return E_FAULT;
	line[n] = '\0';
	if (n >= 3 && s[0] == '<' && s[1] >= '0' && s[1] <= '7' &&
	    s[2] == '>') {
		level = (unsigned)(s[1] - '0');
		s += 3;
	}
	n = strlen(s);
	while (n && s[n - 1] == '\n')
		s[--n] = '\0';
	klog((enum klog_level)level, "user", "%s", s);
	return (long)whole;
}

/* SEEK_SET 0: the oldest; SEEK_END 0: only what comes. */
static int64_t kmsg_seek(struct object *o, int64_t off, int whence)
{
	struct file *f = container_of(o, struct file, object);

	if (off != 0 || (whence != 0 && whence != 2 && whence != 3))
		return E_INVAL;
	mutex_take(&f->pos_lock);
	f->pos = whence == 2 ? (int64_t)klog_next_seq() : 0;
	mutex_drop(&f->pos_lock);
	return 0;
}

static uint32_t kmsg_poll(struct object *o, struct poll_table *pt)
{
	struct file *f = container_of(o, struct file, object);

	(void)pt;
	return EV_OUT | EV_WRNORM |
	       ((uint64_t)f->pos < klog_next_seq() ? EV_IN | EV_RDNORM : 0);
}

#define DEVICE(var, read_, write_, ...)                              \
	static const struct object_ops var##_object = {.kind = #var, \
	    .release = file_release,                                 \
	    .flush = file_flush,                                     \
	    .read = read_,                                           \
	    .write = write_,                                         \
	    .stat = file_stat,                                       \
	    __VA_ARGS__};                                            \
	static enum err var##_open(                                  \
	    struct node *n, uint32_t oflags, struct object **out)    \
	{                                                            \
		struct file *f;                                      \
		enum err e = file_new(n, oflags, &var##_object, &f); \
                                                                     \
		if (e == OK)                                         \
			*out = &f->object;                           \
		return e;                                            \
	}

DEVICE(null, null_read, null_write, .seek = null_seek, .poll = always_ready)
DEVICE(zero, zero_read, null_write, .seek = null_seek, .poll = always_ready,
    .map = zero_map)
DEVICE(full, zero_read, full_write, .seek = null_seek, .poll = always_ready)
DEVICE(random, random_read, random_write, .seek = null_seek,
    .poll = always_ready, .ioctl = random_ioctl)
DEVICE(kmsg, kmsg_read, kmsg_write, .seek = kmsg_seek, .poll = kmsg_poll)

void dev_mem_register(void)
{
	static const struct {
		const char *name;
		uint32_t minor, mode;
		enum err (*open)(struct node *, uint32_t, struct object **);
	} table[] = {
	    {"null", 3, 0666, null_open},
	    {"zero", 5, 0666, zero_open},
	    {"full", 7, 0666, full_open},
	    {"random", 8, 0666, random_open},
	    {"urandom", 9, 0666, random_open},
	    {"kmsg", 11, 0644, kmsg_open},
	};
	unsigned i;

	for (i = 0; i < COUNT(table); i++)
		if (dev_register(table[i].name, NODE_CHR | table[i].mode,
		        dev_make(MAJOR_MEM, table[i].minor),
		        table[i].open) != OK)
			klog(LOG_ERR, "dev", "cannot add %s", table[i].name);
}
