/* chevron/cmd/memory.c -- mem, heap, cpuinfo and lspci. */
/* SPDX-License-Identifier: MIT */
#include "chevron/cmd/cmd.h"
#include "chevron/cmd/info.h"
#include "lib/file.h"
#include "lib/fmt.h"
#include "lib/text.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 4 << 20 };

/* The whole of a file of /proc or /sys; NULL after a message. */
static char *read_offered(const char *name, const char *path)
{
	size_t n;
	char *text = file_slurp(path, &n, FILE_MAX);

	if (text == NULL && errno == ENOENT)
		cmd_error(name, "this system does not offer %s", path);
	else if (text == NULL)
		cmd_errno(name, "cannot read %s", path);
	return text;
}

/* The same, without a message when it is not there. */
static char *read_quietly(const char *path)
{
	size_t n;

	return file_slurp(path, &n, FILE_MAX);
}

static void print_size(const char *label, uint64_t bytes)
{
	char size[16];

	text_size(size, bytes);
	out_fmt(&cmd_out, "%-16s %10lu KiB  (%s)\n", label,
	    (unsigned long)(bytes / 1024), size);
}

static int mem_summary(const char *name)
{
	static const char *const keys[] = {"MemTotal", "MemFree",
	    "MemAvailable", "Buffers", "Cached", "Shmem", "Slab", "KernelStack",
	    "PageTables", "VmallocUsed"};
	char *text = read_offered(name, "/proc/meminfo");
	uint64_t kib, total, available;

	if (text == NULL)
		return 1;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (text_key_u64(text, keys[i], &kib))
			print_size(keys[i], kib * 1024);
	if (text_key_u64(text, "MemTotal", &total) &&
	    text_key_u64(text, "MemAvailable", &available) && total > 0)
		out_fmt(&cmd_out, "in use           %10lu %%\n",
		    (unsigned long)((total - available) * 100 / total));
	free(text);
	return 0;
}

static int print_file(const char *name, const char *path)
{
	char *text = read_offered(name, path);

	if (text == NULL)
		return 1;
	out_str(&cmd_out, text);
	free(text);
	return 0;
}

static int mem_zones(const char *name)
{
	char *text = read_quietly("/sys/kernel/mm/zones");

	if (text == NULL)
		text = read_quietly("/proc/zoneinfo");
	if (text == NULL)
		return cmd_error(name,
		    "this system offers neither "
		    "/sys/kernel/mm/zones nor /proc/zoneinfo");
	out_str(&cmd_out, text);
	free(text);
	return 0;
}

int cmd_mem(struct shell *sh, int argc, char **argv)
{
	(void)sh;
	if (argc < 2)
		return mem_summary(argv[0]);
	if (strcmp(argv[1], "zones") == 0)
		return mem_zones(argv[0]);
	if (strcmp(argv[1], "slabs") == 0)
		return print_file(argv[0], "/proc/slabinfo");
	return cmd_usage(argv[0]);
}

struct slab_sum {
	uint64_t caches, objects, active, bytes;
};

/* name active_objs num_objs objsize ... after two lines of heading */
static bool sum_slabs(struct slab_sum *sum)
{
	char *text = read_quietly("/proc/slabinfo"), *at = text, *end, *f[4];

	while (at && *at) {
		end = strchrnul(at, '\n');
		if (*end != '\0')
			*end++ = '\0';
		if (*at != '#' && strncmp(at, "slabinfo", 8) != 0 &&
		    text_fields(at, f, 4) == 4) {
			uint64_t n = text_lead_u64(f[2], NULL);

			sum->caches++;
			sum->active += text_lead_u64(f[1], NULL);
			sum->objects += n;
			sum->bytes += n * text_lead_u64(f[3], NULL);
		}
		at = end;
	}
	free(text);
	return text != NULL;
}

int cmd_heap(struct shell *sh, int argc, char **argv)
{
	static const char *const keys[] = {
	    "Slab", "KernelStack", "PageTables", "VmallocUsed"};
	char *text = read_offered(argv[0], "/proc/meminfo");
	struct slab_sum sum = {0};
	uint64_t kib, total = 0;

	(void)sh, (void)argc;
	if (text == NULL)
		return 1;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!text_key_u64(text, keys[i], &kib))
			continue;
		print_size(keys[i], kib * 1024);
		total += kib * 1024;
	}
	free(text);
	print_size("together", total);
	if (sum_slabs(&sum)) {
		out_fmt(&cmd_out, "%lu slab caches, %lu objects, %lu in use\n",
		    (unsigned long)sum.caches, (unsigned long)sum.objects,
		    (unsigned long)sum.active);
		print_size("in objects", sum.bytes);
	}
	return 0;
}

