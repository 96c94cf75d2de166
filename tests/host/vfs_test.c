/* tests/host/vfs_test.c -- the router over tmpfs, beside the host's tmpfs. */
/* SPDX-License-Identifier: MIT */
/* long: one model, and every question that is put to it */
/* build: tests/host/vfs_shim.c tests/host/shim.c */
/* build: kernel/vfs/view.c kernel/vfs/name.c kernel/vfs/name_move.c kernel/vfs/walk.c */
/* build: kernel/vfs/mount.c kernel/vfs/fs_context.c kernel/vfs/path_text.c */
/* build: kernel/vfs/node.c kernel/vfs/change.c kernel/vfs/rename.c */
/* build: kernel/vfs/file.c kernel/vfs/file_open.c kernel/vfs/file_dir.c */
/* build: kernel/vfs/file_seq.c kernel/vfs/file_size.c kernel/vfs/locks.c */
/* build: kernel/vfs/tmpfs.c kernel/vfs/tmpfs_dir.c kernel/vfs/tmpfs_mount.c */
/* build: kernel/linux/at.c kernel/linux/path_calls.c kernel/linux/dir_calls.c */
/* build: kernel/linux/stat_calls.c kernel/linux/attr_calls.c */
/* build: kernel/linux/mount_calls.c kernel/sys/sys_open.c */
/* build: kernel/object/object.c kernel/object/silo.c kernel/mm/uio.c */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "vfs_shim.h"
#include "abi/linux/dirent.h"
#include "abi/linux/stat.h"
#include "kernel/linux/attr_calls.h"
#include "kernel/linux/dir_calls.h"
#include "kernel/linux/mount_calls.h"
#include "kernel/linux/path_calls.h"
#include "kernel/linux/stat_calls.h"
#include "kernel/vfs/locks.h"
#include "abi/linux/flock.h"
#include "kernel/sys/sys_open.h"

static int start(void **state)
{
	(void)state;
	vfs_start();
	return 0;
}

static int stop(void **state)
{
	(void)state;
	vfs_stop();
	return 0;
}

static long mkdir_(const char *p)
{
	return sys_mkdir(user(p), 0755);
}

static int open_(const char *p, uint32_t flags)
{
	return (int)sys_open(user(p), flags, 0644);
}

static void touch(const char *p)
{
	int fd = open_(p, O_CREAT | O_WRONLY);

	assert_true(fd >= 0);
	vfs_close(fd);
}

static long write_(int fd, const char *s)
{
	struct uio u = uio_user(user(s), strlen(s));

	return vfs_object(fd)->ops->write(vfs_object(fd), &u, OFF_OWN);
}

static long read_(int fd, char *buf, size_t n, int64_t off)
{
	struct uio u = uio_user(user(buf), n);

	return vfs_object(fd)->ops->read(vfs_object(fd), &u, off);
}

static long stat_(const char *p, struct linux_stat *st)
{
	return sys_stat(user(p), user(st));
}

static void cwd_is(const char *want)
{
	char buf[4096];

	assert_int_equal(sys_getcwd(user(buf), sizeof(buf)), strlen(want) + 1);
	assert_string_equal(buf, want);
}

/* Dots and slashes lead where they say; ".." of the root is the root. */
static void walk__dots(void **state)
{
	struct linux_stat a, b;

	(void)state;
	assert_int_equal(mkdir_("/d"), 0);
	assert_int_equal(mkdir_("/d/e/"), 0);
	assert_int_equal(stat_("/d", &a), 0);
	assert_int_equal(stat_("//d/./e/../../..///d/", &b), 0);
	assert_int_equal(a.ino, b.ino);
	assert_int_equal(a.nlink, 3);
	assert_int_equal(sys_chdir(user("/d/e")), 0);
	cwd_is("/d/e");
	assert_int_equal(sys_chdir(user("..")), 0);
	cwd_is("/d");
	assert_int_equal(stat_("e", &b), 0);
	assert_int_equal(stat_("", &b), E_NOENT);
	assert_int_equal(mkdir_("."), E_EXIST);
	assert_int_equal(sys_rmdir(user(".")), E_INVAL);
	assert_int_equal(sys_rmdir(user("..")), E_NOTEMPTY);
	assert_int_equal(sys_rmdir(user("/")), E_BUSY);
	assert_int_equal(sys_unlink(user("e")), E_ISDIR);
	assert_int_equal(sys_rmdir(user("e")), 0);
	assert_int_equal(sys_rmdir(user("/d")), 0);
	/* A removed working directory has no path and no entries. */
	assert_int_equal(mkdir_("x"), E_NOENT);
	assert_int_equal(open_("x", O_CREAT | O_WRONLY), E_NOENT);
}

