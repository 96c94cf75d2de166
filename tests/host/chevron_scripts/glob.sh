# File name patterns.
d=$(mktemp -d); cd "$d"
touch a.c b.c ab.h .hidden 'with space' x1 x2 x10; mkdir -p sub/deep other; touch sub/f.c sub/deep/g.c
echo *
echo *.c
echo ?.c
echo [ab].c [!a].c x[0-9]
echo .h*
echo */*.c */
echo */*/*
echo nomatch* [z]
echo "*" \* '*.c' "a"*
x='*.c'; echo $x "$x"
for f in *; do printf '<%s>' "$f"; done; echo
echo ./*.h "$d"/*.h | sed "s,$d,D,"
set -f; echo *.c; set +f
case a.c in *.c) echo matches ;; esac
case .x in *) echo dot ;; esac
y='[x'; echo $y
echo [[:alpha:]]b.h x[[:digit:]]
cd /; rm -r "$d"
