/* abi/ipc.h -- synchronous messages: ports, calls, replies, windows. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/base.h"

/*
 * A message is a tag and eight words, moved in registers:
 *
 *	rdi	descriptor (bits 0-31) and IPC_* flags (bits 32-63)
 *	rsi	the tag
 *	rdx	address of a struct ipc_more, or 0
 *	r10 r8 r9 rbx r12 r13 r14 r15	the words
 *
 * A call returns, and a receiver finds:
 *
 *	rax	0, or a negative error and in the others what was there or 0
 *	rdi	badge of the capability that was called through (receiver)
 *	rsi	the tag
 *	rdx	SID (bits 0-31) and label (bits 32-63) of the sender (receiver)
 *	r10 ...	the words; those past the tag's count are 0
 *
 * rcx and r11 are lost, as in every system call. Who sent it stands in rdi and
 * rdx alone: nothing the sender says can change these.
 */
enum {
	IPC_WORDS = 8,
	IPC_DESCS_MAX = 4,
	IPC_VECTORS_MAX = 16,
};

/* The tag: a verb of the protocol's own, and how much follows. */
#define IPC_TAG_VERB(t)  ((uint32_t)(t))
#define IPC_TAG_WORDS(t) ((unsigned)((t) >> 32 & 0xf)) /* 0..8 */
#define IPC_TAG_DESCS(t) ((unsigned)((t) >> 36 & 0x7)) /* 0..4 */
#define IPC_TAG(verb, words) \
	((uint64_t)(uint32_t)(verb) | (uint64_t)(words) << 32)
#define IPC_TAG_WINDOW (1ull << 39)    /* ipc_more.vectors may be reached */
#define IPC_TAG_MASK   0xffffffffffull /* other bits must be 0 */

enum ipc_flags {
	IPC_NONBLOCK = 1, /* E_AGAIN instead of waiting for the other side */
	IPC_TIMED = 2,    /* until ipc_more.deadline; E_TIMEDOUT */
	/*
	 * reply_recv, reply: the answer is an error of the call itself: the
	 * caller gets -(tag's verb) in rax and no message.
	 */
	IPC_REFUSE = 4,
	/* ipc_reply: to the caller of the reply right in rdi, not our own. */
	IPC_DETACHED = 8,
};

/* One piece of the caller's memory. */
struct ipc_vector {
	uint64_t address, size;
};

/*
 * What does not fit the registers. The sender of descriptors fills descs and
 * rights; a receiver finds there what was installed (an error in place of one
 * that found no room). With IPC_TAG_WINDOW the server may read the first
 * readable_count vectors and write the writable_count after them (ipc_vector
 * arrays at `vectors`) until it answers; they are looked at when it does.
 */
struct ipc_more {
	int32_t descs[IPC_DESCS_MAX];
	uint32_t rights[IPC_DESCS_MAX]; /* upper bound of what is given on */
	uint64_t deadline;              /* monotonic ns, with IPC_TIMED */
	uint64_t vectors;               /* struct ipc_vector[] */
	uint32_t readable_count, writable_count; /* 0..IPC_VECTORS_MAX */
};
static_assert(sizeof(struct ipc_more) == 56, "struct ipc_more is ABI");

/* Rights of a minted sender: CALL, GRANT, or SERVE for a further server. */

/* port_stat: what a port has gone through. */
struct port_stat {
	uint64_t calls, fast_calls, queued, refused;
	uint32_t receivers, callers; /* waiting now */
};
static_assert(sizeof(struct port_stat) == 40, "struct port_stat is ABI");
