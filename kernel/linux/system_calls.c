/* kernel/linux/system_calls.c -- uname, sysinfo, reboot. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/linux/system_calls.h"
#include "kernel/arch/x86_64/power.h"
#include "kernel/core/clock.h"
#include "kernel/core/klog.h"
#include "kernel/core/sched.h"
#include "kernel/core/string.h"
#include "kernel/core/uts.h"
#include "kernel/mm/page.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/process.h"

/* The NIS domain: kept for setdomainname, used by nothing. */
static struct lock domain_lock = LOCK_INIT(RANK_OBJECT);
static char domain[UTS_LENGTH] GUARDED_BY(&domain_lock) = "(none)";

struct utsname {
	char sysname[UTS_LENGTH], nodename[UTS_LENGTH], release[UTS_LENGTH];
	char version[UTS_LENGTH], machine[UTS_LENGTH], domainname[UTS_LENGTH];
};
static_assert(sizeof(struct utsname) == 6 * 65, "ABI");

/* Names of the interface that the personality offers: programs decide by it. */
long sys_uname(struct uptr out)
{
	struct utsname u = {.machine = "x86_64"};

	kstrlcpy(u.sysname, uts_sysname, sizeof(u.sysname));
	kstrlcpy(u.release, uts_release, sizeof(u.release));
	kstrlcpy(u.version, uts_version, sizeof(u.version));
	uts_nodename(u.nodename);
	lock_take(&domain_lock);
	memcpy(u.domainname, domain, sizeof(u.domainname));
	lock_drop(&domain_lock);
	return copy_to_user(out, &u, sizeof(u));
}

/* A name of len bytes for one of the two calls below. */
static enum err read_name(struct uptr name, int len, char out[UTS_LENGTH])
{
	if (!cred_system())
		return E_PERM;
	if (len < 0 || len >= UTS_LENGTH)
		return E_INVAL;
	memset(out, 0, UTS_LENGTH);
	return copy_from_user(out, name, (size_t)len);
}

long sys_sethostname(struct uptr name, int len)
{
	char text[UTS_LENGTH];
	enum err e = read_name(name, len, text);

	return e == OK ? uts_set_nodename(text, (size_t)len) : e;
}

long sys_setdomainname(struct uptr name, int len)
{
	char text[UTS_LENGTH];
	enum err e = read_name(name, len, text);

	if (e != OK)
		return e;
	lock_take(&domain_lock);
	memcpy(domain, text, sizeof(domain));
	lock_drop(&domain_lock);
	return OK;
}

struct sysinfo {
	int64_t uptime;
	uint64_t loads[3], totalram, freeram, sharedram, bufferram;
	uint64_t totalswap, freeswap;
	uint16_t procs, pad;
	uint64_t totalhigh, freehigh;
	uint32_t mem_unit;
};
static_assert(sizeof(struct sysinfo) == 112, "ABI");

enum { LOAD_SHIFT = 16 - 11 }; /* ours have 11 bits of fraction */

long sys_sysinfo(struct uptr out)
{
	uint64_t load[3];
	struct sysinfo s = {
	    .uptime = (int64_t)(clock_now() / NSEC_PER_SEC),
	    .totalram = page_managed_count() * PAGE_SIZE,
	    .freeram = page_free_count() * PAGE_SIZE,
	    .procs = (uint16_t)MIN(thread_live(), (uint64_t)UINT16_MAX),
	    .mem_unit = 1,
	};

	sched_load(load);
	for (unsigned i = 0; i < 3; i++)
		s.loads[i] = load[i] << LOAD_SHIFT;
	return copy_to_user(out, &s, sizeof(s));
}

#define REBOOT_MAGIC     0xfee1deadu
#define REBOOT_RESTART   0x01234567u
#define REBOOT_RESTART2  0xa1b2c3d4u
#define REBOOT_HALT      0xcdef0123u
#define REBOOT_POWER_OFF 0x4321fedcu
#define REBOOT_CAD_ON    0x89abcdefu
#define REBOOT_CAD_OFF   0u

static bool magic2_ok(uint32_t m)
{
	return m == 672274793 || m == 85072278 || m == 369367448 ||
	       m == 537993216;
}

long sys_reboot(uint32_t magic, uint32_t magic2, uint32_t cmd, struct uptr arg)
{
	(void)arg; /* a name for the firmware, which takes none */
	if (!cred_system())
		return E_PERM;
	if (magic != REBOOT_MAGIC || !magic2_ok(magic2))
		return E_INVAL;
	switch (cmd) {
	case REBOOT_RESTART:
	case REBOOT_RESTART2:
		klog(LOG_NOTICE, "power", "reboot pid=%u",
		    process_current()->pid);
		power_reboot();
	case REBOOT_HALT:
	case REBOOT_POWER_OFF:
		klog(LOG_NOTICE, "power", "off pid=%u", process_current()->pid);
		power_off();
	case REBOOT_CAD_ON:
	case REBOOT_CAD_OFF:
		return OK; /* Ctrl-Alt-Del is init's affair */
	default:
		return E_INVAL;
	}
}
