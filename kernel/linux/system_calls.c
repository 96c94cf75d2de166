/* kernel/linux/system_calls.c -- uname, sysinfo, reboot. */
/* SPDX-License-Identifier: MIT */
#include "kernel/linux/system_calls.h"
#include "kernel/arch/x86_64/power.h"
#include "kernel/core/clock.h"
#include "kernel/core/klog.h"
#include "kernel/core/sched.h"
#include "kernel/core/string.h"
#include "kernel/mm/page.h"
#include "kernel/mm/usercopy.h"
#include "kernel/object/process.h"
#include "kernel/object/hostname.h"

enum { UTS_FIELD = 65 };

struct utsname {
	char sysname[UTS_FIELD], nodename[UTS_FIELD], release[UTS_FIELD];
	char version[UTS_FIELD], machine[UTS_FIELD], domainname[UTS_FIELD];
};
static_assert(sizeof(struct utsname) == 6 * UTS_FIELD, "ABI");

/*
 * The personality names the interface that it offers: programs decide by it.
 * The version field says whose kernel it is.
 */
long sys_uname(struct uptr out)
{
	struct utsname u = {
	    .sysname = "Linux",
	    .release = "6.12.0-strat9",
	    .version = "Strat9 Bedrock " STRAT9_VERSION,
	    .machine = "x86_64",
	};

	hostname_get(HOSTNAME, u.nodename, sizeof(u.nodename));
	hostname_get(DOMAINNAME, u.domainname, sizeof(u.domainname));
	return copy_to_user(out, &u, sizeof(u));
}

static long set_name(enum hostname_which which, struct uptr name, int len)
{
	char buf[UTS_FIELD] = {0};
	enum err e;

	if (!cred_privileged())
		return E_PERM;
	if (len < 0 || len >= UTS_FIELD)
		return E_INVAL;
	e = copy_from_user(buf, name, (size_t)len);
	if (e == OK)
		hostname_set(which, buf);
	return e;
}

long sys_sethostname(struct uptr name, int len)
{
	return set_name(HOSTNAME, name, len);
}

long sys_setdomainname(struct uptr name, int len)
{
	return set_name(DOMAINNAME, name, len);
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
	if (!cred_privileged())
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
