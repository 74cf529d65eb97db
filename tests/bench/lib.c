/* SPDX-License-Identifier: Apache-2.0
 *
 * What the library needs for one message: nanoseconds, instructions (where the kernel counts them) and allocations.
 *
 *	lib FILE...            prints one JSON array, an object for each file and step
 *	lib --parse FILE...    parsing only
 *	lib --steps            the channel of ten steps only
 *
 * Each step runs for at least 50 ms in each of 7 rounds; the median round counts, the best one is told too. The link
 * wraps malloc and the like. Beside the files there are messages made here with waveforms of 20,000 samples: reading
 * every sample of them must cost what the bytes cost, not what their square does.
 */
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <afferent/ack.h>
#include <afferent/fhir.h>
#include <afferent/mllp.h>
#include <afferent/parts.h>
#include <afferent/rules.h>
#include <afferent/validate.h>

#include "rules/sample.h"
#include "steps.h"

#define ROUNDS 7
#define ROUND_NS 50000000u

static uint64_t allocations;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n)
{
	allocations++;
	return __real_malloc(n);
}
void *__wrap_calloc(size_t n, size_t size)
{
	allocations++;
	return __real_calloc(n, size);
}
void *__wrap_realloc(void *p, size_t n)
{
	allocations++;
	return __real_realloc(p, n);
}

static struct aff_msg *parser;
static struct aff_fhir *renderer;
static struct aff_buf out;
static size_t sink; /* results are added here, so that no work can be left out */

static void parse(struct aff_view m)
{
	if (aff_msg_parse(parser, m.p, m.n, 0, NULL) != 0)
		bench_die("a bench message cannot be parsed");
	sink += aff_msg_segments(parser);
}

/* What routing and charting look at: type, control id, patient, place, and the value, code and unit of two rows. */
static void parse_and_read(struct aff_view m)
{
	static const struct {
		const char *segment;
		unsigned nth, field, component;
	} reads[] = {
		{"MSH", 1, 9, 0},  {"MSH", 1, 10, 0}, {"PID", 1, 3, 1}, {"PV1", 1, 3, 1}, {"OBR", 1, 4, 1},
		{"OBX", 1, 3, 1}, {"OBX", 1, 5, 0},  {"OBX", 3, 3, 1}, {"OBX", 3, 5, 0}, {"OBX", 3, 6, 1},
	};
	parse(m);
	for (size_t i = 0; i < sizeof reads / sizeof *reads; i++) {
		unsigned segment = aff_msg_nth(parser, reads[i].segment, reads[i].nth);
		if (segment != AFF_NONE)
			sink += aff_msg_get(parser, segment, reads[i].field, 1, reads[i].component, 0).n;
	}
}

static void acknowledge(struct aff_view m)
{
	const struct aff_ack ack = {
		.code = AFF_AA, .control_id = aff_view_of("4711"), .time = aff_view_of("20260101000000"),
	};
	(void)m; /* parsed before */
	aff_buf_clear(&out);
	if (aff_ack_build(&out, parser, &ack) != 0)
		bench_die("an answer cannot be built");
	sink += out.n;
}

static void parse_and_acknowledge(struct aff_view m)
{
	parse(m);
	acknowledge(m);
}

static void parse_and_check(struct aff_view m, const struct aff_checks *checks)
{
	static struct aff_diag_list found;
	parse(m);
	found.cap = 0;
	if (aff_validate(parser, checks, &found, NULL) < 0)
		bench_die("a bench message cannot be checked");
	sink += found.dropped;
}

static void check_structure(struct aff_view m)
{
	parse_and_check(m, &(const struct aff_checks){.level = AFF_CHECK_STRUCTURE});
}

static void check_all(struct aff_view m)
{
	parse_and_check(m, &(const struct aff_checks){.level = AFF_CHECK_TABLES, .ihe = AFF_IHE_AUTO, .sense = true});
}

/* Every component of every repetition of the last segment's OBX-5. */
static void parse_and_walk(struct aff_view m)
{
	parse(m);
	struct aff_delims d = aff_msg_delims(parser);
	struct aff_parts rows = aff_parts(aff_msg_field(parser, aff_msg_segments(parser) - 1, 5), d.repetition);
	struct aff_view row, sample;
	while (aff_parts_next(&rows, &row)) {
		struct aff_parts samples = aff_parts(row, d.component);
		while (aff_parts_next(&samples, &sample))
			sink += sample.n;
	}
}

static void render(struct aff_view m)
{
	static const int utc = 0;
	static const struct aff_fhir_options options = {.bundle = AFF_FHIR_TRANSACTION, .zone_minutes = &utc};
	(void)m;
	aff_buf_clear(&out);
	if (aff_fhir_render(renderer, &out, parser, &options, NULL, NULL) != 0)
		bench_die("a bundle cannot be rendered");
	sink += out.n;
}

