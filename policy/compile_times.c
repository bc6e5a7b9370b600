#include "policy/compile_parts.h"

#include <string.h>

#include "crypto/codec.h"

/* --- deadlines --- */

struct by_band {
	const struct yaml_node *band[POLICY_BANDS];
};

/* clang-format off */
static const struct yaml_field band_fields[] = {
	{ .key = "P1", .kind = YAML_AS_NODE, .required = true,
	    YAML_FIELD_OF(struct by_band, band[0]) },
	{ .key = "P2", .kind = YAML_AS_NODE, .required = true,
	    YAML_FIELD_OF(struct by_band, band[1]) },
	{ .key = "P3", .kind = YAML_AS_NODE, .required = true,
	    YAML_FIELD_OF(struct by_band, band[2]) },
	{ .key = "P4", .kind = YAML_AS_NODE, .required = true,
	    YAML_FIELD_OF(struct by_band, band[3]) },
};
/* clang-format on */

/* One time for all bands, or one for each. */
static enum err
read_deadline(struct compiler *c, const struct yaml_node *at,
    struct policy_duration out[static POLICY_BANDS])
{
	struct by_band by = { { at, at, at, at } };
	enum err e = ERR_OK;

	if (at->kind == YAML_MAP)
		e = yaml_read_map(c->doc, at, band_fields, COUNT(band_fields),
		    &by);
	for (size_t i = 0; e == ERR_OK && i < POLICY_BANDS; i++)
		e = read_duration(c->doc, by.band[i], &out[i]);
	return e;
}

enum err
compile_deadlines(struct compiler *c, const struct yaml_node *at)
{
	struct policy *p = c->policy;
	struct yaml_node word;
	unsigned which = 0;
	enum err e;

	if (at->kind != YAML_MAP)
		return yaml_fail(c->doc, at, "deadlines is a map");
	for (const struct yaml_node *item = at->first; item != NULL;
	     item = item->next) {
		word = *item;
		word.kind = YAML_TEXT;
		word.text = item->key;
		if ((e = read_word(c->doc, &word, &deadline_names, "deadline",
			 &which)) != ERR_OK ||
		    (e = read_deadline(c, item, p->deadline[which])) != ERR_OK)
			return e;
	}
	return ERR_OK;
}

/* --- limits --- */

struct limits_draft {
	struct policy_limits l;
	const struct yaml_node *prompts, *detriment, *at_once, *second;
};

/* clang-format off */
static const struct yaml_field limit_fields[] = {
	{ .key = "living-days", .kind = YAML_AS_NUMBER,
	    YAML_FIELD_OF(struct limits_draft, l.living_days), .min = 1,
	    .max = 365 },
	{ .key = "caseload", .kind = YAML_AS_NUMBER,
	    YAML_FIELD_OF(struct limits_draft, l.caseload), .min = 1,
	    .max = 1000 },
	{ .key = "attachments-mib", .kind = YAML_AS_NUMBER,
	    YAML_FIELD_OF(struct limits_draft, l.attachments_mib), .min = 0,
	    .max = 1000 },
	{ .key = "close-after-days", .kind = YAML_AS_NUMBER,
	    YAML_FIELD_OF(struct limits_draft, l.close_after_days), .min = 1,
	    .max = 3650 },
	{ .key = "mailbox-days", .kind = YAML_AS_NUMBER,
	    YAML_FIELD_OF(struct limits_draft, l.mailbox_days), .min = 1,
	    .max = 36500 },
	{ .key = "prompt-days", .kind = YAML_AS_NODE,
	    YAML_FIELD_OF(struct limits_draft, prompts) },
	{ .key = "detriment-days", .kind = YAML_AS_NODE,
	    YAML_FIELD_OF(struct limits_draft, detriment) },
	{ .key = "notify-minutes", .kind = YAML_AS_NUMBER,
	    YAML_FIELD_OF(struct limits_draft, l.notify_minutes), .min = 15,
	    .max = 1440 },
	{ .key = "notify-at-once", .kind = YAML_AS_NODE,
	    YAML_FIELD_OF(struct limits_draft, at_once) },
	{ .key = "close-needs-second", .kind = YAML_AS_NODE,
	    YAML_FIELD_OF(struct limits_draft, second) },
};
/* clang-format on */

