#!/usr/bin/env python3
# tools/run.py -- ./strat9 run and debug: boot with this terminal as console.
# SPDX-License-Identifier: MIT
"""Boot to the prompt; the serial console is this terminal."""
import argparse
import os
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, 'tests', 'lib'))
import strat9vm  # noqa: E402


def arguments(prog, description):
    p = argparse.ArgumentParser(prog=prog, description=description)
    way = p.add_mutually_exclusive_group()
    for boot in ('kernel', 'iso', 'image', 'limine'):
        way.add_argument('--' + boot, dest='boot', action='store_const',
                         const=boot)
    p.add_argument('--uefi', action='store_true', help='start by OVMF')
    p.add_argument('--smp', type=int, default=2, metavar='N')
    p.add_argument('--memory', type=int, default=512, metavar='MiB')
    p.add_argument('--gui', action='store_true', help='open a screen')
    p.add_argument('--machine', default='q35',
                   choices=('q35', 'pc', 'microvm'))
    p.add_argument('--cpu', default='max')
    p.add_argument('--append', default='', help='kernel arguments')
    p.add_argument('--add', action='append', default=[], metavar='HOST:GUEST')
    p.add_argument('--add-with-libs', action='append', default=[],
                   metavar='HOST[:GUEST]')
    p.add_argument('qemu', nargs='*', help='after --: QEMU\'s own arguments')
    a = p.parse_args()
    if a.uefi:
        a.boot = (a.boot or 'iso') + '-uefi'
    a.boot = a.boot or 'kernel'
    if a.boot in ('kernel-uefi', 'limine-uefi'):
        p.error('--uefi goes with --iso and --image')
    return a


def prepare(a, scratch):
    """QEMU's command line; the boot archive is written to scratch."""
    initfs = os.path.join(scratch, 'initfs.cpio')
    with open(initfs, 'wb') as f:
        data = strat9vm.archive(add=a.add, add_with_libs=a.add_with_libs)
        f.write(strat9vm.beside_tables(data) if a.machine == 'microvm'
                else data)
    image = None
    if a.boot.split('-')[0] in ('iso', 'image'):
        kind = a.boot.split('-')[0]
        image = os.path.join(scratch, 'strat9.' + kind)
        subprocess.run([os.path.join(TOP, 'tools', 'mkimage.sh'), kind,
                        strat9vm.build_dir(), '--initfs', initfs, '-o', image,
                        '--append', a.append], cwd=TOP, check=True,
                       stdout=sys.stderr)
    args = ['qemu-system-x86_64', *strat9vm.accelerator(kvm=True),
            *strat9vm.machine_args(a.machine, a.smp, a.memory, a.cpu,
                                   vga=a.gui)]
    args += strat9vm.boot_args(a.boot, scratch, strat9vm.kernel_path(),
                               initfs, a.append, image)
    args += ['-serial', 'mon:stdio']
    args += [] if a.gui else ['-display', 'none']
    return args + a.qemu


def main():
    a = arguments('strat9 run', __doc__)
    with tempfile.TemporaryDirectory(prefix='strat9-') as scratch:
        try:
            args = prepare(a, scratch)
        except (OSError, ValueError) as e:
            sys.exit(f'strat9 run: {e}')
        print(f'strat9: {a.machine}, {a.smp} CPUs, {a.memory} MiB; leave with '
              'Ctrl-A X, Ctrl-A C is QEMU\'s monitor', file=sys.stderr)
        try:
            return subprocess.run(args).returncode
        except KeyboardInterrupt:
            return 130


if __name__ == '__main__':
    sys.exit(main())
