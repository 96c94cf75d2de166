# Quotes, escapes and word boundaries.
echo a  b "c  d" 'e  f' g\ \ h
printf '%s ' "a\$b" 'a$b' a\$b "a\\b" "x\"y" 'x"y' "it's"
echo "" '' | wc -c
printf '[%s]' "" '' x"" ""y "a"'b'c; echo
echo a\
b "c\
d"
printf '%s ' '\n' "\q" \q
printf '%s\n' "$(printf 'a\n\n\n')" "`echo "x  y"`"
echo \# not a comment # a comment
echo a#b
x='a  b'; echo $x "$x" '$x'
echo "multi
line"
echo "${x}y" "${x:-z}" $x"$x"
printf '<%s>' "a b"c" d" ; echo
echo {} } { | cat
echo "`echo \`echo nested\``"
echo "$(echo "$(echo "deep  quotes")")"
