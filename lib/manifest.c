/* lib/manifest.c -- silo.toml: its tables and keys. */
/* SPDX-License-Identifier: MIT */
#include "abi/rights.h"
#include "lib/fmt.h"
#include "lib/manifest_read.h"
#include "lib/profile.h"
#include "lib/text.h"
#include <stdlib.h>
#include <string.h>

/*
 * Tables of fields say which keys there are, so that an unknown one is found
 * and told; what is not given gets the default of the family.  Strings belong
 * to the TOML document, the rest to a pool; the manifest owns both.
 */

enum {
	SID_MAX = INT32_MAX,
	COUNT_MAX = 65536, /* of processes, of descriptors */
	RESTARTS_MAX = 1000,
	CPU_MAX = 10000,
	CPU_DEFAULT = 100,
	PROCESSES_DEFAULT = 16,
	DESCRIPTORS_DEFAULT = 256,
	PAGE = 4096,
};

struct owned_manifest {
	struct manifest m; /* first: a manifest is its owner */
	struct pool pool;
	struct toml *toml;
};

bool manifest_fail(struct manifest_reader *r, uint32_t line, const char *f, ...)
{
	char *text = r->error->text;
	size_t n = 0;
	va_list ap;

	if (line > 0) /* memory runs out at none */
		n = fmt_buf(text, MANIFEST_ERROR_SIZE, "line %u: ", line);
	if (r->silo != NULL)
		n += fmt_buf(text + n, MANIFEST_ERROR_SIZE - n,
		    "silo \"%s\": ", r->silo);
	va_start(ap, f);
	fmt_v(text + n, MANIFEST_ERROR_SIZE - n, f, ap);
	va_end(ap);
	r->error->line = line;
	return false;
}

void *manifest_alloc(struct manifest_reader *r, size_t n)
{
	void *p = pool_alloc(&r->pool, n);

	if (p == NULL)
		manifest_fail(r, 0, "out of memory");
	return p;
}

uint32_t manifest_line(const struct manifest_silo *s, const char *key)
{
	const struct toml_value *v = toml_find(s->source, key);

	return v != NULL ? v->key_at.line : s->line;
}

bool manifest_fields(struct manifest_reader *r, const struct toml_value *v,
    const struct manifest_field *f, size_t n, void *base)
{
	char key[48];

	for (const struct toml_value *c = v->list.first; c; c = c->next) {
		size_t i = 0;

		while (i < n && (strlen(f[i].key) != c->key.n ||
		                    memcmp(f[i].key, c->key.s, c->key.n) != 0))
			i++;
		if (i == n) {
			toml_quote(key, sizeof(key), c->key.s, c->key.n);
			return manifest_fail(
			    r, c->key_at.line, "unknown key %s", key);
		}
		if (!f[i].read(r, c, (char *)base + f[i].offset))
			return false;
	}
	for (size_t i = 0; i < n; i++)
		if (f[i].required && toml_find(v, f[i].key) == NULL)
			return manifest_fail(
			    r, v->at.line, "\"%s\" is missing", f[i].key);
	return true;
}

static bool read_sid(
    struct manifest_reader *r, const struct toml_value *v, void *out)
{
	if (v->type == TOML_INTEGER && v->integer == SID_BOOT)
		return manifest_fail(r, v->at.line, "sid 1 is init itself");
	return manifest_number(r, v, SID_BOOT + 1, SID_MAX, out);
}

static bool read_cpu(
    struct manifest_reader *r, const struct toml_value *v, void *out)
{
	return manifest_number(r, v, 1, CPU_MAX, out);
}

static bool read_count(
    struct manifest_reader *r, const struct toml_value *v, void *out)
{
	return manifest_number(r, v, 1, COUNT_MAX, out);
}

static bool read_family(
    struct manifest_reader *r, const struct toml_value *v, void *out)
{
	const struct profile *p;
	const char *s;

	if (!manifest_string(r, v, &s))
		return false;
	p = profile_find(s);
	if (p == NULL)
		return manifest_fail(r, v->at.line,
		    "a family is SYS, DRV, FS, NET, WASM, USR, DSP or JS");
	*(enum silo_family *)out = p->family;
	return true;
}

static bool read_mode(
    struct manifest_reader *r, const struct toml_value *v, void *out)
{
	const char *s;

