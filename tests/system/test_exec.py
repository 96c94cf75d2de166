# tests/system/test_exec.py -- ./strat9 exec, and real programs through it.
# SPDX-License-Identifier: MIT
import os
import subprocess

import strat9vm

STRAT9 = os.path.join(strat9vm.TOP, 'strat9')


def compile_static(tmp_path, name, text, compiler='gcc'):
    source = tmp_path / (name + '.c')
    source.write_text(text)
    binary = tmp_path / name
    subprocess.run([compiler, '-O1', '-static', '-pthread', '-w', '-o', binary,
                    source], check=True)
    return binary


def test_hello(tmp_path):
    """The command itself, with a program that was just compiled (glibc)."""
    hello = compile_static(tmp_path, 'hello', '''
        #include <stdio.h>
        int main(int c, char **v) {
            printf("Hello from %s, %d\\n", v[0], c);
            return 0;
        }''')
    r = subprocess.run([STRAT9, 'exec', '--add', f'{hello}:/bin/hello',
                        '/bin/hello', 'a', 'b'], capture_output=True)
    assert r.returncode == 0, r.stderr.decode()
    assert r.stdout == b'Hello from /bin/hello, 3\n'


def test_status_is_passed_on(tmp_path):
    for status in (0, 1, 77, 255):
        r = strat9vm.run(f'busybox sh -c "exit {status}"')
        assert r.status == status, r


def test_every_byte_passes(tmp_path):
    """Output is bytes: all 256 values, no newline added, none changed."""
    data = bytes(range(256)) * 33 + b'\0STRAT9-EXIT not a number\n\r\n\0'
    file = tmp_path / 'bytes'
    file.write_bytes(data)
    r = strat9vm.run('cat /bytes', add=[f'{file}:/bytes'])
    assert r.status == 0 and r.out == data, r


def test_no_terminal_by_o_noctty():
    """init leads a session and opens the output's terminal with O_NOCTTY."""
    r = strat9vm.run('cat /proc/1/stat')
    assert r.text.rpartition(')')[2].split()[4] == '0', r


def test_timeout():
    r = strat9vm.run('sleep 1000', timeout=10)
    assert r.status == strat9vm.TIMEOUT_STATUS


def test_folders_links_and_modes(tmp_path):
    tree = tmp_path / 'tree'
    (tree / 'sub').mkdir(parents=True)
    (tree / 'sub' / 'file').write_text('text')
    (tree / 'sub' / 'file').chmod(0o741)
    (tree / 'link').symlink_to('sub/file')
    r = strat9vm.run('busybox stat -c "%a %u %s %n" /tree/sub/file; '
                     'cat /tree/link', add=[f'{tree}:/tree'])
    assert r.text == '741 0 4 /tree/sub/file\ntext', r


def test_dynamic_glibc_program(tmp_path):
    """/bin/ls of coreutils with its interpreter and libraries."""
    (tmp_path / 'd').mkdir()
    (tmp_path / 'd' / 'a file').write_text('12345')
    (tmp_path / 'd' / 'b').mkdir()
    r = strat9vm.run('/usr/bin/gnu-ls -Nl --time-style=+%s /d',
                     add=[f'{tmp_path}/d:/d'],
                     add_with_libs=['/bin/ls:/usr/bin/gnu-ls'])
    assert r.status == 0, r
    lines = r.text.splitlines()
    assert lines[1].startswith('-rw-r--r-- 1 root root') and \
        lines[1].endswith(' a file') and ' 5 ' in lines[1], r
    assert lines[2].startswith('drwxr-xr-x'), r


def test_busybox_script():
    """A long script prints byte for byte what it prints on Linux."""
    script = os.path.join(strat9vm.TOP, 'tests', 'system', 'long_script.sh')
    linux = subprocess.run(['busybox', 'sh', script], capture_output=True,
                           env={'PATH': '/bin', 'HOME': '/tmp'})
    assert linux.returncode == 0, linux.stderr
    r = strat9vm.run('busybox sh /long_script.sh', timeout=240, smp=2,
                     add=[f'{script}:/long_script.sh'])
    assert r.status == 0, r
    assert r.text.splitlines() == linux.stdout.decode().splitlines(), r
    assert r.out == linux.stdout


def test_unknown_calls_are_counted(tmp_path):
    """A call that is not there gives ENOSYS and is counted by number."""
    program = compile_static(tmp_path, 'odd', '''
        #include <errno.h>
        #include <unistd.h>
        int main(void) {
            for (int i = 0; i < 3; i++)
                if (syscall(777) != -1 || errno != ENOSYS)
                    return 1;
            return 0;
        }''', 'musl-gcc')
    r = strat9vm.run('/odd && grep -r "^777 " /proc/unknown_syscalls || '
                     'cat /proc/unknown_syscalls', add=[f'{program}:/odd'])
    assert '777 3' in r.text, r
