#include "client/ftsu.h"

#include <string.h>
#include <time.h>

#include "client/case_words.h"
#include "client/json.h"
#include "client/policy_show.h"
#include "client/show.h"
#include "client/staff_queue.h"
#include "crypto/codec.h"
#include "policy/clock.h"
#include "policy/words.h"

static const char *
name_of(void *ctx, uint16_t person, char *out, size_t cap)
{
	return staff_name(ctx, person, out, cap);
}

/* --- how it stands --- */

static void
say_flags(const struct staff_case *k)
{
	const struct conversation *c = k->c;
	/* of a missed deadline the server's clock knows more */
	unsigned flags = (c->life.flags & ~CASE_IS_BREACHED) |
	    (k->fetch.flags & CASE_IS_BREACHED);

	for (unsigned i = 0; i < CASE_FLAGS; i++) {
		if ((flags & 1u << i) != 0)
			term_item(&k->staff->term, 1, "* %s",
			    case_flag_text(1u << i));
	}
}

/* When is the server's to say, by its clock; which, the case shows. */
static void
say_deadline(const struct staff_case *k)
{
	enum policy_deadline which;
	char due[DUE_TEXT_MAX];
	int64_t at;

	if (k->fetch.due == 0)
		return;
	(void)due_text(k->fetch.due, time(NULL), due);
	if (clock_deadline(k->staff->server.policy, &k->c->life, &which, &at))
		term_say(&k->staff->term, "Next deadline (%s): %s.",
		    policy_deadline_name(which), due);
	else
		term_say(&k->staff->term, "Next deadline: %s.", due);
}

static void
say_state(const struct staff_case *k)
{
	const struct term *t = &k->staff->term;
	const struct conversation *c = k->c;
	const struct policy_route *r =
	    policy_route(k->staff->server.policy, c->now_on);
	char id[2 * CASE_ID_LEN + 1], day[11];

	hex_encode(id, c->case_id, CASE_ID_LEN);
	day_format(day, c->filed);
	term_say(t, "Case %s, filed %s, band P%u, %s: %s.", id, day,
	    c->life.band, r != NULL ? r->title : "an older route",
	    case_state_text(c->life.state));
	say_deadline(k);
	say_flags(k);
	if (c->is_plain)
		term_say(t,
		    "This concern came from age and curl alone. It is "
		    "not signed: nothing proves that later messages are by "
		    "the same person.");
}

/* --- who reads it --- */

static bool
is_sealed_to(const struct manifest *m, uint16_t person)
{
	for (size_t i = 0; m != NULL && i < m->n_to; i++) {
		if (m->to[i].person == person)
			return true;
	}
	return false;
}

/* Reads by the policy of today, and was nobody when it was written: nothing of
 * before was sealed to them, and nobody has granted it. */
static bool
lacks_envelopes(const struct conversation *c, uint16_t person)
{
	for (size_t i = 0; i < c->n_messages; i++) {
		const struct conversation_message *m = c->message[i];
		unsigned params = message_form(m->kind)->params;

		if ((params & PARAM_GRANTS) != 0 && m->entry.person == person)
			return false;
	}
	return conversation_manifest(c) != NULL &&
	    !is_sealed_to(conversation_manifest(c), person);
}

/* What can no longer come about: a case is acknowledged once. */
static bool
is_over(const struct conversation *c, const struct policy_rung *g)
{
	enum case_state state = c->life.state;

	return (g->when == RUNG_UNACKNOWLEDGED && state != CASE_RECEIVED) ||
	    (g->when == RUNG_UNTRIAGED && state != CASE_RECEIVED &&
		state != CASE_ACKNOWLEDGED);
}

/* The first rung that is still to come for them, in the band of now. */
static const struct policy_rung *
rung_of(const struct conversation *c, const struct policy_route *r,
    uint16_t person)
{
	for (unsigned i = 1; r != NULL && i <= r->n_rungs; i++) {
		const struct policy_rung *g = &r->rungs[i - 1];

		if (g->verb == VERB_JOIN &&
		    (g->bands & BAND_BIT(c->life.band)) != 0 &&
		    members_rung_has(r, i, person) && !is_over(c, g))
			return g;
	}
	return NULL;
}

