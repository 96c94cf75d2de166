/* tests/host/silo_test.c -- charging, and the rules of mode, label and flow. */
/* SPDX-License-Identifier: MIT */
/* build: kernel/object/silo.c kernel/object/silo_rules.c tests/host/shim.c */
#include "shim.h"
#include "kernel/object/silo_internal.h"

/* What was charged is used, whatever lies in the stocks. */
static void silo_used__is_exact(void **state)
{
	int64_t expect = 0;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		int64_t n = shim_random(5);

		if (shim_random(2) && expect >= n) {
			silo_uncharge(&silo_boot, SILO_MEMORY, n);
			expect -= n;
		} else {
			assert_int_equal(
			    silo_charge(&silo_boot, SILO_MEMORY, n), OK);
			expect += n;
		}
		assert_int_equal(silo_used(&silo_boot, SILO_MEMORY), expect);
	}
	silo_uncharge(&silo_boot, SILO_MEMORY, expect);
	assert_int_equal(silo_used(&silo_boot, SILO_MEMORY), 0);
}

/* Exactly `limit` units can be charged, each resource with its own error. */
static void silo_charge__fails_at_the_limit(void **state)
{
	static const enum err errors[] = {
	    E_NOMEM, E_AGAIN, E_AGAIN, E_MFILE, E_NOMEM};

	(void)state;
	for (int r = 0; r < SILO_RESOURCES; r++) {
		silo_boot.limit[r] = 1000 + silo_used(&silo_boot, r);
		for (int i = 0; i < 1000; i++)
			assert_int_equal(silo_charge(&silo_boot, r, 1), OK);
		assert_int_equal(silo_charge(&silo_boot, r, 1), errors[r]);
		assert_int_equal(silo_charge(&silo_boot, r, 0), OK);
		silo_uncharge(&silo_boot, r, 1);
		assert_int_equal(silo_charge(&silo_boot, r, 1), OK);
		assert_int_equal(silo_charge(&silo_boot, r, 1), errors[r]);
		silo_uncharge(&silo_boot, r, 1000);
		assert_int_equal(silo_used(&silo_boot, r), 0);
		silo_boot.limit[r] = INT64_MAX;
	}
}

/* A second silo on the same CPU neither loses nor gains units. */
static void silo_charge__keeps_silos_apart(void **state)
{
	static struct silo other = {.index = 1, .limit = {10, 10, 10, 10}};
	enum err e;

	(void)state;
	/* Index 1 belongs to the boot silo: the other one has none yet. */
	other.index = 2;
	assert_int_equal(silo_charge(&silo_boot, SILO_THREADS, 3), OK);
	e = silo_charge(&other, SILO_THREADS, 11);
	assert_int_equal(e, E_AGAIN);
	assert_int_equal(silo_charge(&other, SILO_THREADS, 5), OK);
	assert_int_equal(silo_used(&other, SILO_THREADS), 5);
	assert_int_equal(silo_used(&silo_boot, SILO_THREADS), 3);
	silo_uncharge(&silo_boot, SILO_THREADS, 3);
	assert_int_equal(silo_used(&silo_boot, SILO_THREADS), 0);
}

/* The kernel (NULL) is never refused, and counts nowhere. */
static void silo_charge__never_refuses_the_kernel(void **state)
{
	(void)state;
	assert_int_equal(silo_charge(NULL, SILO_MEMORY, 1l << 40), OK);
	silo_uncharge(NULL, SILO_MEMORY, 1l << 40);
	assert_null(silo_by_index(0));
	assert_ptr_equal(silo_by_index(1), &silo_boot);
	assert_null(silo_by_index(65535));
}

/* The parts of a label are apart, and bit 31 means the user tier alone. */
static void label__keeps_its_parts_apart(void **state)
{
	(void)state;
	for (uint32_t tier = 0; tier <= TIER_USER; tier++) {
		for (uint32_t family = 0; family < FAMILIES; family++) {
			uint32_t c = (uint32_t)shim_random(COMPARTMENT_MASK);
			uint32_t l = LABEL(tier, family, c);

			assert_int_equal(LABEL_TIER(l), tier);
			assert_int_equal(LABEL_FAMILY(l), family);
			assert_int_equal(LABEL_COMPARTMENT(l), c);
			assert_int_equal(l >> 31, tier == TIER_USER);
		}
	}
	assert_int_equal(silo_tier_of(1), TIER_CRITICAL);
	assert_int_equal(silo_tier_of(9), TIER_CRITICAL);
	assert_int_equal(silo_tier_of(10), TIER_SYSTEM);
	assert_int_equal(silo_tier_of(999), TIER_SYSTEM);
	assert_int_equal(silo_tier_of(1000), TIER_USER);
	assert_int_equal(silo_tier_of(UINT32_MAX), TIER_USER);
}

static struct silo some_silo(void)
{
	struct silo s = {.flow = (uint32_t)shim_random(1 << 16)};
	uint32_t tier = (uint32_t)shim_random(3);

