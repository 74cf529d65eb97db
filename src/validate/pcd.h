/* SPDX-License-Identifier: Apache-2.0
 *
 * The checks of the IHE device transactions (IHE Devices TF 2), what they share. check_pcd walks over the message once:
 * MSH, each segment by its usage table (pcd_usage.def), each segment by its own rules, and the rows of each OBR
 * together at its end. Nothing here allocates for messages of usual size.
 */
#ifndef VALIDATE_PCD_H
#define VALIDATE_PCD_H

#include <afferent/dtm.h>
#include <afferent/nomenclature.h>
#include <afferent/number.h>
#include <afferent/parts.h>

#include "validate/check.h"
#include "validate/types.h"

/* Above the transactions' own numbers. */
#define PCD_ARC "1.3.6.1.4.1.19376.1.6."

/* Messages of the transactions, as bits of a set. In the order of the columns of pcd_usage.def. */
enum pcd_kind {
	PCD_OBSERVATION = 1 << 0,
	PCD_ORDER = 1 << 1,
	PCD_ORDER_ANSWER = 1 << 2,
	PCD_ALERT = 1 << 3,
	PCD_STATUS = 1 << 4,
	PCD_EVENT = 1 << 5,
	PCD_ACK = 1 << 6
};
enum { PCD_KINDS = 7, PCD_REPORTS = PCD_OBSERVATION | PCD_ALERT | PCD_EVENT };

struct pcd_message {
	enum pcd_kind kind;
	enum aff_ihe ihe;
	const char *name;
	const char *type, *trigger, *structure; /* MSH-9; trigger NULL: any */
	const char *oid;                        /* MSH-21.3 behind PCD_ARC; NULL: none */
	const char *accept, *application;       /* MSH-15, -16; NULL: not fixed */
	unsigned version;                       /* MSH-12 that it is written for, as 260 */
};

/* NULL: not of these transactions. */
const struct pcd_message *pcd_message_of(const struct aff_msg *m);
const struct pcd_message *pcd_message_by_oid(struct aff_view oid);

/* OBX-4 in numbers: MDS, VMD, channel, metric, facet, subfacet. */
enum { PCD_LEVELS = 6, PCD_ROWS = 64, PCD_DEVICES = 32 };
struct pcd_place {
	uint32_t n[PCD_LEVELS];
	unsigned levels; /* how many numbers; 0: none, or not readable */
};

/* OBX-3 and other codings: what the MDC one among them says. */
struct pcd_coding {
	bool is_mdc;
	bool conflict;               /* number and name do not belong together */
	unsigned component;          /* of its code: 1 or 4 */
	uint32_t number;             /* as written; 0: none */
	struct aff_view code, name;
	const struct aff_term *term; /* NULL: not known */
};

/* An OBX. */
struct pcd_row {
	unsigned segment;
	struct pcd_place place;
	struct pcd_coding coding;
	bool is_device;              /* OBX-4 is the place of an MDS, VMD or channel */
};

struct pcd_usage;

struct pcd {
	struct check *c;
	const struct pcd_message *message;
	unsigned kind;
	const struct pcd_usage *usage; /* rows of pcd_usage.def about the segment that was looked at last */
	size_t usage_count;
	unsigned patient, visit;     /* segments, or AFF_NONE */
	unsigned set_id;             /* OBX-1 of the last row */
	bool set_id_told, told_mds, told_anonymous;
	bool told_time;              /* that rows of the current OBR have no time, or they have one */

	unsigned request, requests;  /* the current OBR (AFF_NONE: none yet), how many there were */
	struct aff_dtm from, to;     /* OBR-7 and -8 */
	bool has_from, has_to;

	struct pcd_row *rows;        /* of the current OBR */
	size_t row_count, row_capacity;
	struct pcd_place *devices;   /* rows of devices of the whole message */
	size_t device_count, device_capacity;
	struct pcd_row row_space[PCD_ROWS];
	struct pcd_place device_space[PCD_DEVICES];
};