static const struct policy_limits usual_limits = {
	.living_days = 30,
	.caseload = 8,
	.attachments_mib = 64,
	.close_after_days = 60,
	.mailbox_days = 365,
	.n_prompts = 3,
	.prompt_days = { 10, 20, 40 },
	.n_detriment = 4,
	.detriment_days = { 30, 91, 182, 365 },
	.notify_minutes = 240,
	.close_needs_second = BAND_BIT(1) | BAND_BIT(2),
};

static enum err
read_days(struct compiler *c, const struct yaml_node *at,
    uint16_t out[static POLICY_TIMES_MAX], size_t *ret_n)
{
	const struct yaml_node *item = NULL;
	uint64_t v = 0;
	size_t n = 0;
	enum err e;

	if (at == NULL)
		return ERR_OK;
	e = list_items(c->doc, at, POLICY_TIMES_MAX, &item, &n);
	for (size_t i = 0; e == ERR_OK && i < n; i++, item = item->next) {
		e = yaml_number(c->doc, item, 1, 3650, &v);
		if (e == ERR_OK)
			out[i] = (uint16_t)v;
	}
	if (e == ERR_OK)
		*ret_n = n;
	return e;
}

enum err
compile_limits(struct compiler *c, const struct yaml_node *at)
{
	struct limits_draft d = { .l = usual_limits };
	enum err e;

	c->policy->limits = usual_limits;
	if (at == NULL)
		return ERR_OK;
	if ((e = yaml_read_map(c->doc, at, limit_fields, COUNT(limit_fields),
		 &d)) != ERR_OK ||
	    (e = read_days(c, d.prompts, d.l.prompt_days, &d.l.n_prompts)) !=
		ERR_OK ||
	    (e = read_days(c, d.detriment, d.l.detriment_days,
		 &d.l.n_detriment)) != ERR_OK)
		return e;
	if (d.at_once != NULL &&
	    (e = read_bands(c->doc, d.at_once, &d.l.notify_at_once)) != ERR_OK)
		return e;
	if (d.second != NULL &&
	    (e = read_bands(c->doc, d.second, &d.l.close_needs_second)) !=
		ERR_OK)
		return e;
	c->policy->limits = d.l;
	return ERR_OK;
}

/* --- calendar --- */

#define HOLIDAYS_MAX 256
/* What came under the policy before, and what begins under this one's end. */
#define DAYS_BEFORE 31 /* issue */
#define DAYS_AFTER 120 /* hard expiry */

struct calendar_draft {
	char zone[sizeof(((struct policy *)0)->zone)];
	const struct yaml_node *days, *hours, *holidays;
	uint8_t weekdays;     /* bit 0: Monday */
	unsigned from, until; /* minutes past midnight */
	size_t n_holidays;
	int64_t holiday[HOLIDAYS_MAX];
};

/* clang-format off */
static const struct yaml_field calendar_fields[] = {
	{ .key = "zone", .kind = YAML_AS_TEXT, .required = true,
	    YAML_FIELD_OF(struct calendar_draft, zone) },
	{ .key = "working-days", .kind = YAML_AS_NODE, .required = true,
	    YAML_FIELD_OF(struct calendar_draft, days) },
	{ .key = "working-hours", .kind = YAML_AS_NODE, .required = true,
	    YAML_FIELD_OF(struct calendar_draft, hours) },
	{ .key = "holidays", .kind = YAML_AS_NODE,
	    YAML_FIELD_OF(struct calendar_draft, holidays) },
};
/* clang-format on */

static enum err
read_weekdays(struct compiler *c, struct calendar_draft *d)
{
	static const char *const words[] = { "monday", "tuesday", "wednesday",
		"thursday", "friday", "saturday", "sunday" };
	static const struct names names = { words, COUNT(words) };
	const struct yaml_node *item = NULL;
	size_t n = 0;
	unsigned i;
	enum err e = list_items(c->doc, d->days, COUNT(words), &item, &n);

	for (; e == ERR_OK && n > 0; n--, item = item->next) {
		e = read_word(c->doc, item, &names, "day of the week", &i);
		if (e == ERR_OK)
			d->weekdays |= (uint8_t)(1u << i);
	}
	return e;
}

