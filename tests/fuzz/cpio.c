/* tests/fuzz/cpio.c -- any bytes at all as a boot archive. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/vfs/cpio.c */
#include <stdlib.h>
#include "kernel/vfs/cpio.h"
#include "kernel/vfs/walk_text.h"

uint64_t name_hash_secret;
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every byte that an entry claims must lie in the archive. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cpio c = {.base = data, .size = size};
	struct cpio_entry e;
	struct cpio_attr a;
	volatile uint8_t sum = 0;
	size_t before = 0;

	while (cpio_next(&c, &e) == OK) {
		if (c.at <= before || c.at > size)
			abort(); /* it must get on */
		before = c.at;
		for (size_t i = 0; i < e.name_len; i++)
			sum += (uint8_t)e.name[i];
		for (size_t i = 0; i < e.size; i++)
			sum += e.data[i];
		if (cpio_attributes(e.header, &a) == OK)
			sum += (uint8_t)a.mtime;
	}
	return 0;
}
