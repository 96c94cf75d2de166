# tests/lib/strat9vm.py -- boot Strat9 in QEMU and talk to it.
# SPDX-License-Identifier: MIT
"""The one way in which tests and ./strat9 start a guest.

    with VM(smp=4) as vm:                 boots to the prompt with -kernel
        vm.expect(PROMPT)
        vm.send('uptime\\n')

    r = run('busybox ls /', add=['x:/x'])  one command: r.status, r.out, r.log

A VM has the console on the first serial port (expect, send, log), the raw
output of an exec command on the second, and QEMU's monitor (qmp).  Nothing
here sleeps: every wait has a deadline and ends with what it waits for.
"""
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, 'tools'))
import mkinitfs  # noqa: E402

PROMPT = '>>> '
TRAILER = re.compile(rb'\0STRAT9-EXIT (\d+)\n')
TRAILER_START = b'\0STRAT9-EXIT '
TRAILER_MAX = len(TRAILER_START) + 12
PANIC = b'PANIC'
TIMEOUT_STATUS, DEAD_STATUS = 124, 125
OVMF = '/usr/share/OVMF'


class Died(Exception):
    """The guest ended, or said nothing of what was expected in time."""


def build_dir(flavor=None):
    """Where ./strat9 build puts a flavor."""
    flavor = flavor or os.environ.get('STRAT9_FLAVOR', 'release')
    cc = os.environ.get('STRAT9_CC', 'gcc')
    name = flavor if cc == 'gcc' else f'{flavor}-{cc}'
    return os.path.join(TOP, os.environ.get('STRAT9_BUILD_DIR', 'build'), name)


def kernel_path(flavor=None):
    return os.path.join(build_dir(flavor), 'kernel', 'bedrock.elf')


def archive(flavor=None, add=(), add_with_libs=(), command=None):
    """The boot archive's bytes, with what a test adds."""
    ar = mkinitfs.base([os.path.join(build_dir(flavor), 'tree')])
    for spec in add:
        mkinitfs.add(ar, spec)
    for spec in add_with_libs:
        mkinitfs.add_with_libs(ar, spec)
    if command is not None:
        ar.file(mkinitfs.EXEC_FILE, command + '\n')
    return ar.bytes()


def accelerator(kvm=False):
    if kvm and os.access('/dev/kvm', os.R_OK | os.W_OK):
        return ['-accel', 'kvm']
    return ['-accel', 'tcg']


def machine_args(machine='q35', smp=1, memory=512, cpu='max', vga=False):
    """QEMU's options for the machine, without a way to boot."""
    if machine == 'microvm':
        base = ['-machine', 'microvm,pit=on,pic=on,rtc=on,isa-serial=on']
    else:
        base = ['-machine', machine]
    args = base + ['-cpu', cpu, '-smp', str(smp), '-m', str(memory),
                   '-nodefaults', '-no-user-config', '-no-reboot']
    return args + (['-vga', 'std'] if vga else [])


def firmware_args(scratch):
    """OVMF with its own copy of the variable store."""
    variables = os.path.join(scratch, 'vars.fd')
    shutil.copyfile(f'{OVMF}/OVMF_VARS_4M.fd', variables)
    return ['-drive', 'if=pflash,format=raw,unit=0,readonly=on,'
            f'file={OVMF}/OVMF_CODE_4M.fd',
            '-drive', f'if=pflash,format=raw,unit=1,file={variables}']


def boot_args(boot, scratch, kernel, initfs, append, image=None):
    """QEMU's options for one way of booting.

    boot: kernel, limine (the test loader), iso, iso-uefi, image, image-uefi.
    image: the file for the last four.
    """
    if boot == 'kernel':
        return ['-kernel', kernel, '-initrd', initfs, '-append', append]
    if boot == 'limine':
        loader = os.path.join(os.path.dirname(os.path.dirname(kernel)),
                              'tests', 'limine', 'loader.elf')
        return ['-kernel', loader, '-append', append,
                '-initrd', f'{kernel} kernel,{initfs} initfs']
    args = firmware_args(scratch) if boot.endswith('-uefi') else []
    if boot.startswith('iso'):
        return args + ['-cdrom', image]
    return args + ['-drive', f'file={image},format=raw,if=ide,snapshot=on']


