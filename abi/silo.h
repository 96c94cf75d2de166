/* abi/silo.h -- silos: identity, mode, label, quotas, life-cycle records. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/base.h"

/* The tier follows from the SID. */
enum silo_tier {
	TIER_CRITICAL, /* SID 1-9: init, audit */
	TIER_SYSTEM,   /* 10-999: drivers, filesystems, network, runtimes */
	TIER_USER,     /* 1000 and up: applications */
};
enum {
	SID_BOOT = 1,
	SID_SYSTEM_FIRST = 10,
	SID_USER_FIRST = 1000,
};

enum silo_family {
	FAMILY_SYS,
	FAMILY_DRV,
	FAMILY_FS,
	FAMILY_NET,
	FAMILY_WASM,
	FAMILY_USR,
	FAMILY_DSP,
	FAMILY_JS,
	FAMILIES = 16, /* room */
};

/* Mode: three octal digits, control, hardware, registry. */
enum silo_mode {
	MODE_LIST = 0400,  /* see other silos */
	MODE_STOP = 0200,  /* suspend, stop, signal them */
	MODE_SPAWN = 0100, /* make new ones */
	MODE_IRQ = 0040,
	MODE_IO = 0020, /* ports and device memory */
	MODE_DMA = 0010,
	MODE_LOOKUP = 0004, /* find ports in /srv */
	MODE_BIND = 0002,   /* post them */
	MODE_PROXY = 0001,  /* interpose */
	MODE_ALL = 0777,
	MODE_USER = 0007, /* what a user-tier silo can have at most */
};

/*
 * A label, stamped by the kernel on what passes between silos:
 *
 *	bits 31-30	tier
 *	bits 29-26	family
 *	bits 25-0	compartment
 *
 * Bit 31 alone says "user tier".
 */
enum { COMPARTMENT_BITS = 26, COMPARTMENT_MASK = (1 << 26) - 1 };
#define LABEL(tier, family, compartment)                     \
	((uint32_t)(tier) << 30 | (uint32_t)(family) << 26 | \
	    ((uint32_t)(compartment) & COMPARTMENT_MASK))
#define LABEL_TIER(l)        ((uint32_t)(l) >> 30)
#define LABEL_FAMILY(l)      ((uint32_t)(l) >> 26 & 15)
#define LABEL_COMPARTMENT(l) ((uint32_t)(l) & COMPARTMENT_MASK)
#define FLOW(family)         (1u << (family)) /* a bit of a flow mask */
#define FLOW_ALL             0xffffu

enum {
	SILO_NAME_MAX = 32,  /* with its NUL */
	SILO_PEERS_MAX = 8,  /* compartments besides the own one */
	SILO_FDS_MAX = 64,   /* descriptors given at a start */
	SILO_EVENTS_MAX = 32 /* records kept for readers */
};

enum silo_flags {
	SILO_LINUX = 1, /* abi = "linux"; else native */
	SILO_JIT = 2,   /* may seal memory executable */
	SILO_NO_WX = 4, /* linux: wx = false, pages may be both */
};

/* Quotas: what each counts. */
enum silo_quota {
	QUOTA_MEMORY, /* pages of 4096 bytes */
	QUOTA_PROCESSES,
	QUOTA_THREADS,
	QUOTA_DESCRIPTORS,
	QUOTAS,
};
#define QUOTA_NONE UINT64_MAX

/*
 * For silo_create. A quota of 0 is the creator's own, QUOTA_NONE is refused
 * unless the creator has none either. cpu_cap: per mille of one CPU, 0: none.
 */
struct silo_config {
	uint32_t size; /* sizeof(struct silo_config) */
	uint32_t sid;  /* 0: the next free one of the user tier */
	uint32_t mode; /* enum silo_mode */
	uint32_t family;
	uint32_t compartment;
	uint32_t flow;  /* FLOW() of the families that it may send to */
	uint32_t flags; /* enum silo_flags */
	uint32_t peer_count;
	uint32_t peers[SILO_PEERS_MAX]; /* compartments */
	uint32_t cpu_weight;            /* 1-10000, 0: 100 */
	uint32_t cpu_cap;
	uint64_t quota[QUOTAS];
	char name[SILO_NAME_MAX];
};
static_assert(sizeof(struct silo_config) == 136, "ABI");

/* One descriptor that a program starts with. */
struct silo_fd {
	int32_t from;    /* the caller's, with RIGHT_GRANT */
	int32_t to;      /* the number in the new process */
	uint32_t rights; /* a subset of its own, or 0: what it has */
	uint32_t flags;  /* 0 */
};

enum silo_spawn_flags {
	SPAWN_ATTACH = 1, /* into the caller's session and process group */
};

/* For silo_start: addresses in the caller's memory. */
struct silo_spawn {
	uint64_t path; /* as the silo's namespace sees it */
	uint64_t argv, envp;
	uint64_t fds; /* struct silo_fd[fd_count] */
	uint32_t fd_count;
	uint32_t flags;
};
static_assert(sizeof(struct silo_spawn) == 40, "ABI");

enum silo_op {
	SILO_SUSPEND = 1, /* SIGSTOP to all */
	SILO_RESUME,
	SILO_STOP,    /* SIGTERM to all */
	SILO_KILL,    /* SIGKILL to all */
	SILO_DESTROY, /* kill, and nothing can be started in it again */
};

enum silo_state {
	SILO_CREATED, /* nothing was started yet */
	SILO_RUNNING,
	SILO_SUSPENDED,
	SILO_STOPPING,  /* asked to end */
	SILO_DEAD,      /* no process is left; silo_start makes it run again */
	SILO_DESTROYED, /* no process is left, nor will be */
};

enum silo_event_kind {
	SILO_EV_STARTED = 1, /* a program was started: pid */
	SILO_EV_SUSPENDED,
	SILO_EV_RESUMED,
	SILO_EV_STOPPING,
	SILO_EV_STRATE_END, /* a started program ended: pid and reason */
	SILO_EV_END,        /* the last process ended: pid and reason */
	SILO_EV_DESTROYED,
};

/* A life-cycle record, as read() on a silo's descriptor gives them. */
struct silo_event {
	uint64_t time;   /* monotonic ns */
	uint32_t number; /* counts up by one: a gap shows what was lost */
	uint32_t sid;
	uint32_t kind; /* enum silo_event_kind */
	uint32_t pid;
	int32_t code;     /* exit code, when signal is 0 */
	uint32_t signal;  /* what killed it, or 0 */
	uint64_t address; /* of the fault, for a signal that was one */
};
static_assert(sizeof(struct silo_event) == 40, "ABI");

struct silo_info {
	uint32_t size;
	uint32_t sid, label, mode, flow, flags;
	uint32_t state;   /* enum silo_state */
	uint32_t creator; /* SID */
	uint32_t cpu_weight, cpu_cap;
	uint32_t starts;  /* programs started so far */
	uint32_t refused; /* system calls that its abi does not have */
	uint64_t used[QUOTAS], quota[QUOTAS];
	uint64_t memory_peak; /* pages */
	uint64_t cpu_ns;
	struct silo_event last; /* kind 0: none yet */
	char name[SILO_NAME_MAX];
};
static_assert(sizeof(struct silo_info) == 200, "ABI");

/*
 * Rights of unveil, which only ever shrink. Path 0 and rights 0 lock the view;
 * so do fork, for the child, and exec.
 */
enum unveil_rights {
	UNVEIL_READ = 1,
	UNVEIL_WRITE = 2,
	UNVEIL_EXEC = 4,
	UNVEIL_CREATE = 8, /* make and remove names */
	UNVEIL_ALL = 15,
};
