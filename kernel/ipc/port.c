/* kernel/ipc/port.c -- ports: creation, minting, the end. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/ipc/port.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"
#include "kernel/ipc/message.h"
#include "kernel/mm/slab.h"
#include "kernel/object/silo.h"

/*
 * Lifetime: the serving end holds one reference to `send`, and every minted
 * capability another. The memory goes with the last of them, which comes after
 * the end of `serve`.
 */

enum err port_create(struct object **serve)
{
	size_t size = sizeof(struct port) + cpu_count * sizeof(struct port_cpu);
	struct port *p = kmalloc(size);

	if (!p)
		return E_NOMEM;
	memset(p, 0, size);
	object_init(&p->serve, &port_serve_ops, 0,
	    RIGHT_SERVE | RIGHT_GRANT | RIGHT_REVOKE | RIGHT_MANAGE);
	object_init(&p->send, &port_send_ops, 0,
	    RIGHT_CALL | RIGHT_GRANT | RIGHT_REVOKE);
	lock_init(&p->lock, RANK_OBJECT);
	list_init(&p->callers);
	p->silo = silo_current();
	for (unsigned i = 0; i < cpu_count; i++)
		list_init(&p->cpus[i].receivers);
	*serve = &p->serve;
	return OK;
}

enum err port_mint(
    struct object *serve, uint64_t badge, uint32_t rights, struct grant **out)
{
	struct port *p = port_of_serve(serve);

	if (!p || rights & ~(RIGHT_CALL | RIGHT_GRANT | RIGHT_REVOKE))
		return E_INVAL;
	return grant_derive(&p->send.root, silo_current(), rights, badge, out);
}

static void serve_release(struct object *o)
{
	struct port *p = container_of(o, struct port, serve);

	lock_take(&p->lock);
	atomic_store(&p->closed, true);
	lock_drop(&p->lock);
	message_refuse_all(p);
	object_put(&p->send);
}

static void port_free(struct rcu_head *h)
{
	kfree(container_of(h, struct port, send.rcu));
}

static void send_release(struct object *o)
{
	struct port *p = container_of(o, struct port, send);

	KASSERT(list_empty(&p->callers));
	for (unsigned i = 0; i < cpu_count; i++)
		KASSERT_SLOW(list_empty(&p->cpus[i].receivers));
	/* Who looks for a cycle of calls may have come across it. */
	rcu_call(&o->rcu, port_free);
}

const struct object_ops port_serve_ops = {
    .kind = "port", .release = serve_release};
const struct object_ops port_send_ops = {
    .kind = "sender", .release = send_release};
