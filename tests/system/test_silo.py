# tests/system/test_silo.py -- silos from the manifest, managed from Chevron.
# SPDX-License-Identifier: MIT
import os
import re
import subprocess
import time

import pytest
import strat9vm

SERVICE = '''
[[silos]]
name = "{name}"
sid = {sid}
family = "SYS"
mode = "000"
abi = "linux"
memory = "4M"
{more}
[[silos.strates]]
name = "busybox"
binary = "/bin/busybox"
args = ["sh", "-c", """{script}"""]
'''
# Quiet: what a silo prints may fall between the keys that a test types.
WAITS = 'trap "exit 0" TERM; while true; do sleep 1000 & wait; done'
# Says when it starts and when it was asked to end.
TALKS = ('echo {0} starts; trap "echo {0} ends; exit 0" TERM; '
         'while true; do sleep 1000 & wait; done')


def service(name, sid, script=None, more=''):
    script = script or WAITS
    return SERVICE.format(name=name, sid=sid, more=more,
                          script=script.replace('\\', '\\\\'))


@pytest.fixture
def boot(tmp_path):
    """A function: boot with a manifest to the prompt; the guest."""
    guests = []

    def start(text=None, prompt=True, add=()):
        add = list(add)
        if text is not None:
            path = tmp_path / 'silo.toml'
            path.write_text(text)
            add.append(f'{path}:/etc/silo.toml')
        vm = strat9vm.VM(smp=2, add=add)
        guests.append(vm)
        vm.start()
        if prompt:
            vm.expect_literal(strat9vm.PROMPT, 60)
        return vm
    start.tmp = tmp_path
    yield start
    for vm in guests:
        vm.close()


def silos(vm):
    """What `silo list` says: a dict from names to fields."""
    keys = 'sid name family mode state memory procs restart starts'.split()
    rows = {}
    for line in vm.command('silo list').splitlines():
        fields = line.split()
        if len(fields) == len(keys) and fields[0].isdigit():
            rows[fields[1]] = dict(zip(keys, fields))
    return rows


def until(vm, name, **wanted):
    """Look again until a silo is as wanted; its row."""
    end = time.monotonic() + 30
    while True:
        row = silos(vm).get(name, {})
        if all(row.get(k) == v for k, v in wanted.items()):
            return row
        assert time.monotonic() < end, row


def said(vm, line):
    """Wait until a silo printed that line, also before the prompt; from then
    on nothing mixes with what is typed."""
    end = time.monotonic() + 60
    while not re.search(rf'(^|\n)(>>> )?{line}\r?\n', vm.log):
        assert time.monotonic() < end, vm.log[-2000:]
        time.sleep(0.1)
    vm.send('\n')
    vm.expect_literal(strat9vm.PROMPT)


def test_default_manifest_has_a_log(boot):
    """The image's own silo runs, and does what it is there for."""
    vm = boot()
    rows = silos(vm)
    assert rows['boot']['sid'] == '1'
    assert rows['syslog']['state'] == 'running'
    assert rows['syslog']['restart'] == 'always'
    vm.command('busybox logger wrote this')
    end = time.monotonic() + 20
    while 'wrote this' not in vm.command('cat /var/log/messages'):
        assert time.monotonic() < end
    assert '10 syslog 000 SYS' in vm.command('cat /proc/silos')
    text = vm.command('silo info syslog')
    assert re.search(r'memory +\d+ of 4096 KiB', text)
    assert 'syslogd, /bin/busybox, pid' in text
    assert 'syslogd' in vm.command('strate list')


def test_killed_service_is_started_again(boot):
    vm = boot(service('a', 20))
    assert until(vm, 'a', state='running')['starts'] == '1'
    assert 'silo:' not in vm.command('silo kill a')
    until(vm, 'a', state='running', starts='2')
    events = vm.command('silo events a')
    assert re.search(r'ended pid \d+, signal KILL', events), events
    assert events.count('started pid') == 2, events
    # Also when somebody kills the process, not the silo.
    pid = re.search(r'pid (\d+)', vm.command('silo info a'))[1]
    vm.command(f'kill -9 {pid}')
    until(vm, 'a', state='running', starts='3')


def test_stop_start_suspend_resume_rename(boot):
    vm = boot(service('a', 20))
    until(vm, 'a', state='running')
    assert 'runs already' in vm.command('silo start a')
    vm.command('silo suspend a')
    until(vm, 'a', state='suspended')
    vm.command('silo resume 20')
    until(vm, 'a', state='running')
    vm.command('silo stop a')
    until(vm, 'a', state='down')
    assert 'does not run' in vm.command('silo kill a')
    vm.command('silo start a')
    until(vm, 'a', state='running', starts='2')
    vm.command('silo rename a b')
    assert 'a' not in silos(vm)
    until(vm, 'b', state='running')
    assert 'there is no such silo' in vm.command('silo info a')
    assert 'File exists' in vm.command('silo rename b b')
    assert 'not permitted' in vm.command('silo kill boot')


