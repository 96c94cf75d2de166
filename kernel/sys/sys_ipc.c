/* kernel/sys/sys_ipc.c -- system calls of synchronous messages. */
/* SPDX-License-Identifier: MIT */
#include "kernel/sys/sys_ipc.h"
#include "kernel/arch/x86_64/regs.h"
#include "kernel/core/wait.h"
#include "kernel/ipc/message.h"
#include "kernel/ipc/reply.h"
#include "kernel/ipc/fastpath.h"
#include "kernel/ipc/transfer.h"
#include "kernel/ipc/window.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/desc.h"
#include "kernel/object/process.h"

/* What the registers ask for. */
struct request {
	struct regs *regs;
	int fd;
	uint32_t flags;
	nsec_t deadline;
	struct ipc_more more; /* valid with IPC_TIMED or descriptors */
};

static enum err parse(struct request *q, uint32_t allowed, bool sends)
{
	struct regs *r = thread_regs(thread_current());
	uint64_t tag = r->rsi;

	q->regs = r;
	q->fd = (int)r->rdi;
	q->flags = (uint32_t)(r->rdi >> 32);
	q->deadline = WAIT_FOREVER;
	if (q->flags & ~allowed)
		return E_INVAL;
	if (sends && (tag & ~IPC_TAG_MASK || IPC_TAG_WORDS(tag) > IPC_WORDS ||
	                 IPC_TAG_DESCS(tag) > IPC_DESCS_MAX))
		return E_INVAL;
	if (!(q->flags & IPC_TIMED) && !(sends && IPC_TAG_DESCS(tag)))
		return OK;
	if (copy_from_user(&q->more, (struct uptr){r->rdx}, sizeof(q->more)) !=
	    OK)
		return E_FAULT;
	if (q->flags & IPC_TIMED)
		q->deadline = q->more.deadline;
	return OK;
}

long sys_port_create(uint32_t flags)
{
	struct object *o;
	enum err e;
	int fd;

	if (flags & ~(uint32_t)DESC_CLOEXEC)
		return E_INVAL;
	if ((e = port_create(&o)) != OK)
		return e;
	if ((e = desc_install(o, RIGHTS_ALL, flags, 0, &fd)) != OK) {
		object_put(o);
		return e;
	}
	return fd;
}

long sys_port_mint(int fd, uint64_t badge, uint32_t rights)
{
	struct held h;
	struct grant *g;
	enum err e;
	int out;

	if ((e = desc_hold(fd, RIGHT_SERVE, &h)) != OK)
		return e;
	e = port_mint(h.obj, badge, rights, &g);
	desc_release(&h);
	if (e != OK)
		return e;
	if ((e = desc_install_grant(g, rights, 0, 0, &out)) != OK) {
		grant_put(g);
		return e;
	}
	return out;
}

/* Sleep for the other side where it can switch to us directly; or return. */
static void sleep_directly(const struct request *q)
{
#ifdef CONFIG_FASTPATH
	if (!(q->flags & IPC_TIMED) && fastpath_may_sleep())
		fastpath_sleep(q->regs);
#else
	(void)q;
#endif
}

long sys_ipc_call(void)
{
	struct thread *t = thread_current();
	struct request q;
	struct grant *g;
	uint32_t rights;
	long result;
	enum err e;

	if ((e = parse(&q, IPC_NONBLOCK | IPC_TIMED, true)) != OK)
		return e;
	if ((e = desc_get_grant(q.fd, RIGHT_CALL, &g, &rights)) != OK)
		return e;
	e = port_of_send(g->object)
	        ? transfer_collect(t, &q.more, IPC_TAG_DESCS(q.regs->rsi))
	        : E_INVAL;
	if (e == OK) {
		t->ipc.more = q.regs->rdx;
		e = message_send(g, q.flags & IPC_NONBLOCK);
		if (e == OK && t->ipc.grant_count == 0) {
			grant_put(g); /* our descriptor keeps it */
			sleep_directly(&q);
			grant_get(g);
		}
	}
	result = e == OK ? message_wait(t, q.deadline) : (long)e;
	if (result != OK)
		transfer_drop(t);
	grant_put(g);
	return transfer_received(t, result);
}

