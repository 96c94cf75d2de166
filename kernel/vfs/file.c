/* kernel/vfs/file.c -- open files: read, write, seek, map, release. */
/* SPDX-License-Identifier: MIT */
#include "kernel/vfs/file.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"
#include "kernel/mm/aspace.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/usercopy.h"
#include "kernel/mm/vmo.h"
#include "kernel/object/poll.h"
#include "kernel/object/signal.h"
#include "kernel/vfs/change.h"
#include "kernel/vfs/file_seq.h"
#include "kernel/vfs/locks.h"
#include "kernel/vfs/vfs.h"

enum { SIGNAL_XFSZ = 25, DAY_SECONDS = 86400 };

static struct slab_cache *file_cache;

void files_init(void)
{
	file_cache = slab_create("file", sizeof(struct file), CACHE_LINE);
}

static uint32_t rights_of(uint32_t oflags)
{
	uint32_t rights = RIGHTS_ALL & ~(uint32_t)(RIGHT_READ | RIGHT_WRITE);

	if (oflags & O_PATH)
		return rights &
		       ~(uint32_t)(RIGHT_MAP | RIGHT_SEEK | RIGHT_IOCTL);
	if ((oflags & O_ACCMODE) != O_WRONLY)
		rights |= RIGHT_READ;
	if ((oflags & O_ACCMODE) != O_RDONLY)
		rights |= RIGHT_WRITE;
	return rights;
}

enum err file_new(struct node *n, uint32_t oflags, const struct object_ops *ops,
    struct file **out)
{
	struct file *f = slab_alloc(file_cache);

	if (!f)
		return E_NOMEM;
	object_init(&f->object, ops, oflags & ~O_NOCTTY, rights_of(oflags));
	f->path = (struct path){0};
	f->node = n;
	f->atime = f->writer = false;
	f->flocked = false;
	mutex_init(&f->pos_lock, RANK_FILE_POS);
	f->pos = 0;
	f->dir_cookie = 0;
	f->priv = NULL;
	f->priv_size = 0;
	*out = f;
	return OK;
}

void file_release(struct object *o)
{
	struct file *f = container_of(o, struct file, object);

	if (f->flocked)
		file_locks_release(f);
	if (f->writer)
		atomic_fetch_sub(&f->node->writers, 1);
	if (f->priv)
		file_seq_free(f);
	if (f->path.name)
		path_put(&f->path);
	slab_free(file_cache, f);
}

enum err file_stat(struct object *o, struct kstat *out)
{
	node_stat(container_of(o, struct file, object)->node, out);
	return OK;
}

void file_flush(struct object *o, const struct desc_table *table)
{
	struct file *f = container_of(o, struct file, object);

	if (unlikely(!list_empty(&f->node->locks)))
		file_locks_flush(f, table);
}

/*
 * The position is shared by all descriptors of this file. With one reference
 * nobody else can be here: the caller's table has a single thread.
 */
NO_LOCK_CHECK static bool pos_take(struct file *f)
{
	if (atomic_load_explicit(&f->object.root.refs, memory_order_relaxed) ==
	    1)
		return false;
	mutex_take(&f->pos_lock);
	return true;
}

/* relatime: once a day, or when the file changed since it was last read. */
static void file_accessed(struct file *f)
{
	struct node *n = f->node;
	struct ktime now;

	if (!f->atime)
		return;
	if (n->atime.sec > n->mtime.sec && n->atime.sec > n->ctime.sec &&
	    !(f->path.mount->flags & MOUNT_STRICTATIME)) {
		now = ktime_now();
		if (now.sec - n->atime.sec < DAY_SECONDS)
			return;
	}
	node_touch(n, SET_ATIME);
}

static long read_contents(struct file *f, struct uio *u, uint64_t pos)
{
	struct node *n = f->node;
	uint64_t size = atomic_load_explicit(&n->size, memory_order_acquire);
	struct vmo *v;
	long r;

	if (pos >= size || u->left == 0)
		return 0;
	v = rcu_load(n->vmo);
	if (unlikely(!v)) {
		enum err e = node_contents(n);

		if (e != OK)
			return e;
		v = n->vmo;
	}
	r = vmo_read(v, pos, u, MIN(u->left, size - pos));
	file_accessed(f);
	return r;
}

