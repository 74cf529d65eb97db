# SPDX-License-Identifier: Apache-2.0
#
# units.csv, unit_aliases.csv -> constant tables for unit.c.

FNR == 1 {
	file++
	header($0, file == 1 ? "mdc,refid,refid_aliases,ucum,ucum_alternates,symbol,quantity,factor,offset" : "spelling,mdc")
	next
}

{
	if (csv($0, f) != columns)
		fail("wrong number of columns")
}

file == 1 {
	mdc[++rows] = f[column["mdc"]]
	row_of[mdc[rows]] = rows
	refid[rows] = f[column["refid"]]
	refid_aliases[rows] = f[column["refid_aliases"]]
	ucum[rows] = f[column["ucum"]]
	ucum_alternates[rows] = f[column["ucum_alternates"]]
	if (rows > 1 && mdc[rows] + 0 <= mdc[rows - 1] + 0)
		fail("the rows are not in the order of their MDC codes")
	text[rows] = sprintf("{%d, %s, %s, %s, %s, %s, %s}", mdc[rows], literal(refid[rows]), literal(ucum[rows]),
		literal(f[column["symbol"]]), literal(f[column["quantity"]]), literal(f[column["factor"]]),
		literal(f[column["offset"]]))
}

file == 2 {
	if (!(f[column["mdc"]] in row_of))
		fail("no unit has this MDC code")
	spelling[++aliases] = f[column["spelling"]]
	alias_row[aliases] = row_of[f[column["mdc"]]] - 1
}

END {
	if (failed)
		exit 1
	print "/* Made by units.awk: do not edit. */"
	print "static const struct aff_unit units[] = {"
	for (i = 1; i <= rows; i++)
		printf "\t%s,\n", text[i]
	print "};"

	index_begin()
	for (i = 1; i <= rows; i++)
		index_add(refid[i], i - 1)
	for (i = 1; i <= rows; i++) {
		n = split(refid_aliases[i], part, " ")
		for (j = 1; j <= n; j++)
			index_add(part[j], i - 1)
	}
	# The X stands for "no prefix" and is often left out: MDC_DIM_PER_X_SEC, MDC_DIM_PER_SEC.
	for (i = 1; i <= rows; i++) {
		short = refid[i]
		sub(/_X_/, "_", short)
		index_add(short, i - 1)
	}
	index_put("units_by_refid")

	index_begin()
	for (i = 1; i <= rows; i++)
		index_add(ucum[i], i - 1)
	for (i = 1; i <= rows; i++) {
		n = split(ucum_alternates[i], part, "; ")
		for (j = 1; j <= n; j++)
			index_add(part[j], i - 1)
	}
	index_put("units_by_ucum")

	index_begin()
	for (i = 1; i <= aliases; i++)
		index_add(spelling[i], alias_row[i])
	index_put("units_by_alias")
}
