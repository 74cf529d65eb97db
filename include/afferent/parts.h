/* SPDX-License-Identifier: Apache-2.0
 *
 * Parts of any text of a message: repetitions, components, subcomponents (HL7 v2 section 2.5). The readers of data
 * types in type.h are built on these. Every view points into the text that was given and is still escaped.
 */
#ifndef AFFERENT_PARTS_H
#define AFFERENT_PARTS_H

#include <afferent/msg.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A walk over the parts of a text. Nothing is counted first: a walk over 20,000 parts reads the text once. */
struct aff_parts {
	struct aff_view rest;
	char delimiter;
	bool more;
};

/* Begins a walk. An empty text has no parts; with a delimiter of 0 (not in use) the text is its only part. */
static inline struct aff_parts aff_parts(struct aff_view text, char delimiter)
{
	struct aff_parts p = {text, delimiter, text.n > 0};
	return p;
}

/* The next part, empty ones and those at the end included. false: there is none left. */
static inline bool aff_parts_next(struct aff_parts *p, struct aff_view *part)
{
	const char *end;
	if (!p->more)
		return false;
	end = p->delimiter ? (const char *)memchr(p->rest.p, p->delimiter, p->rest.n) : NULL;
	if (!end) {
		*part = p->rest;
		p->more = false;
		return true;
	}
	*part = aff_view(p->rest.p, (size_t)(end - p->rest.p));
	p->rest = aff_view(end + 1, p->rest.n - part->n - 1);
	return true;
}

/* The components of the first repetition of text; what is not there is empty. Returns how many were written by the
 * sender, at most `most`; further ones are left out. */
size_t aff_components(struct aff_view part[], size_t most, struct aff_view text, const struct aff_delims *d);

/* The delimiters one level further down. A composite data type inside a component has its parts divided by the
 * subcomponent delimiter: read it with these. */
static inline struct aff_delims aff_delims_below(const struct aff_delims *d)
{
	struct aff_delims below = *d;
	below.component = d->subcomponent;
	below.repetition = below.subcomponent = 0;
	return below;
}

/* The first subcomponent of the first component of the first repetition: what a reader takes who expects a primitive
 * where a later version has a composite (HL7 v2 section 2.5.2). */
struct aff_view aff_primitive(struct aff_view text, const struct aff_delims *d);

/* true when there is something between the delimiters. `""` is something: the sender says that there is no value. */
bool aff_is_valued(struct aff_view text, const struct aff_delims *d);

#ifdef __cplusplus
}
#endif
#endif
