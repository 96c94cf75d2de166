#!/usr/bin/env python3
# tools/mutate.py -- ./strat9 mutate: break the code, expect a red test.
# SPDX-License-Identifier: MIT
"""mutate.py [NAME...]

Each [[mutation]] of tests/mutations/*.toml names a file, a piece of its text
that occurs there once, what to put in its place, and the test that must fail
then.  All is done in a copy of the tree (build/mutants), where the named tests
must pass first.

A mutant is found when the named test itself reports a failure, or when its
program ends, hangs (HANG_SECONDS without a word) or takes the kernel with it
while that test runs.  What happens in another test does not count.
"""
import argparse
import fcntl
import glob
import os
import pty
import select
import subprocess
import sys
import time
import tomllib

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COPY = os.path.join(TOP, os.environ.get('STRAT9_BUILD_DIR', 'build'),
                    'mutants')
KEYS = {'name', 'why', 'file', 'old', 'new', 'test'}
HANG_SECONDS = 75  # more than a guest test's alarm, which names the test


def mutations():
    out = []
    for path in sorted(glob.glob(os.path.join(TOP, 'tests', 'mutations',
                                              '*.toml'))):
        with open(path, 'rb') as f:
            for m in tomllib.load(f).get('mutation', []):
                if set(m) != KEYS:
                    sys.exit(f'{path}: {m.get("name")}: needs exactly '
                             f'{" ".join(sorted(KEYS))}')
                out.append(m)
    return out


def sync():
    """Bring the copy to the state of the tree; unchanged files keep their
    times, so that a build does little."""
    r = subprocess.run(['git', 'ls-files', '-co', '--exclude-standard'],
                       cwd=TOP, capture_output=True, text=True, check=True)
    want = {f for f in r.stdout.split('\n') if f and
            os.path.isfile(os.path.join(TOP, f))}
    for folder, dirs, files in os.walk(COPY):
        rel = os.path.relpath(folder, COPY)
        if rel == '.':
            dirs[:] = [d for d in dirs if d not in ('build', '.git')]
        for f in files:
            if os.path.normpath(os.path.join(rel, f)) not in want:
                os.remove(os.path.join(folder, f))
    for f in sorted(want):
        put(f, read(os.path.join(TOP, f)),
            os.stat(os.path.join(TOP, f)).st_mode)
    if not os.path.isdir(os.path.join(COPY, '.git')):
        subprocess.run(['git', 'init', '-q', COPY], check=True)


def read(path):
    with open(path, 'rb') as f:
        return f.read()