/* Links: chains, loops, trailing slashes, O_NOFOLLOW, creation through one. */
static void walk__links(void **state)
{
	struct linux_stat st;
	char buf[64];
	int fd;

	(void)state;
	assert_int_equal(mkdir_("/d"), 0);
	assert_int_equal(sys_symlink(user("d"), user("/l")), 0);
	assert_int_equal(sys_symlink(user("/l"), user("/m")), 0);
	assert_int_equal(sys_symlink(user("loop"), user("/loop")), 0);
	assert_int_equal(sys_symlink(user("l/new"), user("/make")), 0);
	touch("/m/f");
	assert_int_equal(stat_("/d/f", &st), 0);
	assert_int_equal(stat_("/m/f/", &st), E_NOTDIR);
	assert_int_equal(stat_("/loop", &st), E_LOOP);
	assert_int_equal(sys_lstat(user("/loop"), user(&st)), 0);
	assert_int_equal(st.mode & NODE_TYPE, NODE_LNK);
	assert_int_equal(sys_lstat(user("/l/"), user(&st)), 0);
	assert_int_equal(st.mode & NODE_TYPE, NODE_DIR);
	assert_int_equal(open_("/m", O_NOFOLLOW), E_LOOP);
	fd = open_("/m", O_NOFOLLOW | O_PATH);
	assert_true(fd >= 0);
	assert_int_equal(open_("/make", O_CREAT | O_EXCL | O_WRONLY), E_EXIST);
	touch("/make");
	assert_int_equal(stat_("/d/new", &st), 0);
	assert_int_equal(sys_readlink(user("/make"), user(buf), 64), 5);
	assert_memory_equal(buf, "l/new", 5);
	assert_int_equal(sys_readlink(user("/d"), user(buf), 64), E_INVAL);
}

/* Long names and long paths are refused at their limits. */
static void walk__lengths(void **state)
{
	char path[5000];
	struct linux_stat st;

	(void)state;
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[256] = '\0';
	assert_int_equal(mkdir_(path), 0);
	assert_int_equal(stat_(path, &st), 0);
	path[256] = 'a';
	path[257] = '\0';
	assert_int_equal(mkdir_(path), E_NAMETOOLONG);
	assert_int_equal(stat_(path, &st), E_NAMETOOLONG);
	path[257] = 'a';
	path[4096] = '\0';
	assert_int_equal(stat_(path, &st), E_NAMETOOLONG);
}

/* Search, write and sticky permissions; the privileged pass. */
static void access__is_checked(void **state)
{
	struct linux_stat st;

	(void)state;
	assert_int_equal(sys_mkdir(user("/closed"), 0700), 0);
	assert_int_equal(sys_mkdir(user("/tmp"), 0777), 0);
	assert_int_equal(sys_chmod(user("/tmp"), 01777), 0);
	touch("/closed/f");
	touch("/tmp/root");
	vfs_become(1000, 1000);
	assert_int_equal(stat_("/closed/f", &st), E_ACCES);
	assert_int_equal(mkdir_("/no"), E_ACCES);
	assert_int_equal(open_("/tmp/root", O_WRONLY), E_ACCES);
	assert_int_equal(sys_unlink(user("/tmp/root")), E_PERM);
	assert_int_equal(
	    sys_rename(user("/tmp/root"), user("/tmp/mine")), E_PERM);
	assert_int_equal(sys_chmod(user("/tmp/root"), 0777), E_PERM);
	touch("/tmp/mine");
	assert_int_equal(sys_access(user("/tmp/mine"), 1), E_ACCES);
	assert_int_equal(sys_chmod(user("/tmp/mine"), 06755), 0);
	assert_int_equal(sys_chown(user("/tmp/mine"), 0, UINT32_MAX), E_PERM);
	assert_int_equal(sys_chown(user("/tmp/mine"), UINT32_MAX, 1000), 0);
	assert_int_equal(stat_("/tmp/mine", &st), 0);
	assert_int_equal(st.mode & 07777, 0755); /* set-id fell */
	assert_int_equal(sys_unlink(user("/tmp/mine")), 0);
	vfs_become(0, 0);
	assert_int_equal(stat_("/closed/f", &st), 0);
	assert_int_equal(sys_access(user("/closed/f"), 1), E_ACCES);
}

