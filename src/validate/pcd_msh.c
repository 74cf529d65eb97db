/* SPDX-License-Identifier: Apache-2.0
 *
 * MSH and the acknowledgements of the IHE device transactions (IHE DEV TF-2 B.1 to B.3).
 */
#include "validate/pcd.h"

/* MSH-9.3. Alerts with the structure of observations and PCD-05 as ORU are known, and readable. */
static void check_structure_id(struct pcd *p)
{
	struct aff_view structure = pcd_get(p, 0, 9, 3);
	struct place at = pcd_part(0, 9, 3);
	if (!structure.n)
		check_report(p->c, RULE_PCD_STRUCTURE, at, "MSH-9.3 (message structure) is empty");
	else if (p->kind == PCD_STATUS && aff_view_is(pcd_get(p, 0, 9, 1), "ORU"))
		check_report(p->c, RULE_PCD_05_TYPE, pcd_part(0, 9, 1),
		             "MSH-9.1 (message type) is ORU; the sources differ, most have ORA");
	else if (p->kind == PCD_ALERT && aff_view_is(structure, "ORU_R01"))
		check_report(p->c, RULE_PCD_04_STRUCTURE, at,
		             "MSH-9.3 (message structure) is that of observations, not ORU_R40");
	else if (!aff_view_is(structure, p->message->structure))
		check_report(p->c, RULE_PCD_STRUCTURE_OTHER, at, "MSH-9.3 (message structure) is not %s",
		             p->message->structure);
}

static void check_acknowledgements(struct pcd *p)
{
	struct aff_view accept = aff_msg_field(p->c->m, 0, 15), application = aff_msg_field(p->c->m, 0, 16);
	if (p->kind == PCD_ACK) {
		if (pcd_is_one_of(accept, " AL ER SU ") || pcd_is_one_of(application, " AL ER SU "))
			check_report(p->c, RULE_PCD_ACK_MODE, pcd_at(0, pcd_is_one_of(accept, " AL ER SU ") ? 15 : 16),
			             "an acknowledgement asks for an acknowledgement");
		return;
	}
	if (!aff_view_is(accept, "AL"))
		check_report(p->c, RULE_PCD_ACCEPT_ACK, pcd_at(0, 15), "MSH-15 (accept acknowledgement) is not AL");
	if (p->message->application && !aff_view_is(application, p->message->application))
		check_report(p->c, RULE_PCD_APPLICATION_ACK, pcd_at(0, 16),
		             "MSH-16 (application acknowledgement) is not %s", p->message->application);
	else if (!application.n)
		check_report(p->c, RULE_PCD_04_ANSWER, pcd_at(0, 16),
		             "MSH-16 (application acknowledgement) does not say whether a PCD-05 is wanted");
}

static void check_profile(struct pcd *p)
{
	unsigned n = aff_msg_repetitions(p->c->m, 0, 21);
	struct place at = pcd_part(0, 21, 3);
	const struct pcd_message *other = NULL;
	bool ihe = false;
	if (!n || p->kind == PCD_ACK)
		return;
	for (unsigned i = 1; i <= n; i++) {
		struct aff_view oid = aff_msg_get(p->c->m, 0, 21, i, 3, 0);
		const struct pcd_message *m = pcd_message_by_oid(oid);
		if (m == p->message)
			return;
		other = m ? m : other;
		ihe |= oid.n > sizeof PCD_ARC - 1 && memcmp(oid.p, PCD_ARC, sizeof PCD_ARC - 1) == 0;
	}
	if (other)
		check_report(p->c, RULE_PCD_PROFILE_OTHER, at,
		             "MSH-21.3 (profile OID) is that of another message than MSH-9 says, %s", other->name);
	else if (ihe)
		check_report(p->c, RULE_PCD_PROFILE_VARIANT, at,
		             "MSH-21.3 (profile OID) is one of IHE PCD, but not that of %s; the sources differ",
		             p->message->name);
	else
		check_report(p->c, RULE_PCD_PROFILE, at, "MSH-21.3 (profile OID) is not one of IHE PCD");
}

/* HD: a namespace, or a universal id together with its type. */
static void check_names(struct pcd *p)
{
	for (unsigned field = 3; field <= 6; field++) {
		bool id = pcd_get(p, 0, field, 2).n != 0, type = pcd_get(p, 0, field, 3).n != 0;
		if (id != type)
			check_report(p->c, RULE_PCD_HD, pcd_part(0, field, id ? 3 : 2),
			             "MSH-%u has a universal id without its type, or a type without its id", field);
		pcd_check_eui(p, 0, field, 1, 2, 3);
	}
	if (pcd_has(p, 0, 4) && !pcd_get(p, 0, 4, 1).n)
		check_report(p->c, RULE_PCD_FACILITY, pcd_part(0, 4, 1),
		             "MSH-4.1 (sending facility's namespace) is empty");
}