def beside_tables(initfs):
    """An archive that leaves microvm's ACPI tables alone: QEMU puts its first
    byte on a page, and its last where the firmware put the tables, in the last
    page of memory.  So it ends with the first bytes of that page."""
    return initfs + b'\0' * (-len(initfs) % 4096 + 4)


class Channel:
    """A byte stream to one of QEMU's character devices, read by a thread."""

    def __init__(self, name, sink=None):
        self.name, self.sink = name, sink
        self.ours, self.theirs = socket.socketpair()
        self.data = bytearray()
        self.closed = False
        self.changed = threading.Condition()
        self.thread = threading.Thread(target=self._read, daemon=True)

    def args(self):
        return ['-chardev', f'socket,id={self.name},fd={self.theirs.fileno()}']

    def start(self):
        self.theirs.close()
        self.thread.start()

    def _read(self):
        while True:
            try:
                piece = self.ours.recv(65536)
            except OSError:
                piece = b''
            with self.changed:
                if not piece:
                    self.closed = True
                else:
                    self.data += piece
                self.changed.notify_all()
            if not piece:
                return
            if self.sink:
                self.sink(piece)

    def send(self, data):
        self.ours.sendall(data)

    def wait(self, ready, deadline):
        """Wait until ready() gives a true value; None at the deadline or
        when the stream has ended without it."""
        with self.changed:
            while True:
                value = ready()
                if value:
                    return value
                left = deadline - time.monotonic()
                if self.closed or left <= 0:
                    return None
                self.changed.wait(left)

    def close(self):
        try:
            self.ours.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.ours.close()


