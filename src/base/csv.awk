# SPDX-License-Identifier: Apache-2.0
#
# Shared by the generators of constant tables: reads CSV (RFC 4180, one record a line), writes C string literals, sorts. POSIX awk.

function fail(text)
{
	printf "%s:%d: %s\n", FILENAME, FNR, text > "/dev/stderr"
	failed = 1
	exit 1
}

# Splits a CSV line into out[1..n]; returns n.
function csv(line, out,    n, field, c, i, quoted)
{
	sub(/\r$/, "", line)
	n = 0
	field = ""
	quoted = 0
	for (i = 1; i <= length(line); i++) {
		c = substr(line, i, 1)
		if (quoted) {
			if (c != "\"")
				field = field c
			else if (substr(line, i + 1, 1) == "\"") {
				field = field "\""
				i++
			} else
				quoted = 0
		} else if (c == "\"" && field == "")
			quoted = 1
		else if (c == ",") {
			out[++n] = field
			field = ""
		} else
			field = field c
	}
	if (quoted)
		fail("a quoted field is not closed")
	out[++n] = field
	return n
}

# Checks the header line and remembers where each column is: column["name"].
function header(line, wanted,    n, m, i, name, names)
{
	n = csv(line, name)
	for (i in column)
		delete column[i]
	for (i = 1; i <= n; i++)
		column[name[i]] = i
	m = split(wanted, names, ",")
	for (i = 1; i <= m; i++)
		if (!(names[i] in column))
			fail("column " names[i] " is missing")
	columns = n
}

# A C string. The FHIR renderer puts these texts into JSON as they are, so what either language would escape is refused.
function literal(text)
{
	if (text ~ /["\\]/)
		fail("a quotation mark or backslash in " text)
	return "\"" text "\""
}

# Sorts key[1..n] bytewise (run under LC_ALL=C) and value[1..n] with it; numeric: as numbers.
function sort(key, value, n, numeric,    gap, i, j, k, v)
{
	for (gap = int(n / 2); gap > 0; gap = int(gap / 2))
		for (i = gap + 1; i <= n; i++) {
			k = key[i]
			v = value[i]
			for (j = i - gap; j > 0 && (numeric ? key[j] + 0 > k + 0 : key[j] "" > k ""); j -= gap) {
				key[j + gap] = key[j]
				value[j + gap] = value[j]
			}
			key[j + gap] = k
			value[j + gap] = v
		}
}

# A sorted index from text to the number of a row. The first row that claims a text has it.
function index_begin(    i)
{
	for (i in claimed)
		delete claimed[i]
	indexed = 0
}

function index_add(text, row)
{
	if (text == "" || (text in claimed))
		return
	claimed[text] = row
	index_key[++indexed] = text
	index_value[indexed] = row
}

function index_put(name,    i)
{
	sort(index_key, index_value, indexed, 0)
	printf "\nstatic const struct name_index %s[] = {\n", name
	for (i = 1; i <= indexed; i++)
		printf "\t{%s, %d},\n", literal(index_key[i]), index_value[i]
	print "};"
}
