/* chevron/session.c -- the terminal side of an interactive shell. */
/* SPDX-License-Identifier: MIT */
#include "chevron/session.h"
#include "chevron/complete.h"
#include "chevron/edit.h"
#include "lib/fmt.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { DEFAULT_COLUMNS = 80, CTRL_C = 3 };

/* One person, one line at a time: there is one editor. */
static struct editor editor;
static struct history history;
static struct out screen = {.fd = 1};

/* Wait until this group is the foreground one, then lead an own group. */
static bool take_job_control(struct shell *sh)
{
	pid_t group, own = getpgrp();

	sh->tty = fcntl(0, F_DUPFD_CLOEXEC, SHELL_FD_MIN);
	while ((group = tcgetpgrp(sh->tty)) != own) {
		if (group < 0)
			return false;
		kill(-own, SIGTTIN);
		own = getpgrp();
	}
	if (own != sh->pid && setpgid(0, sh->pid) != 0)
		return false;
	signal(SIGTTOU, SIG_IGN);
	return tcsetpgrp(sh->tty, sh->pid) == 0;
}

void session_begin(struct shell *sh)
{
	const char *home = var_get(sh, "HOME");
	const char *term = var_get(sh, "TERM");
	char path[PATH_MAX];

	sh->interactive = true;
	sh->job_control = take_job_control(sh);
	if (!sh->job_control) {
		if (sh->tty >= 0)
			close(sh->tty);
		sh->tty = -1;
	}
	shell_signals_interactive();
	if (home != NULL && fmt_buf(path, sizeof(path), "%s/.chevron_history",
	                        home) < sizeof(path) - 1)
		history_load(&history, path);
	sh->history = &history;
	editor.history = &history;
	editor.dumb = term && strcmp(term, "dumb") == 0;
}

static void learn_width(struct editor *e)
{
	struct winsize w = {0};

	e->columns = DEFAULT_COLUMNS;
	if (ioctl(0, TIOCGWINSZ, &w) == 0 && w.ws_col > 0)
		e->columns = w.ws_col;
}

/*
 * Ctrl-C stays a signal while a line is edited. One that comes when the line
 * is complete and its command not yet started is then the command's, at
 * whatever moment; as a byte it would be left in the queue, seen by nobody.
 * The editor takes signals in ppoll only: none is lost between two looks.
 */
static void hold_signals(sigset_t *before)
{
	sigset_t held;

	sigemptyset(&held);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGWINCH);
	sigprocmask(SIG_BLOCK, &held, before);
}

static bool raw_mode(struct shell *sh)
{
	struct termios t;

	if (tcgetattr(0, &sh->modes) != 0)
		return false;
	sh->modes_known = true;
	t = sh->modes;
	t.c_iflag &= ~(tcflag_t)(IXON | ICRNL | INLCR | IGNCR | ISTRIP);
	t.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
	t.c_lflag |= ISIG;
	t.c_cc[VINTR] = CTRL_C;
	t.c_cc[VQUIT] = t.c_cc[VSUSP] = _POSIX_VDISABLE;
	t.c_oflag |= OPOST | ONLCR; /* a job may have left them off */
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	return tcsetattr(0, TCSADRAIN, &t) == 0;
}

/*
 * Byte by byte: what is typed ahead belongs to the command that runs next.
 * Signals of open come here; Ctrl-C is given on as the key that it was.
 */
static bool next_byte(
    struct editor *e, const sigset_t *open, unsigned char *byte)
{
	struct pollfd fd = {.fd = 0, .events = POLLIN};

	for (;;) {
		if (ppoll(&fd, 1, NULL, open) > 0)
			return read(0, byte, 1) == 1;
		if (errno != EINTR)
			return false;
		if (shell_interrupted()) {
			shell_clear_interrupt();
			*byte = CTRL_C;
			return true;
		}
		if (shell_window_changed()) {
			learn_width(e);
			e->shown = SIZE_MAX;
			edit_render(e, &screen);
			out_flush(&screen);
		}
	}
}

static enum edit_event edit_line(
    struct shell *sh, struct editor *e, const sigset_t *open)
{
	enum edit_event event = EDIT_MORE;
	bool tab_before = false;
	unsigned char byte;

	for (;;) {
		edit_render(e, &screen);
		out_flush(&screen);
		if (!next_byte(e, open, &byte))
			return EDIT_END;
		event = edit_feed(e, byte);
		switch (event) {
		case EDIT_MORE:
			break;
		case EDIT_COMPLETE:
			complete(sh, e, tab_before, &screen);
			break;
		case EDIT_CLEAR:
			out_str(&screen, e->dumb ? "\r\n" : "\033[H\033[2J");
			edit_forget_screen(e);
			break;
		case EDIT_BELL:
			out_char(&screen, '\a');
			break;
		default:
			return event;
		}
		tab_before = event == EDIT_COMPLETE;
	}
}

/* Without terminal modes: plain lines with a prompt. */
static enum session_line plain_line(const char *prompt, char **line)
{
	size_t n = 0;
	char *s = xmalloc(EDIT_LINE_MAX), c;
	ssize_t got;

	out_str(&screen, prompt);
	out_flush(&screen);
	while (
	    (got = read(0, &c, 1)) == 1 && c != '\n' && n < EDIT_LINE_MAX - 1)
		s[n++] = c;
	s[n] = '\0';
	*line = s;
	if (got == 1 || n > 0)
		return SESSION_LINE;
	free(s);
	return got < 0 && errno == EINTR ? SESSION_INTERRUPT : SESSION_END;
}

enum session_line session_read_line(
    struct shell *sh, const char *prompt, char **line)
{
	struct editor *e = &editor;
	enum edit_event event;
	sigset_t before;

	hold_signals(&before);
	if (!raw_mode(sh)) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		return plain_line(prompt, line);
	}
	learn_width(e);
	edit_begin(e, prompt);
	event = edit_line(sh, e, &before);
	edit_leave(e, &screen);
	out_flush(&screen);
	tcsetattr(0, TCSADRAIN, &sh->modes);
	shell_clear_interrupt(); /* what was held back is for the command */
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (event == EDIT_INTERRUPT)
		return SESSION_INTERRUPT;
	if (event == EDIT_END)
		return SESSION_END;
	*line = xmalloc(e->len + 1);
	if (e->len > 0)
		memcpy(*line, e->text, e->len);
	(*line)[e->len] = '\0';
	history_add(&history, *line);
	return SESSION_LINE;
}