	s.label = LABEL(tier, shim_random(FAMILIES), shim_random(4));
	if (tier == TIER_CRITICAL)
		s.flow = FLOW_ALL;
	s.peer_count = (uint8_t)shim_random(3);
	for (unsigned i = 0; i < s.peer_count; i++)
		s.peers[i] = (uint32_t)shim_random(4);
	return s;
}

static bool names(const struct silo *s, uint32_t compartment)
{
	for (unsigned i = 0; i < s->peer_count; i++) {
		if (s->peers[i] == compartment)
			return true;
	}
	return false;
}

/* The flow rules as SECURITY states them, without the shortcuts. */
static bool may_send(const struct silo *a, const struct silo *b)
{
	uint32_t ca = LABEL_COMPARTMENT(a->label);
	uint32_t cb = LABEL_COMPARTMENT(b->label);

	if (a == b || LABEL_TIER(a->label) == TIER_CRITICAL)
		return true;
	if (!(a->flow & FLOW(LABEL_FAMILY(b->label))))
		return false;
	if (LABEL_TIER(a->label) != TIER_USER ||
	    LABEL_TIER(b->label) != TIER_USER)
		return true;
	return (b->flow & FLOW(LABEL_FAMILY(a->label))) &&
	       (ca == cb || names(a, cb) || names(b, ca));
}

static void silo_flow_check__is_the_rule(void **state)
{
	(void)state;
	for (int i = 0; i < 200000; i++) {
		struct silo a = some_silo(), b = some_silo();

		assert_int_equal(
		    silo_flow_check(&a, &b), may_send(&a, &b) ? OK : E_ACCES);
		assert_int_equal(silo_flow_check(&a, &a), OK);
	}
}

static struct silo_config plain(void)
{
	return (struct silo_config){
	    .size = sizeof(struct silo_config), .name = "x"};
}

/* No creator gives what it has not, and no user silo gets C or H bits. */
static void silo_config_check__gives_no_more_than_there_is(void **state)
{
	(void)state;
	for (int i = 0; i < 200000; i++) {
		struct silo creator = some_silo();
		struct silo_config c = plain();
		uint32_t mode = (uint32_t)shim_random(01000);
		enum err e;

		for (unsigned q = 0; q < QUOTAS; q++) {
			creator.limit[q] =
			    shim_random(2) ? shim_random(5) + 1 : INT64_MAX;
			c.quota[q] = (uint64_t)shim_random(7);
			if (c.quota[q] == 6)
				c.quota[q] = QUOTA_NONE;
		}
		c.sid = (uint32_t)shim_random(1500);
		c.mode = (uint32_t)shim_random(01000);
		c.family = (uint32_t)shim_random(FAMILIES);
		c.flow = (uint32_t)shim_random(1 << 16);
		if (shim_random(2)) { /* often enough allowed */
			c.mode &= mode & 07;
			c.flow &= creator.flow & ~FLOW(FAMILY_DRV);
		}
		e = silo_config_check(&creator, mode, &c);
		if (e != OK) {
			assert_int_equal(e, E_PERM);
			continue;
		}
		assert_true(mode & MODE_SPAWN);
		assert_int_equal(c.mode & ~mode, 0);
		assert_int_equal(c.flow & ~creator.flow, 0);
		assert_true(
		    !c.sid || silo_tier_of(c.sid) >= LABEL_TIER(creator.label));
		if (!c.sid || c.sid >= SID_USER_FIRST)
			assert_int_equal(c.mode & 0770, 0);
		assert_false(
		    c.family == FAMILY_USR && (c.flow & FLOW(FAMILY_DRV)));
		for (unsigned q = 0; q < QUOTAS; q++)
			assert_true(silo_config_limit(&creator, &c, q) <=
			            creator.limit[q]);
	}
}

/* Names are shown in lines with fields. */
static void silo_name_ok__takes_printable_text_only(void **state)
{
	char name[SILO_NAME_MAX] = "ext4-root";

	(void)state;
	assert_true(silo_name_ok(name));
	name[3] = ' ';
	assert_false(silo_name_ok(name));
	name[3] = '\x7f';
	assert_false(silo_name_ok(name));
	name[3] = (char)0xe4;
	assert_false(silo_name_ok(name));
	memset(name, 'a', sizeof(name));
	assert_false(silo_name_ok(name));
	name[SILO_NAME_MAX - 1] = '\0';
	assert_true(silo_name_ok(name));
	name[0] = '\0';
	assert_false(silo_name_ok(name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(silo_used__is_exact),
	    cmocka_unit_test(silo_charge__fails_at_the_limit),
	    cmocka_unit_test(silo_charge__keeps_silos_apart),
	    cmocka_unit_test(silo_charge__never_refuses_the_kernel),
	    cmocka_unit_test(label__keeps_its_parts_apart),
	    cmocka_unit_test(silo_flow_check__is_the_rule),
	    cmocka_unit_test(silo_config_check__gives_no_more_than_there_is),
	    cmocka_unit_test(silo_name_ok__takes_printable_text_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
