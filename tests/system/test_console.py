# tests/system/test_console.py -- the prompt, its editing, Ctrl-C, the screen.
# SPDX-License-Identifier: MIT
import json
import os
import subprocess
import time

import pytest
import strat9vm
from test_exec import compile_static


@pytest.fixture
def vm():
    with strat9vm.VM(smp=2) as guest:
        guest.expect_literal(strat9vm.PROMPT, 60)
        yield guest


def test_prompt_and_commands(vm):
    assert 'hello' in vm.command('echo hello')
    assert vm.command('false || echo failed').strip().endswith('failed')
    assert 'busybox' in vm.command('ls /bin')
    assert 'Strat9' in vm.command('version')


def test_unknown_command_is_said(vm):
    text = vm.command('nosuchcommand')
    assert 'nosuchcommand' in text
    assert vm.command('echo $?').strip() != '0'


def test_ctrl_c_stops_a_runaway(vm):
    """A loop in a program, in a pipeline and in Chevron itself."""
    for line in ('busybox yes > /dev/null',
                 'busybox yes | busybox cat > /dev/null',
                 'while true; do true; done', 'sleep 1000'):
        vm.send(line + '\n')
        vm.expect_literal(line[-12:], 10)
        vm.send('\x03')
        vm.expect_literal(strat9vm.PROMPT, 30)
        assert 'alive' in vm.command('echo alive')


def test_ctrl_c_leaves_the_shell_a_fresh_line(vm):
    vm.send('echo half a li\x03')
    vm.expect_literal(strat9vm.PROMPT, 10)
    assert 'whole' in vm.command('echo whole')


def test_line_editing(vm):
    """Backspace, cursor keys, history, completion of a path."""
    vm.send('echo wrong\x7f\x7f\x7f\x7f\x7fright\n')
    vm.expect(r'\nright\r?\n', 10)
    vm.expect_literal(strat9vm.PROMPT, 10)
    vm.send('echo b\x1b[Da \n')  # left, insert
    vm.expect(r'\na b\r?\n', 10)
    vm.expect_literal(strat9vm.PROMPT, 10)
    vm.send('\x1b[A\x1b[A\n')  # twice up: the first one
    vm.expect(r'\nright\r?\n', 10)
    vm.expect_literal(strat9vm.PROMPT, 10)
    vm.send('echo /etc/pass\t\n')
    vm.expect(r'\n/etc/passwd\r?\n', 10)


def test_busybox_shell_with_jobs(vm):
    """An interactive shell of its own, job control included."""
    vm.send('busybox sh\n')
    vm.expect(r'[#$] ', 20)
    # The shell's line editor would eat a Ctrl-Z that comes too early.
    vm.send('sh -c "echo sle""eping; exec sleep 1000"\n')
    vm.expect_literal('sleeping', 10)
    vm.send('\x1a')
    vm.expect_literal('Stopped', 20)
    vm.send('jobs; kill %1; fg; echo ki""lled\n')
    vm.expect_literal('killed', 20)
    vm.send('exit\n')
    vm.expect_literal(strat9vm.PROMPT, 20)


def ended_by(guest):
    """Why QEMU ended: guest-shutdown or guest-reset."""
    events = [json.loads(line) for line in bytes(
        guest.monitor.data).decode().splitlines()]
    return next(e['data']['reason'] for e in events
                if e.get('event') == 'SHUTDOWN')


@pytest.mark.parametrize('machine', ('q35', 'pc', 'microvm'))
def test_shutdown_and_reboot(machine):
    for command, reason in (('shutdown', 'guest-shutdown'),
                            ('busybox poweroff', 'guest-shutdown'),
                            ('reboot', 'guest-reset')):
        with strat9vm.VM(machine=machine, smp=2) as guest:
            guest.expect_literal(strat9vm.PROMPT, 60)
            guest.qmp('query-status')  # opens the monitor, for its events
            guest.send(command + '\n')
            assert guest.wait_off(30) == 0
            guest.monitor.thread.join(5)
            assert ended_by(guest) == reason


