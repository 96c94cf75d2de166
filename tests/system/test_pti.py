# tests/system/test_pti.py -- page-table isolation: what a user's root maps.
# SPDX-License-Identifier: MIT
import os
import re
import sys

import strat9vm
from test_exec import compile_static

sys.path.insert(0, os.path.join(strat9vm.TOP, 'tools'))
from testing.guest import CC  # noqa: E402
from testing.host import build  # noqa: E402

SPIN = 'int main(void) { for (;;) ; }'
HALF = 1 << 47


def mapped_above(vm):
    """KiB of the upper half that the CPU's page tables map in user mode."""
    while True:
        vm.qmp('stop')
        if 'CPL=3' in vm.hmp('info registers'):
            break
        vm.qmp('cont')
    rows = re.findall(r'^([0-9a-f]{16})-([0-9a-f]{16})', vm.hmp('info mem'),
                      re.M)
    assert rows
    return sum(int(e, 16) - int(b, 16) for b, e in rows
               if int(b, 16) >= HALF) // 1024


def spin(tmp_path, append):
    program = compile_static(tmp_path, 'spin', SPIN, 'musl-gcc')
    with strat9vm.VM(smp=1, memory=128, append=append,
                     add=[f'{program}:/bin/spin']) as vm:
        vm.expect_literal(strat9vm.PROMPT, 60)
        vm.send('spin\n')
        vm.settle()
        return mapped_above(vm)


def test_isolated_user_sees_the_entry_code_only(tmp_path):
    assert spin(tmp_path, 'pti=1') < 128


def test_without_isolation_the_kernel_is_there(tmp_path):
    assert spin(tmp_path, 'pti=0') > 100 * 1024


GUESTS = ('exceptions', 'signal', 'process', 'thread', 'ipc', 'ipc_fast')


def test_programs_run_isolated():
    """Every way into the kernel and out of it, with the faults of both."""
    add = []
    for name in GUESTS:
        source = f'tests/guest/{name}.c'
        binary, error = build(source, CC, 'guest')
        assert binary, error
        add.append(f'{binary}:/tests/{name}')
    r = strat9vm.run('; '.join(f'/tests/{n}' for n in GUESTS), add=add,
                     append='pti=1', smp=4, timeout=200)
    assert r.status == 0 and 'not ok' not in r.text, r
    assert len(re.findall(r'^1\.\.\d+$', r.text, re.M)) == len(GUESTS), r