/* ---- pcd_read.c ---- */

static inline struct place pcd_at(unsigned segment, unsigned field)
{
	return (struct place){.segment = segment, .field = field};
}

static inline struct place pcd_part(unsigned segment, unsigned field, unsigned component)
{
	return (struct place){.segment = segment, .field = field, .component = component};
}

static inline struct aff_view pcd_get(const struct pcd *p, unsigned segment, unsigned field, unsigned component)
{
	return aff_msg_get(p->c->m, segment, field, 1, component, 0);
}

/* The field holds something, be it only `""`. */
bool pcd_has(const struct pcd *p, unsigned segment, unsigned field);

/* text is one of the words, which stand between blanks: " AL NE ". */
bool pcd_is_one_of(struct aff_view text, const char *words);

/* Reads a time, and checks its zone and precision. false: none, or not readable. */
bool pcd_time(struct pcd *p, unsigned segment, unsigned field, const char *name, struct aff_dtm *out);

/* <0, 0, >0; 0 when they cannot be compared because one of them has no zone. */
int pcd_time_compare(const struct aff_dtm *a, const struct aff_dtm *b);

/* The MDC coding of a field's first repetition; is_mdc is false when there is none. */
struct pcd_coding pcd_coding_of(const struct pcd *p, unsigned segment, unsigned field);

/* That it means this code: by number, or by name where there is no number. */
bool pcd_means(const struct pcd_coding *coding, uint32_t number, const char *name);

/* Tells that number and name do not belong together: `other` when the name is another code's, `unknown` when it is
 * none's. */
void pcd_report_conflict(struct pcd *p, enum check_rule other, enum check_rule unknown, unsigned segment,
                         unsigned field, const struct pcd_coding *k);

/* EI: an id whose namespace is said, by name or by universal id and its type. */
void pcd_check_ei(struct pcd *p, enum check_rule rule, unsigned segment, unsigned field);

/* HD in components `first` (namespace) to first + 2, EUI-64 in it, anywhere in the field. */
void pcd_check_eui(struct pcd *p, unsigned segment, unsigned field, unsigned repetition, unsigned id, unsigned type);

/* ---- pcd_tree.c ---- */

bool pcd_place_read(struct aff_view text, struct pcd_place *out);
void pcd_row_add(struct pcd *p, const struct pcd_row *row);
/* The row's place among the devices, before and after it is added. */
void pcd_check_tree(struct pcd *p, const struct pcd_row *row);
void pcd_check_places(struct pcd *p);
/* A row of the current OBR with this code; NULL. */
const struct pcd_row *pcd_row_find(const struct pcd *p, uint32_t number, const char *name);

/* ---- one file each ---- */

void pcd_check_usage(struct pcd *p, unsigned segment);
void pcd_check_segments(struct pcd *p);
void pcd_check_msh(struct pcd *p);
void pcd_check_ack(struct pcd *p);
void pcd_check_pid(struct pcd *p, unsigned segment);
void pcd_check_pv1(struct pcd *p, unsigned segment);
void pcd_check_patient(struct pcd *p);
void pcd_check_nte(struct pcd *p, unsigned segment);
void pcd_check_obr(struct pcd *p, unsigned segment);
void pcd_check_requests(struct pcd *p);
void pcd_check_obx(struct pcd *p, unsigned segment);
void pcd_check_units(struct pcd *p, const struct pcd_row *row);
void pcd_check_value(struct pcd *p, const struct pcd_row *row);
void pcd_check_alert(struct pcd *p);
/* OBX-3 names a facet as before the facets' codes were given. */
bool pcd_is_old_facet(const struct pcd *p, unsigned segment);
void pcd_check_prt(struct pcd *p, unsigned segment);
void pcd_check_status(struct pcd *p);
void pcd_check_event(struct pcd *p);
void pcd_check_order(struct pcd *p);

#endif
