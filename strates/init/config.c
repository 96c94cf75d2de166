/* strates/init/config.c -- manifests in use, and what Bedrock is told. */
/* SPDX-License-Identifier: MIT */
#include "strates/init/config.h"
#include "lib/file.h"
#include "lib/fmt.h"
#include "lib/profile.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	PAGE = 4096,
	THREADS_PER_PROCESS = 16,
	THREADS_MAX = 65536,
};

static const char system_manifest[] = "/etc/silo.toml";

struct config *config_read(const char *text, size_t n, struct manifest_error *e)
{
	struct config *c = malloc(sizeof(*c));

	*e = (struct manifest_error){0};
	if (c == NULL) {
		fmt_buf(e->text, sizeof(e->text), "out of memory");
		return NULL;
	}
	c->refs = 1;
	c->m = manifest_read(text, n, e);
	if (c->m != NULL)
		return c;
	free(c);
	return NULL;
}

struct config *config_read_file(struct manifest_error *e)
{
	size_t n = 0;
	char *text = file_slurp(system_manifest, &n, TOML_SIZE_MAX);
	struct config *c;

	if (text == NULL && errno == ENOENT)
		return config_read("", 0, e);
	if (text == NULL) {
		*e = (struct manifest_error){0};
		fmt_buf(e->text, sizeof(e->text), "%s", strerror(errno));
		return NULL;
	}
	c = config_read(text, n, e);
	free(text);
	return c;
}

struct config *config_get(struct config *c)
{
	c->refs++;
	return c;
}

void config_put(struct config *c)
{
	if (c == NULL || --c->refs > 0)
		return;
	manifest_free(c->m);
	free(c);
}

static bool same_list(
    const struct manifest_list *a, const struct manifest_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->name[i], b->name[i]) != 0)
			return false;
	return true;
}

/* Their first n. */
static bool same_strates(
    const struct manifest_silo *a, const struct manifest_silo *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct manifest_strate *x = &a->strates[i];
		const struct manifest_strate *y = &b->strates[i];

		if (strcmp(x->name, y->name) != 0 ||
		    strcmp(x->binary, y->binary) != 0 ||
		    !same_list(&x->args, &y->args) ||
		    !same_list(&x->env, &y->env))
			return false;
	}
	return true;
}

static bool same_mounts(
    const struct manifest_silo *a, const struct manifest_silo *b)
{
	if (a->mount_count != b->mount_count)
		return false;
	for (size_t i = 0; i < a->mount_count; i++) {
		const struct manifest_mount *x = &a->mounts[i];
		const struct manifest_mount *y = &b->mounts[i];

		if (strcmp(x->path, y->path) != 0 ||
		    strcmp(x->scheme, y->scheme) != 0 || x->rights != y->rights)
			return false;
	}
	return true;
}

static bool same_limits(
    const struct manifest_silo *a, const struct manifest_silo *b)
{
	return a->memory == b->memory && a->cpu == b->cpu &&
	       a->processes == b->processes && a->descriptors == b->descriptors;
}

static bool same_silo(
    const struct manifest_silo *a, const struct manifest_silo *b)
{
	return a->sid == b->sid && a->family == b->family &&
	       a->mode == b->mode && a->abi_linux == b->abi_linux &&
	       a->compartment_id == b->compartment_id &&
	       a->restart == b->restart &&
	       a->restart_limit == b->restart_limit && same_limits(a, b) &&
	       a->flow == b->flow && a->jit == b->jit && a->wx == b->wx &&
	       a->pageout == b->pageout && a->init_may == b->init_may &&
	       same_list(&a->after, &b->after) &&
	       same_list(&a->peers, &b->peers) &&
	       same_list(&a->lookup, &b->lookup) &&
	       same_list(&a->bind, &b->bind) &&
	       same_list(&a->proxy, &b->proxy) && same_mounts(a, b);
}

bool config_same(const struct manifest_silo *a, const struct manifest_silo *b)
{
	return a->strate_count == b->strate_count && same_silo(a, b) &&
	       same_strates(a, b, a->strate_count);
}

bool config_grown(const struct manifest_silo *a, const struct manifest_silo *b)
{
	return a->strate_count < b->strate_count && same_silo(a, b) &&
	       same_strates(a, b, a->strate_count);
}

struct silo_config config_of(
    const struct manifest *m, const struct manifest_silo *s)
{
	struct silo_config c = {
	    .size = sizeof(c),
	    .sid = s->sid,
	    .mode = s->mode,
	    .family = s->family,
	    .compartment = s->compartment_id,
	    .flow = s->flow,
	    .flags = (s->abi_linux ? SILO_LINUX : 0) | (s->jit ? SILO_JIT : 0),
	    .peer_count = (uint32_t)s->peers.count,
	    .cpu_weight = s->cpu,
	    .quota = {[QUOTA_MEMORY] = s->memory / PAGE,
	        [QUOTA_PROCESSES] = s->processes,
	        [QUOTA_DESCRIPTORS] = s->descriptors},
	};
	uint64_t threads = (uint64_t)s->processes * THREADS_PER_PROCESS;

	if (s->abi_linux && !s->wx)
		c.flags |= SILO_NO_WX;
	c.quota[QUOTA_THREADS] = threads < THREADS_MAX ? threads : THREADS_MAX;
	for (size_t i = 0; i < s->peers.count; i++)
		c.peers[i] = manifest_find(m, s->peers.name[i])->compartment_id;
	fmt_buf(c.name, sizeof(c.name), "%s", s->name);
	return c;
}

