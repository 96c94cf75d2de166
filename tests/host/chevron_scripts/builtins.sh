# Builtins that POSIX knows.
printf '%d %5d|%-5d|%05d %x %X %o %s %c %% \n' 42 42 42 42 255 255 8 str char
printf '%s-%s\n' a b c d
printf '%5.2s|%-6s|%.3s\n' abc abc abcdef
printf '\101\t\\ %b\n' 'x\ty\n'
printf 'no args\n'; printf '%s|%d\n'
printf '%+d % d %#x %#o\n' 5 5 255 8
test a = a && [ a != b ] && [ -n x ] && [ -z "" ] && echo strings
[ 1 -lt 2 ] && [ 2 -le 2 ] && [ 3 -gt 2 ] && [ 3 -ge 3 ] && [ 3 -ne 4 ] && echo numbers
[ -d / ] && [ -e /etc/passwd ] && [ -f /etc/passwd ] && [ ! -d /etc/passwd ] && echo files
[ a = a -a b = b ] && [ a = b -o b = b ] && echo combined
[ \( a = a \) -a ! b = c ] && echo brackets
[ ]; echo $?; [ "" ]; echo $?; [ ! ]; echo $?; [ ! "" ]; echo $?; [ = ]; echo $?
[ -n ]; echo $?; test; echo $?
[ x -lt 1 ] 2>/dev/null; echo $?
cd /usr/bin; pwd; cd ..; pwd; cd - ; cd /; pwd
cd /nonexistent 2>/dev/null || echo cannot
export E1=exported; sh -c 'echo $E1'; E2=temp sh -c 'echo $E2'; echo "[$E2]"
unset E1; sh -c 'echo "[$E1]"'
eval 'x=evaluated; echo $x'; eval echo '$x' "$x"; eval "false"; echo $?; eval; echo $?
set -- a b c; set -- "$@" d; echo $#; set --; echo $#
type cd > /dev/null && echo type
command -v cd > /dev/null && echo found; command -v nonexistent_x; echo $?
command echo via command
true; echo $?; false; echo $?; :; echo $?
d=$(mktemp -d); printf 'echo sourced $1\nreturn 4\necho never\n' > $d/s; . $d/s; echo $?; rm -r $d
(trap 'echo bye' EXIT; echo working); (trap 'echo on exit' EXIT; exit 3); echo $?
trap 'echo usr1' USR1; kill -USR1 $$; echo after; trap - USR1
(set -e; false; echo never); echo $?
(set -e; if false; then :; fi; false || true; ! true; echo reached; false; echo never); echo $?
(set -u; echo $undefined_x; echo never) 2>/dev/null; echo $?
readonly R=1; (R=2; echo never) 2>/dev/null; echo $R
umask 027; umask; umask 022
kill -l 9; kill -0 $$ && echo alive
x=1; unset x; echo "[$x]"
exec 5>&1; echo dup >&5; exec 5>&-
(exec echo replaced; echo never)
echo ${HOME:+set}; HOME=/tmp; cd; pwd; cd /
while [ $# -gt 0 ]; do shift; done; echo shifted
