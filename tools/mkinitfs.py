#!/usr/bin/env python3
# tools/mkinitfs.py -- make the boot archive (newc cpio).
# SPDX-License-Identifier: MIT
"""mkinitfs.py -o OUT [--tree DIR]... [--add HOST:GUEST]...
            [--add-with-libs HOST[:GUEST]]... [--exec COMMAND]

The base folders, tools/rootfs, the programs that the build installed (--tree),
Debian's busybox, and what is added: files, folders and links keep their modes
and belong to root.  --add-with-libs brings a dynamic program's interpreter and
libraries along, where its own loader looks for them.  --exec sets the command
line that init runs instead of a prompt (./strat9 exec).
"""
import argparse
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from cpio import Archive

FOLDERS = ('bin', 'sbin', 'etc', 'etc/strat9', 'dev', 'proc', 'sys', 'run',
           'root', 'home', 'var', 'usr', 'usr/bin', 'usr/lib', 'lib', 'lib64',
           'scheme', 'srv', 'mnt')
EXEC_FILE = 'etc/strat9/exec'
BUSYBOX = '/bin/busybox'


def base(trees=(), busybox=BUSYBOX):
    """The archive that every boot has."""
    ar = Archive()
    for path in FOLDERS:
        ar.directory(path)
    ar.directory('tmp', 0o1777)
    for tree in (os.path.join(HERE, 'rootfs'), *trees):
        if not os.path.isdir(tree):
            continue
        for name in sorted(os.listdir(tree)):
            add_tree(ar, os.path.join(tree, name), name)
    if busybox and os.path.exists(busybox):
        ar.host(os.path.realpath(busybox), 'bin/busybox', keep_time=False)
    else:
        print(f'mkinitfs: {busybox} is not there: no busybox in the image '
              '(package busybox-static)', file=sys.stderr)
    return ar


def add_tree(ar, source, path):
    """Add a built tree; folders that exist keep their modes, times are 0."""
    if os.path.isdir(source) and not os.path.islink(source):
        if path not in ar.entries:
            ar.directory(path)
        for name in sorted(os.listdir(source)):
            add_tree(ar, os.path.join(source, name), path + '/' + name)
    else:
        ar.host(source, path, keep_time=False)


def split(spec):
    """HOST:GUEST, or HOST alone: the same path in the guest."""
    host, colon, guest = spec.rpartition(':')
    if not colon:
        host, guest = spec, os.path.abspath(spec)
    if guest.endswith('/'):
        guest += os.path.basename(os.path.abspath(host))
    if not os.path.lexists(host):
        raise FileNotFoundError(f'{host}: no such file to add')
    return host, guest


def add(ar, spec):
    host, guest = split(spec)
    if os.path.islink(host):  # named by the user: what it points at is meant
        host = os.path.realpath(host)
    ar.host(host, guest)


def libraries(program):
    """Interpreter and libraries of a dynamic program, by the paths in use."""
    r = subprocess.run(['ldd', program], capture_output=True, text=True)
    if r.returncode:
        return []
    found = []
    for line in r.stdout.splitlines():
        m = re.match(r'\s*(?:\S+ => )?(/\S+) \(0x', line)
        if m:
            found.append(m[1])
    return found


def add_with_libs(ar, spec):
    host, guest = split(spec)
    real = os.path.realpath(host)
    ar.host(real, guest)
    for lib in libraries(real):
        ar.host(os.path.realpath(lib), lib)


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('-o', '--out', required=True)
    p.add_argument('--tree', action='append', default=[])
    p.add_argument('--add', action='append', default=[])
    p.add_argument('--add-with-libs', action='append', default=[])
    p.add_argument('--exec', dest='command')
    p.add_argument('--no-busybox', action='store_true')
    a = p.parse_args()
    try:
        ar = base(a.tree, None if a.no_busybox else BUSYBOX)
        for spec in a.add:
            add(ar, spec)
        for spec in a.add_with_libs:
            add_with_libs(ar, spec)
    except (OSError, ValueError) as e:
        sys.exit(f'mkinitfs: {e}')
    if a.command is not None:
        ar.file(EXEC_FILE, a.command + '\n')
    data = ar.bytes()
    with open(a.out + '.new', 'wb') as f:
        f.write(data)
    os.replace(a.out + '.new', a.out)


if __name__ == '__main__':
    main()
