/* tests/limine/loader.c -- boot a kernel by the Limine boot protocol. */
/* SPDX-License-Identifier: MIT */
/*
 * For tests: Limine itself is not in Debian.  qemu -kernel starts this as a
 * Multiboot program with the kernel and the boot archive as modules; it follows
 * the published protocol to the letter and no further, so that what the kernel
 * wrongly takes for granted shows: the kernel lies at a random address in
 * memory and space, the direct map holds what the protocol says and nothing
 * else, and no identity map is left.
 *
 * Words of the command line for the loader itself, removed from what the kernel
 * sees:  limine.max=N  the newest base revision that this loader knows (2 to 4)
 */
#include "loader.h"

enum { MULTIBOOT = 0x2badb002, COM1 = 0x3f8, MODULES_MAX = 4, NEWEST = 4 };
enum { HAS_CMDLINE = 1 << 2, HAS_MODULES = 1 << 3, HAS_MMAP = 1 << 6 };

struct multiboot {
	uint32_t flags, mem[2], boot_device, cmdline, mods_count, mods, syms[4],
	    mmap_length, mmap;
};

struct multiboot_module {
	uint32_t start, end, words, reserved;
};

uint64_t hhdm;
unsigned base_revision;
static uint64_t random_state;

void loader_main(uint32_t magic, const struct multiboot *mb);

void say(const char *text)
{
	for (; *text; text++)
		out8(COM1, (uint8_t)*text);
}

void die(const char *why)
{
	say("limine loader: ");
	say(why);
	say("\n");
	for (;;)
		__asm__ volatile("cli; hlt");
}

void *copy(void *to, const void *from, size_t n)
{
	char *d = to;
	const char *s = from;

	while (n--)
		*d++ = *s++;
	return to;
}

/* The compiler may call these by itself. */
void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);

void *memcpy(void *to, const void *from, size_t n)
{
	return copy(to, from, n);
}

void *memset(void *to, int c, size_t n)
{
	char *d = to;

	while (n--)
		*d++ = (char)c;
	return to;
}

size_t length(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

bool equal(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

/* Good enough to put things elsewhere in each boot. */
uint32_t any(void)
{
	random_state ^= tsc();
	random_state =
	    random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(random_state >> 32);
}

/* Skip the loader's name; take its own words out.  The rest is the kernel's. */
static char *kernel_words(const char *line, unsigned *most)
{
	static const char own[] = "limine.max=";
	char *out = take(length(line) + 1, 16), *o = out;

	while (*line && *line != ' ')
		line++;
	while (*line) {
		size_t n = 0;

		while (*line == ' ')
			line++;
		while (n < sizeof(own) - 1 && line[n] == own[n])
			n++;
		if (n == sizeof(own) - 1) {
			*most = (unsigned)(line[n] - '0');
			while (*line && *line != ' ')
				line++;
			continue;
		}
		if (o != out && *line)
			*o++ = ' ';
		while (*line && *line != ' ')
			*o++ = *line++;
	}
	return out;
}

static unsigned take_modules(const struct multiboot *mb, struct module *out)
{
	const struct multiboot_module *m = (const void *)mb->mods;

	if (!(mb->flags & HAS_MODULES) || mb->mods_count < 1 ||
	    mb->mods_count > MODULES_MAX)
		die("-initrd must name the kernel, then the modules");
	for (unsigned i = 0; i < mb->mods_count; i++) {
		out[i] = (struct module){
		    m[i].start, m[i].end, (const char *)m[i].words};
		memory_mark(m[i].start, m[i].end - m[i].start,
		    i ? IMAGE_AND_MODULES : RECLAIMABLE);
	}
	return mb->mods_count;
}

/* All lines of the old interrupt controllers and of the first IOAPIC off. */
static void mask_interrupts(void)
{
	volatile uint32_t *ioapic = (void *)0xfec00000;
	unsigned lines;

	out8(0x21, 0xff);
	out8(0xa1, 0xff);
	ioapic[0] = 1;
	lines = (ioapic[4] >> 16 & 0xff) + 1;
	for (unsigned i = 0; i < lines && lines <= 240; i++) {
		ioapic[0] = 0x10 + 2 * i;
		ioapic[4] = 1 << 16;
	}
}

void loader_main(uint32_t magic, const struct multiboot *mb)
{
	struct module modules[MODULES_MAX];
	struct image image;
	struct screen screen;
	unsigned count, most = NEWEST;
	uint32_t rsdp;
	char *words, *stack;

	if (magic != MULTIBOOT || !(mb->flags & HAS_MMAP))
		die("not started by Multiboot with a memory map");
	random_state = tsc();
	hhdm = 0xffff800000000000ULL + ((uint64_t)(any() & 0x3ff) << 30);
	memory_init((const void *)mb->mmap, mb->mmap_length);
	memory_mark((uintptr_t)loader_start,
	    (uintptr_t)(loader_end - loader_start), RECLAIMABLE);
	count = take_modules(mb, modules);
	words = kernel_words(
	    mb->flags & HAS_CMDLINE ? (const char *)mb->cmdline : "", &most);
	image_load(&modules[0], &image);
	base_revision = agree_revision(&image, most);
	rsdp = rsdp_find();
	screen_init(&screen);
	stack = take(STACK, 16);
	paging_init(&image, &screen);
	cpus_start(rsdp);
	answer_requests(&image, words, modules + 1, count - 1, rsdp, &screen);
	mask_interrupts();
	enter_kernel(image.entry, direct(stack) + STACK);
}
