/* tests/host/vfs_shim.c -- a process with a root tmpfs, in a program. */
/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include "vfs_shim.h"
#include "kernel/core/panic.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/vmo.h"
#include "kernel/object/desc.h"
#include "kernel/object/signal.h"
#include "kernel/vfs/vfs.h"

enum { FDS = 64 };

static struct cred cred;
static struct process process = {.cred = &cred, .silo = &silo_boot, .pid = 1};
static struct thread thread = {.process = &process};
static struct object *fds[FDS];
static bool started;

struct thread *thread_hosted_current(void)
{
	return &thread;
}

bool cred_system(void)
{
	return true;
}

bool cred_privileged(void)
{
	return cred.euid == 0;
}

bool cred_in_group(const struct cred *c, uint32_t gid)
{
	return c->fsgid == gid;
}

void signal_send_thread(struct thread *t, const struct ksiginfo *info)
{
	(void)t;
	(void)info;
}

uint64_t slab_shrink(uint64_t want)
{
	(void)want;
	return 0;
}

void rwlock_write_nested(struct rwlock *l)
{
	rwlock_write(l);
}

uint64_t kstrtou64(const char *s, const char **end)
{
	char *e;
	uint64_t v = strtoull(s, &e, 0);

	*end = e;
	return v;
}

/* User memory is our own. */
enum err copy_from_user(void *dst, struct uptr src, size_t n)
{
	memcpy(dst, (void *)src.addr, n);
	return OK;
}

enum err copy_to_user(struct uptr dst, const void *src, size_t n)
{
	memcpy((void *)dst.addr, src, n);
	return OK;
}

size_t copy_from_user_some(void *dst, struct uptr src, size_t n)
{
	memcpy(dst, (void *)src.addr, n);
	return 0;
}

size_t copy_to_user_some(struct uptr dst, const void *src, size_t n)
{
	memcpy((void *)dst.addr, src, n);
	return 0;
}

enum err clear_user(struct uptr dst, size_t n)
{
	memset((void *)dst.addr, 0, n);
	return OK;
}

enum err strncpy_from_user(char *dst, struct uptr src, size_t size, size_t *len)
{
	size_t n = strnlen((char *)src.addr, size);

	if (n == size)
		return E_NAMETOOLONG;
	memcpy(dst, (void *)src.addr, n + 1);
	if (len)
		*len = n;
	return OK;
}

/* Memory objects: one array each. */
struct vmo {
	uint32_t refs;
	uint64_t pages;
	uint8_t *bytes;
	bool *there;
};

enum err vmo_resize(struct vmo *v, uint64_t pages)
{
	if (pages > 65536)
		return E_NOMEM;
	v->bytes = realloc(v->bytes, (pages + 1) * PAGE_SIZE);
	v->there = realloc(v->there, pages + 1);
	if (pages > v->pages) {
		memset(v->bytes + v->pages * PAGE_SIZE, 0,
		    (pages - v->pages) * PAGE_SIZE);
		memset(v->there + v->pages, 0, pages - v->pages);
	}
	v->pages = pages;
	return OK;
}

enum err vmo_create_anon(struct silo *silo, uint64_t pages, struct vmo **out)
{
	(void)silo;
	*out = calloc(1, sizeof(**out));
	(*out)->refs = 1;
	return vmo_resize(*out, pages);
}

struct vmo *vmo_get(struct vmo *v)
{
	v->refs++;
	return v;
}

void vmo_put(struct vmo *v)
{
	if (--v->refs)
		return;
	free(v->bytes);
	free(v->there);
	free(v);
}

uint64_t vmo_pages(struct vmo *v)
{
	return v->pages;
}

enum vmo_kind vmo_kind(const struct vmo *v)
{
	(void)v;
	return VMO_ANON;
}

long vmo_read(struct vmo *v, uint64_t off, struct uio *u, size_t n)
{
	KASSERT(off + n <= v->pages * PAGE_SIZE);
	return (long)uio_copy_to(u, v->bytes + off, n);
}

