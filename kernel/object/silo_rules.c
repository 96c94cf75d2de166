/* kernel/object/silo_rules.c -- what a silo may be, and to whom it may send. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/object/silo_internal.h"

/*
 * The invariants of the security model that concern a configuration. They know
 * nothing of family profiles: those are init's. One rule names families, that
 * USR never sends to DRV, because no profile may undo it.
 */
enum silo_tier silo_tier_of(uint32_t sid)
{
	if (sid >= SID_USER_FIRST)
		return TIER_USER;
	return sid >= SID_SYSTEM_FIRST ? TIER_SYSTEM : TIER_CRITICAL;
}

int64_t silo_config_limit(
    const struct silo *creator, const struct silo_config *c, unsigned quota)
{
	uint64_t q = c->quota[quota];

	if (q == 0)
		return atomic_load(&creator->limit[quota]);
	return q == QUOTA_NONE ? INT64_MAX : (int64_t)q;
}

/* Shown to people and in files with fields: no blanks, nothing unprintable. */
bool silo_name_ok(const char name[SILO_NAME_MAX])
{
	unsigned n = 0;

	for (; n < SILO_NAME_MAX && name[n]; n++) {
		if (name[n] <= ' ' || name[n] > '~')
			return false;
	}
	return n > 0 && n < SILO_NAME_MAX;
}

static bool well_formed(const struct silo_config *c)
{
	if (c->size != sizeof(*c) || (c->mode & ~MODE_ALL) ||
	    (c->flags & ~(SILO_LINUX | SILO_JIT | SILO_NO_WX)) ||
	    (c->flow & ~FLOW_ALL) || c->family >= FAMILIES ||
	    c->compartment > COMPARTMENT_MASK ||
	    c->peer_count > SILO_PEERS_MAX || c->cpu_weight > 10000)
		return false;
	for (unsigned i = 0; i < c->peer_count; i++) {
		if (c->peers[i] > COMPARTMENT_MASK)
			return false;
	}
	for (unsigned i = 0; i < QUOTAS; i++) {
		if (c->quota[i] > INT64_MAX && c->quota[i] != QUOTA_NONE)
			return false;
	}
	return silo_name_ok(c->name);
}

enum err silo_config_check(const struct silo *creator, uint32_t creator_mode,
    const struct silo_config *c)
{
	enum silo_tier tier = c->sid ? silo_tier_of(c->sid) : TIER_USER;
	uint32_t most = creator_mode;

	if (!well_formed(c))
		return E_INVAL;
	if (!(creator_mode & MODE_SPAWN) || tier < LABEL_TIER(creator->label))
		return E_PERM;
	if (tier == TIER_USER)
		most &= MODE_USER;
	if ((c->mode & ~most) || (c->flow & ~atomic_load(&creator->flow)))
		return E_PERM;
	if (c->family == FAMILY_USR && (c->flow & FLOW(FAMILY_DRV)))
		return E_PERM;
	for (unsigned i = 0; i < QUOTAS; i++) {
		if (silo_config_limit(creator, c, i) > creator->limit[i])
			return E_PERM;
	}
	return OK;
}

static bool has_peer(const struct silo *s, uint32_t compartment)
{
	for (unsigned i = 0; i < s->peer_count; i++) {
		if (s->peers[i] == compartment)
			return true;
	}
	return false;
}

enum err silo_flow_check_users(const struct silo *from, const struct silo *to)
{
	uint32_t a = LABEL_COMPARTMENT(from->label);
	uint32_t b = LABEL_COMPARTMENT(to->label);
	uint32_t back = atomic_load_explicit(&to->flow, memory_order_relaxed);

	if (!(back >> LABEL_FAMILY(from->label) & 1))
		return E_ACCES;
	return a == b || has_peer(from, b) || has_peer(to, a) ? OK : E_ACCES;
}
