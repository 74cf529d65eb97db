/* SPDX-License-Identifier: Apache-2.0
 *
 * The journal alone: rows a second for several sizes of transactions, with another thread that packs; reading a
 * channel; sealing; counting and searching.
 *
 *	journal [--message FILE] [--rows N] [--files N] [--writes 0] [--encrypt 1] [--folder FOLDER]
 *
 * The folder (default: the current one) gets a journal that is removed at the end. --writes 0 leaves out the rows a
 * second by size of transaction; --encrypt 1 encrypts. With --files the last part is a
 * journal of so many log files of N rows each; how long the longest commit took while the sealer worked on the file
 * before stands beside how long it took otherwise. One figure a line: name, value, unit.
 */
#include <dirent.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/codes.h"
#include "journal/internal.h"
#include "util.h"

#define RING 8192

static struct journal *j;
static struct journal_coder coder;
static struct bench_message message;
static uint64_t n_rows;
static uint64_t longest[2]; /* commit in ns: with the sealer idle, and at work */

static void must(int rc, const struct aff_diag *diag)
{
	char line[600];
	if (rc == 0)
		return;
	fprintf(stderr, "journal: %s\n", aff_diag_format(diag, line, sizeof line));
	exit(1);
}

static void figure(const char *name, double value, const char *unit)
{
	printf("%-32s %12.1f %s\n", name, value, unit);
	fflush(stdout);
}

/* ---- the packing thread and the writer share a ring of packed bodies ---- */

struct packed {
	char bytes[2048];
	size_t n;
	struct journal_message row;
};
static struct packed ring[RING];
static uint64_t packed_n, taken_n; /* under the lock */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static struct aff_view keep(struct packed *to, struct aff_view v)
{
	struct aff_view kept = aff_view(to->bytes + to->n, v.n);
	if (v.n > sizeof to->bytes - to->n)
		must(AFF_ELIMIT, NULL);
	memcpy(to->bytes + to->n, v.p, v.n);
	to->n += v.n;
	return kept;
}

/* What an io thread does: everything but verdict and id. */
static void pack_row(struct journal_packer *p, struct aff_buf *body, struct packed *to, uint64_t i)
{
	char control[24], patient[24], device[24];
	struct journal_message *m = &to->row;
	snprintf(control, sizeof control, "%020" PRIu64, i);
	snprintf(patient, sizeof patient, "%08" PRIu64, i % 1000);
	snprintf(device, sizeof device, "00091800FE%04" PRIX64, i % 997);
	*m = (struct journal_message){
		.received_us = 1700000000000000 + (int64_t)i * 10,
		.channel = aff_view_of("icu-monitors"),
		.peer = aff_view_of("192.168.17.23:51234"),
		.type = aff_view_of("ORU^R01"),
		.control_id = aff_view_of(control),
		.patient = aff_view_of(patient),
		.device = aff_view_of(device),
		.verdict = JOURNAL_ACCEPTED,
		.length = (uint32_t)(message.framed.n - 3),
	};
	struct aff_view raw = aff_view(message.framed.p + 1, message.framed.n - 3);
	must(journal_pack(p, m->channel, raw, body, &m->dictionary), NULL);
	m->body = aff_buf_view(body);
	must(journal_encrypt(p, m), NULL);
	journal_digest_message(p, m);
	to->n = 0;
	struct aff_view *const views[] = {&m->control_id, &m->patient, &m->device, &m->body, &m->ids,
					  &m->hashed[0], &m->hashed[1], &m->hashed[2]};
	for (size_t k = 0; k < sizeof views / sizeof *views; k++)
		*views[k] = keep(to, *views[k]);
}

static void *pack_all(void *arg)
{
	uint64_t rows = *(const uint64_t *)arg;
	struct journal_packer *p;
	struct aff_buf body;
	aff_buf_init(&body, 1 << 20);
	must(journal_packer_new(&p, j), NULL);
	for (uint64_t i = 0; i < rows; i++) {
		pthread_mutex_lock(&lock);
		packed_n = i;
		if (i % 64 == 0)
			pthread_cond_signal(&changed);
		while (i - taken_n >= RING)
			pthread_cond_wait(&changed, &lock);
		pthread_mutex_unlock(&lock);
		struct packed *to = &ring[i % RING];
		bench_message_number(&message, i);
		aff_buf_clear(&body);
		pack_row(p, &body, to, i);
	}
	pthread_mutex_lock(&lock);
	packed_n = rows;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
	aff_buf_free(&body);
	journal_packer_free(p);
	return NULL;
}

