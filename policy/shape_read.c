#include "policy/shape.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "crypto/codec.h"
#include "crypto/lines.h"

enum err
shape_fail(struct shape_reader *r, const char *fmt, ...)
{
	size_t cap = sizeof(r->problem->text);
	va_list ap;
	int n;

	n = snprintf(r->problem->text, cap, "%s%s", r->path,
	    r->path[0] != '\0' ? ": " : "");
	va_start(ap, fmt);
	if (n >= 0 && (size_t)n < cap)
		vsnprintf(r->problem->text + n, cap - (size_t)n, fmt, ap);
	va_end(ap);
	return ERR_SYNTAX;
}

/* Steps down to a member or item; the length to go back to. */
static size_t
step(struct shape_reader *r, const char *key, size_t index)
{
	size_t n = strlen(r->path);
	char *end = r->path + n;
	size_t room = sizeof(r->path) - n;

	if (key == NULL)
		snprintf(end, room, "[%zu]", index);
	else
		snprintf(end, room, "%s%s", n > 0 ? "." : "", key);
	return n;
}

static void
put_unsigned(void *at, size_t size, uint64_t v)
{
	uint8_t v8 = (uint8_t)v;
	uint16_t v16 = (uint16_t)v;
	uint32_t v32 = (uint32_t)v;

	if (size == sizeof(v8))
		memcpy(at, &v8, size);
	else if (size == sizeof(v16))
		memcpy(at, &v16, size);
	else if (size == sizeof(v32))
		memcpy(at, &v32, size);
	else
		memcpy(at, &v, sizeof(v));
}

static enum err
read_number(struct shape_reader *r, const json_t *j, uint64_t min, uint64_t max,
    uint64_t *ret)
{
	json_int_t v = json_integer_value(j);

	if (!json_is_integer(j) || v < 0 || (uint64_t)v < min ||
	    (uint64_t)v > max)
		return shape_fail(r, "is a number from %llu to %llu",
		    (unsigned long long)min, (unsigned long long)max);
	*ret = (uint64_t)v;
	return ERR_OK;
}

static struct bytes
string_of(const json_t *j)
{
	return BYTES((const uint8_t *)json_string_value(j),
	    json_string_length(j));
}

enum err
shape_read_text(struct shape_reader *r, const json_t *j, char *out, size_t cap,
    size_t min)
{
	struct bytes x = string_of(j);

	if (!json_is_string(j) || x.n < min || x.n >= cap ||
	    !text_is_printable(x))
		return shape_fail(r, "is one line of %zu to %zu bytes", min,
		    cap - 1);
	memset(out, 0, cap);
	memcpy(out, x.p, x.n);
	return ERR_OK;
}

