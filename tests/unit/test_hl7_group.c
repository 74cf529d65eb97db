/* SPDX-License-Identifier: Apache-2.0
 *
 * Which group each segment belongs to: ordinary messages, odd ones, and what must hold for any message.
 */
#include <afferent/group.h>
#include <ftw.h>

#include "hl7_test.h"

static struct aff_groups *groups;
static char told[2048];

static void append(char *to, size_t size, const char *text)
{
	size_t n = strlen(to);
	snprintf(to + n, size - n, "%s", text);
}

/* "missing OBR in ORDER_OBSERVATION at 3" */
static void take_finding(void *arg, const struct aff_group_finding *f)
{
	static const char *const kinds[] = {"missing", "order", "repeated", "unexpected"};
	const struct aff_msg *m = arg;
	char line[128];
	struct aff_view id = aff_msg_id(m, f->segment);
	snprintf(line, sizeof line, "%s %.*s in %s at %u\n", kinds[f->kind],
	         f->node ? (int)strlen(f->node->name) : (int)id.n, f->node ? f->node->name : id.p, f->group->name,
	         f->segment);
	append(told, sizeof told, line);
	ck_assert_uint_le(f->segment, f->last == (unsigned)-1 ? f->segment : f->last + 1);
}

static void match(const struct aff_msg *m)
{
	struct aff_group_hook hook = {take_finding, (void *)(uintptr_t)m};
	told[0] = '\0';
	if (!groups)
		ck_assert_int_eq(aff_groups_new(&groups), 0);
	ck_assert_int_eq(aff_groups_match(groups, m, &hook), 0);
}

/* "PATIENT_RESULT/ORDER_OBSERVATION[2]" */
static void write_chain(unsigned group, char *out, size_t size)
{
	const struct aff_group *chain[16];
	unsigned n = 0;
	out[0] = '\0';
	for (; group; group = aff_groups_at(groups, group)->parent)
		chain[n++] = aff_groups_at(groups, group);
	while (n--) {
		char part[64];
		snprintf(part, sizeof part, chain[n]->occurrence > 1 ? "%s[%u]%s" : "%s%.0u%s", chain[n]->node->name,
		         chain[n]->occurrence > 1 ? chain[n]->occurrence : 0, n ? "/" : "");
		append(out, size, part);
	}
}

/* Each line of `layout` is a segment with its groups; the rest of a segment does not matter. findings: as take_finding
 * writes them. */
static void expect(const char *msh9, const char *version, const char *layout, const char *findings)
{
	char text[1024], want[1024] = "", got[2048] = "", chain[256];
	snprintf(text, sizeof text, "MSH|^~\\&|||||20260101||%s|1|P|%s\r", msh9, version);
	for (const char *line = layout; *line; line = strchr(line, '\n') + 1) {
		char segment[8];
		snprintf(segment, sizeof segment, "%.3s\r", line);
		append(text, sizeof text, segment);
	}
	append(want, sizeof want, layout);
	struct aff_msg *m = parsed(text);
	match(m);
	for (unsigned i = 1; i < aff_msg_segments(m); i++) {
		char line[300];
		write_chain(aff_groups_of(groups, i), chain, sizeof chain);
		snprintf(line, sizeof line, "%.3s%s%s\n", aff_msg_id(m, i).p, chain[0] ? " " : "", chain);
		append(got, sizeof got, line);
	}
	ck_assert_str_eq(got, want);
	ck_assert_str_eq(told, findings);
	aff_msg_free(m);
}

#define PR "PATIENT_RESULT"
#define PA PR "/PATIENT"
#define OO PR "/ORDER_OBSERVATION"

START_TEST(an_observation_report_of_each_version)
{
	static const char *const versions[] = {"2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1",
	                                       "2.6", "2.7", "2.8", "2.8.2", "2.9"};
	for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++)
		expect("ORU^R01^ORU_R01", versions[i],
		       "PID " PA "\nNTE " PA "\n"
		       "OBR " OO "\nNTE " OO "\nOBX " OO "/OBSERVATION\nNTE " OO "/OBSERVATION\n"
		       "OBX " OO "/OBSERVATION[2]\nNTE " OO "/OBSERVATION[2]\nNTE " OO "/OBSERVATION[2]\n"
		       "OBR " OO "[2]\nOBX " OO "[2]/OBSERVATION\n"
		       "PID " PR "[2]/PATIENT\nOBR " PR "[2]/ORDER_OBSERVATION\n"
		       "OBX " PR "[2]/ORDER_OBSERVATION/OBSERVATION\n",
		       "");
}
END_TEST

