/* SPDX-License-Identifier: Apache-2.0
 *
 * Devices that identify themselves (OBX-18), as Device, with what attribute rows of the same MDS say about
 * them. The device itself is the authority on its own description, so it is updated at the server.
 */
#include "fhir/fhir_internal.h"

enum attribute {
	MODEL = 67880,
	MODEL_NUMBER = 531969,
	MANUFACTURER = 531970,
	SERIAL = 531972,
	PART = 531973,
	HARDWARE = 531974,
	SOFTWARE = 531975,
	FIRMWARE = 531976
};

bool device_takes(const struct aff_term *term)
{
	return term->code == MODEL || (term->code >= MODEL_NUMBER && term->code <= FIRMWARE && term->code != 531971);
}

/* The first row about this device with that code. */
static const struct row *attribute_row(const struct aff_fhir *f, unsigned device, unsigned code)
{
	for (const struct row *r = f->rows; r < f->rows + f->count; r++)
		if (r->role == ROLE_ATTRIBUTE && r->device == device && r->term && r->term->code == code)
			return r;
	return NULL;
}

static void put_attribute(struct aff_fhir *f, unsigned device, unsigned code, const char *name)
{
	const struct row *r = attribute_row(f, device, code);
	if (r)
		put_member(f, name, component(f, obx(f, r, 5), 1));
}

/* MDC_ATTR_ID_MODEL holds manufacturer and model in one value. */
static void put_model(struct aff_fhir *f, unsigned device)
{
	const struct row *r = attribute_row(f, device, MODEL);
	if (attribute_row(f, device, MANUFACTURER) || !r)
		put_attribute(f, device, MANUFACTURER, "manufacturer");
	else
		put_member(f, "manufacturer", component(f, obx(f, r, 5), 1));
	put_attribute(f, device, SERIAL, "serialNumber");
	if (attribute_row(f, device, MODEL_NUMBER) || !r)
		put_attribute(f, device, MODEL_NUMBER, "modelNumber");
	else
		put_member(f, "modelNumber", component(f, obx(f, r, 5), 2));
	put_attribute(f, device, PART, "partNumber");
}

static void put_versions(struct aff_fhir *f, unsigned device)
{
	unsigned count = 0;
	for (unsigned code = HARDWARE; code <= FIRMWARE; code++) {
		const struct row *r = attribute_row(f, device, code);
		if (!r || !is_valued(text_plain(f, component(f, obx(f, r, 5), 1))))
			continue;
		if (count++)
			PUT(f, ",{");
		else
			PUT(f, ",\"version\":[{");
		PUT(f, "\"type\":{\"coding\":[{\"system\":\"urn:iso:std:iso:11073:10101\",\"code\":\"");
		aff_buf_put_u64(f->out, code);
		PUT(f, "\",\"display\":\"");
		put_text(f, r->term->refid);
		PUT(f, "\"}]}");
		put_member(f, "value", component(f, obx(f, r, 5), 1));
		PUT(f, "}");
	}
	if (count)
		PUT(f, "]");
}

void put_device(struct aff_fhir *f, unsigned number, unsigned ordinal)
{
	const struct party *p = &f->devices.items[number];
	bool attributes = false;
	for (const struct row *r = f->rows; r < f->rows + f->count; r++)
		attributes |= r->role == ROLE_ATTRIBUTE && r->device == number;
	entry_begin(f, ordinal);
	PUT(f, "{\"resourceType\":\"Device\",\"identifier\":[{");
	put_identity(f, &p->identity);
	PUT(f, "}]");
	if (attributes) {
		put_model(f, number);
		put_versions(f, number);
	}
	if (p->describes)
		put_concept(f, ",\"type\":", aff_msg_field(f->m, p->segment, 3));
	PUT(f, "}");
	if (f->transaction) {
		PUT(f, ",\"request\":{\"method\":\"PUT\",\"url\":\"Device?");
		put_search(f, &p->identity);
		PUT(f, "\"}");
	}
	PUT(f, "}");
}
