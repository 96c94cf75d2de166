#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compare two osbench result files.

    compare.py BASE.json NEW.json [--only NAME,...] [--skip NAME,...]
               [--controls] [--strict] [--fail-below RATIO] [--json]

Reads the files that collect.py writes and those of `osbench --json`.  Each
benchmark gets a speed ratio: above 1, NEW is better than BASE (BASE / NEW where
lower is better, NEW / BASE where higher is).  The last line is the geometric
mean over the benchmarks that both have; the ctl_* controls, which no kernel
can change, are shown but left out of it unless --controls is given.  Bulk rows,
whose floor is a copy or a fill, show how near NEW is to that floor (its own
ctl_rep_movsq).  With --strict the mean leaves the bulk rows out and counts a row
that NEW lacks or fails as 0.1, so that a missing row cannot raise it.  With
--fail-below, the exit status is 1 when a ratio is below RATIO or NEW lacks a
benchmark that BASE has.
"""
import argparse
import json
import math
import sys


# Rows bound by moving bytes: how many times each byte must be copied (or, for
# touch_16m, filled) by a kernel that does nothing else.
BULK_COPIES = {'file_read_4k': 1, 'file_read_64k': 1, 'file_write_4k': 1,
               'pipe_bw': 2, 'tcp_bw': 2, 'touch_16m': 1}
MISSING = 0.1


def near_floor(name, results):
    """Share of a bulk row's possible speed that it reaches, or None."""
    row, control = results.get(name, {}), results.get('ctl_rep_movsq', {})
    if name not in BULK_COPIES or not row.get('value') or not control.get('value'):
        return None
    best = control['value'] / BULK_COPIES[name]           # MB/s
    value = 16 * 1.048576e6 / row['value'] if row['unit'] == 'us' else row['value']
    return value / best


def load(path):
    with open(path) as f:
        doc = json.load(f)
    results = doc['results']
    if isinstance(results, list):
        results = {r['name']: r for r in results}
    return doc, results


def label(doc, path):
    facts, machine = doc.get('facts', {}), doc.get('machine', {})
    return ' | '.join(str(x) for x in (
        path, machine.get('kernel') or doc.get('os') or '',
        machine.get('variant', ''), machine.get('mode', ''),
        machine.get('cpu', '')) if x)


def ratio(base, new):
    """Speed of new relative to base, or None."""
    a, b = base.get('value'), new.get('value')
    if not a or not b or a <= 0 or b <= 0 or base['unit'] != new['unit']:
        return None
    return b / a if base.get('better') == 'higher' else a / b


def fmt(r):
    if r is None:
        return '(absent)'
    if 'error' in r:
        return '(' + r['error'][:22] + ')'
    return f'{r["value"]:.2f}'


def floor(name, results):
    share = near_floor(name, results)
    return f'  {share:4.0%} of its floor' if share else ''


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('base')
    p.add_argument('new')
    p.add_argument('--only', default='')
    p.add_argument('--skip', default='')
    p.add_argument('--controls', action='store_true')
    p.add_argument('--strict', action='store_true')
    p.add_argument('--fail-below', type=float)
    p.add_argument('--json', action='store_true')
    a = p.parse_args()
    (bdoc, base), (ndoc, new) = load(a.base), load(a.new)
    only, skip = set(filter(None, a.only.split(','))), set(filter(None, a.skip.split(',')))

    rows, logs, bad = [], [], []
    for name in list(base) + [n for n in new if n not in base]:
        if (only and name not in only) or name in skip:
            continue
        b, n = base.get(name), new.get(name)
        r = ratio(b, n) if b and n else None
        rows.append((name, b, n, r))
        if name.startswith('ctl_') and not a.controls:
            continue
        if a.strict and name in BULK_COPIES:
            pass
        elif r:
            logs.append(math.log(r))
        elif a.strict and b and 'value' in b:
            logs.append(math.log(MISSING))
        if a.fail_below is not None and b and 'value' in b and (r is None or r < a.fail_below):
            bad.append(name)
    mean = math.exp(sum(logs) / len(logs)) if logs else None
    better = sum(x > 0 for x in logs)

    if a.json:
        json.dump({'ratios': {n: r for n, _, _, r in rows}, 'geomean': mean,
                   'compared': len(logs), 'better': better, 'below': bad}, sys.stdout, indent=1)
        print()
    else:
        print('base:', label(bdoc, a.base))
        print('new: ', label(ndoc, a.new))
        print(f'{"benchmark":20} {"unit":5} {"better":6} {"base":>14} {"new":>14} {"ratio":>9}')
        for name, b, n, r in rows:
            k = next((x for x in (b, n) if x and 'unit' in x), {})
            unit = k.get('unit', '')
            way = k.get('better') or ('higher' if unit == 'MB/s' else 'lower' if unit else '')
            print(f'{name:20} {unit:5} {way:6} {fmt(b):>14} {fmt(n):>14} '
                  f'{f"{r:.4f}" if r else "-":>9}' + floor(name, new))
        print(f'{"geometric mean":20} {"":5} {"":6} {"":14} {"":14} '
              f'{f"{mean:.4f}" if mean else "-":>9}  '
              f'({better} of {len(logs)} better in new)')
        if bad:
            print('below:', ' '.join(bad))
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
