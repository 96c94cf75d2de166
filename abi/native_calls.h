/* abi/native_calls.h -- the native system calls, by number. */
/* SPDX-License-Identifier: MIT */
/* repeated: included several times, from C and assembly; see syscall.h. */
/*
 * NATIVE(nr, name): handler sys_name, six register arguments, a value or a
 * negative error. NATIVE_REGS: the handler reads and writes the registers of
 * the user (abi/ipc.h). Numbers are for good; Linux's lie below 1000.
 */
NATIVE(1000, native_null)
NATIVE(1020, event_create)
NATIVE(1021, event_signal)
NATIVE(1022, event_wait)
NATIVE(1023, event_bind)
