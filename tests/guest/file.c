/* tests/guest/file.c -- files, folders, links, rights, the *at calls. */
/* SPDX-License-Identifier: MIT */
#include "tap.h"
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>

static int make(const char *name, const char *text)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);

	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (int)strlen(text));
	return fd;
}

static bool holds(const char *name, const char *text)
{
	char b[256] = {0};
	int fd = open(name, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, b, sizeof(b) - 1);

	close(fd);
	return n == (ssize_t)strlen(text) && !strcmp(b, text);
}

/* The flags of open, one by one. */
TEST(open__flags)
{
	int fd;
	char c;

	CHECK(open("none", O_RDONLY) < 0 && errno == ENOENT);
	fd = open("f", O_WRONLY | O_CREAT | O_EXCL, 0600);
	CHECK(fd >= 0 && write(fd, "abc", 3) == 3);
	CHECK(read(fd, &c, 1) < 0 && errno == EBADF);
	CHECK(
	    open("f", O_CREAT | O_EXCL | O_RDWR, 0600) < 0 && errno == EEXIST);
	fd = open("f", O_RDONLY);
	CHECK(write(fd, "x", 1) < 0 && errno == EBADF);
	fd = open("f", O_WRONLY | O_APPEND);
	CHECK(write(fd, "d", 1) == 1 && holds("f", "abcd"));
	CHECK(open("f", O_WRONLY | O_TRUNC) >= 0 && holds("f", ""));
	CHECK(open("f", O_RDONLY | O_DIRECTORY) < 0 && errno == ENOTDIR);
	CHECK(open(".", O_WRONLY) < 0 && errno == EISDIR);
	CHECK(open("f/x", O_RDONLY) < 0 && errno == ENOTDIR);
	CHECK(symlink("f", "l") == 0);
	CHECK(open("l", O_RDONLY | O_NOFOLLOW) < 0 && errno == ELOOP);
	fd = open("f", O_PATH);
	CHECK(fd >= 0 && read(fd, &c, 1) < 0 && errno == EBADF);
	CHECK(unlink("l") == 0 && unlink("f") == 0);
}

/* Offsets: seek, pread, pwrite, holes, append. */
TEST(lseek__and_holes)
{
	char b[8];
	int fd = make("f", "hello");

	CHECK(lseek(fd, -2, SEEK_END) == 3 && read(fd, b, 8) == 2);
	CHECK(!memcmp(b, "lo", 2) && read(fd, b, 8) == 0);
	CHECK(lseek(fd, -1, SEEK_SET) < 0 && errno == EINVAL);
	CHECK(pwrite(fd, "J", 1, 0) == 1 && lseek(fd, 0, SEEK_CUR) == 5);
	CHECK(lseek(fd, 100000, SEEK_SET) == 100000 && write(fd, "x", 1) == 1);
	CHECK(pread(fd, b, 4, 50000) == 4 && !memcmp(b, "\0\0\0\0", 4));
	CHECK(lseek(fd, 0, SEEK_END) == 100001 && unlink("f") == 0);
}

/* Vectors are read and written as one. */
TEST(writev__gathers)
{
	char a[3], b[4];
	struct iovec w[2] = {{"abc", 3}, {"defg", 4}};
	struct iovec r[2] = {{a, 3}, {b, 4}};
	int fd = open("f", O_RDWR | O_CREAT | O_TRUNC, 0600);

	CHECK(writev(fd, w, 2) == 7 && lseek(fd, 0, 0) == 0);
	CHECK(readv(fd, r, 2) == 7 && !memcmp(a, "abc", 3) &&
	      !memcmp(b, "defg", 4));
	CHECK(writev(fd, w, IOV_MAX + 1) < 0 && errno == EINVAL);
	CHECK(unlink("f") == 0);
}

/* Cut and grown files hold zeros where nothing was written. */
TEST(ftruncate__cuts_and_grows)
{
	char b[10];
	struct stat st;
	int fd = make("f", "0123456789");

	CHECK(ftruncate(fd, 4) == 0 && fstat(fd, &st) == 0 && st.st_size == 4);
	CHECK(ftruncate(fd, 8) == 0 && pread(fd, b, 10, 0) == 8);
	CHECK(!memcmp(b, "0123\0\0\0\0", 8));
	CHECK(truncate("f", 0) == 0 && pread(fd, b, 10, 0) == 0);
	CHECK(unlink("f") == 0);
}

