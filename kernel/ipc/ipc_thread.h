/* kernel/ipc/ipc_thread.h -- a thread's part in synchronous messages. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/ipc.h"
#include "kernel/core/list.h"
#include "kernel/core/types.h"

struct thread;
struct port;
struct grant;

/*
 * Where a thread stands in an exchange. Who may change it, and under what:
 *
 *	IDLE -> SENDING		itself, the port's lock: no receiver waits
 *	IDLE -> RECEIVING	itself, its CPU's run queue lock
 *	IDLE -> WAITING		itself, having given its message to a receiver
 *	SENDING -> WAITING	a receiver, the port's lock
 *	SENDING -> DONE		who closes the port, its lock: refused
 *	RECEIVING -> GETTING	a caller, run queue lock of ipc.cpu
 *	GETTING -> DONE		that caller, preemption off all the while
 *	WAITING -> DONE		who took us out of the reply slot, the same way
 *	SENDING, RECEIVING, WAITING -> IDLE
 *				itself, giving up: under the same lock, or by
 *				taking itself out of the slot
 *	DONE -> IDLE		itself
 *
 * So a message is given or withdrawn, never both: tests/models/port.pml is the model.
 */
enum ipc_state {
	IPC_IDLE,
	IPC_SENDING,   /* in port->callers */
	IPC_RECEIVING, /* in the port's list of receivers of CPU ipc.cpu */
	IPC_GETTING,   /* taken from there; the message is being copied */
	IPC_WAITING,   /* received; ipc.answer is the slot that names us */
	IPC_DONE,      /* ipc.result tells how it went */
};

/*
 * A reply right: who is to be answered, NULL once somebody answered or the
 * caller gave up. Taking the caller out is the right to answer it, once.
 */
struct reply_slot {
	struct thread *_Atomic caller;
	/*
	 * A page of its window is being written, preemption off: a caller that
	 * gives up waits for that.
	 */
	_Atomic uint32_t copying; /* pieces under way */
	bool of_thread; /* const: part of a thread, not of a reply object */
};

struct ipc_thread {
	_Atomic uint32_t state; /* enum ipc_state */
	int32_t result;         /* with DONE */
	struct list link;
	struct port *port; /* SENDING, RECEIVING; the descriptor holds it */
	uint64_t badge;    /* SENDING: of the capability that was called */
	uint64_t more;     /* user address of our struct ipc_more, or 0 */
	struct reply_slot slot; /* whom we, a server, are to answer */
	struct reply_slot *_Atomic answer; /* WAITING: who is to answer us */
	/* Descriptors that we send, or that came and are not installed yet. */
	struct grant *grants[IPC_DESCS_MAX];
	uint32_t rights[IPC_DESCS_MAX];
	uint8_t grant_count;
	uint16_t cpu; /* RECEIVING: in whose list */
};