/* A file's contents: sparse, append, truncate, unlinked but open. */
static void file__contents(void **state)
{
	char buf[8192] = {0};
	struct linux_stat st;
	struct object *o;
	struct uio u;
	int fd = open_("/f", O_CREAT | O_RDWR);

	(void)state;
	o = vfs_object(fd);
	assert_int_equal(write_(fd, "hello"), 5);
	u = uio_kernel("x", 1);
	assert_int_equal(o->ops->write(o, &u, 5000), 1);
	assert_int_equal(stat_("/f", &st), 0);
	assert_int_equal(st.size, 5001);
	assert_int_equal(read_(fd, buf, sizeof(buf), 0), 5001);
	assert_memory_equal(buf, "hello\0\0", 7);
	assert_int_equal(buf[5000], 'x');
	assert_int_equal(o->ops->seek(o, 0, 1), 5);
	assert_int_equal(o->ops->seek(o, -1, 0), E_INVAL);
	assert_int_equal(o->ops->seek(o, 0, 2), 5001);
	assert_int_equal(sys_truncate(user("/f"), 3), 0);
	assert_int_equal(sys_truncate(user("/f"), 6), 0);
	assert_int_equal(read_(fd, buf, 10, 0), 6);
	assert_memory_equal(buf, "hel\0\0\0", 6);
	assert_int_equal(sys_unlink(user("/f")), 0);
	assert_int_equal(stat_("/f", &st), E_NOENT);
	assert_int_equal(read_(fd, buf, 10, 0), 6);
	assert_int_equal(sys_fstat(fd, user(&st)), 0);
	assert_int_equal(st.nlink, 0);
	fd = open_("/g", O_CREAT | O_WRONLY | O_APPEND);
	assert_int_equal(write_(fd, "ab"), 2);
	vfs_object(fd)->ops->seek(vfs_object(fd), 0, 0);
	assert_int_equal(write_(fd, "cd"), 2);
	assert_int_equal(stat_("/g", &st), 0);
	assert_int_equal(st.size, 4);
	assert_int_equal(read_(fd, buf, 1, 0) < 0, 0); /* desc layer's job */
	assert_int_equal(open_("/g", O_RDWR | O_TRUNC) >= 0, 1);
	assert_int_equal(stat_("/g", &st), 0);
	assert_int_equal(st.size, 0);
}

/* SEEK_DATA and SEEK_HOLE see the pages that were written. */
static void file__holes(void **state)
{
	int fd = open_("/f", O_CREAT | O_RDWR);
	struct object *o = vfs_object(fd);
	struct uio u = uio_kernel("x", 1);

	(void)state;
	assert_int_equal(o->ops->write(o, &u, 3 * 4096 + 7), 1);
	assert_int_equal(o->ops->seek(o, 0, 3), 3 * 4096);
	assert_int_equal(o->ops->seek(o, 0, 4), 0);
	assert_int_equal(o->ops->seek(o, 3 * 4096 + 1, 4), 3 * 4096 + 8);
	assert_int_equal(o->ops->seek(o, 3 * 4096 + 8, 3), E_NXIO);
}

/* Executed files refuse writers, written ones refuse execution. */
static void exec__excludes_writers(void **state)
{
	struct file *f;
	int fd;

	(void)state;
	touch("/f");
	assert_int_equal(file_open_exec(FD_CWD, "/f", 0, &f), E_ACCES);
	assert_int_equal(sys_chmod(user("/f"), 0755), 0);
	fd = open_("/f", O_WRONLY);
	assert_int_equal(file_open_exec(FD_CWD, "/f", 0, &f), E_TXTBSY);
	vfs_close(fd);
	assert_int_equal(file_open_exec(FD_CWD, "/f", 0, &f), OK);
	assert_int_equal(open_("/f", O_WRONLY), E_TXTBSY);
	file_exec_done(f->node);
	object_put(&f->object);
	assert_true(open_("/f", O_WRONLY) >= 0);
}

