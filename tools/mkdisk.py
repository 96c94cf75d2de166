#!/usr/bin/env python3
# tools/mkdisk.py -- a raw disk image that BIOS and UEFI firmware boot.
# SPDX-License-Identifier: MIT
"""mkdisk.py -o OUT --boot boot.img --core core.img --efi bootx64.efi --root DIR

GPT with two partitions: GRUB's core image for BIOS, and a FAT32 file system
with the EFI program and the files.  GRUB's boot.img goes into the protective
MBR.  No root rights or loop devices are needed.
"""
import argparse
import os
import struct
import subprocess
import tempfile
import uuid
import zlib

SECTOR = 512
CORE_START = 2048
ENTRIES = 128
BIOS_BOOT = uuid.UUID('21686148-6449-6E6F-744E-656564454649')
ESP = uuid.UUID('C12A7328-F81F-11D2-BA4B-00A0C93EC93B')
NAMESPACE = uuid.UUID('9d7f1c8e-3a52-4c55-8a30-5374726174b9')
FAT_MIN_SECTORS = 70000  # fewer clusters would make it FAT16
# Fields inside GRUB's images (its documented blocklist format).
KERNEL_SECTOR, DRIVE_CHECK, BLOCKLIST = 0x5c, 0x66, SECTOR - 12


def core_image(path):
    """GRUB's core, told on which sectors its own rest lies."""
    with open(path, 'rb') as f:
        core = bytearray(f.read())
    core += b'\0' * (-len(core) % SECTOR)
    struct.pack_into('<QH', core, BLOCKLIST, CORE_START + 1,
                     len(core) // SECTOR - 1)
    return bytes(core)


def boot_sector(path, sectors):
    """The MBR: GRUB's code and one partition of type EE over the disk."""
    with open(path, 'rb') as f:
        mbr = bytearray(f.read(SECTOR))
    struct.pack_into('<Q', mbr, KERNEL_SECTOR, CORE_START)
    mbr[DRIVE_CHECK:DRIVE_CHECK + 2] = b'\x90\x90'  # take the BIOS's drive
    mbr[0x1b8:0x1fe] = b'\0' * 70
    entry = struct.pack('<BBBBBBBBII', 0x80, 0, 2, 0, 0xee, 0xff, 0xff, 0xff,
                        1, sectors - 1)
    mbr[0x1be:0x1ce] = entry
    mbr[0x1fe:0x200] = b'\x55\xaa'
    return bytes(mbr)


def fat(root, efi, scratch):
    """A FAT32 file system with the folder's contents and the EFI program."""
    path = os.path.join(scratch, 'fat')
    size = sum(os.path.getsize(os.path.join(d, f))
               for d, _, fs in os.walk(root) for f in fs)
    sectors = max(FAT_MIN_SECTORS, (size * 5 // 4 + (4 << 20)) // SECTOR)
    sectors += -sectors % 2048
    with open(path, 'wb') as f:
        f.truncate(sectors * SECTOR)
    env = dict(os.environ, MTOOLS_SKIP_CHECK='1')

    def m(*args):
        subprocess.run(args, check=True, env=env, stdout=subprocess.DEVNULL)
    m('mformat', '-i', path, '-F', '-v', 'STRAT9', '-N', '57A79000',
      '-T', str(sectors), '-h', '16', '-s', '63', '::')
    m('mmd', '-i', path, '::/EFI', '::/EFI/BOOT')
    m('mcopy', '-i', path, efi, '::/EFI/BOOT/BOOTX64.EFI')
    for name in sorted(os.listdir(root)):
        m('mcopy', '-s', '-i', path, os.path.join(root, name), '::/')
    with open(path, 'rb') as f:
        return f.read()


def partition(kind, name, first, last):
    return struct.pack('<16s16sQQQ72s', kind.bytes_le,
                       uuid.uuid5(NAMESPACE, name).bytes_le, first, last, 0,
                       name.encode('utf-16-le'))


def header(table, own, other, table_at, sectors):
    head = bytearray(struct.pack(
        '<8sIIIIQQQQ16sQIII', b'EFI PART', 0x10000, 92, 0, 0, own, other,
        34, sectors - 34, uuid.uuid5(NAMESPACE, 'disk').bytes_le, table_at,
        ENTRIES, 128, zlib.crc32(table)))
    struct.pack_into('<I', head, 16, zlib.crc32(head))
    return bytes(head) + b'\0' * (SECTOR - len(head))


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ('out', 'boot', 'core', 'efi', 'root'):
        p.add_argument('-o' if name == 'out' else '--' + name, dest=name,
                       required=True)
    a = p.parse_args()
    core = core_image(a.core)
    with tempfile.TemporaryDirectory() as scratch:
        volume = fat(a.root, a.efi, scratch)
    esp_at = CORE_START + len(core) // SECTOR
    esp_at += -esp_at % 2048
    esp_end = esp_at + len(volume) // SECTOR - 1
    sectors = esp_end + 1 + 2048
    table = partition(BIOS_BOOT, 'grub', CORE_START, esp_at - 1) + \
        partition(ESP, 'strat9', esp_at, esp_end)
    table += b'\0' * (ENTRIES * 128 - len(table))
    with open(a.out, 'wb') as f:
        def put(sector, data):
            f.seek(sector * SECTOR)
            f.write(data)
        f.truncate(sectors * SECTOR)
        put(0, boot_sector(a.boot, sectors))
        put(1, header(table, 1, sectors - 1, 2, sectors))
        put(2, table)
        put(CORE_START, core)
        put(esp_at, volume)
        put(sectors - 33, table)
        put(sectors - 1, header(table, sectors - 1, 1, sectors - 33, sectors))


if __name__ == '__main__':
    main()
