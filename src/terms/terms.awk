# SPDX-License-Identifier: Apache-2.0
#
# mdc-loinc.csv, refid_aliases.csv -> constant tables for nomenclature.c.

FNR == 1 {
	file++
	header($0, file == 1 ? "from,name,kind,code,loinc,loinc_name,loinc_vital,unit,source" : "refid,code")
	next
}

{
	if (csv($0, f) != columns)
		fail("wrong number of columns")
}

file == 1 {
	from[++rows] = f[column["from"]]
	row_of[from[rows]] = rows
	refid[rows] = f[column["name"]]
	emit[rows] = f[column["code"]]
	if (rows > 1 && from[rows] + 0 <= from[rows - 1] + 0)
		fail("the rows are not in the order of their codes")
	text[rows] = sprintf("{%d, %d, %s, %s, %s, %s, %s, %s}", from[rows], emit[rows], literal(refid[rows]),
		literal(f[column["kind"]]), literal(f[column["loinc"]]), literal(f[column["loinc_name"]]),
		literal(f[column["loinc_vital"]]), literal(f[column["unit"]]))
}

file == 2 {
	if (!(f[column["code"]] in row_of))
		fail("no term has this code")
	alias[++aliases] = f[column["refid"]]
	alias_row[aliases] = row_of[f[column["code"]]] - 1
}

END {
	if (failed)
		exit 1
	print "/* Made by terms.awk: do not edit. */"
	print "static const struct aff_term terms[] = {"
	for (i = 1; i <= rows; i++)
		printf "\t%s,\n", text[i]
	print "};"

	# A name that has two numbers means the one that may be sent.
	index_begin()
	for (i = 1; i <= rows; i++)
		if (emit[i] == from[i])
			index_add(refid[i], i - 1)
	for (i = 1; i <= rows; i++)
		index_add(refid[i], i - 1)
	for (i = 1; i <= aliases; i++)
		index_add(alias[i], alias_row[i])
	index_put("terms_by_refid")
}