static void check(struct aff_view m)
{
	static const struct aff_checks checks = {.level = AFF_CHECK_TABLES};
	static struct aff_diag_list found;
	(void)m;
	found.cap = 0; /* they are counted, not kept */
	if (aff_validate(parser, &checks, &found, NULL) < 0)
		bench_die("a bench message cannot be checked");
	sink += found.warnings;
}

/* What a sample adds to a message: taken up while its window is open, and edited when it is over; 60 in a window. */
static void mean(struct aff_view m)
{
	static const struct sample_spec spec = {.every_ms = 60000,
	                                        .by = SAMPLE_BY_PATIENT | SAMPLE_BY_DEVICE | SAMPLE_BY_CODE,
	                                        .keep = SAMPLE_MEAN};
	static struct sample *sample;
	static struct aff_edit *edit;
	static uint64_t index;
	uint64_t superseded_by;
	bool left;
	(void)m;
	if ((!edit && aff_edit_new(&edit, 1 << 20)) || (!sample && sample_new(&sample, &spec, 0)))
		bench_die("out of memory");
	if (index++ % 60 == 0)
		sample_window_begin(sample);
	if (aff_edit_begin(edit, parser))
		bench_die("a message cannot be edited");
	sample_window_add(sample, index, edit);
	if (sample_window_prune(sample, index, edit, &left, &superseded_by))
		bench_die("a message cannot be sampled");
	sink += left;
}

/* What a script adds: a state of its own for each message, and a look at each OBX. */
static void script(struct aff_view m)
{
	static const char text[] = "for obx in msg:segments('OBX') do if obx['5.1'] == 'x' then obx[11] = 'X' end end";
	static struct aff_rules *rules;
	static struct aff_edit *edit;
	const struct aff_step step = {.kind = AFF_STEP_LUA, .value = aff_view_of(text)};
	struct aff_rules_result result;
	(void)m;
	if ((!edit && aff_edit_new(&edit, 1 << 20)) ||
	    (!rules && (aff_rules_new(&rules) || aff_rules_add(rules, &step, NULL))))
		bench_die("a script cannot be made");
	if (aff_edit_begin(edit, parser) || aff_rules_run(rules, edit, &result, NULL) || result.verdict)
		bench_die("a script fails");
	sink += result.unmapped;
}

static int count_instructions(void)
{
	struct perf_event_attr a = {
		.type = PERF_TYPE_HARDWARE, .size = sizeof a, .config = PERF_COUNT_HW_INSTRUCTIONS,
		.disabled = 1, .exclude_kernel = 1, .exclude_hv = 1,
	};
	return (int)syscall(SYS_perf_event_open, &a, 0, -1, -1, 0);
}

struct figure {
	double ns, instructions, allocations;
};

static int by_ns(const void *a, const void *b)
{
	double x = ((const struct figure *)a)->ns, y = ((const struct figure *)b)->ns;
	return x < y ? -1 : x > y;
}

static struct figure one_round(void (*step)(struct aff_view), struct aff_view m, int counter)
{
	uint64_t n = 0, instructions = 0, before = allocations, start = bench_now_ns(), now;
	if (counter >= 0) {
		ioctl(counter, PERF_EVENT_IOC_RESET, 0);
		ioctl(counter, PERF_EVENT_IOC_ENABLE, 0);
	}
	do {
		for (int i = 0; i < 100; i++)
			step(m);
		n += 100;
		now = bench_now_ns();
	} while (now - start < ROUND_NS);
	if (counter >= 0) {
		ioctl(counter, PERF_EVENT_IOC_DISABLE, 0);
		if (read(counter, &instructions, sizeof instructions) != (ssize_t)sizeof instructions)
			instructions = 0;
	}
	return (struct figure){(double)(now - start) / (double)n, (double)instructions / (double)n,
	                       (double)(allocations - before) / (double)n};
}

static void measure(const char *file, const char *name, void (*step)(struct aff_view), struct aff_view m)
{
	static bool comma;
	struct figure rounds[ROUNDS];
	int counter = count_instructions();
	step(m); /* buffers grow to their size */
	for (int i = 0; i < ROUNDS; i++)
		rounds[i] = one_round(step, m, counter);
	if (counter >= 0)
		close(counter);
	qsort(rounds, ROUNDS, sizeof *rounds, by_ns);
	const struct figure *f = &rounds[ROUNDS / 2];
	printf("%s\n {\"message\": \"%s\", \"bytes\": %zu, \"step\": \"%s\", \"ns\": %.1f, \"best_ns\": %.1f, ",
	       comma ? "," : "", file, m.n, name, f->ns, rounds[0].ns);
	printf("\"allocations\": %.3f, ", f->allocations);
	printf("\"instructions\": ");
	if (f->instructions > 0)
		printf("%.0f}", f->instructions);
	else
		printf("null}");
	comma = true;
}

