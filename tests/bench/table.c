/* SPDX-License-Identifier: Apache-2.0
 *
 * What a large mapping table costs: the time to read and check the configuration folder that holds it, and to find a
 * row by a code, the codes in no order. In time of the processor.
 *
 *	table --folder FOLDER [--rounds N]     prints one JSON object; the best round counts: other programs only slow
 *	                                       down
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "conf/conf.h"
#include "util.h"

enum { LOOKUPS = 100 * 1000, TIMES = 10 };

static size_t sink;

/* Of the processor: other programs on the machine only wait for it. */
static uint64_t cpu_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static double least(double a, double b)
{
	return a < b ? a : b;
}

/* Reads the folder and checks it; ms. */
static double load(const char *folder, struct conf **conf)
{
	struct conf_files files;
	struct aff_diag_list findings;
	uint64_t start = cpu_ns();
	aff_diag_list_init(&findings, 100);
	if (conf_files_read(&files, folder, NULL) || conf_load(conf, &files, &findings) || findings.warnings)
		bench_die("the folder is no configuration, or has mistakes");
	double ms = (double)(cpu_ns() - start) / 1e6;
	aff_diag_list_free(&findings);
	conf_files_free(&files);
	return ms;
}

static const struct aff_table *largest(const struct conf *conf)
{
	const struct aff_table *t = NULL;
	for (size_t i = 0; i < conf->ntables; i++)
		if (!t || aff_table_rows(conf->tables[i]) > aff_table_rows(t))
			t = conf->tables[i];
	if (!t)
		bench_die("there is no table");
	return t;
}

static int fits(void *context, const struct aff_table_row *row)
{
	const struct aff_view *name = context;
	return row->asks & AFF_ASKS_NAME && !aff_view_equal(row->from_name, *name) ? AFF_FIT_NO : AFF_FIT_YES;
}

/* The codes stand behind each other as a message would have them, so that finding them costs nothing; ns. */
static double look_up(const struct aff_table *t, bool known)
{
	size_t rows = aff_table_rows(t), n = 0;
	struct aff_view *codes = calloc(LOOKUPS, sizeof *codes), *names = calloc(LOOKUPS, sizeof *names);
	struct aff_buf text;
	uint64_t random = 1;
	aff_buf_init(&text, 1u << 30);
	if (!codes || !names)
		bench_die("no memory");
	for (size_t pass = 0; pass < 2; pass++) {
		/* first their bytes, then the views: the buffer moves while it grows */
		size_t at = 0;
		random = 1;
		for (n = 0; n < LOOKUPS; n++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			const struct aff_table_row *row = aff_table_at(t, (size_t)(random >> 33) % rows);
			size_t size = row->from.n + !known;
			if (!pass) {
				aff_buf_put_view(&text, row->from);
				if (!known)
					aff_buf_put_char(&text, 'x');
				aff_buf_put_view(&text, row->from_name);
				continue;
			}
			codes[n] = aff_view(text.p + at, size);
			names[n] = aff_view(text.p + at + size, row->from_name.n);
			at += size + row->from_name.n;
		}
	}
	uint64_t start = cpu_ns();
	for (size_t i = 0; i < n * TIMES; i++) {
		bool other;
		const struct aff_table_row *row = aff_table_match(t, codes[i % n], fits, &names[i % n], &other);
		sink += row ? 1 : other;
	}
	double ns = (double)(cpu_ns() - start) / (double)(n * TIMES);
	aff_buf_free(&text);
	free(codes);
	free(names);
	return ns;
}

int main(int argc, char **argv)
{
	const char *folder = bench_text(argc, argv, "folder", ".");
	uint64_t rounds = bench_number(argc, argv, "rounds", 5);
	double ms = 1e9, known = 1e9, unknown = 1e9;
	size_t rows = 0;
	for (uint64_t i = 0; i < rounds; i++) {
		struct conf *conf = NULL;
		ms = least(ms, load(folder, &conf));
		const struct aff_table *t = largest(conf);
		rows = aff_table_rows(t);
		known = least(known, look_up(t, true));
		unknown = least(unknown, look_up(t, false));
		conf_unref(conf);
	}
	printf("{\"rows\": %zu, \"load_ms\": %.1f, \"lookup_ns\": %.1f, \"unknown_ns\": %.1f}\n", rows, ms, known,
	       unknown);
	fprintf(stderr, "%zu\n", sink);
	return 0;
}
