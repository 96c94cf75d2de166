/* kernel/ipc/memobj.h -- descriptors that name a memory object. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/event.h"
#include "kernel/object/object.h"

struct vmo;

#define MEMOBJ_RIGHTS                                                    \
	(RIGHT_READ | RIGHT_WRITE | RIGHT_EXEC | RIGHT_MAP | RIGHT_PIN | \
	    RIGHT_GRANT | RIGHT_REVOKE)

/*
 * A descriptor's object for v, of size bytes; takes v on success. flags:
 * VMO_SEALABLE. E_NOMEM.
 */
enum err memobj_wrap(struct vmo *v, uint64_t size, uint32_t flags,
    uint32_t rights, struct object **out);

/*
 * New zeroed memory, charged to the current silo as it is touched. E_INVAL
 * (size), E_NOMEM.
 */
enum err memobj_create(uint64_t size, uint32_t flags, struct object **out);

/* The memory object behind o, borrowed; NULL: o is something else. */
struct vmo *memobj_vmo(struct object *o);

/*
 * No writing any more, by nobody; from now on it may be mapped for execution.
 * E_INVAL (no memory object), E_PERM (not made with VMO_SEALABLE, or a silo
 * that may not). May sleep.
 */
enum err memobj_seal_exec(struct object *o);
