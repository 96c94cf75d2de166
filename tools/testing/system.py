# tools/testing/system.py -- run tests/system by pytest, line by line.
# SPDX-License-Identifier: MIT
"""pytest's conftest.py sends each result as a JSON line over a pipe."""
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile

from .report import TOP


SHARDS = 2  # guests at the same time


def system_suite(report):
    folder = os.path.join(TOP, 'tests', 'system')
    if not any(f.startswith('test_') for f in os.listdir(folder)):
        return
    args = [sys.executable, '-m', 'pytest', '-q', '-p', 'no:cacheprovider',
            folder]
    if not pytest_here(sys.executable):
        args[0] = '/usr/bin/python3'
    if report.quick:
        args += ['-m', 'not slow']
    with concurrent.futures.ThreadPoolExecutor(SHARDS) as pool:
        for done in [pool.submit(shard, report, args, n)
                     for n in range(SHARDS)]:
            done.result()


def shard(report, args, number):
    """Run every SHARDS-th test and report it."""
    reader, writer = os.pipe()
    env = dict(os.environ, STRAT9_REPORT_FD=str(writer),
               STRAT9_TEST_NAMES='\n'.join(report.names),
               STRAT9_SHARD=f'{number} {SHARDS}')
    said = tempfile.TemporaryFile('w+')  # a pipe that nobody reads fills up
    p = subprocess.Popen(args, cwd=TOP, env=env, pass_fds=[writer],
                         stdin=subprocess.DEVNULL, stdout=said,
                         stderr=subprocess.STDOUT)
    os.close(writer)
    count = 0
    with os.fdopen(reader) as f:
        for line in f:
            r = json.loads(line)
            count += 1
            name = 'system/' + r['name']
            if r['result'] == 'passed':
                report.ok(name)
            elif r['result'] == 'skipped':
                report.skip(name, r['detail'])
            else:
                report.fail(name, r['detail'])
    p.wait()
    said.seek(0)
    text = said.read()
    # 5: nothing was selected; 1: failures, which were reported one by one.
    if p.returncode not in (0, 1, 5) or (p.returncode == 1 and not count):
        report.fail('system: pytest runs', text)


def pytest_here(python):
    return subprocess.run([python, '-c', 'import pytest'],
                          capture_output=True).returncode == 0