	if (v->type == TOML_INTEGER)
		return manifest_fail(r, v->at.line,
		    "\"mode\" must be a string of three octal digits "
		    "(\"006\"), "
		    "an integer would be read in base ten");
	if (!manifest_string(r, v, &s))
		return false;
	if (strlen(s) != 3 || strspn(s, "01234567") != 3)
		return manifest_fail(r, v->at.line,
		    "\"mode\" must be three octal digits, as \"006\"");
	*(uint32_t *)out =
	    (uint32_t)((s[0] - '0') << 6 | (s[1] - '0') << 3 | (s[2] - '0'));
	return true;
}

static bool read_abi(
    struct manifest_reader *r, const struct toml_value *v, void *out)
{
	const char *s;

	if (!manifest_string(r, v, &s))
		return false;
	*(bool *)out = strcmp(s, "linux") == 0;
	return *(bool *)out || strcmp(s, "native") == 0 ||
	       manifest_fail(
	           r, v->at.line, "\"abi\" must be \"native\" or \"linux\"");
}

/* Into the whole silo: a policy and its limit. */
static bool read_restart(
    struct manifest_reader *r, const struct toml_value *v, void *out)
{
	struct manifest_silo *silo = out;
	const char *s;
	int64_t n;

	if (!manifest_string(r, v, &s))
		return false;
	if (strcmp(s, "always") == 0) {
		silo->restart = RESTART_ALWAYS;
	} else if (strcmp(s, "never") == 0) {
		silo->restart = RESTART_NEVER;
	} else if (strncmp(s, "limited:", 8) == 0 && s[8] >= '0' &&
	           s[8] <= '9' && text_to_i64(s + 8, &n) && n >= 1 &&
	           n <= RESTARTS_MAX) {
		silo->restart = RESTART_LIMITED;
		silo->restart_limit = (uint32_t)n;
	} else {
		return manifest_fail(r, v->at.line,
		    "\"restart\" must be \"always\", \"never\" or "
		    "\"limited:N\" with N from 1 to %d",
		    RESTARTS_MAX);
	}
	return true;
}

static bool read_memory(
    struct manifest_reader *r, const struct toml_value *v, void *out)
{
	const char *s, *end;
	uint64_t n = 0;

	if (v->type == TOML_STRING && v->string.n <= 16) {
		int shift;

		if (!manifest_string(r, v, &s))
			return false;
		n = text_lead_u64(s, &end);
		shift = *end == 'K'   ? 10
		        : *end == 'M' ? 20
		        : *end == 'G' ? 30
		                      : 0;
		/* Sixteen characters cannot overflow n itself. */
		if (shift == 0 || end[1] != '\0' || n > 1ull << (46 - shift))
			n = 0;
		n <<= shift;
	}
	if (n == 0 || n % PAGE != 0)
		return manifest_fail(r, v->at.line,
		    "\"memory\" must be a string of a number and K, M or G, "
		    "of whole 4K pages, as \"8M\"");
	*(uint64_t *)out = n;
	return true;
}

static bool read_flow(
    struct manifest_reader *r, const struct toml_value *v, void *out)
{
	struct manifest_list l = {0};

	if (!manifest_names(r, v, &l))
		return false;
	*(uint32_t *)out = 0;
	for (size_t i = 0; i < l.count; i++) {
		const struct profile *p = profile_find(l.name[i]);

		if (p == NULL)
			return manifest_fail(r, v->at.line,
			    "\"flow\": there is no family \"%s\"", l.name[i]);
		*(uint32_t *)out |= FLOW(p->family);
	}
	return true;
}

/* What the silo may ask of init. */
static bool read_init(
    struct manifest_reader *r, const struct toml_value *v, void *out)
{
	static const char *const words[] = {
	    "list", "control", "spawn", "config"};
	struct manifest_list l = {0};

	if (!manifest_names(r, v, &l))
		return false;
	for (size_t i = 0; i < l.count; i++) {
		size_t k = 0;

		while (k < COUNT(words) && strcmp(words[k], l.name[i]) != 0)
			k++;
		if (k == COUNT(words))
			return manifest_fail(r, v->at.line,
			    "\"init\" is of \"list\", \"control\", "
			    "\"spawn\", \"config\", not \"%s\"",
			    l.name[i]);
		*(uint32_t *)out |= 1u << k;
	}
	return true;
}

static bool read_rights(
    struct manifest_reader *r, const struct toml_value *v, void *out)
{
	uint32_t rights = 0;
	const char *s;

