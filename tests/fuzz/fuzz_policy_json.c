/*
 * The compiled policy: what is read is written the same again, and its users
 * (routing, members, calendar) hold whatever it says.
 */
#include <stdlib.h>

#include "policy/calendar.h"
#include "policy/members.h"
#include "policy/route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
put_and_read_again(const struct policy *p)
{
	struct buf one = BUF_INIT(2 * POLICY_JSON_MAX);
	struct buf two = BUF_INIT(2 * POLICY_JSON_MAX);
	struct policy_problem problem;
	struct policy *q = NULL;

	must(policy_put(p, &one) == ERR_OK);
	if (one.n <= POLICY_JSON_MAX) {
		must(policy_parse(buf_bytes(&one), &q, &problem) == ERR_OK);
		must(policy_put(q, &two) == ERR_OK);
		must(bytes_equal(buf_bytes(&one), buf_bytes(&two)));
	}
	policy_free(q);
	buf_free(&one);
	buf_free(&two);
}

/* Nobody who was marked is ever a member; everybody who is one has a key. */
static void
try_members(const struct policy *p, const struct policy_route *r,
    uint16_t marked, int64_t day)
{
	struct member m[MEMBERS_MAX];
	size_t n = 0;

	if (members_compute(p, r, &marked, 1, day, m, MEMBERS_MAX, &n) !=
	    ERR_OK)
		return;
	for (size_t i = 0; i < n; i++) {
		must(m[i].person != marked);
		must(!r->recuse_line ||
		    !policy_reports_to(p, m[i].person, marked));
		must(members_recipient(p, r, m[i].person, day) != NULL);
		must(members_rung_has(r, m[i].rung, m[i].person));
	}
}

static void
use(const struct policy *p)
{
	static const uint64_t answered[2][POLICY_FIELDS_MAX] = { { 0 },
		{ 1, 1, 1, 1 } };
	struct policy_duration d = { 2, UNIT_WORKING_DAYS };
	int64_t due;

	for (size_t i = 0; i < p->n_people && i < 8; i++) {
		uint16_t marked = p->people[i].number;

		for (size_t k = 0; k < 2; k++) {
			struct route_choice c =
			    route_pick_masks(p, answered[k], &marked, 1);

			must(policy_route(p, c.route) != NULL);
			must(c.band >= 1 && c.band <= POLICY_BANDS);
		}
		for (size_t k = 0; k < p->n_routes; k++)
			try_members(p, &p->routes[k], marked,
			    p->issued / 86400);
	}
	if (calendar_add(p, p->issued, d, &due) == ERR_OK)
		must(due >= p->issued);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct policy_problem problem;
	struct policy *p = NULL;
	enum err e = policy_parse(BYTES(data, size), &p, &problem);

	must(e != ERR_SYNTAX || problem.text[0] != '\0');
	if (e == ERR_OK) {
		put_and_read_again(p);
		use(p);
	}
	policy_free(p);
	return 0;
}
