# tests/system/test_size.py -- the budgets: size, memory, time to boot.
# SPDX-License-Identifier: MIT
import os
import re
import subprocess
import sys

import strat9vm

TOP = strat9vm.TOP


def test_kernel_is_small():
    """Text, rodata and data, without the symbols."""
    with open(os.path.join(strat9vm.build_dir(), 'kernel',
                           'bedrock.elf'), 'rb') as f:
        assert f.read(4) == b'\x7fELF'
    sys.path.insert(0, os.path.join(TOP, 'tools'))
    from elf import Elf
    import importlib
    finish = importlib.import_module('finish-kernel')
    z = finish.sizes(Elf(strat9vm.kernel_path()))
    assert z['text'] + z['rodata'] + z['data'] < 512 * 1024


def test_memory_at_the_prompt():
    """At 256 MiB less than 8 MiB are in use, the boot archive not counted."""
    archive = len(strat9vm.archive())
    with strat9vm.VM(memory=256) as vm:
        vm.expect_literal(strat9vm.PROMPT, 60)
        text = vm.command('cat /proc/meminfo')
        free = int(re.search(r'MemFree:\s+(\d+) kB', text)[1]) * 1024
    used = (256 << 20) - free - archive
    # The first MiB, the firmware's, is not ours to use.
    assert used - (1 << 20) < 8 << 20, f'{used} bytes'


def test_boot_is_quick():
    """From the firmware's hand-over to the first instruction of init."""
    r = subprocess.run([os.path.join(TOP, 'strat9'), 'bench', '--boot'],
                       capture_output=True, text=True)
    assert r.returncode == 0, r.stdout + r.stderr
    assert 'hand-over to prompt' in r.stdout


def test_build_is_reproducible(tmp_path):
    """The boot archive's bytes depend on nothing but its contents."""
    assert strat9vm.archive() == strat9vm.archive()
