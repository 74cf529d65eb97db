/* SPDX-License-Identifier: Apache-2.0
 *
 * The schemas follow the grammar table by themselves: what they cannot follow must not be added to it.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "conf/schema.h"
#include "run_suite.h"

START_TEST(every_section_is_in_a_schema)
{
	for (unsigned s = 0; s < SECTION_COUNT; s++) {
		unsigned in = 0;
		for (size_t i = 0; schema_names[i]; i++)
			in += schema_holds(i, (enum section_id)s);
		/* No key leads to it: call the section as its key, or write a CONF_OPENS into keys.def. */
		ck_assert_msg(in > 0, "no schema holds the section %s", section_id_text((enum section_id)s));
	}
}
END_TEST

START_TEST(every_map_has_a_section)
{
	for (unsigned i = 0; i < KEY_COUNT; i++) {
		const struct key *key = &conf_keys[i];
		bool map = key->kind == KIND_MAP || key->kind == KIND_SWITCH || key->kind == KIND_MAPS ||
		           key->kind == KIND_LIST_NONE || key->kind == KIND_ROWS || key->kind == KIND_DEFAULT;
		if (map && i != KEY_STEP_set && i != KEY_STEP_mask)
			ck_assert_msg(key_opens((enum key_id)i) != SECTION_COUNT,
			              "no section stands under %s: write a CONF_OPENS into keys.def", key->name);
	}
}
END_TEST

START_TEST(a_schema_is_json_with_every_key_of_its_file)
{
	struct aff_buf out;
	aff_buf_init(&out, 1 << 20);
	schema_write((size_t)_i, &out);
	aff_buf_put_char(&out, '\0');
	ck_assert_int_eq(out.error, 0);
	for (unsigned i = 0; i < KEY_COUNT; i++) {
		char name[80];
		snprintf(name, sizeof name, "\"%s\": {", conf_keys[i].name);
		if (conf_keys[i].kind != KIND_LATER && schema_holds((size_t)_i, conf_keys[i].section))
			ck_assert_msg(strstr(out.p, name) != NULL, "%s lacks %s", schema_names[_i], name);
	}
	ck_assert_ptr_null(strstr(out.p, "not supported"));
	aff_buf_free(&out);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("conf schema");
	TCase *tc = tcase_create("schema");
	tcase_add_test(tc, every_section_is_in_a_schema);
	tcase_add_test(tc, every_map_has_a_section);
	tcase_add_loop_test(tc, a_schema_is_json_with_every_key_of_its_file, 0, 4);
	suite_add_tcase(s, tc);
	return run_suite(s);
}
