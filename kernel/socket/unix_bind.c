/* kernel/socket/unix_bind.c -- names of unix sockets. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/socket/unix_internal.h"
#include "kernel/core/klog.h"
#include "kernel/core/panic.h"
#include "kernel/core/random.h"
#include "kernel/core/string.h"
#include "kernel/mm/slab.h"
#include "kernel/object/audit.h"
#include "kernel/object/restrict.h"
#include "kernel/vfs/change.h"
#include "kernel/vfs/view.h"

/*
 * A path name makes a node of type socket through the router, and the socket
 * is found by that node: renaming or linking the file moves the name, removing
 * it hides the socket. An abstract name (first byte 0) exists in a table only
 * and is seen by the silo that made it alone: a silo's names are its own. Each
 * type of socket has its own abstract names.
 *
 * Both kinds hang in one hash table, a spinlock over it; a socket found there
 * is alive, since release takes it out first.
 */
enum { BUCKETS = 256 };

static struct lock table_lock = LOCK_INIT(RANK_OBJECT);
static struct list table[BUCKETS];
static uint64_t node_secret;

void unix_bind_init(void)
{
	for (unsigned i = 0; i < BUCKETS; i++)
		list_init(&table[i]);
	node_secret = random_u64();
}

/* What an address names. */
struct target {
	struct node *node;   /* a path's, borrowed, or NULL */
	const uint8_t *name; /* abstract: with its leading 0 */
	size_t len;
	const struct silo *silo;
	int type;
};

static uint64_t target_hash(const struct target *t)
{
	if (t->node)
		return hash_mix(node_secret, (uintptr_t)t->node);
	return hash_mix(name_hash((const char *)t->name, t->len),
	    (uintptr_t)t->silo + (unsigned)t->type);
}

static bool target_is(const struct target *t, const struct unix_sock *s)
{
	if (t->node || s->node)
		return t->node == s->node;
	return s->silo == t->silo && s->socket.type == t->type &&
	       s->name->len == t->len + SOCKADDR_FAMILY &&
	       memcmp(s->name->path, t->name, t->len) == 0;
}

static struct unix_sock *find_locked(const struct target *t, uint64_t hash)
    REQUIRES(&table_lock)
{
	struct list *head = &table[hash % BUCKETS];
	struct unix_sock *s;

	list_for_each(s, head, name_link)
	{
		if (s->name_hash == hash && target_is(t, s))
			return s;
	}
	return NULL;
}

/* Make s known under name; false when somebody has the name. */
static bool table_add(
    struct unix_sock *s, struct unix_name *name, const struct target *t)
{
	uint64_t hash = target_hash(t);
	bool is_free;

	lock_take(&table_lock);
	is_free = !find_locked(t, hash);
	if (is_free) {
		s->name_hash = hash;
		s->node = t->node;
		/* Release: the text is there when the pointer is seen. */
		atomic_store_explicit(&s->name, name, memory_order_release);
		list_push_back(&table[hash % BUCKETS], &s->name_link);
	}
	lock_drop(&table_lock);
	return is_free;
}

void unix_unbind(struct unix_sock *s)
{
	if (!s->binding)
		return;
	lock_take(&table_lock);
	list_remove(&s->name_link);
	lock_drop(&table_lock);
}

static struct unix_name *name_make(const uint8_t *path, size_t len)
{
	struct unix_name *n = kmalloc(sizeof(*n));

	if (!n)
		return NULL;
	KASSERT(len <= UNIX_PATH_SIZE + 1);
	n->refs = 1;
	n->len = (uint32_t)len + SOCKADDR_FAMILY;
	memcpy(n->path, path, len);
	return n;
}

/* E_INVAL: no address of this family, or too long. */
static enum err address_check(const struct sockaddr_buf *a)
{
	if (a->len < SOCKADDR_FAMILY ||
	    a->len > SOCKADDR_FAMILY + UNIX_PATH_SIZE || a->family != AF_UNIX)
		return E_INVAL;
	return OK;
}

/* The path of an address as text; it need not have been terminated. */
struct path_name {
	size_t len; /* without the terminator */
	char text[UNIX_PATH_SIZE + 1 + PATH_SLACK];
};

static void path_name_get(const struct sockaddr_buf *a, struct path_name *p)
{
	const uint8_t *text = a->bytes + SOCKADDR_FAMILY;

	p->len = strnlen((const char *)text, a->len - SOCKADDR_FAMILY);
	memcpy(p->text, text, p->len);
	memset(p->text + p->len, 0, sizeof(p->text) - p->len);
}

/* Make the node that p names; gives a reference. E_ADDRINUSE. */
static enum err node_create(struct path_name *p, struct node **out)
{
	struct newnode how = {.mode = NODE_SOCK | umask_apply(0777)};
	struct walk w = {
	    .dirfd = FD_CWD, .flags = WALK_PARENT, .text = p->text};
	struct name *name;
	enum err e = walk_run(&w);

	if (e != OK)
		return e;
	if (!w.last.len || component_is_dot(&w.last) ||
	    component_is_dotdot(&w.last) || w.slash)
		e = E_EXIST;
	else
		e = change_create(&w.at, &w.last, &how, &name);
	path_put(&w.at);
	walk_end(&w);
	if (e != OK)
		return e == E_EXIST ? E_ADDRINUSE : e;
	*out = node_get(name->node);
	name_put(name);
	return OK;
}

static enum err bind_path(struct unix_sock *s, const struct sockaddr_buf *a)
{
	struct target t = {0};
	struct unix_name *name;
	struct path_name p;
	bool added;
	enum err e;