def test_order_of_starting_and_of_ending(boot):
    """By `after`, and not as the file has them; the end is the reverse."""
    def talks(name, sid, more=''):
        return service(name, sid, TALKS.format(name), more)
    vm = boot(talks('c', 22, 'after = ["b"]') +
              talks('b', 21, 'after = ["a"]') + talks('a', 20))
    assert vm.console.wait(lambda: 'c starts' in vm.log,
                           time.monotonic() + 30)
    vm.send('shutdown\n')
    assert vm.wait_off(30) == 0
    vm.console.thread.join(5)
    assert re.findall(r'^(\w) ends', vm.log, re.M) == ['c', 'b', 'a']
    assert vm.log.index('b starts') < vm.log.index('a ends')


def test_failures_wait_longer_and_are_given_up(boot):
    vm = boot(service('bad', 20, 'exit 3', 'restart = "limited:3"') +
              service('crash', 21, 'kill -SEGV $$', 'restart = "never"'))
    assert until(vm, 'bad', state='failed')['starts'] == '4'
    until(vm, 'crash', state='down', starts='1')
    events = vm.command('silo events bad')
    delays = re.findall(r'starts again in (\d+) ms', events)
    assert delays == ['0', '100', '200']
    assert 'left down' in events and 'status 3' in events
    assert 'init: silo bad: failed 4 times in a row: left down' in vm.log
    assert 'signal SEGV' in vm.command('silo events crash')
    vm.command('silo start bad')  # the count begins anew
    until(vm, 'bad', state='failed', starts='8')


def test_missing_program_holds_nothing_up(boot):
    text = service('gone', 20).replace('/bin/busybox', '/bin/nothing')
    vm = boot(text + service('a', 21))
    until(vm, 'a', state='running')
    assert 'init: silo gone: cannot start /bin/nothing: No such file' in vm.log
    until(vm, 'gone', state='waiting')


def test_spawn_and_destroy(boot, tmp_path):
    vm = boot('')
    assert vm.command('silo spawn nap busybox sleep 1000').strip() == ''
    row = until(vm, 'nap', state='running')
    assert row['family'] == 'USR' and row['restart'] == 'never'
    assert int(row['sid']) >= 1000
    assert 'a silo with that name' in vm.command(
        'silo spawn nap busybox sleep 1')
    text = vm.command('silo config show nap')
    assert 'args = ["sleep", "1000"]' in text
    vm.command('silo destroy nap')
    end = time.monotonic() + 20
    while 'nap' in silos(vm):
        assert time.monotonic() < end
    # The rules of the manifest hold, and say which and where.
    assert 'rule user tier' in vm.command(
        'silo spawn -f DRV -m 777 bad busybox true')
    assert 'three octal digits' in vm.command(
        'silo spawn -m 9 bad busybox true')
    assert 'no such program' in vm.command('silo spawn bad nosuchprogram')
    vm.command("write /tmp/bad.toml '[[silos]]'")
    assert 'line 1: "name" is missing' in vm.command('silo spawn /tmp/bad.toml')
    # What config shows can be spawned again.
    vm.command('silo spawn one busybox sleep 1000')
    vm.command('silo config show one > /tmp/one.toml; silo destroy one')
    end = time.monotonic() + 20
    while 'one' in silos(vm):
        assert time.monotonic() < end
    assert vm.command('silo spawn /tmp/one.toml').strip() == ''
    until(vm, 'one', state='running')


def test_reload(boot):
    """New silos start, those that are gone end, changed ones start again."""
    vm = boot(service('stays', 20) + service('goes', 21) +
              service('changes', 22))
    until(vm, 'changes', state='running')
    pid = re.search(r'pid (\d+)', vm.command('silo info stays'))[1]
    assert '0 added, 0 removed, 0 changed' in vm.command('silo config reload')
    vm.command(r"busybox sed -e s/goes/comes/ -e 's/sid = 21/sid = 23/' "
               r"-e '/sid = 22/s/$/\nprocesses = 5/' /etc/silo.toml > /tmp/s")
    assert '1 added, 1 removed, 1 changed' in vm.command(
        'silo config reload /tmp/s')
    until(vm, 'comes', state='running', sid='23')
    until(vm, 'changes', state='running', starts='1')
    assert re.search(r'processes +\d of 5', vm.command('silo info changes'))
    end = time.monotonic() + 20
    while 'goes' in silos(vm):
        assert time.monotonic() < end
    assert f'pid {pid},' in vm.command('silo info stays')
    # A broken one changes nothing.
    vm.command("write -a /tmp/s 'colour = 3'")
    text = vm.command('silo config reload /tmp/s')
    assert re.search(r'/tmp/s: line \d+: .*unknown key "colour"', text)
    until(vm, 'comes', state='running', starts='1')


