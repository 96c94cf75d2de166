# Field splitting by IFS.
show() { printf '%d:' $#; for a; do printf '<%s>' "$a"; done; echo; }
x='  a  b  '; show $x; show "$x"; show pre$x; show $x'post'
IFS=:; x='a:b::c:'; show $x; x=':a'; show $x; x='::'; show $x; x=; show $x
IFS=': '; x='a : b:c  d: :e'; show $x; x=' a:'; show $x
IFS=; x='a b'; show $x
unset IFS
set -- 'a b' c; show $*; show "$*"; show $@; show "$@"
IFS=,; show "$*"; show $*; x=1,2,3; set -- $x; show "$@"
IFS=' 	
'
show $(printf 'l1\nl2 l3\n'); show "$(printf 'l1\nl2 l3\n')"
echo 'a:b:c' | { IFS=: read x y; echo "$x|$y"; }
echo '  lead  trail  ' | { read x; echo "[$x]"; }
echo 'one two three four' | { read a b c; echo "$a/$b/$c"; }
printf '%s\n' 'a\b c\ d' | { read x y; echo "$x/$y"; }
printf '%s\n' 'a\b c\ d' | { read -r x y; printf "%s\n" "$x/$y"; }
printf 'no newline' | { read x; echo "$? $x"; }
printf '' | { read x; echo "$? [$x]"; }
while read -r line; do echo "line: $line"; done <<EOF
first
  second  
third
EOF