/* Renames: over, into a child, of folders with cached children, exchange. */
static void rename__moves(void **state)
{
	struct linux_stat a, b;

	(void)state;
	assert_int_equal(mkdir_("/d"), 0);
	assert_int_equal(mkdir_("/d/e"), 0);
	assert_int_equal(mkdir_("/x"), 0);
	touch("/d/e/f");
	touch("/x/g");
	assert_int_equal(stat_("/d/e/f", &a), 0);
	assert_int_equal(sys_chdir(user("/d/e")), 0);
	assert_int_equal(sys_rename(user("/d"), user("/d/e/d")), E_INVAL);
	assert_int_equal(
	    sys_rename(user("/d/e"), user("/x/a-very-long-name-"
	                                  "that-does-not-fit-in-line-at-all")),
	    0);
	cwd_is("/x/a-very-long-name-that-does-not-fit-in-line-at-all");
	assert_int_equal(stat_("f", &b), 0);
	assert_int_equal(a.ino, b.ino);
	assert_int_equal(stat_("/d/e/f", &b), E_NOENT);
	assert_int_equal(stat_("..", &b), 0);
	assert_int_equal(stat_("/x", &a), 0);
	assert_int_equal(a.ino, b.ino);
	assert_int_equal(a.nlink, 3);
	assert_int_equal(sys_rename(user("/x/g"), user("f")), 0);
	assert_int_equal(stat_("/x/g", &b), E_NOENT);
	assert_int_equal(sys_rename(user("/d"), user("f")), E_NOTDIR);
	assert_int_equal(sys_rename(user("f"), user("/d")), E_ISDIR);
	assert_int_equal(sys_rename(user("/d"), user("/x")), E_NOTEMPTY);
	assert_int_equal(stat_("f", &a), 0);
	assert_int_equal(stat_("/d", &b), 0);
	assert_int_equal(
	    sys_renameat2(FD_CWD, user("f"), FD_CWD, user("/d"), 1), E_EXIST);
	assert_int_equal(
	    sys_renameat2(FD_CWD, user("f"), FD_CWD, user("/d"), 2), 0);
	assert_int_equal(stat_("/d", &b), 0);
	assert_int_equal(a.ino, b.ino);
	assert_int_equal(sys_rmdir(user("f")), 0);
	/* What a rename replaces loses that link, and keeps its others. */
	touch("/old");
	touch("/new");
	assert_int_equal(sys_link(user("/old"), user("/other")), 0);
	assert_int_equal(sys_rename(user("/new"), user("/old")), 0);
	assert_int_equal(stat_("/other", &a), 0);
	assert_int_equal(a.nlink, 1);
	assert_int_equal(stat_("/old", &b), 0);
	assert_int_equal(b.nlink, 1);
	assert_int_not_equal(a.ino, b.ino);
}

/* O_TMPFILE has no name until it is linked. */
static void tmpfile__can_be_linked(void **state)
{
	struct linux_stat st;
	int fd = open_("/", O_TMPFILE | O_RDWR);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write_(fd, "abc"), 3);
	assert_int_equal(
	    sys_linkat(fd, user(""), FD_CWD, user("/named"), 0x1000), 0);
	assert_int_equal(stat_("/named", &st), 0);
	assert_int_equal(st.size, 3);
	assert_int_equal(st.nlink, 1);
	assert_int_equal(sys_link(user("/named"), user("/two")), 0);
	assert_int_equal(stat_("/two", &st), 0);
	assert_int_equal(st.nlink, 2);
}

