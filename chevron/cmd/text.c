/* chevron/cmd/text.c -- cat, head and wc. */
/* SPDX-License-Identifier: MIT */
#include "chevron/cmd/text.h"
#include "chevron/cmd/cmd.h"
#include "chevron/cmd/lines.h"
#include "lib/text.h"
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 64 << 10 };

/* The operands, or standard input when there are none. */
static char *const standard_input[] = {(char *)"-", NULL};

static char *const *operands(const struct options *o, int argc, char **argv)
{
	return o->at < argc ? argv + o->at : standard_input;
}

/* fd to standard output, straight through. */
static int copy_through(const char *name, int fd, const char *path)
{
	static char *buf;
	ssize_t n;
	int e;

	if (buf == NULL)
		buf = xmalloc(BLOCK);
	out_flush(&cmd_out);
	while ((n = read(fd, buf, BLOCK)) != 0) {
		if (shell_interrupted())
			return STATUS_SIGNAL + 2;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return cmd_errno(name, "cannot read %s", path);
		e = write_all(1, buf, (size_t)n);
		if (e != 0) {
			errno = e;
			return cmd_errno(name, "write");
		}
	}
	return 0;
}

static int number_lines(const char *name, int fd, const char *path, long *line)
{
	struct lines l = {0};
	size_t n;
	char *s;

	lines_begin(&l, fd);
	while ((s = lines_next(&l, &n)) != NULL) {
		out_fmt(&cmd_out, "%6ld\t", ++*line);
		out_mem(&cmd_out, s, n);
		if (l.ended)
			out_char(&cmd_out, '\n');
	}
	lines_free(&l);
	errno = l.error;
	return l.error ? cmd_errno(name, "cannot read %s", path) : 0;
}

int cmd_cat(struct shell *sh, int argc, char **argv)
{
	struct options o = {0};
	bool number = false;
	int c, status = 0;
	long line = 0;

	(void)sh;
	while ((c = options_next(&o, argc, argv, "nu")) != 0) {
		if (c == '?')
			return STATUS_USAGE;
		number |= c == 'n';
	}
	for (char *const *p = operands(&o, argc, argv); *p; p++) {
		int fd = lines_open(argv[0], *p);

		if (fd < 0) {
			status = 1;
			continue;
		}
		if (number)
			status |= number_lines(argv[0], fd, *p, &line);
		else
			status |= copy_through(argv[0], fd, *p);
		close(fd);
	}
	return status;
}

/* The first bytes; what was read too much is given back where possible. */
static int head_bytes(const char *name, int fd, const char *path, int64_t left)
{
	char buf[4096];
	ssize_t n;

	while (left > 0) {
		size_t want =
		    left < (int64_t)sizeof(buf) ? (size_t)left : sizeof(buf);

		n = read(fd, buf, want);
		if (n < 0 && errno == EINTR && !shell_interrupted())
			continue;
		if (n < 0)
			return cmd_errno(name, "cannot read %s", path);
		if (n == 0)
			break;
		out_mem(&cmd_out, buf, (size_t)n);
		left -= n;
	}
	return 0;
}

static int head_lines(const char *name, int fd, const char *path, int64_t left)
{
	struct lines l = {0};
	size_t n;
	char *s;

	lines_begin(&l, fd);
	while (left-- > 0 && (s = lines_next(&l, &n)) != NULL) {
		out_mem(&cmd_out, s, n);
		if (l.ended)
			out_char(&cmd_out, '\n');
	}
	if (l.from < l.to) /* the rest belongs to the next reader */
		(void)lseek(fd, -(off_t)(l.to - l.from), SEEK_CUR);
	lines_free(&l);
	errno = l.error;
	return l.error ? cmd_errno(name, "cannot read %s", path) : 0;
}

int cmd_head(struct shell *sh, int argc, char **argv)
{
	struct options o = {0};
	int64_t lines = 10, bytes = -1;
	int c, status = 0;
	bool many;

	(void)sh;
	if (argc > 1 && argv[1][0] == '-' &&
	    isdigit((unsigned char)argv[1][1]) &&
	    text_to_i64(argv[1] + 1, &lines))
		o.at = 2; /* head -5 */
	while ((c = options_next(&o, argc, argv, "n:c:")) != 0) {
		if (c == '?')
			return STATUS_USAGE;
		if (!text_to_i64(o.value, c == 'n' ? &lines : &bytes))
			return cmd_error(argv[0], "%s: not a number", o.value);
	}
	many = argc - o.at > 1;
	for (char *const *p = operands(&o, argc, argv); *p; p++) {
		int fd = lines_open(argv[0], *p);

		if (fd < 0) {
			status = 1;
			continue;
		}
		if (many)
			out_fmt(&cmd_out, "%s==> %s <==\n",
			    p == argv + o.at ? "" : "\n", *p);
		status |= bytes >= 0 ? head_bytes(argv[0], fd, *p, bytes)
		                     : head_lines(argv[0], fd, *p, lines);
		close(fd);
	}
	return status;
}

struct counts {
	uint64_t lines, words, bytes, characters;
};

static int count_file(
    const char *name, int fd, const char *path, struct counts *c)
{
	bool in_word = false;
	char buf[8192];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (shell_interrupted())
			return STATUS_SIGNAL + 2;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return cmd_errno(name, "cannot read %s", path);
		c->bytes += (uint64_t)n;
		for (ssize_t i = 0; i < n; i++) {
			unsigned char b = (unsigned char)buf[i];
			bool blank = b == ' ' || (b >= '\t' && b <= '\r');

			c->lines += b == '\n';
			c->words += !blank && !in_word;
			c->characters += (b & 0xc0) != 0x80;
			in_word = !blank;
		}
	}
	return 0;
}

static void print_counts(
    const struct counts *c, const char *what, const char *path, bool pad)
{
	bool first = true;

	for (const char *k = "lwmc"; *k; k++) {
		uint64_t v = *k == 'l'   ? c->lines
		             : *k == 'w' ? c->words
		             : *k == 'm' ? c->characters
		                         : c->bytes;

		if (!strchr(what, *k))
			continue;
		out_fmt(&cmd_out, "%s%*lu", first ? "" : " ", pad ? 7 : 0,
		    (unsigned long)v);
		first = false;
	}
	out_fmt(&cmd_out, "%s%s\n", path ? " " : "", path ? path : "");
}

int cmd_wc(struct shell *sh, int argc, char **argv)
{
	struct options o = {0};
	struct counts total = {0};
	char what[8] = "";
	int c, status = 0, n = 0;

	(void)sh;
	while ((c = options_next(&o, argc, argv, "lwcm")) != 0) {
		if (c == '?')
			return STATUS_USAGE;
		if (!strchr(what, c))
			what[n++] = (char)c;
	}
	if (n == 0)
		memcpy(what, "lwc", 4);
	for (char *const *p = operands(&o, argc, argv); *p; p++) {
		struct counts one = {0};
		int fd = lines_open(argv[0], *p);

		if (fd < 0) {
			status = 1;
			continue;
		}
		status |= count_file(argv[0], fd, *p, &one);
		close(fd);
		print_counts(&one, what, o.at < argc ? *p : NULL,
		    what[1] != '\0' || argc - o.at > 1);
		total.lines += one.lines;
		total.words += one.words;
		total.bytes += one.bytes;
		total.characters += one.characters;
	}
	if (argc - o.at > 1)
		print_counts(&total, what, "total", true);
	return status;
}
