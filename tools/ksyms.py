#!/usr/bin/env python3
# tools/ksyms.py -- the kernel's symbol table for backtraces, as assembly.
# SPDX-License-Identifier: MIT
"""ksyms.py -o OUT.S [KERNEL.elf]

Without an ELF file the table is empty: that is the first link.  With one, it
holds every function of the text sections, sorted by address, in the section
.ksyms, which the linker script places last:

    extern const uint32_t ksyms_count;
    extern const uint32_t ksyms_offset[];  address - kernel_start, ascending
    extern const uint32_t ksyms_name[];    where its name starts in ksyms_names
    extern const char ksyms_names[];       NUL-terminated, equal names once
"""
import argparse
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from elf import Elf


def table(path):
    elf = Elf(path)
    start = elf.symbol('kernel_start')
    text = [(s.addr, s.addr + s.size) for s in elf.sections
            if s.flags & s.EXECINSTR and s.addr >= start]
    best = {}
    for sym in elf.symbols:
        if sym.kind not in (sym.FUNC, sym.NOTYPE) or not sym.name:
            continue
        if sym.name.startswith(('.L', '$')):
            continue
        if not any(a <= sym.value < b for a, b in text):
            continue
        # One name per address: a function before a label, global before local.
        rank = (sym.kind == sym.FUNC, sym.is_global, sym.name)
        if sym.value not in best or rank > best[sym.value]:
            best[sym.value] = rank
    return [(a - start, best[a][2]) for a in sorted(best)]


def emit(rows, out):
    names, where, at = [], {}, 0
    for _, name in rows:
        if name not in where:
            where[name] = at
            names.append(name)
            at += len(name.encode()) + 1
    out.write('/* Made by tools/ksyms.py. */\n')
    out.write('\t.section .ksyms, "a", @progbits\n')

    def label(name):
        out.write(f'\t.balign 4\n\t.globl {name}\n\t.hidden {name}\n'
                  f'\t.type {name}, @object\n{name}:\n')
    label('ksyms_count')
    out.write(f'\t.long {len(rows)}\n')
    label('ksyms_offset')
    for off, _ in rows:
        out.write(f'\t.long {off:#x}\n')
    label('ksyms_name')
    for _, name in rows:
        out.write(f'\t.long {where[name]}\n')
    label('ksyms_names')
    for name in names:
        out.write(f'\t.asciz "{name}"\n')
    out.write('\t.section .note.GNU-stack, "", @progbits\n')


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('-o', '--out', required=True)
    p.add_argument('elf', nargs='?')
    a = p.parse_args()
    rows = table(a.elf) if a.elf else []
    with open(a.out, 'w') as f:
        emit(rows, f)


if __name__ == '__main__':
    main()
