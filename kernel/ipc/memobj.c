/* kernel/ipc/memobj.c -- descriptors that name a memory object. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/ipc/memobj.h"
#include "kernel/core/string.h"
#include "kernel/mm/aspace.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/vmo.h"
#include "kernel/object/silo.h"
#include "kernel/vfs/file.h"

/*
 * Memory is either written or executed, for good: until it is sealed no
 * mapping of it, shared or private, may ever be executable, and once it is,
 * none may ever be writable. Mappings from before the seal stay, but their
 * writes are refused by the memory object itself (vmo_freeze).
 */
struct memobj {
	struct object object; /* first */
	struct vmo *vmo;      /* const; a reference */
	uint64_t size;        /* const: bytes */
	bool sealable;        /* const */
	_Atomic bool sealed;  /* set once, when nobody can write any more */
};

enum { ANON_DEV = 12 }; /* st_dev of objects that have no name */
#define SIZE_MAX_MEMOBJ (1ull << 46)

static const struct object_ops memobj_ops;

static struct memobj *memobj_of(struct object *o)
{
	return o->ops == &memobj_ops ? (struct memobj *)o : NULL;
}

struct vmo *memobj_vmo(struct object *o)
{
	struct memobj *m = memobj_of(o);

	return m ? m->vmo : NULL;
}

static enum err memobj_map(
    struct object *o, uint32_t prot, bool shared, struct vmo **out)
{
	(void)prot; /* map_limit has looked */
	(void)shared;
	*out = vmo_get(((struct memobj *)o)->vmo);
	return OK;
}

static uint32_t memobj_map_limit(struct object *o)
{
	return ((struct memobj *)o)->sealed ? PROT_R | PROT_X : PROT_R | PROT_W;
}

enum err memobj_seal_exec(struct object *o)
{
	struct memobj *m = memobj_of(o);

	if (!m)
		return E_INVAL;
	if (!m->sealable || !silo_current()->abi_linux)
		return E_PERM;
	vmo_freeze(m->vmo);
	m->sealed = true;
	return OK;
}

static enum err memobj_stat(struct object *o, struct kstat *out)
{
	struct memobj *m = (struct memobj *)o;

	memset(out, 0, sizeof(*out));
	out->dev = ANON_DEV;
	out->ino = 1;
	out->mode = 0600;
	out->nlink = 1;
	out->size = m->size;
	out->blksize = PAGE_SIZE;
	out->blocks = vmo_resident(m->vmo) * (PAGE_SIZE / 512);
	return OK;
}

static void memobj_release(struct object *o)
{
	struct memobj *m = (struct memobj *)o;

	vmo_put(m->vmo);
	silo_uncharge(o->root.silo, SILO_MEMORY, 1);
	kfree(m);
}

static const struct object_ops memobj_ops = {
    .kind = "memory",
    .release = memobj_release,
    .map = memobj_map,
    .map_limit = memobj_map_limit,
    .stat = memobj_stat,
};

enum err memobj_wrap(struct vmo *v, uint64_t size, uint32_t flags,
    uint32_t rights, struct object **out)
{
	enum err e = silo_charge(silo_current(), SILO_MEMORY, 1);
	struct memobj *m;

	if (e != OK)
		return e;
	m = kmalloc(sizeof(*m));
	if (!m) {
		silo_uncharge(silo_current(), SILO_MEMORY, 1);
		return E_NOMEM;
	}
	m->vmo = v;
	m->size = size;
	m->sealable = flags & VMO_SEALABLE;
	atomic_init(&m->sealed, false);
	object_init(&m->object, &memobj_ops, O_RDWR, rights);
	*out = &m->object;
	return OK;
}

enum err memobj_create(uint64_t size, uint32_t flags, struct object **out)
{
	struct vmo *v;
	enum err e;

	if (size == 0 || size > SIZE_MAX_MEMOBJ)
		return E_INVAL;
	e = vmo_create_anon(
	    silo_current(), ALIGN_UP(size, PAGE_SIZE) / PAGE_SIZE, &v);
	if (e != OK)
		return e;
	e = memobj_wrap(v, size, flags, MEMOBJ_RIGHTS, out);
	if (e != OK)
		vmo_put(v);
	return e;
}
