#include "policy/shape.h"

#include <string.h>

#include "crypto/codec.h"

static uint64_t
get_unsigned(const void *at, size_t size)
{
	uint8_t v8;
	uint16_t v16;
	uint32_t v32;
	uint64_t v64;

	if (size == sizeof(v8)) {
		memcpy(&v8, at, size);
		return v8;
	}
	if (size == sizeof(v16)) {
		memcpy(&v16, at, size);
		return v16;
	}
	if (size == sizeof(v32)) {
		memcpy(&v32, at, size);
		return v32;
	}
	memcpy(&v64, at, sizeof(v64));
	return v64;
}

static json_t *
write_hex(const uint8_t *p, size_t n)
{
	char text[2 * 64 + 1];

	if (n > 64)
		return NULL;
	hex_encode(text, p, n);
	return json_string(text);
}

static json_t *
write_recipient(const struct age_recipient *to)
{
	CLEAN_BUF struct buf text = BUF_INIT(AGE_RECIPIENT_TEXT_MAX);

	if (age_recipient_put(&text, to) != ERR_OK || text.err != ERR_OK)
		return NULL;
	return json_stringn((const char *)text.p, text.n);
}

static json_t *
write_duration(const struct policy_duration *d)
{
	char text[DURATION_TEXT_MAX];

	duration_format(d, text);
	return json_string(text);
}

static json_t *
write_band(unsigned band)
{
	char text[] = { 'P', (char)('0' + band), '\0' };

	return json_string(text);
}

/* Adds an item to a list that may have failed already. */
static json_t *
append(json_t *list, json_t *item)
{
	if (json_array_append_new(list, item) != 0) {
		json_decref(list);
		return NULL;
	}
	return list;
}

static json_t *
write_bands(unsigned mask)
{
	json_t *list = json_array();

	for (unsigned band = 1; band <= POLICY_BANDS; band++)
		if (mask & BAND_BIT(band))
			list = append(list, write_band(band));
	return list;
}

static json_t *
write_names(const struct names *names, uint64_t mask)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < names->n; i++)
		if (mask >> i & 1)
			list = append(list, json_string(names->name[i]));
	return list;
}

static json_t *
write_numbers(const uint16_t *v, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		list = append(list, json_integer(v[i]));
	return list;
}

static json_t *
write_list(const struct policy *p, const struct part *part, const void *from)
{
	const char *items;
	json_t *list = json_array();
	size_t n;

	memcpy(&items, (const char *)from + part->offset, sizeof(items));
	memcpy(&n, (const char *)from + part->count, sizeof(n));
	for (size_t i = 0; i < n; i++)
		list = append(list,
		    shape_write(p, part->shape, items + i * part->shape->size));
	return list;
}

static json_t *
write_part(const struct policy *p, const struct part *part, const void *from)
{
	const void *at = (const char *)from + part->offset;
	size_t n;

	switch (part->kind) {
	case PART_TEXT:
	case PART_SLUG:
		return json_string(at);
	case PART_NUMBER:
	case PART_TIME:
		return json_integer((json_int_t)get_unsigned(at, part->size));
	case PART_BOOL:
		return json_boolean(get_unsigned(at, part->size) != 0);
	case PART_HEX:
		return write_hex(at, part->size);
	case PART_NAME:
		return json_string(
		    part->names->name[get_unsigned(at, part->size)]);
	case PART_NAMES:
		return write_names(part->names, get_unsigned(at, part->size));
	case PART_BANDS:
		return write_bands((unsigned)get_unsigned(at, 1));
	case PART_BAND:
		return write_band((unsigned)get_unsigned(at, 1));
	case PART_DURATION:
		return write_duration(at);
	case PART_RECIPIENT:
		return write_recipient(at);
	case PART_NUMBERS:
		memcpy(&n, (const char *)from + part->count, sizeof(n));
		return write_numbers(at, n);
	case PART_STRUCT:
		return shape_write(p, part->shape, at);
	case PART_LIST:
		return write_list(p, part, from);
	case PART_OWN:
		break;
	}
	return part->write(p, from);
}

json_t *
shape_write(const struct policy *p, const struct shape *shape, const void *from)
{
	json_t *j = json_object();

	for (size_t i = 0; i < shape->n; i++)
		if (json_object_set_new(j, shape->part[i].key,
			write_part(p, &shape->part[i], from)) != 0) {
			json_decref(j);
			return NULL;
		}
	return j;
}