/* rename: replaces, keeps the inode, refuses what it must. */
TEST(rename__rules)
{
	struct stat a, b;

	close(make("a", "A"));
	close(make("b", "B"));
	CHECK(stat("a", &a) == 0 && rename("a", "b") == 0);
	CHECK(stat("b", &b) == 0 && a.st_ino == b.st_ino && holds("b", "A"));
	CHECK(access("a", F_OK) < 0 && errno == ENOENT);
	CHECK(mkdir("d", 0755) == 0 && mkdir("d/e", 0755) == 0);
	CHECK(rename("b", "d") < 0 && errno == EISDIR);
	CHECK(rename("d", "b") < 0 && errno == ENOTDIR);
	CHECK(rename("d", "d/e/f") < 0 && errno == EINVAL);
	CHECK(mkdir("g", 0755) == 0 && rename("g", "d") < 0 &&
	      (errno == ENOTEMPTY || errno == EEXIST));
	CHECK(rename("d/e", "g") == 0 && rename("b", "g/b") == 0);
	CHECK(holds("g/b", "A") && unlink("g/b") == 0);
	CHECK(rmdir("g") == 0 && rmdir("d") == 0);
}

/* Hard links count; the last one takes the file away, open or not. */
TEST(link__counts)
{
	struct stat st;
	char c;
	int fd = make("a", "x");

	CHECK(link("a", "b") == 0 && fstat(fd, &st) == 0 && st.st_nlink == 2);
	CHECK(link("a", "b") < 0 && errno == EEXIST);
	CHECK(link(".", "c") < 0 && errno == EPERM);
	CHECK(unlink("a") == 0 && holds("b", "x") && unlink("b") == 0);
	CHECK(fstat(fd, &st) == 0 && st.st_nlink == 0);
	CHECK(pread(fd, &c, 1, 0) == 1 && c == 'x');
}

/* Symbolic links: read, followed, looping, dangling. */
TEST(symlink__is_followed)
{
	char b[64] = {0};
	struct stat st;

	CHECK(mkdir("d", 0755) == 0);
	close(make("d/f", "F"));
	CHECK(symlink("d", "l") == 0 && symlink("../d/f", "d/m") == 0);
	CHECK(holds("l/f", "F") && holds("l/m", "F"));
	CHECK(readlink("d/m", b, sizeof(b)) == 6 && !strcmp(b, "../d/f"));
	CHECK(lstat("l", &st) == 0 && S_ISLNK(st.st_mode) && st.st_size == 1);
	CHECK(stat("l", &st) == 0 && S_ISDIR(st.st_mode));
	CHECK(readlink("d/f", b, 1) < 0 && errno == EINVAL);
	CHECK(symlink("x2", "x1") == 0 && symlink("x1", "x2") == 0);
	CHECK(open("x1", O_RDONLY) < 0 && errno == ELOOP);
	CHECK(symlink("gone", "dangling") == 0);
	CHECK(open("dangling", O_RDONLY) < 0 && errno == ENOENT);
	close(open("dangling", O_WRONLY | O_CREAT, 0600));
	CHECK(access("gone", F_OK) == 0);
	CHECK(rmdir("l") < 0 && errno == ENOTDIR);
	CHECK(!unlink("gone") && !unlink("dangling") && !unlink("x1") &&
	      !unlink("x2") && !unlink("l") && !unlink("d/m") &&
	      !unlink("d/f") && !rmdir("d"));
}

/* `..` is where the folder is, not where the path came from. */
TEST(path__dot_dot)
{
	char a[PATH_MAX], b[PATH_MAX];

	CHECK(getcwd(a, sizeof(a)));
	CHECK(mkdir("d", 0755) == 0 && mkdir("d/e", 0755) == 0);
	CHECK(symlink("d/e", "l") == 0 && chdir("l/..") == 0);
	CHECK(getcwd(b, sizeof(b)) && !strcmp(b + strlen(a), "/d"));
	CHECK(
	    chdir("/../..//.") == 0 && getcwd(b, sizeof(b)) && !strcmp(b, "/"));
	CHECK(chdir(a) == 0 && !unlink("l") && !rmdir("d/e") && !rmdir("d"));
}

