/* SPDX-License-Identifier: Apache-2.0
 *
 * A small RFC 4180 reader that knows where it is.
 */
#include "conf/csv.h"

#define RECORD_MAX_BYTES 65536

void csv_begin(struct csv *c, struct aff_view bytes)
{
	memset(c, 0, sizeof *c);
	aff_buf_init(&c->text, RECORD_MAX_BYTES);
	if (bytes.n >= 3 && !memcmp(bytes.p, "\xef\xbb\xbf", 3))
		bytes = aff_view(bytes.p + 3, bytes.n - 3);
	c->rest = bytes;
	c->at.line = c->at.column = 1;
}

static void step(struct csv *c)
{
	bool continues = c->rest.n > 1 && ((unsigned char)c->rest.p[1] & 0xc0) == 0x80;
	if (c->rest.p[0] == '\n') {
		c->at.line++;
		c->at.column = 1;
	} else if (!continues) {
		c->at.column++;
	}
	c->rest.p++;
	c->rest.n--;
}

static bool at_end_of_line(const struct csv *c)
{
	return !c->rest.n || c->rest.p[0] == '\n' || (c->rest.p[0] == '\r' && c->rest.n > 1 && c->rest.p[1] == '\n');
}

static void end_line(struct csv *c)
{
	while (c->rest.n && c->rest.p[0] == '\r')
		step(c);
	if (c->rest.n)
		step(c);
}

static int quoted_field(struct csv *c, const char **fault)
{
	struct place open = c->at;
	step(c);
	for (;;) {
		if (!c->rest.n) {
			c->at = open;
			*fault = "the quote that opens here is never closed";
			return AFF_ESYNTAX;
		}
		if (c->rest.p[0] == '"') {
			step(c);
			if (!c->rest.n || c->rest.p[0] != '"')
				break;
		}
		aff_buf_put_char(&c->text, c->rest.p[0]);
		step(c);
	}
	if (!at_end_of_line(c) && c->rest.p[0] != ',') {
		*fault = "text after a closing quote";
		return AFF_ESYNTAX;
	}
	return 0;
}

static int plain_field(struct csv *c, const char **fault)
{
	while (!at_end_of_line(c) && c->rest.p[0] != ',') {
		if (c->rest.p[0] == '"') {
			*fault = "a quote inside a field that is not quoted";
			return AFF_ESYNTAX;
		}
		aff_buf_put_char(&c->text, c->rest.p[0]);
		step(c);
	}
	return 0;
}

int csv_next(struct csv *c, const char **fault)
{
	aff_buf_clear(&c->text);
	c->count = 0;
	while (c->rest.n && at_end_of_line(c))
		end_line(c);
	if (!c->rest.n)
		return 0;
	for (;;) {
		if (c->count == CSV_MAX_FIELDS) {
			*fault = "a record has more than 64 fields";
			return AFF_ELIMIT;
		}
		c->place[c->count] = c->at;
		int rc = c->rest.n && c->rest.p[0] == '"' ? quoted_field(c, fault) : plain_field(c, fault);
		if (rc)
			return rc;
		c->end[c->count++] = c->text.n;
		if (at_end_of_line(c))
			break;
		step(c);
	}
	end_line(c);
	if (c->text.error) {
		c->at = c->place[0];
		*fault = c->text.error == AFF_ELIMIT ? "a record is longer than 64 KiB" : "out of memory";
		return c->text.error;
	}
	return 1;
}

struct aff_view csv_field(const struct csv *c, size_t i)
{
	size_t from = i ? c->end[i - 1] : 0;
	return aff_view(c->text.p ? c->text.p + from : "", c->end[i] - from);
}
