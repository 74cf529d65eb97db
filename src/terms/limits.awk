# SPDX-License-Identifier: Apache-2.0
#
# mdc-loinc.csv, units.csv, limits.csv -> constant tables for limit.c.

FNR == 1 {
	file++
	if (file == 1)
		header($0, "from,name,loinc,loinc_vital")
	else
		header($0, file == 2 ? "ucum" : "code,name,unit,low,high,reason")
	next
}

{
	if (csv($0, f) != columns)
		fail("wrong number of columns")
}

function is_number(text)
{
	return text == "" || text ~ /^-?[0-9]+(\.[0-9]+)?$/
}

file == 1 {
	refid[f[column["from"]]] = f[column["name"]]
	loinc[f[column["from"]]] = f[column["loinc"]]
	vital[f[column["from"]]] = f[column["loinc_vital"]]
}

file == 2 {
	known[f[column["ucum"]]] = 1
}

file == 3 {
	code[++rows] = f[column["code"]]
	low = f[column["low"]]
	high = f[column["high"]]
	if (!(code[rows] in refid) || refid[code[rows]] != f[column["name"]])
		fail("no term has this code and name")
	if (rows > 1 && code[rows] + 0 <= code[rows - 1] + 0)
		fail("the rows are not in the order of their codes")
	if (!(f[column["unit"]] in known))
		fail("no unit is written so")
	if (!is_number(low) || !is_number(high) || (low == "" && high == "") || (high != "" && low + 0 >= high + 0))
		fail("these are no limits")
	if (f[column["reason"]] == "")
		fail("a limit needs a reason")
	text[rows] = sprintf("{%d, %s, %s, %s}", code[rows], literal(f[column["unit"]]), literal(low), literal(high))
}

END {
	if (failed)
		exit 1
	print "/* Made by limits.awk: do not edit. */"
	print "static const struct limit limits[] = {"
	for (i = 1; i <= rows; i++)
		printf "\t%s,\n", text[i]
	print "};"

	index_begin()
	for (i = 1; i <= rows; i++)
		index_add(loinc[code[i]], i - 1)
	for (i = 1; i <= rows; i++)
		index_add(vital[code[i]], i - 1)
	index_put("limits_by_loinc")
}
