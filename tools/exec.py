#!/usr/bin/env python3
# tools/exec.py -- ./strat9 exec: run one command line in a fresh guest.
# SPDX-License-Identifier: MIT
"""Boots without a screen, passes the command's output through as bytes, powers
off and exits with its status; 124 when the time is up, 125 when the guest
died, with the kernel's report on stderr."""
import argparse
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, 'tests', 'lib'))
import strat9vm  # noqa: E402


def arguments():
    p = argparse.ArgumentParser(prog='strat9 exec', description=__doc__)
    p.add_argument('--add', action='append', default=[], metavar='HOST:GUEST',
                   help='put a host file or folder into the boot archive')
    p.add_argument('--add-with-libs', action='append', default=[],
                   metavar='HOST[:GUEST]',
                   help='the same for a dynamic program and its libraries')
    p.add_argument('--smp', type=int, default=1, metavar='N')
    p.add_argument('--memory', type=int, default=512, metavar='MiB')
    p.add_argument('--timeout', type=float, default=120, metavar='S')
    p.add_argument('--cpu', default='max')
    p.add_argument('--machine', default='q35')
    p.add_argument('--append', default='', help='kernel arguments')
    p.add_argument('--flavor', help='release, debug, ubsan, kasan')
    p.add_argument('--log', metavar='FILE', help='save the console there')
    p.add_argument('--verbose', action='store_true',
                   help='show the console on stderr')
    p.add_argument('command', nargs=argparse.REMAINDER)
    a = p.parse_args()
    if not a.command:
        p.error('no command')
    if a.flavor and a.flavor != os.environ.get('STRAT9_FLAVOR'):
        subprocess.run([os.path.join(TOP, 'strat9'), 'build', '--flavor',
                        a.flavor], stdout=sys.stderr, check=True)
    return a


def main():
    a = arguments()
    strat9vm.stop_on_signals()

    def show(data):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    def console(data):
        sys.stderr.buffer.write(data)
        sys.stderr.buffer.flush()
    try:
        r = strat9vm.run(
            ' '.join(a.command), timeout=a.timeout, sink=show, smp=a.smp,
            memory=a.memory, cpu=a.cpu, machine=a.machine, append=a.append,
            flavor=a.flavor, add=a.add, add_with_libs=a.add_with_libs,
            log_sink=console if a.verbose else None)
    except (OSError, ValueError) as e:
        print(f'strat9 exec: {e}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    if a.log:
        with open(a.log, 'w') as f:
            f.write(r.log)
    if r.why:
        if not a.verbose:
            sys.stderr.write(r.log)
        print(f'strat9 exec: {r.why}', file=sys.stderr)
    return r.status


if __name__ == '__main__':
    sys.exit(main())
