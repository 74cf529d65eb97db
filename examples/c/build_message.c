/* SPDX-License-Identifier: Apache-2.0
 *
 * Builds an HL7 v2 message with one observation and writes it to standard output in an MLLP frame, as it goes over a
 * connection.
 *
 *	cc build_message.c $(pkg-config --cflags --libs afferent) -o build_message
 *	./build_message | afferent send --to 127.0.0.1:2575 -
 */
#include <stdio.h>
#include <time.h>

#include <afferent/build.h>
#include <afferent/dtm.h>
#include <afferent/mllp.h>

static void put_components(struct aff_build *b, const char *const *components)
{
	for (; *components; components++)
		aff_build_component(b, aff_view_of(*components));
	aff_build_field_end(b);
}

static void put_observation(struct aff_build *b, const char *now)
{
	static const char *const code[] = {"147842", "MDC_ECG_HEART_RATE", "MDC", NULL};
	static const char *const unit[] = {"264864", "MDC_DIM_BEAT_PER_MIN", "MDC", NULL};
	aff_build_segment(b, "OBX");
	aff_build_field(b, aff_view_of("1"));       /* OBX-1 */
	aff_build_field(b, aff_view_of("NM"));      /* OBX-2 */
	put_components(b, code);                    /* OBX-3 */
	aff_build_field(b, aff_view_of("1.1.1.1")); /* OBX-4 */
	aff_build_field(b, aff_view_of("72"));      /* OBX-5 */
	put_components(b, unit);                    /* OBX-6 */
	aff_build_skip(b, 4);
	aff_build_field(b, aff_view_of("R"));       /* OBX-11 */
	aff_build_skip(b, 2);
	aff_build_field(b, aff_view_of(now));       /* OBX-14 */
}

static void put_message(struct aff_buf *out)
{
	static const char *const type[] = {"ORU", "R01", "ORU_R01", NULL};
	static const char *const name[] = {"Miller & Sons", "Ada", NULL}; /* what has a meaning in HL7 is escaped */
	static const char *const service[] = {"182777000", "monitoring of patient", "SCT", NULL};
	char now[AFF_DTM_SIZE];
	struct aff_build b;
	aff_dtm_now_text(now, (int64_t)time(NULL) * 1000000);
	aff_build_begin(&b, out, NULL);          /* MSH-1, MSH-2 */
	aff_build_field(&b, aff_view_of("DEMO")); /* MSH-3 */
	aff_build_skip(&b, 3);
	aff_build_field(&b, aff_view_of(now));   /* MSH-7 */
	aff_build_skip(&b, 1);
	put_components(&b, type);                /* MSH-9 */
	aff_build_field(&b, aff_view_of("1"));   /* MSH-10 */
	aff_build_field(&b, aff_view_of("P"));   /* MSH-11 */
	aff_build_field(&b, aff_view_of("2.6")); /* MSH-12 */
	aff_build_segment(&b, "PID");
	aff_build_skip(&b, 2);
	aff_build_field(&b, aff_view_of("4711")); /* PID-3 */
	aff_build_skip(&b, 1);
	put_components(&b, name);                /* PID-5 */
	aff_build_segment(&b, "OBR");
	aff_build_field(&b, aff_view_of("1"));   /* OBR-1 */
	aff_build_skip(&b, 2);
	put_components(&b, service);             /* OBR-4 */
	aff_build_skip(&b, 2);
	aff_build_field(&b, aff_view_of(now));   /* OBR-7 */
	put_observation(&b, now);
	aff_build_end(&b);
}

int main(void)
{
	struct aff_buf message, frame;
	aff_buf_init(&message, 64 << 10);
	aff_buf_init(&frame, 64 << 10);
	put_message(&message);
	aff_mllp_put(&frame, aff_buf_view(&message));
	int failed = message.error ? message.error : frame.error;
	if (failed)
		fprintf(stderr, "%s\n", aff_error_text(failed));
	else
		fwrite(frame.p, 1, frame.n, stdout);
	aff_buf_free(&message);
	aff_buf_free(&frame);
	return failed ? 1 : 0;
}
