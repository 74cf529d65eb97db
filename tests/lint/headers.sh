#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Each public header compiles alone, as C11 and as C++, with all warnings; internal headers as C11.
set -u
cd "$(dirname "$0")/../.." || exit 2
status=0
flags="-fsyntax-only -Wall -Wextra -Wpedantic -Werror -Iinclude $(pkg-config --cflags lua5.4)"

alone() # LANGUAGE-FLAGS HEADER
{
	# shellcheck disable=SC2086
	printf '#include "%s"\n' "$2" | ${CC:-cc} $flags $1 -I. -iquote src -x "${3:-c}" - ||
		{ echo "$2 does not compile alone ($1)"; status=1; }
}
for h in include/afferent/*.h; do
	alone -std=c11 "$h"
	if command -v c++ >/dev/null; then
		# shellcheck disable=SC2086
		printf '#include "%s"\n' "$h" | c++ $flags -std=c++11 -I. -x c++ - ||
			{ echo "$h does not compile alone (C++)"; status=1; }
	fi
	grep -q "^\.It Xr afferent_$(basename "$h" .h) 3\$" man/libafferent.3 ||
		{ echo "$h is not in man/libafferent.3"; status=1; }
	grep -q 'extern "C"' "$h" || { echo "$h: no extern \"C\""; status=1; }
done
for h in src/*/*.h; do
	alone "-std=c11 -D_GNU_SOURCE" "$h"
done
command -v c++ >/dev/null || echo "no C++ compiler: only C checked (skipped)"
exit $status
