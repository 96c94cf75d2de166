# tests/system/test_limits.py -- greedy programs are refused, the system lives.
# SPDX-License-Identifier: MIT
import re

import strat9vm
from test_exec import compile_static

# Each prints what it got before it was refused, and ends well.
HOGS = {
    'fork_bomb': '''
        #include <errno.h>
        #include <signal.h>
        #include <stdio.h>
        #include <sys/wait.h>
        #include <unistd.h>
        int main(void) {
            int n = 0;
            pid_t p;
            setpgid(0, 0);
            while ((p = fork()) > 0)
                n++;
            if (p == 0)
                for (;;)
                    pause();
            printf("refused %d after %d\\n", errno, n);
            fflush(stdout);
            signal(SIGTERM, SIG_IGN);
            kill(0, SIGTERM);
            while (wait(0) > 0) /* the second run finds none of them left */
                ;
            return 0;
        }''',
    'descriptor_hog': '''
        #include <errno.h>
        #include <fcntl.h>
        #include <stdio.h>
        #include <sys/resource.h>
        int main(void) {
            struct rlimit r;
            int n = 0;
            getrlimit(RLIMIT_NOFILE, &r);
            r.rlim_cur = r.rlim_max;
            setrlimit(RLIMIT_NOFILE, &r);
            while (open("/dev/null", O_RDONLY) >= 0)
                n++;
            printf("refused %d after %d\\n", errno, n);
            return 0;
        }''',
    'thread_hog': '''
        #include <errno.h>
        #include <pthread.h>
        #include <stdio.h>
        #include <unistd.h>
        static void *wait_on(void *a) { for (;;) pause(); return a; }
        int main(void) {
            pthread_attr_t a;
            pthread_t t;
            int n = 0, e = 0;
            pthread_attr_init(&a);
            pthread_attr_setstacksize(&a, 16384);
            while (n < 10000 && !(e = pthread_create(&t, &a, wait_on, 0)))
                n++;
            printf("refused %d after %d\\n", e, n);
            fflush(stdout);
            _exit(0);
        }''',
    'memory_hog': '''
        #include <errno.h>
        #include <stdio.h>
        #include <string.h>
        #include <sys/mman.h>
        int main(void) {
            long n = 0;
            for (;;) {
                char *m = mmap(0, 1 << 20, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                if (m == MAP_FAILED)
                    break;
                memset(m, 1, 1 << 20);
                n++;
            }
            printf("refused %d after %ld\\n", errno, n);
            return 0;
        }''',
    'pipe_hog': '''
        #include <errno.h>
        #include <fcntl.h>
        #include <stdio.h>
        #include <unistd.h>
        int main(void) {
            static char b[4096];
            int n = 0, p[2];
            while (pipe2(p, O_NONBLOCK) == 0) {
                while (write(p[1], b, sizeof b) > 0)
                    ;
                n++;
            }
            printf("refused %d after %d\\n", errno, n);
            return 0;
        }''',
    'file_hog': '''
        #include <errno.h>
        #include <fcntl.h>
        #include <stdio.h>
        #include <unistd.h>
        int main(void) {
            static char b[65536];
            int fd = open("/tmp/hog", O_CREAT | O_WRONLY, 0600);
            long n = 0;
            while (write(fd, b, sizeof b) > 0)
                n++;
            printf("refused %d after %ld\\n", errno, n);
            unlink("/tmp/hog");
            return 0;
        }''',
}


def hog(tmp_path, name, memory=128):
    """Run one, twice, and then an ordinary program."""
    program = compile_static(tmp_path, name, HOGS[name], 'musl-gcc')
    r = strat9vm.run(f'/hog; /hog; busybox sh -c "echo still alive"; '
                     'cat /proc/meminfo', smp=2, memory=memory, timeout=240,
                     add=[f'{program}:/hog'])
    assert r.status == 0 and 'still alive' in r.text, r
    assert 'PANIC' not in r.log
    free = re.search(r'MemFree:\s+(\d+)', r.text)
    assert free and int(free[1]) > memory * 1024 // 3, r
    return r


def refused(r):
    rows = re.findall(r'refused (\d+) after (\d+)', r.text)
    assert len(rows) == 2, r
    return [(int(e), int(n)) for e, n in rows]


def test_fork_bomb(tmp_path):
    for error, count in refused(hog(tmp_path, 'fork_bomb')):
        assert error in (11, 12) and count > 50


def test_descriptor_hog(tmp_path):
    for error, count in refused(hog(tmp_path, 'descriptor_hog')):
        assert error in (23, 24, 12) and count > 200


def test_ten_thousand_threads(tmp_path):
    """All of them, or a clean refusal; and the second time no fewer."""
    rows = refused(hog(tmp_path, 'thread_hog', memory=512))
    for error, count in rows:
        assert error in (0, 11, 12) and count > 500
    assert rows[1][1] >= rows[0][1] * 9 // 10


def test_memory_hog(tmp_path):
    """Refused or killed with a message, whichever; nobody else is harmed."""
    r = hog(tmp_path, 'memory_hog')
    killed = re.search(r'(?i)out of memory', r.log)
    assert killed or len(re.findall('refused 12', r.text)) == 2, r


def test_pipe_hog(tmp_path):
    for error, count in refused(hog(tmp_path, 'pipe_hog')):
        assert error in (23, 24, 12) and count > 50


def test_file_hog(tmp_path):
    for error, count in refused(hog(tmp_path, 'file_hog')):
        assert error in (28, 12) and count > 100


def test_fork_bomb_does_not_stop_others(tmp_path):
    """While processes are as many as may be, the shell still answers."""
    source = HOGS['fork_bomb'].replace('kill(0, SIGTERM);', 'for (;;) pause();')
    program = compile_static(tmp_path, 'bomb', source, 'musl-gcc')
    with strat9vm.VM(smp=2, memory=256, add=[f'{program}:/bomb']) as vm:
        vm.expect_literal(strat9vm.PROMPT, 60)
        vm.send('/bomb\n')
        vm.expect(r'refused \d+ after', 120)
        vm.send('\x03')
        vm.expect_literal(strat9vm.PROMPT, 60)
        assert 'alive' in vm.command('echo alive')