START_TEST(visits_orders_and_specimens)
{
	expect("ORU^R01", "2.5", "SFT\nPID " PA "\nPD1 " PA "\nPV1 " PA "/VISIT\nPV2 " PA "/VISIT\nORC " OO "\nOBR " OO
	       "\nTQ1 " OO "/TIMING_QTY\nTQ2 " OO "/TIMING_QTY\nTQ1 " OO "/TIMING_QTY[2]\nCTD " OO "\nOBX " OO
	       "/OBSERVATION\nCTI " OO "\nSPM " OO "/SPECIMEN\nOBX " OO "/SPECIMEN\nOBX " OO "/SPECIMEN\nSPM " OO
	       "/SPECIMEN[2]\nORC " OO "[2]\nOBR " OO "[2]\nDSC\n", "");
	expect("ORU^R01", "2.8", "PID " PA "\nPRT " PA "\nOBX " PA "/PATIENT_OBSERVATION\nPRT " PA
	       "/PATIENT_OBSERVATION\nOBX " PA "/PATIENT_OBSERVATION[2]\nPV1 " PA "/VISIT\nPRT " PA "/VISIT\nORC " OO
	       "/COMMON_ORDER\nPRT " OO "/COMMON_ORDER\nOBR " OO "\nPRT " OO "\nOBX " OO "/OBSERVATION\nPRT " OO
	       "/OBSERVATION\nPRT " OO "/OBSERVATION\nOBX " OO "/OBSERVATION[2]\n", "");
	expect("ORU^R01", "2.9",
	       "OBR " OO "\nOBX " OO "/OBSERVATION\nPRT " OO "/OBSERVATION/OBSERVATION_PARTICIPATION\n"
	       "DEV " OO "/OBSERVATION/OBSERVATION_PARTICIPATION\nPRT " OO "/OBSERVATION/OBSERVATION_PARTICIPATION[2]\n"
	       "OBX " OO "/OBSERVATION[2]\n",
	       "");
}
END_TEST

START_TEST(segments_that_are_not_expected_stay_where_they_are)
{
	expect("ORU^R01", "2.6", "ZAA\nPID " PA "\nZPV " PA "\nOBR " OO "\nZBR " OO "\nOBX " OO "/OBSERVATION\nZBX " OO
	       "/OBSERVATION\nPRT " OO "/OBSERVATION\nAL1 " OO "/OBSERVATION\nNTE " OO "/OBSERVATION\nOBX " OO
	       "/OBSERVATION[2]\n",
	       "unexpected ZAA in ORU_R01 at 1\nunexpected ZPV in PATIENT at 3\n"
	       "unexpected ZBR in ORDER_OBSERVATION at 5\nunexpected ZBX in OBSERVATION at 7\n"
	       "unexpected PRT in OBSERVATION at 8\nunexpected AL1 in OBSERVATION at 9\n");
}
END_TEST

START_TEST(observations_before_any_order)
{
	/* since 2.6 they are the patient's; before, and without a patient, they are of an order that is not there */
	expect("ORU^R01", "2.6", "PID " PA "\nOBX " PA "\nOBX " PA "\nOBR " OO "\nOBX " OO "/OBSERVATION\n", "");
	expect("ORU^R01", "2.5", "PID " PA "\nOBX " OO "/OBSERVATION\nOBX " OO "/OBSERVATION[2]\nOBR " OO "[2]\nOBX " OO
	       "[2]/OBSERVATION\n", "missing OBR in ORDER_OBSERVATION at 2\n");
	expect("ORU^R01", "2.6", "OBX " OO "/OBSERVATION\nNTE " OO "/OBSERVATION\nOBX " OO "/OBSERVATION[2]\n",
	       "missing OBR in ORDER_OBSERVATION at 1\n");
	expect("ORU^R01", "2.5", "ORC " OO "\nOBX " OO "/OBSERVATION\nOBR " OO "[2]\n",
	       "missing OBR in ORDER_OBSERVATION at 1\n");
}
END_TEST

