# SPDX-License-Identifier: Apache-2.0
#
# Makes the manual page of a public header out of the header: its opening comment is the description, each declaration
# follows with the comment before it. The headers are the documentation; the pages only show it.
#
#	awk -f man/man3.awk -v date='November 20, 2026' include/afferent/msg.h > afferent_msg.3

function escape(text) {
	gsub(/\\/, "\\e", text)
	if (text ~ /^[.']/)
		text = "\\\\&" text
	return text
}

# Each sentence starts a line, as mdoc wants it.
function put_line(line,    at) {
	if (line == "") { print ".Pp"; return }
	while ((at = match(line, /[a-z0-9)'`]\. +[A-Za-z]/)) > 0) {
		print escape(substr(line, 1, at + 1))
		line = substr(line, at + 2)
		sub(/^ +/, "", line)
	}
	print escape(line)
}

# A comment's text: paragraphs run on, dashes make lists, lines that are indented stay as they are.
function put_text(text,    n, lines, i, literal, list) {
	n = split(text, lines, "\n")
	for (i = 1; i <= n; i++) {
		if (lines[i] ~ /^ ?- /) {
			if (!list) { print ".Bl -dash"; list = 1 }
			print ".It"
			sub(/^ ?- /, "", lines[i])
		} else if (list && lines[i] ~ /^  ? ?[^ ]/) {
			sub(/^ +/, "", lines[i])
		} else if (list) {
			print ".El"
			list = 0
		}
		if (lines[i] ~ /^(\t|   )/) {
			if (!literal) { print ".Bd -literal -offset indent"; literal = 1 }
			sub(/^(\t|  ? ?)/, "", lines[i])
			print escape(lines[i])
			continue
		}
		if (literal) { print ".Ed"; literal = 0 }
		put_line(lines[i])
	}
	if (literal) print ".Ed"
	if (list) print ".El"
}

function comment_text(block,    n, lines, i, text) {
	sub(/[ \t]*\*\/[ \t]*$/, "", block)
	n = split(block, lines, "\n")
	for (i = 1; i <= n; i++) {
		sub(/^\/\* ?/, "", lines[i])
		sub(/^ \* ?/, "", lines[i])
		if (lines[i] ~ /^SPDX/) { lines[i] = ""; continue }
		text = text (text == "" ? "" : "\n") lines[i]
	}
	sub(/^\n+/, "", text)
	sub(/\n+$/, "", text)
	return text
}

function put_code(code,    n, lines, i) {
	print ".Bd -literal"
	n = split(code, lines, "\n")
	for (i = 1; i <= n; i++)
		print escape(lines[i])
	print ".Ed"
}

function is_plumbing(code) {
	return code ~ /^#(ifndef|ifdef|endif|define AFFERENT_|include)/ || code ~ /^extern "C"/ || code ~ /^}$/
}

# A block ends at a blank line outside of braces. It may begin with a comment.
function end_block(    at) {
	if (block == "") return
	comment = ""
	if (block ~ /^\/\*/) {
		at = index(block, "*/")
		comment = comment_text(substr(block, 1, at + 1))
		block = substr(block, at + 3)
	}
	if (first) {
		first = 0
		summary = comment
		sub(/\n.*/, "", summary)
		sub(/\.( .*)?$/, "", summary)
		head(summary)
		put_text(comment)
	} else if (!is_plumbing(block)) {
		if (block != "") put_code(block)
		else print ".Pp"
		if (comment != "") put_text(comment)
	}
	block = ""
}

function head(summary) {
	print ".\\\" Made from " FILENAME "."
	print ".Dd " date
	print ".Dt " toupper(name) " 3"
	print ".Os"
	print ".Sh NAME"
	print ".Nm " name
	print ".Nd " escape(tolower(substr(summary, 1, 1)) substr(summary, 2))
	print ".Sh LIBRARY"
	print "libafferent (-lafferent)"
	print ".Sh SYNOPSIS"
	print ".In afferent/" base ".h"
	print ".Sh DESCRIPTION"
}

BEGIN { first = 1 }
FNR == 1 {
	base = FILENAME
	sub(/.*\//, "", base)
	sub(/\.h$/, "", base)
	name = "afferent_" base
}
{
	line = $0
	opened = gsub(/{/, "{")
	closed = gsub(/}/, "}")
	if (line == "" && depth <= 0) { end_block(); depth = 0; next }
	if (depth <= 0 && line ~ /^\/\*/ && block ~ /\*\/\n/) end_block()
	block = block (block == "" ? "" : "\n") line
	if (line !~ /^extern "C"/ && line != "}") depth += opened - closed
}
END {
	end_block()
	print ".Sh SEE ALSO"
	print ".Xr libafferent 3"
}
