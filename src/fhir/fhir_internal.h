/* SPDX-License-Identifier: Apache-2.0
 *
 * The renderer's state and the pieces that write it. JSON is written as it goes, compact, in one pass over rows
 * that were indexed before; each put_... appends one complete piece. Members that are optional begin with their
 * comma, because each object starts with a member that is always there. Nothing is allocated per field: buffers
 * and lists keep their memory from message to message.
 */
#ifndef FHIR_FHIR_INTERNAL_H
#define FHIR_FHIR_INTERNAL_H

#include <afferent/charset.h>
#include <afferent/fhir.h>
#include <afferent/nomenclature.h>
#include <afferent/type.h>
#include <afferent/unit.h>

enum { KEY_SIZE = 33, MOST_PARTIES = 1000 };

/* An identifier: texts that live in aff_fhir.texts. */
struct identity {
	size_t system, system_n, value, value_n;
};

/* A PID that names somebody, or a device. */
struct party {
	struct identity identity;
	unsigned segment;    /* where it is described: PID, or the OBX row of the device */
	bool describes;      /* devices: the row is about the device itself, its OBX-3 is the device's type */
};

/* A coding as HL7 v2 writes it: parts 1-3, 4-6 or 10-12 of a CWE. */
struct triple {
	struct aff_view code, name, system;
};

enum { TRIPLES = 3 };

struct cwe {
	struct triple triple[TRIPLES];
	struct aff_view original; /* part 9: original text */
};

/* What an OBX does in the bundle. */
enum role {
	ROLE_OBSERVATION,
	ROLE_PANEL,     /* first row of a blood pressure: it stands for all of its rows */
	ROLE_MEMBER,    /* another row of that panel */
	ROLE_DEVICE,    /* containment: describes a device, VMD or channel */
	ROLE_ATTRIBUTE, /* goes into the Device, or says how another row is to be read */
	ROLE_NONE
};

struct row {
	unsigned segment;
	enum role role;
	unsigned group;      /* number of PIDs before it */
	unsigned obr;        /* segment, AFF_NONE */
	unsigned obr_number; /* from 1; 0 before the first */
	unsigned patient;    /* number in aff_fhir.patients, AFF_NONE */
	unsigned device;     /* number in aff_fhir.devices, AFF_NONE */
	unsigned inherited;  /* while devices are looked for */
	struct cwe code;     /* OBX-3 */
	const struct aff_term *term;
	unsigned term_triple; /* the triple of `code` that the term was found by */
	const struct aff_unit *unit;
	struct aff_view place; /* OBX-4.1 */
	bool doubtful;         /* its MDC number contradicts its name, unit or LOINC */
	bool setting;          /* OBX-17: what was set on the device, not what it measured */
	unsigned parts[3];     /* ROLE_PANEL: its rows, counted from 1; 0: missing */
};

struct parties {
	struct party *items;
	size_t count, capacity;
};

struct aff_fhir {
	/* of the message at hand */
	struct aff_buf *out;
	const struct aff_msg *m;
	struct aff_delims d;
	const struct aff_fhir_options *options;
	struct aff_fhir_result result;
	const char *base;
	struct aff_charset *charset, *own_charset; /* the message's; ours, for a message that has none */
	bool decodes; /* bytes above 0x7F are not UTF-8 */
	bool test, transaction;
	int message_zone;   /* of MSH-7, where it has one */
	const int *zone;    /* for times without a zone; NULL: there is none */
	char key[KEY_SIZE]; /* names this message: hexadecimal */
	unsigned entries;
	unsigned effective_obr; /* the OBR that `effective` was written for */
	bool effective_known, effective_period;
	struct identity own; /* OBX-21 of the observation at hand */
	bool has_own;
	/* scratch */
	struct aff_buf compact;     /* the bundle before it is indented */
	struct aff_buf plain, utf8; /* text_plain */
	struct aff_buf texts;       /* identities */
	struct aff_buf number;      /* a converted value */
	struct aff_buf effective, own_time;
	struct aff_buf identifier; /* of the observation at hand */
	struct aff_buf member;     /* "system":"...","value":"<message>. of such identifiers */
	struct aff_buf search;     /* identifier=...%7C<message>. to find them by */
	struct row *rows;
	size_t count, capacity;
	struct parties patients, devices;
	size_t timed[MOST_PARTIES]; /* rows of levels that state a time (OBX-14) */
	size_t timed_count;
	uint64_t *seen; /* identifiers of observations in this bundle: open addressing, 0 = free */
	size_t seen_mask, seen_size;
};

static inline bool is_valued(struct aff_view v)
{
	return v.n && !aff_is_null(v);
}

/* aff_view_trim, without a call where there is nothing to trim. */
static inline struct aff_view trimmed(struct aff_view v)
{
	return v.n && (v.p[0] <= ' ' || v.p[v.n - 1] <= ' ') ? aff_view_trim(v) : v;
}

static inline bool is_repeated(const struct aff_fhir *f, struct aff_view field)
{
	return f->d.repetition && memchr(field.p, f->d.repetition, field.n) != NULL;
}