/* Mounts: seen, busy, read only, bound, lazily removed. */
static void mount__life(void **state)
{
	struct linux_stat a, b;
	int fd;

	(void)state;
	assert_int_equal(mkdir_("/m"), 0);
	assert_int_equal(stat_("/m", &a), 0);
	assert_int_equal(sys_mount(user("none"), user("/m"), user("tmpfs"), 0,
	                     user("size=64k,mode=700")),
	    0);
	assert_int_equal(stat_("/m", &b), 0);
	assert_int_not_equal(a.dev, b.dev);
	assert_int_equal(b.mode & 07777, 0700);
	assert_int_equal(mkdir_("/m/d"), 0);
	assert_int_equal(sys_chdir(user("/m/d")), 0);
	cwd_is("/m/d");
	assert_int_equal(sys_umount2(user("/m"), 0), E_BUSY);
	assert_int_equal(sys_chdir(user("../..")), 0);
	cwd_is("/");
	assert_int_equal(sys_rename(user("/m/d"), user("/d")), E_XDEV);
	assert_int_equal(sys_rmdir(user("/m")), E_BUSY);
	fd = open_("/m/f", O_CREAT | O_WRONLY);
	struct uio u = uio_kernel(calloc(1, 70000), 70000);
	void *block = u.kernel;

	assert_int_equal(
	    vfs_object(fd)->ops->write(vfs_object(fd), &u, 0), E_NOSPC);
	u = uio_kernel(block, 65536);
	assert_int_equal(
	    vfs_object(fd)->ops->write(vfs_object(fd), &u, 0), 65536);
	free(block);
	assert_int_equal(sys_umount2(user("/m"), 0), E_BUSY);
	vfs_close(fd);
	assert_int_equal(mkdir_("/b"), 0);
	assert_int_equal(
	    sys_mount(user("/m/d"), user("/b"), user(""), MOUNT_BIND, user("")),
	    0);
	touch("/b/x");
	assert_int_equal(stat_("/m/d/x", &a), 0);
	assert_int_equal(sys_mount(user(""), user("/b"), user(""),
	                     MOUNT_REMOUNT | MOUNT_RDONLY, user("")),
	    0);
	assert_int_equal(open_("/b/y", O_CREAT | O_WRONLY), E_ROFS);
	assert_int_equal(sys_unlink(user("/b/x")), E_ROFS);
	touch("/m/d/y");
	assert_int_equal(sys_umount2(user("/b"), 0), 0);
	fd = open_("/m/d/x", 0);
	assert_int_equal(sys_umount2(user("/m"), 2), 0);
	assert_int_equal(stat_("/m/d", &a), E_NOENT);
	assert_int_equal(sys_fstat(fd, user(&a)), 0);
}

/* A copied namespace is a separate one. */
static void namespace__copies(void **state)
{
	struct namespace *mine = namespace_current(), *copy;
	struct path p;
	uint32_t id = 0;
	struct mount *m;
	unsigned n = 0;

	(void)state;
	assert_int_equal(mkdir_("/m"), 0);
	assert_int_equal(
	    sys_mount(user("none"), user("/m"), user("tmpfs"), 0, user("")), 0);
	assert_int_equal(namespace_copy(mine, &copy), OK);
	while ((m = namespace_next(copy, &id)) != NULL) {
		n++;
		mount_put(m);
	}
	assert_int_equal(n, 2);
	assert_int_equal(path_walk(FD_CWD, "/m", 0, &p, NULL), OK);
	path_put(&p);
	namespace_put(copy);
	assert_int_equal(sys_umount2(user("/m"), 0), 0);
}

/* Listing: every entry once, also while others go. */
static void getdents__lists_each_once(void **state)
{
	char name[32], buf[512];
	unsigned seen[200] = {0}, i, dots = 0;
	long n, at;
	int fd;

	(void)state;
	for (i = 0; i < 200; i++) {
		sprintf(name, "/%u", i);
		touch(name);
	}
	fd = open_("/", O_RDONLY | O_DIRECTORY);
	while ((n = sys_getdents64(fd, user(buf), sizeof(buf))) > 0)
		for (at = 0; at < n;) {
			struct linux_dirent64 *d = (void *)(buf + at);

			if (d->name[0] == '.') {
				dots++;
			} else {
				i = (unsigned)atoi(d->name);
				seen[i]++;
				if (i % 2) {
					sprintf(name, "/%u", i);
					assert_int_equal(
					    sys_unlink(user(name)), 0);
				}
			}
			at += d->reclen;
		}
	assert_int_equal(n, 0);
	assert_int_equal(dots, 2);
	for (i = 0; i < 200; i++)
		assert_int_equal(seen[i], 1);
	assert_int_equal(sys_getdents64(fd, user(buf), 10), 0);
	vfs_object(fd)->ops->seek(vfs_object(fd), 0, 0);
	assert_int_equal(sys_getdents64(fd, user(buf), 10), E_INVAL);
}

