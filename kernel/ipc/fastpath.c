/* kernel/ipc/fastpath.c -- the C that fastpath.S leans on. */
/* SPDX-License-Identifier: MIT */
#include "kernel/ipc/fastpath.h"
#include "abi/native.h"
#include "kernel/arch/x86_64/asm_offsets.h"
#include "kernel/arch/x86_64/cpu.h"
#include "kernel/arch/x86_64/gdt.h"
#include "kernel/arch/x86_64/regs.h"
#include "kernel/core/runqueue.h"
#include "kernel/core/wait.h"
#include "kernel/ipc/message.h"
#include "kernel/ipc/transfer.h"
#include "kernel/mm/aspace_impl.h"
#include "kernel/object/desc_table.h"
#include "kernel/object/silo.h"

#define AT(type, field, value) \
	static_assert(offsetof(struct type, field) == (value), "asm")

AT(thread, state, THREAD_WORD);
AT(thread, class, THREAD_WORD + 1);
AT(thread, direct, THREAD_WORD + 2);
AT(thread, on_cpu, THREAD_WORD + 3);
AT(thread, cpu, THREAD_WORD + 4);
AT(thread, queued, THREAD_WORD + 5);
AT(thread, work, THREAD_WORD + 6);
AT(thread, calls, THREAD_CALLS);
AT(thread, user_fs_base, THREAD_FS);
AT(thread, user_gs_base, THREAD_GS);
AT(thread, fpu, THREAD_FPU);
AT(thread, aspace, THREAD_ASPACE);
AT(thread, process, THREAD_PROCESS);
AT(thread, tid, THREAD_TID);
AT(thread, ipc.state, IPC_STATE_AT);
AT(thread, ipc.link, IPC_LINK);
AT(thread, ipc.port, IPC_PORT);
AT(thread, ipc.more, IPC_MORE);
AT(thread, ipc.slot.caller, IPC_SLOT);
AT(thread, ipc.answer, IPC_ANSWER);
AT(thread, ipc.cpu, IPC_CPU);
AT(process, silo, PROCESS_SILO);
AT(process, thread_count, PROCESS_THREADS);
AT(process, descs, PROCESS_DESCS);
AT(desc_table, array, DESCS_ARRAY);
AT(desc_table, refs, DESCS_REFS);
AT(desc_array, size, ARRAY_SIZE);
AT(desc_slot, grant, 0);
AT(desc_slot, rights, 8);
AT(grant, revoked, GRANT_REVOKED);
AT(grant, badge, GRANT_BADGE);
AT(grant, object, GRANT_OBJECT);
AT(object, ops, 0);
AT(silo, sid, SILO_SID);
AT(silo, label, SILO_SID + 4);
AT(silo, label, SILO_LABEL);
AT(silo, flow, SILO_FLOW);
AT(port, serve, 0);
AT(port, send, PORT_SEND);
AT(port, caller_count, PORT_CALLER_COUNT);
AT(port, server, PORT_SERVER);
AT(port, cpus, PORT_CPUS);
AT(port_cpu, receivers, 0);
AT(runqueue, lock.held, 0);
AT(runqueue, current, RUNQUEUE_CURRENT);
AT(runqueue, self, RUNQUEUE_SELF);
AT(runqueue, ordinary, RUNQUEUE_ORDINARY);
AT(runqueue, port_cpu, RUNQUEUE_PORT_CPU);
AT(aspace, pt.tlb, ASPACE_TLB);
AT(aspace, pt.top, ASPACE_TOP);
AT(tlb_mask, cpus, 0);
AT(cpu_features, pcid, CPU_PCID);
AT(tss, rsp, TSS_RSP0);
static_assert(sizeof(struct desc_array) == ARRAY_SLOTS, "asm");
static_assert(sizeof(struct port_cpu) == 64, "asm");
static_assert(THREAD_WORD_RUNNING == THREAD_RUNNING_HALF, "asm");
static_assert(THREAD_WORD_ASLEEP == THREAD_ASLEEP_HALF, "asm");
static_assert((int)IPC_IDLE == IPC_STATE_IDLE &&
                  (int)IPC_RECEIVING == IPC_STATE_RECEIVING &&
                  (int)IPC_WAITING == IPC_STATE_WAITING,
    "asm");
static_assert(
    (int)RIGHT_CALL == ASM_RIGHT_CALL && (int)RIGHT_SERVE == ASM_RIGHT_SERVE,
    "asm");
static_assert(IPC_TAG_WINDOW >> 32 == TAG_WINDOW, "asm");
static_assert(LABEL_FAMILY(15u << 26) == 15 && NR_ipc_call == 1003 &&
                  NR_ipc_reply_receive == 1004,
    "asm");

bool fastpath_may_sleep(void)
{
	struct process *p = process_current();

	return cpu_features.xsaveopt && cpu_features.fsgsbase &&
	       cpu_features.xcr0 >> 32 == 0 && desc_table_private(p->descs, p);
}

long fastpath_wait(void)
{
	struct thread *t = thread_current();
	long result;

	t->direct = true;
	result = message_wait(t, WAIT_FOREVER);
	t->direct = false;
	/* A caller woke us and then found another receiver. */
	if (result == E_AGAIN && thread_regs(t)->orig_rax != NR_ipc_call)
		result = message_receive(t->ipc.port, WAIT_FOREVER, false);
	return transfer_received(t, result);
}
