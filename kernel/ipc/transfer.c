/* kernel/ipc/transfer.c -- descriptors that travel with a message. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/ipc/transfer.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/desc.h"
#include "kernel/object/restrict.h"

enum err transfer_collect(
    struct thread *t, const struct ipc_more *more, unsigned n)
{
	struct ipc_thread *m = &t->ipc;

	for (unsigned i = 0; i < n; i++) {
		uint32_t have;
		enum err e = desc_get_grant(
		    more->descs[i], RIGHT_GRANT, &m->grants[i], &have);

		if (e != OK) {
			transfer_drop(t);
			return e;
		}
		m->rights[i] = have & more->rights[i];
		m->grant_count++;
	}
	return OK;
}

void transfer_drop(struct thread *t)
{
	while (t->ipc.grant_count)
		grant_put(t->ipc.grants[--t->ipc.grant_count]);
}

/* One that came from g's holder becomes our own. */
static enum err install_one(struct grant *g, uint32_t rights, int32_t *fd)
{
	struct grant *own;
	enum err e = restrict_receive(g, g->silo, rights & g->rights, &own);

	if (e != OK)
		return e;
	e = desc_install_grant(own, rights, 0, 0, fd);
	if (e != OK)
		grant_put(own);
	return e;
}

static void install(struct ipc_thread *m)
{
	struct uptr at = {m->more};
	int32_t fds[IPC_DESCS_MAX] = {-1, -1, -1, -1};
	unsigned n = m->grant_count;

	for (unsigned i = 0; i < n; i++) {
		enum err e =
		    at.addr ? install_one(m->grants[i], m->rights[i], &fds[i])
		            : E_FAULT;

		grant_put(m->grants[i]);
		if (e != OK)
			fds[i] = e;
	}
	m->grant_count = 0;
	if (!at.addr || (copy_to_user(at, fds, sizeof(fds)) == OK &&
	                    copy_to_user((struct uptr){at.addr + sizeof(fds)},
	                        m->rights, sizeof(m->rights)) == OK))
		return;
	for (unsigned i = 0; i < n; i++)
		if (fds[i] >= 0)
			(void)desc_close(fds[i]);
}

long transfer_received(struct thread *t, long result)
{
	if (unlikely(t->ipc.grant_count))
		install(&t->ipc);
	return result;
}
