/* kernel/arch/x86_64/vt_impl.h -- between vt.c and vt_csi.c. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/arch/x86_64/vt.h"

/* Rows [from, to) will change: whoever shows the grid looks there. */
static inline void vt_dirty(struct vt *v, unsigned from, unsigned to)
{
	v->dirty_from = MIN(v->dirty_from, from);
	v->dirty_to = MAX(v->dirty_to, to);
}

void vt_clear(struct vt *v, unsigned from, unsigned to); /* cell indices */
/* Move the lines top..bottom by n: up when positive; blank what comes in. */
void vt_scroll(struct vt *v, unsigned top, unsigned bottom, int n);
/* Carry out ESC [ ... final. */
void vt_csi(struct vt *v, char final);