static long read_at(struct file *f, struct uio *u, uint64_t pos)
{
	struct node *n = f->node;

	if (unlikely(n->flags & NODE_SEQ))
		return file_seq_read(f, u, pos);
	if (unlikely(n->ops->read != NULL))
		return n->ops->read(n, u, (int64_t)pos);
	if (unlikely(node_type(n) == NODE_DIR))
		return E_ISDIR;
	return read_contents(f, u, pos);
}

NO_LOCK_CHECK static long file_read(
    struct object *o, struct uio *u, int64_t off)
{
	struct file *f = container_of(o, struct file, object);
	bool locked;
	long r;

	if (off != OFF_OWN)
		return off < 0 ? E_INVAL : read_at(f, u, (uint64_t)off);
	locked = pos_take(f);
	r = read_at(f, u, (uint64_t)f->pos);
	if (r > 0)
		f->pos += r;
	if (locked)
		mutex_drop(&f->pos_lock);
	return r;
}

/* Cut n at RLIMIT_FSIZE; E_FBIG (with the signal) when nothing is left. */
static enum err limit_size(uint64_t pos, size_t *n)
{
	uint64_t limit = process_current()->rlimits[RL_FSIZE].cur;
	struct ksiginfo info = {.signo = SIGNAL_XFSZ};

	if (pos > INT64_MAX - *n)
		return E_FBIG;
	if (likely(limit == UINT64_MAX) || pos + *n <= limit)
		return OK;
	if (pos >= limit) {
		signal_send_thread(thread_current(), &info);
		return E_FBIG;
	}
	*n = limit - pos;
	return OK;
}

enum err file_write_prepare(struct node *n, uint64_t pos, size_t len)
{
	uint64_t size = n->size;
	enum err e;

	if (n->ops->reserve && (e = n->ops->reserve(n, pos, len)) != OK)
		return e;
	if (!n->vmo) {
		if (!n->ops->contents)
			return E_INVAL;
		if ((e = n->ops->contents(n)) != OK)
			return e;
	}
	if (pos > size && (size & PAGE_MASK)) {
		/* A mapping may have written behind the old end. */
		e = vmo_zero(n->vmo, size, PAGE_SIZE - (size & PAGE_MASK));
		if (e != OK)
			return e;
	}
	if (PAGES(pos + len) > vmo_pages(n->vmo))
		return vmo_resize(n->vmo, PAGES(pos + len));
	return OK;
}

static long write_contents(struct file *f, struct uio *u, uint64_t *pos)
{
	struct node *n = f->node;
	size_t len = u->left;
	long r;

	mutex_take(&n->lock);
	if ((f->object.oflags & O_APPEND) || (u->flags & UIO_APPEND))
		*pos = n->size;
	r = limit_size(*pos, &len);
	if (r == OK && len)
		r = file_write_prepare(n, *pos, len);
	if (r == OK && len)
		r = vmo_write(n->vmo, *pos, u, len);
	if (r > 0 && *pos + (uint64_t)r > n->size)
		/* Release: a reader that sees the size sees the bytes. */
		atomic_store_explicit(
		    &n->size, *pos + (uint64_t)r, memory_order_release);
	if (r > 0) {
		node_touch(n, SET_MTIME);
		if (unlikely(n->mode & 06000))
			node_drop_setid(n);
	}
	if (n->vmo && unlikely(PAGES(n->size) < vmo_pages(n->vmo)))
		/* A short write: give back what was not written. */
		(void)vmo_resize(n->vmo, PAGES(n->size)); /* shrinks */
	mutex_drop(&n->lock);
	return r;
}

static long write_at(struct file *f, struct uio *u, uint64_t *pos)
{
	struct node *n = f->node;

	if (unlikely(n->ops->write != NULL))
		return n->ops->write(n, u, (int64_t)*pos);
	if (unlikely(node_type(n) != NODE_REG || n->ops->read))
		return E_INVAL;
	return write_contents(f, u, pos);
}