/* ---- text.c: how bytes of the message become JSON */
static inline void put(struct aff_fhir *f, const char *text, size_t n)
{
	struct aff_buf *b = f->out;
	if (!b->error && n <= b->allocated - b->n) {
		memcpy(b->p + b->n, text, n);
		b->n += n;
	} else
		aff_buf_put(b, text, n);
}
#define PUT(f, literal) put((f), literal, sizeof(literal) - 1)
/* Takes back what was written since `start`. */
static inline void put_undo(struct aff_fhir *f, size_t start)
{
	if (!f->out->error)
		f->out->n = start;
}
static inline void put_text(struct aff_fhir *f, const char *text)
{
	put(f, text, strlen(text));
}

/* The text without escapes, as UTF-8, trimmed; control characters that FHIR forbids become U+FFFD. Valid until
 * the next call. */
struct aff_view text_plain(struct aff_fhir *f, struct aff_view raw);
/* Plain text as a JSON string, with its quotes. Bytes that are not UTF-8 become U+FFFD and are counted. */
void put_string(struct aff_fhir *f, struct aff_view plain);
/* The same without quotes. */
void put_contents(struct aff_fhir *f, struct aff_view plain);
/* lead and a string: the repetitions of a field, one line each. False (nothing written) when they are empty. */
bool put_joined(struct aff_fhir *f, const char *lead, struct aff_view field);
/* ,"name":"text" when there is text. */
void put_member(struct aff_fhir *f, const char *name, struct aff_view raw);
/* Percent-encodes what is not unreserved, ':' or '/'. */
void encode_uri(struct aff_buf *out, struct aff_view plain);
/* A value of a search parameter: FHIR's own escapes, then percent-encoded. */
void encode_query(struct aff_buf *out, struct aff_view plain);
/* true when the text is a FHIR code: no blanks at the ends, none doubled. */
bool text_is_code(struct aff_view plain);
/* The unit that a CWE names; NULL when no table knows it. */
const struct aff_unit *text_unit(struct aff_fhir *f, struct aff_view cwe);
/* Component `c` of the first repetition. */
struct aff_view component(const struct aff_fhir *f, struct aff_view field, unsigned c);

/* ---- identity.c */
/* "<base>:kind" or, with a namespace, "<base>:kind:namespace" (slashes instead for a base that is no URN). */
void system_of_base(struct aff_fhir *f, struct aff_buf *out, const char *kind, struct aff_view space);
/* system + value of a patient (CX), a device or an observation (EI): false when it names nobody. */
bool identity_of_cx(struct aff_fhir *f, struct identity *out, const struct aff_cx *cx);
bool identity_of_device(struct aff_fhir *f, struct identity *out, struct aff_view ei);
bool identity_of_observation(struct aff_fhir *f, struct identity *out, struct aff_view ei);
struct aff_view identity_system(const struct aff_fhir *f, const struct identity *i);
struct aff_view identity_value(const struct aff_fhir *f, const struct identity *i);
/* The number of the party with this identity; it is added when it is new. Negative: an error. */
int party_add(struct aff_fhir *f, struct parties *p, const struct party *party, unsigned *number);
/* "system":"..","value":".." */
void put_identity(struct aff_fhir *f, const struct identity *i);
/* "identifier=system%7Cvalue" */
void put_search(struct aff_fhir *f, const struct identity *i);

/* ---- entry.c: what stands around a resource */
/* Opens an entry with fullUrl and resource; the resource's own brace is the caller's. */
void entry_begin(struct aff_fhir *f, unsigned ordinal);
void put_full_url(struct aff_fhir *f, unsigned ordinal);
unsigned patient_ordinal(const struct aff_fhir *f, unsigned number);
unsigned device_ordinal(const struct aff_fhir *f, unsigned number);

/* ---- rows.c: the first pass */
int rows_scan(struct aff_fhir *f, struct aff_diag *diag);
/* Bytes of an OBX-4 without the zeros at its end: 1.2 of 1.2.0.0, 1.0.3 of 1.0.3.0 (whose VMD has no name). */
size_t place_length(struct aff_view place);
/* true when `ancestor` (1.2.0.0) describes a level that holds `place` (1.2.3.4). */
bool place_holds(struct aff_view ancestor, struct aff_view place);
struct aff_view obx(const struct aff_fhir *f, const struct row *r, unsigned field);

struct vital;

/* ---- coding.c */
/* The parts of the first repetition, trimmed; what is missing is empty. */
void cwe_split(const struct aff_fhir *f, struct cwe *out, struct aff_view field);
/* A CWE as a CodeableConcept, braces and all; false when there is nothing in it (nothing is written then). */
bool put_concept(struct aff_fhir *f, const char *lead, struct aff_view cwe);
/* Observation.code of a row: with a profile as that wants it; without, no LOINC that asks for one. */
void put_code(struct aff_fhir *f, const struct row *r, const struct vital *profile);