BROKEN = service('a', 20, TALKS.format('a')) + service('x', 1000).replace(
    '"SYS"', '"USR"').replace('"000"', '"006"')


def test_broken_manifest_stops_the_boot(boot):
    """With the line and the rule; neither it nor a session is started."""
    vm = boot(BROKEN, prompt=False)
    line = BROKEN[:BROKEN.index('"006"')].count('\n') + 1
    vm.expect_literal(f'init: /etc/silo.toml: line {line}: silo "x": rule USR: '
                      'mode 006 has more than the family\'s 004', 60)
    vm.expect_literal('the boot stops here', 10)
    vm.settle()
    assert strat9vm.PROMPT not in vm.log and 'a starts' not in vm.log


def test_broken_manifest_fails_a_command(tmp_path):
    path = tmp_path / 'silo.toml'
    path.write_text(BROKEN)
    r = strat9vm.run('echo ran', add=[f'{path}:/etc/silo.toml'])
    assert r.status == 125 and 'rule USR' in r.log and 'ran' not in r.text


def test_run_gives_a_program_its_own_silo(boot):
    vm = boot('')
    text = vm.command(
        "silo run busybox sh -c 'cat /proc/self/silo; exit 7'; echo =$?")
    assert 'Family:\tUSR' in text and 'Mode:\t000' in text and '=7' in text
    assert re.search(r'Name:\tbusybox-\d+', text)
    assert '=139' in vm.command(
        "silo run busybox sh -c 'kill -SEGV $$'; echo =$?")
    # It sees no process but its own.
    text = vm.command('silo run busybox ps')
    assert 'busybox ps' in text and 'init' not in text
    # The terminal is its own too: Ctrl-C ends it, Ctrl-Z stops it.
    for key, row in (('\x03', None), ('\x1a', 'running')):
        vm.send("silo run busybox sh -c 'echo r''eady; sleep 1000'\n")
        vm.expect_literal('ready', 20)
        vm.send(key)
        vm.expect_literal(strat9vm.PROMPT, 20)
        names = [n for n in silos(vm) if n.startswith('busybox-')]
        assert (row is not None) == bool(names)
    vm.command('kill -9 %1')
    end = time.monotonic() + 20
    while any(n.startswith('busybox-') for n in silos(vm)):
        assert time.monotonic() < end


def test_policy_of_a_silo(boot):
    """A strate asks of init what its silo's manifest says, and no more."""
    script = ("chevron -c 'silo list; silo kill a; silo config reload; "
              "silo spawn x busybox true; echo asked'")
    ask = service('asks', 21, script, 'init = ["list"]\nafter = ["a"]\n'
                  'restart = "never"')
    quiet = service('deaf', 22, "chevron -c 'silo list; echo tried'",
                    'restart = "never"\nafter = ["asks"]')
    vm = boot(service('a', 20) + ask + quiet)
    until(vm, 'asks', state='down')
    until(vm, 'deaf', state='down')
    log = vm.log
    assert 'silo: a: init does not allow it' in log
    assert 'silo: reload: init does not allow it' in log
    assert 'silo: x: init does not allow it' in log
    assert "was not given init's control port" in log
    until(vm, 'a', state='running', starts='1')


def test_mounts_are_all_that_is_seen(boot):
    """And no more can be done there than the manifest gives."""
    script = (
        'busybox ls /; busybox ls /data; busybox cat /data/passwd | '
        'busybox head -n 1; busybox cat /etc/passwd; '
        'echo x > /data/new; echo y > /tmp/seen; echo done')
    text = service('walled', 1000, script, 'restart = "never"').replace(
        '"SYS"', '"USR"') + '''
[[silos.mounts]]
path = "/bin"
scheme = "/bin"
rights = "rx"
[[silos.mounts]]
path = "/mnt"
scheme = "/etc"
[[silos.mounts]]
path = "/tmp"
scheme = "/tmp"
rights = "rw"
'''
    vm = boot(text.replace('/data', '/mnt'))
    said(vm, 'done')
    until(vm, 'walled', state='down')
    assert 'root:x:0:0' in vm.log
    assert re.search(r"/etc/passwd.*No such file", vm.log)
    assert re.search(r"/mnt/new.*(Permission|Read-only)", vm.log)
    assert vm.command('cat /tmp/seen').strip() == 'y'
    assert 'passwd' not in vm.command('ls /mnt')  # its own namespace