long vmo_write(struct vmo *v, uint64_t off, struct uio *u, size_t n)
{
	KASSERT(off + n <= v->pages * PAGE_SIZE);
	for (uint64_t i = off >> PAGE_SHIFT; i < PAGES(off + n); i++)
		v->there[i] = true;
	return (long)uio_copy_from(u, v->bytes + off, n);
}

enum err vmo_zero(struct vmo *v, uint64_t off, uint64_t n)
{
	if (off < v->pages * PAGE_SIZE)
		memset(v->bytes + off, 0, MIN(n, v->pages * PAGE_SIZE - off));
	return OK;
}

void vmo_discard(struct vmo *v, uint64_t first, uint64_t n)
{
	memset(v->bytes + first * PAGE_SIZE, 0, n * PAGE_SIZE);
	memset(v->there + first, 0, n);
}

enum err vmo_page(struct vmo *v, uint64_t i, bool write, struct page **out)
{
	v->there[i] |= write;
	*out = page_alloc(0, 0, NULL);
	return *out ? OK : E_NOMEM;
}

uint64_t vmo_resident(struct vmo *v)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < v->pages; i++)
		n += v->there[i];
	return n;
}

uint64_t vmo_next(struct vmo *v, uint64_t i, bool data)
{
	for (; i < v->pages; i++)
		if (v->there[i] == data)
			return i;
	return UINT64_MAX;
}

/* Descriptors. */
enum err desc_hold(int fd, uint32_t rights, struct held *out)
{
	if (fd < 0 || fd >= FDS || !fds[fd] || (rights & ~fds[fd]->root.rights))
		return E_BADF;
	*out = (struct held){object_get(fds[fd]), fds[fd]->root.rights, true};
	return OK;
}

enum err desc_install(
    struct object *o, uint32_t rights, unsigned flags, int min, int *out)
{
	(void)rights;
	(void)flags;
	for (int i = min; i < FDS; i++)
		if (!fds[i]) {
			fds[i] = o;
			*out = i;
			return OK;
		}
	return E_MFILE;
}

struct object *vfs_object(int fd)
{
	return fds[fd];
}

void vfs_close(int fd)
{
	struct object *o = fds[fd];

	fds[fd] = NULL;
	if (o->ops->flush)
		o->ops->flush(o, process_current()->descs);
	object_put(o);
}

enum err pipe_fifo_open(struct node *n, uint32_t oflags, struct object **out)
{
	(void)n;
	(void)oflags;
	(void)out;
	return E_NXIO;
}

enum err device_open(
    struct node *n, uint32_t oflags, const struct path *p, struct object **out)
{
	(void)n;
	(void)oflags;
	(void)p;
	(void)out;
	return E_NXIO;
}

void vfs_become(uint32_t uid, uint32_t gid)
{
	cred.uid = cred.euid = cred.suid = cred.fsuid = uid;
	cred.gid = cred.egid = cred.sgid = cred.fsgid = gid;
}

static uint64_t names_before, nodes_before;

void vfs_start(void)
{
	struct scheme *s;
	struct path top;

	if (!started) {
		names_init(6); /* long chains */
		nodes_init();
		files_init();
		locks_init();
		tmpfs_init();
		started = true;
	}
	for (unsigned i = 0; i < RL_COUNT; i++)
		process.rlimits[i].cur = UINT64_MAX;
	vfs_become(0, 0);
	rcu_barrier();
	names_before = names_live();
	nodes_before = nodes_live();
	assert_int_equal(tmpfs_create("root", "mode=755", &s), OK);
	assert_int_equal(namespace_create(s, "root", &process.namespace), OK);
	scheme_put(s);
	top = (struct path){
	    process.namespace->root, process.namespace->root->root};
	assert_int_equal(fs_context_create(&top, &process.fs), OK);
	process.fs->umask = 022;
}

void vfs_stop(void)
{
	for (int i = 0; i < FDS; i++)
		if (fds[i])
			vfs_close(i);
	fs_context_put(process.fs);
	namespace_put(process.namespace);
	rcu_barrier();
	assert_int_equal(nodes_live(), nodes_before);
	assert_int_equal(names_live(), names_before);
}
