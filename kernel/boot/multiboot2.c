/* kernel/boot/multiboot2.c -- boot information of Multiboot2 (GRUB). */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/boot/early.h"
#include "kernel/core/string.h"

/*
 * The information is a list of tags, each 8-byte aligned: type, size, content.
 * GRUB puts it, the modules and the command line into memory that its own map
 * calls available, so the region of the list itself is kept until it is read
 * (which is before anything is allocated) and modules are reserved by
 * boot_info_check().
 */
enum {
	TAG_END = 0,
	TAG_CMDLINE = 1,
	TAG_LOADER = 2,
	TAG_MODULE = 3,
	TAG_MMAP = 6,
	TAG_FRAMEBUFFER = 8,
	TAG_RSDP_OLD = 14,
	TAG_RSDP_NEW = 15,
	TAG_EFI_MMAP = 17,
	INFO_MAX = 1 << 20,
};

struct tag {
	uint32_t type, size;
};
struct tag_module {
	struct tag tag;
	uint32_t start, end;
	char name[];
};
struct tag_mmap {
	struct tag tag;
	uint32_t entry_size, entry_version;
};
struct mmap_entry {
	uint64_t base, size;
	uint32_t type, reserved;
};
struct tag_framebuffer {
	struct tag tag;
	uint64_t base;
	uint32_t pitch, width, height;
	uint8_t bpp, type;
	uint16_t reserved;
	/* Type 1, direct colour. */
	uint8_t red_shift, red_size, green_shift, green_size;
	uint8_t blue_shift, blue_size;
};
struct tag_efi_mmap {
	struct tag tag;
	uint32_t descriptor_size, version;
};
struct efi_descriptor {
	uint32_t type, pad;
	uint64_t physical, virtual, pages, attributes;
};

/* Visit the tags of an information block of at most INFO_MAX bytes. */
static const struct tag *next_tag(
    const uint8_t *start, uint32_t total, uint32_t *at)
{
	const struct tag *t = (const void *)(start + *at);

	if (total > INFO_MAX || *at + sizeof(*t) > total ||
	    t->size < sizeof(*t) || t->size > total - *at || t->type == TAG_END)
		return NULL;
	*at = ALIGN_UP(*at + t->size, 8u);
	return t;
}

const char *multiboot2_cmdline(const void *info)
{
	const struct tag *t;
	uint32_t at = 8;

	while ((t = next_tag(info, *(const uint32_t *)info, &at)) != NULL)
		if (t->type == TAG_CMDLINE)
			return (const char *)(t + 1);
	return NULL;
}

static void add_mmap(struct boot_info *bi, const struct tag *t)
{
	const struct tag_mmap *m = (const void *)t;
	uint32_t step;

	if (t->size < sizeof(*m))
		return;
	step = m->entry_size;
	/* The specification: a multiple of 8. */
	if (step < sizeof(struct mmap_entry) || step % 8 != 0)
		return;
	for (uint32_t at = sizeof(*m); step <= t->size - at; at += step) {
		const struct mmap_entry *e =
		    (const void *)((const char *)t + at);

		boot_add_region(bi, e->base, e->size, boot_e820_kind(e->type));
	}
}

static uint32_t efi_kind(uint32_t type)
{
	switch (type) {
	case 1: /* loader code and data: GRUB itself, and our information */
	case 2:
	case 3: /* boot services, which have ended */
	case 4:
	case 7: /* conventional */
		return REGION_RAM;
	case 8:
		return REGION_BAD;
	case 9:
		return REGION_ACPI;
	case 10:
		return REGION_NVS;
	default:
		return REGION_RESERVED;
	}
}

