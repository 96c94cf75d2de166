# Compound commands.
if true; then echo yes; else echo no; fi
if false; then echo yes; elif true; then echo elif; else echo no; fi
if false; then :; fi; echo "status $?"
for i in 1 2 3; do
	for j in a b c; do
		[ $j = b ] && continue
		[ $i = 2 ] && break
		[ $i$j = 3c ] && break 2
		echo $i$j
	done
done
i=0; while [ $i -lt 3 ]; do echo w$i; i=$((i + 1)); done
until [ $i -eq 0 ]; do i=$((i - 1)); echo u$i; done
while :; do break; done; echo "after $?"
for i in a b; do echo $i; false; done; echo "for $?"
for i in; do echo never; done; echo "empty $?"
for i in a b c; do [ $i = b ] && continue; echo $i; done
case foo in
bar) echo bar ;;
f*) echo "f star" ;;
foo) echo never ;;
esac
case "a b" in "a b") echo quoted ;; esac
case x in (y) echo y ;; (x | z) echo "x or z" ;; esac
case '*' in \*) echo star ;; esac
case abc in [!a]*) echo no ;; [a-c]b?) echo set ;; esac
case none in a) : ;; esac; echo "case $?"
case x in x) ;; esac; echo "empty arm $?"
case "" in "") echo empty ;; esac
{ echo group; echo two; } | wc -l
(echo sub; exit 3); echo "sub $?"
x=1; (x=2; echo $x); echo $x
{ x=3; }; echo $x
true && echo and || echo or
false && echo and || echo or
true || echo skipped && echo then
! true; echo $?
! false && echo not
false || { echo handled; false; } || echo chain
if ! false; then echo inverted; fi
if (exit 0) && [ -n x ]; then echo both; fi
while read x; do echo "r $x"; done <<X
1
2
X
