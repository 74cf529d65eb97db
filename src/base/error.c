/* SPDX-License-Identifier: Apache-2.0
 *
 * The error table in code.
 */
#include <afferent/error.h>

static const struct {
	const char *name, *text;
	enum aff_answer answer;
	int condition;
} errors[] = {
#define AFF_ERROR(name, value, answer, condition, text) [-(value)] = {#name, text, AFF_ANSWER_##answer, condition},
#include <afferent/errors.def>
#undef AFF_ERROR
};

#define ERRORS ((int)(sizeof errors / sizeof errors[0]))

/* The index of a known code, or 0. */
static int known(int code)
{
	return code < 0 && code > -ERRORS && errors[-code].name ? -code : 0;
}

const char *aff_error_text(int code)
{
	int i = known(code);
	return i ? errors[i].text : code >= 0 ? "no error" : "unknown error";
}

const char *aff_error_name(int code)
{
	int i = known(code);
	return i ? errors[i].name : code >= 0 ? "OK" : "UNKNOWN";
}

enum aff_answer aff_error_answer(int code)
{
	int i = known(code);
	return i ? errors[i].answer : code >= 0 ? AFF_ANSWER_ACCEPT : AFF_ANSWER_REJECT;
}

int aff_error_condition(int code)
{
	int i = known(code);
	return i ? errors[i].condition : code >= 0 ? 0 : 207;
}

const char *aff_version(void)
{
	return AFF_VERSION_STRING;
}
