# tools/testing/host.py -- unit tests and fuzz targets on this machine.
# SPDX-License-Identifier: MIT
"""tests/host/*_test.c (cmocka), tests/host/*.sh (TAP), tests/fuzz/*.c.

The head of a C file says what it is built from, as paths from the top:
    /* build: kernel/mm/buddy.c tests/host/shim.c */
and may add compiler arguments:  /* flags: -DX=1 */
"""
import collections
import concurrent.futures
import glob
import hashlib
import os
import re
import subprocess
import sys
import threading

from .report import TOP, report_tap

sys.path.insert(0, os.path.join(TOP, 'tests', 'lib'))
import strat9vm  # noqa: E402

CC = ['gcc', '-std=gnu2x', '-g', '-O1', '-fsanitize=address,undefined',
      '-fno-sanitize-recover=all', '-fno-omit-frame-pointer', '-Wall',
      '-Wextra', '-DHOSTED=1', '-D_GNU_SOURCE', '-I.', '-Itests/host']
FUZZ_CC = ['clang-19', '-std=gnu2x', '-g', '-O1',
           '-fsanitize=fuzzer,address,undefined',
           '-fno-sanitize-recover=all', '-fno-sanitize=function',
           '-DHOSTED=1', '-D_GNU_SOURCE', '-I.', '-Itests/host']
TEST_SECONDS = 120
ENVIRONMENT = dict(os.environ, CMOCKA_MESSAGE_OUTPUT='TAP',
                   ASAN_OPTIONS='detect_stack_use_after_return=1',
                   UBSAN_OPTIONS='print_stacktrace=1')


def directive(path, word):
    """The words after "word:" in the file's comments."""
    with open(os.path.join(TOP, path)) as f:
        head = f.read(8192)
    out = []
    for m in re.finditer(r'/\*\s*' + word + r':(.*?)\*/', head, re.S):
        out += m[1].replace('*', ' ').split()
    return out


def current(made):
    """Whether no file that an object was made from is newer."""
    try:
        at = os.path.getmtime(made)
        with open(made + '.d') as f:
            deps = f.read().replace('\\\n', ' ').split(':', 1)[1].split()
        return all(os.path.getmtime(os.path.join(TOP, d)) <= at for d in deps)
    except (OSError, IndexError):
        return False


LOCKS = collections.defaultdict(threading.Lock)


def compile_one(command, source):
    """An object file; (path, error text).  Tests share what they share."""
    key = hashlib.sha1(' '.join(command).encode()).hexdigest()[:10]
    made = os.path.join(TOP, 'build', 'tests', 'obj', key, source + '.o')
    with LOCKS[made]:
        if current(made):
            return made, ''
        os.makedirs(os.path.dirname(made), exist_ok=True)
        new = f'{made}.{os.getpid()}'
        r = subprocess.run([*command, '-MMD', '-MF', made + '.d', '-MT', 'x',
                            '-c', source, '-o', new], cwd=TOP,
                           capture_output=True, text=True)
        if r.returncode:
            return None, r.stdout + r.stderr
        os.replace(new, made)
        return made, ''


def build(source, compiler, folder, libs=()):
    """Compile a test and the sources that its head names; (path, error)."""
    name = os.path.basename(source)[:-2]
    binary = os.path.join(TOP, 'build', 'tests', folder, name)
    os.makedirs(os.path.dirname(binary), exist_ok=True)
    parts = [source, *directive(source, 'build')]
    lost = [p for p in parts if not os.path.exists(os.path.join(TOP, p))]
    if lost:
        return None, f'no such file: {" ".join(lost)}'
    command = [*compiler, *directive(source, 'flags')]
    objects = []
    for p in parts:
        made, error = compile_one(command, p)
        if not made:
            return None, error
        objects.append(made)
    link = [*command, '-o', binary, *objects, *libs]
    if newer(binary, objects, ' '.join(link)):
        return binary, ''
    r = subprocess.run(link, cwd=TOP, capture_output=True, text=True)
    if r.returncode:
        return None, r.stdout + r.stderr
    with open(binary + '.link', 'w') as f:
        f.write(' '.join(link))
    return binary, ''


def newer(binary, objects, link):
    """Whether the program was linked so, after the last of its objects."""
    try:
        at = os.path.getmtime(binary)
        with open(binary + '.link') as f:
            return f.read() == link and \
                all(os.path.getmtime(o) <= at for o in objects)
    except OSError:
        return False


def run(args, seconds=TEST_SECONDS, **more):
    """(status, output); a timeout is status 124."""
    try:
        r = subprocess.run(args, cwd=TOP, env=ENVIRONMENT, timeout=seconds,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           stdin=subprocess.DEVNULL, **more)
        return r.returncode, r.stdout.decode(errors='replace')
    except subprocess.TimeoutExpired as e:
        text = (e.stdout or b'').decode(errors='replace')
        return 124, text + f'\ntimeout after {seconds} s'


def unit_test(report, source):
    name = source[len('tests/'):-len('.c')]
    binary, error = build(source, CC, 'host', ['-lcmocka', '-lpthread'])
    if not binary:
        report.fail(f'{name}: builds', error)
        return
    status, text = run([binary])
    report_tap(report, name, text, status)


def script(report, source):
    """A TAP script; its argument is our shell, which runs here as well."""
    status, text = run(
        ['sh', source, os.path.join(strat9vm.build_dir(), 'chevron',
                                    'chevron')], 300)
    report_tap(report, source[len('tests/'):], text, status)


def fuzz(report, source, seconds):
    name = source[len('tests/'):-len('.c')]
    binary, error = build(source, FUZZ_CC, 'fuzz')
    if not binary:
        report.fail(f'{name}: builds', error)
        return
    short = os.path.basename(name)
    found = os.path.join(TOP, 'build', 'tests', 'fuzz', short + '.found')
    os.makedirs(found, exist_ok=True)
    seeds = os.path.join(TOP, 'tests', 'fuzz', 'corpus', short)
    status, text = run(
        [binary, f'-max_total_time={seconds}', '-timeout=10',
         '-rss_limit_mb=2048', '-print_final_stats=1', '-verbosity=1',
         f'-artifact_prefix={found}-', found,
         *([seeds] if os.path.isdir(seeds) else [])], seconds + 90)
    report.check(status == 0, f'{name}: {seconds} s without a finding', text)


def files(pattern):
    return sorted(os.path.relpath(f, TOP)
                  for f in glob.glob(os.path.join(TOP, 'tests', pattern)))


def host_suite(report):
    jobs = []
    seconds = 2 if report.quick else 8
    for f in files('host/*_test.c'):
        jobs.append((unit_test, report, f))
    for f in files('host/*.sh'):
        jobs.append((script, report, f))
    for f in files('fuzz/*.c'):
        jobs.append((fuzz, report, f, seconds))
    jobs = [j for j in jobs if report.wants(j[2][len('tests/'):])]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for done in [pool.submit(*j) for j in jobs]:
            done.result()
