/* tests/limine/answers.c -- find the kernel's requests and answer them. */
/* SPDX-License-Identifier: MIT */
/*
 * Requests lie anywhere in the image at multiples of 8, between the start and
 * end marks where the kernel has them.  Structures are written as rows of
 * 64-bit words, which is what they are; the address of each is in the direct
 * map.  The memory map is answered last, when nothing more is taken from it.
 */
#include "loader.h"

enum { ID = 2, REVISION = 4, RESPONSE = 5, EXTRA = 6 }; /* words of a request */
enum { MAP_ROOM = 128, NAME_MAX = 128 };

static const uint64_t magic[2] = {0xc7b1dd30df4c8b88, 0x0a82e883a194f07b};
static const uint64_t tag[2] = {0xf9562b2d5c95a6c8, 0x6a7b384944536bdc};
static const uint64_t mark_start[4] = {0xf6b8f4b39de7d1ae, 0xfab91a6940fcb9cf,
    0x785c6ed015d3e316, 0x181e920a7852b9d9};
static const uint64_t mark_end[2] = {0xadc0e0531bb10d03, 0x9572709f31764c62};

enum feature {
	LOADER_INFO,
	CMDLINE,
	FIRMWARE,
	STACK_SIZE,
	HHDM,
	SCREEN,
	PAGING_MODE,
	CPUS,
	MEMMAP,
	ENTRY_POINT,
	MODULES,
	RSDP,
	ADDRESS,
	FEATURES
};

static const uint64_t ids[FEATURES][2] = {
    [LOADER_INFO] = {0xf55038d8e2a1202f, 0x279426fcf5f59740},
    [CMDLINE] = {0x4b161536e598651e, 0xb390ad4a2f1f303a},
    [FIRMWARE] = {0x8c2f75d90bef28a8, 0x7045a4688eac00c3},
    [STACK_SIZE] = {0x224ef0460a8e8926, 0xe1cb0fc25f46ea3d},
    [HHDM] = {0x48dcf1cb8ad2b852, 0x63984e959a98244b},
    [SCREEN] = {0x9d5827dcd881dd75, 0xa3148604f6fab11b},
    [PAGING_MODE] = {0x95c1a0edab0944cb, 0xa4e5cb3842f7488a},
    [CPUS] = {0x95a67b819a1b857e, 0xa0b61b723b6a73e0},
    [MEMMAP] = {0x67cf3d9d378a806f, 0xe304acdfc50c3c62},
    [ENTRY_POINT] = {0x13d86c035a1cd3e1, 0x2b0caa89d8f3026a},
    [MODULES] = {0x3e7e279702be32af, 0xca1c4f3bd1280cee},
    [RSDP] = {0xc5e77b6b397e7b43, 0x27637845accdcf3c},
    [ADDRESS] = {0x71ba76863cc55f63, 0xb2644a48c516a487},
};

static uint64_t *words(unsigned n)
{
	return take(n * sizeof(uint64_t), 8);
}

static uint64_t text(const char *s)
{
	return direct(copy(take(length(s) + 1, 8), s, length(s) + 1));
}

unsigned agree_revision(const struct image *m, unsigned most)
{
	uint64_t *p = (void *)m->phys,
	         *end = (void *)(m->phys + (uint32_t)m->size);

	for (; p + 3 <= end; p++) {
		unsigned want, used;

		if (p[0] != tag[0] || p[1] != tag[1])
			continue;
		want = (unsigned)p[2];
		used = want <= most ? want : most;
		if (want <= most)
			p[2] = 0;
		if (most >= 3) /* older loaders do not say what they used */
			p[1] = used;
		return used;
	}
	die("the kernel has no base revision tag");
}

static uint64_t answer_screen(const struct screen *s)
{
	uint64_t *fb = words(10), *list = words(1), *r = words(3);
	uint8_t *small = (uint8_t *)&fb[4];

	if (!s->base)
		return 0;
	fb[0] = hhdm + s->base;
	fb[1] = s->width;
	fb[2] = s->height;
	fb[3] = s->pitch;
	fb[4] = s->bpp;
	small[2] = 1; /* RGB; then size and shift of red, green, blue */
	small[3] = small[5] = small[7] = 8;
	small[4] = 16;
	small[6] = 8;
	small[8] = 0;
	list[0] = direct(fb);
	r[1] = 1;
	r[2] = direct(list);
	return direct(r);
}