START_TEST(patients_and_orders_that_lack_something)
{
	expect("ORU^R01", "2.6", "", "missing PATIENT_RESULT in ORU_R01 at 0\n");
	expect("ORU^R01", "2.6", "PID " PA "\nPID " PR "[2]/PATIENT\nOBR " PR "[2]/ORDER_OBSERVATION\n",
	       "missing ORDER_OBSERVATION in PATIENT_RESULT at 1\n");
	expect("ORU^R01", "2.6", "PV1 " PA "/VISIT\nPID " PR "[2]/PATIENT\nPV1 " PR "[2]/PATIENT/VISIT\nPV1 " PR
	       "[2]/PATIENT/VISIT\nOBR " PR "[2]/ORDER_OBSERVATION\nPV1 " PR "[2]/ORDER_OBSERVATION\nOBX " PR
	       "[2]/ORDER_OBSERVATION/OBSERVATION\n",
	       "missing PID in PATIENT at 1\nrepeated PV1 in VISIT at 4\norder PV1 in PATIENT_RESULT at 6\n");
	expect("ORU^R01", "2.6", "PID " PA "\nORC " OO "\nORC " OO "\nOBR " OO "\nORC " OO "[2]\n",
	       "repeated ORC in ORDER_OBSERVATION at 3\nmissing OBR in ORDER_OBSERVATION at 5\n");
	expect("ORU^R01", "2.8", "ORC " OO "/COMMON_ORDER\nORC " OO "/COMMON_ORDER\nOBR " OO "\n",
	       "repeated ORC in COMMON_ORDER at 2\n");
	expect("ORU^R01", "2.6", "SPM " OO "/SPECIMEN\nOBX " OO "/SPECIMEN\nOBR " OO "[2]\n",
	       "missing OBR in ORDER_OBSERVATION at 1\n");
}
END_TEST

START_TEST(segments_out_of_order)
{
	/* in its own group the walk goes back, so that a note still follows its observation */
	expect("ORU^R01", "2.5", "OBR " OO "\nCTI " OO "\nOBX " OO "/OBSERVATION\nNTE " OO "/OBSERVATION\nOBX " OO
	       "/OBSERVATION[2]\n", "order OBX in ORDER_OBSERVATION at 3\n");
	expect("ORU^R01", "2.5", "NTE\nOBR " OO "\nDSC\nNTE\nOBX\n",
	       "order NTE in ORU_R01 at 1\norder NTE in ORU_R01 at 4\norder OBX in ORU_R01 at 5\n");
	expect("ADT^A01", "2.5", "PID\nEVN\nPV1\nIN1 INSURANCE\nAL1 INSURANCE\nIN1 INSURANCE[2]\nPID INSURANCE[2]\n",
	       "order EVN in ADT_A01 at 2\norder AL1 in ADT_A01 at 5\nrepeated PID in ADT_A01 at 7\n");
}
END_TEST

START_TEST(other_messages)
{
	expect("ACK^R01^ACK", "2.6", "SFT\nMSA\nERR\nERR\n", "");
	expect("ACK", "2.3", "", "missing MSA in ACK at 0\n");
	expect("ADT^A08", "2.6", "",
	       "missing EVN in ADT_A01 at 0\nmissing PID in ADT_A01 at 0\nmissing PV1 in ADT_A01 at 0\n");
	expect("ADT^A40^ADT_A39", "2.5", "EVN\nPID PATIENT\nMRG PATIENT\nPID PATIENT[2]\nMRG PATIENT[2]\n", "");
	expect("ADT^A17", "2.5", "EVN\nPID\nPV1\nPID\nPV1\n",
	       "unexpected PV1 in ADT at 3\nunexpected PV1 in ADT at 5\n");
	expect("ORU^R40^ORU_R40", "2.6",
	       "PID ALERT/PATIENT\nPV1 ALERT/PATIENT/LOCATION\nOBR ALERT/ALERT_IDENTIFICATION\n"
	       "OBX ALERT/ALERT_IDENTIFICATION/ALERT_OBSERVATION\nOBX ALERT/ALERT_IDENTIFICATION/ALERT_OBSERVATION\n"
	       "NTE ALERT/ALERT_IDENTIFICATION/ALERT_OBSERVATION\nOBX ALERT/ALERT_IDENTIFICATION/ALERT_OBSERVATION[2]\n"
	       "OBR ALERT/ALERT_IDENTIFICATION[2]\n", "");
	expect("RGV^O15^RGV_O15", "2.8.1", "PID PATIENT\nPV1 PATIENT/PATIENT_VISIT\nORC ORDER\nRXG ORDER/GIVE\n"
	       "TQ1 ORDER/GIVE/TIMING_GIVE\nRXR ORDER/GIVE\nOBX ORDER/GIVE/OBSERVATION\nOBX ORDER/GIVE/OBSERVATION[2]\n"
	       "RXG ORDER/GIVE[2]\nRXR ORDER/GIVE[2]\nORC ORDER[2]\n"
	       "ORC ORDER[3]\nRXG ORDER[3]/GIVE\nRXR ORDER[3]/GIVE\n",
	       "missing GIVE in ORDER at 11\n");
	expect("ORA^R41", "2.6", "MSA\nOBR ALERT_IDENTIFICATION\nPRT ALERT_IDENTIFICATION\nOBX "
	       "ALERT_IDENTIFICATION/ALERT_OBSERVATION\n", "");
	expect("QBP^Q22^QBP_Q21", "2.5", "QPD\nRCP\n", "");
	expect("RSP^K22", "2.5", "MSA\nQAK\nQPD\nPID QUERY_RESPONSE\nPID QUERY_RESPONSE[2]\n", "");
	expect("ZZZ^Z01", "2.5", "OBX\nPID\n", "");
}
END_TEST

