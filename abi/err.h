/* abi/err.h -- every error a system call or a strate can return. */
/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * One error space for native and Linux calls: our names, Linux's negative
 * values.  One list, two users: this enum and err_name().
 */
#define ERR_LIST(X)                                              \
	X(E_PERM, -1, "operation not permitted")                 \
	X(E_NOENT, -2, "no such file or directory")              \
	X(E_SRCH, -3, "no such process")                         \
	X(E_INTR, -4, "interrupted by a signal")                 \
	X(E_IO, -5, "input/output error")                        \
	X(E_NXIO, -6, "no such device or address")               \
	X(E_2BIG, -7, "argument list too long")                  \
	X(E_NOEXEC, -8, "not an executable format")              \
	X(E_BADF, -9, "bad descriptor")                          \
	X(E_CHILD, -10, "no child process")                      \
	X(E_AGAIN, -11, "try again")                             \
	X(E_NOMEM, -12, "out of memory or quota")                \
	X(E_ACCES, -13, "permission denied")                     \
	X(E_FAULT, -14, "bad user address")                      \
	X(E_NOTBLK, -15, "not a block device")                   \
	X(E_BUSY, -16, "device or resource busy")                \
	X(E_EXIST, -17, "file exists")                           \
	X(E_XDEV, -18, "crosses a mount or scheme")              \
	X(E_NODEV, -19, "no such device")                        \
	X(E_NOTDIR, -20, "not a directory")                      \
	X(E_ISDIR, -21, "is a directory")                        \
	X(E_INVAL, -22, "invalid argument")                      \
	X(E_NFILE, -23, "too many open files in the system")     \
	X(E_MFILE, -24, "too many open descriptors")             \
	X(E_NOTTY, -25, "not a terminal")                        \
	X(E_TXTBSY, -26, "executable is busy")                   \
	X(E_FBIG, -27, "file too large")                         \
	X(E_NOSPC, -28, "no space left")                         \
	X(E_SPIPE, -29, "cannot seek")                           \
	X(E_ROFS, -30, "read-only")                              \
	X(E_MLINK, -31, "too many links")                        \
	X(E_PIPE, -32, "broken pipe")                            \
	X(E_DOM, -33, "argument out of domain")                  \
	X(E_RANGE, -34, "result out of range")                   \
	X(E_DEADLK, -35, "deadlock avoided")                     \
	X(E_NAMETOOLONG, -36, "name too long")                   \
	X(E_NOSYS, -38, "system call not offered")               \
	X(E_NOTEMPTY, -39, "directory not empty")                \
	X(E_LOOP, -40, "too many symbolic links")                \
	X(E_NODATA, -61, "no data")                              \
	X(E_TIME, -62, "timer expired")                          \
	X(E_NOLINK, -67, "link severed")                         \
	X(E_PROTO, -71, "protocol error")                        \
	X(E_OVERFLOW, -75, "value too large")                    \
	X(E_ILSEQ, -84, "illegal byte sequence")                 \
	X(E_NOTSOCK, -88, "not a socket")                        \
	X(E_DESTADDRREQ, -89, "destination address required")    \
	X(E_MSGSIZE, -90, "message too long")                    \
	X(E_PROTOTYPE, -91, "wrong type of socket")              \
	X(E_NOPROTOOPT, -92, "no such option")                   \
	X(E_PROTONOSUPPORT, -93, "protocol not supported")       \
	X(E_SOCKTNOSUPPORT, -94, "type of socket not supported") \
	X(E_OPNOTSUPP, -95, "operation not supported")           \
	X(E_AFNOSUPPORT, -97, "address family not supported")    \
	X(E_ADDRINUSE, -98, "address in use")                    \
	X(E_ADDRNOTAVAIL, -99, "address not available")          \
	X(E_CONNRESET, -104, "other end is gone")                \
	X(E_NOBUFS, -105, "queue full")                          \
	X(E_ISCONN, -106, "already connected")                   \
	X(E_NOTCONN, -107, "not connected")                      \
	X(E_TOOMANYREFS, -109, "too many descriptors in flight") \
	X(E_TIMEDOUT, -110, "timed out")                         \
	X(E_CONNREFUSED, -111, "connection refused")             \
	X(E_ALREADY, -114, "already under way")                  \
	X(E_INPROGRESS, -115, "begun, not finished")             \
	X(E_CANCELED, -125, "cancelled")                         \
	X(E_OWNERDEAD, -130, "owner died")                       \
	/* Kernel-internal: how an interrupted call restarts. */ \
	X(E_RESTARTSYS, -512, "restart if the handler says so")  \
	X(E_RESTARTNOINTR, -513, "restart always")               \
	X(E_RESTARTNOHAND, -514, "restart without a handler")    \
	X(E_RESTART_BLOCK, -516, "restart by restart_syscall")

/* clang-format off */
enum [[nodiscard]] err {
	OK = 0,
#define X(name, value, text) name = value,
	ERR_LIST(X)
#undef X
};
/* clang-format on */

/* The name of an error ("E_INVAL"), "OK", or "E_?" for an unknown value. */
const char *err_name(enum err e);
