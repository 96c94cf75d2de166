/* chevron/complete.h -- completion of commands and paths. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "chevron/edit.h"
#include "chevron/shell.h"

/* Complete the word before the editor's cursor.  When nothing could be added
 * and list is true, the candidates are printed to o below the line. */
void complete(struct shell *sh, struct editor *e, bool list, struct out *o);
