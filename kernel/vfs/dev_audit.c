/* kernel/vfs/dev_audit.c -- /dev/audit: the audit records, for one who drains. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/vfs/dev_audit.h"
#include "kernel/core/klog.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/audit.h"
#include "kernel/object/poll.h"
#include "kernel/object/silo.h"
#include "kernel/vfs/devfs.h"
#include "kernel/vfs/file.h"

enum { MAJOR_AUDIT = 10, MINOR_AUDIT = 250 };

/* As many whole records as fit; waits for the first. */
static long audit_read(struct object *o, struct uio *u, int64_t off)
{
	struct audit_record r;
	size_t done = 0;

	(void)off;
	if (u->left < sizeof(r))
		return E_INVAL;
	while (u->left >= sizeof(r)) {
		if (audit_take(&r)) {
			if (uio_copy_to(u, &r, sizeof(r)) != sizeof(r))
				return done ? (long)done : E_FAULT;
			done += sizeof(r);
		} else if (done) {
			break;
		} else if (o->oflags & O_NONBLOCK) {
			return E_AGAIN;
		} else if (audit_wait() != OK) {
			return E_RESTARTSYS;
		}
	}
	return (long)done;
}

static uint32_t audit_ready(struct object *o, struct poll_table *pt)
{
	(void)o;
	return audit_poll(pt) ? EV_IN | EV_RDNORM : 0;
}

static const struct object_ops audit_object = {.kind = "audit",
    .release = file_release,
    .flush = file_flush,
    .read = audit_read,
    .poll = audit_ready,
    .stat = file_stat};

static enum err audit_open(struct node *n, uint32_t oflags, struct object **out)
{
	struct file *f;
	enum err e;

	if (LABEL_TIER(silo_current()->label) != TIER_CRITICAL) {
		audit(AUDIT_OPEN, NULL, E_PERM, 0);
		return E_PERM;
	}
	e = file_new(n, oflags, &audit_object, &f);
	if (e == OK)
		*out = &f->object;
	return e;
}

void dev_audit_register(void)
{
	if (dev_register("audit", NODE_CHR | 0400,
	        dev_make(MAJOR_AUDIT, MINOR_AUDIT), audit_open) != OK)
		klog(LOG_ERR, "dev", "cannot add audit");
}
