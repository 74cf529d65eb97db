/* SPDX-License-Identifier: Apache-2.0
 *
 * The source of a channel: one of several ways in which messages come, and what holds for all of them.
 */
#include "conf/reader.h"

static void read_plaintext(struct reader *r, struct conf_source *s, const struct fields *f, enum key_id key)
{
	if (f->value[key])
		s->plaintext_accepted = aff_view_is(get_view(f, key), conf_keys[key].values);
	get_word(r, f, key);
}

static void read_largest(struct reader *r, struct conf_source *s, const struct fields *f, enum key_id key)
{
	s->max_frame = get_number(r, f, key);
	if (s->max_frame > r->conf->engine.memory)
		report_error(&r->report, f->value[key] ? f->value[key]->at : f->at, "raise 'memory' in afferent.yaml",
		             "such a message would not fit into the engine's memory for messages");
}

/* An address beyond this machine is for those who said that patient data may go in clear. */
static void check_clear(struct reader *r, const struct conf_source *s, struct place at)
{
	bool listens = s->kind != CONF_SOURCE_MLLP_CLIENT;
	if (address_is_loopback(&s->address))
		return;
	if (s->plaintext_accepted)
		report_warning(&r->report, at, NULL, "patient data crosses the network in clear %s %s:%u",
		               listens ? "on" : "from", s->address.host, s->address.port);
	else
		report_error(&r->report, at,
		             listens ? "listen on 127.0.0.1, or add 'plaintext: accept-phi-in-clear'"
		                     : "add 'plaintext: accept-phi-in-clear'",
		             "%s is not this machine%s, and TLS is not supported yet", s->address.host,
		             listens ? " alone" : "");
}

void read_source_charset(struct reader *r, struct aff_charset_options *o, const struct node *map)
{
	struct fields f;
	fields_read(r, &f, SECTION_SOURCE_CHARSET, map);
	o->assume = get_charset(r, &f, KEY_SOURCE_CHARSET_assume);
	o->override = get_charset(r, &f, KEY_SOURCE_CHARSET_override);
	o->as_declared = get_word(r, &f, KEY_SOURCE_CHARSET_utf8) == 1;
	static const enum key_id useless[] = {KEY_SOURCE_CHARSET_assume, KEY_SOURCE_CHARSET_utf8};
	for (size_t i = 0; i < sizeof useless / sizeof useless[0]; i++)
		if (f.value[useless[i]] && f.meant[KEY_SOURCE_CHARSET_override])
			report_error(&r->report, f.value[useless[i]]->at, "leave one of them out",
			             "'%s' has no use with 'override'", conf_keys[useless[i]].name);
}

static void read_listener(struct reader *r, struct conf_source *s, const struct fields *f, enum key_id listen)
{
	if (!get_address(r, f, listen, &s->address))
		return;
	struct place at = f->value[listen]->at;
	check_clear(r, s, at);
	add_endpoint(r, &r->listeners, &s->address, at);
}

static void read_dial_retry(struct reader *r, struct conf_retry *retry, const struct node *map)
{
	struct fields f;
	fields_read(r, &f, SECTION_SOURCE_RETRY, map);
	retry->first_ms = (int64_t)get_number(r, &f, KEY_SOURCE_RETRY_first);
	retry->most_ms = (int64_t)get_number(r, &f, KEY_SOURCE_RETRY_most);
	if (retry->first_ms > retry->most_ms)
		report_error(&r->report, map->at, "make 'most' longer, or 'first' shorter",
		             "the first pause is longer than the longest one ('first', 'most')");
}

static void read_client(struct reader *r, struct conf_source *s, const struct fields *f)
{
	if (f->value[KEY_SOURCE_MLLP_max_connections])
		report_error(&r->report, f->value[KEY_SOURCE_MLLP_max_connections]->at, "leave it out",
		             "'max_connections' has no use with 'connect': there is one");
	read_dial_retry(r, &s->retry, f->value[KEY_SOURCE_MLLP_retry]);
	if (!get_address(r, f, KEY_SOURCE_MLLP_connect, &s->address))
		return;
	struct place at = f->value[KEY_SOURCE_MLLP_connect]->at;
	if (address_is_any(&s->address)) {
		report_error(&r->report, at, "write the address of the device",
		             "%s stands for all addresses, nothing can be connected to it", s->address.host);
		return;
	}
	check_clear(r, s, at);
	add_endpoint(r, &r->dialed, &s->address, at);
}

