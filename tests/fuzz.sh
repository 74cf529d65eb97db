#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Runs each fuzz target for some seconds, starting from the project's own messages and what earlier runs found.
set -u
seconds=$1
shift
passed=0
failed=0
for target in "$@"; do
	name=$(basename "$target")
	corpus=build/fuzz/$name
	mkdir -p "$corpus"
	if "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 \
		-artifact_prefix="$corpus-" "$corpus" tests/bench/messages >"$corpus.log" 2>&1; then
		echo "ok   $name: $(awk '/number_of_executed_units/ { print $2 }' "$corpus.log") runs"
		passed=$((passed + 1))
	else
		echo "FAIL $name"
		tail -n 40 "$corpus.log"
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
