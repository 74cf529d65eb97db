# SPDX-License-Identifier: Apache-2.0
"""What a mapping table of 100,000 rows costs: reading and checking it, and finding a row in it."""

import json
import os
import subprocess

from rounds import progress

ROWS = 100000
HEADER = "from,from_name,from_unit,code,name,loinc,loinc_name,unit,scale,plausible,sentinels"
CHANNEL = """channel: bench
source: {mllp: {listen: "127.0.0.1:2575"}}
transform:
  - {translate: OBX-3, with: bench}
destinations: [{name: copy, file: {to: copy.hl7}}]
"""


def lines():
	"""One code in ten has two rows; there are rows for a hundred beginnings, of three lengths."""
	yield HEADER
	for i in range(ROWS - 10100):
		yield f"0002-{i:05x},,,{i},Name {i},8867-4,Heart rate,/min,0.1,20 300,-1 8388607"
	for i in range(0, 100000, 10):
		yield f"0002-{i:05x},Label {i % 500},bpm,{i},Name {i},8867-4,Heart rate,/min,,,"
	for i in range(100):
		yield f"{'9' * (3 + i % 3)}{i:02d}*,,,{i},Beginning {i},,,,,,"


def tables(bench):
	progress(f"a table of {ROWS} rows")
	folder = os.path.join(bench.work, "tables")
	files = {
		"afferent.yaml": "log: text\n",
		"channels/bench.yaml": CHANNEL,
		"mappings/bench.yaml": "mapping: bench\nfrom: {system: 99BENCH}\nto: {system: 99OTHER}\nrows: bench.csv\n",
		"mappings/bench.csv": "\n".join(lines()) + "\n",
	}
	for name, text in files.items():
		path = os.path.join(folder, name)
		os.makedirs(os.path.dirname(path), exist_ok=True)
		with open(path, "w", encoding="utf-8") as file:
			file.write(text)
	result = subprocess.run([bench.program("table"), "--folder", folder, "--rounds", str(bench.rounds)],
	                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
	return json.loads(result.stdout)
