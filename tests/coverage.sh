#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What the tests of a coverage build reached: lines and branches of each source file, the least covered first. With lcov
# also as pages under <build>/coverage.
set -eu
build=$1
find "$build/src" -name '*.gcda' | while read -r data; do
	gcov -n -b "$data" 2>/dev/null
done | awk '
	/^File / { file = $2; gsub(/\047/, "", file); wanted = (file ~ /^src\//) }
	/^Lines executed:/ && wanted { split($0, a, /[:%]| of /); lines[file] = a[4]; hit[file] = a[2] * a[4] / 100 }
	/^Taken at least once:/ && wanted {
		split($0, a, /[:%]| of /)
		branches[file] = a[4]
		taken[file] = a[2] * a[4] / 100
	}
	END {
		for (f in lines) {
			printf "%6.1f %% lines %6.1f %% branches  %s\n", 100 * hit[f] / lines[f],
				branches[f] ? 100 * taken[f] / branches[f] : 100, f | "sort -n"
			l += lines[f]; h += hit[f]; b += branches[f]; t += taken[f]
		}
		close("sort -n")
		if (l) printf "all: %.1f %% of %d lines, %.1f %% of %d branches\n", 100 * h / l, l, 100 * t / b, b
	}'
if command -v lcov >/dev/null && command -v genhtml >/dev/null; then
	lcov --quiet --capture --directory "$build/src" --base-directory . --no-external 2>/dev/null \
		--output-file "$build/coverage.info"
	genhtml --quiet --output-directory "$build/coverage" "$build/coverage.info"
	echo "pages: $build/coverage/index.html"
fi