class VM:
    """One guest.  Arguments:

    boot, machine, smp, memory, cpu, append, flavor: what and how to boot;
    initfs: boot archive's bytes (default: archive(add, ...) as given);
    add, add_with_libs, command: see archive();  image: file for iso and image;
    vga: with a screen;  icount: count instructions;  extra: more of QEMU's.
    log_sink, out_sink: called with each piece of console, of raw output.
    """

    def __init__(self, boot='kernel', machine='q35', smp=1, memory=512,
                 cpu='max', append='', flavor=None, add=(), add_with_libs=(),
                 command=None, initfs=None, image=None, vga=False, extra=(),
                 log_sink=None, out_sink=None, kernel=None, base_args=None):
        self.scratch = tempfile.mkdtemp(prefix='strat9-')
        self.seen = 0  # how far expect() has read the console
        self.process = None
        self.console = Channel('console', log_sink)
        self.output = Channel('output', out_sink)
        self.monitor = Channel('monitor')
        self.channels = (self.console, self.output, self.monitor)
        kernel = kernel or kernel_path(flavor)
        path = os.path.join(self.scratch, 'initfs.cpio')
        if boot in ('kernel', 'limine'):
            with open(path, 'wb') as f:
                data = initfs if initfs is not None else \
                    archive(flavor, add, add_with_libs, command)
                f.write(beside_tables(data) if machine == 'microvm' else data)
        if machine == 'microvm' and boot != 'kernel':
            raise ValueError('microvm boots with -kernel only')
        args = base_args or (accelerator() + machine_args(
            machine, smp, memory, cpu, vga))
        args = ['qemu-system-x86_64', *args, '-display', 'none']
        args += boot_args(boot, self.scratch, kernel, path, append, image)
        for c in self.channels:
            args += c.args()
        args += ['-serial', 'chardev:console']
        if machine == 'microvm':
            args += ['-device', 'isa-serial,index=1,iobase=0x2f8,irq=3,'
                     'chardev=output']
        else:
            args += ['-serial', 'chardev:output']
        args += ['-mon', 'chardev=monitor,mode=control', *extra]
        self.args = args

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc):
        self.close()

    def start(self):
        self.process = subprocess.Popen(
            self.args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, cwd=self.scratch,
            pass_fds=[c.theirs.fileno() for c in self.channels])
        for c in self.channels:
            c.start()

    def close(self):
        """End the guest and remove its scratch files; may be called twice."""
        if self.process and self.process.poll() is None:
            self.process.kill()
        if self.process:
            self.process.wait()
            self.process.stdout.close()
        for c in self.channels:
            c.close()
        shutil.rmtree(self.scratch, ignore_errors=True)

    # The console.

    @property
    def log(self):
        """All of the console so far, as text with plain newlines."""
        return plain(bytes(self.console.data))

    def send(self, text):
        self.console.send(text.encode() if isinstance(text, str) else text)

    def expect(self, pattern, timeout=60):
        """Wait for a regular expression after what was expected before.

        Returns the match over the raw console bytes (latin-1).  Died at the
        deadline, at the guest's end, and at a panic unless that is expected.
        """
        regex = re.compile(pattern)
        deadline = time.monotonic() + timeout

        def ready():
            text = self.console.data[self.seen:].decode('latin-1')
            m = regex.search(text)
            if m:
                return m
            return 'PANIC' in text and 'panic'
        m = self.console.wait(ready, deadline)
        if m == 'panic':
            self.settle()
            m = None
            why = 'the kernel panicked'
        else:
            why = 'the guest ended' if self.console.closed else \
                f'nothing within {timeout} s'
        if m is None:
            raise Died(f'{pattern!r}: {why}; the console\'s end:\n' +
                       self.log[-3000:] + self.qemu_says())
        self.seen += m.end()
        return m

    def expect_literal(self, text, timeout=60):
        return self.expect(re.escape(text), timeout)

    def command(self, line, timeout=60):
        """Type a command at the prompt; what it printed, as text."""
        self.send(line + '\n')
        self.expect_literal(line[-20:], timeout)
        m = self.expect(r'(?s)\r?\n(.*?)' + re.escape(PROMPT), timeout)
        return plain(m[1].encode('latin-1'))

    def settle(self, quiet=1.0, most=15.0):
        """Wait until the console has been quiet for a while (a report)."""
        end = time.monotonic() + most
        while time.monotonic() < end:
            size = len(self.console.data)
            if not self.console.wait(lambda n=size: len(
                    self.console.data) > n, time.monotonic() + quiet):
                return

    def qemu_says(self):
        """What QEMU itself printed, once it has ended."""
        if not self.process or self.process.poll() is None:
            return ''
        ready, _, _ = select.select([self.process.stdout], [], [], 0)
        text = self.process.stdout.read().decode(errors='replace') \
            if ready else ''
        return f'\nqemu: {text.strip()}' if text.strip() else ''

    def wait_off(self, timeout=30):
        """Wait until the guest has powered off; Died if it does not."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Died(f'no power-off within {timeout} s:\n' +
                       self.log[-3000:]) from None

    # The monitor.

    def qmp(self, execute, timeout=30, **arguments):
        """Run a QMP command; its result."""
        if not hasattr(self, 'qmp_at'):
            self.qmp_at = 0
            self._qmp_line(timeout)  # the greeting
            self._qmp_command({'execute': 'qmp_capabilities'}, timeout)
        return self._qmp_command({'execute': execute,
                                  'arguments': arguments}, timeout)

    def _qmp_line(self, timeout):
        def ready():
            at = self.monitor.data.find(b'\n', self.qmp_at)
            return at + 1
        end = self.monitor.wait(ready, time.monotonic() + timeout)
        if not end:
            raise Died('the monitor does not answer' + self.qemu_says())
        line, self.qmp_at = self.monitor.data[self.qmp_at:end], end
        return json.loads(line.decode())

    def _qmp_command(self, command, timeout):
        self.monitor.send(json.dumps(command).encode() + b'\n')
        while True:
            answer = self._qmp_line(timeout)
            if 'return' in answer:
                return answer['return']
            if 'error' in answer:
                raise Died(f'qmp {command}: {answer["error"]}')

    def hmp(self, line):
        """Run a line of QEMU's human monitor; its text."""
        return self.qmp('human-monitor-command', **{'command-line': line})

    def keys(self, text):
        """Type on the PS/2 keyboard."""
        for code in map(key_codes, text):
            self.qmp('send-key', keys=[{'type': 'qcode', 'data': k}
                                       for k in code])

    def screenshot(self, path, png=False):
        """Write the screen as PPM or PNG; the file's bytes."""
        self.qmp('screendump', filename=os.path.abspath(path),
                 **({'format': 'png'} if png else {}))
        with open(path, 'rb') as f:
            return f.read()


SHIFTED = dict(zip('!@#$%^&*()_+{}|:"<>?~', '1234567890-=[]\\;\',./`'))
KEY_NAMES = {' ': 'spc', '\n': 'ret', '-': 'minus', '=': 'equal', '/': 'slash',
             '.': 'dot', ',': 'comma', ';': 'semicolon', "'": 'apostrophe',
             '[': 'bracket_left', ']': 'bracket_right', '\\': 'backslash',
             '`': 'grave_accent', '\t': 'tab'}


