/* kernel/sys/calls.h -- system calls that every silo may make, by number. */
/* SPDX-License-Identifier: MIT */
/* Included several times, from C and assembly: see syscall.h. */
SYSCALL(0, read)
SYSCALL(1, write)
SYSCALL(3, close)
SYSCALL(7, poll)
SYSCALL(8, lseek)
SYSCALL(19, readv)
SYSCALL(20, writev)
SYSCALL(32, dup)
SYSCALL(35, nanosleep)
SYSCALL(72, fcntl)
SYSCALL(202, futex)
SYSCALL(228, clock_gettime)
SYSCALL(318, getrandom)
