# SPDX-License-Identifier: Apache-2.0
#
# segments.csv, fields.csv, components.csv, tables.csv, codes.csv -> constant tables for schema.c.

BEGIN {
	rows = listed = definitions = lists = 0
}

FNR == 1 {
	file++
	wanted = 1
}

/^#/ {
	next
}

wanted {
	header($0, file == 1 ? "segment,name" : \
		file == 2 ? "segment,field,since,type,usage,repetitions,length,table,name" : \
		file == 3 ? "type,component,since,component_type,usage,length,table,name" : \
		file == 4 ? "table,kind,name" : "table,code,since,until")
	wanted = 0
	next
}

{
	if (csv($0, f) != columns)
		fail("wrong number of columns")
}

# "2.5.1" as 251.
function version(text,    v)
{
	if (text !~ /^2\.[0-9](\.[0-9])?$/)
		fail("no version: " text)
	v = 200 + substr(text, 3, 1) * 10 + substr(text, 5, 1)
	versions[v] = 1
	return v
}

# Remembers that part `n` of `id` is like that from version `since` on.
function add_part(kind, id, n, since, type, usage, repetitions, length_, table, name,    text)
{
	if (usage !~ /^[RCOW]$/)
		fail("usage is one of R C O W")
	if (n + 0 < 1 || n + 0 > 63)
		fail("a number from 1 to 63 is wanted")
	if (kind == "segment" && !(id in segment_name))
		fail("segments.csv does not have " id)
	if (((kind, id, n, since) in part_text))
		fail("this version stands here twice")
	text = sprintf("{%s, %s, %d, %d, %d, '%s'}", literal(name), literal(type), length_, table,
		repetitions == "*" ? 0 : repetitions, usage)
	part_text[kind, id, n, since] = text
	usages[text] = usage
	data_type[text] = type
	code_table[text] = table
	longest[text] = length_
	if (!((kind, id) in highest)) {
		highest[kind, id] = 0
		if (kind == "type")
			type_id[++types] = id
	}
	if (n + 0 > highest[kind, id])
		highest[kind, id] = n + 0
}

file == 1 {
	segment_id[++segments] = f[column["segment"]]
	segment_name[segment_id[segments]] = f[column["name"]]
}

file == 2 {
	add_part("segment", f[column["segment"]], f[column["field"]], version(f[column["since"]]), f[column["type"]],
		f[column["usage"]], f[column["repetitions"]], f[column["length"]], f[column["table"]], f[column["name"]])
}

file == 3 {
	add_part("type", f[column["type"]], f[column["component"]], version(f[column["since"]]),
		f[column["component_type"]], f[column["usage"]], 1, f[column["length"]], f[column["table"]],
		f[column["name"]])
}

file == 4 {
	number[++tables] = f[column["table"]]
	if (tables > 1 && number[tables] + 0 <= number[tables - 1] + 0)
		fail("the tables are not in the order of their numbers")
	if (f[column["kind"]] !~ /^(hl7|user)$/)
		fail("kind is hl7 or user")
	table_of[number[tables]] = tables
	user[tables] = f[column["kind"]] == "user"
	table_name[tables] = f[column["name"]]
}

file == 5 {
	if (!(f[column["table"]] in table_of))
		fail("tables.csv does not have this table")
	if (f[column["code"]] == "" || length(f[column["code"]]) > 23)
		fail("a code has 1 to 23 characters")
	t = table_of[f[column["table"]]]
	since = version(f[column["since"]])
	if (since <= 230) # the oldest that the tables were taken from
		since = 0
	code_count[t]++
	code[t, code_count[t]] = f[column["code"]]
	code_text[t, f[column["code"]]] = sprintf("{%s, %d, %d}", literal(f[column["code"]]), since,
		f[column["until"]] == "" ? 999 : version(f[column["until"]]))
}

# The number of this part's text among the texts that are written once each.
function part_row(text)
{
	if (!(text in row_of)) {
		row_of[text] = rows
		row_text[rows++] = text
	}
	return row_of[text]
}

# What part `n` of a type is in a version: the newest row that is not younger, else the oldest.
function part_in(id, n, v,    k, found)
{
	found = ""
	for (k = 1; k <= releases && (release[k] <= v || found == ""); k++)
		if (("type", id, n, release[k]) in part_text)
			found = part_text["type", id, n, release[k]]
	return found
}

