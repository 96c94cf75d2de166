# tools/cpio.py -- write newc archives, the boot archive's format.
# SPDX-License-Identifier: MIT
"""An archive in memory.  The same contents give the same bytes: entries are
sorted, inode numbers counted, everything belongs to root, and the time is 0
for what the build made."""
import os
import stat

TRAILER = 'TRAILER!!!'


class Archive:
    def __init__(self):
        self.entries = {}  # guest path without leading slash -> (mode, mtime,
        # data, (major, minor))

    def _put(self, path, mode, data=b'', mtime=0, dev=(0, 0)):
        path = os.path.normpath('/' + path).strip('/')
        if path:
            self._parents(path)
        self.entries[path or '.'] = (mode, mtime, data, dev)

    def _parents(self, path):
        at = os.path.dirname(path)
        while at and at not in self.entries:
            self.entries[at] = (stat.S_IFDIR | 0o755, 0, b'', (0, 0))
            at = os.path.dirname(at)

    def directory(self, path, mode=0o755):
        self._put(path, stat.S_IFDIR | mode)

    def file(self, path, data, mode=0o644, mtime=0):
        if isinstance(data, str):
            data = data.encode()
        self._put(path, stat.S_IFREG | mode, data, mtime)

    def symlink(self, path, target):
        self._put(path, stat.S_IFLNK | 0o777, target.encode())

    def host(self, source, path, keep_time=True):
        """Add a host file, link or folder (with all that is in it)."""
        st = os.lstat(source)
        mtime = int(st.st_mtime) if keep_time else 0
        if stat.S_ISLNK(st.st_mode):
            self._put(path, st.st_mode, os.readlink(source).encode(), mtime)
        elif stat.S_ISREG(st.st_mode):
            with open(source, 'rb') as f:
                self._put(path, st.st_mode, f.read(), mtime)
        elif stat.S_ISDIR(st.st_mode):
            self._put(path, st.st_mode, b'', mtime)
            for name in sorted(os.listdir(source)):
                self.host(os.path.join(source, name), path + '/' + name,
                          keep_time)
        else:
            raise ValueError(f'{source}: neither file, folder nor link')

    def bytes(self):
        out, ino = [], 1
        for name in sorted(self.entries):
            out.append(self._entry(name, ino, *self.entries[name]))
            ino += 1
        out.append(self._entry(TRAILER, 0, 0, 0, b'', (0, 0)))
        data = b''.join(out)
        return data + b'\0' * (-len(data) % 512)

    @staticmethod
    def _entry(name, ino, mode, mtime, data, dev):
        raw = name.encode() + b'\0'
        links = 2 if stat.S_ISDIR(mode) else 1
        fields = (ino, mode, 0, 0, links, mtime, len(data), 0, 0, *dev,
                  len(raw), 0)
        head = b'070701' + b''.join(b'%08X' % f for f in fields) + raw
        return (head + b'\0' * (-len(head) % 4) + data +
                b'\0' * (-len(data) % 4))
