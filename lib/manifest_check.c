/* lib/manifest_check.c -- what holds between silos; the order of starting. */
/* SPDX-License-Identifier: MIT */
#include "lib/fmt.h"
#include "lib/manifest_read.h"
#include <string.h>

static bool check_pair(struct manifest_reader *r, const struct manifest_silo *a,
    const struct manifest_silo *b)
{
	if (strcmp(a->name, b->name) == 0)
		return manifest_fail(r, manifest_line(b, "name"),
		    "the name is used twice (first at line %u)",
		    manifest_line(a, "name"));
	if (a->sid == b->sid)
		return manifest_fail(r, manifest_line(b, "sid"),
		    "sid %u is used twice (first by \"%s\" at line %u)", b->sid,
		    a->name, manifest_line(a, "sid"));
	if (a->compartment_id == b->compartment_id &&
	    strcmp(a->compartment, b->compartment) != 0)
		return manifest_fail(r, manifest_line(b, "compartment"),
		    "compartment \"%s\" has the same number as \"%s\" (line "
		    "%u): give it another name",
		    b->compartment, a->compartment,
		    manifest_line(a, "compartment"));
	for (size_t i = 0; i < b->bind.count; i++)
		for (size_t k = 0; k < a->bind.count; k++)
			if (strcmp(b->bind.name[i], a->bind.name[k]) == 0)
				return manifest_fail(r, manifest_line(b, "srv"),
				    "/srv/%s is bound by \"%s\" too (line %u)",
				    b->bind.name[i], a->name,
				    manifest_line(a, "srv"));
	return true;
}

/* Every name is one of another silo. */
static bool check_names(struct manifest_reader *r,
    const struct manifest_silo *s, const struct manifest_list *l,
    const char *key)
{
	for (size_t i = 0; i < l->count; i++) {
		if (strcmp(l->name[i], s->name) == 0)
			return manifest_fail(r, manifest_line(s, key),
			    "\"%s\" names the silo itself", key);
		if (manifest_find(r->m, l->name[i]) == NULL)
			return manifest_fail(r, manifest_line(s, key),
			    "\"%s\": there is no silo \"%s\"", key, l->name[i]);
	}
	return true;
}

/* The silos that this one waits for, by index. */
static bool set_after(struct manifest_reader *r, struct manifest_silo *s)
{
	const struct manifest *m = r->m;

	s->after_index =
	    manifest_alloc(r, s->after.count * sizeof(*s->after_index));
	if (s->after_index == NULL)
		return false;
	for (size_t i = 0; i < s->after.count; i++)
		s->after_index[i] =
		    (size_t)(manifest_find(m, s->after.name[i]) - m->silos);
	return true;
}

/* A silo that s waits for and that is not placed; count: none. */
static size_t waits_for(const struct manifest *m, const bool *placed, size_t s)
{
	const struct manifest_silo *silo = &m->silos[s];

	for (size_t i = 0; i < silo->after.count; i++)
		if (!placed[silo->after_index[i]])
			return silo->after_index[i];
	return m->count;
}

/*
 * Nothing more can be placed, so every silo that is left waits for another
 * that is left: who follows that comes around.
 */
static bool fail_cycle(struct manifest_reader *r, const bool *placed)
{
	bool seen[MANIFEST_SILOS_MAX] = {false};
	const struct manifest *m = r->m;
	char path[MANIFEST_ERROR_SIZE - 80];
	size_t first = 0, at, n = 0;

	while (placed[first])
		first++;
	for (; !seen[first]; first = waits_for(m, placed, first))
		seen[first] = true;
	at = first;
	do {
		n += fmt_buf(
		    path + n, sizeof(path) - n, "%s after ", m->silos[at].name);
		at = waits_for(m, placed, at);
	} while (at != first);
	if (n == sizeof(path) - 1)
		memcpy(path + n - 4, "... ", 4);
	r->silo = m->silos[first].name;
	return manifest_fail(r, manifest_line(&m->silos[first], "after"),
	    "\"after\" goes in a circle: %s%s", path, m->silos[first].name);
}

/* Of those that can start, the one that the text has first. */
static bool set_order(struct manifest_reader *r)
{
	bool placed[MANIFEST_SILOS_MAX] = {false};
	struct manifest *m = r->m;
	size_t n = 0;

	m->order = manifest_alloc(r, m->count * sizeof(*m->order));
	if (m->order == NULL)
		return false;
	while (n < m->count) {
		size_t s = 0;

		while (s < m->count &&
		       (placed[s] || waits_for(m, placed, s) != m->count))
			s++;
		if (s == m->count)
			return fail_cycle(r, placed);
		placed[s] = true;
		m->order[n++] = s;
	}
	return true;
}

bool manifest_check(struct manifest_reader *r)
{
	struct manifest *m = r->m;

	for (size_t i = 0; i < m->count; i++) {
		const struct manifest_silo *s = &m->silos[i];

		r->silo = s->name;
		for (size_t k = 0; k < i; k++)
			if (!check_pair(r, &m->silos[k], s))
				return false;
		if (!manifest_check_rules(r, s) ||
		    !check_names(r, s, &s->after, "after") ||
		    !check_names(r, s, &s->peers, "peers"))
			return false;
	}
	r->silo = NULL;
	for (size_t i = 0; i < m->count; i++)
		if (!set_after(r, &m->silos[i]))
			return false;
	return set_order(r);
}
