/* kernel/object/exec.h -- replacing a process's program. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/object/elf.h"
#include "kernel/object/process.h"

/*
 * execve and execveat: path is kernel text; argv and envp are user arrays of
 * user strings, NULL: empty. On success the caller's user registers are those
 * of the new program. Once the old program is gone a failure kills.
 */
struct exec_args;
/* The same with arguments that were copied; scripts put theirs before them. */
enum err process_exec_args(const char *path, struct exec_args *args);

enum err process_exec(int dirfd, const char *path, unsigned walk_flags,
    struct uptr argv, struct uptr envp);
