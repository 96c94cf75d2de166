/* kernel/object/restrict.c -- what a process gave up: pledge, sandbox. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/object/restrict.h"
#include "kernel/object/audit.h"
#include "kernel/object/desc.h"
#include "kernel/vfs/view.h"

bool process_subject(const struct process *p)
{
	const struct process *self = process_current();

	if (p == self)
		return true;
	if (p->silo != self->silo && !(mode_control() & MODE_STOP))
		return false;
	/* Whoever gave up something must not borrow it from who did not. */
	if ((p->pledge & ~self->pledge) || (self->restricted & ~p->restricted))
		return false;
	/* The same list, then; two lists are not compared. */
	return !self->view || self->view == p->view;
}

enum err restrict_receive(struct grant *g, const struct silo *from,
    uint32_t rights, struct grant **out)
{
	struct process *p = process_current();
	enum err e = object_admitted(g->object, mode_current());

	if (e != OK) {
		audit(AUDIT_MODE, from, e, rights);
		return e;
	}
	if (process_sandboxed(p)) {
		audit(AUDIT_SANDBOX, from, E_PERM, rights);
		return E_PERM; /* it has what it has */
	}
	e = audit_flow(from, p->silo);
	if (e != OK)
		return e;
	if (g->silo != p->silo) {
		e = grant_derive(g, p->silo, rights, 0, out);
		audit_of(from, 0, AUDIT_GRANT, p->silo, e, rights);
		return e;
	}
	*out = grant_get(g);
	return OK;
}

enum err restrict_inherit(struct process *child)
{
	struct process *self = process_current();

	child->pledge = self->pledge;
	child->restricted = self->restricted;
	return view_copy(self, &child->view);
}

enum err restrict_pledge(uint32_t mode)
{
	struct process *p = process_current();
	struct object *o;
	uint32_t rights;
	bool closes;

	audit(AUDIT_PLEDGE, NULL, mode & ~p->pledge ? E_PERM : OK, mode);
	if (mode & ~p->pledge)
		return E_PERM;
	p->pledge = mode;
	/* What the new mode does not admit is not held any longer. */
	for (int fd = 0; desc_next(p->descs, &fd, &o, &rights); fd++) {
		closes = object_admitted(o, mode_current()) != OK;
		object_put(o);
		if (closes)
			(void)desc_close(fd); /* closed by another thread */
	}
	return OK;
}

void restrict_sandbox(void)
{
	process_current()->restricted |= RESTRICT_SANDBOX;
	audit(AUDIT_SANDBOX, NULL, OK, 0);
}