static void add_efi_mmap(struct boot_info *bi, const struct tag *t)
{
	const struct tag_efi_mmap *m = (const void *)t;
	uint32_t step;

	if (t->size < sizeof(*m))
		return;
	step = m->descriptor_size;
	if (step < sizeof(struct efi_descriptor) || step % 8 != 0)
		return;
	for (uint32_t at = sizeof(*m); step <= t->size - at; at += step) {
		const struct efi_descriptor *d =
		    (const void *)((const char *)t + at);
		struct boot_region *last =
		    &bi->regions[bi->region_count ? bi->region_count - 1 : 0];
		uint32_t kind = efi_kind(d->type);

		if (d->pages > UINT64_MAX / PAGE_SIZE)
			continue;
		/* EFI maps are long: join neighbours as they come. */
		if (bi->region_count && last->kind == kind &&
		    last->base + last->size == d->physical)
			last->size += d->pages * PAGE_SIZE;
		else
			boot_add_region(
			    bi, d->physical, d->pages * PAGE_SIZE, kind);
	}
}

static void set_framebuffer(struct boot_info *bi, const struct tag *t)
{
	const struct tag_framebuffer *f = (const void *)t;

	/* Type 1 only: palettes and EGA text are no use to us. */
	if (t->size < sizeof(*f) - 2 || f->type != 1)
		return;
	bi->fb = (struct boot_framebuffer){
	    .base = f->base,
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

/*
 * The tag holds a copy of the RSDP; its address in memory is what we keep. It
 * lies in the information block, which is kept as REGION_LOADER.
 */
static void set_rsdp(struct boot_info *bi, const struct tag *t, vaddr_t hhdm)
{
	if (t->size < sizeof(*t) + 20)
		return;
	if (t->type == TAG_RSDP_OLD && bi->rsdp != 0)
		return;
	bi->rsdp = (vaddr_t)(t + 1) - hhdm;
}

static void add_module(struct boot_info *bi, const struct tag *t)
{
	const struct tag_module *m = (const void *)t;
	char name[sizeof(bi->modules[0].name)];

	if (t->size <= sizeof(*m) || m->end <= m->start)
		return;
	boot_text(name, sizeof(name), m->name, t->size - sizeof(*m));
	boot_add_module(bi, m->start, m->end - m->start, name);
}

const char *multiboot2_fill(struct boot_info *bi, paddr_t info, vaddr_t hhdm)
{
	const uint8_t *start = (void *)(hhdm + info);
	uint32_t total = *(const uint32_t *)start, at = 8;
	const struct tag *t, *mmap = NULL, *efi = NULL;

	kstrlcpy(bi->loader, "Multiboot2", sizeof(bi->loader));
	while ((t = next_tag(start, total, &at)) != NULL) {
		const char *text = (const char *)(t + 1);

		if (t->type == TAG_CMDLINE)
			boot_text(bi->cmdline, sizeof(bi->cmdline), text,
			    t->size - sizeof(*t));
		else if (t->type == TAG_LOADER)
			boot_text(bi->loader, sizeof(bi->loader), text,
			    t->size - sizeof(*t));
		else if (t->type == TAG_MODULE)
			add_module(bi, t);
		else if (t->type == TAG_MMAP)
			mmap = t;
		else if (t->type == TAG_EFI_MMAP)
			efi = t;
		else if (t->type == TAG_FRAMEBUFFER)
			set_framebuffer(bi, t);
		else if (t->type == TAG_RSDP_OLD || t->type == TAG_RSDP_NEW)
			set_rsdp(bi, t, hhdm);
	}
	/* What rsdp points to must live until the ACPI tables are read. */
	boot_add_region(bi, ALIGN_DOWN(info, PAGE_SIZE),
	    ALIGN_UP(info + total, PAGE_SIZE) - ALIGN_DOWN(info, PAGE_SIZE),
	    REGION_LOADER);
	/* GRUB's own map is made of the EFI one, but calls ACPI data RAM. */
	if (efi != NULL)
		add_efi_mmap(bi, efi);
	else if (mmap != NULL)
		add_mmap(bi, mmap);
	if (bi->region_count <= 1)
		return "Multiboot2 information without a memory map";
	return NULL;
}