static long lock_(int fd, unsigned cmd, int type, int64_t from, int64_t len)
{
	struct linux_flock l = {
	    .type = (int16_t)type, .start = from, .len = len};

	return file_lock_fcntl(vfs_object(fd), cmd, user(&l));
}

/* OFD locks exclude one another by range; POSIX ones of one process do not. */
static void locks__exclude(void **state)
{
	int a = open_("/f", O_CREAT | O_RDWR), b = open_("/f", O_RDWR);

	(void)state;
	assert_int_equal(lock_(a, 37, LINUX_F_WRLCK, 0, 10), 0);
	assert_int_equal(lock_(b, 37, LINUX_F_RDLCK, 9, 1), E_AGAIN);
	assert_int_equal(lock_(b, 37, LINUX_F_RDLCK, 10, 0), 0);
	assert_int_equal(lock_(a, 37, LINUX_F_UNLCK, 3, 3), 0);
	assert_int_equal(lock_(b, 37, LINUX_F_WRLCK, 3, 3), 0);
	assert_int_equal(lock_(b, 37, LINUX_F_WRLCK, 2, 1), E_AGAIN);
	assert_int_equal(lock_(b, 6, LINUX_F_WRLCK, 6, 1), E_AGAIN);
	assert_int_equal(file_flock(vfs_object(a), 2), 0);
	assert_int_equal(file_flock(vfs_object(b), 1 | 4), E_AGAIN);
	vfs_close(a);
	assert_int_equal(file_flock(vfs_object(b), 2 | 4), 0);
	assert_int_equal(lock_(b, 37, LINUX_F_WRLCK, 0, 0), 0);
	assert_int_equal(lock_(b, 6, LINUX_F_WRLCK, 0, 0), E_AGAIN);
}

/* Reclaim takes what nobody uses and keeps what is used. */
static void names__shrink(void **state)
{
	struct linux_stat st;
	char name[32];
	int fd;

	(void)state;
	assert_int_equal(mkdir_("/d"), 0);
	for (unsigned i = 0; i < 100; i++) {
		sprintf(name, "/d/%u", i);
		touch(name);
	}
	fd = open_("/d/7", O_RDONLY);
	assert_true(names_shrink(1000) >= 99);
	assert_int_equal(sys_fstat(fd, user(&st)), 0);
	assert_int_equal(stat_("/d/8", &st), 0);
	assert_int_equal(stat_("/d/7", &st), 0);
}

/* A path of a few components, now and then with dots and a last slash. */
static void random_path(char *out)
{
	static const char *const part[] = {
	    "a", "b", "c", "a", "b", "c", "longer-than-the-words", ".", ".."};
	unsigned n = 1 + shim_random(4);

	*out = '\0';
	while (n--) {
		strcat(out, "/");
		strcat(out, part[shim_random(COUNT(part))]);
	}
	if (shim_random(12) == 0)
		strcat(out, "/");
}

static long host(long r)
{
	return r < 0 ? -errno : r;
}

static const uint32_t open_choices[] = {O_RDONLY, O_WRONLY, O_RDWR | O_CREAT,
    O_RDWR | O_CREAT | O_EXCL, O_WRONLY | O_TRUNC, O_RDONLY | O_DIRECTORY,
    O_RDONLY | O_NOFOLLOW, O_WRONLY | O_CREAT | O_TRUNC, O_PATH,
    O_PATH | O_NOFOLLOW, O_RDONLY | O_CREAT, O_CREAT | O_NOFOLLOW | O_WRONLY};

