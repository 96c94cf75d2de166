/* tests/host/cmsg_test.c -- control messages taken apart. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/socket/cmsg.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "kernel/socket/cmsg.h"

static struct cmsg_request req;

/* Append a message to buf at `at`, padded; gives where the next begins. */
static size_t put(
    uint8_t *buf, size_t at, int level, int type, const void *data, size_t n)
{
	struct linux_cmsghdr h = {cmsg_len(n), level, type};

	memset(buf + at, 0, cmsg_space(n));
	memcpy(buf + at, &h, sizeof(h));
	memcpy(buf + at + sizeof(h), data, n);
	return at + cmsg_space(n);
}

/* Parse a copy without a byte of slack: ASan sees any step too far. */
static enum err parse(const uint8_t *buf, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);
	enum err e;

	memcpy(copy, buf, n);
	e = cmsg_parse(copy, n, &req);
	free(copy);
	return e;
}

/* No bytes, or too few for a head, hold no message: that is no error. */
static void cmsg_parse__empty_is_nothing(void **state)
{
	uint8_t buf[16] = {0xff};

	(void)state;
	for (size_t n = 0; n < 16; n++)
		assert_int_equal(parse(buf, n), OK);
	assert_int_equal(req.nfds, 0);
	assert_false(req.has_creds);
}

/* Descriptors of several messages add up, in their order. */
static void cmsg_parse__collects_descriptors(void **state)
{
	int32_t a[3] = {1, 2, 3}, b[2] = {4, 5};
	struct linux_ucred c = {7, 8, 9};
	uint8_t buf[256];
	size_t n;

	(void)state;
	n = put(buf, 0, SOL_SOCKET, SCM_RIGHTS, a, sizeof(a));
	n = put(buf, n, SOL_SOCKET, SCM_CREDENTIALS, &c, sizeof(c));
	n = put(buf, n, 41, 1234, a, 1); /* not for us */
	n = put(buf, n, SOL_SOCKET, SCM_RIGHTS, b, sizeof(b));
	assert_int_equal(parse(buf, n), OK);
	assert_int_equal(req.nfds, 5);
	for (int32_t i = 0; i < 5; i++)
		assert_int_equal(req.fds[i], i + 1);
	assert_true(req.has_creds);
	assert_int_equal(req.creds.gid, 9);
}

/* The last message need not be padded; odd bytes are no descriptor. */
static void cmsg_parse__last_needs_no_padding(void **state)
{
	int32_t a[2] = {1, 2};
	uint8_t buf[64];

	(void)state;
	put(buf, 0, SOL_SOCKET, SCM_RIGHTS, a, 7);
	assert_int_equal(parse(buf, 16 + 7), OK);
	assert_int_equal(req.nfds, 1);
}

/* A length below a head's or past the end is refused, however large. */
static void cmsg_parse__refuses_bad_lengths(void **state)
{
	uint64_t lens[] = {
	    0, 1, 15, 25, 1ull << 32, UINT64_MAX - 7, UINT64_MAX, 1ull << 63};
	struct linux_cmsghdr h = {0, SOL_SOCKET, SCM_RIGHTS};
	uint8_t buf[24] = {0};

	(void)state;
	for (size_t i = 0; i < COUNT(lens); i++) {
		h.len = lens[i];
		memcpy(buf, &h, sizeof(h));
		assert_int_equal(parse(buf, sizeof(buf)), E_INVAL);
	}
}

/* Unknown types and credentials of another size are refused. */
static void cmsg_parse__refuses_unknown_types(void **state)
{
	uint8_t buf[64], data[16] = {0};
	size_t n;

	(void)state;
	n = put(buf, 0, SOL_SOCKET, 3, data, 4);
	assert_int_equal(parse(buf, n), E_INVAL);
	n = put(buf, 0, SOL_SOCKET, SCM_CREDENTIALS, data, 16);
	assert_int_equal(parse(buf, n), E_INVAL);
}

/* 253 descriptors are the limit, over all messages together. */
static void cmsg_parse__bounds_descriptors(void **state)
{
	static int32_t fds[SCM_RIGHTS_MAX + 1];
	static uint8_t buf[4096];
	size_t n;

	(void)state;
	n = put(buf, 0, SOL_SOCKET, SCM_RIGHTS, fds, 4 * SCM_RIGHTS_MAX);
	assert_int_equal(parse(buf, n), OK);
	assert_int_equal(req.nfds, SCM_RIGHTS_MAX);
	n = put(buf, n, SOL_SOCKET, SCM_RIGHTS, fds, 4);
	assert_int_equal(parse(buf, n), E_INVAL);
	n = put(buf, 0, SOL_SOCKET, SCM_RIGHTS, fds, sizeof(fds));
	assert_int_equal(parse(buf, n), E_INVAL);
}

/* What fits behind a head is counted in whole descriptors. */
static void cmsg_fds_fit__counts_whole_ones(void **state)
{
	(void)state;
	assert_int_equal(cmsg_fds_fit(0, 5), 0);
	assert_int_equal(cmsg_fds_fit(16, 5), 0);
	assert_int_equal(cmsg_fds_fit(19, 5), 0);
	assert_int_equal(cmsg_fds_fit(20, 5), 1);
	assert_int_equal(cmsg_fds_fit(27, 5), 2);
	assert_int_equal(cmsg_fds_fit(SIZE_MAX, 5), 5);
}

/* Random bytes never lead outside of the buffer, nor to a standstill. */
static void cmsg_next__stays_inside(void **state)
{
	struct cmsg c;
	enum err e;

	(void)state;
	srand(1);
	for (int round = 0; round < 20000; round++) {
		size_t n = (size_t)rand() % 96, at = 0, before;
		uint8_t *buf = malloc(n ? n : 1);

		for (size_t i = 0; i < n; i++)
			buf[i] = rand() % 3 ? 0 : (uint8_t)(rand() % 40);
		before = at;
		while (cmsg_next(buf, n, &at, &c, &e)) {
			assert_true(at > before && at <= n);
			assert_true(c.data >= buf && c.data + c.len <= buf + n);
			before = at;
		}
		free(buf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(cmsg_parse__empty_is_nothing),
	    cmocka_unit_test(cmsg_parse__collects_descriptors),
	    cmocka_unit_test(cmsg_parse__last_needs_no_padding),
	    cmocka_unit_test(cmsg_parse__refuses_bad_lengths),
	    cmocka_unit_test(cmsg_parse__refuses_unknown_types),
	    cmocka_unit_test(cmsg_parse__bounds_descriptors),
	    cmocka_unit_test(cmsg_fds_fit__counts_whole_ones),
	    cmocka_unit_test(cmsg_next__stays_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