static void add_row(uint64_t i)
{
	struct aff_diag diag = {0};
	must(journal_add_message(j, &ring[i % RING].row, &diag), &diag);
}

static void add_outcome(int64_t id)
{
	struct aff_diag diag = {0};
	struct journal_outcome o = {
		.message = id,
		.destination = aff_view_of("icu-monitors/ehr"),
		.kind = JOURNAL_DELIVERED,
		.at_us = id,
		.tries = 1,
		.sent = {1},
		.sent_length = 1000,
		.detail = aff_view_of("AA"),
	};
	must(journal_add_outcome(j, &o, &diag), &diag);
}

static bool sealer_works(void)
{
	struct sealer *s = &j->sealer;
	pthread_mutex_lock(&s->lock);
	bool works = s->busy || s->queue.n;
	pthread_mutex_unlock(&s->lock);
	return works;
}

static void commit(void)
{
	struct aff_diag diag = {0};
	bool works = sealer_works();
	uint64_t begin = bench_now_ns();
	must(journal_commit(j, &diag), &diag);
	uint64_t took = bench_now_ns() - begin;
	if (took > longest[works])
		longest[works] = took;
}

/* Writes rows in transactions of `batch`, with an outcome each when asked for. Returns rows a second. */
static double write_rows(uint64_t rows, uint64_t batch, bool outcomes)
{
	struct aff_diag diag = {0};
	pthread_t packer;
	packed_n = taken_n = 0;
	uint64_t begin = bench_now_ns();
	if (pthread_create(&packer, NULL, pack_all, &rows))
		bench_die("thread");
	for (uint64_t i = 0; i < rows;) {
		uint64_t n = rows - i < batch ? rows - i : batch;
		pthread_mutex_lock(&lock);
		taken_n = i;
		pthread_cond_signal(&changed);
		while (packed_n < i + n)
			pthread_cond_wait(&changed, &lock);
		pthread_mutex_unlock(&lock);
		must(journal_begin(j, &diag), &diag);
		for (uint64_t k = 0; k < n; k++, i++) {
			add_row(i);
			if (outcomes)
				add_outcome(j->last);
		}
		if (outcomes)
			must(journal_set_cursor(j, aff_view_of("icu-monitors/ehr"), j->last, &diag), &diag);
		commit();
	}
	pthread_mutex_lock(&lock);
	taken_n = rows;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
	pthread_join(packer, NULL);
	return (double)rows * 1e9 / (double)(bench_now_ns() - begin);
}

/* ---- reading ---- */

static int count_row(void *arg, const struct journal_row *row)
{
	*(uint64_t *)arg += row->raw.n != 0;
	return 0;
}

static int never(void *arg, const struct journal_row *row)
{
	(void)arg;
	(void)row;
	return 0;
}

static double ms_since(uint64_t begin)
{
	return (double)(bench_now_ns() - begin) / 1e6;
}

static void time_search(struct journal_reader *r, const char *name, const struct journal_query *q)
{
	struct aff_diag diag = {0};
	uint64_t found = 0, begin = bench_now_ns();
	must(journal_search(r, q, count_row, &found, &diag), &diag);
	figure(name, ms_since(begin), "ms");
}

static void read_all(const char *folder, const char *state)
{
	struct aff_diag diag = {0};
	struct journal_reader *r;
	struct journal_stats stats;
	char name[64];
	uint64_t rows = 0;
	must(journal_reader_open(&r, folder, &diag), &diag);
	must(journal_reader_use_keys(r, j->keyring.path, &diag), &diag);
	uint64_t begin = bench_now_ns();
	must(journal_read_channel(r, aff_view_of("icu-monitors"), 0, count_row, &rows, &diag), &diag);
	snprintf(name, sizeof name, "read channel (%s)", state);
	figure(name, (double)rows / ms_since(begin) * 1000, "rows/s");
	begin = bench_now_ns();
	must(journal_read_stats(r, &stats, &diag), &diag);
	snprintf(name, sizeof name, "stats (%s)", state);
	figure(name, ms_since(begin), "ms");
	if (strcmp(state, "open") == 0)
		figure("stored a message", (double)stats.bytes_stored / (double)stats.messages, "bytes");
	journal_stats_free(&stats);
	snprintf(name, sizeof name, "search control id (%s)", state);
	time_search(r, name, &(struct journal_query){.control_id = aff_view_of("00000000000000000777"), .raw = true});
	snprintf(name, sizeof name, "search nobody's patient id (%s)", state);
	time_search(r, name, &(struct journal_query){.patient = aff_view_of("nobody"), .raw = true});
	snprintf(name, sizeof name, "search no device (%s)", state);
	time_search(r, name, &(struct journal_query){.device = aff_view_of("none"), .raw = true});
	snprintf(name, sizeof name, "search patient (%s)", state);
	time_search(r, name, &(struct journal_query){.patient = aff_view_of("00000077"), .limit = 50, .raw = true});
	snprintf(name, sizeof name, "search nobody's code (%s)", state);
	time_search(r, name, &(struct journal_query){.code = aff_view_of("none"), .test = never});
	snprintf(name, sizeof name, "search dead (%s)", state);
	time_search(r, name, &(struct journal_query){.status = JOURNAL_DEAD});
	journal_reader_close(r);
}