bool
shape_slug_ok(const char *s)
{
	return s[0] != '\0' && s[0] != '-' &&
	    s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static enum err
read_slug(struct shape_reader *r, const json_t *j, const struct part *part,
    char *out)
{
	enum err e = shape_read_text(r, j, out, part->size, (size_t)part->min);

	if (e == ERR_OK && out[0] != '\0' && !shape_slug_ok(out))
		e = shape_fail(r, "is of small letters, digits and '-'");
	return e;
}

static enum err
read_name(struct shape_reader *r, const json_t *j, const struct names *names,
    unsigned *ret)
{
	if (!json_is_string(j) ||
	    names_find(names, string_of(j), ret) != ERR_OK)
		return shape_fail(r,
		    "is not one of the words that can be here");
	return ERR_OK;
}

/* A list of names, each once, in their order. */
static enum err
read_names(struct shape_reader *r, const json_t *j, const struct names *names,
    uint32_t *ret)
{
	uint32_t mask = 0;
	unsigned i;
	enum err e;

	if (!json_is_array(j))
		return shape_fail(r, "is a list");
	for (size_t k = 0; k < json_array_size(j); k++) {
		e = read_name(r, json_array_get(j, k), names, &i);
		if (e != ERR_OK)
			return e;
		if (mask >> i != 0)
			return shape_fail(r, "repeats a word, or is unordered");
		mask |= 1u << i;
	}
	*ret = mask;
	return ERR_OK;
}

static const char *const band_words[] = { "P1", "P2", "P3", "P4" };
static const struct names band_names = { band_words, POLICY_BANDS };

static enum err
read_bands(struct shape_reader *r, const json_t *j, const struct part *part,
    void *at)
{
	uint32_t mask = 0;
	unsigned i = 0;
	enum err e;

	if (part->kind == PART_BANDS) {
		e = read_names(r, j, &band_names, &mask);
	} else {
		e = read_name(r, j, &band_names, &i);
		mask = i + 1;
	}
	if (e == ERR_OK)
		put_unsigned(at, 1, mask);
	return e;
}

static enum err
read_numbers(struct shape_reader *r, const json_t *j, const struct part *part,
    char *into)
{
	uint16_t *out = (uint16_t *)(void *)(into + part->offset);
	size_t n = json_array_size(j);
	uint64_t v = 0;
	enum err e;

	if (!json_is_array(j) || n > part->max)
		return shape_fail(r, "is a list of at most %llu numbers",
		    (unsigned long long)part->max);
	for (size_t i = 0; i < n; i++) {
		e = read_number(r, json_array_get(j, i), 0, UINT16_MAX, &v);
		if (e != ERR_OK)
			return e;
		out[i] = (uint16_t)v;
	}
	memcpy(into + part->count, &n, sizeof(n));
	return ERR_OK;
}

static enum err
read_list(struct shape_reader *r, const json_t *j, const struct part *part,
    char *into)
{
	size_t n = json_array_size(j), size = part->shape->size;
	char *items;
	enum err e = ERR_OK;

	if (!json_is_array(j) || n < part->min || n > part->max)
		return shape_fail(r, "is a list of %llu to %llu",
		    (unsigned long long)part->min,
		    (unsigned long long)part->max);
	items = arena_alloc(r->arena, n, size);
	if (items == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < n && e == ERR_OK; i++) {
		size_t back = step(r, NULL, i);

		e = shape_read(r, json_array_get(j, i), part->shape,
		    items + i * size);
		if (e == ERR_OK)
			r->path[back] = '\0';
	}
	memcpy(into + part->offset, &items, sizeof(items));
	memcpy(into + part->count, &n, sizeof(n));
	return e;
}

static enum err
read_coded(struct shape_reader *r, const json_t *j, const struct part *part,
    void *at)
{
	struct bytes x = string_of(j);
	enum err e = ERR_SYNTAX;

	if (!json_is_string(j))
		return shape_fail(r, "is a text");
	if (part->kind == PART_HEX)
		e = hex_decode(x, at, part->size);
	else if (part->kind == PART_DURATION)
		e = duration_parse(x, at);
	else
		e = age_recipient_parse(x, at);
	return e == ERR_OK || e == ERR_NOMEM ? e
					     : shape_fail(r, "is malformed");
}

static enum err
read_part(struct shape_reader *r, const json_t *j, const struct part *part,
    void *into)
{
	void *at = (char *)into + part->offset;
	unsigned i = 0;
	uint64_t v = 0;
	enum err e = ERR_SYNTAX;

	switch (part->kind) {
	case PART_TEXT:
		return shape_read_text(r, j, at, part->size, (size_t)part->min);
	case PART_SLUG:
		return read_slug(r, j, part, at);
	case PART_NUMBER:
	case PART_TIME:
		e = read_number(r, j, part->min,
		    part->kind == PART_TIME ? TIME_MAX : part->max, &v);
		break;
	case PART_BOOL:
		if (!json_is_boolean(j))
			return shape_fail(r, "is true or false");
		v = json_is_true(j);
		e = ERR_OK;
		break;
	case PART_NAME:
		e = read_name(r, j, part->names, &i);
		v = i;
		break;
	case PART_NAMES:
		return read_names(r, j, part->names, at);
	case PART_BANDS:
	case PART_BAND:
		return read_bands(r, j, part, at);
	case PART_HEX:
	case PART_DURATION:
	case PART_RECIPIENT:
		return read_coded(r, j, part, at);
	case PART_NUMBERS:
		return read_numbers(r, j, part, into);
	case PART_STRUCT:
		return shape_read(r, j, part->shape, at);
	case PART_LIST:
		return read_list(r, j, part, into);
	case PART_OWN:
		return part->read(r, j, into);
	}
	if (e == ERR_OK)
		put_unsigned(at, part->size, v);
	return e;
}

enum err
shape_read(struct shape_reader *r, const json_t *j, const struct shape *shape,
    void *into)
{
	const json_t *member;
	size_t back;
	enum err e;

	if (!json_is_object(j))
		return shape_fail(r, "is an object");
	for (size_t i = 0; i < shape->n; i++) {
		back = step(r, shape->part[i].key, 0);
		member = json_object_get(j, shape->part[i].key);
		if (member == NULL)
			return shape_fail(r, "is missing");
		e = read_part(r, member, &shape->part[i], into);
		if (e != ERR_OK)
			return e;
		r->path[back] = '\0';
	}
	if (json_object_size(j) != shape->n)
		return shape_fail(r, "has a member that is not known");
	return ERR_OK;
}
