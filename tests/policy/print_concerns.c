#include "tests/policy/print.h"

#include <stdio.h>

#include "policy/calendar.h"
#include "policy/names.h"

unsigned
below(struct dice *d, unsigned n)
{
	uint64_t z = d->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (unsigned)((z ^ z >> 31) % n);
}

bool
in_a_hundred(struct dice *d, unsigned percent)
{
	return below(d, 100) < percent;
}

struct policy_duration
random_duration(struct dice *d)
{
	struct policy_duration t = {
		.unit = (enum policy_unit)below(d, POLICY_UNITS),
	};

	t.amount = (uint16_t)below(d, t.unit == UNIT_WORKING_HOURS ? 60 : 12);
	if (t.unit == UNIT_MINUTES)
		t.amount = (uint16_t)(t.amount * 15);
	return t;
}

static const char *
outcome(enum err e)
{
	if (e == ERR_OK)
		return "ok";
	if (e == ERR_NOT_FOUND)
		return "unknown";
	if (e == ERR_LIMIT)
		return "limit";
	return e == ERR_DENIED ? "denied" : "syntax";
}

static json_t *
numbers(const uint16_t *v, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_integer(v[i]));
	return list;
}

/* The beginning of what is sealed to. */
static json_t *
recipients(const struct policy *p, const struct policy_route *r, int64_t day)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->n_people; i++) {
		struct buf text CLEAN_BUF = BUF_INIT(AGE_RECIPIENT_TEXT_MAX);
		const struct age_recipient *to =
		    members_recipient(p, r, p->people[i].number, day);

		if (to != NULL)
			assert_int_equal(age_recipient_put(&text, to), ERR_OK);
		json_array_append_new(list,
		    to == NULL ? json_null()
			       : json_stringn((const char *)text.p, 60));
	}
	return list;
}

/* [[person, rung], …], or what was wrong. */
static json_t *
members(enum err e, const struct member *m, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n && e == ERR_OK; i++)
		json_array_append_new(list,
		    json_pack("[i, i]", m[i].person, m[i].rung));
	if (e == ERR_OK)
		return list;
	json_decref(list);
	return json_string(outcome(e));
}

/* --- a concern --- */

struct asked {
	struct manifest_answer answer[8];
	size_t n;
};

static void
answer(struct asked *a, const char *field, const char *value)
{
	struct manifest_answer *at = &a->answer[a->n++];

	assert_true(a->n <= 8);
	(void)snprintf(at->field, sizeof(at->field), "%s", field);
	(void)snprintf(at->value, sizeof(at->value), "%s", value);
}

/* The generator's form, seldom with what it does not take. */
static struct asked
random_answers(struct dice *d)
{
	static const char *const one[] = { "x", "y", "z" },
				 *const many[] = { "a", "b" },
				 *const risk[] = { "yes", "no" };
	struct asked a = { 0 };

	if (in_a_hundred(d, 60))
		answer(&a, "one", one[below(d, 3)]);
	if (in_a_hundred(d, 5))
		answer(&a, "one", one[below(d, 3)]);
	for (unsigned i = 0; i < 2; i++)
		if (in_a_hundred(d, 50))
			answer(&a, "many", many[i]);
	if (in_a_hundred(d, 5))
		answer(&a, "many", "a");
	if (in_a_hundred(d, 60))
		answer(&a, "risk", risk[below(d, 2)]);
	if (in_a_hundred(d, 2))
		answer(&a, in_a_hundred(d, 50) ? "about" : "none", "x");
	return a;
}

static json_t *
answers_of(const struct asked *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->n; i++)
		json_array_append_new(list,
		    json_pack("{s:s, s:s}", "field", a->answer[i].field,
			"value", a->answer[i].value));
	return list;
}

static size_t
random_marked(struct dice *d, const struct policy *p, uint16_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_people && n < 3; i++)
		if (in_a_hundred(d, 8))
			out[n++] = p->people[i].number;
	if (in_a_hundred(d, 2))
		out[n++] = 999;
	return n;
}

/* A number of the policy, or (seldom) the next one. */
static uint16_t
random_number(struct dice *d, size_t n)
{
	return (uint16_t)(1 + below(d, (unsigned)n + in_a_hundred(d, 10)));
}