	if (!manifest_string(r, v, &s))
		return false;
	for (const char *c = s; *c != '\0'; c++) {
		uint32_t bit = *c == 'r'   ? RIGHT_READ
		               : *c == 'w' ? RIGHT_WRITE
		               : *c == 'x' ? RIGHT_EXEC
		                           : 0;

		if (bit == 0 || (rights & bit) != 0)
			rights = UINT32_MAX;
		rights |= bit;
	}
	if (rights == 0 || rights == UINT32_MAX)
		return manifest_fail(r, v->at.line,
		    "\"rights\" must be of the letters r, w and x, once each");
	*(uint32_t *)out = rights;
	return true;
}

static bool read_srv(
    struct manifest_reader *r, const struct toml_value *v, void *out)
{
#define SILO(key, field, read) \
	{key, read, offsetof(struct manifest_silo, field), false}
	static const struct manifest_field fields[] = {
	    SILO("lookup", lookup, manifest_names),
	    SILO("bind", bind, manifest_names),
	    SILO("proxy", proxy, manifest_names),
	};

	if (v->type != TOML_TABLE)
		return manifest_fail(r, v->at.line, "\"srv\" must be a table");
	return manifest_fields(r, v, fields, COUNT(fields), out);
}

/* The tables of an array: their number, each of the right type. */
static bool tables(
    struct manifest_reader *r, const struct toml_value *v, size_t max)
{
	if (!manifest_array(r, v, max))
		return false;
	for (const struct toml_value *c = v->list.first; c; c = c->next)
		if (c->type != TOML_TABLE)
			return manifest_fail(r, c->at.line,
			    "\"%s\" must hold tables, this is %s", v->key.s,
			    toml_type_name(c->type));
	return true;
}

static bool read_strates(
    struct manifest_reader *r, const struct toml_value *v, void *out)
{
#define STRATE(key, read, required) \
	{#key, read, offsetof(struct manifest_strate, key), required}
	static const struct manifest_field fields[] = {
	    STRATE(name, manifest_name, true),
	    STRATE(binary, manifest_path, true),
	    STRATE(args, manifest_texts, false),
	    STRATE(env, manifest_environment, false),
	};
	struct manifest_silo *silo = out;
	struct manifest_strate *s;

	if (!tables(r, v, MANIFEST_STRATES_MAX))
		return false;
	s = silo->strates = manifest_alloc(r, v->list.count * sizeof(*s));
	if (s == NULL)
		return false;
	for (v = v->list.first; v != NULL; v = v->next, s++) {
		s->line = v->at.line;
		if (!manifest_fields(r, v, fields, COUNT(fields), s))
			return false;
		for (size_t i = 0; i < silo->strate_count; i++)
			if (strcmp(silo->strates[i].name, s->name) == 0)
				return manifest_fail(r, s->line,
				    "strate \"%s\" is there twice (first at "
				    "line %u)",
				    s->name, silo->strates[i].line);
		silo->strate_count++;
	}
	return silo->strate_count > 0 ||
	       manifest_fail(r, silo->line, "a silo needs a strate");
}

static bool read_mounts(
    struct manifest_reader *r, const struct toml_value *v, void *out)
{
#define MOUNT(key, read, required) \
	{#key, read, offsetof(struct manifest_mount, key), required}
	static const struct manifest_field fields[] = {
	    MOUNT(path, manifest_path, true),
	    MOUNT(scheme, manifest_path, true),
	    MOUNT(rights, read_rights, false),
	};
	struct manifest_silo *silo = out;
	struct manifest_mount *m;

	if (!tables(r, v, MANIFEST_LIST_MAX))
		return false;
	m = silo->mounts = manifest_alloc(r, v->list.count * sizeof(*m));
	if (m == NULL)
		return false;
	for (v = v->list.first; v != NULL; v = v->next, m++) {
		m->line = v->at.line;
		m->rights = RIGHT_READ;
		if (!manifest_fields(r, v, fields, COUNT(fields), m))
			return false;
		for (size_t i = 0; i < silo->mount_count; i++)
			if (strcmp(silo->mounts[i].path, m->path) == 0)
				return manifest_fail(r, m->line,
				    "%s is mounted twice (first at line %u)",
				    m->path, silo->mounts[i].line);
		silo->mount_count++;
	}
	return true;
}

/* What was not said. */
static void defaults(struct manifest_silo *s)
{
	const struct profile *p = profile_of(s->family);

	if (s->compartment == NULL)
		s->compartment = s->name;
	s->compartment_id = manifest_compartment(s->compartment);
	if (toml_find(s->source, "restart") == NULL)
		s->restart = p->restart ? RESTART_ALWAYS : RESTART_NEVER;
	if (toml_find(s->source, "flow") == NULL)
		s->flow = p->flow;
	if (s->memory == 0)
		s->memory = s->abi_linux ? p->memory_linux : p->memory;
	if (toml_find(s->source, "wx") == NULL)
		s->wx = s->abi_linux;
}

static bool read_silo(struct manifest_reader *r, const struct toml_value *v,
    struct manifest_silo *s)
{
#define NEEDED(key, read) \
	{#key, read, offsetof(struct manifest_silo, key), true}
	static const struct manifest_field fields[] = {
	    NEEDED(name, manifest_name), NEEDED(sid, read_sid),
	    NEEDED(family, read_family), NEEDED(mode, read_mode),
	    SILO("abi", abi_linux, read_abi),
	    SILO("compartment", compartment, manifest_name),
	    {"restart", read_restart, 0, false},
	    SILO("after", after, manifest_names),
	    SILO("memory", memory, read_memory), SILO("cpu", cpu, read_cpu),
	    SILO("processes", processes, read_count),
	    SILO("descriptors", descriptors, read_count),
	    SILO("peers", peers, manifest_names), {"srv", read_srv, 0, false},
	    SILO("flow", flow, read_flow), {"strates", read_strates, 0, true},
	    {"mounts", read_mounts, 0, false}, SILO("jit", jit, manifest_bool),
	    SILO("init", init_may, read_init), SILO("wx", wx, manifest_bool),
	    SILO("pageout", pageout, manifest_bool)};
	const struct toml_value *name = toml_find(v, "name");

	s->line = v->at.line;
	s->source = v;
	s->cpu = CPU_DEFAULT;
	s->processes = PROCESSES_DEFAULT;
	s->descriptors = DESCRIPTORS_DEFAULT;
	r->silo = NULL;
	/* The name first: every other message begins with it. */
	if (name != NULL && !manifest_name(r, name, &r->silo))
		return false;
	if (!manifest_fields(r, v, fields, COUNT(fields), s))
		return false;
	defaults(s);
	return true;
}

/* Into the reader's manifest: the only key of the file's root. */
static bool read_silos(
    struct manifest_reader *r, const struct toml_value *v, void *out)
{
	struct manifest *m = out;

