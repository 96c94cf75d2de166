/* tests/fuzz/cmsg.c -- any bytes at all as control messages. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/socket/cmsg.c */
#include <stdlib.h>
#include "kernel/socket/cmsg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever is accepted stays within its bounds. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cmsg_request r;
	size_t at = 0, before = 0;
	volatile uint8_t sum = 0;
	struct cmsg c;
	enum err e;

	while (cmsg_next(data, size, &at, &c, &e)) {
		if (at <= before || at > size)
			abort(); /* it must get on */
		before = at;
		for (size_t i = 0; i < c.len; i++)
			sum += c.data[i];
	}
	if (cmsg_parse(data, size, &r) == OK && r.nfds > SCM_RIGHTS_MAX)
		abort();
	return 0;
}
