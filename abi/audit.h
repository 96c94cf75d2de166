/* abi/audit.h -- what the kernel notes of decisions about security. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/base.h"

/*
 * Records are read from /dev/audit, whole ones only, oldest first; reading
 * takes them away. Opening it is for silos of the critical tier.
 */
enum audit_action {
	AUDIT_GRANT = 1, /* a capability passed; detail: rights */
	AUDIT_REVOKE,    /* detail: nodes revoked */
	AUDIT_MODE,      /* an object that the mode does not admit */
	AUDIT_FLOW,      /* target may not be sent to */
	AUDIT_PLEDGE,    /* detail: the new mode */
	AUDIT_UNVEIL,    /* detail: rights */
	AUDIT_SANDBOX,   /* entered; with a result: broken rule of it */
	AUDIT_SYSCALL,   /* refused to a native silo; detail: number */
	AUDIT_SPAWN,     /* a silo was made; detail: mode */
	AUDIT_START,     /* a program was started in target; detail: pid */
	AUDIT_STOP,      /* detail: enum silo_op */
	AUDIT_SIGNAL,    /* refused to a process; detail: signal */
	AUDIT_CRASH,     /* detail: signal, bits 32-63: pid */
	AUDIT_OPEN,      /* an object that others share, refused */
	AUDIT_ACTIONS
};

struct audit_record {
	uint64_t time;    /* of the first, ns since 1970 */
	uint64_t detail;  /* by action */
	uint32_t actor;   /* SID */
	uint32_t target;  /* SID; 0: none */
	uint32_t pid;     /* of the actor, as init sees it; 0: the kernel */
	uint32_t count;   /* so many alike, one after the other */
	int16_t result;   /* 0, or the negative error it was refused with */
	uint16_t action;  /* enum audit_action */
	uint32_t dropped; /* of this actor, before this one, for want of room */
};
static_assert(sizeof(struct audit_record) == 40, "struct audit_record is ABI");

enum { AUDIT_RECORDS_MAX = 4096 };
