/* kernel/vfs/sysfs_pci.c -- /sys/bus/pci/devices. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/arch/x86_64/pci.h"
#include "kernel/core/klog.h"
#include "kernel/core/string.h"
#include "kernel/vfs/sysfs.h"

/*
 * A directory per function, found by asking configuration space when somebody
 * looks. A node's priv is the packed address and the number of its file.
 */
enum {
	NAME_MAX_LENGTH = 16, /* "0000:00:1f.2" and its end */
	INO_PCI = 1 << 20,
};

static uint32_t pack(struct pci_address a)
{
	return (uint32_t)a.bus << 8 | (uint32_t)a.device << 3 | a.function;
}

static struct pci_address unpack(uint32_t v)
{
	return (struct pci_address){
	    .bus = (uint8_t)(v >> 8), .device = v >> 3 & 31, .function = v & 7};
}

static void show_vendor(struct text_out *t, struct pci_address a)
{
	text_add(t, "0x%04x\n", pci_read32(a, 0) & 0xffff);
}

static void show_device(struct text_out *t, struct pci_address a)
{
	text_add(t, "0x%04x\n", pci_read32(a, 0) >> 16);
}

static void show_class(struct text_out *t, struct pci_address a)
{
	text_add(t, "0x%06x\n", pci_read32(a, 8) >> 8);
}

static void show_revision(struct text_out *t, struct pci_address a)
{
	text_add(t, "0x%02x\n", pci_read32(a, 8) & 0xff);
}

static void show_irq(struct text_out *t, struct pci_address a)
{
	text_add(t, "%u\n", pci_read32(a, 0x3c) & 0xff);
}

/*
 * The base registers as they stand, a line each: address and type. Lengths are
 * not shown: to ask for them would disturb a running device.
 */
static void show_resource(struct text_out *t, struct pci_address a)
{
	unsigned type = pci_read32(a, 0x0c) >> 16 & 0x7f;
	unsigned n = type == 0 ? 6 : type == 1 ? 2 : 0;

	for (unsigned i = 0; i < n; i++) {
		uint32_t low = pci_read32(a, 0x10 + i * 4);
		uint64_t base = low & ~15u;

		if (low & 1) {
			text_add(t, "%u io 0x%04x\n", i, low & ~3u);
			continue;
		}
		if ((low >> 1 & 3) == 2 && i + 1 < n)
			base |= (uint64_t)pci_read32(a, 0x14 + i * 4) << 32;
		if (base)
			text_add(t, "%u mem 0x%08lx%s\n", i,
			    (unsigned long)base, low & 8 ? " prefetch" : "");
		i += (low >> 1 & 3) == 2;
	}
}

static void show_config(struct text_out *t, struct pci_address a)
{
	for (unsigned i = 0; i < PCI_CONFIG_SIZE; i += 4) {
		uint32_t v = pci_read32(a, i);

		text_bytes(t, &v, sizeof(v));
	}
}

static const struct {
	const char *name;
	void (*show)(struct text_out *t, struct pci_address a);
	uint32_t mode;
} files[] = {
    {"vendor", show_vendor, 0444},
    {"device", show_device, 0444},
    {"class", show_class, 0444},
    {"revision", show_revision, 0444},
    {"irq", show_irq, 0444},
    {"resource", show_resource, 0444},
    {"config", show_config, 0400},
};

static enum err node_for(struct scheme *s, uint32_t address, unsigned file,
    uint32_t mode, const struct node_ops *ops, struct node **out)
{
	enum err e = node_alloc(
	    s, ops, mode, INO_PCI + (uint64_t)address * 16 + file, out);

	if (e != OK)
		return e;
	(*out)->priv = (void *)((uintptr_t)address << 8 | file);
	(*out)->flags = file ? NODE_SEQ : NODE_NOCACHE;
	return OK;
}

static long file_read(struct node *n, struct uio *u, int64_t off)
{
	struct text_out t = {u->kernel, u->left, 0};
	uintptr_t v = (uintptr_t)n->priv;

	(void)off;
	files[(v & 0xff) - 1].show(&t, unpack((uint32_t)(v >> 8)));
	return (long)MIN(t.len, t.size);
}

static const struct node_ops file_ops_pci = {.read = file_read};

static enum err device_lookup(
    struct node *dir, const char *name, size_t len, struct node **out)
{
	uint32_t address = (uint32_t)((uintptr_t)dir->priv >> 8);

	for (unsigned i = 0; i < COUNT(files); i++)
		if (strlen(files[i].name) == len &&
		    memcmp(files[i].name, name, len) == 0)
			return node_for(dir->scheme, address, i + 1,
			    NODE_REG | files[i].mode, &file_ops_pci, out);
	return E_NOENT;
}

static enum err device_readdir(
    struct node *dir, uint64_t cookie, struct dir_sink *sink)
{
	uint32_t address = (uint32_t)((uintptr_t)dir->priv >> 8);

	for (uint64_t i = cookie; i < COUNT(files); i++)
		if (!sink->emit(sink, files[i].name, strlen(files[i].name),
		        INO_PCI + (uint64_t)address * 16 + i + 1, NODE_REG,
		        i + 1))
			break;
	return OK;
}

static const struct node_ops device_ops = {
    .lookup = device_lookup,
    .readdir = device_readdir,
};

static size_t name_of(char buf[NAME_MAX_LENGTH], struct pci_address a)
{
	return (size_t)ksnprintf(buf, NAME_MAX_LENGTH, "0000:%02x:%02x.%x",
	    a.bus, a.device, a.function);
}

struct search {
	const char *name;
	size_t len;
	bool found;
	uint32_t address;
};

static bool match(const struct pci_function *f, void *arg)
{
	struct search *s = arg;
	char text[NAME_MAX_LENGTH];

	s->found = name_of(text, f->at) == s->len &&
	           memcmp(text, s->name, s->len) == 0;
	s->address = pack(f->at);
	return !s->found;
}

static enum err devices_lookup(
    struct node *dir, const char *name, size_t len, struct node **out)
{
	struct search s = {.name = name, .len = len};

	pci_for_each(match, &s);
	if (!s.found)
		return E_NOENT;
	return node_for(
	    dir->scheme, s.address, 0, NODE_DIR | 0555, &device_ops, out);
}

struct listing {
	struct dir_sink *sink;
	uint64_t cookie; /* one above the last address that was emitted */
};

static bool list_one(const struct pci_function *f, void *arg)
{
	struct listing *l = arg;
	uint64_t address = pack(f->at);
	char text[NAME_MAX_LENGTH];
	size_t n = name_of(text, f->at);

	if (address < l->cookie)
		return true;
	return l->sink->emit(
	    l->sink, text, n, INO_PCI + address * 16, NODE_DIR, address + 1);
}

static enum err devices_readdir(
    struct node *dir, uint64_t cookie, struct dir_sink *sink)
{
	struct listing l = {sink, cookie};

	(void)dir;
	pci_for_each(list_one, &l);
	return OK;
}

const struct node_ops sysfs_pci_ops = {
    .lookup = devices_lookup,
    .readdir = devices_readdir,
};