/* ---- vital.c: the vital signs profiles of R4 */
struct vital {
	const char *loinc, *name;
	const char *units[3]; /* UCUM; the first is converted to, "" ends */
};
/* The profile that a row's code asks for, NULL when none does. */
const struct vital *vital_of(const struct row *r);
const struct vital *vital_by_loinc(struct aff_view loinc);
/* The unit in which the profile allows the row's value: its own, or the one to convert to. NULL: it cannot be met. */
const struct aff_unit *vital_unit(const struct vital *v, const struct aff_unit *unit);

/* ---- quantity.c */
/* A decimal number the way JSON writes it: false (nothing written) when the text is none. */
bool put_number(struct aff_fhir *f, struct aff_view raw);
/* Members of a Quantity: value and unit. `to` (may be NULL): convert into this unit. False (nothing written):
 * not a number, or not convertible. */
bool put_quantity(struct aff_fhir *f, const struct row *r, struct aff_view number, const struct aff_unit *to);
void put_unit(struct aff_fhir *f, const struct row *r, const struct aff_unit *to);
void put_reference_range(struct aff_fhir *f, const struct row *r, const struct aff_unit *to);

/* ---- status.c: OBX-8 and OBX-11 */
enum trust { TRUST_NONE, TRUST_LITTLE, TRUST_HIGH, TRUST_USUAL };

struct flags {
	const char *absent; /* why there is no value; NULL */
	enum trust trust;   /* the least that one of the flags says */
	bool test;          /* not of a patient: test, training, demonstration */
	bool unreliable;    /* a value is there that is not to be used */
	bool validated;
};
enum trust trust_least(enum trust a, enum trust b);
void flags_read(struct flags *out, const struct aff_fhir *f, struct aff_view obx8);
const char *status_code(const struct aff_fhir *f, const struct row *r, const struct flags *flags);
void put_security(struct aff_fhir *f, const struct flags *flags);
void put_interpretation(struct aff_fhir *f, struct aff_view obx8);
void put_absent(struct aff_fhir *f, const char *code, struct aff_view text);

/* ---- time.c */
/* A DTM as a quoted FHIR dateTime; false (nothing written) when it is none. */
bool put_date_time(struct aff_fhir *f, struct aff_view dtm);
/* ,"effectiveDateTime" or ,"effectivePeriod" of a row; empty when its time is not known. Valid until the next
 * call. */
struct aff_view effective_of(struct aff_fhir *f, const struct row *r);
/* true when it says the day at least, as vital signs need it. */
bool effective_to_day(struct aff_view effective);
/* ,"valuePeriod" of a DR. */
bool put_period_members(struct aff_fhir *f, struct aff_view start, struct aff_view end);
/* Between two DTMs, in microseconds; negative when one of them is none. */
int64_t time_between(const struct aff_fhir *f, struct aff_view start, struct aff_view end);

/* ---- value.c, sampled.c */
/* true when OBX-5 holds something: not empty, not the null value, not delimiters alone. */
bool value_is_there(const struct aff_fhir *f, const struct row *r);
/* ,"value[x]" of a row; false (nothing written) when OBX-5 does not hold what OBX-2 says. */
bool put_value(struct aff_fhir *f, const struct row *r, const struct aff_unit *to);
bool put_sampled(struct aff_fhir *f, const struct row *r);
/* true when OBX-5 is one number. */
bool value_is_number(const struct aff_fhir *f, const struct row *r);
/* plausible.c: a dataAbsentReason for a number that is no measurement, NULL for any other value. */
const char *value_refused(const struct aff_fhir *f, const struct row *r);

/* ---- patient.c, device.c, observation.c: the resources, each with its entry */
void put_patient(struct aff_fhir *f, const struct party *p, unsigned ordinal);
void put_device(struct aff_fhir *f, unsigned number, unsigned ordinal);
bool device_takes(const struct aff_term *term);
void put_observation(struct aff_fhir *f, const struct row *r, unsigned ordinal);
/* Members that a row's Observation and its component in a panel share: value or dataAbsentReason,
 * interpretation, range. */
void put_result(struct aff_fhir *f, const struct row *r, const struct flags *flags, const struct aff_unit *to);
/* Before `"code"` and behind it: what every Observation begins with. */
void put_head(struct aff_fhir *f, const struct row *r, struct aff_view code, const struct flags *flags, bool vital);
void put_context(struct aff_fhir *f, const struct row *r, struct aff_view effective);
/* NTE behind the row as further elements of note; false when there were none. */
bool put_notes(struct aff_fhir *f, const struct row *r, bool first);
void put_tail(struct aff_fhir *f, const struct row *r);
void put_request(struct aff_fhir *f);

/* ---- panel.c: blood pressures */
/* Finds the rows of one blood pressure and makes them a panel. */
void panels_find(struct aff_fhir *f);
bool is_cuff_pressure(const struct row *r);
void put_panel(struct aff_fhir *f, const struct row *head, unsigned ordinal);

/* ---- seen.c: identifiers of this bundle's observations */
bool seen_clear(struct aff_fhir *f);
/* false when it was there already. */
bool seen_add(struct aff_fhir *f, struct aff_view text);

#endif
