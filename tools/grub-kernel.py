#!/usr/bin/env python3
# tools/grub-kernel.py -- the kernel as GRUB takes it.
# SPDX-License-Identifier: MIT
"""grub-kernel.py FILE: change it in place.

GRUB refuses an ELF file with relocations ("ELF files with relocs are not
supported yet"), whoever applies them; Limine moves the kernel by them.  GRUB's
copy therefore is called ET_EXEC, its dynamic header PT_NULL and its sections of
relocations plain data.  Nothing is lost: started by Multiboot, the kernel
applies its relocations itself and knows where they are from the linker.
"""
import struct
import sys

ET_EXEC, PT_NULL, PT_DYNAMIC = 2, 0, 2
SHT_PROGBITS, SHT_RELA, SHT_DYNAMIC, SHT_REL, SHT_DYNSYM = 1, 4, 6, 9, 11


def retype(f, at, kinds, kind):
    """Give a header's type field (its first or second word) another value."""
    f.seek(at)
    if struct.unpack('<I', f.read(4))[0] in kinds:
        f.seek(at)
        f.write(struct.pack('<I', kind))


def main():
    with open(sys.argv[1], 'r+b') as f:
        head = f.read(64)
        phoff, shoff = struct.unpack_from('<QQ', head, 32)
        phsize, phnum, shsize, shnum = struct.unpack_from('<HHHH', head, 54)
        f.seek(16)
        f.write(struct.pack('<H', ET_EXEC))
        for i in range(phnum):
            retype(f, phoff + i * phsize, (PT_DYNAMIC,), PT_NULL)
        for i in range(shnum):
            retype(f, shoff + i * shsize + 4,
                   (SHT_RELA, SHT_DYNAMIC, SHT_REL, SHT_DYNSYM), SHT_PROGBITS)


if __name__ == '__main__':
    main()
