/* SPDX-License-Identifier: Apache-2.0
 *
 * XML as a row of tags that open and close, each with its place. Bounded and closed: size, depth and number of elements
 * have caps, a document type declaration is refused (and with it entities), nothing is fetched.
 */
#ifndef BASE_XML_READ_H
#define BASE_XML_READ_H

#include <afferent/text.h>

#define XML_MAX_DEPTH      32
#define XML_MAX_ELEMENTS   500000
#define XML_MAX_ATTRIBUTES 32

struct xml_place {
	unsigned line, column; /* from 1; columns count characters */
};

struct xml_attribute {
	const char *name;
	struct aff_view value;
	struct xml_place at;   /* of the value */
};

struct xml_tag {
	const char *name;      /* without its prefix */
	struct xml_place at;
	struct xml_attribute attributes[XML_MAX_ATTRIBUTES];
	size_t count;
};

/* Where findings go. */
struct xml_report {
	const char *source;
	struct aff_diag_list *findings;
	int error;             /* AFF_ENOMEM once memory ran out */
};
void xml_report(struct xml_report *r, enum aff_severity severity, struct xml_place at, const char *hint,
                const char *format, ...) AFF_PRINTF(5, 6);

/* Who is told. open returns false to stop reading. What tag and text hold is gone after the call. */
struct xml_handler {
	bool (*open)(void *state, const struct xml_tag *tag);
	void (*close)(void *state);
	/* May be NULL. Text comes in pieces, with entities and CDATA resolved. */
	void (*text)(void *state, struct aff_view text);
	void *state;
};

/* Reads a document of at most max bytes. 0 when it was read to its end, AFF_ECONFIG when something was reported that
 * ended it, AFF_ENOMEM. Any thread. */
int xml_read(struct aff_view bytes, size_t max, const struct xml_handler *handler, struct xml_report *report);

#endif