	if (!tables(r, v, MANIFEST_SILOS_MAX))
		return false;
	m->silos = manifest_alloc(r, v->list.count * sizeof(*m->silos));
	if (m->silos == NULL)
		return false;
	for (v = v->list.first; v != NULL; v = v->next)
		if (!read_silo(r, v, &m->silos[m->count++]))
			return false;
	r->silo = NULL;
	return true;
}

static bool read_root(struct manifest_reader *r, const char *text, size_t len)
{
	static const struct manifest_field fields[] = {
	    {"silos", read_silos, 0, false}};
	struct toml_error e;

	r->toml = toml_parse(text, len, &e);
	if (r->toml == NULL) {
		fmt_buf(r->error->text, MANIFEST_ERROR_SIZE,
		    "line %u, column %u: %s", e.at.line, e.at.column, e.text);
		r->error->line = e.at.line;
		return false;
	}
	return manifest_fields(
	    r, toml_root(r->toml), fields, COUNT(fields), r->m);
}

struct manifest *manifest_read(
    const char *text, size_t len, struct manifest_error *e)
{
	struct owned_manifest *o = calloc(1, sizeof(*o));
	struct manifest_reader r = {.error = e};
	bool ok;

	*e = (struct manifest_error){0};
	if (o == NULL) {
		manifest_fail(&r, 0, "out of memory");
		return NULL;
	}
	r.m = &o->m;
	ok = read_root(&r, text, len) && manifest_check(&r);
	o->pool = r.pool;
	o->toml = r.toml;
	if (ok)
		return &o->m;
	manifest_free(&o->m);
	return NULL;
}

void manifest_free(struct manifest *m)
{
	struct owned_manifest *o = (struct owned_manifest *)m;

	if (o == NULL)
		return;
	pool_free(&o->pool);
	toml_free(o->toml);
	free(o);
}

const struct manifest_silo *manifest_find(
    const struct manifest *m, const char *name)
{
	for (size_t i = 0; i < m->count; i++)
		if (strcmp(m->silos[i].name, name) == 0)
			return &m->silos[i];
	return NULL;
}

uint32_t manifest_compartment(const char *name)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3u;
	h = (h ^ h >> 32) & COMPARTMENT_MASK;
	return h != 0 ? (uint32_t)h : 1;
}
