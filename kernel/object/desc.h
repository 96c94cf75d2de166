/* kernel/object/desc.h -- descriptor tables. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/object/object.h"

/*
 * A table belongs to one process (or is shared by CLONE_FILES). It gives the
 * lowest free integer. Look-up takes no lock: when only one thread can change
 * the table no reference is taken either. Changes take table->lock.
 */
struct desc_table;

enum { DESC_CLOEXEC = 1 }; /* per-descriptor flags */

/* The highest number of descriptors a table can have (fs.nr_open). */
enum { DESC_MAX = 1 << 20 };

enum err desc_table_create(struct desc_table **out);
enum err desc_table_create_for(struct silo *silo, struct desc_table **out);
/*
 * Put g at the free number fd of a table that nobody uses yet. Takes g's
 * reference, always. E_MFILE (quota), E_BADF, E_EXIST, E_NOMEM.
 */
enum err desc_table_insert(
    struct desc_table *t, unsigned fd, struct grant *g, uint32_t rights);
/* A copy of all descriptors (fork). E_NOMEM, E_MFILE (silo quota). */
enum err desc_table_copy(struct desc_table *t, struct desc_table **out);
struct desc_table *desc_table_get(struct desc_table *t);
void desc_table_put(struct desc_table *t); /* last: closes all; may sleep */
/* Close what is marked; of the current process, which alone has the table. */
void desc_close_on_exec(struct desc_table *t);
/* Before exec when shared: give the process a table of its own. */
enum err desc_table_unshare(struct desc_table **t);

/* A descriptor held during one system call. */
struct held {
	struct object *obj;
	uint32_t rights; /* of the descriptor */
	bool counted;    /* a reference must be dropped */
};

/*
 * Hold descriptor fd of the current process, which must carry all of
 * `rights`. E_BADF when absent, revoked, or when READ/WRITE rights are
 * missing; E_ACCES when another right is missing.
 */
enum err desc_hold(int fd, uint32_t rights, struct held *out);
static inline void desc_release(struct held *h)
{
	if (unlikely(h->counted))
		object_put(h->obj);
}

/*
 * Install obj (taking over the caller's reference on success) at the lowest
 * free descriptor >= min. rights is cut to the object's root grant.
 * E_MFILE (RLIMIT_NOFILE or silo quota), E_NOMEM; E_INVAL when min is not
 * below RLIMIT_NOFILE.
 */
enum err desc_install(
    struct object *obj, uint32_t rights, unsigned flags, int min, int *out);

/* The same for what a message brought: a reference to the grant itself. */
enum err desc_install_grant(
    struct grant *g, uint32_t rights, unsigned flags, int min, int *out);

/*
 * What is behind fd, to pass it on: gives a reference to its grant, and its
 * rights. Errors as desc_hold.
 */
enum err desc_get_grant(
    int fd, uint32_t need, struct grant **out, uint32_t *rights);

/* The rights that opening with these O_* flags gives (cut by the object). */
static inline uint32_t desc_open_rights(uint32_t oflags)
{
	uint32_t r = RIGHTS_ALL & ~(RIGHT_READ | RIGHT_WRITE);

	if ((oflags & 3) != 1)
		r |= RIGHT_READ;
	if ((oflags & 3) != 0)
		r |= RIGHT_WRITE;
	return r;
}

enum err desc_close(int fd); /* E_BADF; may sleep */
enum err desc_dup(int fd, int min, unsigned flags, int *out);
enum err desc_dup_to(int fd, int to, unsigned flags); /* dup2/dup3 */
enum err desc_get_flags(int fd, unsigned *flags);
enum err desc_set_flags(int fd, unsigned flags);
enum err desc_limit(int fd, uint32_t rights); /* only shrinks */
enum err desc_close_range(unsigned first, unsigned last, bool cloexec_only);

/*
 * For /proc/PID/fd: the object at the first used descriptor >= *fd of another
 * process's table; gives a reference and sets *fd. False at the end.
 */
bool desc_next(
    struct desc_table *t, int *fd, struct object **out, uint32_t *rights);
unsigned desc_count(struct desc_table *t);