static long receive(const struct request *q)
{
	struct thread *t = thread_current();
	struct grant *g;
	struct port *p;
	uint32_t rights;
	long result;
	enum err e;

	if ((e = desc_get_grant(q->fd, RIGHT_SERVE, &g, &rights)) != OK)
		return e;
	p = port_of_serve(g->object);
	if (p && !atomic_load(&t->ipc.slot.caller)) {
		t->ipc.more = q->regs->rdx;
		result =
		    message_receive(p, q->deadline, q->flags & IPC_NONBLOCK);
	} else {
		result = p ? E_BUSY : E_INVAL; /* one caller at a time */
	}
	grant_put(g);
	return transfer_received(t, result);
}

long sys_ipc_receive(void)
{
	struct request q;
	enum err e = parse(&q, IPC_NONBLOCK | IPC_TIMED, false);

	return e == OK ? receive(&q) : (long)e;
}

/* An error that a server may give instead of an answer. */
static enum err refusal(const struct request *q)
{
	uint32_t code = IPC_TAG_VERB(q->regs->rsi);

	if (!(q->flags & IPC_REFUSE))
		return OK;
	return code >= 1 && code < 512 ? (enum err) - (int)code : E_IO;
}

static enum err reply(const struct request *q, struct reply_slot *slot)
{
	struct thread *t = thread_current();
	enum err e = transfer_collect(t, &q->more, IPC_TAG_DESCS(q->regs->rsi));

	if (e != OK)
		return e;
	e = message_reply(slot, q->regs, refusal(q));
	transfer_drop(t); /* what nobody took */
	return e;
}

/* The reply right behind fd. E_INVAL: something else. */
static enum err hold_reply(int fd, struct held *h, struct reply **out)
{
	enum err e = desc_hold(fd, RIGHT_CALL, h);

	if (e != OK)
		return e;
	*out = reply_of(h->obj);
	if (*out)
		return OK;
	desc_release(h);
	return E_INVAL;
}

long sys_ipc_reply(void)
{
	struct request q;
	struct reply *r;
	struct held h;
	enum err e = parse(&q, IPC_REFUSE | IPC_DETACHED, true);

	if (e != OK)
		return e;
	if (!(q.flags & IPC_DETACHED))
		return reply(&q, &thread_current()->ipc.slot);
	if ((e = hold_reply(q.fd, &h, &r)) != OK)
		return e;
	e = reply(&q, &r->slot);
	desc_release(&h);
	return e;
}

long sys_ipc_detach(void)
{
	struct reply *r;
	enum err e;
	int fd;

	if ((e = reply_create(&r)) != OK)
		return e;
	if ((e = desc_install(&r->object, RIGHTS_ALL, 0, 0, &fd)) != OK) {
		object_put(&r->object);
		return e;
	}
	/* Another thread that closes the number already is its own fault. */
	object_get(&r->object);
	e = reply_take(r, &thread_current()->ipc.slot);
	object_put(&r->object);
	if (e == OK)
		return fd;
	(void)desc_close(fd);
	return e;
}

long sys_ipc_reply_receive(void)
{
	struct request q;
	enum err e = parse(&q, IPC_NONBLOCK | IPC_TIMED | IPC_REFUSE, true);

	if (e != OK)
		return e;
	/* A caller that went away meanwhile needs no answer. */
	if (atomic_load(&thread_current()->ipc.slot.caller)) {
		e = reply(&q, &thread_current()->ipc.slot);
		if (e != OK && e != E_CANCELED)
			return e;
	}
	return receive(&q);
}

long sys_msg_read(uint64_t offset, struct uptr to, uint64_t size)
{
	return window_read(&thread_current()->ipc.slot, offset, to, size);
}

long sys_msg_write(uint64_t offset, struct uptr from, uint64_t size)
{
	return window_write(&thread_current()->ipc.slot, offset, from, size);
}

long sys_reply_read(int fd, uint64_t offset, struct uptr to, uint64_t size)
{
	struct reply *r;
	struct held h;
	enum err e = hold_reply(fd, &h, &r);
	long n;

	if (e != OK)
		return e;
	n = window_read(&r->slot, offset, to, size);
	desc_release(&h);
	return n;
}

long sys_reply_write(int fd, uint64_t offset, struct uptr from, uint64_t size)
{
	struct reply *r;
	struct held h;
	enum err e = hold_reply(fd, &h, &r);
	long n;

	if (e != OK)
		return e;
	n = window_write(&r->slot, offset, from, size);
	desc_release(&h);
	return n;
}
