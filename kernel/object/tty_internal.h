/* kernel/object/tty_internal.h -- what the files of the terminal share. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/object/process.h"
#include "kernel/object/tty.h"
#include "kernel/vfs/file.h"

/*
 * An open terminal is a struct file: priv is the tty, priv_size what
 * tty->hangups was when it was opened.
 */
static inline struct file *tty_file_of(struct object *o)
{
	return container_of(o, struct file, object);
}

static inline struct tty *tty_of(const struct file *f)
{
	return f->priv;
}

/* This open was hung up. */
static inline bool tty_file_dead(const struct file *f)
{
	return __atomic_load_n(&tty_of(f)->hangups, __ATOMIC_ACQUIRE) !=
	       f->priv_size;
}

/*
 * Job control: may the current process, perhaps in the background, go on with
 * what signo (SIGTTIN, SIGTTOU) is for? OK; E_RESTARTSYS: the signal was sent
 * to its group; E_IO: it cannot be stopped.
 */
enum err tty_job_check(struct tty *t, int signo);

/* Send to the foreground group. Any context. */
void tty_signal_foreground(struct tty *t, int signo);

/* Open by a session leader without a terminal. */
void tty_job_open(struct tty *t);

/* TIOCSCTTY, TIOCNOTTY, TIOCGPGRP, TIOCSPGRP, TIOCGSID. */
enum err tty_job_take(struct tty *t, bool steal);
enum err tty_job_leave(struct tty *t);
enum err tty_job_get_foreground(struct tty *t, uint32_t *pgid);
enum err tty_job_set_foreground(struct tty *t, uint32_t pgid);
enum err tty_job_get_session(struct tty *t, uint32_t *sid);
void tty_job_hangup(struct tty *t);

/* Settings, flow, drain, sizes; the rest goes to job control. */
long tty_ioctl(struct object *o, uint32_t cmd, uint64_t arg);