static void empty_folder(const char *folder)
{
	DIR *d = opendir(folder);
	const struct dirent *entry;
	while (d && (entry = readdir(d))) {
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(d), entry->d_name, 0);
	}
	if (d)
		closedir(d);
}

/* Rows a second by the size of the transactions, in a journal of its own. */
static void time_writes(const struct journal_options *o)
{
	static const uint64_t batches[] = {1, 16, 64, 256};
	struct aff_diag diag = {0};
	must(journal_open(&j, o, &diag), &diag);
	write_rows(4000, 64, false); /* until there is a dictionary */
	sealer_drain(&j->sealer);
	for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
		char name[64];
		uint64_t rows = batches[i] == 1 ? n_rows / 100 : batches[i] == 16 ? n_rows / 10 : n_rows / 4;
		snprintf(name, sizeof name, "write, %" PRIu64 " a commit", batches[i]);
		figure(name, write_rows(rows, batches[i], false), "rows/s");
	}
	journal_close(j);
	empty_folder(o->folder);
}

/* A log file is filled, read, sealed and read again. */
static void time_log_file(const struct journal_options *o)
{
	struct aff_diag diag = {0};
	must(journal_open(&j, o, &diag), &diag);
	must(journal_begin(j, &diag), &diag);
	must(journal_set_cursor(j, aff_view_of("icu-monitors/ehr"), 0, &diag), &diag);
	must(journal_commit(j, &diag), &diag);
	write_rows(4000, 64, true);
	sealer_drain(&j->sealer);
	figure("write with outcome, 64 a commit", write_rows(n_rows - 4000, 64, true), "rows/s");
	read_all(o->folder, "open");
	uint64_t begin = bench_now_ns();
	must(journal_begin(j, &diag), &diag); /* begins the next log file */
	must(journal_commit(j, &diag), &diag);
	figure("begin a log file", ms_since(begin), "ms");
	sealer_drain(&j->sealer);
	figure("seal", ms_since(begin), "ms");
	read_all(o->folder, "sealed");
}

static void time_many_files(const char *folder, uint64_t n_files)
{
	memset(longest, 0, sizeof longest);
	write_rows(n_rows * (n_files - 1), 64, true);
	figure("longest commit, sealer idle", (double)longest[0] / 1e6, "ms");
	figure("longest commit, sealer at work", (double)longest[1] / 1e6, "ms");
	sealer_drain(&j->sealer);
	read_all(folder, "many files");
}

int main(int argc, char **argv)
{
	struct aff_buf text;
	char folder[512], key[sizeof folder + 8], secret[sizeof folder + 8];
	n_rows = bench_number(argc, argv, "rows", 1000000);
	uint64_t n_files = bench_number(argc, argv, "files", 1);
	bench_read_message(bench_text(argc, argv, "message", "tests/bench/messages/typical.hl7"), &text);
	bench_message_init(&message, aff_buf_view(&text));
	snprintf(folder, sizeof folder, "%s/journal-bench-XXXXXX", bench_text(argc, argv, "folder", "."));
	if (!mkdtemp(folder))
		bench_die("folder");

	snprintf(key, sizeof key, "%s/key", folder); /* goes with the folder */
	snprintf(secret, sizeof secret, "%s/secret", folder);
	struct journal_options o = {.folder = folder,
				    .file_rows = n_rows * 8,
				    .file_bytes = UINT64_C(1) << 40,
				    .key_file = key,
				    .coder = &coder,
				    .encrypt = bench_number(argc, argv, "encrypt", 0) != 0,
				    .secret_file = secret};
	must(codes_coder_new(&coder), NULL);
	if (bench_number(argc, argv, "writes", 1))
		time_writes(&o);
	o.file_rows = n_rows;
	time_log_file(&o);
	if (n_files > 1)
		time_many_files(folder, n_files);
	journal_close(j);
	empty_folder(folder);
	codes_coder_free(&coder);
	rmdir(folder);
	aff_buf_free(&message.framed);
	aff_buf_free(&text);
	return 0;
}
