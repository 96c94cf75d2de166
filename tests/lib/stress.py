# tests/lib/stress.py -- build and run the mixed stress program in a guest.
# SPDX-License-Identifier: MIT
"""Used by ./strat9 soak stress and by tests/system/test_stress.py."""
import os
import subprocess

import strat9vm

TOP = strat9vm.TOP
SOURCE = os.path.join(TOP, 'tests', 'soak', 'stress.c')


def program():
    """The static program's path."""
    out = os.path.join(TOP, 'build', 'tests', 'stress')
    os.makedirs(os.path.dirname(out), exist_ok=True)
    subprocess.run(['musl-gcc', '-std=gnu2x', '-O1', '-static', '-pthread',
                    '-Wall', '-Wextra', '-Werror', '-D_GNU_SOURCE', '-o', out,
                    SOURCE], check=True)
    return out


def run(flavor, seconds, smp=4, memory=512):
    """(good, text): the program ended well, and what was used is free."""
    r = strat9vm.run(f'/bin/stress {seconds}', timeout=seconds * 3 + 120,
                     flavor=flavor, smp=smp, memory=memory,
                     add=[f'{program()}:/bin/stress'])
    good = r.status == 0 and 'stress: done' in r.text
    return good and 'ubsan:' not in r.log, repr(r)
