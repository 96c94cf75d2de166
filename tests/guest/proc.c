/* tests/guest/proc.c -- /proc and the calls that say what the system is. */
/* SPDX-License-Identifier: MIT */
#include "tap.h"
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

static char text[65536];

static const char *slurp(const char *path)
{
	int fd = open(path, O_RDONLY);
	ssize_t n, got = 0;

	CHECK(fd >= 0);
	while ((n = read(fd, text + got, sizeof(text) - 1 - (size_t)got)) > 0)
		got += n;
	CHECK(n == 0 && close(fd) == 0);
	text[got] = 0;
	return text;
}

/* Who we are, in the words that ps reads. */
TEST(proc_self__stat)
{
	int pid = 0, ppid = 0;
	char state = 0, name[64];

	CHECK(sscanf(slurp("/proc/self/stat"), "%d (%63[^)]) %c %d", &pid, name,
	          &state, &ppid) == 4);
	CHECK(pid == getpid() && ppid == getppid() && state == 'R');
	CHECK(strstr(slurp("/proc/self/status"), "Name:"));
	CHECK(strlen(slurp("/proc/self/cmdline")) > 0);
	CHECK(strlen(slurp("/proc/self/comm")) > 1);
}

/* The map holds the code that reads it, and the stack. */
TEST(proc_self__maps)
{
	bool code = false, stack = false;
	char *save = 0;

	slurp("/proc/self/maps");
	for (char *l = strtok_r(text, "\n", &save); l;
	    l = strtok_r(0, "\n", &save)) {
		unsigned long a, b;
		char rights[8];

		CHECK(sscanf(l, "%lx-%lx %7s", &a, &b, rights) == 3 && a < b);
		code |= (unsigned long)slurp >= a && (unsigned long)slurp < b &&
		        !strcmp(rights, "r-xp");
		stack |= (unsigned long)&save >= a &&
		         (unsigned long)&save < b &&
		         !strncmp(rights, "rw-p", 4);
	}
	CHECK(code && stack);
}

/* Links to the program and to the open files. */
TEST(proc_self__links)
{
	char a[PATH_MAX] = {0}, b[PATH_MAX] = {0}, name[64];
	int fd = open("f", O_RDWR | O_CREAT | O_TRUNC, 0600), count = 0;
	struct dirent *e;
	DIR *d;

	CHECK(readlink("/proc/self/exe", a, sizeof(a) - 1) > 0 && a[0] == '/');
	CHECK(access(a, X_OK) == 0);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	CHECK(readlink(name, b, sizeof(b) - 1) > 2);
	CHECK(!strcmp(b + strlen(b) - 2, "/f"));
	CHECK(write(fd, "x", 1) == 1);
	CHECK(open(name, O_RDONLY) >= 0);
	d = opendir("/proc/self/fd");
	CHECK(d);
	while ((e = readdir(d)))
		count += atoi(e->d_name) == fd;
	CHECK(count == 1 && unlink("f") == 0);
}

/* Numbers that every monitor reads. */
TEST(proc__meminfo)
{
	unsigned long total = 0, free = 0;
	const char *t = slurp("/proc/meminfo");
	const char *f = strstr(t, "MemFree:");
	struct sysinfo s;

	CHECK(sscanf(t, "MemTotal: %lu kB", &total) == 1 && f);
	CHECK(sscanf(f, "MemFree: %lu kB", &free) == 1);
	CHECK(total > free && free > 0);
	CHECK(sysinfo(&s) == 0 && s.procs > 0);
	CHECK(s.totalram * s.mem_unit / 1024 == total);
}

TEST(proc__stat_and_uptime)
{
	double up = 0;

	CHECK(sscanf(slurp("/proc/uptime"), "%lf", &up) == 1 && up > 0);
	CHECK(!strncmp(slurp("/proc/stat"), "cpu ", 4));
	CHECK(strstr(text, "cpu0 ") && strstr(text, "btime "));
	CHECK(strstr(slurp("/proc/cpuinfo"), "processor"));
	CHECK(strlen(slurp("/proc/loadavg")) > 8);
	CHECK(strlen(slurp("/proc/version")) > 8);
}

/* uname says Linux's words for the machine. */
TEST(uname__tells)
{
	struct utsname u;

	CHECK(uname(&u) == 0 && !strcmp(u.machine, "x86_64"));
	CHECK(u.sysname[0] && u.release[0] && u.nodename[0]);
}

/* Another process's entry comes and goes with it. */
TEST(proc__of_children)
{
	char name[64];
	int p[2];
	char c;
	pid_t pid;

	CHECK(pipe(p) == 0);
	pid = fork();
	if (pid == 0) {
		close(p[1]);
		_exit(read(p[0], &c, 1) == 0 ? 0 : 1);
	}
	snprintf(name, sizeof(name), "/proc/%d/stat", pid);
	CHECK(atoi(slurp(name)) == pid);
	close(p[1]);
	CHECK(tap_wait(pid) == 0);
	CHECK(open(name, O_RDONLY) < 0 && errno == ENOENT);
}

/* Random bytes differ. */
TEST(getrandom__differs)
{
	char a[32], b[32];

	CHECK(getrandom(a, sizeof(a), 0) == 32);
	CHECK(getrandom(b, sizeof(b), 0) == 32 && memcmp(a, b, 32));
	CHECK(syscall(SYS_getrandom, 8L, 4L, 0L) < 0 && errno == EFAULT);
	CHECK(getrandom(a, 4, 0x1000) < 0 && errno == EINVAL);
}

TAP_MAIN
