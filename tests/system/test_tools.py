# tests/system/test_tools.py -- the harness itself, where a wrong answer hides.
# SPDX-License-Identifier: MIT
import os
import subprocess
import sys

import strat9vm

sys.path.insert(0, os.path.join(strat9vm.TOP, 'tools'))
from cpio import Archive  # noqa: E402
from testing.report import parse_tap  # noqa: E402


def filtered(pieces):
    out = bytearray()
    f = strat9vm.TrailerFilter(out.extend)
    for p in pieces:
        f(p)
    f.finish()
    return bytes(out), f.status


def test_trailer__is_taken_off_wherever_it_is_cut():
    whole = b'abc\0\0STRAT9-EXIT 42\n'
    for size in range(1, len(whole) + 1):
        pieces = [whole[i:i + size] for i in range(0, len(whole), size)]
        assert filtered(pieces) == (b'abc\0', 42)


def test_trailer__that_is_none_passes():
    for data in (b'\0', b'a\0STRAT9-EXIT x\n', b'\0STRAT9-EXIT ', b'\0' * 40):
        assert filtered([data[i:i + 1] for i in range(len(data))]) == \
            (data, None)


def test_tap__plan_skip_and_failure():
    rows, complete = parse_tap('1..3\nok 1 - a\nnot ok 2 - b\n'
                               'ok 3 - c # SKIP why\n')
    assert complete and rows == [(True, 'a', None), (False, 'b', None),
                                 (True, 'c', 'why')]
    assert not parse_tap('1..2\nok 1 - a\n')[1]
    assert not parse_tap('ok 1 - a\n')[1]


def test_cpio__is_what_cpio_reads(tmp_path):
    ar = Archive()
    ar.file('a/b/file', b'12345', 0o755)
    ar.symlink('a/link', 'b/file')
    ar.directory('tmp', 0o1777)
    r = subprocess.run(['cpio', '-idm', '--quiet'], input=ar.bytes(),
                       cwd=tmp_path, capture_output=True)
    assert r.returncode == 0, r.stderr
    assert (tmp_path / 'a' / 'link').read_bytes() == b'12345'
    assert (tmp_path / 'a/b/file').stat().st_mode & 0o7777 == 0o755
    assert (tmp_path / 'tmp').stat().st_mode & 0o7777 == 0o1777


def test_deps__second_run_touches_nothing():
    """Everything is installed here: no word, no network."""
    r = subprocess.run([os.path.join(strat9vm.TOP, 'tools', 'deps.sh'),
                        'build', 'run'], capture_output=True, text=True)
    assert (r.returncode, r.stdout, r.stderr) == (0, '', '')
