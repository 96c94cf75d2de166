/* kernel/core/types.h -- scalar types with units, and the usual small macros. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "abi/base.h"
#include "abi/err.h"

typedef uint64_t paddr_t; /* physical address, bytes */
typedef uint64_t vaddr_t; /* virtual address, bytes */
typedef uint64_t nsec_t;  /* nanoseconds */

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096ul
#define PAGE_MASK  (PAGE_SIZE - 1)

/*
 * A user address.  Only kernel/mm/usercopy.c opens one; a raw pointer to user
 * memory does not exist in the kernel.
 */
struct uptr {
	uint64_t addr;
};

static inline struct uptr uptr_add(struct uptr p, uint64_t n)
{
	return (struct uptr){p.addr + n};
}

static inline bool uptr_null(struct uptr p)
{
	return p.addr == 0;
}

#define likely(x)        __builtin_expect(!!(x), 1)
#define unlikely(x)      __builtin_expect(!!(x), 0)
#define MIN(a, b)        ((a) < (b) ? (a) : (b))
#define MAX(a, b)        ((a) > (b) ? (a) : (b))
#define ALIGN_UP(x, n)   (((x) + (n) - 1) & ~((typeof(x))(n) - 1))
#define ALIGN_DOWN(x, n) ((x) & ~((typeof(x))(n) - 1))
#define PAGES(bytes)     (((bytes) + PAGE_SIZE - 1) >> PAGE_SHIFT)
#define CACHE_LINE       64
#define container_of(p, type, member) \
	((type *)((char *)(p) - offsetof(type, member)))

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)

#define NSEC_PER_SEC  1000000000ull
#define NSEC_PER_MSEC 1000000ull
#define NSEC_PER_USEC 1000ull
