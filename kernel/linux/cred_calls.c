/* kernel/linux/cred_calls.c -- user and group ids, capability sets. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/linux/cred_calls.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/process_internal.h"

#define KEEP UINT32_MAX /* -1: leave as it is */

long sys_getuid(void)
{
	return cred_current()->uid;
}

long sys_geteuid(void)
{
	return cred_current()->euid;
}

long sys_getgid(void)
{
	return cred_current()->gid;
}

long sys_getegid(void)
{
	return cred_current()->egid;
}

static enum err write_three(
    const struct uptr to[3], uint32_t a, uint32_t b, uint32_t c)
{
	enum err e = user_write_u32(to[0], a);

	if (e == OK)
		e = user_write_u32(to[1], b);
	return e == OK ? user_write_u32(to[2], c) : e;
}

long sys_getresuid(struct uptr r, struct uptr e, struct uptr s)
{
	const struct cred *c = cred_current();

	return write_three((struct uptr[]){r, e, s}, c->uid, c->euid, c->suid);
}

long sys_getresgid(struct uptr r, struct uptr e, struct uptr s)
{
	const struct cred *c = cred_current();

	return write_three((struct uptr[]){r, e, s}, c->gid, c->egid, c->sgid);
}

/* Publish a change of user ids. */
static long commit_uid(struct cred *c)
{
	cred_settle_caps(cred_current(), c);
	c->fsuid = c->euid;
	cred_commit(c);
	return OK;
}

static long commit_gid(struct cred *c)
{
	c->fsgid = c->egid;
	cred_commit(c);
	return OK;
}

long sys_setuid(uint32_t uid)
{
	const struct cred *now = cred_current();
	bool root = cred_privileged();
	struct cred *c;

	if (uid == KEEP)
		return E_INVAL;
	if (!root && uid != now->uid && uid != now->suid)
		return E_PERM;
	c = cred_copy_current();
	if (!c)
		return E_NOMEM;
	if (root)
		c->uid = c->suid = uid;
	c->euid = uid;
	return commit_uid(c);
}

long sys_setgid(uint32_t gid)
{
	const struct cred *now = cred_current();
	bool root = cred_privileged();
	struct cred *c;

	if (gid == KEEP)
		return E_INVAL;
	if (!root && gid != now->gid && gid != now->sgid)
		return E_PERM;
	c = cred_copy_current();
	if (!c)
		return E_NOMEM;
	if (root)
		c->gid = c->sgid = gid;
	c->egid = gid;
	return commit_gid(c);
}

/* One of the three ids that the process has already, or unchanged. */
static bool own_uid(uint32_t id)
{
	const struct cred *c = cred_current();

	return id == KEEP || id == c->uid || id == c->euid || id == c->suid;
}

static bool own_gid(uint32_t id)
{
	const struct cred *c = cred_current();

	return id == KEEP || id == c->gid || id == c->egid || id == c->sgid;
}

long sys_setreuid(uint32_t ruid, uint32_t euid)
{
	const struct cred *now = cred_current();
	struct cred *c;

	if (!cred_privileged() &&
	    (!own_uid(euid) ||
	        (ruid != KEEP && ruid != now->uid && ruid != now->euid)))
		return E_PERM;
	c = cred_copy_current();
	if (!c)
		return E_NOMEM;
	if (ruid != KEEP)
		c->uid = ruid;
	if (euid != KEEP)
		c->euid = euid;
	if (ruid != KEEP || (euid != KEEP && euid != now->uid))
		c->suid = c->euid;
	return commit_uid(c);
}

long sys_setregid(uint32_t rgid, uint32_t egid)
{
	const struct cred *now = cred_current();
	struct cred *c;

	if (!cred_privileged() &&
	    (!own_gid(egid) ||
	        (rgid != KEEP && rgid != now->gid && rgid != now->egid)))
		return E_PERM;
	c = cred_copy_current();
	if (!c)
		return E_NOMEM;
	if (rgid != KEEP)
		c->gid = rgid;
	if (egid != KEEP)
		c->egid = egid;
	if (rgid != KEEP || (egid != KEEP && egid != now->gid))
		c->sgid = c->egid;
	return commit_gid(c);
}

long sys_setresuid(uint32_t ruid, uint32_t euid, uint32_t suid)
{
	struct cred *c;

	if (!cred_privileged() &&
	    (!own_uid(ruid) || !own_uid(euid) || !own_uid(suid)))
		return E_PERM;
	c = cred_copy_current();
	if (!c)
		return E_NOMEM;
	if (ruid != KEEP)
		c->uid = ruid;
	if (euid != KEEP)
		c->euid = euid;
	if (suid != KEEP)
		c->suid = suid;
	return commit_uid(c);
}

long sys_setresgid(uint32_t rgid, uint32_t egid, uint32_t sgid)
{
	struct cred *c;

	if (!cred_privileged() &&
	    (!own_gid(rgid) || !own_gid(egid) || !own_gid(sgid)))
		return E_PERM;
	c = cred_copy_current();
	if (!c)
		return E_NOMEM;
	if (rgid != KEEP)
		c->gid = rgid;
	if (egid != KEEP)
		c->egid = egid;
	if (sgid != KEEP)
		c->sgid = sgid;
	return commit_gid(c);
}

