/* kernel/socket/cmsg.h -- control messages: taking them apart and making them. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/err.h"
#include "abi/linux/socket.h"

/*
 * Pure: also built and fuzzed on the host. Buffers are kernel copies; offsets
 * within them are those of the user's, which starts aligned to 8.
 */

/* One control message of a buffer; data lies inside it. */
struct cmsg {
	int32_t level, type;
	const uint8_t *data;
	size_t len; /* of data */
};

/*
 * The message at *at (0 at first), which moves on to the next. False at the
 * end: no room for another head. *e: E_INVAL when a length is impossible.
 */
bool cmsg_next(
    const uint8_t *buf, size_t size, size_t *at, struct cmsg *out, enum err *e);

/* What the messages of a buffer asked for. */
struct cmsg_request {
	bool has_creds;
	struct linux_ucred creds; /* the last one given */
	uint32_t nfds;
	int32_t fds[SCM_RIGHTS_MAX]; /* of all messages together */
};

/*
 * Take a whole buffer apart. Levels other than SOL_SOCKET are passed over.
 * E_INVAL: a bad length, a type that does not exist, too many descriptors.
 */
enum err cmsg_parse(const uint8_t *buf, size_t size, struct cmsg_request *out);

/* Bytes of a head and n of data, and the same up to where the next begins. */
static inline size_t cmsg_len(size_t n)
{
	return sizeof(struct linux_cmsghdr) + n;
}
static inline size_t cmsg_space(size_t n)
{
	return sizeof(struct linux_cmsghdr) + ((n + 7) & ~(size_t)7);
}

/*
 * How many 4-byte descriptors fit behind a head in `room` bytes, at most n.
 */
static inline uint32_t cmsg_fds_fit(size_t room, uint32_t n)
{
	size_t fit;

	if (room <= sizeof(struct linux_cmsghdr))
		return 0;
	fit = (room - sizeof(struct linux_cmsghdr)) / sizeof(int32_t);
	return fit < n ? (uint32_t)fit : n;
}
