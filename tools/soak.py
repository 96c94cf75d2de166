#!/usr/bin/env python3
# tools/soak.py -- ./strat9 soak: long runs.
# SPDX-License-Identifier: MIT
"""soak.py NAME [--minutes M]

stress   mixed stress on 4 CPUs, in the debug and in the kasan build
fuzz     every fuzz target, the minutes shared out
boot     boot to the prompt again and again, with 1 to 8 CPUs
guest    the guest tests again and again, in the debug build
"""
import argparse
import os
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TOP, 'tools'), os.path.join(TOP, 'tests', 'lib')]
import stress  # noqa: E402
import strat9vm  # noqa: E402
from testing import host  # noqa: E402
from testing.guest import linux_run, on_strat9  # noqa: E402
from testing.report import Report  # noqa: E402


def build(flavor):
    subprocess.run([os.path.join(TOP, 'strat9'), 'build', '--flavor', flavor],
                   check=True)


def soak_stress(report, minutes):
    for flavor in ('debug', 'kasan'):
        build(flavor)
        good, text = stress.run(flavor, seconds=int(minutes * 60))
        report.check(good, f'stress in {flavor}, {minutes} minutes', text)


def soak_fuzz(report, minutes):
    targets = host.files('fuzz/*.c')
    for f in targets:
        host.fuzz(report, f, max(5, int(minutes * 60 / len(targets))))


def soak_boot(report, minutes):
    build('debug')
    end, count = time.monotonic() + minutes * 60, 0
    while time.monotonic() < end:
        count += 1
        smp = 1 << count % 4
        name = f'boot {count} with {smp} CPUs'
        try:
            with strat9vm.VM(smp=smp, flavor='debug') as vm:
                vm.expect_literal(strat9vm.PROMPT, 120)
            report.ok(name)
        except strat9vm.Died as e:
            report.fail(name, str(e))


def soak_guest(report, minutes):
    build('debug')
    end = time.monotonic() + minutes * 60
    while time.monotonic() < end:
        binaries, linux = {}, {}
        for source in host.files('guest/*.c'):
            result = linux_run(report, source)
            if result:
                name = os.path.basename(source)[:-2]
                binaries[name], linux[name] = result
        on_strat9(report, binaries, linux, smp=4, flavor='debug')


def main():
    names = {n[5:]: f for n, f in globals().items() if n.startswith('soak_')}
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.
                                RawDescriptionHelpFormatter)
    p.add_argument('name', choices=sorted(names))
    p.add_argument('--minutes', type=float, default=10)
    a = p.parse_args()
    report = Report()
    names[a.name](report, a.minutes)
    return report.finish()


if __name__ == '__main__':
    sys.exit(main())
