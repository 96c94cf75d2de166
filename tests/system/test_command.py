# tests/system/test_command.py -- ./strat9's own commands for developers.
# SPDX-License-Identifier: MIT
import os
import re
import subprocess
import sys

import pytest
import strat9vm

sys.path.insert(0, os.path.join(strat9vm.TOP, 'tools'))
import bench  # noqa: E402

COMMANDS = ('run', 'exec', 'test', 'build', 'iso', 'image', 'debug', 'bench',
            'soak', 'mutate', 'lint', 'fmt', 'deps', 'help')


def strat9(*args, cwd=strat9vm.TOP, **env):
    """(status, output) of ./strat9."""
    r = subprocess.run(['./strat9', *args], cwd=cwd, text=True, timeout=300,
                       env=dict(os.environ, **env), stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return r.returncode, r.stdout


def test_help__names_every_command():
    status, text = strat9('help')
    assert status == 0
    for c in COMMANDS:
        assert re.search(rf'^  (\w+, )?{c}\b', text, re.M), c


def test_unknown_command__is_refused():
    status, text = strat9('frobnicate')
    assert status == 2 and 'frobnicate' in text


@pytest.fixture(scope='module')
def copy(tmp_path_factory):
    """A clone of the project that may be spoilt."""
    top = str(tmp_path_factory.mktemp('copy') / 'strat9')
    subprocess.run(['git', 'clone', '-q', '--shared', strat9vm.TOP, top],
                   check=True)
    return top


BAD = [
    ('format', 'kernel/core/uts.c', '\nint  f ( void ) ;\n'),
    ('marks', 'kernel/core/uts.c', '\n/* FIX' 'ME later */\n'),
    ('size', 'kernel/core/uts.c', '\nvoid f(void)\n{\n' + '\t;\n' * 70 + '}\n'),
    ('contracts', 'kernel/core/uts.h', '\n\nint f(int a);\n'),
    ('layers', 'lib/bad.c', '#include "kernel/core/uts.h"\n'),
    ('headers', 'kernel/core/uts.h', '\nstruct a { struct nowhere b; };\n'),
    ('features', 'docs/FEATURES.md', '| a | **works** | `guest/none` |\n'),
]


@pytest.mark.parametrize('gate,path,text', BAD, ids=[b[0] for b in BAD])
def test_lint__sees(copy, gate, path, text):
    at = os.path.join(copy, path)
    before = open(at).read() if os.path.exists(at) else ''
    lint = [sys.executable, 'tools/lint.py', gate]
    try:
        with open(at, 'a') as f:
            f.write(text)
        r = subprocess.run(lint, cwd=copy, capture_output=True, text=True)
    finally:
        with open(at, 'w') as f:
            f.write(before)
    assert r.returncode == 1 and path in r.stdout, r.stdout


def test_fmt__mends_what_lint_sees(copy):
    at = os.path.join(copy, 'kernel/core/uts.c')
    before = open(at).read()
    with open(at, 'w') as f:
        f.write(before.replace(';\n', ' ;\n\n\n', 1))
    status, text = strat9('fmt', cwd=copy)
    assert status == 0 and ' ;' not in open(at).read(), text


def test_gate__sees_a_worse_row(capsys):
    base = bench.load(bench.BASELINE)
    assert bench.gate(base) == 0
    base['results']['null_syscall']['value'] *= 1.04
    assert bench.gate(base) == 1
    assert 'null_syscall' in capsys.readouterr().out
    del base['results']['null_syscall']
    assert bench.gate(base) == 1


def test_debug__stops_in_the_kernel(tmp_path):
    """gdb with the symbols, from the first instruction on."""
    gdb = tmp_path / 'gdb'
    gdb.write_text('#!/bin/sh\nexec gdb "$@" -batch -ex "strat9 boot" '
                   '-ex "bt 1"\n')
    gdb.chmod(0o755)
    status, text = strat9('debug', '--append', 'nokaslr', GDB=str(gdb))
    assert status == 0 and re.search(r'#0 .*kernel_main', text), text


@pytest.mark.slow
def test_soak__boots_again_and_again():
    status, text = strat9('soak', 'boot', '--minutes', '0.05')
    assert status == 0 and re.search(r'^[1-9]\d* passed, 0 failed', text,
                                     re.M), text


@pytest.mark.slow
def test_mutate__finds_a_breakage():
    status, text = strat9('mutate', 'pipe-splits-small-writes')
    assert status == 0 and '1 of 1 found' in text, text
