#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What a packager does: the tarball builds, install puts everything in its place, a program of one's own builds against
# the installed library with pkg-config and runs, uninstall leaves nothing behind.
set -eu
cd "$(dirname "$0")/.."
make=${1:-make}
work=$(mktemp -d)
trap 'rm -rf "$work" afferent-*.tar.gz' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL

$make dist
tar -xzf afferent-*.tar.gz -C "$work"
cd "$work"/afferent-*
$make -j2 all
mkdir "$work/root"
root=$work/root
$make install "DESTDIR=$root"
"$root/usr/local/bin/afferent" version

# The example programs, with the shared library and with the static one, as C and as C++.
prefix=$root/usr/local
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
flags()
{
	pkg-config --define-variable=prefix="$prefix" --define-variable=libdir="$prefix/lib" \
		--define-variable=includedir="$prefix/include" "$@" afferent
}
for source in "$prefix"/share/afferent/examples/c/*.c; do
	program=$work/$(basename "$source" .c)
	# shellcheck disable=SC2046
	{
		cc -Wall -Wextra -Werror "$source" $(flags --cflags --libs) -o "$program"
		cc -Wall -Wextra -Werror "$source" "$prefix/lib/libafferent.a" \
			$(flags --cflags --static --libs | sed 's/-lafferent//') -o "$program-static"
		c++ -x c++ -Wall -Wextra -Werror "$source" -x none $(flags --cflags --libs) -o "$program-cxx"
	}
done
export LD_LIBRARY_PATH="$prefix/lib"
for kind in '' -static -cxx; do
	"$work/read_message$kind" <"$prefix/share/afferent/examples/monitor.hl7" >"$work/read"
	grep -qx 'MDC_ECG_HEART_RATE = 72 MDC_DIM_BEAT_PER_MIN' "$work/read" ||
		{ echo "read_message$kind said something else:"; cat "$work/read"; exit 1; }
	"$work/build_message$kind" | "$prefix/bin/afferent" get PID-5.1 - >"$work/built"
	grep -qx 'Miller & Sons' "$work/built" ||
		{ echo "build_message$kind built something else:"; cat "$work/built"; exit 1; }
	"$work/build_message$kind" | "$prefix/bin/afferent" validate - >"$work/built" ||
		{ echo "build_message$kind built something wrong:"; cat "$work/built"; exit 1; }
done
sed -n 's/^\t\t\(aff_[a-z0-9_]*\);$/\1/p' src/libafferent.map | while read -r name; do
	grep -q "$name" "$prefix/share/man/man3/$name.3" || { echo "$name has no manual page"; exit 1; }
done
[ -L "$prefix/lib/libafferent.so" ] || { echo "libafferent.so is no link"; exit 1; }

$make uninstall "DESTDIR=$root"
left=$(find "$root" -type f -o -type l)
[ -z "$left" ] || { echo "left behind:"; echo "$left"; exit 1; }
left=$(find "$root" -type d -name 'afferent*')
[ -z "$left" ] || { echo "folders left behind:"; echo "$left"; exit 1; }
echo "the package is complete"
