#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Validates the golden bundles (or the files given) against FHIR R4 with a validator that is no part of this project:
# FHIRCHECK names its folder, with its packages installed. Skipped, with a note, where there is none.
set -u
cd "$(dirname "$0")/../.." || exit 2
tool=${FHIRCHECK:-../shared/tools/fhircheck}
if ! command -v node >/dev/null; then
	echo "node is not installed: FHIR validation skipped"
	exit 77
fi
if [ ! -d "$tool/node_modules" ]; then
	echo "no validator in $tool (FHIRCHECK names another folder; npm ci there first): FHIR validation skipped"
	exit 77
fi
[ $# -gt 0 ] || set -- tests/cases/fhir/*.json
exec node "$tool/fhircheck.mjs" "$@"