/* The value behind "key\t: " on the line that starts with key; or NULL. */
static char *cpu_value(char *text, const char *key, char buf[256])
{
	size_t n = strlen(key);

	for (char *at = text; *at;) {
		char *end = strchrnul(at, '\n');

		if (strncmp(at, key, n) == 0 && strchr("\t :", at[n]) != NULL) {
			char *colon = strchr(at, ':');

			if (colon != NULL && colon < end) {
				colon += 1 + (colon[1] == ' ');
				if (colon > end)
					colon = end;
				fmt_buf(buf, 256, "%.*s", (int)(end - colon),
				    colon);
				return buf;
			}
		}
		at = *end ? end + 1 : end;
	}
	return NULL;
}

int cmd_cpuinfo(struct shell *sh, int argc, char **argv)
{
	static const char *const keys[] = {"model name", "vendor_id",
	    "cpu family", "model", "stepping", "cpu MHz", "cache size"};
	char *text, value[256];
	int cpus = 0;

	(void)sh;
	if (argc > 1 && strcmp(argv[1], "-a") == 0)
		return print_file(argv[0], "/proc/cpuinfo");
	text = read_offered(argv[0], "/proc/cpuinfo");
	if (text == NULL)
		return 1;
	for (char *at = text; (at = strstr(at, "processor")) != NULL; at++)
		cpus += at == text || at[-1] == '\n';
	out_fmt(&cmd_out, "%-12s %d\n", "processors", cpus);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (cpu_value(text, keys[i], value))
			out_fmt(&cmd_out, "%-12s %s\n", keys[i], value);
	free(text);
	return 0;
}

static const char *class_name(unsigned class)
{
	static const struct {
		unsigned class;
		const char *name;
	} list[] = {{0x0101, "IDE controller"}, {0x0106, "SATA controller"},
	    {0x0108, "NVMe controller"}, {0x0100, "SCSI controller"},
	    {0x0200, "Ethernet controller"}, {0x0300, "VGA controller"},
	    {0x0401, "audio device"}, {0x0403, "audio device"},
	    {0x0500, "memory controller"}, {0x0600, "host bridge"},
	    {0x0601, "ISA bridge"}, {0x0604, "PCI bridge"}, {0x0680, "bridge"},
	    {0x0780, "communication controller"}, {0x0c03, "USB controller"},
	    {0x0c05, "SMBus"}, {0x00ff, "unclassified device"},
	    {0x0580, "memory controller"}, {0x0180, "storage controller"},
	    {0x0700, "serial port"}, {0x0380, "display controller"}};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (list[i].class == class)
			return list[i].name;
	return "device";
}

static unsigned long read_hex(const char *dir, const char *file)
{
	char path[320], text[32];

	fmt_buf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", dir, file);
	if (file_read(path, text, sizeof(text)) <= 0)
		return 0;
	return strtoul(text, NULL, 16);
}

static void print_device(const char *place, unsigned long vendor,
    unsigned long device, unsigned long class)
{
	out_fmt(&cmd_out, "%s %s [%04lx]: %04lx:%04lx\n", place,
	    class_name((unsigned)(class >> 8)), class >> 8, vendor, device);
}

static int without_dots(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

/* bus and function, vendor and device in hexadecimal: "0018 8086100e ..." */
static int old_list(const char *name)
{
	char *text = read_quietly("/proc/bus/pci/devices"), *at = text;
	char place[16];

	if (text == NULL)
		return cmd_error(name,
		    "this system offers neither "
		    "/sys/bus/pci/devices nor /proc/bus/pci/devices");
	while (*at) {
		unsigned long where = strtoul(at, &at, 16);
		unsigned long what = strtoul(at, NULL, 16);

		fmt_buf(place, sizeof(place), "%02lx:%02lx.%lx", where >> 8,
		    where >> 3 & 31, where & 7);
		out_fmt(&cmd_out, "%s %04lx:%04lx\n", place, what >> 16,
		    what & 0xffff);
		at = strchrnul(at, '\n');
		at += *at != '\0';
	}
	free(text);
	return 0;
}

int cmd_lspci(struct shell *sh, int argc, char **argv)
{
	struct dirent **list;
	int n = scandir("/sys/bus/pci/devices", &list, without_dots, alphasort);

	(void)sh, (void)argc;
	if (n < 0)
		return old_list(argv[0]);
	for (int i = 0; i < n; i++) {
		const char *place = list[i]->d_name;

		print_device(strncmp(place, "0000:", 5) ? place : place + 5,
		    read_hex(place, "vendor"), read_hex(place, "device"),
		    read_hex(place, "class"));
		free(list[i]);
	}
	free(list);
	return 0;
}
