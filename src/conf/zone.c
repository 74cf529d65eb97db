/* SPDX-License-Identifier: Apache-2.0
 *
 * Time zones by offset or by name, from the system's time zone database.
 */
#include <stdio.h>

#include "conf/reader.h"
#include "sys/file.h"

#define ZONES "/usr/share/zoneinfo"
enum { ZONE_FILE_MAX = 1 << 16, NAMES_MAX = 1 << 18, NAME_MAX_LENGTH = 60 };

static bool is_zone_name(struct aff_view v)
{
	bool good = v.n && v.n <= NAME_MAX_LENGTH && ((v.p[0] >= 'A' && v.p[0] <= 'Z'));
	for (size_t i = 0; good && i < v.n; i++) {
		char c = v.p[i];
		good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
		       c == '+' || c == '-' || (c == '/' && i + 1 < v.n);
	}
	return good;
}

/* The known name that is nearest to a misspelt one, into hint; false: there is none. */
static bool propose(struct aff_view name, char hint[HINT_SIZE])
{
	struct nearest near = {.word = name};
	struct aff_buf list;
	aff_buf_init(&list, NAMES_MAX);
	bool known = !file_read(ZONES "/zone1970.tab", &list, NULL);
	aff_buf_put_char(&list, '\0');
	/* code, coordinates, name, comment */
	for (char *line = known && !list.error ? list.p : NULL, *end; line; line = end) {
		char *field = line[0] == '#' ? NULL : strchr(line, '\t');
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		field = field ? strchr(field + 1, '\t') : NULL;
		if (!field)
			continue;
		field[1 + strcspn(field + 1, "\t")] = '\0';
		nearest_offer(&near, field + 1);
	}
	bool found = did_you_mean(hint, &near) != NULL;
	aff_buf_free(&list);
	return found;
}

static struct aff_zone *read_named(struct reader *r, const struct node *n)
{
	char path[sizeof ZONES + NAME_MAX_LENGTH + 2], word[SHOWN_SIZE], hint[HINT_SIZE];
	struct aff_zone *zone = NULL;
	struct aff_buf bytes;
	struct aff_diag diag = {0};
	aff_buf_init(&bytes, ZONE_FILE_MAX);
	snprintf(path, sizeof path, "%s/%.*s", ZONES, (int)n->text.n, n->text.p);
	int rc = file_read(path, &bytes, NULL);
	if (!rc)
		rc = aff_zone_read(&zone, aff_buf_view(&bytes), &diag);
	if (rc == AFF_ENOMEM)
		r->report.error = rc;
	else if (rc && diag.code)
		report_error(&r->report, n->at, "write its offset: +01:00", "'%s': %s", shown(word, n->text),
		             diag.text);
	else if (rc)
		report_error(&r->report, n->at,
		             propose(n->text, hint) ? hint : "names are those of the folder " ZONES
		                                             ", from the package tzdata",
		             "there is no time zone '%s'", shown(word, n->text));
	aff_buf_free(&bytes);
	return zone;
}

struct aff_zone *read_place(struct reader *r, const struct node *n)
{
	struct aff_zone *zone = NULL;
	char word[SHOWN_SIZE];
	int minutes;
	if (parse_zone(n->text, &minutes)) {
		if (aff_zone_fixed(&zone, minutes))
			r->report.error = AFF_ENOMEM;
		return zone;
	}
	if (is_zone_name(n->text))
		return read_named(r, n);
	report_error(&r->report, n->at, "write it as +01:00, Z or Europe/Berlin", "'%s' is no time zone",
	             shown(word, n->text));
	return NULL;
}
