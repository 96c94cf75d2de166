/* tests/fuzz/manifest.c -- hostile text for the reader of silo.toml. */
/* SPDX-License-Identifier: MIT */
/* build: lib/manifest.c lib/manifest_value.c lib/manifest_check.c
 * lib/manifest_rules.c lib/profile.c lib/toml_parse.c lib/toml_lex.c
 * lib/toml_value.c lib/toml_time.c lib/toml_tree.c lib/pool.c lib/text.c
 * lib/fmt.c */
#include "lib/manifest.h"
#include "lib/profile.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good)
		abort();
}

/* What the kernel would refuse, or a family may not, never gets through. */
static void check_silo(const struct manifest_silo *s)
{
	const struct profile *p = profile_of(s->family);

	check(p != NULL && s->sid > SID_BOOT && s->strate_count > 0);
	check((s->mode & ~p->mode_max) == 0 && (s->flow & ~p->flow) == 0);
	check(s->sid < SID_USER_FIRST || (s->mode & ~(unsigned)MODE_USER) == 0);
	check(strlen(s->name) < SILO_NAME_MAX && s->compartment_id != 0);
	check(s->peers.count <= SILO_PEERS_MAX && s->memory % 4096 == 0);
	for (size_t i = 0; i < s->mount_count; i++)
		check(s->mounts[i].path[0] == '/' && s->mounts[i].rights != 0);
	for (size_t i = 0; i < s->strate_count; i++)
		check(s->strates[i].binary[0] == '/');
}

/* The order has each silo once, after what it waits for. */
static void check_order(const struct manifest *m)
{
	bool placed[MANIFEST_SILOS_MAX] = {false};

	for (size_t i = 0; i < m->count; i++) {
		const struct manifest_silo *s = &m->silos[m->order[i]];

		check(m->order[i] < m->count && !placed[m->order[i]]);
		for (size_t k = 0; k < s->after.count; k++)
			check(placed[s->after_index[k]]);
		placed[m->order[i]] = true;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct manifest_error e;
	struct manifest *m = manifest_read((const char *)data, size, &e);

	if (m == NULL) {
		check(strncmp(e.text, "line ", 5) == 0);
		for (const char *s = e.text; *s != '\0'; s++)
			check((unsigned char)*s >= ' ' && *s != 0x7f);
		return 0;
	}
	for (size_t i = 0; i < m->count; i++)
		check_silo(&m->silos[i]);
	check_order(m);
	manifest_free(m);
	return 0;
}
