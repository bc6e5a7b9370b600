#include "policy/yaml.h"

#include <stdio.h>
#include <string.h>

#include "crypto/codec.h"
#include "crypto/lines.h"

static const char *
name_of(const struct yaml_node *at)
{
	return at->key != NULL ? at->key : "this";
}

/* The scalar without its last newline, which "|" and ">" leave. */
static enum err
scalar(struct yaml_doc *d, const struct yaml_node *at, struct bytes *ret)
{
	struct bytes x = bytes_str(at->text);

	if (at->kind != YAML_TEXT)
		return yaml_fail(d, at, "%s is one value, not a %s",
		    name_of(at), at->kind == YAML_MAP ? "map" : "list");
	if (x.n > 0 && x.p[x.n - 1] == '\n')
		x.n--;
	if (x.n == 0)
		return yaml_fail(d, at, "%s is empty", name_of(at));
	*ret = x;
	return ERR_OK;
}

static enum err
copy_out(struct yaml_doc *d, const struct yaml_node *at, struct bytes x,
    char *out, size_t cap)
{
	if (x.n >= cap)
		return yaml_fail(d, at, "%s is too long (%zu bytes at most)",
		    name_of(at), cap - 1);
	memcpy(out, x.p, x.n);
	out[x.n] = '\0';
	return ERR_OK;
}

enum err
yaml_text(struct yaml_doc *d, const struct yaml_node *at, char *out, size_t cap)
{
	struct bytes x;
	enum err e = scalar(d, at, &x);

	if (e != ERR_OK)
		return e;
	if (!text_is_printable(x))
		return yaml_fail(d, at,
		    "%s is one line without tabs and control characters",
		    name_of(at));
	return copy_out(d, at, x, out, cap);
}

static bool
slug_ok(struct bytes x)
{
	for (size_t i = 0; i < x.n; i++) {
		uint8_t c = x.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			(c == '-' && i > 0)))
			return false;
	}
	return x.n > 0;
}

enum err
yaml_slug(struct yaml_doc *d, const struct yaml_node *at, char *out, size_t cap)
{
	struct bytes x;
	enum err e = scalar(d, at, &x);

	if (e != ERR_OK)
		return e;
	if (!slug_ok(x))
		return yaml_fail(d, at,
		    "%s is of small letters, digits and '-'", name_of(at));
	return copy_out(d, at, x, out, cap);
}

enum err
yaml_number(struct yaml_doc *d, const struct yaml_node *at, uint64_t min,
    uint64_t max, uint64_t *ret)
{
	struct bytes x;
	uint64_t v;
	enum err e = scalar(d, at, &x);

	if (e != ERR_OK)
		return e;
	if (decimal_get(x, max, &v) != ERR_OK || v < min)
		return yaml_fail(d, at, "%s is a number from %llu to %llu",
		    name_of(at), (unsigned long long)min,
		    (unsigned long long)max);
	*ret = v;
	return ERR_OK;
}

enum err
yaml_bool(struct yaml_doc *d, const struct yaml_node *at, bool *ret)
{
	struct bytes x;
	enum err e = scalar(d, at, &x);

	if (e != ERR_OK)
		return e;
	if (bytes_equal(x, BYTES_LIT("yes")) ||
	    bytes_equal(x, BYTES_LIT("true")))
		*ret = true;
	else if (bytes_equal(x, BYTES_LIT("no")) ||
	    bytes_equal(x, BYTES_LIT("false")))
		*ret = false;
	else
		return yaml_fail(d, at, "%s is yes or no", name_of(at));
	return ERR_OK;
}

enum err
yaml_day(struct yaml_doc *d, const struct yaml_node *at, int64_t *ret)
{
	struct bytes x;
	int64_t day;
	enum err e = scalar(d, at, &x);

	if (e != ERR_OK)
		return e;
	if (day_parse(x, &day) != ERR_OK || day < 0 || day > YAML_DAY_MAX)
		return yaml_fail(d, at, "%s is a day such as 2026-11-21",
		    name_of(at));
	*ret = day;
	return ERR_OK;
}

