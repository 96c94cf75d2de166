#!/usr/bin/env python3
# tools/test.py -- ./strat9 test: host, guest and system tests.
# SPDX-License-Identifier: MIT
"""test.py [--quick] [--ci] [NAME...]

A NAME selects the tests whose name contains it (host/buddy, guest/fork,
system/test_boot).  --quick leaves out what is slow (under five minutes in
all).  --ci adds the linter and the performance gate, and counts tests that are
skipped for a missing port as failed.
"""
import argparse
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, 'tools'))
from testing.guest import guest_suite  # noqa: E402
from testing.host import host_suite  # noqa: E402
from testing.report import Report  # noqa: E402
from testing.system import system_suite  # noqa: E402


def command(report, name, *args):
    """A command of ./strat9 that is one test by itself."""
    if not report.wants(name):
        return
    r = subprocess.run([os.path.join(TOP, 'strat9'), *args], cwd=TOP,
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, text=True)
    report.check(r.returncode == 0, name, r.stdout)


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('--quick', action='store_true')
    p.add_argument('--ci', action='store_true')
    p.add_argument('names', nargs='*')
    a = p.parse_args()
    report = Report(a.names, a.quick, a.ci)
    # Unit tests need no kernel, and build what they need.
    if a.names and all(re.match(r'host/\w+_test|fuzz/', n) for n in a.names):
        host_suite(report)
        return report.finish()
    r = subprocess.run([os.path.join(TOP, 'strat9'), 'build'], cwd=TOP,
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, text=True)
    if r.returncode:
        report.fail('build', r.stdout)
    host_suite(report)
    if not r.returncode:
        print(r.stdout.strip())
        guest_suite(report)
        system_suite(report)
        if a.ci:
            command(report, 'bench/gate', 'bench', '--gate')
            command(report, 'lint', 'lint')
    return report.finish()


if __name__ == '__main__':
    sys.exit(main())