/* Too long and empty names are refused. */
TEST(path__limits)
{
	static char name[PATH_MAX + 10];

	memset(name, 'a', 256);
	CHECK(open(name, O_RDONLY) < 0 && errno == ENAMETOOLONG);
	CHECK(mkdir(name, 0755) < 0 && errno == ENAMETOOLONG);
	name[255] = 0;
	CHECK(mkdir(name, 0755) == 0 && rmdir(name) == 0);
	memset(name, '/', PATH_MAX + 5);
	CHECK(open(name, O_RDONLY) < 0 && errno == ENAMETOOLONG);
	CHECK(open("", O_RDONLY) < 0 && errno == ENOENT);
	CHECK(mkdir("", 0755) < 0 && errno == ENOENT);
}

/* A folder lists what is in it, once each; it must be empty to go. */
TEST(readdir__lists_once)
{
	enum { MANY = 300 };
	static char seen[MANY];
	char name[32];
	int dots = 0, total = 0;
	struct dirent *e;
	DIR *d;

	CHECK(mkdir("d", 0755) == 0);
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "d/file-%d", i);
		close(open(name, O_CREAT | O_WRONLY, 0600));
	}
	CHECK(rmdir("d") < 0 && errno == ENOTEMPTY);
	d = opendir("d");
	CHECK(d);
	while ((e = readdir(d))) {
		int i = -1;

		if (e->d_name[0] == '.') {
			dots++;
			continue;
		}
		CHECK(sscanf(e->d_name, "file-%d", &i) == 1 && i < MANY);
		CHECK(e->d_type == DT_REG && !seen[i]++);
		total++;
		snprintf(name, sizeof(name), "d/file-%d", i);
		CHECK(unlink(name) == 0); /* removing while reading */
	}
	CHECK(dots == 2 && total == MANY && closedir(d) == 0);
	CHECK(rmdir("d") == 0);
}

/* The *at calls start at their folder, whatever its name became. */
TEST(openat__starts_there)
{
	struct stat st;
	int d, fd;

	CHECK(mkdir("d", 0755) == 0);
	d = open("d", O_RDONLY | O_DIRECTORY);
	fd = openat(d, "f", O_CREAT | O_RDWR, 0600);
	CHECK(d >= 0 && fd >= 0 && rename("d", "moved") == 0);
	CHECK(fstatat(d, "f", &st, 0) == 0 && S_ISREG(st.st_mode));
	CHECK(mkdirat(d, "e", 0755) == 0 && symlinkat("f", d, "l") == 0);
	CHECK(renameat(d, "f", d, "g") == 0 && access("moved/g", F_OK) == 0);
	CHECK(faccessat(d, "g", R_OK, 0) == 0);
	CHECK(fstatat(fd, "x", &st, 0) < 0 && errno == ENOTDIR);
	CHECK(fstatat(fd, "", &st, AT_EMPTY_PATH) == 0);
	CHECK(fchdir(d) == 0 && access("g", F_OK) == 0 && chdir("..") == 0);
	CHECK(unlinkat(d, "e", 0) < 0 && errno == EISDIR);
	CHECK(!unlinkat(d, "e", AT_REMOVEDIR) && !unlinkat(d, "l", 0) &&
	      !unlinkat(d, "g", 0) && !rmdir("moved"));
	CHECK(openat(d, "new", O_CREAT | O_RDWR, 0600) < 0 && errno == ENOENT);
}

/* umask takes bits away, chmod sets them. */
TEST(umask__takes_away)
{
	struct stat st;

	CHECK(umask(027) >= 0);
	close(open("f", O_CREAT | O_WRONLY, 0666));
	CHECK(stat("f", &st) == 0 && (st.st_mode & 07777) == 0640);
	CHECK(umask(0) == 027 && chmod("f", 04755) == 0);
	CHECK(stat("f", &st) == 0 && (st.st_mode & 07777) == 04755);
	CHECK(unlink("f") == 0);
}