def key_codes(c):
    """QEMU's key names for a character on a US keyboard."""
    if c == '\x03':
        return ['ctrl', 'c']
    if c.isupper():
        return ['shift', c.lower()]
    if c in SHIFTED:
        return ['shift', *key_codes(SHIFTED[c])]
    return [KEY_NAMES.get(c, c)]


def plain(data):
    """Console bytes as text: without carriage returns and escapes."""
    text = data.decode('utf-8', 'replace').replace('\r', '')
    return re.sub(r'\x1b\[[0-9;?]*[A-Za-z]', '', text)


class Result:
    """Of run(): status, out (bytes), log (text), why (when it went wrong)."""

    def __init__(self, status, out, log, why=''):
        self.status, self.out, self.log, self.why = status, out, log, why

    @property
    def text(self):
        return self.out.decode(errors='replace')

    def __repr__(self):
        return (f'status {self.status} {self.why}\n--- output\n'
                f'{self.text[-2000:]}\n--- console\n{self.log[-3000:]}')


class TrailerFilter:
    """Passes output on as it comes, all but the trailer with the status."""

    def __init__(self, sink):
        self.sink, self.held, self.status = sink, b'', None

    def __call__(self, piece):
        data = self.held + piece
        m = TRAILER.search(data)
        if m and self.status is None:
            self.status = int(m[1])
            self.sink(data[:m.start()])
            self.held = b''
            return
        if self.status is not None:
            return
        at = data.rfind(b'\0', max(0, len(data) - TRAILER_MAX))
        if at < 0 or not could_be_trailer(data[at:]):
            at = len(data)
        self.sink(data[:at])
        self.held = data[at:]

    def finish(self):
        """The stream ended: what was held back was output after all."""
        if self.status is None and self.held:
            self.sink(self.held)
            self.held = b''


def could_be_trailer(tail):
    n = min(len(tail), len(TRAILER_START))
    return tail[:n] == TRAILER_START[:n] and \
        re.fullmatch(rb'\d{0,10}', tail[n:]) is not None


def run(command, timeout=120, sink=None, quiet=None, **options):
    """Boot, run one Chevron command line, power off.  A Result.

    sink gets the output's bytes as they come, if given.  Other arguments are
    VM's.  Status 124 when the time is up, or when nothing was printed for
    quiet seconds; 125 when the guest died.
    """
    out = bytearray()
    heard = [time.monotonic()]

    def collect(data):
        out.extend(data)
        if sink and data:
            sink(data)
    strip = TrailerFilter(collect)
    deadline = time.monotonic() + timeout
    wake = threading.Event()

    def on_output(piece):
        heard[0] = time.monotonic()
        strip(piece)
        if strip.status is not None:
            wake.set()
    user_log = options.pop('log_sink', None)
    log_tail = bytearray()
    panicked = threading.Event()

    def on_log(piece):
        log_tail.extend(piece)
        if PANIC in log_tail:
            panicked.set()
            wake.set()
        del log_tail[:-len(PANIC)]
        if user_log:
            user_log(piece)
    vm = VM(command=command, out_sink=on_output, log_sink=on_log, **options)
    with vm:
        while not wake.is_set() and time.monotonic() < deadline:
            if wake.wait(0.05) or vm.process.poll() is not None:
                break
            if quiet and time.monotonic() - heard[0] > quiet:
                break
        if panicked.is_set():
            vm.settle()
        if strip.status is not None:
            end = min(10, max(1, deadline - time.monotonic()))
            try:
                vm.process.wait(end)
            except subprocess.TimeoutExpired:
                pass
        if vm.process.poll() is not None:  # read what is under way
            for c in (vm.output, vm.console):
                c.thread.join(5)
        strip.finish()
        log = vm.log
        if panicked.is_set():
            return Result(DEAD_STATUS, bytes(out), log, 'the kernel panicked')
        if strip.status is not None:
            return Result(strip.status, bytes(out), log)
        if vm.process.poll() is not None:
            return Result(DEAD_STATUS, bytes(out), log,
                          'the guest ended without a status' + vm.qemu_says())
        return Result(TIMEOUT_STATUS, bytes(out), log,
                      f'timeout after {timeout} s')


def stop_on_signals():
    """Let an interrupted test run leave no guest behind."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
