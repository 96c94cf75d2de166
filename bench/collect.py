#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turn the serial log of an osbench run into a result file.

    collect.py LOG [LOG...] [-o OUT.json] [--table] [key=value ...]

Takes from the logs, in order: "@key value" facts (as init.c prints them) and
osbench's result lines, JSON or plain ("name value unit" and "name - (why)"),
whatever else stands between them.  key=value arguments go to "machine".
Exits 1 when the log holds no result.
"""
import argparse
import json
import re
import sys

PLAIN = re.compile(r'^([a-z][a-z0-9_]*) (?:(-?[0-9.]+) (ns|us|MB/s)|- \((.*)\))\s*$')


def number(text):
    try:
        return int(text)
    except ValueError:
        try:
            return float(text)
        except ValueError:
            return text


def parse(lines):
    facts, results = {}, {}
    for line in lines:
        line = line.rstrip('\r\n')
        if line.startswith('@'):
            key, _, value = line[1:].partition(' ')
            if key == 'klog':
                facts.setdefault(key, []).append(value)
            else:
                facts.setdefault(key, number(value))
            continue
        at = line.find('{"name":')
        if at >= 0:
            try:
                r = json.loads(line[at:])
            except ValueError:
                continue
            results.setdefault(r.pop('name'), r)
            continue
        m = PLAIN.match(line)
        if m and m[4] is not None:
            results.setdefault(m[1], {'error': m[4]})
        elif m:
            results.setdefault(m[1], {
                'value': float(m[2]), 'unit': m[3],
                'better': 'higher' if m[3] == 'MB/s' else 'lower'})
    return facts, results


def main():
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument('log', nargs='+')
    p.add_argument('-o', '--out')
    p.add_argument('--table', action='store_true')
    args, rest = p.parse_known_args()
    logs = [a for a in args.log if '=' not in a]
    machine = dict(a.split('=', 1) for a in args.log + rest if '=' in a)
    lines = []
    for log in logs:
        with open(log, errors='replace') as f:
            lines += f.readlines()
    facts, results = parse(lines)
    doc = {'machine': machine, 'facts': facts, 'results': results}
    if args.out:
        with open(args.out, 'w') as f:
            json.dump(doc, f, indent=1)
            f.write('\n')
    if args.table or not args.out:
        for name, r in results.items():
            if 'error' in r:
                print(f'{name:20} {"-":>14} ({r["error"]})')
            else:
                print(f'{name:20} {r["value"]:14.2f} {r["unit"]}')
    return 0 if results or 'init_tsc' in facts else 1


if __name__ == '__main__':
    sys.exit(main())
