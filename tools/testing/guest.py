# tools/testing/guest.py -- the same TAP programs on Linux and on Strat9.
# SPDX-License-Identifier: MIT
"""tests/guest/*.c, static on musl, first run here on Linux, then all in one
boot of Strat9.  In the head of a file:
    /* linux: skip REASON */  /* strat9: skip REASON */  /* flags: ... */
A program that hangs or kills the guest is reported, and the guest booted again
for those after it.
"""
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

from .host import build, directive, files
from .report import TOP, parse_tap, report_tap

sys.path.insert(0, os.path.join(TOP, 'tests', 'lib'))
import strat9vm  # noqa: E402

CC = ['musl-gcc', '-std=gnu2x', '-O1', '-g', '-static', '-pthread', '-Wall',
      '-Wextra', '-D_GNU_SOURCE', '-I.', '-Itests/guest']
FOLDER = '/tests'
QUIET_SECONDS = 90  # a program that prints nothing for so long hangs
BOOTS_MAX = 12
MARK = re.compile(r'^@@(begin|end) (\S+) ?(\d*)$', re.M)


def skip_reason(source, system):
    words = directive(source, system)
    return ' '.join(words[1:]) if words[:1] == ['skip'] else None


def on_linux(binary):
    """(status, text) of the program here, in an empty folder of its own."""
    with tempfile.TemporaryDirectory(prefix='strat9-guest-') as folder:
        try:
            r = subprocess.run([binary], cwd=folder, timeout=120,
                               stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT)
        except subprocess.TimeoutExpired as e:
            return 124, (e.stdout or b'').decode(errors='replace')
    return r.returncode, r.stdout.decode(errors='replace')


def linux_run(report, source):
    """Build, and run on Linux; (binary, TAP rows of Linux) or None."""
    name = 'guest/' + os.path.basename(source)[:-2]
    binary, error = build(source, CC, 'guest')
    if not binary:
        report.fail(f'{name}: builds', error)
        return None
    why = skip_reason(source, 'linux')
    if why:
        return binary, None
    status, text = on_linux(binary)
    rows, complete = parse_tap(text)
    if status or not complete or not all(g for g, _, _ in rows):
        report.fail(f'{name}: passes on Linux',
                    f'exit status {status}\n{text}')
        return None
    return binary, rows


def script(names):
    """The Chevron script that runs the programs one after the other."""
    lines = [f'mkdir -p /tmp/{n}; cd /tmp/{n}; echo "@@begin {n}"; '
             f'{FOLDER}/{n}; echo "@@end {n} $?"' for n in names]
    return '\n'.join(lines) + '\n'


def boot(names, binaries, smp, memory, flavor):
    """One boot over the named programs: ({name: (status, text)}, Result)."""
    with tempfile.NamedTemporaryFile('w', suffix='.chv') as f:
        f.write(script(names))
        f.flush()
        r = strat9vm.run(
            f'chevron {FOLDER}/run', timeout=QUIET_SECONDS + 30 * len(names),
            quiet=QUIET_SECONDS, smp=smp, memory=memory, flavor=flavor,
            add=[f'{f.name}:{FOLDER}/run',
                 *(f'{binaries[n]}:{FOLDER}/{n}' for n in names)])
    done, text = {}, r.out.decode(errors='replace').replace('\r', '')
    marks = list(MARK.finditer(text))
    for m, after in zip(marks, marks[1:] + [None]):
        if m[1] != 'begin':
            continue
        body = text[m.end():after.start() if after else len(text)]
        ended = after and after[1] == 'end' and after[2] == m[2]
        done[m[2]] = (int(after[3] or 0) if ended else None, body)
    return done, r


def on_strat9(report, binaries, linux, smp=2, memory=512, flavor=None):
    left = list(binaries)
    for _ in range(BOOTS_MAX):
        if not left:
            return
        done, r = boot(left, binaries, smp, memory, flavor)
        for n in left:
            if n not in done:
                continue
            status, text = done[n]
            if status is None:
                report.fail(f'guest/{n}: runs to its end',
                            f'{text}\n{r.why}\n{r.log[-3000:]}')
            else:
                report_tap(report, f'guest/{n}', text, status, linux[n])
        rest = [n for n in left if n not in done]
        if len(rest) == len(left):
            report.fail('guest: boots and runs the programs', repr(r))
            return
        left = rest
    for n in left:
        report.fail(f'guest/{n}: runs', 'too many programs killed the guest')


def guest_suite(report):
    sources = [s for s in files('guest/*.c')
               if report.wants(s[len('tests/'):])]
    binaries, linux = {}, {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        results = list(pool.map(lambda s: linux_run(report, s), sources))
    for source, result in zip(sources, results):
        name = os.path.basename(source)[:-2]
        why = skip_reason(source, 'strat9')
        if why:
            report.skip(f'guest/{name}', why)
        elif result:
            binaries[name], linux[name] = result
    if binaries:
        on_strat9(report, binaries, linux)
