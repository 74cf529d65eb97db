# SPDX-License-Identifier: Apache-2.0
#
# segments.csv, structures.txt, events.csv -> constant tables for structure.c.

FNR == 1 {
	file++
	wanted = file != 2
}

/^#/ || /^[ \t]*$/ {
	next
}

wanted {
	header($0, file == 1 ? "segment,name" : "code,trigger,structure")
	wanted = 0
	next
}

file != 2 {
	if (csv($0, f) != columns)
		fail("wrong number of columns")
}

file == 1 {
	known[f[column["segment"]]] = 1
	next
}

# One more node of the structure that is being read.
function add_node(name, group)
{
	if (++nodes > 63)
		fail("a structure has 63 nodes at most")
	node_name[nodes] = name
	node_group[nodes] = group
	node_parent[nodes] = inside[depth]
	node_required[nodes] = !optional
	node_repeats[nodes] = repeating
	node_end[nodes] = nodes + 1
	optional = repeating = 0
	if (bracket > 0)
		held[bracket]++
}

function open_bracket(sign)
{
	if (bracket > 0 && !bracket_group[bracket])
		held[bracket]++
	bracket++
	bracket_sign[bracket] = sign
	bracket_group[bracket] = held[bracket] = 0
	if (sign == "[")
		optional = 1
	if (sign == "{")
		repeating = 1
}

function close_bracket(sign)
{
	if (!bracket || bracket_sign[bracket] sign !~ /^(\[\]|\{\}|\(\))$/)
		fail("a bracket that closes nothing")
	if (bracket_group[bracket]) {
		node_end[bracket_group[bracket]] = nodes + 1
		depth--
	} else if (held[bracket] != 1)
		fail("brackets hold one segment or a named group")
	bracket--
}

# Reads one grammar into the node arrays; the message itself is node 0.
function read_grammar(id, text,    n, i, token, tokens, used)
{
	nodes = depth = bracket = optional = repeating = 0
	inside[0] = 0
	gsub(/[][{}()]/, " & ", text)
	n = split(text, tokens, " ")
	for (i = 1; i <= n; i++) {
		token = tokens[i]
		if (token ~ /^[[{(]$/)
			open_bracket(token)
		else if (token ~ /^[]})]$/)
			close_bracket(token)
		else if (token ~ /^[A-Z_]+:$/) {
			if (tokens[i - 1] !~ /^[[{(]$/)
				fail("a group begins behind a bracket")
			sub(/:$/, "", token)
			if (token in used)
				fail("two groups " token)
			used[token] = 1
			add_node(token, 1)
			group_names[token] = 1
			bracket_group[bracket] = nodes
			inside[++depth] = nodes
			if (depth > 7)
				fail("groups are nested too deep")
		} else {
			if (!(token in known))
				fail("segments.csv does not have " token)
			add_node(token, 0)
		}
	}
	if (bracket)
		fail("a bracket is not closed")
	node_name[0] = id
	node_group[0] = 1
	node_parent[0] = 0
	node_required[0] = 1
	node_repeats[0] = 0
	node_end[0] = nodes + 1
	# a group whose members may all be missing may be missing itself
	for (i = nodes; i >= 0; i--) {
		node_empty[i] = 1
		if (!node_group[i])
			node_empty[i] = !node_required[i]
	}
	for (i = nodes; i >= 1; i--)
		if (!(node_empty[i] || !node_required[i]))
			node_empty[node_parent[i]] = 0
}

function truth(value)
{
	return value ? "true" : "false"
}

# Keeps the nodes to be written: groups get their numbers when all of them are known.
function keep_nodes(    i)
{
	for (i = 0; i <= nodes; i++) {
		all_group[total + i] = i && node_group[i] ? node_name[i] : ""
		all_id[total + i] = node_group[i] ? "0" : sprintf("ID('%s', '%s', '%s')", substr(node_name[i], 1, 1),
			substr(node_name[i], 2, 1), substr(node_name[i], 3, 1))
		all_name[total + i] = node_name[i]
		all_rest[total + i] = sprintf("%d, %d, %s, %s, %s", node_parent[i], node_end[i], truth(node_required[i]),
			truth(node_repeats[i]), truth(node_empty[i] || !node_required[i]))
	}
}

file == 2 {
	if ($1 !~ /^[A-Z][A-Z0-9][A-Z0-9](_[A-Z][0-9][0-9])?$/)
		fail("no structure: " $1)
	if ($2 == "=") {
		copies[$1] = $3
		if (!($3 in lines))
			fail($3 " is not known")
		next
	}
	if ($2 !~ /^2\.[0-9](\.[0-9])?$/)
		fail("no version: " $2)
	grammar = $0
	sub(/^[^ ]+ +[^ ]+ +/, "", grammar)
	read_grammar($1, grammar)
	keep_nodes()
	since[$1, ++lines[$1]] = 200 + substr($2, 3, 1) * 10 + substr($2, 5, 1)
	if (lines[$1] > 1 && since[$1, lines[$1]] <= since[$1, lines[$1] - 1])
		fail("the versions of " $1 " are not in their order")
	first[$1, lines[$1]] = total + 0
	count[$1, lines[$1]] = nodes + 1
	total += nodes + 1
}

file == 3 {
	event[++events] = sprintf("{%s, %s, %s}", literal(f[column["code"]]), literal(f[column["trigger"]]),
		literal(f[column["structure"]]))
	if (!(f[column["structure"]] in lines) && !(f[column["structure"]] in copies))
		fail("structures.txt does not have " f[column["structure"]])
}

END {
	if (failed)
		exit 1
	n = 0
	for (name in group_names)
		group[++n] = name
	sort(group, group, n, 0)
	print "/* Made by structures.awk: do not edit. */"
	print "static const char *const group_names[] = {"
	for (i = 1; i <= n; i++) {
		printf "\t%s,\n", literal(group[i])
		number[group[i]] = i
	}
	print "};\n\nstatic const struct aff_schema_node nodes[] = {"
	for (i = 0; i < total; i++)
		printf "\t{%s, %s, %d, %s},\n", literal(all_name[i]), all_id[i], number[all_group[i]], all_rest[i]
	print "};\n\nstatic const struct aff_schema_structure structures[] = {"
	for (id in lines)
		key[++ids] = value[ids] = id
	for (id in copies)
		key[++ids] = value[ids] = id
	sort(key, value, ids, 0)
	for (i = 1; i <= ids; i++) {
		from = key[i] in copies ? copies[key[i]] : key[i]
		for (k = 1; k <= lines[from]; k++)
			printf "\t{%s, nodes + %d, %d, %d},\n", literal(key[i]), first[from, k], since[from, k], count[from, k]
	}
	print "};\n\nstatic const struct event events[] = {"
	for (i = 1; i <= events; i++)
		printf "\t%s,\n", event[i]
	print "};"
}
