#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What a reader should never have to ask for: no banned function, an SPDX line, tabs, short lines, short files, no notes
# to self, nothing that belongs to one machine.
set -u
cd "$(dirname "$0")/../.." || exit 2
report=$(mktemp) || exit 2
trap 'rm -f "$report"' EXIT

files()
{
	if git rev-parse --git-dir >/dev/null 2>&1; then
		git ls-files --cached --others --exclude-standard -- "$@" | while read -r f; do [ -f "$f" ] && echo "$f"; done
	else
		for pattern in "$@"; do
			find . \( -path ./build -o -path ./demo \) -prune -o -type f -path "./$pattern" -print | sed 's,^\./,,'
		done
	fi
}
# complain TEXT: everything on stdin is a place that is wrong.
complain()
{
	head -n 20 | sed "s/\$/    <- $1/" >>"$report"
}

sources=$(files '*.c' '*.h' '*.def')
scripts=$(files '*.sh' '*.py' quickstart .ci/run tests/run)
everything=$(files '*.c' '*.h' '*.def' '*.sh' '*.py' '*.md' '*.yaml' '*.scn' '*.ac' '*.in' '*.[157]' Makefile \
	quickstart .ci/run tests/run)
here=tests/lint/style.sh

# shellcheck disable=SC2046,SC2086
{
banned='strcpy|strcat|sprintf|vsprintf|strtok|gets|system|popen|atoi|atol|atof|alloca'
grep -nE "(^|[^_[:alnum:].>])($banned)[[:space:]]*\(" $sources | grep -vE '^[^:]*:[0-9]+:[[:space:]]*(/?\*|//)' |
	complain "banned function"
grep -nE '\b(sleep|usleep|nanosleep)[[:space:]]*\(' $(files 'tests/*.c' 'tests/*.h' 'tests/*.py') |
	complain "a test never sleeps"
for f in $sources $scripts; do
	head -n 3 "$f" | grep -q 'SPDX-License-Identifier: Apache-2.0' || echo "$f:1"
done | complain "no SPDX line"
grep -nE '^ {2,8}[^ *]' $(echo "$sources" | grep -v '\.def$') | complain "indented with blanks, not tabs"
grep -nE '[[:space:]]+$' $sources $scripts | complain "blanks at the end of the line"
for f in $sources $scripts; do # a tab is 8 columns in C, 4 in scripts
	case $f in *.[ch] | *.def) tab=8 ;; *) tab=4 ;; esac
	expand -t $tab "$f" | LC_ALL=C.UTF-8 grep -nE '^.{121,}$' | sed "s,^\([0-9]*\):.*,$f:\1: too long,"
done | complain "at most 120"
for f in $(echo "$sources" | grep -E '\.[ch]$'); do
	awk -v f="$f" 'END { if (NR > 800) print f ": " NR " lines" }' "$f"
done | complain "at most 800"
for f in $(files 'tests/fuzz/fuzz_*.c'); do
	awk -v f="$f" '/^[[:space:]]*\/\*/ { c = 1 } !c && NF { n++ } /\*\// { c = 0 }
		END { if (n > 40) print f ": " n " lines of code" }' "$f"
done | complain "a fuzz target has at most 40"
grep -nE '\b(TODO|FIXME|XXX|HACK)\b' $(echo "$everything" | grep -v "^$here\$") | complain "note to self"
grep -nE '(/work|/home|/root)/[a-z]' $(echo "$everything" | grep -v "^$here\$") | complain "path of one machine"
grep -nE '^typedef[[:space:]]+(struct|enum|union)\b' $sources | complain "typedef of a struct"
for f in $(echo "$scripts" | grep -v '\.py$'); do
	[ -x "$f" ] || echo "$f"
done | complain "script without the x bit"
}

if command -v shellcheck >/dev/null; then
	# shellcheck disable=SC2046
	shellcheck $(echo "$scripts" | grep -v '\.py$') >>"$report"
else
	echo "shellcheck is not installed: shell scripts not checked (skipped)"
fi
cat "$report"
[ ! -s "$report" ]
