/* abi/native_calls.h -- the native system calls, by number. */
/* SPDX-License-Identifier: MIT */
/* repeated: included several times, from C and assembly; see syscall.h. */
/*
 * NATIVE(nr, name): handler sys_name, six register arguments, a value or a
 * negative error. NATIVE_REGS: the handler reads and writes the registers of
 * the user (abi/ipc.h). NATIVE_FAST: the same, tried in a shorter way first.
 * Numbers are for good; Linux's lie below 1000.
 */
NATIVE(1000, native_null)
NATIVE(1001, port_create)
NATIVE(1002, port_mint)
NATIVE_FAST(1003, ipc_call)
NATIVE_FAST(1004, ipc_reply_receive)
NATIVE_REGS(1005, ipc_receive)
NATIVE_REGS(1006, ipc_reply)
NATIVE(1007, ipc_detach)
NATIVE(1008, msg_read)
NATIVE(1009, msg_write)
NATIVE(1010, reply_read)
NATIVE(1011, reply_write)
NATIVE(1020, event_create)
NATIVE(1021, event_signal)
NATIVE(1022, event_wait)
NATIVE(1023, event_bind)
NATIVE(1024, channel_create)
NATIVE(1025, channel_send)
NATIVE(1026, channel_receive)
NATIVE(1027, semaphore_create)
NATIVE(1028, semaphore_post)
NATIVE(1029, semaphore_wait)
NATIVE(1030, cap_limit)
NATIVE(1040, silo_create)
NATIVE(1041, silo_start)
NATIVE(1042, silo_control)
NATIVE(1043, silo_rename)
NATIVE(1044, silo_info)
NATIVE(1045, silo_list)
NATIVE(1046, silo_open)
NATIVE(1047, silo_narrow)
NATIVE(1048, silo_quota)
NATIVE(1050, pledge)
NATIVE(1051, unveil)
NATIVE(1052, sandbox_enter)
NATIVE(1070, vmo_create)
NATIVE(1071, vmo_seal_exec)