/* --- maps by table --- */

static void
put_number(void *at, size_t size, uint64_t v)
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
read_field(struct yaml_doc *d, const struct yaml_node *at,
    const struct yaml_field *f, void *into)
{
	char *place = (char *)into + f->offset;
	uint64_t v;
	enum err e;

	switch (f->kind) {
	case YAML_AS_TEXT:
		return yaml_text(d, at, place, f->size);
	case YAML_AS_SLUG:
		return yaml_slug(d, at, place, f->size);
	case YAML_AS_NUMBER:
		e = yaml_number(d, at, f->min, f->max, &v);
		if (e == ERR_OK)
			put_number(place, f->size, v);
		return e;
	case YAML_AS_BOOL:
		return yaml_bool(d, at, (bool *)(void *)place);
	case YAML_AS_DAY:
		return yaml_day(d, at, (int64_t *)(void *)place);
	case YAML_AS_NODE:
		memcpy(place, &at, sizeof(at));
		return ERR_OK;
	case YAML_AS_HANDLER:
		break;
	}
	return f->read(d, at, into);
}

/* Levenshtein's distance, of words within YAML_KEY_MAX. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[YAML_KEY_MAX + 1], n = strlen(b);

	for (size_t j = 0; j <= n; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1] != '\0'; i++) {
		size_t before = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			size_t change = before + (a[i - 1] != b[j - 1]);
			size_t step = row[j] < row[j - 1] ? row[j] : row[j - 1];

			before = row[j];
			row[j] = change < step + 1 ? change : step + 1;
		}
	}
	return row[n];
}

static enum err
fail_unknown(struct yaml_doc *d, const struct yaml_node *at,
    const struct yaml_field *fields, size_t n)
{
	const char *nearest = NULL;
	size_t least = 3;

	for (size_t i = 0; i < n; i++) {
		size_t k = distance(at->key, fields[i].key);

		if (k < least) {
			least = k;
			nearest = fields[i].key;
		}
	}
	if (nearest == NULL)
		return yaml_fail(d, at, "there is no \"%s\" here", at->key);
	return yaml_fail(d, at, "there is no \"%s\" here; is it \"%s\"?",
	    at->key, nearest);
}

static const struct yaml_field *
field_called(const char *key, const struct yaml_field *fields, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(fields[i].key, key) == 0)
			return &fields[i];
	return NULL;
}

enum err
yaml_read_map(struct yaml_doc *d, const struct yaml_node *map,
    const struct yaml_field *fields, size_t n, void *into)
{
	const struct yaml_field *f;
	enum err e;

	if (map->kind != YAML_MAP)
		return yaml_fail(d, map, "%s is a map of \"key: value\"",
		    name_of(map));
	for (const struct yaml_node *c = map->first; c != NULL; c = c->next) {
		f = field_called(c->key, fields, n);
		if (f == NULL)
			return fail_unknown(d, c, fields, n);
		if ((e = read_field(d, c, f, into)) != ERR_OK)
			return e;
	}
	for (size_t i = 0; i < n; i++)
		if (fields[i].required && yaml_get(map, fields[i].key) == NULL)
			return yaml_fail(d, map, "\"%s\" is missing",
			    fields[i].key);
	return ERR_OK;
}

enum err
yaml_read_list(struct yaml_doc *d, const struct yaml_node *list, size_t min,
    size_t max,
    enum err (*read)(struct yaml_doc *d, const struct yaml_node *at,
	void *into),
    void *into)
{
	enum err e;

	if (list->kind == YAML_MAP)
		return yaml_fail(d, list, "%s is a list", name_of(list));
	if (list->kind == YAML_TEXT && min <= 1)
		return read(d, list, into);
	if (list->kind == YAML_TEXT || list->n < min || list->n > max)
		return yaml_fail(d, list, "%s is a list of %zu to %zu",
		    name_of(list), min, max);
	for (const struct yaml_node *c = list->first; c != NULL; c = c->next)
		if ((e = read(d, c, into)) != ERR_OK)
			return e;
	return ERR_OK;
}
