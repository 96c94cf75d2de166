/* kernel/ipc/cycle.h -- calls that would wait for themselves. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/ipc/port.h"

/*
 * Would the current thread, waiting for p to receive its call, wait for itself?
 * True when p's only server waits, through others or not, for us. Only needed
 * where no receiver waits: one that does cannot wait for us.
 */
bool cycle_closes(struct port *p);

/* The current thread receives at p: remember its only server. */
void cycle_note_server(struct port *p);