/* One random change or question to both; the results must be the same. */
/* long: flat switch */
static void both(char *what, long *ours, long *theirs)
{
	char p[128], q[128];
	struct linux_stat st;
	struct stat hs;
	uint32_t flags;
	long fd;

	random_path(p);
	random_path(q);
	switch (shim_random(12)) {
	case 0:
	case 1:
		sprintf(what, "mkdir %s", p);
		*theirs = host(mkdir(p, 0755));
		*ours = mkdir_(p);
		break;
	case 2:
		sprintf(what, "rmdir %s", p);
		*theirs = host(rmdir(p));
		*ours = sys_rmdir(user(p));
		break;
	case 3:
		sprintf(what, "unlink %s", p);
		*theirs = host(unlink(p));
		*ours = sys_unlink(user(p));
		break;
	case 4:
	case 5:
		flags = open_choices[shim_random(COUNT(open_choices))];
		sprintf(what, "open %s %o", p, flags);
		fd = host(syscall(2, p, flags, 0644));
		*theirs = fd < 0 ? fd : 0;
		if (fd >= 0)
			close((int)fd);
		fd = open_(p, flags);
		*ours = fd < 0 ? fd : 0;
		if (fd >= 0)
			vfs_close((int)fd);
		break;
	case 6:
	case 7:
		flags = shim_random(3);
		sprintf(what, "rename %s %s %u", p, q, flags);
		*theirs = host(syscall(316, -100, p, -100, q, flags));
		*ours = sys_renameat2(FD_CWD, user(p), FD_CWD, user(q), flags);
		break;
	case 8:
		sprintf(what, "link %s %s", p, q);
		*theirs = host(link(p, q));
		*ours = sys_link(user(p), user(q));
		break;
	case 9:
		sprintf(what, "symlink %s %s", p + 1, q);
		*theirs = host(symlink(p + 1, q));
		*ours = sys_symlink(user(p + 1), user(q));
		break;
	case 10:
		sprintf(what, "truncate %s", p);
		*theirs = host(truncate(p, 7));
		*ours = sys_truncate(user(p), 7);
		break;
	default:
		flags = shim_random(2);
		sprintf(what, "stat %s %u", p, flags);
		*theirs = host(flags ? lstat(p, &hs) : stat(p, &hs));
		*ours = sys_newfstatat(
		    FD_CWD, user(p), user(&st), flags ? 0x100 : 0);
		if (*ours == 0 && *theirs == 0) {
			*ours = st.mode & NODE_TYPE;
			*theirs = hs.st_mode & NODE_TYPE;
		}
		if (*ours == NODE_REG && *theirs == NODE_REG) {
			*ours = (long)(st.size * 1000 + (int64_t)st.nlink);
			*theirs = (long)(hs.st_size * 1000 + (long)hs.st_nlink);
		}
		break;
	}
}

/* In a child, because it changes its root; 77: not allowed to. */
static int agree_child(const char *dir)
{
	unsigned rounds = getenv("ROUNDS") ? atoi(getenv("ROUNDS")) : 30000;
	char what[300];
	long ours, theirs;

	if (chroot(dir) != 0 || chdir("/") != 0)
		return 77;
	umask(022);
	for (unsigned i = 0; i < rounds; i++) {
		both(what, &ours, &theirs);
		if (ours != theirs) {
			fprintf(stderr, "%u: %s: %ld, the host says %ld\n", i,
			    what, ours, theirs);
			return 1;
		}
		if (i % 512 == 0)
			names_shrink(shim_random(20));
	}
	return 0;
}

/* Thousands of calls give what this machine's kernel gives. */
static void calls__agree_with_the_host(void **state)
{
	char dir[] = "/tmp/vfs_test.XXXXXX", command[64];
	int status = 0;
	pid_t pid;

	(void)state;
	assert_non_null(mkdtemp(dir));
	pid = fork();
	if (pid == 0)
		_exit(agree_child(dir));
	waitpid(pid, &status, 0);
	sprintf(command, "rm -rf %s", dir);
	(void)!system(command);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)
	const struct CMUnitTest tests[] = {T(walk__dots), T(walk__links),
	    T(walk__lengths), T(access__is_checked), T(file__contents),
	    T(file__holes), T(exec__excludes_writers), T(rename__moves),
	    T(tmpfile__can_be_linked), T(mount__life), T(namespace__copies),
	    T(getdents__lists_each_once), T(locks__exclude), T(names__shrink),
	    T(calls__agree_with_the_host)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