static void read_mllp_source(struct reader *r, struct conf_source *s, const struct node *map)
{
	struct fields f;
	fields_read(r, &f, SECTION_SOURCE_MLLP, map);
	s->kind = f.meant[KEY_SOURCE_MLLP_connect] ? CONF_SOURCE_MLLP_CLIENT : CONF_SOURCE_MLLP;
	unsigned lenient = get_words(r, &f, KEY_SOURCE_MLLP_lenient);
	s->lenient = lenient & AFF_LENIENT_ALL;
	s->lenient_end = (lenient & ~(unsigned)AFF_LENIENT_ALL) != 0;
	s->split = get_word(r, &f, KEY_SOURCE_MLLP_batch) == 1;
	if (s->split && (s->lenient & AFF_LENIENT_TWOMSH))
		report_error(&r->report, f.value[KEY_SOURCE_MLLP_batch]->at, "leave one of them out",
		             "'two-msh' keeps as one message what 'batch: split' takes apart");
	read_largest(r, s, &f, KEY_SOURCE_MLLP_max_frame);
	s->max_connections = (unsigned)get_number(r, &f, KEY_SOURCE_MLLP_max_connections);
	s->idle_ms = (int64_t)get_number(r, &f, KEY_SOURCE_MLLP_idle);
	s->frame_ms = (int64_t)get_number(r, &f, KEY_SOURCE_MLLP_frame_time);
	read_source_charset(r, &s->charset, f.value[KEY_SOURCE_MLLP_charset]);
	read_plaintext(r, s, &f, KEY_SOURCE_MLLP_plaintext);
	if (f.value[KEY_SOURCE_MLLP_retry] && s->kind == CONF_SOURCE_MLLP)
		report_error(&r->report, f.value[KEY_SOURCE_MLLP_retry]->at, "leave it out",
		             "'retry' has no use with 'listen'");
	if (f.meant[KEY_SOURCE_MLLP_listen] == f.meant[KEY_SOURCE_MLLP_connect])
		report_error(&r->report, f.at, "give it exactly one of listen and connect",
		             f.meant[KEY_SOURCE_MLLP_connect] ? "a source listens or connects, not both"
		                                              : "nothing is said of where messages come from");
	else if (s->kind == CONF_SOURCE_MLLP)
		read_listener(r, s, &f, KEY_SOURCE_MLLP_listen);
	else
		read_client(r, s, &f);
}

/* The path of a URL, without anything that a client would write in another way. */
static char *read_url_path(struct reader *r, const struct fields *f, enum key_id key)
{
	struct aff_view path = get_view(f, key);
	char word[SHOWN_SIZE];
	bool good = path.n && path.p[0] == '/';
	for (size_t i = 0; i < path.n; i++)
		good = good && is_uri_character(path.p[i]) && !strchr("%?#", path.p[i]);
	if (good)
		return keep_text(r, path);
	report_error(&r->report, f->value[key]->at, "write it as /hl7", "'%s' is no path of a URL", shown(word, path));
	return NULL;
}

static void read_http_source(struct reader *r, struct conf_source *s, const struct node *map)
{
	struct fields f;
	fields_read(r, &f, SECTION_SOURCE_HTTP, map);
	s->kind = CONF_SOURCE_HTTP;
	s->path = read_url_path(r, &f, KEY_SOURCE_HTTP_path);
	s->lenient = get_words(r, &f, KEY_SOURCE_HTTP_lenient);
	read_largest(r, s, &f, KEY_SOURCE_HTTP_max_body);
	s->max_connections = (unsigned)get_number(r, &f, KEY_SOURCE_HTTP_max_connections);
	s->idle_ms = (int64_t)get_number(r, &f, KEY_SOURCE_HTTP_idle);
	s->frame_ms = (int64_t)get_number(r, &f, KEY_SOURCE_HTTP_request_time);
	read_source_charset(r, &s->charset, f.value[KEY_SOURCE_HTTP_charset]);
	read_plaintext(r, s, &f, KEY_SOURCE_HTTP_plaintext);
	read_listener(r, s, &f, KEY_SOURCE_HTTP_listen);
}

#define MAX_CHANNELS 1000

static void read_channels(struct reader *r, struct conf_source *s, const struct node *list)
{
	s->kind = CONF_SOURCE_CHANNELS;
	s->lenient = AFF_LENIENT_ALL; /* what another channel let pass is no news */
	if (!list->count || list->count > MAX_CHANNELS) {
		report_error(&r->report, list->at, "write [ward, icu]", "a source has 1 to %d channels", MAX_CHANNELS);
		return;
	}
	s->channels = keep_array(r, list->count, sizeof *s->channels);
	for (const struct node *n = list->first; n && s->channels; n = n->next) {
		if (n->kind != NODE_SCALAR) {
			report_error(&r->report, n->at, "write [ward, icu]", "'channels' takes a list of names");
			continue;
		}
		bool twice = false;
		for (size_t i = 0; i < s->nchannels && !twice; i++)
			twice = aff_view_is(n->text, s->channels[i]);
		if (twice)
			report_error(&r->report, n->at, "leave one of them out", "the channel stands there twice");
		else if ((s->channels[s->nchannels] = keep_text(r, n->text)))
			s->nchannels++;
		add_link(r, true, n);
	}
}