/* Without root's rights, rights are kept. */
TEST(access__is_checked)
{
	if (getuid() != 0)
		SKIP("must start as root");
	CHECK(chmod(".", 0755) == 0);
	close(make("secret", "s"));
	CHECK(chmod("secret", 0600) == 0);
	CHECK(mkdir("closed", 0700) == 0);
	close(make("closed/f", "f"));
	CHECK(setgid(1000) == 0 && setuid(1000) == 0);
	CHECK(open("secret", O_RDONLY) < 0 && errno == EACCES);
	CHECK(open("closed/f", O_RDONLY) < 0 && errno == EACCES);
	CHECK(unlink("secret") < 0 && errno == EACCES);
	CHECK(mkdir("mine", 0755) < 0 && errno == EACCES);
	CHECK(chmod("secret", 0666) < 0 && errno == EPERM);
	CHECK(setuid(0) < 0 && errno == EPERM);
}

/* Times: what a write changes, and utimensat. */
TEST(utimensat__sets)
{
	struct timespec t[2] = {{1000, 5}, {2000, 7}};
	struct stat st;
	int fd = make("f", "x");

	CHECK(futimens(fd, t) == 0 && fstat(fd, &st) == 0);
	CHECK(st.st_atim.tv_sec == 1000 && st.st_mtim.tv_sec == 2000 &&
	      st.st_mtim.tv_nsec == 7);
	CHECK(write(fd, "y", 1) == 1 && fstat(fd, &st) == 0);
	CHECK(st.st_mtim.tv_sec > 2000 && unlink("f") == 0);
}

/* dup shares the offset and not the flag; fcntl's variants. */
TEST(dup__shares)
{
	char c;
	int fd = make("f", "abc"), other = dup(fd), high;

	CHECK(
	    lseek(fd, 1, SEEK_SET) == 1 && read(other, &c, 1) == 1 && c == 'b');
	CHECK(fcntl(fd, F_SETFD, FD_CLOEXEC) == 0);
	CHECK(fcntl(other, F_GETFD) == 0);
	high = fcntl(fd, F_DUPFD_CLOEXEC, 100);
	CHECK(high >= 100 && fcntl(high, F_GETFD) == FD_CLOEXEC);
	CHECK(dup2(fd, 50) == 50 && dup3(fd, fd, 0) < 0 && errno == EINVAL);
	CHECK((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR);
	CHECK(close(999) < 0 && errno == EBADF && unlink("f") == 0);
}

/* The lowest free number is taken. */
TEST(open__lowest_number)
{
	int a = open("/dev/null", O_RDONLY), b = open("/dev/null", O_RDONLY);
	int c = open("/dev/null", O_RDONLY);

	CHECK(a >= 0 && b == a + 1 && c == b + 1 && close(b) == 0);
	CHECK(open("/dev/null", O_RDONLY) == b);
}

/* The devices that every program expects. */
TEST(dev__devices)
{
	char b[64], z[64] = {0};
	int fd = open("/dev/zero", O_RDWR);

	CHECK(fd >= 0 && read(fd, b, 64) == 64 && !memcmp(b, z, 64));
	fd = open("/dev/null", O_RDWR);
	CHECK(fd >= 0 && write(fd, b, 64) == 64 && read(fd, b, 64) == 0);
	fd = open("/dev/full", O_RDWR);
	CHECK(fd >= 0 && write(fd, b, 1) < 0 && errno == ENOSPC);
	fd = open("/dev/urandom", O_RDONLY);
	CHECK(fd >= 0 && read(fd, b, 64) == 64 && memcmp(b, z, 64));
}

/* statfs of the temporary folder is plausible. */
TEST(statfs__tells)
{
	struct statfs f;

	CHECK(statfs(".", &f) == 0 && f.f_bsize > 0);
	CHECK(f.f_blocks >= f.f_bfree && f.f_namelen >= 255);
}

/* Big files: written and read back whole. */
TEST(write__megabytes)
{
	static unsigned char b[65536];
	int fd = open("big", O_RDWR | O_CREAT | O_TRUNC, 0600);

	for (int i = 0; i < 64; i++) {
		memset(b, i, sizeof(b));
		CHECK(write(fd, b, sizeof(b)) == (int)sizeof(b));
	}
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	for (int i = 0; i < 64; i++) {
		CHECK(read(fd, b, sizeof(b)) == (int)sizeof(b));
		CHECK(b[0] == i && b[65535] == i);
	}
	CHECK(unlink("big") == 0);
}

TAP_MAIN
