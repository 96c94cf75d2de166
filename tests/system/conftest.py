# tests/system/conftest.py -- what the system tests share.
# SPDX-License-Identifier: MIT
"""Results go to ./strat9 test as JSON lines when it asks for them."""
import json
import os
import subprocess
import sys

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, 'tests', 'lib'))
import strat9vm  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line('markers', 'slow: left out by --quick')


def short_name(nodeid):
    return nodeid.removeprefix('tests/system/')


def pytest_collection_modifyitems(config, items):
    names = os.environ.get('STRAT9_TEST_NAMES', '').split('\n')
    names = [n for n in names if n]
    if names:
        items[:] = [i for i in items if any(
            n in 'system/' + short_name(i.nodeid) for n in names)]
    number, of = map(int, os.environ.get('STRAT9_SHARD', '0 1').split())
    items[:] = items[number::of]


def pytest_runtest_logreport(report):
    fd = os.environ.get('STRAT9_REPORT_FD')
    wanted = report.when == 'call' or report.outcome != 'passed'
    if not fd or not wanted:
        return
    detail = report.longreprtext
    if report.outcome == 'skipped' and isinstance(report.longrepr, tuple):
        detail = report.longrepr[2].removeprefix('Skipped: ')
    line = json.dumps({'name': short_name(report.nodeid),
                       'result': report.outcome, 'detail': detail})
    os.write(int(fd), line.encode() + b'\n')


@pytest.fixture(scope='session')
def flavor_of():
    """A function that builds a flavor once and returns its name."""
    built = set()

    def build(flavor):
        if flavor not in built:
            r = subprocess.run([os.path.join(TOP, 'strat9'), 'build',
                                f'--flavor={flavor}'], cwd=TOP, text=True,
                               stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT)
            assert r.returncode == 0, r.stdout
            built.add(flavor)
        return flavor
    return build


def image(kind, tmp, command=None, append='', add=()):
    """Make an ISO or a disk image; its path."""
    initfs = os.path.join(tmp, 'initfs.cpio')
    with open(initfs, 'wb') as f:
        f.write(strat9vm.archive(command=command, add=add))
    out = os.path.join(tmp, 'strat9.' + kind)
    r = subprocess.run([os.path.join(TOP, 'tools', 'mkimage.sh'), kind,
                        strat9vm.build_dir(), '--initfs', initfs, '-o', out,
                        '--append', append], cwd=TOP, text=True,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert r.returncode == 0, r.stdout
    return out


@pytest.fixture(scope='session')
def images(tmp_path_factory):
    """A function from a kind (iso, image) to a made image of the default
    system; each is made once."""
    made = {}

    def get(kind):
        if kind not in made:
            made[kind] = image(kind, str(tmp_path_factory.mktemp(kind)))
        return made[kind]
    return get
