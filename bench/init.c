/* bench/init.c -- init of the Linux peer: run osbench, power off. */
/* SPDX-License-Identifier: MIT */
/*
 * init - first process of the Linux peer's initramfs.
 *
 *   musl-gcc -std=gnu11 -O2 -Wall -Wextra -static -Wl,-Ttext-segment=0x60000000 \
 *       -o init init.c
 *
 * Says when it was reached and how much memory the system then used, mounts
 * proc, sys, dev and tmpfs, brings the loopback interface up, waits until the
 * kernel's start-up work in the background is over, runs /osbench with the
 * words after "osbench=" on the kernel command line (commas for spaces), and
 * powers off.  "probe" on the command line: print the CPU's features and the
 * kernel's log instead of running benchmarks.  "boot": power off at once.
 * "thp": turn huge pages on (Linux leaves them off below 512 MiB).
 *
 * Facts go out as "@key value" lines, for collect.py.  (It is linked above the
 * 512 MiB of memory, where no boot code can run: see icount.c.)
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t rdtsc(void)
{
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (uint64_t)hi << 32 | lo;
}

static double seconds(clockid_t c)
{
	struct timespec t;

	clock_gettime(c, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static char *slurp(const char *path)
{
	static char b[65536];
	int fd = open(path, O_RDONLY);
	long n, got = 0;

	while (fd >= 0 && (n = read(fd, b + got, sizeof b - 1 - (size_t)got)) > 0)
		got += n;
	b[got] = 0;
	if (fd >= 0)
		close(fd);
	return b;
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		perror(path);
	close(fd);
}

static long meminfo(const char *key)
{
	char *p = strstr(slurp("/proc/meminfo"), key);

	return p ? atol(p + strlen(key)) : -1;
}

/* First line of a file, for a report. */
static void tell(const char *label, const char *path)
{
	char *s = slurp(path);

	s[strcspn(s, "\n")] = 0;
	printf("@%s %s\n", label, s);
}

static void kernel_log(const char *word)
{
	static char b[1 << 18];
	int n = klogctl(3, b, sizeof b - 1);

	b[n > 0 ? n : 0] = 0;
	for (char *l = strtok(b, "\n"); l; l = strtok(0, "\n"))
		if (strstr(l, word))
			printf("@klog %s\n", l);
}

static void loopback_up(void)
{
	struct ifreq r = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	ioctl(s, SIOCSIFFLAGS, &r);
	close(s);
}

/* TSC ticks per instruction in a loop of 2 * n instructions. */
static double loop_cost(uint64_t n)
{
	double instructions = 2 * (double)n;
	uint64_t t = rdtsc();

	__asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(n) : : "cc");
	return (double)(rdtsc() - t) / instructions;
}

/*
 * Let the kernel finish what it still does in the background: sleep (free of
 * cost under -icount sleep=off) until five loops in a row run alike.
 */
static void settle(void)
{
	double t0 = seconds(CLOCK_MONOTONIC), best = 1e9;
	int calm = 0, tries = 0;

	while (calm < 5 && tries++ < 60) {
		struct timespec half = { 0, 500000000 };

		nanosleep(&half, 0);
		double c = loop_cost(10000000);
		calm = c < best * 1.01 ? calm + 1 : 0;
		if (c < best)
			best = c;
	}
	printf("@settle_s %.3f\n@settle_tries %d\n", seconds(CLOCK_MONOTONIC) - t0, tries);
}

/* TSC ticks per instruction, and per second of CLOCK_MONOTONIC. */
static void clock_facts(void)
{
	double m = seconds(CLOCK_MONOTONIC);
	uint64_t t = rdtsc();

	printf("@tsc_per_instruction %.6f\n", loop_cost(50000000));
	printf("@tsc_mhz %.6f\n", (double)(rdtsc() - t) / (seconds(CLOCK_MONOTONIC) - m) / 1e6);
}

int main(void)
{
	uint64_t tsc = rdtsc();
	double boot = seconds(CLOCK_BOOTTIME);

	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/dev", 0755);
	mkdir("/tmp", 01777);
	mount("proc", "/proc", "proc", 0, 0);
	mount("sysfs", "/sys", "sysfs", 0, 0);
	mount("devtmpfs", "/dev", "devtmpfs", 0, 0);
	mount("tmpfs", "/tmp", "tmpfs", 0, 0);
	long total = meminfo("MemTotal:"), avail = meminfo("MemAvailable:");
	long nfree = meminfo("MemFree:"), slab = meminfo("Slab:");
	double idle = 0;
	sscanf(slurp("/proc/uptime"), "%*f %lf", &idle);
	loopback_up();

	char args[512] = "", cmd[2048], *a;
	snprintf(cmd, sizeof cmd, "%s", slurp("/proc/cmdline"));
	a = strstr(cmd, "osbench=");
	int probe = strstr(cmd, " probe") != 0, boot_only = strstr(cmd, " boot") != 0;

	if (a)
		snprintf(args, sizeof args, "%.*s", (int)strcspn(a + 8, " \n"), a + 8);
	setvbuf(stdout, 0, _IONBF, 0);
	printf("\n@init_tsc %llu\n@init_boottime_s %.6f\n@init_idle_s %.2f\n",
	       (unsigned long long)tsc, boot, idle);
	printf("@memtotal_kb %ld\n@memavailable_kb %ld\n@memfree_kb %ld\n@slab_kb %ld\n",
	       total, avail, nfree, slab);
	if (boot_only) {
		reboot(RB_POWER_OFF);
		return 0;
	}
	if (strstr(cmd, " thp"))
		put("/sys/kernel/mm/transparent_hugepage/enabled", "always");
	settle();
	printf("@settled_memavailable_kb %ld\n", meminfo("MemAvailable:"));
	tell("version", "/proc/version");
	tell("cmdline", "/proc/cmdline");
	tell("clocksource", "/sys/devices/system/clocksource/clocksource0/current_clocksource");
	clock_facts();
	kernel_log(probe ? "" : "Memory: ");
	kernel_log("tsc: ");
	kernel_log("LSM: ");
	tell("thp", "/sys/kernel/mm/transparent_hugepage/enabled");
	if (probe) {
		fputs(slurp("/proc/cpuinfo"), stdout);
		fputs(slurp("/proc/interrupts"), stdout);
	}
	static const char *const vuln[] = { "meltdown", "spectre_v1", "spectre_v2",
		"retbleed", "spec_store_bypass", "spec_rstack_overflow" };
	for (size_t k = 0; k < sizeof vuln / sizeof *vuln; k++) {
		char p[128];
		snprintf(p, sizeof p, "/sys/devices/system/cpu/vulnerabilities/%s", vuln[k]);
		tell(vuln[k], p);
	}

	if (!probe) {
		char *argv[32] = { "/osbench", "--json" };
		int n = 2;
		for (char *w = strtok(args, ","); w && n < 31; w = strtok(0, ","))
			argv[n++] = w;
		pid_t pid = fork();
		if (!pid) {
			execv(argv[0], argv);
			_exit(127);
		}
		int st = 0;
		while (waitpid(-1, &st, 0) != pid)
			;
		printf("@osbench_status %d\n", st);
	}
	printf("@end_tsc %llu\n@done\n", (unsigned long long)rdtsc());
	sync();
	reboot(RB_POWER_OFF);
	return 0;
}