/* 20,000 samples: NA, a channel after the other, or MA, a point in time after the other. */
static void measure_wave(const char *type, unsigned rows, unsigned columns)
{
	char name[32];
	struct aff_buf b;
	aff_buf_init(&b, 1 << 20);
	aff_buf_put_text(&b, "MSH|^~\\&|MON||EHR||20260105101500||ORU^R01^ORU_R01|1|P|2.6\r"
	                     "PID|||1^^^H^MR\rOBR|1|||W\r");
	aff_buf_printf(&b, "OBX|1|%s|131329^MDC_ECG_ELEC_POTL_I^MDC|1.1.2.1|", type);
	for (unsigned i = 0; i < rows * columns; i++)
		aff_buf_printf(&b, "%s%d", i == 0 ? "" : i % columns ? "^" : "~", (int)(i * 7919 % 2001) - 1000);
	aff_buf_put_text(&b, "|266418^MDC_DIM_MILLI_VOLT^MDC|||||R\r");
	if (b.error)
		bench_die("a wave cannot be made");
	snprintf(name, sizeof name, "wave %s %ux%u", type, rows, columns);
	measure(name, "parse", parse, aff_buf_view(&b));
	measure(name, "parse + every sample", parse_and_walk, aff_buf_view(&b));
	measure(name, "parse + check all", check_all, aff_buf_view(&b));
	measure(name, "FHIR bundle", render, aff_buf_view(&b));
	aff_buf_free(&b);
}

static struct aff_edit *editor;
static struct aff_rules *ten_steps;

/* What a channel of ten steps costs a message: read, changed, written. */
static void transform(struct aff_view m)
{
	struct aff_rules_result result;
	parse(m);
	if (aff_edit_begin(editor, parser) || aff_rules_run(ten_steps, editor, &result, NULL) ||
	    result.verdict != AFF_VERDICT_PASS || result.unmapped || result.suspect)
		bench_die("a bench message cannot be transformed");
	aff_buf_clear(&out);
	aff_edit_write(editor, &out);
	sink += out.n;
}

static void measure_steps(void)
{
	struct aff_buf b;
	struct aff_table *table = steps_table();
	aff_buf_init(&b, 1 << 16);
	steps_message(&b);
	ten_steps = steps_program(table);
	if (aff_edit_new(&editor, 1 << 20))
		bench_die("no editor");
	measure("12 readings", "parse + 10 steps + write", transform, aff_buf_view(&b));
	aff_edit_free(editor);
	aff_rules_free(ten_steps);
	aff_table_free(table);
	aff_buf_free(&b);
}

int main(int argc, char **argv)
{
	bool parse_only = argc > 1 && strcmp(argv[1], "--parse") == 0;
	bool steps_only = argc == 2 && strcmp(argv[1], "--steps") == 0;
	if (argc < 2 || aff_msg_new(&parser, NULL) != 0 || aff_fhir_new(&renderer) != 0) {
		fprintf(stderr, "usage: lib FILE...\n");
		return 2;
	}
	aff_buf_init(&out, 1 << 24);
	printf("[");
	for (int i = 1 + (parse_only || steps_only); i < argc; i++) {
		struct aff_buf bytes;
		bench_read_message(argv[i], &bytes);
		struct aff_view m = aff_buf_view(&bytes);
		measure(argv[i], "parse", parse, m);
		if (!parse_only) {
			measure(argv[i], "parse + 10 reads", parse_and_read, m);
			measure(argv[i], "answer", acknowledge, m);
			measure(argv[i], "parse + answer", parse_and_acknowledge, m);
			measure(argv[i], "checks up to tables", check, m);
			measure(argv[i], "parse + check structure", check_structure, m);
			measure(argv[i], "parse + check all", check_all, m);
			measure(argv[i], "FHIR bundle", render, m);
			measure(argv[i], "sample: mean", mean, m);
			measure(argv[i], "lua: each OBX", script, m);
		}
		aff_buf_free(&bytes);
	}
	if (!parse_only && !steps_only) {
		measure_wave("NA", 1, 20000);
		measure_wave("NA", 4, 5000);
		measure_wave("MA", 1000, 20);
	}
	if (!parse_only)
		measure_steps();
	printf("\n]\n");
	fprintf(stderr, "%zu bytes looked at\n", sink);
	return 0;
}
