#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The main job on one machine: the engine with the shipped channels, a simulated ward, an EHR and a FHIR endpoint.
# Everything lies in the folder demo/ and stays there to be looked at; all processes are gone when it ends.
# DEMO_SECONDS: how long the ward sends (8).
set -eu
cd "$(dirname "$0")/.."
afferent=${AFFERENT:-build/gcc/afferent}
seconds=${DEMO_SECONDS:-8}
ehr='' engine=''

finish()
{
	status=$?
	[ -z "$engine" ] || kill "$engine" 2>/dev/null || true
	[ -z "$ehr" ] || kill "$ehr" 2>/dev/null || true
	if [ $status -ne 0 ]; then
		echo "The demonstration failed. What the engine said (demo/engine.log):" >&2
		[ ! -s demo/engine.log ] || tail -n 15 demo/engine.log >&2
	fi
	exit $status
}
trap finish EXIT
trap 'exit 130' INT TERM

title()
{
	printf '\n%s\n' "$1"
}
# port WANTED: the first port from there on that nobody listens on (and that was not given out before).
given=' '
is_taken()
{
	[ "$given" != "${given#* "$1" }" ] ||
		cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "0A" { print $2 }' | grep -q ":$(printf %04X "$1")\$"
}
port()
{
	port=$1
	while is_taken "$port"; do
		port=$((port + 1))
	done
	[ "$port" -eq "$1" ] || echo "Port $1 is in use here; taking $port."
	given="$given$port "
}

rm -rf demo
mkdir -m 700 demo
cp -R channels mappings demo/
cp examples/afferent.yaml demo/
chmod -R go-w demo
port 2575; monitors=$port
port 2576; pumps=$port
port 2577; others=$port
port 6661; hl7=$port
port 8080; fhir=$port
# A chart wants one reading a minute; the demonstration does not last that long.
for file in demo/channels/*.yaml; do
	sed -e 's/:2575/:MONITORS/; s/:2576/:PUMPS/; s/:2577/:OTHERS/; s/:6661/:HL7/; s/:8080/:FHIR/' \
		-e "s/:MONITORS/:$monitors/; s/:PUMPS/:$pumps/; s/:OTHERS/:$others/; s/:HL7/:$hl7/; s/:FHIR/:$fhir/" \
		-e 's/every: 60s/every: 4s/' "$file" >demo/edited
	cat demo/edited >"$file"
done
rm demo/edited

title "Starting an EHR on port $hl7 (HL7 v2) and $fhir (FHIR), and the engine with the channels of demo/channels"
mkfifo demo/says
"$afferent" receive --mllp "127.0.0.1:$hl7" --fhir "127.0.0.1:$fhir" >demo/ehr.log 2>demo/says &
ehr=$!
exec 3<demo/says
for face in "HL7 v2" "FHIR"; do
	read -r line <&3 || { echo "The EHR did not start on its $face side." >&2; exit 1; }
	echo "  $line"
done
"$afferent" run demo 2>demo/engine.log &
engine=$!
"$afferent" status demo --wait 15s >/dev/null
sed -n 's/.*listener: /  /p' demo/engine.log

title "A ward of 8 beds sends for $seconds s"
"$afferent" simulate --monitors-to "127.0.0.1:$monitors" --pumps-to "127.0.0.1:$pumps" --processing P \
	--beds 8 --rate 100/s --for "${seconds}s"

title "Waiting until everything has arrived, then stopping"
"$afferent" status demo --wait 20s --drained >demo/status.log
kill "$engine"
wait "$engine"
engine=''
kill "$ehr"
wait "$ehr"
ehr=''
grep '^answers' demo/status.log | sed 's/^/  /'

title "What happened, counted from the journal (received = delivered + filtered + merged + dead + pending)"
"$afferent" journal stats --config demo | sed 's/^/  /'
"$afferent" journal stats --config demo >/dev/null # fails when a ledger does not add up
title "What the EHR says it got"
sed 's/^/  /' demo/ehr.log

id=$("$afferent" journal search --config demo --channel icu-monitors --status delivered \
	--destination icu-monitors/ehr --limit 1 --json | sed 's/.*"id":"\{0,1\}\([0-9]*\).*/\1/')
short()
{
	tr '\r' '\n' | cut -c 1-110 | head -n "$1" | sed 's/^/  /'
}
title "One message as it came"
"$afferent" journal show --config demo --raw "$id" | short 8
title "as it left for the EHR"
"$afferent" journal show --config demo --sent icu-monitors/ehr "$id" 2>/dev/null | short 8
title "and as it left for the FHIR server (one resource of the bundle)"
"$afferent" journal show --config demo --sent icu-monitors/fhir "$id" 2>/dev/null |
	sed 's/},{"fullUrl/},\n{"fullUrl/g' | grep -m 1 valueQuantity | fold -w 110 | short 12

cat <<END

The journal is in demo/journal, the engine's log in demo/engine.log. What to try next:
  $afferent journal search --config demo --since 10m
  $afferent journal show --config demo $id
  $afferent check demo
  $afferent run demo                    and in another terminal: $afferent status demo
  ./quickstart check
The README shows a first channel of your own.
END
