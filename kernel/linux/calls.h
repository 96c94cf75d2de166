/* kernel/linux/calls.h -- the rest of the Linux personality, by number. */
/* SPDX-License-Identifier: MIT */
/* Included several times, from C and assembly: see kernel/sys/syscall.h. */
SYSCALL(96, gettimeofday)
SYSCALL(164, settimeofday)
SYSCALL(201, time)
SYSCALL(227, clock_settime)
SYSCALL(229, clock_getres)
SYSCALL(230, clock_nanosleep)
