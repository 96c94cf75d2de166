/* tests/guest/silo_rules.c -- the invariants: what no silo can be or get. */
/* SPDX-License-Identifier: MIT */
/* linux: skip it has no silos */
/* build: lib/silo.c */
#include <sys/socket.h>
#include <sys/un.h>
#include "abi/rights.h"
#include "tests/guest/silo.h"

/* Creating c fails with that error, and makes nothing. */
static void refused(const struct silo_config *c, int e)
{
	int fd = silo_create(c);

	if (fd >= 0)
		errno = 0;
	CHECK(fd == -1 && errno == e);
}

/* Invariant 1: the user tier has no control and no hardware bits. */
TEST(silo_create__user_tier_has_no_control_and_no_hardware)
{
	for (uint32_t bit = 010; bit <= 0400; bit <<= 1) {
		struct silo_config c = silo_plain();

		c.mode = bit;
		refused(&c, EPERM);
		c.sid = 4000000;
		refused(&c, EPERM);
	}
}

/* A configuration that is none is refused as a whole. */
TEST(silo_create__refuses_what_is_no_configuration)
{
	struct silo_config c;

#define BAD(change)                  \
	do {                         \
		c = silo_plain();    \
		change;              \
		refused(&c, EINVAL); \
	} while (0)
	BAD(c.size = 0);
	BAD(c.size = sizeof(c) + 8);
	BAD(c.mode = 01000);
	BAD(c.family = FAMILIES);
	BAD(c.flow = 1u << 16);
	BAD(c.flags = 8);
	BAD(c.compartment = COMPARTMENT_MASK + 1);
	BAD(c.peer_count = SILO_PEERS_MAX + 1);
	BAD(c.peer_count = 1; c.peers[0] = UINT32_MAX);
	BAD(c.cpu_weight = 10001);
	BAD(c.quota[QUOTA_MEMORY] = QUOTA_NONE - 1);
	BAD(c.name[0] = '\0');
	BAD(memset(c.name, 'x', sizeof(c.name)));
	BAD(strcpy(c.name, "a b"));
	BAD(strcpy(c.name, "a\nb"));
#undef BAD
	CHECK(silo_create(0) == -1 && errno == EFAULT);
	CHECK(silo_create((void *)(uintptr_t)-1) == -1 && errno == EFAULT);
}

/* A USR silo never sends to drivers, whoever makes it. */
TEST(silo_create__usr_never_reaches_drivers)
{
	struct silo_config c = silo_plain();

	c.flow |= FLOW(FAMILY_DRV);
	refused(&c, EPERM);
	c.family = FAMILY_NET;
	CHECK(silo_create(&c) >= 0);
}

/* Invariant 2: mode and flow only shrink. */
TEST(silo_narrow__only_takes_away)
{
	struct silo_config c = silo_plain();
	struct silo_info i;
	int fd;

	c.mode = MODE_LOOKUP | MODE_BIND;
	fd = silo_create(&c);
	CHECK(silo_narrow(fd, MODE_ALL & ~MODE_BIND, FLOW(FAMILY_FS)) == 0);
	CHECK(silo_info(fd, &i) == 0);
	CHECK(i.mode == MODE_LOOKUP && i.flow == FLOW(FAMILY_FS));
	CHECK(silo_narrow(fd, UINT32_MAX, UINT32_MAX) == 0);
	CHECK(silo_info(fd, &i) == 0);
	CHECK(i.mode == MODE_LOOKUP && i.flow == FLOW(FAMILY_FS));
}

/* A SID is one silo's, while it or anything of it is there. */
TEST(silo_create__a_sid_is_not_used_twice)
{
	struct silo_config c = silo_plain();
	int fd, again;

	c.sid = 3000000;
	fd = silo_create(&c);
	CHECK(fd >= 0);
	refused(&c, EEXIST);
	c.sid = SID_BOOT;
	refused(&c, EEXIST);
	CHECK(close(fd) == 0);
	c.sid = 3000000;
	for (int n = 0; (again = silo_create(&c)) < 0 && n < 60000; n++)
		poll(0, 0, 1);
	CHECK(again >= 0);
}

/* A descriptor that came from a silo names it, so its SID is kept. */
TEST(silo_create__a_sid_that_a_grant_names_is_kept)
{
	struct silo_config c = silo_plain();
	char byte, space[CMSG_SPACE(sizeof(int))];
	struct iovec v = {&byte, 1};
	struct msghdr m = {.msg_iov = &v,
	    .msg_iovlen = 1,
	    .msg_control = space,
	    .msg_controllen = sizeof(space)};
	int pair[2], fd, got;

	c.sid = 3000001;
	c.flow = FLOW_ALL & ~FLOW(FAMILY_DRV);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	CHECK(dup2(pair[1], 0) == 0 && close(pair[1]) == 0);
	fd = silo_create(&c);
	CHECK(silo_outcome(fd, "pass", 0) == 0);
	close(0);
	CHECK(recvmsg(pair[0], &m, 0) == 1);
	CHECK(m.msg_controllen >= CMSG_LEN(sizeof(int)));
	memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(got));
	CHECK(close(pair[0]) == 0 && close(fd) == 0);
	for (int n = 0; n < 50; n++) {
		refused(&c, EEXIST);
		poll(0, 0, 1);
	}
	CHECK(close(got) == 0);
	for (int n = 0; (fd = silo_create(&c)) < 0 && n < 60000; n++)
		poll(0, 0, 1);
	CHECK(fd >= 0);
}

