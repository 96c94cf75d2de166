/* kernel/sys/calls.h -- system calls that every silo may make, by number. */
/* SPDX-License-Identifier: MIT */
/* Included several times, from C and assembly: see syscall.h. */
SYSCALL(35, nanosleep)
SYSCALL(202, futex)
SYSCALL(228, clock_gettime)
SYSCALL(318, getrandom)
