/* lib/ipc.h -- ports and synchronous messages, for C. See abi/ipc.h. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/ipc.h"
#include "abi/native.h"

struct ipc_msg {
	uint64_t tag; /* IPC_TAG(verb, words) */
	uint64_t word[IPC_WORDS];
};

/* Who sent it, stamped by the kernel. */
struct ipc_from {
	uint64_t badge;
	uint32_t sid, label;
};

/* fd with IPC_* flags in its upper half. */
#define IPC_FD(fd, flags) ((uint64_t)(uint32_t)(fd) | (uint64_t)(flags) << 32)

/*
 * Send *m and wait; *m is the answer when 0 is returned. more may be NULL.
 * Else a negative error, the server's own refusal among them.
 */
long ipc_call(uint64_t fd, struct ipc_msg *m, struct ipc_more *more);

/* Wait for a call. Then answer it by one of the next two. */
long ipc_receive(uint64_t fd, struct ipc_msg *m, struct ipc_more *more,
    struct ipc_from *from);
/* Answer with *m, if there is a caller, and wait for the next call. */
long ipc_reply_receive(uint64_t fd, struct ipc_msg *m, struct ipc_more *more,
    struct ipc_from *from);
long ipc_reply(uint64_t flags, const struct ipc_msg *m, struct ipc_more *more);

/*
 * The same for messages without words: no memory is touched. A receiver gets
 * the words of a message that has some, all the same.
 */
long ipc_call0(uint64_t fd, uint64_t tag);
long ipc_reply_receive0(uint64_t fd, struct ipc_msg *m, struct ipc_from *from);

/*
 * ipc_call and ipc_reply_receive in line, for loops that count instructions: the
 * words of a message that never leaves the function stay in registers.
 */
static inline __attribute__((always_inline)) long ipc_exchange_inline(
    uint64_t nr, uint64_t fd, struct ipc_msg *m, struct ipc_more *more,
    struct ipc_from *from)
{
	register uint64_t r10 __asm__("r10");
	register uint64_t r8 __asm__("r8");
	register uint64_t r9 __asm__("r9");
	register uint64_t r12 __asm__("r12");
	register uint64_t r13 __asm__("r13");
	register uint64_t r14 __asm__("r14");
	register uint64_t r15 __asm__("r15");
	uint64_t rbx = m->word[3], tag = m->tag, rdx = (uintptr_t)more;
	long r = (long)nr;

	r10 = m->word[0];
	r8 = m->word[1];
	r9 = m->word[2];
	r12 = m->word[4];
	r13 = m->word[5];
	r14 = m->word[6];
	r15 = m->word[7];
	__asm__ volatile("syscall"
	    : "+a"(r), "+D"(fd), "+S"(tag), "+d"(rdx), "+r"(r10), "+r"(r8),
	    "+r"(r9), "+b"(rbx), "+r"(r12), "+r"(r13), "+r"(r14), "+r"(r15)
	    :
	    : "rcx", "r11", "memory");
	if (r)
		return r;
	*m = (struct ipc_msg){tag, {r10, r8, r9, rbx, r12, r13, r14, r15}};
	if (from)
		*from =
		    (struct ipc_from){fd, (uint32_t)rdx, (uint32_t)(rdx >> 32)};
	return 0;
}

static inline long ipc_call_inline(
    uint64_t fd, struct ipc_msg *m, struct ipc_more *more)
{
	return ipc_exchange_inline(NR_ipc_call, fd, m, more, 0);
}

static inline long ipc_reply_receive_inline(uint64_t fd, struct ipc_msg *m,
    struct ipc_more *more, struct ipc_from *from)
{
	return ipc_exchange_inline(NR_ipc_reply_receive, fd, m, more, from);
}

/* ipc_call0 in line. */
static inline long ipc_call0_inline(uint64_t fd, uint64_t tag)
{
	long r = NR_ipc_call, none = 0;

	__asm__ volatile("syscall"
	    : "+a"(r), "+D"(fd), "+S"(tag), "+d"(none)
	    :
	    : "rcx", "r11", "r8", "r9", "r10", "rbx", "r12", "r13", "r14",
	    "r15", "memory");
	return r;
}

/* Descriptors of a new port, of a capability to call it; or an error. */
long port_create(uint32_t flags);
long port_mint(int port, uint64_t badge, uint32_t rights);

/* Reach into the window of the caller; bytes, or an error. */
long msg_read(uint64_t offset, void *to, uint64_t size);
long msg_write(uint64_t offset, const void *from, uint64_t size);
