/* SPDX-License-Identifier: Apache-2.0
 *
 * A journal in which everything is pending, made quickly: as if the engine had received it and no destination had ever
 * answered.
 *
 *	pending FOLDER MESSAGES CHANNEL DESTINATION...
 *
 * FOLDER is the journal's. The messages came over 16 connections within the last hour; MSH-10 is the connection and the
 * number of the message in it, "3.17".
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"
#include "journal/journal.h"
#include "sys/clock.h"

#define A_COMMIT    512
#define CONNECTIONS 16
#define HOUR_US     INT64_C(3600000000)

static const char text[] =
	"MSH|^~\\&|MONITOR|ICU|EHR|HOSP|20260110081500+0100||ORU^R01^ORU_R01|%u.%" PRIu64 "|P|2.6\r"
	"PID|||%" PRIu64 "^^^HOSP^PI||Canary^Zofia||19620914|F\r"
	"PV1||I|ICU^2^BED%u^HOSP\r"
	"OBR|1|||182777000^monitoring of patient^SCT|||20260110081459+0100\r"
	"OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.1|%" PRIu64 "|264864^MDC_DIM_BEAT_PER_MIN^MDC|60-100|N|||R\r"
	"OBX|2|NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.1.1.2|%" PRIu64 "|262688^MDC_DIM_PERCENT^MDC|90-100|N|||R\r"
	"OBX|3|NM|151562^MDC_RESP_RATE^MDC|1.1.1.3|%" PRIu64 "|264928^MDC_DIM_RESP_PER_MIN^MDC|8-20|N|||R\r";

struct pending {
	struct journal *journal;
	struct journal_packer *packer;
	struct aff_buf body;
	const char *channel;
	uint64_t n;
	int64_t begin_us;
};

static int add(struct pending *p, uint64_t i, struct aff_diag *diag)
{
	char raw[1024], peer[32], id[40];
	unsigned connection = (unsigned)(i % CONNECTIONS);
	uint64_t number = i / CONNECTIONS;
	int n = snprintf(raw, sizeof raw, text, connection, number, i % 500, connection, 60 + i % 61, 90 + i % 10,
	                 10 + i % 13);
	struct journal_message m = {
		.received_us = p->begin_us + (int64_t)(i * (uint64_t)HOUR_US / p->n),
		.channel = aff_view_of(p->channel),
		.type = aff_view_of("ORU^R01"),
		.verdict = JOURNAL_ACCEPTED,
		.length = (uint32_t)n,
	};
	snprintf(peer, sizeof peer, "10.0.0.%u:40000", connection + 1);
	snprintf(id, sizeof id, "%u.%" PRIu64, connection, number);
	m.peer = aff_view_of(peer);
	m.control_id = aff_view_of(id);
	aff_buf_clear(&p->body);
	int rc = journal_pack(p->packer, m.channel, aff_view(raw, (size_t)n), &p->body, &m.dictionary);
	m.body = aff_buf_view(&p->body);
	return rc ? rc : journal_add_message(p->journal, &m, diag);
}

static int fill(struct pending *p, char **destination, struct aff_diag *diag)
{
	int rc = journal_begin(p->journal, diag);
	for (char **d = destination; !rc && *d; d++)
		rc = journal_set_cursor(p->journal, aff_view_of(*d), 0, diag);
	for (uint64_t i = 0; !rc && i < p->n; i++) {
		rc = add(p, i, diag);
		if (!rc && i % A_COMMIT == A_COMMIT - 1) {
			rc = journal_commit(p->journal, diag);
			if (!rc)
				rc = journal_begin(p->journal, diag);
		}
	}
	return rc ? rc : journal_commit(p->journal, diag);
}

int main(int argc, char **argv)
{
	struct aff_diag diag = {0};
	char line[600];
	struct pending p = {.begin_us = clock_wall_us() - HOUR_US};
	if (argc < 5 || number_u64(aff_view_of(argv[2]), 100000000, &p.n) || !p.n) {
		fprintf(stderr, "usage: pending FOLDER MESSAGES CHANNEL DESTINATION...\n");
		return 2;
	}
	struct journal_options o = {.folder = argv[1]};
	p.channel = argv[3];
	aff_buf_init(&p.body, 65536);
	int rc = journal_open(&p.journal, &o, &diag);
	if (!rc)
		rc = journal_packer_new(&p.packer, p.journal);
	if (!rc)
		rc = fill(&p, argv + 4, &diag);
	if (rc)
		fprintf(stderr, "pending: %s\n", aff_diag_format(&diag, line, sizeof line));
	journal_packer_free(p.packer);
	journal_close(p.journal);
	aff_buf_free(&p.body);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}
