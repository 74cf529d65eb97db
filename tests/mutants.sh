#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Negative controls: a test that proves a promise must fail when the promise is broken. Each row builds the engine with
# -DAFF_MUTANT_<n>, which breaks one thing in the place that keeps the promise, and runs the test that must notice.
set -u
cd "$(dirname "$0")/.." || exit 2
make=${1:-make}
unset MAKEFLAGS MFLAGS MAKELEVEL
$make -s all || exit 1
passed=0
failed=0

# A mutant differs in few files: what was compiled of the others is taken from the build that is tested.
prepare()
{
	rm -rf "build/gcc-mutant$n"
	mkdir -p "build/gcc-mutant$n"
	grep -rqw --include='*.h' "AFF_MUTANT_$n" src && return
	cp -a build/gcc/src build/gcc/gen "build/gcc-mutant$n"
	grep -rlw "AFF_MUTANT_$n" src | sed -n "s,\(.*\)\.c\$,build/gcc-mutant$n/\1.o,p" | xargs -r rm -f
}

# mutant N WHAT-IS-BROKEN TEST...: "AFFERENT" in the test's words becomes the binary.
mutant()
{
	n=$1 what=$2 command=$3
	log=$AFF_BUILD/log/mutant-$n.log
	if ! grep -rqw "AFF_MUTANT_$n" src; then
		echo "FAIL mutant $n ($what): no source knows AFF_MUTANT_$n"
		failed=$((failed + 1))
		return
	fi
	prepare
	if ! $make -j2 MUTANT="$n" all >"$log" 2>&1; then
		echo "FAIL mutant $n ($what) does not build"
		tail -n 20 "$log"
		failed=$((failed + 1))
		return
	fi
	if AFF_PATIENCE=0.3 sh -c "$(echo "$command" | sed "s,AFFERENT,build/gcc-mutant$n/afferent,")" >"$log" 2>&1; then
		echo "FAIL mutant $n ($what) was not noticed by: $command"
		tail -n 20 "$log"
		failed=$((failed + 1))
	else
		echo "ok   mutant $n ($what) was noticed: $(grep -m 1 -E 'FAIL|:[FE]:' "$log" | cut -c 1-100)"
		passed=$((passed + 1))
		rm -rf "build/gcc-mutant$n"
	fi
}

scenario="tests/scenario/run.py --afferent AFFERENT tests/scenario"
mkdir -p "$AFF_BUILD/log"
mutant 1 "an answer leaves before the commit" "tests/crash/run.py --afferent AFFERENT --cycles 10"
mutant 2 "a delivery is recorded before it is confirmed" "$scenario/wrong-answers.scn"
mutant 3 "the cursor passes a pending message" "$scenario/restart.scn"
mutant 4 "MSA-2 of an answer is not compared" "$scenario/wrong-answers.scn"
mutant 5 "retention removes what was not delivered yet" "$scenario/retention.scn"
mutant 6 "outcomes find no room on a full disk" "$scenario/full-disk-delivery.scn"
mutant 7 "a resend is a message like any other" "$scenario/resend.scn"
mutant 8 "an outcome is lost and the cursor moves" "$scenario/ledger.scn"
mutant 9 "the hash chain leaves the bodies out" "$make -s MUTANT=9 build/gcc-mutant9/tests/test_journal_verify || exit 0
	build/gcc-mutant9/tests/test_journal_verify"
mutant 10 "a message that is replayed counts twice" \
	"$make -s MUTANT=10 build/gcc-mutant10/tests/test_journal_retention || exit 0
	build/gcc-mutant10/tests/test_journal_retention"
mutant 11 "what a replay sent is not recorded" "$scenario/replay-stopped.scn"
mutant 12 "a replay goes on when nothing can be recorded" "$scenario/replay-killed.scn"
mutant 13 "a replay sends what the engine is about to send" "$scenario/replay-pending.scn"
mutant 14 "what was delivered is dead when it is refused later" "$scenario/replay-pending.scn"
mutant 20 "a commit does not wait for the disk" "$make -s MUTANT=20 build/gcc-mutant20/crash/journal_cut || exit 0
	build/gcc-mutant20/crash/journal_cut"
mutant 21 "the start takes what a crash left as it is" "$make -s MUTANT=21 \
	build/gcc-mutant21/tests/test_journal_quarantine || exit 0
	build/gcc-mutant21/tests/test_journal_quarantine"
