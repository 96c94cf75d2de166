/* kernel/boot/limine.c -- boot information of the Limine boot protocol. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/boot/early.h"
#include "kernel/boot/limine.h"
#include "kernel/core/string.h"

/*
 * The loader finds the requests between the two markers and writes a pointer
 * to its answer into each that it knows. It also clears the last word of
 * base_revision when it speaks a revision that we ask for, and may write the
 * one that it does speak into the second. Asked for: LIMINE_REVISION; a loader
 * that knows only older ones leaves the last word and loads by what it has,
 * which is the same for all that we use from revision 2 on.
 */
#define REQUEST(id2, id3) {0xc7b1dd30df4c8b88, 0x0a82e883a194f07b, (id2), (id3)}
#define IN(s)             __attribute__((used, section(s)))

IN(".limine.start")
static volatile uint64_t start_marker[4] = {0xf6b8f4b39de7d1ae,
    0xfab91a6940fcb9cf, 0x785c6ed015d3e316, 0x181e920a7852b9d9};
IN(".limine.end")
static volatile uint64_t end_marker[2] = {
    0xadc0e0531bb10d03, 0x9572709f31764c62};

IN(".limine.requests")
static volatile uint64_t base_revision[3] = {
    0xf9562b2d5c95a6c8, 0x6a7b384944536bdc, LIMINE_REVISION};

#define DEFINE_REQUEST(name, id2, id3) \
	IN(".limine.requests")         \
	static volatile struct limine_request name = {.id = REQUEST(id2, id3)}

DEFINE_REQUEST(loader_request, 0xf55038d8e2a1202f, 0x279426fcf5f59740);
DEFINE_REQUEST(hhdm_request, 0x48dcf1cb8ad2b852, 0x63984e959a98244b);
DEFINE_REQUEST(fb_request, 0x9d5827dcd881dd75, 0xa3148604f6fab11b);
DEFINE_REQUEST(memmap_request, 0x67cf3d9d378a806f, 0xe304acdfc50c3c62);
DEFINE_REQUEST(module_request, 0x3e7e279702be32af, 0xca1c4f3bd1280cee);
DEFINE_REQUEST(rsdp_request, 0xc5e77b6b397e7b43, 0x27637845accdcf3c);
DEFINE_REQUEST(address_request, 0x71ba76863cc55f63, 0xb2644a48c516a487);
DEFINE_REQUEST(cmdline_request, 0x4b161536e598651e, 0xb390ad4a2f1f303a);

static void *answer(volatile struct limine_request *r)
{
	return r->response;
}

/* A direct-map address as physical; some answers are physical already. */
static paddr_t to_phys(const struct boot_info *bi, uint64_t address)
{
	return address >= bi->hhdm ? address - bi->hhdm : address;
}

static uint32_t limine_kind(uint64_t type)
{
	switch (type) {
	case LIMINE_USABLE:
		return REGION_RAM;
	case LIMINE_ACPI_RECLAIMABLE:
		return REGION_ACPI;
	case LIMINE_ACPI_NVS:
		return REGION_NVS;
	case LIMINE_BAD:
		return REGION_BAD;
	case LIMINE_BOOTLOADER:
		return REGION_LOADER;
	case LIMINE_EXECUTABLE:
		/* The image and the modules are marked one by one later. */
		return REGION_LOADER;
	case LIMINE_FRAMEBUFFER:
		return REGION_FRAMEBUFFER;
	default:
		return REGION_RESERVED;
	}
}

static void fill_modules(struct boot_info *bi)
{
	const struct limine_list *l = answer(&module_request);

	for (uint64_t i = 0; l && i < MIN(l->count, BOOT_MODULES_MAX); i++) {
		const struct limine_file *f = l->items[i];
		const char *name =
		    f->string && *f->string ? f->string : f->path;

		boot_add_module(bi, to_phys(bi, (uint64_t)f->address), f->size,
		    name ? name : "");
	}
}

static void fill_framebuffer(struct boot_info *bi)
{
	const struct limine_list *l = answer(&fb_request);
	const struct limine_framebuffer *f;

	if (l == NULL || l->count == 0)
		return;
	f = l->items[0];
	if (f->memory_model != 1 || f->width > UINT32_MAX ||
	    f->height > UINT32_MAX || f->pitch > UINT32_MAX || f->bpp > 255)
		return;
	bi->fb = (struct boot_framebuffer){
	    .base = to_phys(bi, (uint64_t)f->address),
	    .width = f->width,
	    .height = f->height,
	    .pitch = f->pitch,
	    .bpp = f->bpp,
	    .red_shift = f->red_shift,
	    .red_size = f->red_size,
	    .green_shift = f->green_shift,
	    .green_size = f->green_size,
	    .blue_shift = f->blue_shift,
	    .blue_size = f->blue_size,
	};
}

static void fill_texts(struct boot_info *bi)
{
	const struct limine_text *t = answer(&loader_request);
	size_t n;

	kstrlcpy(bi->loader, "Limine", sizeof(bi->loader));
	if (t != NULL && t->first != NULL && t->second != NULL) {
		boot_text(bi->loader, sizeof(bi->loader) - 16, t->first, 40);
		n = strlen(bi->loader);
		bi->loader[n++] = ' ';
		boot_text(
		    bi->loader + n, sizeof(bi->loader) - n, t->second, 40);
	}
	t = answer(&cmdline_request);
	if (t != NULL && t->first != NULL)
		boot_text(bi->cmdline, sizeof(bi->cmdline), t->first,
		    BOOT_CMDLINE_MAX);
}

const char *limine_fill(struct boot_info *bi)
{
	const struct limine_address *a = answer(&address_request);
	const struct limine_hhdm *h = answer(&hhdm_request);
	const struct limine_list *map = answer(&memmap_request);
	const struct limine_rsdp *rsdp = answer(&rsdp_request);

	if (h == NULL || a == NULL || map == NULL)
		return "Limine gave no direct map, address or memory map";
	bi->hhdm = h->offset;
	bi->kernel_base = a->physical;
	fill_texts(bi);
	for (uint64_t i = 0; i < map->count; i++) {
		const struct limine_memmap_entry *e = map->items[i];

		if (!boot_add_region(
		        bi, e->base, e->length, limine_kind(e->type)))
			return "Limine's memory map is too long";
	}
	if (rsdp != NULL)
		bi->rsdp = to_phys(bi, rsdp->address);
	fill_modules(bi);
	fill_framebuffer(bi);
	return NULL;
}
