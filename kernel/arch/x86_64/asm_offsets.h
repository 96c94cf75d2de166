/* kernel/arch/x86_64/asm_offsets.h -- what assembly knows of C structures. */
/* SPDX-License-Identifier: MIT */
#pragma once

/* struct regs, from its lowest address (r15). */
#define REGS_R15      0
#define REGS_R14      8
#define REGS_R13      16
#define REGS_R12      24
#define REGS_RBP      32
#define REGS_RBX      40
#define REGS_R11      48
#define REGS_R10      56
#define REGS_R9       64
#define REGS_R8       72
#define REGS_RAX      80
#define REGS_RCX      88
#define REGS_RDX      96
#define REGS_RSI      104
#define REGS_RDI      112
#define REGS_ORIG_RAX 120
#define REGS_RIP      128
#define REGS_CS       136
#define REGS_RFLAGS   144
#define REGS_RSP      152
#define REGS_SS       160
#define REGS_SIZE     168

/* struct thread. */
#define THREAD_KSTACK_TOP 0
#define THREAD_SAVED_SP   8
#define THREAD_WORD       16 /* state ... work */
#define THREAD_WORK       22
#define THREAD_CALLS      24
#define THREAD_FS         32
#define THREAD_GS         40
#define THREAD_FPU        48
#define THREAD_ASPACE     56
#define THREAD_PROCESS    64
#define THREAD_TID        72
/* The first half of the word: fair and running; fair, asleep, direct. */
#define THREAD_RUNNING_HALF 0x01000100
#define THREAD_ASLEEP_HALF  0x00010101

/* The rest is for ipc/fastpath.S. thread->ipc: */
#define IPC_STATE_AT 80
#define IPC_LINK     88
#define IPC_PORT     104
#define IPC_MORE     120
#define IPC_SLOT     128
#define IPC_ANSWER   144
#define IPC_CPU      202
/* enum ipc_state, enum rights, abi/ipc.h. */
#define IPC_STATE_IDLE      0
#define IPC_STATE_RECEIVING 2
#define IPC_STATE_WAITING   4
#define ASM_RIGHT_CALL      0x100
#define ASM_RIGHT_SERVE     0x200
#define TAG_WINDOW          0x80

/* struct process, desc_table, desc_array, grant, silo. */
#define PROCESS_SILO    16
#define PROCESS_THREADS 152
#define PROCESS_DESCS   232
#define DESCS_ARRAY     0
#define DESCS_REFS      8
#define ARRAY_SIZE      0
#define ARRAY_SLOTS     32
#define GRANT_REVOKED   4
#define GRANT_BADGE     16
#define GRANT_OBJECT    24
#define SILO_SID        0
#define SILO_LABEL      4
#define SILO_FLOW       8

/* What holds a lock, which is larger in debug builds. */
#ifdef CONFIG_DEBUG
#define PORT_SEND         136
#define PORT_CALLER_COUNT 304
#define PORT_CPUS         384
#define PORT_SERVER       320
#define RUNQUEUE_CURRENT  24
#define RUNQUEUE_SELF     32
#define RUNQUEUE_ORDINARY 40
#define RUNQUEUE_PORT_CPU 48
#define ASPACE_TOP        96
#define ASPACE_TLB        112
#else
#define PORT_SEND         120
#define PORT_CALLER_COUNT 264
#define PORT_CPUS         384
#define PORT_SERVER       280
#define RUNQUEUE_CURRENT  8
#define RUNQUEUE_SELF     16
#define RUNQUEUE_ORDINARY 24
#define RUNQUEUE_PORT_CPU 32
#define ASPACE_TOP        72
#define ASPACE_TLB        88
#endif

/* tlb_cpu, cpu_features, struct tss. */
#define TLB_LOADED 0
#define TLB_CR3    8
#define TLB_WRITES 184
#define CPU_PCID   6
#define TSS_RSP0   4
