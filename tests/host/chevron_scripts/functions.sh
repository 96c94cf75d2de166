# Functions, local, return, recursion, parameters.
f() { echo "f got $# args: $*"; return 7; }
f a b c; echo "status $?"
g() {
	local x=inner
	echo "g sees $x"
	h
}
h() { echo "h sees $x"; }
x=outer; g; h
fact() { if [ $1 -le 1 ]; then echo 1; else echo $(($1 * $(fact $(($1 - 1))))); fi; }
fact 10
set -- A B; f x; echo "$1 $2"
k() { shift; echo "left: $*"; set -- new params; echo "$*"; }
k 1 2 3; echo "still: $*"
early() { for i in 1 2 3; do [ $i = 2 ] && return 5; echo $i; done; echo never; }
early; echo $?
sub() ( x=changed; echo $x ); sub; echo $x
redirected() { echo out; echo err >&2; } 2>/dev/null
redirected
count=0; inc() { count=$((count + 1)); }; inc; inc; echo $count
redefine() { echo one; redefine() { echo two; }; }; redefine; redefine
echo piped | { read v; echo "got $v"; }
p() { cat; }; echo through | p
unset -f f; f 2>/dev/null; echo "unset $?"
return_last() { false; return; }; return_last; echo $?
v=global; setv() { v=changed; }; setv; echo $v
v=1; showv() { echo $v; }; v=2 showv
deep() { [ $1 -gt 0 ] && deep $(($1 - 1)); }; deep 100; echo done
