/* kernel/linux/rlimit_calls.c -- resource limits. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/linux/rlimit_calls.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/process_internal.h"
#include "kernel/object/restrict.h"
#include "kernel/object/rlimits.h"

long sys_getrlimit(uint32_t id, struct uptr out)
{
	return sys_prlimit64(0, id, (struct uptr){0}, out);
}

long sys_setrlimit(uint32_t id, struct uptr in)
{
	struct rlimit n;
	enum err e = copy_from_user(&n, in, sizeof(n));

	return e == OK ? rlimit_set(process_current(), id, &n) : e;
}

/* Another process's limits: the same user throughout, or privileged. */
static bool may_limit(struct process *p)
{
	const struct cred *self = cred_current();
	struct cred *c;
	bool may;

	if (!process_subject(p))
		return false;
	if (p == process_current() || cred_privileged())
		return true;
	c = process_cred(p);
	may = self->uid == c->uid && self->uid == c->euid &&
	      self->uid == c->suid && self->gid == c->gid &&
	      self->gid == c->egid && self->gid == c->sgid;
	cred_put(c);
	return may;
}

long sys_prlimit64(int pid, uint32_t id, struct uptr in, struct uptr out)
{
	struct process *p;
	struct rlimit n, old;
	enum err e = OK;

	if (id >= RL_COUNT || pid < 0)
		return E_INVAL;
	if (!uptr_null(in))
		e = copy_from_user(&n, in, sizeof(n));
	if (e != OK)
		return e;
	p = pid ? process_find((uint32_t)pid) : process_get(process_current());
	if (!p)
		return E_SRCH;
	old = p->rlimits[id];
	if (!may_limit(p))
		e = E_PERM;
	else if (!uptr_null(in))
		e = rlimit_set(p, id, &n);
	process_put(p);
	if (e == OK && !uptr_null(out))
		e = copy_to_user(out, &old, sizeof(old));
	return e;
}
