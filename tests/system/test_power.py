# tests/system/test_power.py -- off and again, on every kind of machine.
# SPDX-License-Identifier: MIT
"""That init ends all programs first is test_console's."""
import re

import pytest
import strat9vm
from test_console import ended_by

MACHINES = ('q35', 'pc', 'microvm')
START = 'Strat9 Bedrock'


@pytest.mark.parametrize('machine', MACHINES)
def test_reboot_boots_again(machine):
    """The reset leaves a machine that boots, with all CPUs, every time."""
    with strat9vm.VM(machine=machine, smp=2) as vm:
        vm.expect_literal(strat9vm.PROMPT, 60)
        vm.qmp('set-action', reboot='reset')
        for command in ('reboot', 'reboot -f', 'busybox reboot'):
            vm.send(command + '\n')
            vm.expect_literal(START, 60)
            vm.expect_literal(strat9vm.PROMPT, 60)
            text = vm.command('cat /proc/cpuinfo')
            assert len(re.findall(r'^processor\s*:', text, re.M)) == 2


@pytest.mark.slow
def test_reboot_from_iso(images):
    """The firmware and the loader run again."""
    with strat9vm.VM(boot='iso', image=images('iso'), smp=2) as vm:
        vm.expect_literal(strat9vm.PROMPT, 120)
        vm.qmp('set-action', reboot='reset')
        vm.send('reboot\n')
        vm.expect_literal(START, 60)
        vm.expect_literal(strat9vm.PROMPT, 120)


def end(vm, command):
    """Why QEMU ended when this was typed."""
    vm.expect_literal(strat9vm.PROMPT, 60)
    vm.qmp('query-status')  # opens the monitor, for its events
    vm.send(command + '\n')
    assert vm.wait_off(30) == 0
    vm.monitor.thread.join(5)
    return ended_by(vm)


@pytest.mark.parametrize('machine', MACHINES)
@pytest.mark.parametrize('command,reason', (
    ('shutdown -f', 'guest-shutdown'), ('reboot -f', 'guest-reset')))
def test_without_init(machine, command, reason):
    with strat9vm.VM(machine=machine, smp=2) as vm:
        assert end(vm, command) == reason


@pytest.mark.parametrize('machine', MACHINES)
def test_all_cpus_are_busy(machine):
    """None of them keeps the machine from its end."""
    with strat9vm.VM(machine=machine, smp=2) as vm:
        vm.expect_literal(strat9vm.PROMPT, 60)
        for _ in range(3):
            vm.command('busybox yes > /dev/null &')
        vm.send('\n')
        assert end(vm, 'shutdown') == 'guest-shutdown'


def test_reboot_without_acpi():
    with strat9vm.VM(machine='pc,acpi=off', smp='2,sockets=2') as vm:
        assert end(vm, 'reboot') == 'guest-reset'


def test_shutdown_without_acpi_says_so():
    """No table tells how: the programs are ended, and the rest is told."""
    with strat9vm.VM(machine='pc,acpi=off', smp='2,sockets=2') as vm:
        vm.expect_literal(strat9vm.PROMPT, 60)
        vm.send('shutdown\n')
        vm.expect_literal('it is safe to do so now', 30)
        assert vm.process.poll() is None


def test_wrong_use():
    """A mistyped command ends nothing."""
    r = strat9vm.run('shutdown now || echo $?; reboot -x || echo $?')
    assert r.status == 0 and 'usage: shutdown' in r.text, r
    assert [line for line in r.text.splitlines() if line.isdigit()] == [
        '2', '2'], r
