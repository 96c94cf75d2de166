/* kernel/vfs/file_seq.h -- text files: a snapshot per open file. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/vfs/file.h"

/* Read from the text, which is made anew at offset 0. */
long file_seq_read(struct file *f, struct uio *u, uint64_t pos);
void file_seq_free(struct file *f);
