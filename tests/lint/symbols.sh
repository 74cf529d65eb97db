#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The symbol map lists exactly what the public headers declare, and the library defines all of it. --write makes the map
# anew.
set -u
cd "$(dirname "$0")/../.." || exit 2
map=src/libafferent.map
build=${AFF_BUILD:-build/gcc}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

command -v gcc >/dev/null || { echo "skipped: needs gcc"; exit 77; }

# gcc writes every declaration with the file it comes from; objects are declared "extern" in the headers.
for h in include/afferent/*.h; do printf '#include <%s>\n' "${h#include/}"; done >"$work/all.c"
gcc -std=c11 -Iinclude -fsyntax-only -aux-info "$work/aux" "$work/all.c" || exit 1
{
	grep 'include/afferent/' "$work/aux" | grep -v ' static ' | sed -E 's/^[^*]*\*\/ //' |
		grep -oE '\baff_[a-z0-9_]+ \(' | tr -d ' ('
	grep -hE '^extern const [^(]*;' include/afferent/*.h | sed -E 's/;.*//; s/\[.*//; s/.*[ *](aff_[a-z0-9_]+)$/\1/'
} | sort -u >"$work/declared"

if [ "${1:-}" = --write ]; then
	{
		echo "AFFERENT_0 {"
		echo "	global:"
		sed 's/.*/		&;/' "$work/declared"
		echo "	local:"
		echo "		*;"
		echo "};"
	} >$map
	echo "$map: $(wc -l <"$work/declared") symbols"
	exit 0
fi

status=0
grep -oE '\baff_[a-z0-9_]+' $map | sort -u >"$work/listed"
# wrong A B TEXT: what is in the list A and not in B.
wrong()
{
	comm -23 "$work/$1" "$work/$2" | sed "s/\$/: $3/" | grep . && status=1
}
wrong declared listed "declared in a public header, not in the map (make symbols)"
wrong listed declared "in the map, not declared in a public header (make symbols)"
if [ -e "$build/libafferent.so.0" ]; then
	nm -D --defined-only "$build/libafferent.so.0" | awk '$3 ~ /^aff_/ { sub(/@.*/, "", $3); print $3 }' |
		sort -u >"$work/defined"
	wrong declared defined "declared, not defined in the library"
fi
exit $status