NO_LOCK_CHECK static long file_write(
    struct object *o, struct uio *u, int64_t off)
{
	struct file *f = container_of(o, struct file, object);
	uint64_t pos = (uint64_t)off;
	bool locked;
	long r;

	if (off != OFF_OWN)
		return off < 0 ? E_INVAL : write_at(f, u, &pos);
	locked = pos_take(f);
	pos = (uint64_t)f->pos;
	r = write_at(f, u, &pos);
	if (r > 0)
		f->pos = (int64_t)pos + r;
	if (locked)
		mutex_drop(&f->pos_lock);
	return r;
}

/* SEEK_DATA (3) and SEEK_HOLE (4) of a regular file. */
static int64_t seek_sparse(struct node *n, int64_t off, bool data)
{
	uint64_t size = n->size, index;

	if (off < 0 || (uint64_t)off >= size)
		return E_NXIO;
	if (!n->vmo || vmo_kind(n->vmo) != VMO_ANON) {
		bool full = n->ops->contents == NULL || n->flags & NODE_RDONLY;

		if (full || n->vmo)
			return data ? off : (int64_t)size;
		return data ? E_NXIO : off;
	}
	index = vmo_next(n->vmo, (uint64_t)off >> PAGE_SHIFT, data);
	if (index == UINT64_MAX || index >= PAGES(size))
		return data ? E_NXIO : (int64_t)size;
	return MAX(off, (int64_t)(index << PAGE_SHIFT));
}

NO_LOCK_CHECK static int64_t file_seek(
    struct object *o, int64_t off, int whence)
{
	struct file *f = container_of(o, struct file, object);
	struct node *n = f->node;
	int64_t base = 0;
	bool locked;

	if (node_type(n) != NODE_REG && node_type(n) != NODE_DIR)
		return E_SPIPE;
	locked = pos_take(f);
	if (whence == 1)
		base = f->pos;
	else if (whence == 2)
		base = (int64_t)n->size;
	else if ((whence == 3 || whence == 4) && node_type(n) == NODE_REG)
		off = seek_sparse(n, off, whence == 3);
	else if (whence != 0)
		off = E_INVAL, base = 0;
	if (whence <= 2 && whence >= 0 &&
	    (__builtin_add_overflow(base, off, &off) || off < 0))
		off = E_INVAL;
	if (off >= 0)
		f->pos = off;
	if (locked)
		mutex_drop(&f->pos_lock);
	return off;
}

static uint32_t file_poll(struct object *o, struct poll_table *pt)
{
	(void)o;
	(void)pt; /* always ready: nothing to wait for */
	return EV_IN | EV_OUT | EV_RDNORM | EV_WRNORM;
}

static enum err file_map(
    struct object *o, uint32_t prot, bool shared, struct vmo **out)
{
	struct file *f = container_of(o, struct file, object);
	struct node *n = f->node;
	enum err e;

	(void)shared;
	if (node_type(n) != NODE_REG || n->ops->read)
		return E_NODEV;
	if ((prot & PROT_X) && (f->path.mount->flags & MOUNT_NOEXEC))
		return E_PERM;
	e = node_contents(n);
	if (e != OK)
		return e;
	*out = vmo_get(n->vmo);
	file_accessed(f);
	return OK;
}

const struct object_ops file_ops = {
    .kind = "file",
    .release = file_release,
    .flush = file_flush,
    .read = file_read,
    .write = file_write,
    .seek = file_seek,
    .poll = file_poll,
    .stat = file_stat,
    .map = file_map,
};

long file_read_kernel(struct file *f, uint64_t off, void *buf, size_t n)
{
	struct uio u = uio_kernel(buf, n);

	if (off > INT64_MAX)
		return E_INVAL;
	return read_at(f, &u, off);
}

const struct path *object_path(struct object *o)
{
	struct file *f = container_of(o, struct file, object);

	if (o->ops->release != file_release || !f->path.name)
		return NULL;
	return &f->path;
}