static bool is_ascii(struct aff_view text)
{
	unsigned char all = 0;
	for (size_t i = 0; i < text.n; i++)
		all |= (unsigned char)text.p[i];
	return all < 0x80;
}

static void check_language(struct pcd *p)
{
	struct aff_view country = aff_msg_field(p->c->m, 0, 17), system = pcd_get(p, 0, 19, 3);
	bool letters = country.n == 3;
	for (size_t i = 0; i < country.n; i++)
		letters &= country.p[i] >= 'A' && country.p[i] <= 'Z';
	if (country.n && !letters)
		check_report(p->c, RULE_PCD_COUNTRY, pcd_at(0, 17),
		             "MSH-17 (country code) is not three capital letters");
	if (aff_msg_repetitions(p->c->m, 0, 18) > 1)
		check_report(p->c, RULE_PCD_CHARSETS, pcd_at(0, 18), "MSH-18 (character set) names more than one");
	else if (!pcd_has(p, 0, 18) && !is_ascii(aff_msg_bytes(p->c->m)))
		check_report(p->c, RULE_PCD_CHARSET, pcd_at(0, 18),
		             "MSH-18 (character set) is empty, and the message is not ASCII");
	if (system.n && !aff_view_is(system, "ISO639"))
		check_report(p->c, RULE_PCD_LANGUAGE, pcd_part(0, 19, 3),
		             "MSH-19.3 (coding system of the language) is not ISO639");
}

void pcd_check_msh(struct pcd *p)
{
	struct aff_dtm made;
	struct aff_view processing = pcd_get(p, 0, 11, 1);
	pcd_time(p, 0, 7, "date and time of the message", &made);
	check_structure_id(p);
	check_acknowledgements(p);
	check_profile(p);
	check_names(p);
	check_language(p);
	if (aff_msg_field(p->c->m, 0, 10).n > 199)
		check_report(p->c, RULE_PCD_CONTROL_ID, pcd_at(0, 10),
		             "MSH-10 (message control id) is longer than 199 characters");
	if (processing.n && !pcd_is_one_of(processing, " P D T "))
		check_report(p->c, RULE_PCD_PROCESSING, pcd_part(0, 11, 1), "MSH-11 (processing id) is not P, D or T");
	if (p->c->version && p->c->version < p->message->version)
		check_report(p->c, RULE_PCD_VERSION, pcd_at(0, 12),
		             "MSH-12 (version) is older than version 2.%u%s that %s is written for",
		             p->message->version / 10 % 10, p->message->version % 10 ? ".1" : "", p->message->name);
}

/* ---- acknowledgements and answers ---- */

static void check_error(struct pcd *p, unsigned segment)
{
	struct aff_view severity = aff_msg_field(p->c->m, segment, 4), code = pcd_get(p, segment, 5, 1);
	if (severity.n && !pcd_is_one_of(severity, " E W I F "))
		check_report(p->c, RULE_PCD_ERR_SEVERITY, pcd_at(segment, 4), "ERR-4 (severity) is not E, W, I or F");
	if (aff_msg_field(p->c->m, segment, 6).n > 10)
		check_report(p->c, RULE_PCD_ERR_PARAMETER, pcd_at(segment, 6),
		             "ERR-6 (application error parameter) is longer than 10 characters");
	bool pump = code.n == 4 && memcmp(code.p, "90", 2) == 0 && code.p[2] >= '0' && code.p[2] <= '4' &&
	            memcmp(code.p, "9001", 4) >= 0 && memcmp(code.p, "9044", 4) <= 0;
	if (p->kind == PCD_ORDER_ANSWER && code.n && !pump)
		check_report(p->c, RULE_PCD_03_ERROR, pcd_part(segment, 5, 1),
		             "ERR-5 (application error code) is not one of 9001 to 9044");
}

void pcd_check_ack(struct pcd *p)
{
	unsigned msa = aff_msg_find(p->c->m, "MSA", 0), err = aff_msg_find(p->c->m, "ERR", 0);
	for (unsigned i = err; i != AFF_NONE; i = aff_msg_find(p->c->m, "ERR", i + 1))
		check_error(p, i);
	if (msa == AFF_NONE)
		return;
	struct aff_view code = aff_msg_field(p->c->m, msa, 1);
	if (code.n && p->kind == PCD_ACK && !pcd_is_one_of(code, " CA CE CR "))
		check_report(p->c, RULE_PCD_ACK_CODE, pcd_at(msa, 1),
		             "MSA-1 (acknowledgement code) is not CA, CE or CR");
	if (code.n && p->kind == PCD_ORDER_ANSWER && !pcd_is_one_of(code, " AA AE AR "))
		check_report(p->c, RULE_PCD_03_ANSWER, pcd_at(msa, 1),
		             "MSA-1 (acknowledgement code) is not AA, AE or AR");
	if (pcd_is_one_of(code, " CE CR AE AR ") && err == AFF_NONE)
		check_report(p->c, RULE_PCD_ACK_ERROR, (struct place){.segment = msa},
		             "a negative answer has no ERR segment");
}
