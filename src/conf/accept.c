/* SPDX-License-Identifier: Apache-2.0
 *
 * What a channel accepts: types, versions, senders, checks.
 */
#include "conf/reader.h"

bool is_message_type(struct aff_view v)
{
	if (aff_view_is(v, "*"))
		return true;
	if ((v.n != 7 && !(v.n == 5 && v.p[4] == '*')) || v.p[3] != '^')
		return false;
	for (size_t i = 0; i < v.n && v.n == 7; i++)
		if (i != 3 && !((v.p[i] >= 'A' && v.p[i] <= 'Z') || (v.p[i] >= '0' && v.p[i] <= '9')))
			return false;
	return v.p[0] >= 'A' && v.p[0] <= 'Z';
}

#define MAX_MESSAGE_TYPES 256

static void read_messages(struct reader *r, struct conf_accept *a, const struct node *list)
{
	char word[SHOWN_SIZE];
	if (!list->count)
		report_error(&r->report, list->at, "leave 'messages' out to take all",
		             "the list is empty: nothing would be taken");
	if (list->count > MAX_MESSAGE_TYPES) {
		report_error(&r->report, list->at, "write ORU^* for all of a kind",
		             "there are more than %d message types", MAX_MESSAGE_TYPES);
		return;
	}
	a->messages = keep_array(r, list->count + 1, sizeof *a->messages);
	for (const struct node *n = list->first; n && a->messages; n = n->next) {
		if (n->kind == NODE_SCALAR && is_message_type(n->text))
			memcpy(a->messages[a->nmessages++], n->text.p, n->text.n);
		else
			report_error(&r->report, n->at, "write ORU^R01, ORU^* or *", "'%s' is no message type",
			             shown(word, n->text));
	}
}

#define MAX_SENDERS 256

/* One part of a sender, an application or a facility, is there. */
static bool is_named(struct aff_view v)
{
	return v.n && v.p[0] != '^';
}

/* "APPLICATION|FACILITY" or "APPLICATION"; NULL: what is wrong with it is reported. */
static const char *sender_mistake(struct aff_view v)
{
	const char *bar = memchr(v.p, '|', v.n);
	size_t first = bar ? (size_t)(bar - v.p) : v.n;
	struct aff_view application = aff_view(v.p, first);
	struct aff_view facility = bar ? aff_view(bar + 1, v.n - first - 1) : aff_view("*", 1);
	if (memchr(facility.p, '|', facility.n))
		return "has more than two parts";
	if (!is_named(application))
		return "names no application";
	return is_named(facility) ? NULL : "names no facility";
}

static void read_senders(struct reader *r, struct conf_accept *a, const struct node *list)
{
	char word[SHOWN_SIZE];
	if (!list->count)
		report_error(&r->report, list->at, "leave 'senders' out to take all",
		             "the list is empty: nothing would be taken");
	if (list->count > MAX_SENDERS) {
		report_error(&r->report, list->at, "let * stand for several, such as MON*|ICU",
		             "there are more than %d senders", MAX_SENDERS);
		return;
	}
	a->senders = keep_array(r, list->count + 1, sizeof *a->senders);
	for (const struct node *n = list->first; n && a->senders; n = n->next) {
		bool text = n->kind == NODE_SCALAR;
		const char *mistake = text ? sender_mistake(n->text) : "is no sender";
		if (mistake)
			report_error(&r->report, n->at, "write APPLICATION|FACILITY, such as PHILIPS|ICU or '*|ICU'",
			             "'%s' %s", text ? shown(word, n->text) : "", mistake);
		else if ((a->senders[a->nsenders] = keep_text(r, n->text)))
			a->nsenders++;
	}
}

static void read_versions(struct reader *r, struct conf_accept *a, const struct fields *f)
{
	const struct node *list = f->value[KEY_ACCEPT_versions];
	a->versions = get_words(r, f, KEY_ACCEPT_versions);
	if (list && !list->count)
		report_error(&r->report, list->at, "leave 'versions' out to take all",
		             "the list is empty: nothing would be taken");
}

bool conf_takes_version(const struct conf_accept *a, struct aff_view version)
{
	char word[WORD_SIZE];
	bool later;
	for (unsigned i = 0; word_at(&conf_keys[KEY_ACCEPT_versions], i, word, &later); i++)
		if (aff_view_is(version, word))
			return (a->versions & 1u << i) != 0;
	return false;
}

/* The words are the levels, then the IHE transactions from AFF_IHE_AUTO on. */
static struct aff_checks checks_of(unsigned word)
{
	if (word <= AFF_CHECK_TABLES)
		return (struct aff_checks){.level = (enum aff_check_level)word};
	return (struct aff_checks){.level = AFF_CHECK_TABLES,
	                           .ihe = (enum aff_ihe)(word - AFF_CHECK_TABLES - 1 + AFF_IHE_AUTO)};
}

static void read_check_profile(struct reader *r, struct conf_accept *a, const struct node *file)
{
	a->profile = use_profile(r, file);
	a->checks = (struct aff_checks){
	    .level = AFF_CHECK_TABLES, .profiles = &a->profile, .nprofiles = a->profile ? 1 : 0};
}

void read_accept(struct reader *r, struct conf_accept *a, const struct node *map)
{
	struct fields f;
	fields_read(r, &f, SECTION_ACCEPT, map);
	if (f.value[KEY_ACCEPT_messages])
		read_messages(r, a, f.value[KEY_ACCEPT_messages]);
	const struct node *processing = f.value[KEY_ACCEPT_processing];
	a->processing = processing ? get_words(r, &f, KEY_ACCEPT_processing) : CONF_PRODUCTION;
	if (processing && !processing->count)
		report_error(&r->report, processing->at, "write [P], or [P, T] to take training data too",
		             "the list is empty: nothing would be taken");
	read_versions(r, a, &f);
	if (f.value[KEY_ACCEPT_senders])
		read_senders(r, a, f.value[KEY_ACCEPT_senders]);
	const struct node *check = f.value[KEY_ACCEPT_check];
	if (check && is_profile_file(check))
		read_check_profile(r, a, check);
	else
		a->checks = checks_of(get_word(r, &f, KEY_ACCEPT_check));
	read_checks(r, a, &f);
	a->keep_others = get_word(r, &f, KEY_ACCEPT_otherwise) == 1;
}