static uint64_t file(const struct module *m)
{
	uint64_t *f = words(16);
	char path[NAME_MAX], *base = path;
	const char *w = m->words;
	unsigned n = 0;

	path[n++] = '/';
	for (; *w && *w != ' ' && n < NAME_MAX - 1; w++) {
		path[n++] = *w;
		if (*w == '/')
			base = &path[n - 1];
	}
	path[n] = 0;
	f[1] = hhdm + m->start;
	f[2] = m->end - m->start;
	f[3] = text(base);
	f[4] = text(*w == ' ' ? w + 1 : w);
	return direct(f);
}

static uint64_t answer_modules(const struct module *m, unsigned count)
{
	uint64_t *list = words(count + 1), *r = words(3);

	for (unsigned i = 0; i < count; i++)
		list[i] = file(&m[i]);
	r[1] = count;
	r[2] = direct(list);
	return direct(r);
}

static uint64_t answer_cpus(void)
{
	uint64_t *r = words(4);

	r[1] = (uint64_t)boot_cpu() << 32; /* flags 0: no x2APIC */
	r[2] = cpu_count();
	r[3] = cpus_array();
	return direct(r);
}

/* All room is taken first, so that the map is true when it is written. */
static uint64_t answer_memory(const struct screen *s)
{
	uint64_t *r = words(3), *list = take(MAP_ROOM * 8, 8);
	uint64_t *entries = take(MAP_ROOM * 24, 8);
	unsigned count, n = 0;
	struct range *map = memory_map(&count);
	bool screen_done = !s->base;

	if (count + 1 > MAP_ROOM)
		die("too many memory ranges to report");
	for (unsigned i = 0; i < count || !screen_done; n++) {
		struct range x = {
		    s->base, (uint64_t)s->pitch * s->height, FRAMEBUFFER};

		if (i < count && (screen_done || map[i].base < s->base))
			x = map[i++];
		else
			screen_done = true;
		copy(&entries[3 * n], &x, sizeof(x));
		list[n] = direct(&entries[3 * n]);
	}
	r[1] = n;
	r[2] = direct(list);
	return direct(r);
}

static uint64_t pair(uint64_t a, uint64_t b)
{
	uint64_t *r = words(3);

	r[1] = a;
	r[2] = b;
	return direct(r);
}

/* The requests that the image holds, by feature; 0: not asked. */
static void find(const struct image *m, uint64_t *found[FEATURES])
{
	uint64_t *p = (void *)m->phys,
	         *end = (void *)(m->phys + (uint32_t)m->size);

	for (uint64_t *q = p; q + 4 <= end; q++)
		if (q[0] == mark_start[0] && q[1] == mark_start[1] &&
		    q[2] == mark_start[2] && q[3] == mark_start[3])
			p = q + 4;
	for (; p + 6 <= end; p++) {
		if (p[0] == mark_end[0] && p[1] == mark_end[1])
			return;
		if (p[0] != magic[0] || p[1] != magic[1])
			continue;
		for (unsigned f = 0; f < FEATURES; f++) {
			if (p[ID] != ids[f][0] || p[ID + 1] != ids[f][1])
				continue;
			if (found[f])
				die("the same request twice");
			found[f] = p;
		}
	}
}

void answer_requests(struct image *m, const char *cmdline,
    const struct module *modules, unsigned count, uint32_t rsdp,
    const struct screen *s)
{
	uint64_t *found[FEATURES] = {0}, answers[FEATURES] = {0};

	find(m, found);
	answers[LOADER_INFO] = pair(text("strat9-test-loader"), text("1"));
	answers[CMDLINE] = pair(text(cmdline), 0);
	answers[FIRMWARE] = pair(0, 0);
	answers[STACK_SIZE] = pair(0, 0);
	answers[HHDM] = pair(hhdm, 0);
	answers[SCREEN] = answer_screen(s);
	answers[PAGING_MODE] = pair(0, 0); /* four levels */
	answers[CPUS] = answer_cpus();
	answers[ENTRY_POINT] = pair(0, 0);
	answers[MODULES] = count ? answer_modules(modules, count) : 0;
	if (rsdp)
		answers[RSDP] =
		    pair(base_revision == 3 ? rsdp : hhdm + rsdp, 0);
	answers[ADDRESS] = pair(m->phys, m->virt);
	if (found[STACK_SIZE] && found[STACK_SIZE][EXTRA] > STACK)
		answers[STACK_SIZE] = 0; /* more than we give */
	if (found[ENTRY_POINT])
		m->entry = found[ENTRY_POINT][EXTRA];
	answers[MEMMAP] = answer_memory(s);
	for (unsigned f = 0; f < FEATURES; f++)
		if (found[f] && answers[f])
			found[f][RESPONSE] = answers[f];
}
