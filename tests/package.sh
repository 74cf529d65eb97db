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

cat >"$work/use.c" <<'C'
#include <afferent/error.h>
#include <afferent/diag.h>
#include <stdio.h>
int main(void)
{
	struct aff_diag d;
	char line[256];
	aff_diag_set(&d, AFF_ENOMSH, "no MSH in %d bytes", 3);
	puts(aff_diag_format(&d, line, sizeof line));
	return 0;
}
C
prefix=$root/usr/local
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
# shellcheck disable=SC2046
cc "$work/use.c" $(pkg-config --define-variable=prefix="$prefix" --define-variable=libdir="$prefix/lib" \
	--define-variable=includedir="$prefix/include" --cflags --libs afferent) -o "$work/use"
LD_LIBRARY_PATH=$prefix/lib "$work/use" | grep -q 'no MSH in 3 bytes' ||
	{ echo "the program said something else"; exit 1; }
[ -L "$prefix/lib/libafferent.so" ] || { echo "libafferent.so is no link"; exit 1; }

$make uninstall "DESTDIR=$root"
left=$(find "$root" -type f -o -type l)
[ -z "$left" ] || { echo "left behind:"; echo "$left"; exit 1; }
left=$(find "$root" -type d -name 'afferent*')
[ -z "$left" ] || { echo "folders left behind:"; echo "$left"; exit 1; }
echo "the package is complete"