static void
say_reader(const struct staff_case *k, uint16_t person)
{
	const struct policy *p = k->staff->server.policy;
	const struct policy_rung *g =
	    rung_of(k->c, policy_route(p, k->c->now_on), person);
	char who[WORDS_PERSON_MAX], when[WORDS_RUNG_MAX] = "now";

	policy_person_text(p, person, who, sizeof(who));
	if (!conversation_reads_now(k->c, person) && g != NULL)
		policy_rung_text(g, when, sizeof(when));
	else if (!conversation_reads_now(k->c, person))
		(void)snprintf(when, sizeof(when),
		    "only if somebody escalates it");
	term_item(&k->staff->term, 1, "%s: %s", who, when);
}

static void
say_readers(const struct staff_case *k)
{
	const struct conversation *c = k->c;
	const struct policy *p = k->staff->server.policy;

	term_say(&k->staff->term, "\nWho can read it, or may later:");
	for (size_t i = 0; i < c->n_members; i++)
		say_reader(k, c->member[i].person);
	for (size_t i = 0; i < c->n_members; i++) {
		const struct policy_person *person =
		    policy_person(p, c->member[i].person);

		if (person != NULL && lacks_envelopes(c, person->number))
			term_say(&k->staff->term,
			    "%s came later, and cannot "
			    "open what was written before. To change that: "
			    "ftsu grant CASE %s",
			    person->name, person->slug);
	}
}

static void
say_unopened(const struct staff_case *k)
{
	for (size_t i = 0; i < k->c->n_messages; i++) {
		if (k->c->message[i]->failure != REFUSAL_NONE) {
			term_say(&k->staff->term,
			    "\nSomething that was "
			    "sealed to you does not open. To tell the others: "
			    "ftsu unopened CASE");
			return;
		}
	}
}

/* --- all of it --- */

static void
say_case(const struct staff_case *k, bool is_whole)
{
	const struct term *t = &k->staff->term;

	say_state(k);
	if (is_whole)
		say_readers(k);
	term_say(t, "\nWith the reporter, who sees all of this:");
	show_messages(t, k->c, CHAIN_TALK, name_of, k->staff);
	if (k->c->count[CHAIN_STAFF] > 0)
		term_say(t, "\nAmong staff:");
	show_messages(t, k->c, CHAIN_STAFF, name_of, k->staff);
	if (!is_whole)
		return;
	say_unopened(k);
	ftsu_say_choices(k);
}

static json_t *
choices_json(const struct staff_case *k)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < MESSAGE_KINDS; i++) {
		enum message_kind kind = (enum message_kind)i;

		if (message_form(kind)->author == AUTHOR_STAFF &&
		    ftsu_may(k, kind))
			(void)json_array_append_new(list,
			    json_string(message_kind_name(kind)));
	}
	return list;
}

static json_t *
lacking_json(const struct conversation *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_members; i++) {
		if (lacks_envelopes(c, c->member[i].person))
			(void)json_array_append_new(list,
			    json_integer(c->member[i].person));
	}
	return list;
}

static enum exit_code
print_json(const struct staff_case *k)
{
	json_t *j = show_case_json(k->c, name_of, k->staff);

	if (j != NULL) {
		(void)json_object_set_new(j, "due",
		    k->fetch.due != 0 ? json_integer(k->fetch.due)
				      : json_null());
		(void)json_object_set_new(j, "breached",
		    json_boolean((k->fetch.flags & CASE_IS_BREACHED) != 0));
		(void)json_object_set_new(j, "may", choices_json(k));
		(void)json_object_set_new(j, "lacking", lacking_json(k->c));
	}
	return json_print(&k->staff->term, j);
}

/* One bad message, by whomever, hides nothing that was checked before it. */
static bool
has_checked(const struct staff_case *k, enum exit_code code)
{
	if (code != EXIT_REFUSED || k->c == NULL || k->c->n_messages == 0)
		return false;
	term_say(&k->staff->term, "What could be checked before that:");
	return true;
}

enum exit_code
ftsu_show(const void *values, const struct args *args)
{
	const struct ftsu_options *o = values;
	uint8_t id[CASE_ID_LEN];
	struct staff_case k = { 0 };
	struct staff s;
	enum exit_code code = ftsu_begin(o, &s);

	if (code == EXIT_DONE)
		code = ftsu_case_id(&s, args->at[0], id);
	if (code == EXIT_DONE)
		code = staff_case_open(&s, id, o->save, o->sealed, &k);
	if (code == EXIT_DONE && o->common.json)
		code = print_json(&k);
	else if (code == EXIT_DONE || has_checked(&k, code))
		say_case(&k, code == EXIT_DONE);
	staff_case_close(&k);
	staff_close(&s);
	return code;
}
