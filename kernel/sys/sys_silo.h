/* kernel/sys/sys_silo.h -- native calls: silos. See abi/silo.h. */
/* SPDX-License-Identifier: MIT */
#pragma once
#include "kernel/core/types.h"

/*
 * Make a silo; returns a descriptor of it. E_PERM: no MODE_SPAWN, or more than
 * the caller's silo has or a silo of that tier may have; E_INVAL, E_EXIST,
 * E_AGAIN, E_NOMEM, E_MFILE, E_FAULT.
 */
long sys_silo_create(struct uptr config);
/* Run a program in it (MANAGE): its pid. Errors: silo_launch, exec's. */
long sys_silo_start(int fd, struct uptr spawn);
/* enum silo_op. SIGNAL; MANAGE for SILO_DESTROY. */
long sys_silo_control(int fd, uint32_t op);
/* A name of SILO_NAME_MAX bytes at most (MANAGE). */
long sys_silo_rename(int fd, struct uptr name);
/* A struct silo_info (READ); fd -1: the caller's own silo. */
long sys_silo_info(int fd, struct uptr out);
/* SIDs above `after`, at most n, into an array: how many. MODE_LIST. */
long sys_silo_list(uint32_t after, struct uptr out, uint32_t n);
/*
 * A descriptor of a silo with as many of `rights` as the caller's mode has
 * bits for: LIST: READ, WAIT; STOP: SIGNAL; SPAWN: MANAGE. E_PERM: not all;
 * E_SRCH: no such silo, or no MODE_LIST to see it.
 */
long sys_silo_open(uint32_t sid, uint32_t rights);
/* Take away what is not in mode and flow (MANAGE). E_PERM: the boot silo. */
long sys_silo_narrow(int fd, uint32_t mode, uint32_t flow);
/* Change a quota, up to the caller's silo's own (MANAGE). E_PERM. */
long sys_silo_quota(int fd, uint32_t quota, uint64_t value);