def put(name, data, mode=None):
    path = os.path.join(COPY, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if not os.path.exists(path) or read(path) != data:
        with open(path, 'wb') as f:
            f.write(data)
    if mode is not None:
        os.chmod(path, mode)


def parts():
    """The copy's own modules: all that they build and run is in the copy."""
    os.environ['STRAT9_BUILD_DIR'] = 'build'
    sys.path.insert(0, os.path.join(COPY, 'tools'))
    from testing import guest, host, report
    guest.strat9vm.stop_on_signals()
    return host, guest, report


class Run:
    """What a program that prints TAP said, and how it ended."""

    def __init__(self, rows=(), end='', text=''):
        self.rows = {what: good for good, what, _ in rows}
        self.end, self.text = end, text

    def tail(self):
        return self.text[-1500:]


class Runner:
    """Builds and runs single programs of tests/host and tests/guest."""

    def __init__(self):
        self.host, self.guest, self.report = parts()

    def build(self, program):
        """The binary, or None and what the compiler said."""
        if program.startswith('host/'):
            return self.host.build(f'tests/{program}.c', self.host.CC, 'host',
                                   ['-lcmocka', '-lpthread'])
        r = subprocess.run(['./strat9', 'build'], cwd=COPY, text=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT)
        if r.returncode:
            return None, r.stdout
        return self.host.build(f'tests/{program}.c', self.guest.CC, 'guest')

    def rows(self, data):
        """The TAP rows of all complete lines."""
        text = data.decode(errors='replace').replace('\r', '')
        return self.report.parse_tap(text[:text.rfind('\n') + 1])[0]

    def run(self, program, binary, tests):
        """Run until the last of the tests has said how it went."""
        here = self.on_host if program.startswith('host/') else self.on_guest
        return here(program, binary, tests)

    def done(self, data, tests):
        return set(tests) <= {what for _, what, _ in self.rows(data)}

    def on_host(self, _, binary, tests):
        """On a terminal, so that each line comes when it is printed."""
        ours, theirs = pty.openpty()
        p = subprocess.Popen([binary], cwd=COPY, env=self.host.ENVIRONMENT,
                             stdin=subprocess.DEVNULL, stdout=theirs,
                             stderr=theirs)
        os.close(theirs)
        data, end = bytearray(), ''
        while not self.done(data, tests):
            if not select.select([ours], [], [], HANG_SECONDS)[0]:
                end = f'hangs ({HANG_SECONDS} s)'
                break
            try:
                data += os.read(ours, 65536)
            except OSError:  # the program has ended
                end = f'exit status {p.wait()}'
                break
        p.kill()
        p.wait()
        os.close(ours)
        return Run(self.rows(data), end, data.decode(errors='replace'))

    def on_guest(self, program, binary, tests):
        """One boot for the one program."""
        name = os.path.basename(program)
        at = f'{self.guest.FOLDER}/{name}'
        with self.guest.strat9vm.VM(
                smp=2, memory=512, add=[f'{binary}:{at}'],
                command=f'mkdir -p /tmp/{name}; cd /tmp/{name}; {at}') as vm:
            data, end, heard = b'', '', time.monotonic()
            while not end and not self.done(data, tests):
                n = len(data)
                vm.output.wait(lambda n=n: len(vm.output.data) > n,
                               time.monotonic() + 0.5)
                data = bytes(vm.output.data)
                if len(data) > n:
                    heard = time.monotonic()
                elif 'PANIC' in vm.log:
                    vm.settle()
                    end = 'the kernel panics'
                elif vm.output.closed or b'STRAT9-EXIT' in data:
                    end = 'the program or the guest ended'
                elif time.monotonic() - heard > HANG_SECONDS:
                    end = f'hangs ({HANG_SECONDS} s)'
            return Run(self.rows(data), end,
                       data.decode(errors='replace') + vm.log[-1500:])


def split(test):
    """("host/x_test", "function__promise")."""
    program, _, name = test.partition(': ')
    return program, name


def verdict(run, name, order):
    """(found, explanation) of a run that was to break the named test."""
    if name in run.rows:
        good = run.rows[name]
        return not good, 'stays green:\n' + run.tail() if good else 'red'
    at = order[len(run.rows)] if len(run.rows) < len(order) else 'its end'
    if at == name:
        return True, f'red: {run.end}'
    return False, f'{run.end} in another test ({at}):\n{run.tail()}'


def try_one(runner, m, order):
    """What happened to a mutant: (found, explanation)."""
    program, name = split(m['test'])
    path = os.path.join(COPY, m['file'])
    if not os.path.exists(path):
        return False, f'no file {m["file"]}'
    clean = read(path)
    count = clean.count(m['old'].encode())
    if count != 1:
        return False, f'its text occurs {count} times in {m["file"]}'
    put(m['file'], clean.replace(m['old'].encode(), m['new'].encode()))
    try:
        binary, error = runner.build(program)
        if not binary:
            return False, 'does not build:\n' + error[-2000:]
        return verdict(runner.run(program, binary, [name]), name, order)
    finally:
        put(m['file'], clean)


def baseline(runner, program, names):
    """(the program's tests in their order, '') where nothing is broken, or
    (None, why not)."""
    binary, error = runner.build(program)
    if not binary:
        return None, f'does not build unbroken:\n{error[-3000:]}'
    run = runner.run(program, binary, names)
    bad = [n for n in sorted(names) if not run.rows.get(n)]
    if bad:
        return None, (f'fails unbroken, or has no such test: {", ".join(bad)}'
                      f'\n{run.end}\n{run.text[-3000:]}')
    return list(run.rows), ''


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('names', nargs='*')
    a = p.parse_args()
    todo = [m for m in mutations()
            if not a.names or any(n in m['name'] for n in a.names)]
    if not todo:
        sys.exit('mutate: there is no such mutation')
    # The kernel first: what is put back later need not be compiled for it.
    todo.sort(key=lambda m: split(m['test']))
    os.makedirs(COPY, exist_ok=True)
    with open(COPY + '.lock', 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return try_all(todo)


def try_all(todo):
    begin = time.monotonic()
    sync()
    runner = Runner()
    found, program = 0, None
    for m in todo:
        start = time.monotonic()
        if split(m['test'])[0] != program:
            program = split(m['test'])[0]
            order, bad = baseline(runner, program, {
                split(o['test'])[1] for o in todo
                if split(o['test'])[0] == program})
        good, why = try_one(runner, m, order) if order else (False, bad)
        found += good
        print(f'{"found" if good else "MISSED":6}  {m["name"]}: {m["test"]} '
              f'{why} ({time.monotonic() - start:.0f} s)', flush=True)
    print(f'{found} of {len(todo)} found '
          f'({time.monotonic() - begin:.0f} s)')
    return 0 if found == len(todo) else 1


if __name__ == '__main__':
    sys.exit(main())