/* What has no use where nobody waits for an answer. */
static void check_unanswered(struct reader *r, const struct fields *f)
{
	static const enum key_id useless[] = {KEY_SOURCE_answer, KEY_SOURCE_ack, KEY_SOURCE_duplicates,
	                                      KEY_SOURCE_on_full};
	for (size_t i = 0; i < sizeof useless / sizeof useless[0]; i++)
		if (f->value[useless[i]])
			report_error(&r->report, f->value[useless[i]]->at, "leave it out",
			             "'%s' has no use with 'channels'", conf_keys[useless[i]].name);
}

/* The ways in which messages come. */
static const struct way {
	enum key_id key;
	void (*read)(struct reader *r, struct conf_source *s, const struct node *map);
} ways[] = {
	{KEY_SOURCE_mllp, read_mllp_source},
	{KEY_SOURCE_http, read_http_source},
	{KEY_SOURCE_directory, read_directory_source},
	{KEY_SOURCE_channels, read_channels},
};
#define WAYS "mllp, http, directory and channels" /* for people */

static void read_way(struct reader *r, struct conf_source *s, const struct fields *f)
{
	unsigned n = 0;
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		n += f->meant[ways[i].key];
		if (f->value[ways[i].key])
			ways[i].read(r, s, f->value[ways[i].key]);
	}
	if (n != 1)
		report_error(&r->report, f->at, "give it exactly one of " WAYS, "the source has %s to get messages",
			     n ? "more than one way" : "no way");
}

/* delivered_to and answer_within go with answer: when-delivered. */
static void check_delivered(struct reader *r, const struct fields *f, bool when_delivered)
{
	static const enum key_id only[] = {KEY_SOURCE_delivered_to, KEY_SOURCE_answer_within};
	for (size_t i = 0; i < sizeof only / sizeof only[0] && !when_delivered; i++)
		if (f->value[only[i]] && !(f->given[KEY_SOURCE_answer] && !f->value[KEY_SOURCE_answer]))
			report_error(&r->report, f->value[only[i]]->at, "add 'answer: when-delivered' or leave it out",
			             "'%s' has no use without 'answer: when-delivered'", conf_keys[only[i]].name);
	if (when_delivered && !f->meant[KEY_SOURCE_delivered_to])
		report_error(&r->report, f->value[KEY_SOURCE_answer]->at, "add 'delivered_to: NAME'",
		             "'answer: when-delivered' does not say which destination has to have it");
}

void read_source(struct reader *r, struct conf_source *s, const struct node *map)
{
	static const enum aff_ack_mode modes[] = {AFF_ACK_AUTO, AFF_ACK_ORIGINAL, AFF_ACK_ENHANCED};
	struct fields f;
	fields_read(r, &f, SECTION_SOURCE, map);
	s->answer = modes[get_word(r, &f, KEY_SOURCE_ack)];
	s->again = get_word(r, &f, KEY_SOURCE_duplicates) == 1;
	bool own = get_word(r, &f, KEY_SOURCE_on_full) == 1;
	s->stall = f.value[KEY_SOURCE_on_full] ? own : r->conf->engine.stall;
	s->answer_within_ms = (int64_t)get_number(r, &f, KEY_SOURCE_answer_within);
	unsigned answer = get_word(r, &f, KEY_SOURCE_answer);
	check_delivered(r, &f, answer == 2);
	if (answer == 1) {
		s->answer = AFF_ACK_NEVER;
		if (f.value[KEY_SOURCE_ack])
			report_error(&r->report, f.value[KEY_SOURCE_ack]->at, "leave one of them out",
			             "'ack' has no use with 'answer: never'");
	}
	if (map)
		read_way(r, s, &f);
	if (s->kind == CONF_SOURCE_CHANNELS) {
		check_unanswered(r, &f);
		s->answer = AFF_ACK_NEVER;
		s->again = true; /* each comes once */
		s->stall = false;
	}
	if (s->kind == CONF_SOURCE_DIRECTORY) {
		if (f.value[KEY_SOURCE_on_full])
			report_error(&r->report, f.value[KEY_SOURCE_on_full]->at, "leave it out",
			             "'on_full' has no use with 'directory': files wait until there is room");
		if (s->answer == AFF_ACK_NEVER && s->folder.acks)
			report_error(&r->report, f.value[KEY_SOURCE_answer]->at, "leave one of them out",
			             "'answer: never' has no use with 'acks'");
		s->stall = false;
	}
}
