/* kernel/vfs/procfs_system.c -- memory and silos, for all of /proc. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/arch/x86_64/mmu.h"
#include "kernel/core/string.h"
#include "kernel/core/thread.h"
#include "kernel/ipc/channel.h"
#include "kernel/ipc/event.h"
#include "kernel/ipc/semaphore.h"
#include "kernel/mm/aspace.h"
#include "kernel/mm/page.h"
#include "kernel/mm/slab.h"
#include "kernel/mm/vmalloc.h"
#include "kernel/mm/vmo.h"
#include "kernel/object/silo.h"
#include "kernel/vfs/name.h"
#include "kernel/vfs/procfs.h"
#include "kernel/vfs/vfs.h"

enum { KIB_PER_PAGE = 4 };

static void kib(struct text_out *t, const char *name, uint64_t pages)
{
	text_add(t, "%s:%*s%8lu kB\n", name, (int)(15 - strlen(name)), "",
	    (unsigned long)pages * KIB_PER_PAGE);
}

/* What could be had without killing anybody. */
static uint64_t available(uint64_t free, uint64_t cached)
{
	struct zone_stats z;
	uint64_t kept = 0;

	for (unsigned i = 0; i < ZONE_COUNT; i++) {
		page_zone_stats((enum zone_id)i, &z);
		kept += z.min;
	}
	return free - MIN(free, kept) + cached;
}

void proc_show_meminfo(struct text_out *t)
{
	uint64_t free = page_free_count(), cached = vmo_reclaimable();

	kib(t, "MemTotal", page_managed_count());
	kib(t, "MemFree", free);
	kib(t, "MemAvailable", available(free, cached));
	kib(t, "Cached", cached);
	kib(t, "SwapTotal", 0);
	kib(t, "SwapFree", 0);
	kib(t, "Slab", slab_pages());
	kib(t, "KernelStack", thread_live() * (KSTACK_SIZE / PAGE_SIZE));
	kib(t, "VmallocTotal", GIB(512) / PAGE_SIZE);
	kib(t, "VmallocUsed", vmalloc_used() / PAGE_SIZE);
}

static void show_slab(const struct slab_stats *s, void *arg)
{
	uint64_t each = s->slabs ? s->total / s->slabs : 0;

	text_add(arg, "%-17s %6lu %6lu %6lu %4lu %4lu : slabdata %6lu %6lu 0\n",
	    s->name, (unsigned long)s->live, (unsigned long)s->total,
	    (unsigned long)s->object_size, (unsigned long)each,
	    (unsigned long)s->pages_per_slab, (unsigned long)s->slabs,
	    (unsigned long)s->slabs);
}

void proc_show_slabinfo(struct text_out *t)
{
	text_add(t, "slabinfo - version: 2.1\n# name <active_objs> <num_objs> "
	            "<objsize> <objperslab> <pagesperslab> : slabdata "
	            "<active_slabs> <num_slabs> <sharedavail>\n");
	slab_for_each(show_slab, t);
}

void proc_show_zoneinfo(struct text_out *t)
{
	for (unsigned i = 0; i < ZONE_COUNT; i++) {
		struct zone_stats z;

		page_zone_stats((enum zone_id)i, &z);
		if (!z.managed)
			continue;
		text_add(t,
		    "Node 0, zone %8s\n  pages free     %lu\n"
		    "        min      %lu\n        low      %lu\n"
		    "        managed  %lu\n",
		    z.name, (unsigned long)z.free, (unsigned long)z.min,
		    (unsigned long)z.low, (unsigned long)z.managed);
	}
}

void proc_show_buddyinfo(struct text_out *t)
{
	for (unsigned i = 0; i < ZONE_COUNT; i++) {
		struct zone_stats z;

		page_zone_stats((enum zone_id)i, &z);
		if (!z.managed)
			continue;
		text_add(t, "Node 0, zone %8s", z.name);
		for (unsigned o = 0; o <= PAGE_ORDER_MAX; o++)
			text_add(t, " %6lu", (unsigned long)z.free_blocks[o]);
		text_add(t, "\n");
	}
}

void proc_show_vmstat(struct text_out *t)
{
	struct tlb_stats tlb;

	tlb_stats(&tlb);
	text_add(t, "nr_free_pages %lu\nnr_slab %lu\nnr_vmalloc %lu\n",
	    (unsigned long)page_free_count(), (unsigned long)slab_pages(),
	    (unsigned long)vmalloc_mapped());
	text_add(t,
	    "pcp_refills %lu\npcp_drains %lu\nallocstall %lu\n"
	    "pgreclaimed %lu\npgalloc_failed %lu\noom_kill %lu\n",
	    (unsigned long)page_events.refills,
	    (unsigned long)page_events.drains,
	    (unsigned long)page_events.reclaims,
	    (unsigned long)page_events.reclaimed,
	    (unsigned long)page_events.failures,
	    (unsigned long)page_events.oom_kills);
	text_add(t, "tlb_local_flushes %lu\ntlb_ipis %lu\ncr3_writes %lu\n",
	    (unsigned long)tlb.local_flushes, (unsigned long)tlb.ipis_sent,
	    (unsigned long)tlb.cr3_writes);
}

/* What is alive, by kind: a test that ends as it began finds the same. */
void proc_show_objects(struct text_out *t)
{
	static const struct {
		const char *name;
		uint64_t (*live)(void);
	} kinds[] = {{"process", process_live}, {"thread", thread_live},
	    {"aspace", aspace_live}, {"vmo", vmo_live}, {"node", nodes_live},
	    {"name", names_live}, {"vmalloc_frame", vmalloc_mapped},
	    {"slab_frame", slab_pages}, {"free_frame", page_free_count},
	    {"event", event_live}, {"channel", channel_live},
	    {"semaphore", semaphore_live}};

	for (unsigned i = 0; i < COUNT(kinds); i++)
		text_add(t, "%s %lu\n", kinds[i].name,
		    (unsigned long)kinds[i].live());
	text_add(t, "descriptor %ld\n",
	    (long)silo_used(&silo_boot, SILO_DESCRIPTORS));
	text_add(
	    t, "charged_frame %ld\n", (long)silo_used(&silo_boot, SILO_MEMORY));
}
