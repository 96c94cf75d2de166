/* lib/init_client.c -- asking init over its control port. */
/* SPDX-License-Identifier: MIT */
#include "lib/init_client.h"
#include "abi/rights.h"
#include "lib/ipc.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>

struct ask {
	struct ipc_msg m;
	struct ipc_more more;
	struct ipc_vector v[2];
};

void init_hold(void)
{
	fcntl(INIT_CONTROL_FD, F_SETFD, FD_CLOEXEC);
}

/* Ask; text and out may be NULL with size 0. */
static int ask(struct ask *a, enum init_verb verb, uint64_t number,
    const void *text, size_t n, void *out, size_t size)
{
	unsigned descs = IPC_TAG_DESCS(a->m.tag);
	unsigned k = 0;

	a->m.tag = IPC_TAG(verb, 3) | (uint64_t)descs << 36;
	a->m.word[0] = number;
	a->m.word[1] = n;
	a->m.word[2] = size;
	if (n > 0) {
		a->v[k++] = (struct ipc_vector){(uintptr_t)text, n};
		a->more.readable_count = 1;
	}
	if (size > 0) {
		a->v[k++] = (struct ipc_vector){(uintptr_t)out, size};
		a->more.writable_count = 1;
	}
	a->more.vectors = (uintptr_t)a->v;
	if (k > 0)
		a->m.tag |= IPC_TAG_WINDOW;
	return (int)ipc_call(INIT_CONTROL_FD, &a->m, &a->more);
}

int init_list(uint32_t above, struct init_silo *out)
{
	struct ask a = {0};

	return ask(&a, INIT_LIST, above, NULL, 0, out, sizeof(*out));
}

int init_info(const char *target, struct init_silo *out)
{
	struct ask a = {0};

	return ask(&a, INIT_INFO, 0, target, strlen(target), out, sizeof(*out));
}

int init_strates(const char *target, struct init_strate *out, size_t n)
{
	struct ask a = {0};
	int e = ask(
	    &a, INIT_STRATES, 0, target, strlen(target), out, n * sizeof(*out));

	return e != 0 ? e : (int)a.m.word[0];
}

int init_config(const char *target, char *buf, size_t size)
{
	struct ask a = {0};
	int e = ask(&a, INIT_CONFIG, 0, target, strlen(target), buf, size);

	return e != 0 ? e : (int)a.m.word[0];
}

int init_events(uint64_t *from, struct init_event *out, size_t n, int event)
{
	struct ask a = {0};
	int e;

	if (event >= 0) {
		a.m.tag = (uint64_t)1 << 36;
		a.more.descs[0] = event;
		a.more.rights[0] = RIGHT_SIGNAL;
	}
	e = ask(&a, INIT_EVENTS, *from, NULL, 0, out, n * sizeof(*out));
	if (e != 0)
		return e;
	*from = a.m.word[1];
	return (int)a.m.word[0];
}

int init_control(enum init_verb verb, const char *target)
{
	struct ask a = {0};

	return ask(&a, verb, 0, target, strlen(target), NULL, 0);
}

int init_rename(const char *target, const char *name)
{
	char text[256];
	size_t n = strlen(target), k = strlen(name);
	struct ask a = {0};

	if (n + k + 1 > sizeof(text))
		return -ENAMETOOLONG;
	memcpy(text, target, n + 1);
	memcpy(text + n + 1, name, k);
	return ask(&a, INIT_RENAME, 0, text, n + 1 + k, NULL, 0);
}

int init_spawn(const char *text, bool replace, char *why, size_t size)
{
	struct ask a = {0};

	why[0] = '\0';
	return ask(&a, INIT_SPAWN, replace, text, strlen(text), why, size);
}

int init_number(uint32_t *sid)
{
	struct ask a = {0};
	int e = ask(&a, INIT_NUMBER, 0, NULL, 0, NULL, 0);

	*sid = (uint32_t)a.m.word[0];
	return e;
}

int init_run(const char *name, uint32_t *sid)
{
	struct ask a = {0};
	int e = ask(&a, INIT_RUN, 0, name, strlen(name), NULL, 0);

	if (e != 0)
		return e;
	*sid = (uint32_t)a.m.word[0];
	if (IPC_TAG_DESCS(a.m.tag) != 1)
		return -EPROTO;
	return a.more.descs[0];
}

int init_reload(const char *text, uint64_t counts[3], char *why, size_t size)
{
	struct ask a = {0};
	int e;

	why[0] = '\0';
	e = ask(&a, INIT_RELOAD, 0, text, strlen(text), why, size);
	memcpy(counts, a.m.word, 3 * sizeof(counts[0]));
	return e;
}
