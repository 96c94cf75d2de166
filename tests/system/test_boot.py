# tests/system/test_boot.py -- every way to boot, on every kind of machine.
# SPDX-License-Identifier: MIT
"""Each value at least once, and each pair of values at least once: way to
boot, machine, CPUs, memory, CPU model.  At most 24 boots."""
import itertools
import os
import re
import shutil
import subprocess
import time

import pytest
import strat9vm
from conftest import image

WAYS = ('kernel', 'iso', 'iso-uefi', 'image', 'image-uefi', 'limine')
AXES = {
    'way': WAYS,
    'machine': ('q35', 'pc', 'microvm'),
    'smp': (1, 2, 8),
    'memory': (64, 8192),
    'cpu': ('qemu64', 'max'),
}
BOOTS_MAX = 24
SECONDS = 240  # 8 CPUs, emulated on two


def possible(row):
    return row['machine'] != 'microvm' or row['way'] == 'kernel'


def pairs(row):
    return {frozenset(p) for p in itertools.combinations(row.items(), 2)}


def matrix():
    """A small set of rows that has every possible pair, greedily."""
    rows = [dict(zip(AXES, values))
            for values in itertools.product(*AXES.values())]
    rows = [r for r in rows if possible(r)]
    wanted = set().union(*(pairs(r) for r in rows))
    chosen = []
    while wanted:
        best = max(rows, key=lambda r: len(pairs(r) & wanted))
        wanted -= pairs(best)
        chosen.append(best)
    assert len(chosen) <= BOOTS_MAX
    return chosen


def name(row):
    return '-'.join(str(v) for v in row.values())


@pytest.mark.slow
@pytest.mark.parametrize('row', matrix(), ids=name)
def test_matrix(row, images):
    way = row['way']
    # OVMF itself needs more.
    memory = 256 if way.endswith('uefi') and row['memory'] < 256 else \
        row['memory']
    kind = way.split('-')[0]
    file = images(kind) if kind in ('iso', 'image') else None
    with strat9vm.VM(boot=way, machine=row['machine'], smp=row['smp'],
                     memory=memory, cpu=row['cpu'], image=file,
                     vga=way != 'kernel') as vm:
        vm.expect_literal(strat9vm.PROMPT, SECONDS)
        text = vm.command('cat /proc/cpuinfo', 60)
        assert len(re.findall(r'^processor\s*:', text, re.M)) == row['smp']
        total = int(re.search(r'MemTotal:\s+(\d+) kB', vm.command(
            'cat /proc/meminfo', 60))[1])
        assert total > memory * 1024 * (0.75 if memory < 1000 else 0.9)


def test_kernel_direct():
    """The fastest way, by itself: what --quick runs of the matrix."""
    with strat9vm.VM(smp=2) as vm:
        vm.expect_literal(strat9vm.PROMPT, 60)
        assert 'hello there' in vm.command('echo hello there')


@pytest.mark.parametrize('way', ('kernel', 'iso'))
def test_without_acpi(way, images):
    """The MP table tells the CPUs and the lines of interrupts.

    SeaBIOS names only the first CPU of each socket.
    """
    with strat9vm.VM(boot=way, machine='pc,acpi=off', smp='2,sockets=2',
                     image=images('iso') if way == 'iso' else None,
                     vga=True) as vm:
        vm.expect_literal(strat9vm.PROMPT, SECONDS)
        text = vm.command('cat /proc/cpuinfo', 60)
        assert len(re.findall(r'^processor\s*:', text, re.M)) == 2
        text = vm.command('cat /proc/interrupts', 60)
        assert re.search(r'^ *4: +\d+ +cpu0 .* serial', text, re.M), text
        assert 'MP table' in vm.log


@pytest.mark.parametrize('most', (2, 3, 4))
def test_limine_revisions(most):
    """Loaders that know an older and a newer base revision."""
    with strat9vm.VM(boot='limine', smp=2,
                     append=f'limine.max={most}') as vm:
        vm.expect_literal(strat9vm.PROMPT, 60)


