/* tests/system/init_hostile.c -- a client that asks nonsense of init. */
/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "abi/rights.h"
#include "lib/init_client.h"
#include "lib/ipc.h"

enum { CALLS = 3000, CHILDREN = 4, ROUNDS = 40, PAGE = 4096 };

static char text[2 * PAGE];
static long answered, refused;

static uint64_t pick(const uint64_t *from, unsigned n)
{
	return from[(unsigned)rand() % n];
}

/* One call whose every part may be wrong. */
static void nonsense(void)
{
	const uint64_t addresses[] = {0, 8, (uintptr_t)text,
	    (uintptr_t)text + PAGE, 0x7ffffffff000, 0xffff800000000000,
	    UINT64_MAX - 4};
	const uint64_t sizes[] = {0, 1, 7, sizeof(struct init_silo), PAGE,
	    INIT_TEXT_MAX, INIT_TEXT_MAX + 1, UINT64_MAX};
	struct ipc_vector v[2];
	struct ipc_msg m;
	struct ipc_more more = {.descs = {rand() % 70, -1, 1, 900},
	    .vectors = rand() % 8 ? (uintptr_t)v : 4,
	    .readable_count = (uint32_t)rand() % 3,
	    .writable_count = (uint32_t)rand() % 3};

	for (unsigned i = 0; i < 2; i++)
		v[i] = (struct ipc_vector){pick(addresses, COUNT(addresses)),
		    pick(sizes, COUNT(sizes))};
	for (unsigned i = 0; i < sizeof(text); i += 1 + (unsigned)rand() % 97)
		text[i] = (char)rand();
	/* All but INIT_RELOAD, which would be right. */
	m.tag = IPC_TAG(rand() % (INIT_RELOAD + 3), rand() % 9);
	if ((uint32_t)m.tag == INIT_RELOAD)
		m.tag += 1;
	m.tag |= (uint64_t)(rand() % 3 == 0) << 36;
	if (rand() % 4)
		m.tag |= IPC_TAG_WINDOW;
	for (unsigned i = 0; i < IPC_WORDS; i++)
		m.word[i] = pick(sizes, COUNT(sizes));
	if (ipc_call(INIT_CONTROL_FD, &m, &more) == 0)
		answered++;
	else
		refused++;
}

static void child(void)
{
	struct init_silo s;

	for (;;) {
		nonsense();
		init_list((uint32_t)rand() % 30, &s);
	}
}

/* Clients that die at any moment of a call. */
static void deaths(void)
{
	for (int round = 0; round < ROUNDS; round++) {
		pid_t pids[CHILDREN];

		for (int i = 0; i < CHILDREN; i++) {
			pids[i] = fork();
			if (pids[i] == 0) {
				srand((unsigned)(round * CHILDREN + i));
				child();
			}
		}
		usleep((unsigned)rand() % 5000);
		for (int i = 0; i < CHILDREN; i++) {
			kill(pids[i], SIGKILL);
			waitpid(pids[i], 0, 0);
		}
	}
}

int main(void)
{
	struct init_silo s;
	struct init_event e[4];
	uint64_t from = UINT64_MAX;

	for (int i = 0; i < CALLS; i++)
		nonsense();
	deaths();
	printf("answered %d refused %d\n", answered > 0, refused > 0);
	printf("list %d info %d\n", init_list(0, &s), init_info("boot", &s));
	printf("events %d\n", init_events(&from, e, COUNT(e), -1));
	/* A silo of the system tier is not this one's to end. */
	printf("kill %d\n", init_control(INIT_KILL, "victim"));
	printf("hostile is done\n");
	return 0;
}