mutant 27 "a nonce is used twice" "$make -s MUTANT=27 build/gcc-mutant27/tests/test_journal_encrypt || exit 0
	build/gcc-mutant27/tests/test_journal_encrypt"
mutant 28 "a data key is lost when the master key changes" \
	"$make -s MUTANT=28 build/gcc-mutant28/tests/test_journal_rekey || exit 0
	build/gcc-mutant28/tests/test_journal_rekey"
mutant 31 "a try is not counted before it is made" "$scenario/poison.scn"
mutant 32 "a failed disk is taken for a full one" \
	"$make -s MUTANT=32 build/gcc-mutant32/tests/test_journal_faults || exit 0
	build/gcc-mutant32/tests/test_journal_faults"
mutant 33 "the window of resends follows the wall clock" "$scenario/clock.scn"
mutant 40 "the certificate of a TLS server is not verified" "$scenario/syslog-refused.scn"
mutant 41 "a new key is believed whoever names it" \
	"$make -s MUTANT=41 build/gcc-mutant41/tests/test_journal_key || exit 0
	build/gcc-mutant41/tests/test_journal_key"
mutant 42 "a backup copies the open log file as it lies there" "$make -s MUTANT=42 \
	build/gcc-mutant42/tests/test_journal_backup || exit 0
	build/gcc-mutant42/tests/test_journal_backup"
mutant 43 "a second import doubles everything" "$make -s MUTANT=43 \
	build/gcc-mutant43/tests/test_cli_journal_export || exit 0
	build/gcc-mutant43/tests/test_cli_journal_export"
mutant 44 "an export is not on record" "$make -s MUTANT=44 \
	build/gcc-mutant44/tests/test_cli_journal_export || exit 0
	build/gcc-mutant44/tests/test_cli_journal_export"
mutant 45 "bodies may go unrecorded" "$make -s MUTANT=45 build/gcc-mutant45/tests/test_journal_tiers || exit 0
	build/gcc-mutant45/tests/test_journal_tiers"
mutant 46 "the body of what is pending goes" "$make -s MUTANT=46 build/gcc-mutant46/tests/test_journal_tiers || exit 0
	build/gcc-mutant46/tests/test_journal_tiers"
mutant 60 "a file of a directory is called otherwise at each try" "$scenario/directory.scn"
mutant 75 "a copy goes from one patient to another" \
	"$make -s MUTANT=75 build/gcc-mutant75/tests/test_rules_parts || exit 0
	build/gcc-mutant75/tests/test_rules_parts"
mutant 65 "what overtook is sent again in its turn" "$scenario/priority.scn"
mutant 72 "a test of a channel that expects nothing passes" \
	"tests/cases/cli/run.py --afferent AFFERENT 'without an expectation'"
mutant 71 "a reload is taken over in part" "$scenario/reload-command.scn"
mutant 70 "a test of a channel passes whatever comes out" "$make -s MUTANT=70 \
	build/gcc-mutant70/tests/test_cli_case || exit 0
	build/gcc-mutant70/tests/test_cli_case"
mutant 50 "what means that there is no value is a value" "$make -s MUTANT=50 \
	build/gcc-mutant50/tests/test_rules_table || exit 0
	build/gcc-mutant50/tests/test_rules_table"
mutant 51 "what cannot be scaled goes on as it came" "$make -s MUTANT=51 \
	build/gcc-mutant51/tests/test_rules_table || exit 0
	build/gcc-mutant51/tests/test_rules_table"
mutant 52 "what cannot be true is passed on" "$make -s MUTANT=52 \
	build/gcc-mutant52/tests/test_rules_table || exit 0
	build/gcc-mutant52/tests/test_rules_table"
mutant 53 "a code under another name is one of the rest" "$make -s MUTANT=53 \
	build/gcc-mutant53/tests/test_rules_table || exit 0
	build/gcc-mutant53/tests/test_rules_table"
mutant 54 "the limits of a scaled value stay as they were" "$make -s MUTANT=54 \
	build/gcc-mutant54/tests/test_rules_table || exit 0
	build/gcc-mutant54/tests/test_rules_table"
mutant 76 "an added order takes readings over" \
	"$make -s MUTANT=76 build/gcc-mutant76/tests/test_rules_add || exit 0
	build/gcc-mutant76/tests/test_rules_add"
mutant 80 "what a step did before it failed stays" "$make -s MUTANT=80 \
	build/gcc-mutant80/tests/test_rules_on_error || exit 0
	build/gcc-mutant80/tests/test_rules_on_error"