# Whether a value of the type can be wrong in a version: its own form, or a part of it. Types nest three deep at most.
function can_be_wrong(type, table, v,    n, text)
{
	if (type ~ /^(NM|SI|DT|TM|TS|DTM)$/)
		return 1
	if (type == "ID")
		return (table in table_of) && !user[table_of[table]]
	if (!(("type", type) in highest))
		return 0
	if ((type, v) in wrong_memo)
		return wrong_memo[type, v]
	wrong_memo[type, v] = 0
	for (n = 1; n <= highest["type", type]; n++) {
		text = part_in(type, n, v)
		if (text != "" && (usages[text] == "R" || can_be_wrong(data_type[text], code_table[text], v)))
			wrong_memo[type, v] = 1
	}
	return wrong_memo[type, v]
}

function is_judged(kind, text, v)
{
	if (kind == "segment" && v >= 270 && longest[text] > 0 && data_type[text] ~ /^(ST|ID|IS)$/)
		return 1
	if (data_type[text] ~ /^C/ && (code_table[text] in table_of) && !user[table_of[code_table[text]]])
		return 1
	return can_be_wrong(data_type[text], code_table[text], v)
}

function bit(set, n)
{
	return set sprintf("%sUINT64_C(1) << %d", set == "" ? "" : " | ", n)
}

# The definitions of one segment or type, one for each run of versions in which nothing changes.
function put_definitions(kind, id, name,    k, n, i, last, line, before, count, required, judged, current, first)
{
	first = definitions
	before = "none"
	for (i = 1; i <= highest[kind, id]; i++)
		current[i] = ""
	for (k = 1; k <= releases; k++) {
		line = ""
		count = 0
		required = judged = ""
		for (n = 1; n <= highest[kind, id]; n++) {
			if ((kind, id, n, release[k]) in part_text)
				current[n] = part_text[kind, id, n, release[k]]
			if (current[n] != "")
				count = n
		}
		for (n = 1; n <= count; n++) {
			line = line (current[n] == "" ? 65535 : part_row(current[n])) ", "
			if (current[n] != "" && usages[current[n]] == "R")
				required = bit(required, n)
			if (current[n] != "" && is_judged(kind, current[n], release[k]))
				judged = bit(judged, n)
		}
		if (line judged != before && !(kind == "type" && count == 0)) {
			definition[definitions++] = sprintf("{%s, %s, parts, part_rows + %d, %s, %s, %d, %d}", literal(id),
				literal(name), listed, required == "" ? "0" : required, judged == "" ? "0" : judged, release[k], count)
			if (count)
				list[lists++] = line
			listed += count
			before = line judged
		}
	}
	return sprintf("{%s, %d, %d}", literal(id), first, definitions - first)
}

END {
	if (failed)
		exit 1
	releases = 0
	for (v = 200; v < 300; v++)
		if (v in versions)
			release[++releases] = v

	sort(segment_id, segment_id, segments, 0)
	for (i = 1; i <= segments; i++)
		segment_index[i] = put_definitions("segment", segment_id[i], segment_name[segment_id[i]])
	sort(type_id, type_id, types, 0)
	for (i = 1; i <= types; i++)
		type_index[i] = put_definitions("type", type_id[i], "")

	print "/* Made by schema.awk: do not edit. */"
	print "static const struct aff_schema_part parts[] = {"
	for (i = 0; i < rows; i++)
		printf "\t%s,\n", row_text[i]
	print "};\n\nstatic const uint16_t part_rows[] = {"
	for (i = 0; i < lists; i++)
		printf "\t%s\n", list[i]
	print "};\n\nstatic const struct aff_schema definitions[] = {"
	for (i = 0; i < definitions; i++)
		printf "\t%s,\n", definition[i]
	print "};\n\nstatic const struct schema_run segments[] = {"
	for (i = 1; i <= segments; i++)
		printf "\t%s,\n", segment_index[i]
	print "};\n\nstatic const struct schema_run types[] = {"
	for (i = 1; i <= types; i++)
		printf "\t%s,\n", type_index[i]
	print "};\n\nstatic const struct schema_code codes[] = {"
	first = 0
	for (t = 1; t <= tables; t++) {
		for (i = 1; i <= code_count[t]; i++)
			key[i] = value[i] = code[t, i]
		sort(key, value, code_count[t], 0)
		for (i = 1; i <= code_count[t]; i++)
			printf "\t%s,\n", code_text[t, key[i]]
		table_text[t] = sprintf("{{%d, %s, %s}, %d, %d}", number[t], user[t] ? "true" : "false", literal(table_name[t]),
			first, code_count[t])
		first += code_count[t]
	}
	print "};\n\nstatic const struct schema_table tables[] = {"
	for (t = 1; t <= tables; t++)
		printf "\t%s,\n", table_text[t]
	print "};"
}
