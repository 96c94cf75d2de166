/* kernel/vfs/name_move.c -- the name cache: renamed and exchanged names. */
/* SPDX-License-Identifier: MIT */
#include "kernel/core/string.h"
#include "kernel/mm/slab.h"
#include "kernel/vfs/name_internal.h"
#include "kernel/vfs/vfs.h"

/*
 * A name keeps its identity when it is renamed, because its children are keyed
 * by its address; parent, text and hash change under the names_seq lock, and
 * the old text is freed when no reader can be in it any more.
 */
static void text_free_rcu(struct rcu_head *h)
{
	kfree(container_of(h, struct name_text, rcu));
}

/* n gets a new parent; the names_seq lock is held. Returns the old one. */
static struct name *name_reparent(struct name *n, struct name *dir)
{
	struct name *old = n->parent;

	if (old == dir)
		return NULL;
	lock_take_nested(name_child_lock(old)); /* after the names_seq lock */
	list_remove(&n->sibling);
	lock_drop(name_child_lock(old));
	name_get(dir);
	n->parent = dir;
	lock_take_nested(name_child_lock(dir)); /* after the names_seq lock */
	list_push_back(&dir->children, &n->sibling);
	lock_drop(name_child_lock(dir));
	return old;
}

static struct name_text *text_alloc(const char *s, uint32_t len)
{
	struct name_text *t = kmalloc(sizeof(*t) + ALIGN_UP(len, 8u) + 8);

	if (!t)
		return NULL;
	memset(t->s + ALIGN_DOWN(len, 8u), 0, 8);
	memcpy(t->s, s, len);
	t->len = len;
	return t;
}

/* What a move under the names_seq lock leaves to be dropped after it. */
struct moved {
	struct name *parent;    /* old one */
	struct name_text *text; /* old one */
	bool hashed;            /* was in the table */
};

/* n becomes (dir, t, hash); the names_seq lock is held. */
static void name_place(struct name *n, struct name *dir, struct name_text *t,
    uint64_t hash, struct moved *m)
{
	m->hashed = name_hash_out(n);
	m->parent = name_reparent(n, dir);
	m->text = n->text;
	n->hash = hash;
	rcu_store(n->text, t);
	if (name_caches(dir))
		name_hash_in(n);
}

static void moved_drop(struct name *n, struct moved *m)
{
	if (m->text != &n->small)
		rcu_call(&m->text->rcu, text_free_rcu);
	if (m->parent)
		name_put(m->parent);
	if (m->hashed)
		name_put(n);
}

enum err name_move(struct name *n, struct name *dir, const struct component *c)
{
	struct name_text *t = text_alloc(c->text, c->len);
	struct name *there;
	struct moved m;

	if (!t)
		return E_NOMEM;
	there = name_find_get(dir, c);
	if (there && there != n) {
		there->unlinked = 1;
		name_unhash(there);
		name_drop_cached(there);
	}
	names_write_begin();
	name_place(n, dir, t, c->hash, &m);
	names_write_end();
	moved_drop(n, &m);
	if (there)
		name_put(there);
	return OK;
}

enum err name_exchange(struct name *a, struct name *b)
{
	struct name_text *ta = text_alloc(a->text->s, a->text->len);
	struct name_text *tb = text_alloc(b->text->s, b->text->len);
	struct name *pa = a->parent, *pb = b->parent;
	uint64_t ha = a->hash, hb = b->hash;
	struct moved ma, mb;

	if (!ta || !tb) {
		kfree(ta);
		kfree(tb);
		return E_NOMEM;
	}
	name_get(pa);
	name_get(pb);
	names_write_begin();
	name_place(a, pb, tb, hb, &ma);
	name_place(b, pa, ta, ha, &mb);
	names_write_end();
	moved_drop(a, &ma);
	moved_drop(b, &mb);
	name_put(pa);
	name_put(pb);
	return OK;
}
