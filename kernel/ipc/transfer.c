/* kernel/ipc/transfer.c -- descriptors that travel with a message. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/ipc/transfer.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/desc.h"

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

static void install(struct ipc_thread *m)
{
	struct uptr at = {m->more};
	int32_t fds[IPC_DESCS_MAX] = {-1, -1, -1, -1};
	unsigned n = m->grant_count;

	for (unsigned i = 0; i < n; i++) {
		enum err e = E_FAULT;

		if (at.addr)
			e = desc_install_grant(
			    m->grants[i], m->rights[i], 0, 0, &fds[i]);
		if (e != OK) {
			grant_put(m->grants[i]);
			fds[i] = e;
		}
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
