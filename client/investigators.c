#include "client/investigators.h"

#include <string.h>

#include "client/record.h"

/* What it is about: by the record where a guardian has said so there, else by
 * the reporter. */
static const char *
subcategory(const struct staff_case *k, char out[static POLICY_SLUG_MAX + 1])
{
	return record_latest(k->c, "subcategory", out, POLICY_SLUG_MAX + 1)
	    ? out
	    : concern_answer(k->c, "subcategory");
}

static bool
is_trained(const struct policy_person *person, const char *in, int64_t day)
{
	for (size_t i = 0; i < person->n_trained; i++) {
		const struct policy_trained *t = &person->trained[i];

		if (strcmp(t->subcategory, in) == 0 &&
		    (t->until == 0 || day < t->until))
			return true;
	}
	return false;
}

static bool
serves_area(const struct policy *p, const struct policy_person *person,
    const char *slug)
{
	const struct policy_area *area =
	    slug != NULL ? policy_area(p, slug) : NULL;

	return person->areas == 0 || area == NULL ||
	    (person->areas >> (area - p->areas) & 1) != 0;
}

static bool
has_key(const struct staff_case *k, uint16_t person)
{
	const struct policy *p = k->staff->server.policy;
	const struct policy_route *r = policy_route(p, k->c->now_on);

	return r != NULL && members_recipient(p, r, person, today()) != NULL;
}

unsigned
candidate_reasons(const struct staff_case *k,
    const struct policy_person *person)
{
	const struct policy *p = k->staff->server.policy;
	char slug[POLICY_SLUG_MAX + 1];
	const char *in = subcategory(k, slug);
	int64_t day = today();
	unsigned out = 0;

	if (conversation_is_excluded(k->c, person->number, day))
		out |= OUT_EXCLUDED;
	if (!policy_person_is_current(person, day))
		out |= OUT_LEFT;
	else if (!has_key(k, person->number))
		out |= OUT_NO_KEY;
	if (conversation_reads_now(k->c, person->number))
		out |= OUT_READS;
	if (in != NULL && !is_trained(person, in, day))
		out |= OUT_TRAINING;
	if (!serves_area(p, person, concern_answer(k->c, "area")))
		out |= OUT_AREA;
	return out;
}

static enum exit_code
ask(struct staff_case *k, const struct bundle_answer **ret)
{
	struct bundle_request r = { .kind = REQUEST_INVESTIGATORS };
	enum reply reply;

	memcpy(r.investigators.session, k->staff->session, BUNDLE_SESSION_LEN);
	memcpy(r.investigators.case_id, k->c->case_id, CASE_ID_LEN);
	reply = server_ask_again(&k->staff->server, &r, ret);
	bytes_wipe(&r, sizeof(r));
	if (reply == REPLY_OK)
		return EXIT_DONE;
	return server_fail(&k->staff->server, reply, "");
}

static bool
is_listed(const struct candidates *c, const struct policy_person *person)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->at[i].person == person)
			return true;
	}
	return false;
}

static void
add(const struct staff_case *k, const struct policy_person *person,
    unsigned out, struct candidates *c)
{
	if (person == NULL || person->role != ROLE_INVESTIGATOR ||
	    is_listed(c, person) || c->n == POLICY_PEOPLE_MAX)
		return;
	c->at[c->n++] = (struct candidate){ .person = person,
		.out = out | candidate_reasons(k, person) };
}

enum exit_code
candidates_find(struct staff_case *k, struct candidates *ret)
{
	const struct policy *p = k->staff->server.policy;
	const struct bundle_answer *a;
	enum exit_code code = ask(k, &a);

	if (code != EXIT_DONE)
		return code;
	ret->n = 0;
	for (size_t i = 0; i < a->investigators.n; i++) {
		const struct answer_investigator *at = &a->investigators.at[i];

		add(k, policy_person(p, at->person), at->is_full ? OUT_FULL : 0,
		    ret);
	}
	for (size_t i = 0; i < p->n_people; i++)
		add(k, &p->people[i], OUT_AWAY, ret);
	return EXIT_DONE;
}

void
candidate_text(const struct staff_case *k, unsigned out, struct buf *ret)
{
	static const char *const text[OUT_BITS] = {
		"left out by the reporter, or under somebody who is",
		"has left the organisation",
		"has no key for this route",
		"reads the case already",
		"has not signed in for long",
		"not trained for ",
		"works in other areas",
		"has as many cases as the policy allows",
	};
	char slug[POLICY_SLUG_MAX + 1];
	const char *between = "", *in = subcategory(k, slug);

	for (unsigned i = 0; i < OUT_BITS; i++) {
		if ((out >> i & 1) == 0)
			continue;
		buf_printf(ret, "%s%s%s", between, text[i],
		    1u << i == OUT_TRAINING && in != NULL ? in : "");
		between = "; ";
	}
}