static struct member_change
random_change(struct dice *d, const struct policy *p)
{
	struct member_change c = { CHANGE_JOIN, 0 };

	if (in_a_hundred(d, 30))
		c.what = CHANGE_LEAVE;
	else if (in_a_hundred(d, 30))
		c.what = CHANGE_ROUTE;
	c.who = random_number(d,
	    c.what == CHANGE_ROUTE ? p->n_routes : p->n_people);
	return c;
}

static json_t *
changes_of(const struct member_change *c, size_t n)
{
	static const char *const what[] = { "join", "leave", "route" };
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list,
		    json_pack("{s:s, s:i}", "what", what[c[i].what],
			c[i].what == CHANGE_ROUTE ? "route" : "who", c[i].who));
	return list;
}

static json_t *
print_after(struct dice *d, const struct policy *p,
    const struct policy_route *r, const uint16_t *marked, size_t n_marked,
    int64_t day)
{
	struct member_change change[8];
	struct member got[MEMBERS_MAX];
	const struct policy_route *now;
	size_t n_changes = below(d, 9), n = 0;
	enum err e;

	for (size_t i = 0; i < n_changes; i++)
		change[i] = random_change(d, p);
	now = members_route(p, r, change, n_changes);
	e = members_after(p, r, marked, n_marked, change, n_changes, day, got,
	    MEMBERS_MAX, &n);
	return json_pack("{s:o, s:i, s:o}", "changes",
	    changes_of(change, n_changes), "route",
	    now != NULL ? now->number : 0, "members", members(e, got, n));
}

static json_t *
print_route(struct dice *d, const struct policy *p,
    const struct policy_route *r, const uint16_t *marked, size_t n_marked,
    int64_t day)
{
	struct member got[POLICY_PEOPLE_MAX];
	uint16_t out[POLICY_PEOPLE_MAX];
	json_t *j = json_object(), *after = json_array();
	size_t n = 0;
	enum err e;

	e = members_compute(p, r, marked, n_marked, day, got, MEMBERS_MAX, &n);
	json_object_set_new(j, "members", members(e, got, n));
	e = members_told(p, r, marked, n_marked, day, got, POLICY_PEOPLE_MAX,
	    &n);
	json_object_set_new(j, "told", members(e, got, n));
	assert_int_equal(exclusions_close(p, r, marked, n_marked, out,
			     POLICY_PEOPLE_MAX, &n),
	    ERR_OK);
	json_object_set_new(j, "excluded", numbers(out, n));
	json_object_set_new(j, "recipients", recipients(p, r, day));
	for (unsigned i = 0; i < 4; i++)
		json_array_append_new(after,
		    print_after(d, p, r, marked, n_marked, day));
	json_object_set_new(j, "after", after);
	return j;
}

json_t *
print_concern(struct dice *d, const struct policy *p)
{
	struct asked a = random_answers(d);
	uint16_t marked[4];
	size_t n_marked = random_marked(d, p, marked);
	int64_t day = p->issued / DAY_SECONDS - 60 + below(d, 240);
	struct route_choice choice = { 0 };
	enum err e = route_pick(p, a.answer, a.n, marked, n_marked, &choice);

	return json_pack("{s:o, s:o, s:I, s:s, s:i, s:i, s:i, s:o}", "answers",
	    answers_of(&a), "marked", numbers(marked, n_marked), "day",
	    (json_int_t)day, "outcome", outcome(e), "route", choice.route,
	    "band", choice.band, "rule", choice.rule, "readers",
	    e != ERR_OK ? json_null()
			: print_route(d, p, policy_route(p, choice.route),
			      marked, n_marked, day));
}

json_t *
print_sum(struct dice *d, const struct policy *p)
{
	struct policy_duration t = random_duration(d);
	char text[DURATION_TEXT_MAX];
	int64_t from = p->issued - 40 * DAY_SECONDS +
	    (int64_t)below(d, 260) * DAY_SECONDS + below(d, DAY_SECONDS);
	int64_t due = 0;
	enum err e = calendar_add(p, from, t, &due);

	duration_format(&t, text);
	return json_pack("{s:I, s:s, s:o, s:b}", "from", (json_int_t)from,
	    "after", text, "due", e == ERR_OK ? json_integer(due) : json_null(),
	    "working", calendar_is_working(p, from));
}
