#!/usr/bin/env python3
# tools/bench.py -- ./strat9 bench: measure against Linux under -icount.
# SPDX-License-Identifier: MIT
"""Runs the same osbench binary on the same emulated machine as the peer's
result in bench/ and prints the ratio per row.  Under -icount one guest
instruction is one nanosecond of guest time, so that a repeated run gives the
same numbers on any host.

  bench [--json FILE] [NAME...]   the table; FILE gets our result
  bench --gate                    fail when a row is worse than the baseline
  bench --write-baseline          make this run the baseline (say why, when
                                  you commit it)
  bench --boot                    instructions to init and to the prompt
  bench --linux                   run the peer again first (bench/linux-peer.sh)
"""
import argparse
import json
import os
import shutil
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(TOP, 'tests', 'lib'), os.path.join(TOP, 'bench')]
import collect  # noqa: E402
import compare  # noqa: E402
import strat9vm  # noqa: E402

BENCH = os.path.join(TOP, 'bench')
WORK = os.path.join(TOP, 'build', 'bench')
PEER = os.path.join(BENCH, 'peer.json')
PEER_BOOT = os.path.join(BENCH, 'peer-boot.json')
BASELINE = os.path.join(BENCH, 'baseline.json')
GATE = 0.97
CONTROL_TOLERANCE = 0.01
BOOT_BUDGET = 15_000_000
SECONDS = 600
# Rows that wait for the network's and epoll's issues: left out of the mean
# for as long as they do not run at all.
LATER = ('tcp_', 'udp_', 'unix_', 'epoll_')


def load(path):
    with open(path) as f:
        return json.load(f)


def compile_binary(name, command, *more):
    out = os.path.join(WORK, name)
    os.makedirs(WORK, exist_ok=True)
    subprocess.run([*command, '-o', out, os.path.join(BENCH, os.path.splitext(
        name)[0] + '.c'), *more], cwd=TOP, check=True)
    return out


def osbench():
    return compile_binary('osbench', ['musl-gcc', '-std=gnu11', '-O2',
                                      '-static', '-s'])


# Rows that Linux does not have: program, and what it is linked with.
NATIVE = {'callbench': ['lib/ipc.S'],
          'ipcbench': ['lib/event.c', 'lib/ring.c']}


def native_programs():
    cc = ['musl-gcc', '-std=gnu2x', '-O2', '-static', '-s', '-I.',
          '-D_GNU_SOURCE']
    return [compile_binary(n, cc, *more) for n, more in NATIVE.items()]


def plugin():
    return compile_binary('icount.so', ['gcc', '-O2', '-shared', '-fPIC'])


def peer_args(path):
    """The peer's QEMU options, without plugin and screen."""
    words = load(path)['machine']['args'].split()
    out, skip = [], False
    for w in words:
        if skip:
            skip = False
        elif w in ('-plugin', '-d', '-D', '-display'):
            skip = True
        else:
            out.append(w)
    return out


def measure(names, append=''):
    """One run of osbench on Strat9; the result document."""
    args = peer_args(PEER)
    programs = [osbench(), *native_programs()]
    words = ' '.join(['/bin/osbench', '--json', *names])
    if not names:
        words = '; '.join(['/bin/' + n for n in NATIVE] + [words])
    r = strat9vm.run(words, timeout=SECONDS, base_args=args, append=append,
                     add=[f'{p}:/bin/{os.path.basename(p)}' for p in programs],
                     sink=progress())
    lines = r.text.splitlines()
    facts, results = collect.parse(lines)
    if not results:
        sys.exit(f'bench: no result\n{r!r}')
    if r.status:
        print(f'bench: osbench exited with {r.status} {r.why}',
              file=sys.stderr)
    kernel = 'Strat9 ' + os.path.basename(strat9vm.build_dir())
    return {'machine': {'kernel': kernel, 'mode': 'icount',
                        'cpu': load(PEER)['machine']['cpu'],
                        'args': ' '.join(args), 'append': append,
                        'qemu': qemu_version()},
            'facts': facts, 'results': results}


def progress():
    """Show that something happens, on a terminal."""
    if not sys.stderr.isatty():
        return None
    return lambda data: sys.stderr.write('.' * data.count(b'"name"')) and \
        sys.stderr.flush()


def qemu_version():
    r = subprocess.run(['qemu-system-x86_64', '--version'],
                       capture_output=True, text=True)
    return r.stdout.splitlines()[0] if r.stdout else ''


def save(doc, path):
    with open(path, 'w') as f:
        json.dump(doc, f, indent=1)
        f.write('\n')


