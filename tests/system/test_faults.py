# tests/system/test_faults.py -- faults of the kernel itself, provoked.
# SPDX-License-Identifier: MIT
"""Each report names its cause and tells who called whom, by name."""
import re

import pytest
import strat9vm
from test_exec import compile_static

# The word for /sys/kernel/debug/provoke, the cause, functions of the report.
DEBUG = [
    ('panic', 'PANIC: provoked', ['do_panic']),
    ('assert', r'PANIC: \S*provoke.c:\d+: zero == 1', ['do_assert']),
    ('null', 'PANIC: page fault: null pointer, write at 0', ['do_null']),
    ('divide', 'PANIC: divide error', ['do_divide']),
    ('opcode', 'PANIC: invalid opcode', ['do_opcode']),
    ('stack', 'PANIC: .*(overflow|guard).*|PANIC: .*kernel stack.*',
     ['deeper', 'do_stack']),
    # W^X: neither code nor constants can be written, no data executed.
    ('text', 'PANIC: page fault: write to read-only memory', ['do_text']),
    ('rodata', 'PANIC: page fault: write to read-only memory', ['do_rodata']),
    ('execute', r'PANIC: page fault: execution of data \(NX\)', ['provoke']),
    ('smep', r'PANIC: page fault: execution of user memory \(SMEP\)',
     ['provoke']),
    ('smap', r'PANIC: page fault: user memory outside a copy \(SMAP\)',
     ['do_smap']),
    ('free', r'PANIC: slab kmalloc-64: .* written after free', ['do_free']),
    ('overflow', 'PANIC: slab kmalloc-48: write past the end',
     ['do_overflow']),
    ('double', 'PANIC: double fault', ['do_double']),
]


def provoke(flavor, word, cause, cpu='max'):
    """The report, which must begin with the cause."""
    with strat9vm.VM(smp=2, memory=128, cpu=cpu, flavor=flavor) as vm:
        vm.expect_literal(strat9vm.PROMPT, 60)
        vm.send(f'echo {word} >/sys/kernel/debug/provoke\n')
        vm.expect('PANIC', 60)
        vm.expect('halted; panic=', 60)
        report = vm.log[vm.log.index('PANIC'):]
    assert re.match(cause, report), report
    return report


def named(report, functions):
    trace = report.partition('backtrace:')[2].partition('last log lines:')[0]
    for f in functions:
        assert f'  {f}+0x' in trace or f'  {f}+0\n' in trace, report
    assert '  sys_write+0x' in trace or 'deeper' in trace \
        or 'do_double' in trace, report


@pytest.mark.slow
@pytest.mark.parametrize('word,cause,functions', DEBUG,
                         ids=[d[0] for d in DEBUG])
def test_fault(word, cause, functions, flavor_of):
    named(provoke(flavor_of('debug'), word, cause), functions)


@pytest.mark.slow
@pytest.mark.parametrize('word,cause,functions', [
    ('free', 'PANIC: kasan: write of .*freed object', ['do_free']),
    ('overflow', 'PANIC: kasan: write of .*red zone', ['do_overflow']),
], ids=['free', 'overflow'])
def test_address_sanitizer(word, cause, functions, flavor_of):
    named(provoke(flavor_of('kasan'), word, cause), functions)


@pytest.mark.slow
def test_undefined_behaviour(flavor_of):
    """It is told, with its line; the kernel goes on."""
    r = strat9vm.run('echo undefined >/sys/kernel/debug/provoke; echo alive',
                     flavor=flavor_of('ubsan'), memory=128)
    assert r.text == 'alive\n', r
    assert re.search(r'ubsan: \S*provoke.c:\d+: overflow: 2147483647 \+ 1',
                     r.log), r


def test_release_has_no_provocations():
    """And a word that nobody knows is refused."""
    r = strat9vm.run('echo null >/sys/kernel/debug/provoke || echo refused; '
                     'echo alive', memory=128)
    assert r.status == 0 and 'alive' in r.text and 'refused' in r.text, r


def test_user_faults_kill_only_that_process(tmp_path):
    """One line in the log says who died, of what, and where."""
    program = compile_static(tmp_path, 'fall', '''
        int main(void) { return *(volatile int *)8; }''', 'musl-gcc')
    r = strat9vm.run('/bin/fall; echo status $?', memory=128,
                     add=[f'{program}:/bin/fall'])
    assert r.status == 0 and 'status 139' in r.text, r
    assert re.search(r'kill pid=\d+ comm=fall by "page fault" signal=11 '
                     r'code=1 addr=0x8 ip=0x[0-9a-f]+', r.log), r
