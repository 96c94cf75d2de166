/* strates/init/setup.c -- what is made before the first session. */
/* SPDX-License-Identifier: MIT */
#include "strates/init/setup.h"
#include "lib/out.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct mount_point {
	const char *type, *path;
	mode_t mode; /* of the root of a tmpfs */
};

static const struct mount_point mounts[] = {
    {"devtmpfs", "/dev", 0}, /* first: the console is there */
    {"proc", "/proc", 0},
    {"sysfs", "/sys", 0},
    {"tmpfs", "/tmp", 01777},
    {"tmpfs", "/run", 0755},
    {"tmpfs", "/root", 0700},
    {"tmpfs", "/home", 0755},
    {"tmpfs", "/var", 0755},
};

long clock_ms(void)
{
	struct timespec t = {0};

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

uint64_t clock_ns(void)
{
	struct timespec t = {0};

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void console_line(const char *text)
{
	fd_fmt(2, "init: %s\n", text);
}

void console_errno(const char *what)
{
	fd_fmt(2, "init: %s: %s\n", what, strerror(errno));
}

/*
 * The kernel may have mounted some already: EBUSY means the same file system
 * stands there, and for the others a mount point differs from its parent in
 * the device number.
 */
static bool is_mounted(const char *path)
{
	struct stat st, root;

	return stat(path, &st) == 0 && stat("/", &root) == 0 &&
	       st.st_dev != root.st_dev;
}

static void mount_one(const struct mount_point *m)
{
	static const char *const options[] = {
	    "mode=0755", "mode=0700", "mode=1777"};
	const char *data = NULL;

	if (m->mode)
		data = options[m->mode == 0700 ? 1 : m->mode == 01777 ? 2 : 0];
	if (is_mounted(m->path))
		return;
	if (mount(m->type, m->path, m->type, MS_NOSUID, data) == 0 ||
	    errno == EBUSY)
		return;
	if (errno == ENOENT && mkdir(m->path, 0755) == 0 &&
	    mount(m->type, m->path, m->type, MS_NOSUID, data) == 0)
		return;
	console_errno(m->path);
}

static void open_console(void)
{
	int fd;

	if (fcntl(0, F_GETFD) >= 0 && fcntl(2, F_GETFD) >= 0)
		return; /* the kernel gave it to us */
	fd = open("/dev/console", O_RDWR | O_NOCTTY);
	if (fd < 0)
		return; /* nowhere to tell it */
	for (int to = 0; to < 3; to++)
		if (fd != to)
			dup2(fd, to);
	if (fd > 2)
		close(fd);
}

void setup_system(void)
{
	static const char name[] = "strat9";

	umask(022);
	mount_one(&mounts[0]);
	open_console();
	for (size_t i = 1; i < sizeof(mounts) / sizeof(mounts[0]); i++)
		mount_one(&mounts[i]);
	if (mkdir("/var/log", 0755) != 0 && errno != EEXIST)
		console_errno("/var/log");
	if (mkdir("/var/tmp", 01777) != 0 && errno != EEXIST)
		console_errno("/var/tmp");
	if (sethostname(name, sizeof(name) - 1) != 0)
		console_errno("host name");
}
