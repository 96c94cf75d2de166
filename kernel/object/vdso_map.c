/* kernel/object/vdso_map.c -- the vDSO in a process's address space. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/object/exec_internal.h"
#include "kernel/core/clock.h"
#include "kernel/core/panic.h"
#include "kernel/core/string.h"
#include "kernel/mm/page.h"

extern const uint8_t vdso_image[], vdso_image_end[];

uint64_t vdso_start_offset;
static struct vmo *data_vmo, *code_vmo;

void vdso_init(void)
{
	size_t n = (size_t)(vdso_image_end - vdso_image);
	struct page *page = page_alloc(0, ALLOC_ZERO, NULL);
	enum err e;

	if (!page || n > PAGE_SIZE)
		panic("no memory for the vDSO");
	memcpy(page_to_virt(page), vdso_image, n);
	/* e_entry of the image. */
	memcpy(&vdso_start_offset, vdso_image + 24, sizeof(uint64_t));
	e = vmo_create_phys(page_to_phys(page), 1, true, &code_vmo);
	if (e == OK)
		e = vmo_create_phys(clock_vdso_page(), 1, true, &data_vmo);
	if (e != OK)
		panic("no memory for the vDSO: %s", err_name(e));
}

enum err vdso_map(struct aspace *a, vaddr_t at, vaddr_t *code)
{
	struct map_request req = {
	    .at = at,
	    .len = PAGE_SIZE,
	    .prot = PROT_R,
	    .max_prot = PROT_R,
	    .flags = MAP_F_FIXED | MAP_F_SHARED,
	    .vmo = data_vmo,
	};
	vaddr_t got;
	enum err e = aspace_map(a, &req, &got);

	if (e != OK)
		return e;
	req.at = at + PAGE_SIZE;
	req.prot = PROT_R | PROT_X;
	req.max_prot = PROT_R | PROT_X;
	req.flags |= MAP_F_VDSO;
	req.vmo = code_vmo;
	e = aspace_map(a, &req, code);
	return e;
}