	path_name_get(a, &p);
	name = name_make((const uint8_t *)p.text, p.len + 1);
	if (!name)
		return E_NOMEM;
	e = node_create(&p, &t.node);
	if (e != OK) {
		kfree(name);
		return e;
	}
	added = table_add(s, name, &t);
	KASSERT(added); /* a new node is nobody's yet */
	return OK;
}

static enum err bind_abstract(
    struct unix_sock *s, const uint8_t *text, size_t len)
{
	struct target t = {
	    .name = text, .len = len, .silo = s->silo, .type = s->socket.type};
	struct unix_name *name = name_make(text, len);

	if (!name)
		return E_NOMEM;
	if (table_add(s, name, &t))
		return OK;
	kfree(name);
	return E_ADDRINUSE;
}

/* A free abstract name of five digits, as Linux picks them. */
static enum err bind_any(struct unix_sock *s)
{
	uint32_t first = (uint32_t)random_u64();
	char text[8] = {0};
	enum err e;

	for (uint32_t i = 0; i <= 0xfffff; i++) {
		ksnprintf(
		    text + 1, sizeof(text) - 1, "%05x", (first + i) & 0xfffff);
		e = bind_abstract(s, (uint8_t *)text, 6);
		if (e != E_ADDRINUSE)
			return e;
	}
	return E_NOSPC;
}

/* Only one bind ever begins, unless it fails. */
static bool bind_begin(struct unix_sock *s)
{
	return !atomic_exchange(&s->binding, true);
}

static enum err bind_end(struct unix_sock *s, enum err e)
{
	if (e != OK)
		s->binding = false;
	return e;
}

enum err unix_bind(struct socket *socket, const struct sockaddr_buf *a)
{
	struct unix_sock *s = unix_of(socket);
	const uint8_t *text = a->bytes + SOCKADDR_FAMILY;
	enum err e = address_check(a);

	if (e != OK)
		return e;
	if (a->len == SOCKADDR_FAMILY)
		return unix_autobind(s);
	if (!bind_begin(s))
		return E_INVAL;
	if (text[0])
		e = bind_path(s, a);
	else
		e = bind_abstract(s, text, a->len - SOCKADDR_FAMILY);
	return bind_end(s, e);
}

enum err unix_autobind(struct unix_sock *s)
{
	if (!bind_begin(s))
		return OK;
	return bind_end(s, bind_any(s));
}

/*
 * May the current process reach `to`? Within a silo, yes. Flow between silos
 * is decided here, for all ways to a socket by name.
 */
static enum err flow_check(const struct unix_sock *to)
{
	return audit_flow(silo_current(), to->silo);
}

static enum err find_target(
    const struct target *t, int type, struct unix_sock **out)
{
	uint64_t hash = target_hash(t);
	struct unix_sock *s;
	enum err e = E_CONNREFUSED;

	lock_take(&table_lock);
	s = find_locked(t, hash);
	if (s)
		e = s->socket.type == type ? flow_check(s) : E_PROTOTYPE;
	if (e == OK)
		*out = unix_get(s);
	lock_drop(&table_lock);
	return e;
}

static enum err find_path(
    const struct sockaddr_buf *a, int type, struct unix_sock **out)
{
	struct target t = {0};
	struct path_name p;
	struct path at;
	enum err e;

	path_name_get(a, &p);
	e = path_walk(FD_CWD, p.text, 0, &at, NULL);
	if (e != OK)
		return e;
	t.node = path_node(&at);
	e = node_access(t.node, 2);
	if (e == OK)
		e = view_need(&at, NULL, UNVEIL_WRITE);
	if (e == OK && node_type(t.node) != NODE_SOCK)
		e = E_CONNREFUSED;
	if (e == OK)
		e = find_target(&t, type, out);
	path_put(&at);
	return e;
}

enum err unix_find(
    const struct sockaddr_buf *a, int type, struct unix_sock **out)
{
	struct target t = {.name = a->bytes + SOCKADDR_FAMILY,
	    .silo = silo_current(),
	    .type = type};
	enum err e = address_check(a);

	if (e != OK)
		return e;
	if (a->len == SOCKADDR_FAMILY)
		return E_INVAL;
	if (process_sandboxed(process_current()))
		return E_PERM; /* no look-ups */
	if (t.name[0])
		return find_path(a, type, out);
	t.len = a->len - SOCKADDR_FAMILY;
	return find_target(&t, type, out);
}

void unix_copy_name(struct unix_sock *s, struct sockaddr_buf *out)
{
	/* Acquire: partner of the release in table_add. */
	const struct unix_name *n =
	    atomic_load_explicit(&s->name, memory_order_acquire);

	out->len = 0;
	if (!n)
		return;
	out->family = AF_UNIX;
	out->len = n->len;
	memcpy(out->bytes + SOCKADDR_FAMILY, n->path, n->len - SOCKADDR_FAMILY);
}

enum err unix_getname(
    struct socket *socket, bool peer, struct sockaddr_buf *out)
{
	struct unix_sock *s = unix_of(socket), *other = NULL;

	if (peer) {
		mutex_take(&s->lock);
		other = unix_peer(s);
		if (other)
			unix_get(other);
		mutex_drop(&s->lock);
		if (!other)
			return E_NOTCONN;
	}
	unix_copy_name(peer ? other : s, out);
	if (other)
		unix_put(other);
	if (out->len == 0) {
		out->family = AF_UNIX;
		out->len = SOCKADDR_FAMILY;
	}
	return OK;
}