/* These two return the old id, whether they changed it or not. */
long sys_setfsuid(uint32_t uid)
{
	uint32_t old = cred_current()->fsuid;
	struct cred *c;

	if (uid == KEEP || uid == old)
		return old;
	if (!own_uid(uid) && !cred_privileged())
		return old;
	c = cred_copy_current();
	if (!c)
		return old;
	c->fsuid = uid;
	cred_commit(c);
	return old;
}

long sys_setfsgid(uint32_t gid)
{
	uint32_t old = cred_current()->fsgid;
	struct cred *c;

	if (gid == KEEP || gid == old)
		return old;
	if (!own_gid(gid) && !cred_privileged())
		return old;
	c = cred_copy_current();
	if (!c)
		return old;
	c->fsgid = gid;
	cred_commit(c);
	return old;
}

long sys_getgroups(int size, struct uptr list)
{
	const struct cred *c = cred_current();
	enum err e;

	if (size < 0)
		return E_INVAL;
	if (size == 0)
		return c->ngroups;
	if ((uint32_t)size < c->ngroups)
		return E_INVAL;
	e = copy_to_user(list, c->groups, c->ngroups * sizeof(c->groups[0]));
	return e == OK ? (long)c->ngroups : e;
}

long sys_setgroups(int size, struct uptr list)
{
	struct cred *c;
	enum err e;

	if (!cred_privileged())
		return E_PERM;
	if (size < 0 || size > GROUPS_MAX)
		return E_INVAL;
	c = cred_copy_current();
	if (!c)
		return E_NOMEM;
	e = copy_from_user(
	    c->groups, list, (size_t)size * sizeof(c->groups[0]));
	if (e != OK) {
		cred_put(c);
		return e;
	}
	c->ngroups = (uint32_t)size;
	cred_commit(c);
	return OK;
}

enum {
	CAP_VERSION_1 = 0x19980330,
	CAP_VERSION_2 = 0x20071026,
	CAP_VERSION_3 = 0x20080522,
};

struct cap_header {
	uint32_t version;
	int32_t pid;
};

struct cap_data {
	uint32_t effective, permitted, inheritable;
};

/* Number of 32-bit halves that the caller's version passes; 0: unknown. */
static unsigned cap_halves(uint32_t version)
{
	if (version == CAP_VERSION_1)
		return 1;
	return version == CAP_VERSION_2 || version == CAP_VERSION_3 ? 2 : 0;
}

static enum err cap_header_read(
    struct uptr p, struct cap_header *h, unsigned *halves)
{
	enum err e = copy_from_user(h, p, sizeof(*h));

	if (e != OK)
		return e;
	*halves = cap_halves(h->version);
	if (*halves)
		return OK;
	/* So a library asks which version to use. */
	e = user_write_u32(p, CAP_VERSION_3);
	return e == OK ? E_INVAL : e;
}

long sys_capget(struct uptr header, struct uptr data)
{
	struct cap_header h;
	struct cap_data d[2];
	struct process *p = process_current();
	struct cred *c;
	unsigned halves;
	enum err e = cap_header_read(header, &h, &halves);

	if (e == E_INVAL && uptr_null(data))
		return OK;
	if (e != OK)
		return e;
	if (h.pid < 0)
		return E_INVAL;
	p = h.pid ? process_find((uint32_t)h.pid) : process_get(p);
	if (!p)
		return E_SRCH;
	c = process_cred(p);
	for (unsigned i = 0; i < halves; i++)
		d[i] = (struct cap_data){
		    .effective = (uint32_t)(c->cap_effective >> 32 * i),
		    .permitted = (uint32_t)(c->cap_permitted >> 32 * i),
		    .inheritable = (uint32_t)(c->cap_inheritable >> 32 * i),
		};
	cred_put(c);
	process_put(p);
	return copy_to_user(data, d, halves * sizeof(d[0]));
}

long sys_capset(struct uptr header, struct uptr data)
{
	const struct cred *now = cred_current();
	struct cap_header h;
	struct cap_data d[2] = {0};
	uint64_t effective, permitted, inheritable;
	struct cred *c;
	unsigned halves;
	enum err e = cap_header_read(header, &h, &halves);

	if (e == OK && h.pid != 0 && (uint32_t)h.pid != thread_current()->tid)
		e = E_PERM;
	if (e == OK)
		e = copy_from_user(d, data, halves * sizeof(d[0]));
	if (e != OK)
		return e;
	effective = d[0].effective | (uint64_t)d[1].effective << 32;
	permitted = d[0].permitted | (uint64_t)d[1].permitted << 32;
	inheritable = d[0].inheritable | (uint64_t)d[1].inheritable << 32;
	/* They only shrink, and no more is in effect than is permitted. */
	if ((permitted & ~now->cap_permitted) || (effective & ~permitted) ||
	    (inheritable & ~(now->cap_inheritable | now->cap_permitted)))
		return E_PERM;
	c = cred_copy_current();
	if (!c)
		return E_NOMEM;
	c->cap_effective = effective;
	c->cap_permitted = permitted;
	c->cap_inheritable = inheritable;
	cred_commit(c);
	return OK;
}