/* Text that grows; what does not fit is cut. */
struct text {
	char *buf;
	size_t n, cap;
};

[[gnu::format(printf, 2, 3)]] static void put(
    struct text *t, const char *f, ...)
{
	va_list ap;

	if (t->n + 1 >= t->cap)
		return;
	va_start(ap, f);
	t->n += fmt_v(t->buf + t->n, t->cap - t->n, f, ap);
	va_end(ap);
}

/* A basic string of TOML. */
static void put_string(struct text *t, const char *s)
{
	put(t, "\"");
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			put(t, "\\%c", *s);
		else if ((unsigned char)*s < ' ' || *s == 127)
			put(t, "\\u%04x", (unsigned)*s);
		else
			put(t, "%c", *s);
	}
	put(t, "\"");
}

static void put_list(
    struct text *t, const char *key, const struct manifest_list *l)
{
	if (l->count == 0)
		return;
	put(t, "%s = [", key);
	for (size_t i = 0; i < l->count; i++) {
		put(t, "%s", i > 0 ? ", " : "");
		put_string(t, l->name[i]);
	}
	put(t, "]\n");
}

/* The names of the set bits of a mask; name: of each bit in order. */
static void put_bits(
    struct text *t, const char *key, uint32_t mask, const char *const *names)
{
	const char *comma = "";

	put(t, "%s = [", key);
	for (unsigned i = 0; names[i] != NULL; i++) {
		if (!(mask >> i & 1))
			continue;
		put(t, "%s\"%s\"", comma, names[i]);
		comma = ", ";
	}
	put(t, "]\n");
}

static void put_strate(struct text *t, const struct manifest_strate *s)
{
	put(t, "\n  [[silos.strates]]\n  name = \"%s\"\n  binary = ", s->name);
	put_string(t, s->binary);
	put(t, "\n");
	put_list(t, "  args", &s->args);
	if (s->env.count == 0)
		return;
	put(t, "  env = {");
	for (size_t i = 0; i < s->env.count; i++) {
		const char *e = s->env.name[i], *value = strchr(e, '=');

		put(t, "%s\"%.*s\" = ", i > 0 ? ", " : " ", (int)(value - e),
		    e);
		put_string(t, value + 1);
	}
	put(t, " }\n");
}

static void put_mount(struct text *t, const struct manifest_mount *m)
{
	put(t, "\n  [[silos.mounts]]\n  path = ");
	put_string(t, m->path);
	put(t, "\n  scheme = ");
	put_string(t, m->scheme);
	put(t, "\n  rights = \"%s%s%s\"\n", m->rights & 1 ? "r" : "",
	    m->rights & 2 ? "w" : "", m->rights & 4 ? "x" : "");
}

static void put_limits(struct text *t, const struct manifest_silo *s)
{
	if (s->memory != 0)
		put(t, "memory = \"%luK\"\n", (unsigned long)s->memory >> 10);
	put(t, "cpu = %u\nprocesses = %u\ndescriptors = %u\n", s->cpu,
	    s->processes, s->descriptors);
	if (s->restart == RESTART_LIMITED)
		put(t, "restart = \"limited:%u\"\n", s->restart_limit);
	else
		put(t, "restart = \"%s\"\n",
		    s->restart == RESTART_ALWAYS ? "always" : "never");
}

static void put_srv(struct text *t, const struct manifest_silo *s)
{
	put_list(t, "srv.lookup", &s->lookup);
	put_list(t, "srv.bind", &s->bind);
	put_list(t, "srv.proxy", &s->proxy);
}

size_t config_text(const struct manifest_silo *s, char *buf, size_t cap)
{
	static const char *const may[] = {
	    "list", "control", "spawn", "config", NULL};
	const char *families[FAMILIES + 1] = {NULL};
	struct text t = {buf, 0, cap};

	for (unsigned i = 0; i < FAMILIES; i++)
		if (profile_of((enum silo_family)i) != NULL)
			families[i] = profile_of((enum silo_family)i)->name;
	put(&t, "[[silos]]\nname = \"%s\"\nsid = %u\nfamily = \"%s\"\n",
	    s->name, s->sid, profile_of(s->family)->name);
	put(&t, "mode = \"%u%u%u\"\nabi = \"%s\"\n", s->mode >> 6,
	    s->mode >> 3 & 7, s->mode & 7, s->abi_linux ? "linux" : "native");
	put(&t, "compartment = \"%s\"\n", s->compartment);
	put_limits(&t, s);
	put_list(&t, "after", &s->after);
	put_list(&t, "peers", &s->peers);
	/* A family that may send to all has bits without a name, too. */
	if (s->flow != profile_of(s->family)->flow)
		put_bits(&t, "flow", s->flow, families);
	put_srv(&t, s);
	if (s->init_may != 0)
		put_bits(&t, "init", s->init_may, may);
	if (s->jit)
		put(&t, "jit = true\n");
	if (s->abi_linux && !s->wx)
		put(&t, "wx = false\n");
	if (s->pageout)
		put(&t, "pageout = true\n");
	for (size_t i = 0; i < s->strate_count; i++)
		put_strate(&t, &s->strates[i]);
	for (size_t i = 0; i < s->mount_count; i++)
		put_mount(&t, &s->mounts[i]);
	return t.n;
}
