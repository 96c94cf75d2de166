/* kernel/socket/sbuf.c -- queued socket data: pages with a head in front. */
/* SPDX-License-Identifier: MIT */
#include "kernel/socket/sbuf.h"
#include "kernel/mm/page.h"
#include "kernel/object/silo.h"

void sbuf_reset(struct sbuf *b)
{
	b->next = NULL;
	b->rights = NULL;
	b->from = NULL;
	b->record = 0;
	b->off = b->len = 0;
	b->start = true;
	b->sealed = false;
}

struct sbuf *sbuf_alloc(void)
{
	struct silo *silo = silo_current();
	struct page *page = page_alloc(0, 0, silo);
	struct sbuf *b;

	if (!page)
		return NULL;
	b = page_to_virt(page);
	sbuf_reset(b);
	b->silo = silo->index;
	return b;
}

void sbuf_free(struct sbuf *b)
{
	page_put(phys_to_page(virt_to_phys(b)));
}
