#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The manual and the program name the same commands and options: `afferent CMD --help` against the .It Fl lines of
# man/afferent-CMD.1, and every page renders without a warning.
set -u
cd "$(dirname "$0")/../.." || exit 2
afferent=${AFF_BUILD:-build/gcc}/afferent
[ -x "$afferent" ] || { echo "skipped: $afferent is not built"; exit 77; }
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
status=0

commands() # of a group: the names under "commands:"
{
	awk '/^commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }'
}

# The options of a command, and of the commands under it: "-a --all" a line.
options()
{
	"$afferent" "$@" --help >"$work/help" || { echo "afferent $* --help fails"; return; }
	awk '/^options:/ { on = 1; next } /^$/ { on = 0 }
		on && /^  (-.,|   ) --/ {
			short = substr($0, 3, 2)
			sub(/^......--/, "--")
			print (short == "  " ? "" : short " ") $1
		}' \
		"$work/help"
	for sub in $(commands <"$work/help"); do
		options "$@" "$sub"
	done
}

in_manual() # PAGE
{
	awk '/^\.It Fl / { line = ""
		for (i = 2; i <= NF; i++) if ($i == "Fl") line = line (line == "" ? "" : " ") "-" $(i + 1)
		print line }' "$1"
}

"$afferent" --help | commands >"$work/commands"
while read -r command; do
	page=man/afferent-$command.1
	[ -e "$page" ] || { echo "$page is missing"; status=1; continue; }
	options "$command" | sort -u >"$work/program"
	in_manual "$page" | sort -u >"$work/manual"
	comm -23 "$work/program" "$work/manual" | sed "s,^,$page lacks: ," | grep . && status=1
	comm -13 "$work/program" "$work/manual" | sed "s,^,$page tells of what is not there: ," | grep . && status=1
	grep -q "^\\.Xr afferent-$command 1" man/afferent.1 || { echo "man/afferent.1 does not name $command"; status=1; }
done <"$work/commands"

for page in man/*.[1-8]; do
	command -v man >/dev/null || { echo "man is not installed: pages not rendered (skipped)"; break; }
	LC_ALL=C.UTF-8 MANWIDTH=100 man --warnings -l "$page" 2>"$work/warnings" >/dev/null
	[ ! -s "$work/warnings" ] || { cat "$work/warnings"; status=1; }
done
exit $status
