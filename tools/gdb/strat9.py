# tools/gdb/strat9.py -- gdb commands for a Strat9 guest in QEMU.
# SPDX-License-Identifier: MIT
"""strat9 symbols    load the kernel's symbols where it was moved to
strat9 boot       run to kernel_main, wherever that is
strat9 regs       control registers and descriptor tables, by QEMU
strat9 pages      the mapped ranges of the current address space
strat9 list HEAD TYPE MEMBER    print each object of a linked list"""
import os
import re

import gdb

IMAGE_BASE = 0xffffffff80000000
PROBE_BYTES = 256


def monitor(command):
    return gdb.execute('monitor ' + command, to_string=True)


def linked_at(name):
    """A symbol's address in the file, as linked."""
    text = gdb.execute(f'info address {name}', to_string=True)
    m = re.search(r'(?:at address|at|is) (0x[0-9a-f]+)', text)
    if not m:
        raise gdb.GdbError(f'no symbol {name} in the kernel\'s file')
    return int(m[1], 16)


def file_bytes(address, size):
    """What the kernel's file holds at a linked address."""
    out = b''
    for line in gdb.execute('info files', to_string=True).splitlines():
        m = re.match(r'\s*(0x\w+) - (0x\w+) is (\.\S+)$', line)
        if m and int(m[1], 16) <= address < int(m[2], 16):
            size = min(size, int(m[2], 16) - address)
    path = gdb.current_progspace().filename
    with open(path, 'rb') as f:
        data = f.read()
    at = int.from_bytes(data[32:40], 'little')
    for i in range(int.from_bytes(data[56:58], 'little')):
        ph = data[at + 56 * i:at + 56 * i + 56]
        offset, va, _, filesz = (int.from_bytes(ph[8 * k:8 * k + 8], 'little')
                                 for k in range(1, 5))
        if ph[:4] == b'\1\0\0\0' and va <= address < va + filesz:
            out = data[offset + address - va:][:size]
    return out


def slide():
    """How far the running kernel lies from its linked address, or None."""
    base = linked_at('kernel_start')
    # The text of a function has no relocations that the kernel applies.
    probe = linked_at('kernel_main')
    want = file_bytes(probe, PROBE_BYTES)[:16]
    inferior = gdb.selected_inferior()
    for line in monitor('info mem').splitlines():
        m = re.match(r'([0-9a-f]{16})-', line)
        if not m or int(m[1], 16) < IMAGE_BASE:
            continue
        offset = int(m[1], 16) - base
        try:
            if inferior.read_memory(probe + offset, 16).tobytes() == want:
                return offset
        except gdb.MemoryError:
            pass
    return None


def load(offset):
    path = gdb.current_progspace().filename
    gdb.execute('symbol-file', to_string=True)
    gdb.execute(f'symbol-file {path} -o {offset:#x}', to_string=True)
    print(f'{os.path.basename(path)} at slide {offset:#x}')


class Strat9(gdb.Command):
    __doc__ = __doc__

    def __init__(self):
        super().__init__('strat9', gdb.COMMAND_USER)

    def invoke(self, arg, from_tty):
        words = gdb.string_to_argv(arg)
        verb = getattr(self, 'do_' + (words[0] if words else 'help'), None)
        if not verb:
            raise gdb.GdbError(__doc__)
        verb(*words[1:])

    def do_help(self):
        print(__doc__)

    def do_symbols(self):
        offset = slide()
        if offset is None:
            raise gdb.GdbError('the kernel is not mapped yet: continue, then '
                               'interrupt, and try again')
        load(offset)

    def do_boot(self):
        # Not moved (nokaslr) is tried first; else the caller interrupts.
        gdb.execute('thbreak kernel_main')
        gdb.execute('continue')

    def do_regs(self):
        for line in monitor('info registers').splitlines():
            if re.match(r'(CR|[GI]DT|LDT|TR|EFER|[CSDEFG]S )', line.strip()):
                print(line)

    def do_pages(self):
        print(monitor('info mem'))

    def do_list(self, head, kind, member):
        kind = gdb.lookup_type('struct ' + kind)
        offset = next(f.bitpos // 8 for f in kind.fields()
                      if f.name == member)
        first = gdb.parse_and_eval('&' + head)
        at, count = first['next'], 0
        while at != first and count < 10000:
            obj = gdb.Value(int(at) - offset).cast(kind.pointer())
            print(obj, obj.dereference())
            at, count = at['next'], count + 1


Strat9()
gdb.execute('set pagination off')
gdb.execute('set architecture i386:x86-64', to_string=True)
print('strat9 help: commands for the guest.  The kernel is at a random address '
      'unless --append nokaslr is given; `strat9 symbols` follows it.')
