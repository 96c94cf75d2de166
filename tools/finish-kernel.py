#!/usr/bin/env python3
# tools/finish-kernel.py -- check the linked kernel, print its size, name it.
# SPDX-License-Identifier: MIT
"""finish-kernel.py --flavor F -o OUT LINKED.elf FIRST.elf

Copies the linked kernel to its place, marked as ET_DYN: GNU ld calls a
position-independent file with a base address ET_EXEC, and a loader would then
not move it.  Fails the build when the kernel has a relocation that it cannot
apply to itself, when a function moved between the two links (then the table in
it is wrong), or when text, rodata and data are over the budget (release only).
"""
import argparse
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from elf import Elf, Section

BUDGET = 512 * 1024
ET_EXEC, ET_DYN, R_NONE, R_RELATIVE = 2, 3, 0, 8
NOT_COUNTED = ('.ksyms',)


def sizes(elf):
    """Bytes of text, rodata, data, bss and symbols."""
    out = dict.fromkeys(('text', 'rodata', 'data', 'bss', 'ksyms'), 0)
    for s in elf.sections:
        if not s.flags & Section.ALLOC:
            continue
        if s.name in NOT_COUNTED:
            out['ksyms'] += s.size
        elif s.type == Section.NOBITS:
            out['bss'] += s.size
        elif s.flags & Section.EXECINSTR:
            out['text'] += s.size
        elif s.flags & Section.WRITE:
            out['data'] += s.size
        else:
            out['rodata'] += s.size
    return out


def problems(elf, first, flavor):
    if elf.type not in (ET_EXEC, ET_DYN):
        yield 'not an executable'
    if not any(s.type == Section.DYNAMIC for s in elf.sections):
        yield 'no dynamic section: it could not be moved to a random address'
    kinds = {k for _, k, _, _ in elf.relocations()} - {R_NONE, R_RELATIVE}
    if kinds:
        yield f'relocations of types {sorted(kinds)}; only R_X86_64_RELATIVE'
    was = {s.name: s.value for s in first.symbols if s.kind == s.FUNC}
    moved = [s.name for s in elf.symbols
             if s.kind == s.FUNC and was.get(s.name, s.value) != s.value]
    # Static functions of one name exist more than once: compare as sets.
    if moved and sorted(s.value for s in elf.symbols if s.kind == s.FUNC) != \
            sorted(s.value for s in first.symbols if s.kind == s.FUNC):
        yield f'functions moved between the links: {" ".join(moved[:5])}'
    z = sizes(elf)
    total = z['text'] + z['rodata'] + z['data']
    if flavor == 'release' and total >= BUDGET:
        yield f'text + rodata + data is {total} bytes, the budget {BUDGET}'


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('--flavor', default='release')
    p.add_argument('-o', '--out')
    p.add_argument('elf')
    p.add_argument('first')
    a = p.parse_args()
    elf, first = Elf(a.elf), Elf(a.first)
    bad = list(problems(elf, first, a.flavor))
    for why in bad:
        print(f'{a.elf}: {why}', file=sys.stderr)
    z = sizes(elf)
    total = z['text'] + z['rodata'] + z['data']
    line = (f'bedrock.elf ({a.flavor}): text {z["text"]} rodata {z["rodata"]} '
            f'data {z["data"]} = {total / 1024:.0f} of {BUDGET // 1024} KiB; '
            f'bss {z["bss"]}, symbols {z["ksyms"]}')
    print(line)
    if a.out and not bad:
        with open(a.out, 'wb') as f:
            f.write(elf.data[:16] + ET_DYN.to_bytes(2, 'little') +
                    elf.data[18:])
        os.chmod(a.out, 0o755)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
