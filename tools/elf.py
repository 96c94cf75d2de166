# tools/elf.py -- read 64-bit little-endian ELF files: sections, symbols, notes.
# SPDX-License-Identifier: MIT
"""Just enough of ELF for the build's own tools; no package beyond Python."""
import struct
from collections import namedtuple

Segment = namedtuple('Segment', 'type flags offset vaddr paddr filesz memsz')


class Section(namedtuple('Section', 'name type flags addr offset size '
                                    'link info entsize')):
    WRITE, ALLOC, EXECINSTR = 1, 2, 4
    PROGBITS, SYMTAB, RELA, DYNAMIC, NOBITS, REL, DYNSYM = 1, 2, 4, 6, 8, 9, 11


class Symbol(namedtuple('Symbol', 'name value size kind is_global section')):
    NOTYPE, OBJECT, FUNC = 0, 1, 2


class Elf:
    """An ELF file; ValueError when it is none that we can read."""

    def __init__(self, path):
        with open(path, 'rb') as f:
            self.data = f.read()
        if self.data[:6] != b'\x7fELF\x02\x01':
            raise ValueError(f'{path}: not a 64-bit little-endian ELF file')
        (self.type, self.machine, _, self.entry, phoff, shoff, _, _, phsize,
         phnum, shsize, shnum, shstr) = struct.unpack_from(
             '<HHIQQQIHHHHHH', self.data, 16)
        self.segments = [self._segment(phoff + i * phsize)
                         for i in range(phnum)]
        raw = [struct.unpack_from('<IIQQQQIIQQ', self.data, shoff + i * shsize)
               for i in range(shnum)]
        names = raw[shstr][4] if shnum else 0
        self.sections = [Section(self._string(names + r[0]), r[1], r[2], r[3],
                                 r[4], r[5], r[6], r[7], r[9]) for r in raw]
        self.symbols = list(self._symbols())

    def _segment(self, at):
        t, flags, off, va, pa, fsz, msz, _ = struct.unpack_from(
            '<IIQQQQQQ', self.data, at)
        return Segment(t, flags, off, va, pa, fsz, msz)

    def _string(self, at):
        return self.data[at:self.data.index(b'\0', at)].decode()

    def _symbols(self):
        for s in self.sections:
            if s.type != Section.SYMTAB:
                continue
            names = self.sections[s.link].offset
            for at in range(s.offset, s.offset + s.size, 24):
                n, info, _, shndx, value, size = struct.unpack_from(
                    '<IBBHQQ', self.data, at)
                yield Symbol(self._string(names + n), value, size, info & 15,
                             info >> 4 != 0, shndx)

    def symbol(self, name):
        """Value of a symbol by name; KeyError."""
        for s in self.symbols:
            if s.name == name and s.section:
                return s.value
        raise KeyError(name)

    def relocations(self):
        """(offset, type, symbol index, addend) of every RELA section."""
        for s in self.sections:
            if s.type == Section.RELA:
                for at in range(s.offset, s.offset + s.size, 24):
                    off, info, add = struct.unpack_from('<QQq', self.data, at)
                    yield off, info & 0xffffffff, info >> 32, add