def controls(doc, peer):
    """The rows that no kernel can change must agree with the peer's."""
    bad = []
    for name, row in peer['results'].items():
        ours = doc['results'].get(name)
        if not name.startswith('ctl_') or not ours or 'value' not in ours:
            continue
        r = compare.ratio(row, ours)
        if r is None or abs(r - 1) > CONTROL_TOLERANCE:
            bad.append(f'{name} {r:.4f}' if r else name)
    return bad


def table(doc, path, peer_path, names):
    peer = load(peer_path)
    absent = [n for n in peer['results'] if n.startswith(LATER) and
              'value' not in doc['results'].get(n, {})]
    args = [sys.executable, os.path.join(BENCH, 'compare.py'), peer_path, path,
            '--strict', '--skip', ','.join(absent)]
    if names:
        args += ['--only', ','.join(names)]
    subprocess.run(args, check=True)
    bad = controls(doc, peer)
    if bad:
        print('bench: the controls differ from the peer\'s, so that the rows '
              f'cannot be compared: {", ".join(bad)}')
    return 1 if bad else 0


def gate(doc):
    """1 when a row is worse than the baseline allows."""
    if not os.path.exists(BASELINE):
        print('bench: there is no bench/baseline.json to compare with '
              '(--write-baseline makes it)')
        return 1
    base, worse = load(BASELINE)['results'], []
    for name, row in base.items():
        if 'value' not in row or name.startswith('ctl_'):
            continue
        ours = doc['results'].get(name, {})
        r = compare.ratio(row, ours) if 'value' in ours else None
        if r is None or r < GATE:
            worse.append(f'{name}: {row["value"]} -> '
                         f'{ours.get("value", ours.get("error", "absent"))} '
                         f'{row["unit"]}')
    for w in worse:
        print(f'worse than the baseline: {w}')
    print(f'gate: {len(base) - len(worse)} rows hold, {len(worse)} are worse')
    return 1 if worse else 0


def boot():
    """Instructions from the firmware's hand-over to init and the prompt."""
    log = os.path.join(WORK, 'boot.log')
    so = plugin()
    if os.path.exists(log):
        os.remove(log)
    with strat9vm.VM(base_args=peer_args(PEER_BOOT), extra=[
            '-plugin', so, '-d', 'plugin', '-D', log]) as vm:
        vm.expect_literal(strat9vm.PROMPT, 300)
        vm.qmp('quit')
        vm.wait_off()
    with open(log) as f:
        facts, _ = collect.parse(f.readlines())
    at = {k: facts.get('plugin_insns_to_' + k)
          for k in ('image', 'user', 'prompt')}
    if at['image'] is None or at['user'] is None:
        sys.exit(f'bench: no stages in {log}: {facts}')
    linux = load(PEER_BOOT)['facts']
    init = at['user'] - at['image']
    peer = linux['plugin_insns_to_user'] - linux['plugin_insns_to_image']
    print(f'hand-over to init:   {init:>13,} instructions '
          f'(Linux {peer:,}; budget {BOOT_BUDGET:,})')
    if at['prompt']:
        print(f'hand-over to prompt: {at["prompt"] - at["image"]:>13,}')
    return 0 if init <= BOOT_BUDGET else 1


def run_linux():
    """Measure the peer again; the path of its result."""
    subprocess.run([os.path.join(BENCH, 'linux-peer.sh'), '-k', '6.12', '-v',
                    'tuned', '-m', 'icount', '-o', WORK], check=True)
    return os.path.join(WORK, 'linux-6.12-tuned.json')


def main():
    p = argparse.ArgumentParser(prog='strat9 bench', description=__doc__,
                                formatter_class=argparse.
                                RawDescriptionHelpFormatter)
    p.add_argument('--json', metavar='FILE')
    for name in ('gate', 'boot', 'linux', 'write-baseline'):
        p.add_argument('--' + name, action='store_true')
    p.add_argument('--append', default='', help='kernel arguments')
    p.add_argument('names', nargs='*')
    a = p.parse_args()
    os.makedirs(WORK, exist_ok=True)
    if a.boot:
        return boot()
    peer = run_linux() if a.linux else PEER
    doc = measure(a.names, a.append)
    path = os.path.join(WORK, 'strat9.json')
    save(doc, path)
    if a.json:
        shutil.copyfile(path, a.json)
    if a.write_baseline:
        save(doc, BASELINE)
    if a.gate:
        return gate(doc)
    return table(doc, path, peer, a.names)


if __name__ == '__main__':
    sys.exit(main())
