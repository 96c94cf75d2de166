#!/usr/bin/env python3
# tools/mutate.py -- ./strat9 mutate: break the code, expect a red test.
# SPDX-License-Identifier: MIT
"""mutate.py [NAME...]

Each [[mutation]] of tests/mutations/*.toml names a file, a piece of its text
that occurs there once, what to put in its place, and the test that must fail
then.  All is done in a copy of the tree (build/mutants), where the named tests
must pass first.
"""
import argparse
import glob
import os
import subprocess
import sys
import tomllib

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COPY = os.path.join(TOP, os.environ.get('STRAT9_BUILD_DIR', 'build'),
                    'mutants')
KEYS = {'name', 'why', 'file', 'old', 'new', 'test'}
TEST_SECONDS = 900


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
            dirs[:] = [d for d in dirs if d != 'build']
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


def run(*args):
    """(status, output) of a command in the copy."""
    try:
        r = subprocess.run(args, cwd=COPY, text=True, errors='replace',
                           stdin=subprocess.DEVNULL, timeout=TEST_SECONDS,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return r.returncode, r.stdout
    except subprocess.TimeoutExpired as e:
        return 124, (e.stdout or b'').decode(errors='replace')


def test(names):
    """Run the programs that hold the named tests; nothing else."""
    return run(sys.executable, 'tools/test.py',
               *sorted({program(n) for n in names}))


def program(name):
    """host/x_test of "host/x_test: function__promise"."""
    return name.split(':')[0]


def failures(name, out):
    """The lines that say that the test failed, or its program as a whole: it
    died before the test's turn, or took the guest with it."""
    red = [x[6:] for x in out.splitlines() if x.startswith('FAIL  ')]
    whole = (program(name) + ': runs to its end', 'guest: boots')
    return [x for x in red if x == name or x.startswith(whole)]


def try_one(m):
    """What happened to a mutant: (found, explanation)."""
    path = os.path.join(TOP, m['file'])
    if not os.path.exists(path):
        return False, f'no file {m["file"]}'
    clean = read(path)
    count = clean.count(m['old'].encode())
    if count != 1:
        return False, f'its text occurs {count} times in {m["file"]}'
    put(m['file'], clean.replace(m['old'].encode(), m['new'].encode()))
    try:
        _, out = test([m['test']])
        if ': builds' in out or 'FAIL  build' in out:
            return False, 'does not build:\n' + out[-2000:]
        red = failures(m['test'], out)
        if red:
            return True, 'red: ' + ', '.join(red)
        return False, f'{m["test"]} stays green:\n' + out[-1500:]
    finally:
        put(m['file'], clean)


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('names', nargs='*')
    a = p.parse_args()
    todo = [m for m in mutations()
            if not a.names or any(n in m['name'] for n in a.names)]
    if not todo:
        sys.exit('mutate: there is no such mutation')
    sync()
    status, out = test([m['test'] for m in todo])
    if status:
        print(out)
        sys.exit('mutate: the tests fail before anything is broken')
    known = {x.split('  ', 1)[1].strip() for x in out.splitlines()
             if x.startswith('ok')}
    lost = [m['test'] for m in todo if m['test'] not in known]
    if lost:
        sys.exit(f'mutate: there is no test {", ".join(lost)}')
    found = 0
    for m in todo:
        good, why = try_one(m)
        found += good
        print(f'{"found" if good else "MISSED":6}  {m["name"]}: '
              f'{m["why"]}\n        {why}', flush=True)
    print(f'{found} of {len(todo)} found')
    return 0 if found == len(todo) else 1


if __name__ == '__main__':
    sys.exit(main())