def test_unknown_argument_is_reported():
    with strat9vm.VM(append='nosuchthing=1 loglevel=7') as vm:
        vm.expect_literal(strat9vm.PROMPT, 60)
        assert 'nosuchthing' in vm.log


def test_smp_argument():
    r = strat9vm.run('cat /proc/cpuinfo', smp=4, append='smp=2')
    assert r.status == 0 and len(re.findall(
        r'^processor', r.text, re.M)) == 2, r


def test_init_argument(tmp_path):
    """init= runs another program, and its end is not the kernel's."""
    source = tmp_path / 'init.c'
    source.write_text('#include <unistd.h>\nint main(void) { write(1, '
                      '"other init\\n", 11); for (;;) pause(); }\n')
    binary = tmp_path / 'other'
    subprocess.run(['musl-gcc', '-static', '-o', binary, source], check=True)
    with strat9vm.VM(append='init=/sbin/other',
                     add=[f'{binary}:/sbin/other']) as vm:
        vm.expect_literal('other init', 60)


def idt_base(vm):
    return int(re.search(r'IDT=\s+([0-9a-f]+)', vm.hmp(
        'info registers'))[1], 16)


def booted_at(**options):
    with strat9vm.VM(**options) as vm:
        vm.expect_literal(strat9vm.PROMPT, 60)
        return idt_base(vm)


def test_kaslr_moves_the_kernel():
    assert len({booted_at() for _ in range(3)}) > 1


def test_nokaslr_does_not():
    assert len({booted_at(append='nokaslr') for _ in range(2)}) == 1


def test_weak_entropy_is_said_once():
    """A CPU without RDRAND and a loader without a seed."""
    with strat9vm.VM(cpu='qemu64') as vm:
        vm.expect_literal(strat9vm.PROMPT, 60)
        assert vm.log.count('weak entropy') <= 1


# GRUB's change of video mode crashes in this video BIOS, and without a sound
# card Debian's Bochs overruns a buffer of its mixer: neither is there.
BOCHS = '''
megs: 256
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
boot: cdrom
ata0-master: type=cdrom, path={iso}, status=inserted
com1: enabled=1, mode=file, dev={console}
cpu: model={model}, count=1, ips=200000000
clock: sync=none
display_library: {display}
vga: extension=none
speaker: enabled=0
sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy
log: {log}
panic: action=fatal
error: action=report
info: action=ignore
debug: action=ignore
'''


def bochs_display():
    """A display plugin that needs no screen."""
    for d in ('nogui', 'term', 'rfb'):
        for folder in ('/usr/lib/bochs/plugins',
                       '/usr/lib/x86_64-linux-gnu/bochs/plugins'):
            if os.path.exists(f'{folder}/libbx_{d}_gui.so'):
                return d + (', options="timeout=0"' if d == 'rfb' else '')
    return None


# The second has x2APIC, PCID, SMAP and the TSC deadline timer, the last none.
@pytest.mark.slow
@pytest.mark.parametrize('model', (
    'corei7_sandy_bridge_2600k', 'corei7_skylake_x', 'athlon64_clawhammer'))
def test_bochs(model, tmp_path):
    display = bochs_display()
    if not shutil.which('bochs') or not display:
        pytest.skip('no bochs with a display for no screen')
    console = tmp_path / 'console'
    config = tmp_path / 'bochsrc'
    config.write_text(BOCHS.format(
        iso=image('iso', str(tmp_path)), console=console, display=display,
        model=model,
        log=tmp_path / 'log'))
    with subprocess.Popen(
            ['bochs', '-q', '-f', str(config)], cwd=tmp_path,
            env=dict(os.environ, TERM='vt100'), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as bochs:
        bochs.stdin.write(b'c\n')
        bochs.stdin.flush()
        end = time.monotonic() + 300
        try:
            while time.monotonic() < end and bochs.poll() is None:
                text = console.read_bytes() if console.exists() else b''
                if b'>>> ' in text or b'PANIC' in text:
                    break
                time.sleep(0.5)
        finally:
            bochs.kill()
    text = console.read_bytes() if console.exists() else b''
    assert b'>>> ' in text, text[-3000:].decode(errors='replace') + (
        tmp_path / 'log').read_text(errors='replace')[-2000:]
