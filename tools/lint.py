#!/usr/bin/env python3
# tools/lint.py -- ./strat9 lint: the gates of the house style.
# SPDX-License-Identifier: MIT
"""lint.py [--all] [GATE...]

format     clang-format-19 has nothing to change
headers    every header compiles alone
layers     who may include whom
size       no function over 60 lines, no file over 600, without its reason
contracts  every external function has its comment in the header
marks      no unfinished marks, no dead references to a workplace
lists      tools/gen-meson-lists.sh has nothing to change
features   a row of docs/FEATURES.md that "works" names an existing test
mutations  each breakage of tests/mutations fits the sources, and has its test
cppcheck   cppcheck finds nothing
tidy       clang-tidy-19 finds nothing (.clang-tidy) in what changed since the
           last commit that the main branch has; --all: in all files
clang      clang-19 and its -Wthread-safety have nothing to say of the kernel

An exception is written at the line or in the head of the file, with its reason:
/* long: WHY */ (size), /* layers: WHY */, /* repeated: WHY */ (headers).
"""
import concurrent.futures
import os
import re
import subprocess
import sys
import tomllib

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOREIGN = ('tests/corpus/', 'bench/osbench.c', 'bench/init.c')
FUNCTION_MAX, FILE_MAX = 60, 600
KERNEL_FLAGS = ['-std=gnu2x', '-ffreestanding', '-fno-stack-protector',
                '-mno-red-zone', '-mgeneral-regs-only', '-fsyntax-only',
                '-DBEDROCK=1', '-DCONFIG_LINUX=1', '-DCONFIG_FASTPATH=1',
                '-DSTRAT9_VERSION="0"', '-I.']
USER_FLAGS = ['-std=gnu2x', '-D_GNU_SOURCE', '-fsyntax-only', '-I.',
              '-Itests/host', '-Itests/guest']
# As kernel/meson.build has them, in the debug build.
CLANG_FLAGS = ['-Wall', '-Wextra', '-Wshadow', '-Wstrict-prototypes',
               '-Wmissing-prototypes', '-Wvla', '-Wthread-safety', '-Werror',
               '-Wno-gnu-variable-sized-type-not-at-end', '-DCONFIG_DEBUG=1']
# Folder: what its files may include, beside themselves and the C library.
LAYERS = {
    'abi': (), 'lib': ('abi',), 'strates': ('abi', 'lib'),
    'drivers': ('abi', 'lib'), 'chevron': ('abi', 'lib'),
    'kernel': ('abi',),
}
MARKS = re.compile(r'\b(TODO(?!\s*\(#\d+\))|FIXME|XXX|HACK)\b')


def sources(*patterns):
    r = subprocess.run(['git', 'ls-files', '-co', '--exclude-standard', '--',
                        *patterns], cwd=TOP, capture_output=True, text=True)
    return sorted({f for f in r.stdout.split('\n') if f and
                   not f.startswith(FOREIGN) and
                   os.path.exists(os.path.join(TOP, f))})


def text(path):
    with open(os.path.join(TOP, path), errors='replace') as f:
        return f.read()


def call(args, **more):
    """(status, output)"""
    r = subprocess.run(args, cwd=TOP, stdout=subprocess.PIPE, text=True,
                       stderr=subprocess.STDOUT, **more)
    return r.returncode, r.stdout