def test_nonsense_hurts_nobody(boot, tmp_path):
    """A client that may ask everything asks nonsense, and dies in calls."""
    program = tmp_path / 'hostile'
    sources = ('tests/system/init_hostile.c', 'lib/init_client.c', 'lib/ipc.S')
    subprocess.run(['musl-gcc', '-std=gnu2x', '-D_GNU_SOURCE', '-O1',
                    '-static', '-I.', '-o', program, *sources],
                   cwd=strat9vm.TOP, check=True)
    text = service('hostile', 1000, more='restart = "never"\ninit = ["list", '
                   '"control", "spawn", "config"]\nafter = ["victim"]\n'
                   'flow = ["SYS"]').replace('busybox"\nargs', 'hostile"\nargs')
    vm = boot(text + service('victim', 20), add=[f'{program}:/bin/hostile'])
    vm.expect_literal('hostile is done', 120)
    vm.send('\n')
    vm.expect_literal(strat9vm.PROMPT)
    log = vm.log
    assert 'answered 1 refused 1' in log and 'list 0 info 0' in log
    assert 'events 0' in log and 'kill -1\n' in log
    until(vm, 'victim', state='running', starts='1')
    fds = vm.command('busybox ls /proc/1/fd').split()
    assert len(fds) < 20, fds  # none of those that were sent is left


def test_strates_of_a_silo_end_together(boot):
    """One that fails takes the others with it; they start again together."""
    other = '''
[[silos.strates]]
name = "busybox2"
binary = "/bin/busybox"
args = ["sleep", "1000"]
'''
    vm = boot(service('two', 20) + other)
    until(vm, 'two', state='running', procs='3')
    pids = re.findall(r'pid (\d+), starts 1', vm.command('silo info two'))
    assert len(pids) == 2
    vm.command(f'kill -SEGV {pids[1]}')
    until(vm, 'two', state='running', procs='3', starts='4')
    assert not set(pids) & set(re.findall(
        r'pid (\d+)', vm.command('silo info two')))
    assert 'busybox2 was ended by signal 11' in vm.log


def test_events_are_followed(boot):
    vm = boot(service('a', 20))
    until(vm, 'a', state='running')
    vm.send('silo events -f a &\n')
    vm.expect_literal('started pid')
    vm.send('silo kill a\n')
    vm.expect_literal('starts again in 0 ms')
    vm.expect_literal('started pid')
    vm.send('kill %1\n')


def test_strate_add_and_remove(boot):
    """A strate comes to those that run; without one the silo is made anew."""
    vm = boot(service('a', 20))
    until(vm, 'a', state='running', procs='2')
    assert 'no strate nap' in vm.command('strate remove a nap')
    pid = re.search(r'pid (\d+)', vm.command('silo info a'))[1]
    assert 'silo:' not in vm.command('strate add a sleep busybox 1000')
    until(vm, 'a', state='running', procs='3')
    assert f'pid {pid},' in vm.command('silo info a')
    assert re.search(r'sleep +20 ', vm.command('strate list'))
    vm.command('strate remove a sleep')
    until(vm, 'a', state='running', procs='2')
    assert '"strates" is missing' in vm.command('strate remove a busybox')


def test_who_spawns_hands_on_no_more_than_it_has(boot):
    """By a silo with the policy to spawn: mode, flow, tier and policy."""
    tries = {
        'good': 'sid = 1100|family = USR|mode = 000|flow = [FS]',
        'tier': 'sid = 11|family = SYS|mode = 000|flow = [FS]',
        'flow': 'sid = 1101|family = USR|mode = 000|flow = [NET]',
        'mode': 'sid = 1102|family = USR|mode = 004|flow = [FS]',
        'may': 'sid = 1103|family = USR|mode = 000|flow = [FS]|init = [list]',
    }
    text = service('asks', 1000, 'for i in good tier flow mode may; do '
                   'chevron -c "silo spawn /etc/$i.toml" 2>&1 | '
                   'sed s/^/$i:/; done; echo asked all',
                   'restart = "never"\nflow = ["SYS", "FS"]\n'
                   'init = ["spawn"]').replace('sed ', 'busybox sed ')
    add = []
    for name, keys in tries.items():
        body = re.sub(r'= ([A-Z]+|0\d\d)', r'= "\1"', keys)
        body = re.sub(r'\[(\w+)\]', r'["\1"]', body).replace('|', '\n')
        path = boot.tmp / f'{name}.toml'
        path.write_text(f'[[silos]]\nname = "{name}"\nabi = "linux"\n{body}\n'
                        '[[silos.strates]]\nname = "s"\n'
                        'binary = "/bin/busybox"\n')
        add.append(f'{path}:/etc/{name}.toml')
    vm = boot(text, add=add)
    vm.expect_literal('asked all', 60)
    vm.send('\n')
    vm.expect_literal(strat9vm.PROMPT)
    rows = silos(vm)
    assert 'good' in rows and 'good:silo' not in vm.log
    for name in ('tier', 'flow', 'mode', 'may'):
        assert re.search(rf'{name}:silo: .*not permitted', vm.log)
        assert name not in rows
