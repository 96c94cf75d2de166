#!/usr/bin/env python3
# tools/mkfont.py -- the console's 8x16 glyphs, from a PSF font, as assembly.
# SPDX-License-Identifier: MIT
"""mkfont.py -o OUT.S [FONT.psf[.gz]]

Reads Debian's Terminus (package console-setup-linux) unless another font is
named. Without one the table is empty, and the kernel has no screen console.

    extern const uint32_t font_count;       code points that have a glyph
    extern const uint16_t font_codes[][2];  code point, glyph; ascending
    extern const uint8_t font_glyphs[][16]; rows from the top, bit 7 leftmost
"""
import argparse
import gzip
import os
import struct
import sys

DEFAULT = '/usr/share/consolefonts/Lat15-Terminus16.psf.gz'
HEIGHT = 16


def read_psf1(data):
    mode, height = data[2], data[3]
    count = 512 if mode & 1 else 256
    glyphs = [data[4 + i * height:4 + (i + 1) * height] for i in range(count)]
    table = data[4 + count * height:]
    codes, glyph, sequence = {}, 0, False
    for (u,) in struct.iter_unpack('<H', table[:len(table) & ~1]):
        if u == 0xffff:
            glyph, sequence = glyph + 1, False
        elif u == 0xfffe:
            sequence = True
        elif not sequence:
            codes.setdefault(u, glyph)
    return height, 8, glyphs, codes if mode & 6 else dict(
        zip(range(32, 127), range(32, 127)))


def read_psf2(data):
    head, flags, count, size, height, width = struct.unpack_from(
        '<6I', data, 8)
    glyphs = [data[head + i * size:head + (i + 1) * size]
              for i in range(count)]
    codes = {}
    if flags & 1:
        entries = data[head + count * size:].split(b'\xff')[:count]
        for glyph, entry in enumerate(entries):
            for c in entry.split(b'\xfe')[0].decode('utf-8', 'ignore'):
                codes.setdefault(ord(c), glyph)
    else:
        codes = dict(zip(range(32, 127), range(32, 127)))
    return height, width, glyphs, codes


def read(path):
    with (gzip.open if path.endswith('.gz') else open)(path, 'rb') as f:
        data = f.read()
    if data[:2] == b'\x36\x04':
        font = read_psf1(data)
    elif data[:4] == b'\x72\xb5\x4a\x86':
        font = read_psf2(data)
    else:
        raise ValueError(f'{path}: not a PSF font')
    height, width, glyphs, codes = font
    if (width, height) != (8, HEIGHT):
        raise ValueError(f'{path}: {width}x{height}, not 8x16')
    return glyphs, {c: g for c, g in codes.items()
                    if c < 0x10000 and g < len(glyphs)}


def emit(glyphs, codes, out):
    out.write('/* Made by tools/mkfont.py. */\n'
              '\t.section .rodata.font, "a", @progbits\n')

    def label(name):
        out.write(f'\t.balign 4\n\t.globl {name}\n\t.hidden {name}\n{name}:\n')
    label('font_count')
    out.write(f'\t.long {len(codes)}\n')
    label('font_codes')
    for c in sorted(codes):
        out.write(f'\t.short {c:#x}, {codes[c]}\n')
    label('font_glyphs')
    for g in glyphs:
        out.write('\t.byte ' + ', '.join(f'{b:#x}' for b in g) + '\n')
    out.write('\t.section .note.GNU-stack, "", @progbits\n')


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('-o', '--out', required=True)
    p.add_argument('font', nargs='?', default=DEFAULT)
    a = p.parse_args()
    glyphs, codes = [], {}
    if os.path.exists(a.font):
        glyphs, codes = read(a.font)
    else:
        print(f'mkfont: no {a.font} (package console-setup-linux): the kernel '
              'gets no screen console', file=sys.stderr)
    with open(a.out, 'w') as f:
        emit(glyphs, codes, f)


if __name__ == '__main__':
    main()