/* "HH:MM", in quarters. */
static bool
clock_parse(struct bytes x, unsigned *ret)
{
	unsigned v[4], minutes;

	if (x.n != 5 || x.p[2] != ':')
		return false;
	for (size_t i = 0; i < 4; i++) {
		uint8_t digit = x.p[i < 2 ? i : i + 1];

		if (digit < '0' || digit > '9')
			return false;
		v[i] = (unsigned)(digit - '0');
	}
	minutes = (v[0] * 10 + v[1]) * 60 + v[2] * 10 + v[3];
	if (v[2] > 5 || minutes > 24 * 60 || minutes % 15 != 0)
		return false;
	*ret = minutes;
	return true;
}

/* "09:00-17:00" */
static enum err
read_hours(struct compiler *c, struct calendar_draft *d)
{
	struct bytes x = bytes_str(d->hours->text);

	if (x.n != 11 || x.p[5] != '-' ||
	    !clock_parse(BYTES(x.p, 5), &d->from) ||
	    !clock_parse(BYTES(x.p + 6, 5), &d->until) || d->from >= d->until)
		return yaml_fail(c->doc, d->hours,
		    "working hours are written 09:00-17:00, in quarters of an "
		    "hour");
	return ERR_OK;
}

static enum err
read_holidays(struct compiler *c, struct calendar_draft *d)
{
	const struct yaml_node *item = NULL;
	size_t n = 0;
	enum err e = list_items(c->doc, d->holidays, HOLIDAYS_MAX, &item, &n);

	for (; e == ERR_OK && n > 0; n--, item = item->next)
		e = yaml_day(c->doc, item, &d->holiday[d->n_holidays++]);
	return e;
}

static bool
is_working_day(const struct calendar_draft *d, int64_t day)
{
	/* 1970-01-01 was a Thursday */
	if ((d->weekdays >> (day + 3) % 7 & 1) == 0)
		return false;
	for (size_t i = 0; i < d->n_holidays; i++)
		if (d->holiday[i] == day)
			return false;
	return true;
}

static enum err
add_day(struct compiler *c, const struct calendar_draft *d, int64_t day)
{
	struct policy *p = c->policy;
	struct policy_interval v = { 0 };
	enum err e;

	if (p->n_intervals == POLICY_INTERVALS_MAX)
		return yaml_fail(c->doc, d->days,
		    "the policy is in force for more than %d working days",
		    POLICY_INTERVALS_MAX);
	if ((e = c->zone->to_utc(c->zone->ctx, d->zone, day, d->from,
		 &v.start)) == ERR_OK)
		e = c->zone->to_utc(c->zone->ctx, d->zone, day, d->until,
		    &v.end);
	if (e == ERR_OK)
		p->intervals[p->n_intervals++] = v;
	return e;
}

static enum err
resolve(struct compiler *c, const struct yaml_node *at,
    const struct calendar_draft *d)
{
	struct policy *p = c->policy;
	int64_t last = p->hard_expiry / DAY_SECONDS + DAYS_AFTER;
	int64_t day = c->day > DAYS_BEFORE ? c->day - DAYS_BEFORE : 0;
	enum err e = ERR_OK;

	p->intervals =
	    arena_alloc(c->arena, POLICY_INTERVALS_MAX, sizeof(*p->intervals));
	if (p->intervals == NULL)
		return ERR_NOMEM;
	for (; e == ERR_OK && day <= last; day++)
		if (is_working_day(d, day))
			e = add_day(c, d, day);
	if (e == ERR_NOT_FOUND)
		e = yaml_fail(c->doc, yaml_get(at, "zone"),
		    "this system knows no time zone \"%s\"", d->zone);
	return e;
}

enum err
compile_calendar(struct compiler *c, const struct yaml_node *at)
{
	struct calendar_draft d = { 0 };
	enum err e;

	if ((e = yaml_read_map(c->doc, at, calendar_fields,
		 COUNT(calendar_fields), &d)) != ERR_OK ||
	    (e = read_weekdays(c, &d)) != ERR_OK ||
	    (e = read_hours(c, &d)) != ERR_OK ||
	    (e = read_holidays(c, &d)) != ERR_OK ||
	    (e = resolve(c, at, &d)) != ERR_OK)
		return e;
	memcpy(c->policy->zone, d.zone, sizeof(d.zone));
	return ERR_OK;
}