mutant 81 "a step that holds something back is skipped" "$make -s MUTANT=81 \
	build/gcc-mutant81/tests/test_rules_on_error || exit 0
	build/gcc-mutant81/tests/test_rules_on_error"
mutant 61 "a message and the outcome that it is handed over are committed apart" "$scenario/channel-killed.scn"
mutant 85 "a channel that everybody may write is taken" \
	"$make -s MUTANT=85 build/gcc-mutant85/tests/test_conf_guard || exit 0
	build/gcc-mutant85/tests/test_conf_guard"
mutant 86 "a table of another character set is taken" \
	"$make -s MUTANT=86 build/gcc-mutant86/tests/test_conf_cases || exit 0
	build/gcc-mutant86/tests/test_conf_cases"
mutant 77 "rounding makes a number by which devices mark that there is no reading" \
	"$make -s MUTANT=77 build/gcc-mutant77/tests/test_rules_round || exit 0
	build/gcc-mutant77/tests/test_rules_round"
mutant 90 "a step behind one that was skipped leaves segments out" "$make -s MUTANT=90 \
	build/gcc-mutant90/tests/test_rules_on_error || exit 0
	build/gcc-mutant90/tests/test_rules_on_error"
mutant 91 "a reading is in a device of another patient" "$make -s MUTANT=91 \
	build/gcc-mutant91/tests/test_rules_table || exit 0
	build/gcc-mutant91/tests/test_rules_table"
mutant 92 "a ward or specimen goes over to another patient or order" "$make -s MUTANT=92 \
	build/gcc-mutant92/tests/test_rules_steps || exit 0
	build/gcc-mutant92/tests/test_rules_steps"
mutant 55 "a request over HTTP is answered before its message is stored" "$scenario/source-http.scn"
mutant 66 "what was merged before a restart is in no mean" "$scenario/sample-mean.scn"
mutant 56 "a file that a crash left behind is taken again" "$scenario/source-directory-killed.scn"
mutant 57 "a file is done before its messages are stored" "$scenario/source-directory-share.scn"
mutant 62 "a sender is answered before the destination has the message" "$scenario/when-delivered.scn"
mutant 63 "what is sent again is answered as if it were delivered" "$scenario/when-delivered.scn"
mutant 93 "what becomes of a message overtakes the answer that it is stored" "$scenario/when-delivered-crowd.scn"
mutant 95 "a clock that is set back holds a sample back" "$scenario/sample-clock.scn"
mutant 67 "a confirmed part is sent again" "$scenario/split.scn"
mutant 68 "one part is taken for all" "$scenario/split.scn"
mutant 94 "an outcome that was stored together with its message is not found" \
	"$make -s MUTANT=94 build/gcc-mutant94/tests/test_journal_files || exit 0
	build/gcc-mutant94/tests/test_journal_files"
mutant 78 "the segments of two patients are put into one order" \
	"$make -s MUTANT=78 build/gcc-mutant78/tests/test_rules_order || exit 0
	build/gcc-mutant78/tests/test_rules_order"
mutant 82 "a short text is masked by nothing" "$make -s MUTANT=82 build/gcc-mutant82/tests/test_rules_hide || exit 0
	build/gcc-mutant82/tests/test_rules_hide"
mutant 83 "only the first identifier becomes a pseudonym" \
	"$make -s MUTANT=83 build/gcc-mutant83/tests/test_rules_hide || exit 0
	build/gcc-mutant83/tests/test_rules_hide"
mutant 87 "the dates of all patients move by the same days" \
	"$make -s MUTANT=87 build/gcc-mutant87/tests/test_rules_deidentify || exit 0
	build/gcc-mutant87/tests/test_rules_deidentify"
mutant 88 "a field that nobody thought of goes out" \
	"$make -s MUTANT=88 build/gcc-mutant88/tests/test_rules_deidentify || exit 0
	build/gcc-mutant88/tests/test_rules_deidentify"
mutant 96 "a path to what HL7 does not have is let pass" \
	"$make -s MUTANT=96 build/gcc-mutant96/tests/test_conf_cases || exit 0
	build/gcc-mutant96/tests/test_conf_cases"
mutant 97 "messages may be written into the configuration" \
	"tests/cases/cli/run.py --afferent AFFERENT 'write over the configuration'"
mutant 84 "a script tells a patient's data by its errors" \
	"$make -s MUTANT=84 build/gcc-mutant84/tests/test_rules_lua || exit 0
	build/gcc-mutant84/tests/test_rules_lua"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
