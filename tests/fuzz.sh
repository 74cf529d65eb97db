#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Runs each fuzz target for some seconds, from its seeds, its regressions and what earlier runs found. Every finding
# is kept beside the corpora, in build/fuzz; tests/fuzz/README.md says what to do with one.
#
#	tests/fuzz.sh libfuzzer|afl SECONDS TARGET...
set -u
fuzzer=$1
seconds=$2
shift 2
passed=0
failed=0
export ASAN_OPTIONS="${ASAN_OPTIONS:-abort_on_error=1:symbolize=0:detect_leaks=0}"
export AFL_NO_UI=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_AFFINITY=1

# Each returns 0 when nothing was found; the number of runs is in $runs.
run_libfuzzer()
{
	mkdir -p "$work/corpus"
	# shellcheck disable=SC2086
	ASAN_OPTIONS='' "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 \
		-print_final_stats=1 -dict=tests/fuzz/hl7.dict -artifact_prefix="$work/found-" "$work/corpus" $inputs \
		>"$work.log" 2>&1
	status=$?
	runs=$(awk '/number_of_executed_units/ { print $2 }' "$work.log")
	return $status
}
run_afl()
{
	mkdir -p "$work/seeds"
	for folder in $inputs; do
		cp "$folder"/* "$work/seeds/"
	done
	afl-fuzz -i "$work/seeds" -o "$work/afl" -V "$seconds" -t 10000 -m none -x tests/fuzz/hl7.dict -- "$target" \
		>"$work.log" 2>&1 || return 1
	runs=$(awk '/^execs_done/ { print $3 }' "$work/afl/default/fuzzer_stats")
	grep -qE '^(saved_crashes|unique_crashes) +: 0$' "$work/afl/default/fuzzer_stats" && return 0
	find "$work/afl/default/crashes" -name 'id*' >>"$work.log"
	return 1
}

for target in "$@"; do
	name=$(basename "$target")
	work=build/fuzz/$fuzzer/$name
	runs=0
	inputs=tests/fuzz/seeds/${name#fuzz_}
	[ ! -d "tests/fuzz/regressions/${name#fuzz_}" ] || inputs="$inputs tests/fuzz/regressions/${name#fuzz_}"
	if "run_$fuzzer"; then
		echo "ok   $name: $runs runs"
		passed=$((passed + 1))
	else
		echo "FAIL $name"
		tail -n 40 "$work.log"
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