START_TEST(structures_are_found_by_type_and_event)
{
	static const struct {
		unsigned version;
		const char *type, *event, *structure, *id;
		unsigned since;
	} cases[] = {
		{260, "ORU", "R01", "ORU_R01", "ORU_R01", 260}, {260, "ORU", "R01", "", "ORU_R01", 260},
		{210, "ORU", "R01", "", "ORU_R01", 220},        {299, "ORU", "", "", "ORU_R01", 290},
		{0, "ORU", "R01", "", "ORU_R01", 290},          {260, "ORU", "R42", "ORU_R01", "ORU_R01", 260},
		{260, "ORU", "R42", "", "ORU_R01", 260},        {260, "ORU", "R40", "", "ORU_R40", 220},
		{260, "ORU", "R40", "ORU_R01", "ORU_R01", 260}, {260, "ORU", "W01", "", "ORU_W01", 260},
		{260, "ORU", "R41", "ORU_R41", "ORA_R41", 220}, {260, "ORU", "R01", "ADT_A01", "ORU_R01", 260},
		{260, "ADT", "A08", "ADT_A08", "ADT_A01", 250}, {231, "ADT", "A31", "", "ADT_A05", 230},
		{231, "ACK", "R01", "ACK", "ACK", 220},         {260, "QQQ", "R01", "", NULL, 0},
		{260, "ORU", "R01", "garbage", "ORU_R01", 260}, {260, "", "", "", NULL, 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct aff_schema_structure *s =
			aff_schema_message(cases[i].version, aff_view_of(cases[i].type), aff_view_of(cases[i].event),
		                           aff_view_of(cases[i].structure));
		ck_assert_msg(!s == !cases[i].id, "case %zu", i);
		if (s) {
			ck_assert_str_eq(s->id, cases[i].id);
			ck_assert_uint_eq(s->since, cases[i].since);
		}
	}
}
END_TEST

/* Of every structure: nodes nest, segments are known, groups have one name each and at least one member. */
START_TEST(every_structure_is_whole)
{
	const struct aff_schema_structure *s;
	unsigned n = 0;
	for (; (s = aff_schema_structure_at(n)) != NULL; n++) {
		uint64_t used = 0;
		ck_assert_uint_le(s->count, 64);
		ck_assert_uint_eq(s->node[0].end, s->count);
		ck_assert_str_eq(s->node[1].name, "MSH");
		for (unsigned i = 1; i < s->count; i++) {
			const struct aff_schema_node *node = &s->node[i], *parent = &s->node[node->parent];
			ck_assert(node->parent < i && !parent->id && node->end <= parent->end && node->end > i);
			ck_assert_int_eq(!node->id, node->group != 0);
			if (node->id) {
				const struct aff_schema *known = aff_schema_segment(s->since, aff_view_of(node->name));
				ck_assert_msg(known != NULL, "%s: %s", s->id, node->name);
				ck_assert_uint_eq(node->end, i + 1);
				continue;
			}
			ck_assert_uint_gt(node->end, i + 1);
			ck_assert_str_eq(aff_schema_group_name(node->group), node->name);
			ck_assert_uint_eq(aff_schema_group(aff_view_of(node->name)), node->group);
			ck_assert_msg(!(used & UINT64_C(1) << node->group), "%s has two %s", s->id, node->name);
			used |= UINT64_C(1) << node->group;
		}
	}
	ck_assert_uint_gt(n, 40);
	ck_assert_uint_eq(aff_schema_group(aff_view_of("ORDER_OBSERVATIO")), 0);
	ck_assert_ptr_null(aff_schema_group_name(0));
	ck_assert_ptr_null(aff_schema_group_name(10000));
}
END_TEST

static bool lies_in(unsigned segment, unsigned group)
{
	unsigned up = aff_groups_of(groups, segment);
	while (up && up != group)
		up = aff_groups_at(groups, up)->parent;
	return up == group;
}

/* What holds for the groups of any message: they nest, and a segment lies in its own groups and in no other. */
static void check_groups(const struct aff_msg *m, const char *about)
{
	unsigned count = aff_groups_count(groups), segments = aff_msg_segments(m), bad = 0;
	ck_assert_uint_ge(count, 1);
	for (unsigned i = 1; i < count; i++) {
		const struct aff_group *g = aff_groups_at(groups, i), *parent = aff_groups_at(groups, g->parent);
		bad += g->parent >= i || g->first < parent->first || g->last > parent->last || g->first > g->last;
		bad += &aff_groups_structure(groups)->node[g->node->parent] != parent->node || !g->occurrence;
	}
	for (unsigned i = 0; i < segments; i++) {
		bad += aff_groups_of(groups, i) >= count;
		for (unsigned k = 0; k < count; k++) {
			const struct aff_group *g = aff_groups_at(groups, k);
			bad += lies_in(i, k) != (g->first <= i && i <= g->last);
		}
	}
	ck_assert_msg(!bad && !aff_groups_of(groups, 0) && !aff_groups_of(groups, segments), "%s", about);
}

static struct aff_msg *message;
static unsigned messages;

static int visit(const char *path, const struct stat *info, int kind, struct FTW *where)
{
	(void)info;
	(void)where;
	static char bytes[1 << 20];
	FILE *f = kind == FTW_F ? fopen(path, "rb") : NULL;
	if (!f)
		return 0;
	size_t n = fread(bytes, 1, sizeof bytes, f);
	fclose(f);
	aff_msg_parse(message, bytes, n, AFF_LENIENT_ALL, NULL);
	if (aff_msg_segments(message)) {
		match(message);
		check_groups(message, path);
		messages++;
	}
	return 0;
}

START_TEST(each_segment_of_collected_messages_lies_in_one_group)
{
	ck_assert_int_eq(aff_msg_new(&message, NULL), 0);
	if (nftw("../shared/corpus/messages", visit, 16, FTW_PHYS))
		puts("skipped: the folder of collected messages is not there");
	else
		ck_assert_uint_gt(messages, 100);
	aff_msg_free(message);
}
END_TEST

/* Segments thrown together at random, always the same ones. */
START_TEST(each_segment_of_random_messages_lies_in_one_group)
{
	static const char *const ids[] = {"PID", "PD1", "PV1", "PV2", "NTE", "NK1", "ORC", "OBR",
	                                  "OBX", "PRT", "TQ1", "TQ2", "SPM", "CTI", "DSC", "ZZZ",
	                                  "RXG", "RXR", "MSA", "ERR", "EVN", "MRG", "AL1", "IN1"};
	static const char *const types[] = {"ORU^R01", "ORU^R30", "ORU^R40", "RGV^O15",
	                                    "ADT^A01", "ADT^A40", "ACK", "RSP^K22"};
	static const char *const versions[] = {"2.2", "2.3", "2.4", "2.5", "2.6", "2.7", "2.8", "2.9"};
	uint32_t state = 12345;
	for (unsigned round = 0; round < 4000; round++) {
		char text[400], segment[8];
		snprintf(text, sizeof text, "MSH|^~\\&|||||||%s|1|P|%s\r", types[round % 8], versions[round / 8 % 8]);
		for (unsigned i = 0; i < 40; i++) {
			state = state * 1664525 + 1013904223;
			snprintf(segment, sizeof segment, "%s\r", ids[(state >> 16) % (sizeof ids / sizeof ids[0])]);
			append(text, sizeof text, segment);
		}
		struct aff_msg *m = parsed(text);
		match(m);
		check_groups(m, text);
		aff_msg_free(m);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		an_observation_report_of_each_version, visits_orders_and_specimens,
		segments_that_are_not_expected_stay_where_they_are, observations_before_any_order,
		patients_and_orders_that_lack_something, segments_out_of_order, other_messages,
		structures_are_found_by_type_and_event, every_structure_is_whole,
		each_segment_of_collected_messages_lies_in_one_group, each_segment_of_random_messages_lies_in_one_group,
	};
	return RUN_TESTS("hl7_group", tests);
}
