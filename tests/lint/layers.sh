#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The layers of doc/design.md: which folder may include which, no cycles among headers, one home for each third-party
# library.
set -u
cd "$(dirname "$0")/../.." || exit 2

edges=$(mktemp) || exit 2
trap 'rm -f "$edges"' EXIT

grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]' -r src include --include='*.[ch]' | awk '
	BEGIN {
		# folder: what it may include besides itself and the public headers
		up["base"] = ""
		up["schema"] = "base"
		up["hl7"] = "base schema"
		up["terms"] = "base schema hl7"
		up["rules"] = up["fhir"] = "base schema hl7 terms"
		up["profile"] = "base schema hl7 terms rules"
		up["validate"] = "base schema hl7 terms rules profile"
		up["sys"] = "base"
		up["net"] = "base sys"
		up["journal"] = "base sys"
		up["conf"] = "base schema hl7 terms rules profile validate fhir sys"
		up["engine"] = "base schema hl7 terms rules profile validate fhir sys journal net conf"
		up["admin"] = up["engine"] " engine"
		up["cli"] = up["admin"] " admin"
		# public header: the folder that implements it
		split("diag error text", n, " "); for (i in n) owner[n[i]] = "base"
		owner["schema"] = "schema"; owner["group"] = "hl7"
		split("ack batch build charset coded data dtm edit escape", n, " "); for (i in n) owner[n[i]] = "hl7"
		split("zone continuation identity mllp msg number parts", n, " "); for (i in n) owner[n[i]] = "hl7"
		split("path type v2xml", n, " "); for (i in n) owner[n[i]] = "hl7"
		split("nomenclature table unit", n, " "); for (i in n) owner[n[i]] = "terms"
		split("expr rules watch", n, " "); for (i in n) owner[n[i]] = "rules"
		owner["validate"] = "validate"
		owner["profile"] = "profile"
		owner["fhir"] = "fhir"
		# third-party header: where it may be included
		home["yaml.h"] = "src/conf/"
		home["sqlite3.h"] = home["zstd.h"] = home["zdict.h"] = "src/journal/"
		home["iconv.h"] = "src/hl7/charset_convert.c"
		home["openssl/"] = "src/base/ src/net/tls"
		home["curl/"] = "src/engine/out/http_client.c"
		home["event2/"] = home["event.h"] = "src/net/http_"
		home["jansson.h"] = "src/cli/"
		home["pcre2.h"] = "src/rules/"
		home["lua.h"] = home["lauxlib.h"] = home["lualib.h"] = "src/rules/"
		home["libxml/"] = "src/base/"
		versions = "src/cli/cmd_version.c" # tells what they are
	}
	function fail(text) { print file ":" line ": " text; bad = 1 }
	function layer(to, name) {
		if (!(from in up)) fail("no layer is known for " file)
		else if (to == "") fail("no layer is known for " name)
		else if (to != from && !index(" " up[from] " ", " " to " ")) fail(from " may not include " name)
	}
	function at_home(where, n, i, place) {
		n = split(where, place, " ")
		for (i = 1; i <= n; i++) if (index(file, place[i]) == 1) return 1
		return 0
	}
	function stem(path) { sub(/.*\//, "", path); sub(/\.h$/, "", path); return path }
	{
		file = $0; sub(/:.*/, "", file)
		line = $0; sub(/^[^:]*:/, "", line); sub(/:.*/, "", line)
		target = $0; sub(/^[^<"]*[<"]/, "", target); sub(/[>"].*/, "", target)
		quoted = ($0 ~ /include[ \t]*"/)
		public = (file ~ /^include\//)
		from = file; sub(/^src\//, "", from); sub(/\/.*/, "", from)
		if (public) from = owner[stem(file)]
		for (h in home) {
			third = (h ~ /\/$/) ? (index(target, h) == 1) : (target == h)
			if (third && !at_home(home[h]) && file != versions)
				fail("<" target "> belongs to " home[h] " alone")
		}
		if (target ~ /^afferent\//) {
			print file, "include/" target > edges
			if (target ~ /\.h$/) layer(owner[stem(target)], "<" target ">")
		} else if (quoted && public) {
			fail("a public header includes <afferent/...> and the C library only")
		} else if (quoted) {
			if (target !~ /\//) target = from "/" target
			print file, "src/" target > edges
			to = target; sub(/\/.*/, "", to)
			layer(to, "\"" target "\"")
			if (file ~ /^src\/engine\/in\// && target ~ /^engine\/out\//)
				fail("what receives knows nothing of what delivers: " target)
		}
	}
	END { exit bad }' edges="$edges" -
status=$?

# Header cycles: tsort complains about a loop.
loops=$(awk '$1 ~ /\.h$/ && $2 ~ /\.h$/' "$edges" | tsort 2>&1 >/dev/null)
if [ -n "$loops" ]; then
	echo "headers include each other in a circle:"
	echo "$loops"
	status=1
fi
exit $status