@pytest.mark.parametrize('machine', ('q35', 'pc', 'microvm'))
def test_missing_init_is_a_clear_panic(machine):
    """And panic= restarts the machine after it."""
    with strat9vm.VM(machine=machine, append='init=/no/such panic=1') as guest:
        guest.wait_off(60)
        guest.console.thread.join(5)
        assert 'PANIC: cannot start init /no/such' in guest.log
        assert 'restart in 1 s' in guest.log


def lit(ppm):
    """Pixels of a PPM that are not the colour of its corner."""
    fields = ppm.split(b'\n', 3)
    pixels = fields[3]
    background = pixels[-3:]
    return sum(pixels[i:i + 3] != background
               for i in range(0, len(pixels) - 2, 3 * 7)), fields[1]


def until(seconds, ready):
    """Poll a condition that no stream announces (the screen)."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = ready()
        if value:
            return value
        time.sleep(0.2)
    return None


def test_screen_and_keyboard(images, tmp_path):
    """Text stands on the framebuffer; what is typed on the PS/2 keyboard
    changes it and runs."""
    shot = str(tmp_path / 'shot.ppm')
    with strat9vm.VM(boot='iso', image=images('iso'), vga=True,
                     append='') as guest:
        guest.expect_literal(strat9vm.PROMPT, 90)
        count, size = until(20, lambda: (
            lambda r: r if r[0] > 200 else None)(lit(guest.screenshot(shot))))
        assert size == b'1024 768'
        guest.keys('echo typed > /tmp/typed\n')

        def written():
            return 'typed' in guest.command('busybox cat /tmp/typed')
        assert until(20, written)
        assert until(10, lambda: lit(guest.screenshot(shot))[0] != count)
        guest.keys('sleep 1000\n\x03echo ')
        for key in ('up', 'up', 'end', 'left'):  # the line before, edited
            guest.qmp('send-key', keys=[{'type': 'qcode', 'data': key}])
        guest.keys('.\n')
        assert until(20, lambda: 'typed' in guest.command(
            'busybox cat /tmp/type.d'))
        picture = os.path.join(strat9vm.TOP, 'build', 'tests', 'screen.png')
        os.makedirs(os.path.dirname(picture), exist_ok=True)
        guest.screenshot(picture, png=True)


def test_panic_is_on_the_screen(tmp_path):
    """The report's lines stand there; the text is the serial console's."""
    shot = str(tmp_path / 'shot.ppm')
    with strat9vm.VM(boot='limine', vga=True,
                     append='init=/no/such') as guest:
        guest.expect_literal('PANIC', 60)

        def report():
            count, _ = lit(guest.screenshot(shot))
            return count > 1000  # log and prompt alone: 400
        assert until(20, report)


def test_idle_uses_no_cpu():
    """At the prompt an emulator of an idle system hardly runs."""
    with strat9vm.VM(smp=4) as guest:
        guest.expect_literal(strat9vm.PROMPT, 60)
        guest.command('sleep 1')

        def used():
            with open(f'/proc/{guest.process.pid}/stat') as f:
                fields = f.read().rpartition(')')[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf(
                'SC_CLK_TCK')
        start = used()
        guest.console.wait(lambda: False, time.monotonic() + 4)
        assert used() - start < 0.4


def test_program_that_dies_is_reported(vm, tmp_path):
    """A fault in ring 3 kills that process, with a message that helps."""
    program = compile_static(tmp_path, 'crash', '''
        int main(void) { *(volatile int *)0x123 = 1; return 0; }''',
        'musl-gcc')
    r = strat9vm.run('/crash; echo status $?', add=[f'{program}:/crash'])
    assert 'status 139' in r.text, r
    assert 'crash' in r.log and '123' in r.log, r


def test_run_command_says_how_to_leave():
    """./strat9 run itself, with the console on a pipe."""
    p = subprocess.Popen([os.path.join(strat9vm.TOP, 'strat9'), 'run'],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE)
    try:
        text = b''
        while b'>>> ' not in text:
            piece = os.read(p.stdout.fileno(), 4096)
            assert piece, text
            text += piece
        p.stdin.write(b'\x01x')
        p.stdin.flush()
        assert p.wait(20) == 0
        assert b'Ctrl-A X' in p.stderr.read()
    finally:
        p.kill()
        p.wait()
        for f in (p.stdin, p.stdout, p.stderr):
            f.close()
