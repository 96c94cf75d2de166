# Parameter expansion.
unset u; e=; v=value; p=/usr/local/lib/libfoo.so.1
echo "${u-d}" "${u:-d}" "${e-d}" "${e:-d}" "${v-d}" "${v:-d}"
echo "${u+a}" "${e+a}" "${e:+a}" "${v+a}" "${v:+a}"
echo ${u=assigned} $u; unset u; echo ${u:=x y} "$u"
echo ${#v} ${#e} ${#p}
echo ${p#*/} ${p##*/} ${p%.*} ${p%%.*} ${p#nomatch}
echo "${p%/*}" "${p##*.}"
q='a*b'; echo "${q#a*}" "${q#a\*}" "${q#'a*'}" "${q%"*b"}"
set -- one 'two three' four
echo $# $1 "$2" $3 ${1} ${#1} "$*" $@
for i in "$@"; do printf '<%s>' "$i"; done; echo
for i in "$*"; do printf '<%s>' "$i"; done; echo
for i in $@; do printf '<%s>' "$i"; done; echo
for i in "x$@y"; do printf '<%s>' "$i"; done; echo
IFS=:; echo "$*" $*; unset IFS
shift; echo $# $1; shift 2; echo $#
for i in "$@"; do echo never; done
printf '[%s]' "$@" ; echo
printf '[%s]' a"$@"b ; echo
set -- 1 2 3 4 5 6 7 8 9 ten eleven; echo $10 ${10} ${11}
echo "${v:-"quoted default"}" ${x-a   b} "${x-a   b}"
echo ${x:-$(echo from command)} ${x:-$((1 + 1))} ${x:-${y:-${z:-deep}}}
a=1 b=$a c=$b; echo $a $b $c
x=~; test "$x" = "$HOME" && echo home
(unset nope; echo ${nope?gone}) 2>/dev/null; echo "status $?"
(echo ${e:?}; echo not here) 2>/dev/null; echo "status $?"
echo ${v:+"$v" and more} "${v:+'single' "d"}"