/* Parts: run in silos. */

static int pass(void)
{
	char byte = 1, space[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec v = {&byte, 1};
	struct msghdr m = {.msg_iov = &v,
	    .msg_iovlen = 1,
	    .msg_control = space,
	    .msg_controllen = sizeof(space)};
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	int fds[2];

	if (pipe(fds) < 0)
		return 1;
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(h), &fds[0], sizeof(int));
	return sendmsg(0, &m, 0) == 1 ? 0 : 2;
}

/* A silo of the system tier that may make others, and not more than itself. */
static struct silo_config creator(void)
{
	struct silo_config c = silo_plain();

	c.sid = 900;
	c.mode = MODE_SPAWN | MODE_LOOKUP;
	c.family = FAMILY_WASM;
	c.flow = FLOW(FAMILY_FS) | FLOW(FAMILY_NET);
	c.quota[QUOTA_PROCESSES] = 10;
	c.quota[QUOTA_DESCRIPTORS] = 400;
	c.quota[QUOTA_MEMORY] = 20000;
	return c;
}

static int make_less(void)
{
	struct silo_config ok = creator(), c;
	int fd;

	ok.sid = 0;
	ok.mode = MODE_LOOKUP;
	fd = silo_create(&ok);
	CHECK(fd >= 0);
	CHECK(silo_quota(fd, QUOTA_PROCESSES, 11) == -1 && errno == EPERM);
	CHECK(silo_quota(fd, QUOTA_PROCESSES, 3) == 0);
	c = ok, c.mode |= MODE_BIND;
	refused(&c, EPERM);
	c = ok, c.flow |= FLOW(FAMILY_SYS);
	refused(&c, EPERM);
	c = ok, c.sid = 5;
	refused(&c, EPERM);
	c = ok, c.sid = 901, c.mode = MODE_LIST;
	refused(&c, EPERM);
	for (int q = 0; q < QUOTAS; q++) {
		if (q == QUOTA_THREADS)
			continue; /* it has what the boot silo has */
		c = ok, c.quota[q] = 100000;
		refused(&c, EPERM);
		c.quota[q] = QUOTA_NONE;
		refused(&c, EPERM);
	}
	/* It has no other control bits. */
	CHECK(silo_list(0, (uint32_t[1]){0}, 1) == -1 && errno == EPERM);
	CHECK(silo_open(SID_BOOT, RIGHT_READ) == -1 && errno == ESRCH);
	return 0;
}

/* Who pledged the bit away, or is another user, makes none. */
static int make_none(const char *why)
{
	struct silo_config c = silo_plain();

	c.flow = FLOW(FAMILY_FS);
	if (!strcmp(why, "bit")) {
		refused(&c, EPERM);
		return 0;
	}
	CHECK(silo_create(&c) >= 0);
	if (fork() == 0) {
		CHECK(setuid(1000) == 0);
		refused(&c, EPERM);
		_exit(0);
	}
	CHECK(tap_wait(-1) == 0);
	CHECK(pledge(MODE_ALL & ~MODE_SPAWN) == 0);
	refused(&c, EPERM);
	return 0;
}

/* Invariant 4: a creator gives no more mode, flow or quota than it has. */
TEST(silo_create__a_creator_gives_no_more_than_it_has)
{
	struct silo_config c = creator();
	int fd = silo_create(&c);

	CHECK(fd >= 0);
	CHECK(silo_outcome(fd, "make_less", 0) == 0);
}

TEST(silo_create__needs_the_bit_and_the_superuser)
{
	struct silo_config c = creator();
	int fd;

	c.sid = 905;
	fd = silo_create(&c);
	CHECK(silo_outcome(fd, "make_none", "user") == 0);
	c.sid = 906;
	c.mode = MODE_LOOKUP;
	fd = silo_create(&c);
	CHECK(silo_outcome(fd, "make_none", "bit") == 0);
}

/* A descriptor gives what its rights say; a limited one less. */
TEST(silo__a_descriptor_gives_what_its_rights_say)
{
	char *argv[] = {"x", 0};
	struct silo_info i;
	int fd = silo_new(), ro = dup(fd);

	CHECK(cap_limit(ro, RIGHT_READ) == 0);
	CHECK(silo_info(ro, &i) == 0);
	CHECK(silo_control(ro, SILO_KILL) == -1 && errno == EACCES);
	CHECK(silo_rename(ro, "x") == -1 && errno == EACCES);
	CHECK(silo_run(ro, "/bin/true", argv) == -1 && errno == EACCES);
	CHECK(silo_narrow(ro, 0, 0) == -1 && errno == EACCES);
	CHECK(silo_quota(ro, 0, 1) == -1 && errno == EACCES);
	CHECK(cap_limit(ro, RIGHTS_ALL) == -1 && errno == EACCES);
	CHECK(silo_info(1, &i) == -1 && errno == EINVAL);
	CHECK(silo_info(99, &i) == -1 && errno == EBADF);
}

static int self(int argc, char **argv)
{
	if (!strcmp(argv[1], "pass"))
		return pass();
	if (!strcmp(argv[1], "make_less"))
		return make_less();
	if (!strcmp(argv[1], "make_none"))
		return make_none(argc > 2 ? argv[2] : "");
	return 99;
}

__attribute__((constructor)) static void parts(void)
{
	tap_self = self;
}

TAP_MAIN
