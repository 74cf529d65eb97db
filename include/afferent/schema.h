/* SPDX-License-Identifier: Apache-2.0
 *
 * What HL7 v2 says about segments, fields, data types and code tables, for versions 2.1 to 2.9. All of it is constant:
 * pointers that are handed out stay valid for ever, nothing is allocated, any number of threads may read.
 *
 * A version is a number: 251 is 2.5.1, 260 is 2.6. An older one than the data is read as the oldest (2.2), a newer one
 * as the newest, and 0 (no version of HL7 v2) as the newest, too: versions only add at the end (HL7 v2 section 2.5.2).
 *
 * What is not known here (a Z segment, a segment whose fields nobody has written down) is not wrong: there is nothing
 * to compare with. A receiver must not refuse fields, components or segments because they are not known.
 */
#ifndef AFFERENT_SCHEMA_H
#define AFFERENT_SCHEMA_H

#include <afferent/text.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version that MSH-12.1 names, as a number; 0 for anything but 2.x. */
unsigned aff_schema_version(struct aff_view msh12);

/* One field of a segment, or one component of a data type. */
struct aff_schema_part {
	const char *name;     /* "Observation Value" */
	const char *type;     /* "NM"; "Varies": OBX-2 names it; "": withdrawn, no type */
	uint32_t length;      /* the longest value in characters, never reliable (HL7 v2 section 2.4.5); 0: not said */
	uint16_t table;       /* the code table; 0: none */
	uint16_t repetitions; /* how often it may stand there; 0: as often as the sender likes */
	char usage;           /* R required, C required under a condition, O optional, W withdrawn */
};

/* A segment with its fields or a data type with its components, as one version has it. */
struct aff_schema {
	const char *id;       /* "OBX", "CWE" */
	const char *name;     /* "Observation/Result"; "" for data types */
	const struct aff_schema_part *all;
	const uint16_t *rows;
	uint64_t required;    /* bit n: part n is required */
	uint64_t judged;      /* bit n: a value of part n can be wrong: its form, its table, its length, its parts */
	uint16_t since;       /* the version from which on this holds */
	uint16_t count;       /* the highest number of a part; 0: the parts are not known for this version */
};

#define AFF_SCHEMA_UNKNOWN 65535

/* Part n, from 1; NULL when nothing is known about it. */
static inline const struct aff_schema_part *aff_schema_part(const struct aff_schema *s, unsigned n)
{
	if (!n || n > s->count || s->rows[n - 1] == AFF_SCHEMA_UNKNOWN)
		return NULL;
	return &s->all[s->rows[n - 1]];
}

/* The segment; NULL when it is not known. O(log n): ask once for a segment and walk its parts. */
const struct aff_schema *aff_schema_segment(unsigned version, struct aff_view id);

/* The data type; NULL when it is not known. Senders use types of other versions: one that is younger than `version` is
 * given in its first form, one that was withdrawn in its last. */
const struct aff_schema *aff_schema_type(unsigned version, struct aff_view id);

/* aff_schema_part(aff_schema_segment("OBX"), 5), for a single look-up. NULL when it is not known. */
const struct aff_schema_part *aff_schema_field(unsigned version, const char *segment, unsigned field);

/* The same for a component of a data type. */
const struct aff_schema_part *aff_schema_component(unsigned version, const char *type, unsigned component);

/* A code table. */
struct aff_schema_table {
	uint16_t number;
	bool user;            /* HL7 only proposes values: a site may use others */
	const char *name;     /* "Observation Result Status Codes Interpretation" */
};

/* The table with this number; NULL when its values are not known here. */
const struct aff_schema_table *aff_schema_table(unsigned number);

enum aff_schema_fit {
	AFF_SCHEMA_NO_TABLE,      /* the table is not known: the code cannot be judged */
	AFF_SCHEMA_ABSENT,        /* the code is not in the table */
	AFF_SCHEMA_OTHER_CASE,    /* it is there in other case only */
	AFF_SCHEMA_OTHER_VERSION, /* other versions have it */
	AFF_SCHEMA_PRESENT
};

/* Whether a table has a code, in this version. The values of table 0078 (abnormal flags) that IHE adds count as the
 * table's own. */
enum aff_schema_fit aff_schema_table_has(unsigned number, struct aff_view code, unsigned version);

/* The nth code of a table, from 0; NULL past the last one. */
const char *aff_schema_table_code(unsigned number, unsigned nth);

/* ---- message structures: which segments a message has, in which order and groups ---- */

/* A segment or a group of a structure. The nodes of a structure stand in the order of its grammar, a group before its
 * members. */
struct aff_schema_node {
	const char *name;     /* "OBX", "ORDER_OBSERVATION"; of node 0, the message itself, the structure's id */
	uint32_t id;          /* the three letters of a segment's id, the first one highest; 0: a group */
	uint16_t group;       /* the number of a group's name; 0: a segment, or the message */
	uint16_t parent;      /* the group it is in; 0: the message */
	uint16_t end;         /* one past the last node in it */
	bool required;
	bool repeats;
	bool may_be_missing;  /* not required, or a group that may have no segment at all */
};

struct aff_schema_structure {
	const char *id;       /* "ORU_R01" */
	const struct aff_schema_node *node;
	uint16_t since;       /* the version from which on this holds */
	uint16_t count;       /* nodes; at most 64 */
};

/* The structure with this id in this version; NULL when it is not known. O(log n). */
const struct aff_schema_structure *aff_schema_structure(unsigned version, struct aff_view id);

/* The structure of a message by the three parts of its MSH-9: the one that the third part names, if it belongs to the
 * message type that the first part says; else the one that type and event have in HL7 table 0354. NULL when none is
 * known. */
const struct aff_schema_structure *aff_schema_message(unsigned version, struct aff_view type, struct aff_view event,
                                                      struct aff_view structure);

/* The nth structure of all versions, from 0; NULL past the last one. */
const struct aff_schema_structure *aff_schema_structure_at(unsigned nth);

/* The number (from 1) of a group's name, "ORDER_OBSERVATION"; 0 when no structure has such a group. */
unsigned aff_schema_group(struct aff_view name);
/* The name of a group by its number; NULL when there is none. */
const char *aff_schema_group_name(unsigned group);

#ifdef __cplusplus
}
#endif
#endif
