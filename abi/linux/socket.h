/* abi/linux/socket.h -- sockets: addresses, options, messages. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/base.h"

enum socket_family {
	AF_UNSPEC = 0,
	AF_UNIX = 1,
	AF_INET = 2,
	AF_INET6 = 10,
	AF_LIMIT = 46,
};

enum socket_type {
	SOCK_STREAM = 1,
	SOCK_DGRAM = 2,
	SOCK_RAW = 3,
	SOCK_SEQPACKET = 5,
	SOCK_TYPE_MASK = 0xf,
	SOCK_NONBLOCK = 04000,
	SOCK_CLOEXEC = 02000000,
};

enum socket_shutdown { SHUT_RD = 0, SHUT_WR = 1, SHUT_RDWR = 2 };

enum socket_level { SOL_SOCKET = 1 };

enum socket_option {
	SO_DEBUG = 1,
	SO_REUSEADDR = 2,
	SO_TYPE = 3,
	SO_ERROR = 4,
	SO_DONTROUTE = 5,
	SO_BROADCAST = 6,
	SO_SNDBUF = 7,
	SO_RCVBUF = 8,
	SO_KEEPALIVE = 9,
	SO_OOBINLINE = 10,
	SO_PRIORITY = 12,
	SO_LINGER = 13,
	SO_REUSEPORT = 15,
	SO_PASSCRED = 16,
	SO_PEERCRED = 17,
	SO_RCVLOWAT = 18,
	SO_SNDLOWAT = 19,
	SO_RCVTIMEO = 20,
	SO_SNDTIMEO = 21,
	SO_ACCEPTCONN = 30,
	SO_SNDBUFFORCE = 32,
	SO_RCVBUFFORCE = 33,
	SO_PROTOCOL = 38,
	SO_DOMAIN = 39,
	SO_PEERGROUPS = 59,
	SO_RCVTIMEO_NEW = 66,
	SO_SNDTIMEO_NEW = 67,
};

enum message_flags {
	MSG_OOB = 1,
	MSG_PEEK = 2,
	MSG_DONTROUTE = 4,
	MSG_CTRUNC = 8,
	MSG_TRUNC = 0x20,
	MSG_DONTWAIT = 0x40,
	MSG_EOR = 0x80,
	MSG_WAITALL = 0x100,
	MSG_NOSIGNAL = 0x4000,
	MSG_MORE = 0x8000,
	MSG_WAITFORONE = 0x10000,
	MSG_CMSG_CLOEXEC = 0x40000000,
};

enum control_type { SCM_RIGHTS = 1, SCM_CREDENTIALS = 2 };

/* The head of one control message; data follows, then padding to 8 bytes. */
struct linux_cmsghdr {
	uint64_t len; /* head and data */
	int32_t level, type;
};
static_assert(sizeof(struct linux_cmsghdr) == 16, "as on Linux");

struct linux_ucred {
	uint32_t pid, uid, gid;
};
static_assert(sizeof(struct linux_ucred) == 12, "as on Linux");

struct linux_msghdr {
	uint64_t name;
	int32_t name_len;
	uint32_t pad0;
	uint64_t iov, iov_count;
	uint64_t control, control_len;
	uint32_t flags, pad1;
};
static_assert(sizeof(struct linux_msghdr) == 56, "as on Linux");

struct linux_mmsghdr {
	struct linux_msghdr hdr;
	uint32_t len, pad;
};
static_assert(sizeof(struct linux_mmsghdr) == 64, "as on Linux");

enum {
	SOCKADDR_MAX = 128,   /* struct sockaddr_storage */
	SOCKADDR_FAMILY = 2,  /* bytes of the family, at the start of each */
	UNIX_PATH_SIZE = 108, /* sun_path */
	SCM_RIGHTS_MAX = 253, /* descriptors in one message */
	SOCKET_BACKLOG_MAX = 4096,
};
