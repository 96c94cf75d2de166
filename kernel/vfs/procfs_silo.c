/* kernel/vfs/procfs_silo.c -- /proc/silos and /proc/PID/silo. */
/* SPDX-License-Identifier: MIT */
/* cold: compiled for size */
#include "kernel/vfs/procfs.h"
#include "kernel/object/restrict.h"
#include "kernel/object/silo_internal.h"

/*
 * A line per silo, fields apart by one blank, so that tools split them:
 *
 *	SID name mode family label state memory processes descriptors cpu
 *
 * mode in octal, label in hexadecimal, memory in pages and, as the two after
 * it, with its limit ("-": none), cpu in nanoseconds. Who may not list silos
 * sees his own.
 */
static const char *const families[FAMILIES] = {
    "SYS", "DRV", "FS", "NET", "WASM", "USR", "DSP", "JS"};
static const char *const states[] = {
    "created", "running", "suspended", "stopping", "dead", "destroyed"};

static const char *family_of(uint32_t label)
{
	const char *name = families[LABEL_FAMILY(label)];

	return name ? name : "?";
}

static void show_quota(struct text_out *t, const struct silo_info *i, int q)
{
	if (i->quota[q] == QUOTA_NONE)
		text_add(t, " %lu/-", (unsigned long)i->used[q]);
	else
		text_add(t, " %lu/%lu", (unsigned long)i->used[q],
		    (unsigned long)i->quota[q]);
}

static void show_line(struct text_out *t, struct silo *s)
{
	struct silo_info i;

	silo_fill_info(s, &i);
	text_add(t, "%u %s %03o %s %08x %s", i.sid, i.name, i.mode,
	    family_of(i.label), i.label, states[i.state]);
	show_quota(t, &i, QUOTA_MEMORY);
	show_quota(t, &i, QUOTA_PROCESSES);
	show_quota(t, &i, QUOTA_DESCRIPTORS);
	text_add(t, " %lu\n", (unsigned long)i.cpu_ns);
}

void proc_show_silos(struct text_out *t)
{
	struct silo *s;

	if (!(mode_control() & MODE_LIST)) {
		show_line(t, silo_current());
		return;
	}
	for (uint32_t sid = 1; (s = silo_next(&sid)) != NULL; sid++) {
		show_line(t, s);
		silo_put(s);
	}
}

enum err proc_show_silo(const struct proc_ref *r, struct text_out *t)
{
	struct process *p = r->process;
	struct silo *s = p->silo;
	char name[SILO_NAME_MAX];

	silo_copy_name(s, name);
	text_add(t, "Sid:\t%u\nName:\t%s\nLabel:\t%08x\nFamily:\t%s\n", s->sid,
	    name, s->label, family_of(s->label));
	text_add(t, "Mode:\t%03o\nPledge:\t%03o\nView:\t%u\nSandbox:\t%u\n",
	    atomic_load(&s->mode), p->pledge,
	    (p->restricted & RESTRICT_VIEW) != 0,
	    (p->restricted & RESTRICT_SANDBOX) != 0);
	return OK;
}
