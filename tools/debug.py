#!/usr/bin/env python3
# tools/debug.py -- ./strat9 debug: gdb on a fresh guest, symbols loaded.
# SPDX-License-Identifier: MIT
"""Boot stopped at the first instruction, with gdb in this terminal; the
guest's console is a pseudo-terminal whose name is printed."""
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, 'tools'))
import run  # noqa: E402
from run import strat9vm  # noqa: E402


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def console_name(process):
    """The pseudo-terminal that QEMU says it made."""
    for line in process.stdout:
        m = re.search(r'redirected to (\S+)', line)
        if m:
            return m[1]
    sys.exit(f'strat9 debug: QEMU ended with {process.wait()}')


def main():
    a = run.arguments('strat9 debug', __doc__)
    port = free_port()
    with tempfile.TemporaryDirectory(prefix='strat9-') as scratch:
        args = run.prepare(a, scratch)
        at = args.index('mon:stdio')
        args[at] = 'pty'
        args[args.index('-accel') + 1] = 'tcg'
        args += ['-S', '-gdb', f'tcp:127.0.0.1:{port}']
        # A process group of its own: Ctrl-C is for gdb.
        qemu = subprocess.Popen(args, stdin=subprocess.DEVNULL, text=True,
                                stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT,
                                start_new_session=True)
        try:
            print(f'strat9: console: {console_name(qemu)} (for example '
                  '`socat -,raw,echo=0 FILE`, `screen FILE`)')
            threading.Thread(target=qemu.stdout.read, daemon=True).start()
            gdb = os.environ.get('GDB', 'gdb').split()
            return subprocess.run(
                [*gdb, '-q', strat9vm.kernel_path(),
                 '-ex', f'target remote 127.0.0.1:{port}',
                 '-x', os.path.join(TOP, 'tools', 'gdb', 'strat9.py')],
                cwd=TOP).returncode
        finally:
            qemu.kill()
            qemu.wait()


if __name__ == '__main__':
    sys.exit(main())
