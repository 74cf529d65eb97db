#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Documents keep their word: relative links lead to files, and shell blocks that follow the line <!-- run --> are run in
# an empty folder with `afferent` on the PATH and $AFF_SOURCE naming the source tree.
set -u
cd "$(dirname "$0")/../.." || exit 2
status=0
top=$(pwd)
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT

for doc in *.md doc/*.md; do
	[ -e "$doc" ] || continue
	links=$(grep -oE '\]\([^)# ]+' "$doc" | sed 's/^](//' | grep -v '^[a-z]*:')
	for link in $links; do
		[ -e "$(dirname "$doc")/$link" ] || { echo "$doc: $link does not exist"; status=1; }
	done
	n=$(grep -c '^<!-- run -->$' "$doc")
	i=1
	while [ "$i" -le "$n" ]; do
		awk -v want=$i '/^<!-- run -->$/ { n++; armed = 1; next }
			armed && /^```/ { if (inside) { inside = armed = 0 } else inside = 1; next }
			inside && n == want { sub(/^\$ /, ""); print }' "$doc" >"$work/block.sh"
		mkdir -p "$work/run"
		if ! (cd "$work/run" && PATH="$top/${AFF_BUILD:-build/gcc}:$PATH" AFF_SOURCE=$top \
			timeout 60 sh -eu ../block.sh) >"$work/out" 2>&1 </dev/null; then
			echo "$doc: block $i to run failed:"
			sed 's/^/    /' "$work/block.sh" "$work/out"
			status=1
		fi
		i=$((i + 1))
	done
done
exit $status
