#!/usr/bin/env python3
# kernel/arch/x86_64/vdso/embed.py -- the vDSO's file as assembly data.
# SPDX-License-Identifier: MIT
"""embed.py INPUT OUTPUT: checks that the image needs no relocation."""
import struct
import sys

SHT_RELA, SHT_REL = 4, 9


def check(image):
    if len(image) < 64 or image[:4] != b'\x7fELF':
        sys.exit('embed.py: not an ELF file')
    shoff, = struct.unpack_from('<Q', image, 40)
    shentsize, shnum = struct.unpack_from('<HH', image, 58)
    for i in range(shnum):
        at = shoff + i * shentsize
        kind, = struct.unpack_from('<I', image, at + 4)
        size, = struct.unpack_from('<Q', image, at + 32)
        if kind in (SHT_RELA, SHT_REL) and size:
            sys.exit('embed.py: the vDSO must not need relocation')
    phoff, = struct.unpack_from('<Q', image, 32)
    kind, _, offset, _, _, filesz, memsz = struct.unpack_from(
        '<IIQQQQQ', image, phoff)
    if kind != 1 or offset != 0 or filesz != memsz or filesz > 4096:
        sys.exit('embed.py: the first segment must be the whole image')
    return bytearray(image[:filesz])


def main():
    image = check(open(sys.argv[1], 'rb').read())
    # Section headers are not mapped: no pointers to them.
    image[40:48] = bytes(8)
    image[58:64] = struct.pack('<HHH', 64, 0, 0)
    with open(sys.argv[2], 'w') as out:
        out.write('/* Made by kernel/arch/x86_64/vdso/embed.py. */\n'
                  '\t.section .rodata\n\t.balign 8\n'
                  '\t.globl vdso_image, vdso_image_end\n'
                  '\t.hidden vdso_image, vdso_image_end\nvdso_image:\n')
        for i in range(0, len(image), 16):
            out.write('\t.byte ' + ', '.join(
                str(b) for b in image[i:i + 16]) + '\n')
        out.write('vdso_image_end:\n'
                  '\t.section .note.GNU-stack, "", @progbits\n')


main()
