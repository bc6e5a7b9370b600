#include "policy/calendar.h"

#include "crypto/codec.h"

/* The first interval that ends after t; n_intervals where there is none. */
static size_t
interval_at(const struct policy *p, int64_t t)
{
	size_t low = 0, high = p->n_intervals;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (p->intervals[mid].end > t)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

bool
calendar_is_working(const struct policy *p, int64_t t)
{
	size_t i = interval_at(p, t);

	return i < p->n_intervals && p->intervals[i].start <= t;
}

static enum err
add_working_hours(const struct policy *p, int64_t t, unsigned hours,
    int64_t *ret)
{
	int64_t left = (int64_t)hours * 3600;

	for (size_t i = interval_at(p, t); i < p->n_intervals; i++) {
		const struct policy_interval *v = &p->intervals[i];
		int64_t from = t > v->start ? t : v->start;

		if (left <= v->end - from) {
			*ret = from + left;
			return ERR_OK;
		}
		left -= v->end - from;
	}
	return ERR_LIMIT;
}

static enum err
add_working_days(const struct policy *p, int64_t t, unsigned days, int64_t *ret)
{
	size_t i = interval_at(p, t);
	const struct policy_interval *v = &p->intervals[i];
	int64_t into, length;

	if (i >= p->n_intervals || days >= p->n_intervals - i)
		return ERR_LIMIT;
	into = t > v->start ? t - v->start : 0;
	v += days;
	length = v->end - v->start;
	*ret = v->start + (into < length ? into : length);
	return ERR_OK;
}

enum err
calendar_add(const struct policy *p, int64_t t, struct policy_duration d,
    int64_t *ret)
{
	int64_t due = 0;
	enum err e = ERR_OK;

	if (t < 0 || t > INT64_MAX / 2)
		return ERR_LIMIT;
	switch (d.unit) {
	case UNIT_MINUTES:
		due = t + (int64_t)d.amount * 60;
		break;
	case UNIT_HOURS:
		due = t + (int64_t)d.amount * 3600;
		break;
	case UNIT_DAYS:
		due = t + (int64_t)d.amount * DAY_SECONDS;
		break;
	case UNIT_WORKING_HOURS:
		e = add_working_hours(p, t, d.amount, &due);
		break;
	case UNIT_WORKING_DAYS:
		e = add_working_days(p, t, d.amount, &due);
		break;
	}
	if (e != ERR_OK)
		return e;
	*ret =
	    (due + CALENDAR_QUARTER - 1) / CALENDAR_QUARTER * CALENDAR_QUARTER;
	return ERR_OK;
}
