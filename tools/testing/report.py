# tools/testing/report.py -- one line per test, and the sum.
# SPDX-License-Identifier: MIT
"""Every suite reports here; the last line printed is `N passed, M failed`."""
import os
import re
import sys
import threading

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
TAP_LINE = re.compile(
    r'^(not )?ok\b\s*(\d+)?\s*-?\s*(.*?)(?:\s*#\s*(SKIP|skip)\b\s*(.*))?\s*$')
TAP_PLAN = re.compile(r'^1\.\.(\d+)(?:\s*#\s*SKIP\b\s*(.*))?$', re.I)
DETAIL_LINES = 60


class Report:
    def __init__(self, names=(), quick=False, ci=False):
        self.names, self.quick, self.ci = names, quick, ci
        self.passed = self.failed = self.skipped = 0
        self.failures = []
        self.lock = threading.Lock()

    def wants(self, name):
        """Whether the test, or a group that holds it, was asked for."""
        return not self.names or any(n in name for n in self.names)

    def line(self, result, name, detail=''):
        with self.lock:
            note = f' ({detail})' if result == 'skip' and detail else ''
            print(f'{result:4}  {name}{note}')
            if result == 'FAIL' and detail:
                tail = detail.rstrip().splitlines()[-DETAIL_LINES:]
                print('\n'.join('      | ' + t for t in tail))
            sys.stdout.flush()

    def ok(self, name):
        with self.lock:
            self.passed += 1
        self.line('ok', name)

    def fail(self, name, detail=''):
        with self.lock:
            self.failed += 1
            self.failures.append(name)
        self.line('FAIL', name, detail)

    def skip(self, name, why):
        # A port that could not be had is no excuse where everything is built.
        if self.ci and why.startswith('port '):
            return self.fail(name, f'skipped: {why}')
        with self.lock:
            self.skipped += 1
        self.line('skip', name, why)
        return None

    def check(self, good, name, detail=''):
        if good:
            self.ok(name)
        else:
            self.fail(name, detail)

    def finish(self):
        if self.failures and len(self.failures) < 40:
            print('failed: ' + '\n        '.join(self.failures))
        skips = f', {self.skipped} skipped' if self.skipped else ''
        print(f'{self.passed} passed, {self.failed} failed{skips}')
        return 1 if self.failed or not self.passed else 0


def parse_tap(text):
    """([(good, description, reason for a skip or None)], complete)."""
    rows, plan, said = [], None, ''
    for raw in text.splitlines():
        if raw.startswith('# skip '):
            said = raw[7:].strip()
        m = TAP_PLAN.match(raw.strip())
        if m:
            plan = int(m[1])
            if plan == 0 and m[2]:
                rows.append((True, 'all', m[2]))
                plan = 1
            continue
        m = TAP_LINE.match(raw.strip())
        if m:
            why = (m[5] or said or 'no reason') if m[4] else None
            said = ''
            rows.append((not m[1], m[3] or f'test {m[2]}', why))
    return rows, plan is not None and plan == len(rows)


def report_tap(report, name, text, status, linux=None):
    """Report each TAP line of a program; linux: the same from Linux."""
    rows, complete = parse_tap(text)
    expected = {d for _, d, _ in linux} if linux is not None else set()
    for good, what, why in rows:
        if why is not None:
            report.skip(f'{name}: {what}', why)
        else:
            report.check(good, f'{name}: {what}', text)
    missing = expected - {d for _, d, _ in rows}
    for what in sorted(missing):
        report.fail(f'{name}: {what}', 'not reported here, but on Linux')
    clean = status == 0 or any(not g for g, _, _ in rows)
    if not rows or not complete or not clean:
        report.fail(f'{name}: runs to its end',
                    f'exit status {status}, {len(rows)} results\n{text}')
