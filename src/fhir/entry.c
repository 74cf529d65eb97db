/* SPDX-License-Identifier: Apache-2.0
 *
 * Entries of a bundle: their numbers, and the fullUrl that is made of the message's key and the number.
 */
#include "fhir/fhir_internal.h"

void put_full_url(struct aff_fhir *f, unsigned ordinal)
{
	static const char digits[] = "0123456789abcdef";
	char url[] = "urn:uuid:00000000-0000-8000-8000-000000000000";
	char *uuid = url + 9;
	/* Version 8 of RFC 9562: 60 bits of the message's key, then the number. */
	memcpy(uuid, f->key, 8);
	memcpy(uuid + 9, f->key + 8, 4);
	memcpy(uuid + 15, f->key + 12, 3);
	for (size_t i = 35; ordinal; ordinal >>= 4)
		uuid[i--] = digits[ordinal & 15];
	put(f, url, sizeof url - 1);
}

unsigned patient_ordinal(const struct aff_fhir *f, unsigned number)
{
	(void)f;
	return number + 1;
}

unsigned device_ordinal(const struct aff_fhir *f, unsigned number)
{
	return (unsigned)f->patients.count + number + 1;
}

void entry_begin(struct aff_fhir *f, unsigned ordinal)
{
	if (f->entries++)
		PUT(f, ",");
	PUT(f, "{\"fullUrl\":\"");
	put_full_url(f, ordinal);
	PUT(f, "\",\"resource\":");
}