def each(job, items):
    """Run job for all items on all CPUs; what they returned, flattened."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return [line for found in pool.map(job, items) for line in found]


def lint_format():
    def job(paths):
        status, out = call(['clang-format-19', '--dry-run', '-Werror', *paths])
        bad = set(re.findall(r'^(\S+?):\d+:\d+: ', out, re.M))
        if status and not bad:
            return [out.strip()]
        return [f'{p}: not formatted (./strat9 fmt)' for p in sorted(bad)]
    files = sources('*.c', '*.h')
    return each(job, [files[i:i + 40] for i in range(0, len(files), 40)])


def flags_of(path):
    if path.startswith('kernel/'):
        own = ['-DCONFIG_KASAN=1'] if 'kasan' in path else []
        return ['gcc', *KERNEL_FLAGS, *own]
    if path.startswith(('tests/host/', 'tests/fuzz/')):
        return ['gcc', '-DHOSTED=1', *USER_FLAGS]
    return ['musl-gcc', *USER_FLAGS]


def lint_headers():
    def job(path):
        first = '#include <cmocka.h>\n' if path.startswith('tests/host/') and \
            'cmocka' in text(path) else ''
        if first:
            first = ('#include <stdarg.h>\n#include <stddef.h>\n#include '
                     '<stdint.h>\n#include <setjmp.h>\n') + first
        status, out = call([*flags_of(path), '-Wall', '-Wextra', '-Werror',
                            '-x', 'c', '-'],
                           input=f'{first}#include "{path}"\n')
        lost = [] if '#pragma once' in text(path) else \
            [f'{path}: no #pragma once']
        return lost + ([out.strip()] if status else [])

    def alone(path):  # lists that macros expand are no headers by themselves
        return '/* repeated:' not in text(path)[:400]
    return each(job, filter(alone, sources('*.h')))


def lint_layers():
    bad = []
    for path in sources('*.c', '*.h', '*.S'):
        top = path.split('/')[0]
        if top not in LAYERS:
            continue
        if '/* layers:' in text(path)[:2000]:
            continue
        for inc in re.findall(r'^\s*#\s*include\s+"([^"]+)"', text(path),
                              re.M):
            to = inc.split('/')[0]
            if '/' in inc and to != top and to not in LAYERS[top]:
                bad.append(f'{path}: {top} may not include {inc}')
            # Folders without a slash are their own: "shell.h".
            if top == 'kernel' and inc.startswith('kernel/linux/') and \
                    not path.startswith('kernel/linux/'):
                bad.append(f'{path}: kernel/linux is used by itself only')
    return bad


def functions(lines):
    """(name, first line, number of lines) of each function body."""
    start = None
    for i, line in enumerate(lines):
        if line.startswith('{') and i and not lines[i - 1].endswith('='):
            start = i
        elif line.startswith('}') and start is not None:
            if not line.startswith('};'):
                yield start, i - start + 1
            start = None


def lint_size():
    bad = []
    for path in sources('*.c', '*.h'):
        lines = text(path).split('\n')
        head = '\n'.join(lines[:40])
        if len(lines) - 1 > FILE_MAX and '/* long:' not in head:
            bad.append(f'{path}: {len(lines) - 1} lines')
        for start, size in functions(lines):
            near = '\n'.join(lines[max(0, start - 12):start + 8])
            if size > FUNCTION_MAX and '/* long:' not in near and \
                    'long:' not in near:
                bad.append(f'{path}:{start}: a function of {size} lines')
    for path in sources('*.py', '*.sh', 'strat9'):
        n = text(path).count('\n')
        if n > FILE_MAX:
            bad.append(f'{path}: {n} lines')
    return bad


PROTOTYPE = re.compile(r'^(?!static|typedef|extern|struct \w+ \{|enum|#|return)'
                       r'[A-Za-z_][\w \t\*\[\]]*\b\w+\([^{}]*?\)[^;{}]*;$')

# References, the C library's own and Linux's calls: the contract of these is in
# the name, or the page of that name in section 2 of Linux's manual.
OBVIOUS = re.compile(r'\b(\w+_(get|put)|(mem|str)[a-z]+|sys_\w+)\(')


def lint_contracts():
    """A prototype stands below a comment, or in a group that starts so."""
    bad = []
    for path in sources('kernel/*.h', 'lib/*.h', 'abi/*.h'):
        covered, statement = False, ''
        in_comment = False
        for n, line in enumerate(text(path).split('\n'), 1):
            if in_comment or line.startswith('/*'):
                in_comment = '*/' not in line
                covered, statement = True, ''
                continue
            if not line.strip():
                covered, statement = False, ''
                continue
            if not statement and line[0] in ' \t}':
                continue  # inside a body
            statement += line.strip() + ' '
            if line.rstrip().endswith((';', '{', '}')):
                if not covered and '/*' not in statement and \
                        PROTOTYPE.match(statement.strip()) and \
                        not OBVIOUS.search(statement):
                    bad.append(f'{path}:{n}: no contract: '
                               f'{statement.strip()[:60]}')
                statement = ''
    return bad


def lint_marks():
    bad = []
    for path in sources('*.c', '*.h', '*.S', '*.py', '*.sh', 'strat9'):
        if path == 'tools/lint.py':
            continue
        for n, line in enumerate(text(path).split('\n'), 1):
            if MARKS.search(line):
                bad.append(f'{path}:{n}: {line.strip()[:70]}')
    return bad


def lint_lists():
    status, out = call(['tools/gen-meson-lists.sh'])
    return [f'{f}: was out of date' for f in out.split()] if out else \
        (['tools/gen-meson-lists.sh failed'] if status else [])


def lint_features():
    path = 'docs/FEATURES.md'
    if not os.path.exists(os.path.join(TOP, path)):
        return [f'{path}: is not there']
    bad = []
    for n, line in enumerate(text(path).split('\n'), 1):
        cells = [c.strip() for c in line.strip().strip('|').split('|')]
        if not any(re.match(r'\**works\**\b', c) for c in cells):
            continue
        named = re.findall(r'`?((?:host|guest|system|fuzz)/[\w./-]+)', line)
        if not named:
            bad.append(f'{path}:{n}: works, by which test?')
        for name in named:
            base = os.path.join(TOP, 'tests', name.rstrip('.'))
            if not any(os.path.exists(base + e) for e in
                       ('', '.c', '.py', '.sh', '_test.c')):
                bad.append(f'{path}:{n}: no test {name}')
    return bad


def lint_mutations():
    bad = []
    for path in sources('tests/mutations/*.toml'):
        for m in tomllib.loads(text(path)).get('mutation', []):
            name, of = m['name'], os.path.join(TOP, m['file'])
            count = text(m['file']).count(m['old']) if \
                os.path.exists(of) else 0
            if count != 1:
                bad.append(f'{path}: {name}: its text occurs {count} times '
                           f'in {m["file"]}')
            program, _, test = m['test'].partition(': ')
            source = f'tests/{program}.c'
            if not os.path.exists(os.path.join(TOP, source)) or \
                    test not in text(source):
                bad.append(f'{path}: {name}: there is no test {m["test"]}')
    return bad


def lint_cppcheck():
    folders = [d for d in ('kernel', 'lib', 'chevron', 'strates')
               if sources(d + '/*.c')]
    if not folders:
        return []
    status, out = call([
        'cppcheck', '-q', f'-j{os.cpu_count()}', '--std=c11', '-I.',
        '--enable=warning,portability', '--inline-suppr',
        '--error-exitcode=1', '--template={file}:{line}: {id}: {message}',
        '-D__x86_64__', '-D__GNUC__=12', '-DBEDROCK=1',
        '--suppress=missingInclude', '--suppress=syntaxError',
        '--suppress=unknownMacro', '--suppress=internalAstError',
        '--suppress=nullPointerArithmetic',
        # Addresses of the linker script; functions chosen at run time, which
        # gcc's own warnings see through; shifts that gcc defines.
        '--suppress=comparePointers', '--suppress=uninitvar',
        '--suppress=shiftNegativeLHS',
        # It does not know variables that live in a register.
        '--suppress=constStatement:lib/ipc.h',
        '--suppress=va_end_missing:kernel/core/panic.c', *folders])
    return out.strip().split('\n') if status else []


def changed():
    """Files that differ from the last commit that was published, or from the
    commit before this one; None: cannot be told."""
    for base in ('origin/main', 'HEAD~1'):
        status, out = call(['git', 'diff', '--name-only', base, '--'])
        if status == 0:
            return set(out.split())
    return None


def lint_tidy(everything=False):
    def job(path):
        flags = [f for f in flags_of(path)[1:]]
        if not path.startswith('kernel/'):
            flags += ['-isystem', '/usr/include/x86_64-linux-musl']
        status, out = call(['clang-tidy-19', '--quiet', path, '--', *flags],
                           env=dict(os.environ))
        lines = [x for x in out.split('\n')
                 if re.search(r'(warning|error): ', x)]
        return lines if status or lines else []
    files = sources('kernel/*.c', 'lib/*.c', 'chevron/*.c', 'strates/*.c')
    only = None if everything else changed()
    return each(job, [f for f in files if only is None or f in only])


def lint_clang():
    def job(path):
        status, out = call(['clang-19', *flags_of(path)[1:], *CLANG_FLAGS,
                            path])
        return [x for x in out.split('\n')
                if re.search(r'(warning|error): ', x)] if status else []
    return each(job, [f for f in sources('kernel/*.c')
                      if '/vdso/' not in f])


def main():
    gates = [n[5:] for n in globals() if n.startswith('lint_')]
    everything = '--all' in sys.argv[1:]
    wanted = [a for a in sys.argv[1:] if a != '--all'] or gates
    failed = 0
    for name in wanted:
        if name not in gates:
            sys.exit(__doc__)
        gate = globals()['lint_' + name]
        bad = gate(True) if name == 'tidy' and everything else gate()
        failed += bool(bad)
        print(f'{"FAIL" if bad else "ok":4}  {name}' +
              (f': {len(bad)}' if bad else ''))
        print(''.join(f'      {b}\n' for b in bad[:200]), end='')
        sys.stdout.flush()
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
