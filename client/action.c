#include "client/action.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "client/grant.h"
#include "client/outgoing.h"
#include "crypto/codec.h"

/* Others may write at the same moment: fetch what they wrote, sign again. */
#define ATTEMPTS 8

struct doing {
	struct staff_case *k;
	const struct action *a;
	struct entry e; /* with what is filled in here */
};

static const struct term *
term_of(const struct doing *d)
{
	return &d->k->staff->term;
}

static const char *
name_of(const struct doing *d, uint16_t person, char *out, size_t cap)
{
	return staff_name(d->k->staff, person, out, cap);
}

/* --- the entry --- */

static struct entry
fill_in(const struct staff_case *k, const struct entry *lines)
{
	const struct conversation *c = k->c;
	struct entry e = *lines;

	e.author = c->person;
	e.day = today();
	memcpy(e.case_id, c->case_id, CASE_ID_LEN);
	e.seq = c->count[message_kind_chain(e.kind)];
	if (e.kind == MESSAGE_HANDOVER && e.from == 0)
		e.from = e.author;
	if ((e.kind == MESSAGE_SECOND || e.kind == MESSAGE_DECLINE) &&
	    e.about == 0)
		e.about = c->life.pending;
	return e;
}

enum life_refusal
action_may(const struct staff_case *k, const struct entry *lines)
{
	struct entry e = fill_in(k, lines);
	unsigned parts = conversation_parts(k->c, k->c->person);

	return parts == 0 ? LIFE_NOT_YOURS : life_may(&k->c->life, &e, parts);
}

/* Who may be told on the new route. */
static enum exit_code
fill_told(struct doing *d)
{
	static const struct manifest nobody;
	const struct policy *p = d->k->staff->server.policy;
	const struct policy_route *r = policy_route(p, d->e.route);
	const struct manifest *m = conversation_manifest(d->k->c);
	uint16_t told[POLICY_PEOPLE_MAX];
	size_t n = 0;

	if (r == NULL)
		return term_fail(term_of(d), EXIT_USAGE,
		    "The policy has no such route.");
	if (conversation_told(p, r, m != NULL ? m : &nobody, d->e.day, told,
		&n) != ERR_OK ||
	    n > ENTRY_PEOPLE_MAX)
		return fail_err(term_of(d), ERR_LIMIT, "Who may be told");
	d->e.n_people = n;
	memcpy(d->e.people, told, n * sizeof(told[0]));
	return EXIT_DONE;
}

/* --- what is refused before anything is sent --- */

static bool
has_content(const struct action *a)
{
	return a->text.n > 0 || (a->attach != NULL && a->attach->n > 0);
}

/* Whoever is to read must be none of those whom the reporter left out. */
static enum exit_code
check_excluded_known(const struct doing *d)
{
	const struct conversation *c = d->k->c;
	bool is_asked = has_content(d->a) || d->e.kind == MESSAGE_ROUTE ||
	    (message_form(d->e.kind)->params & PARAM_PERSON) != 0;

	if (!is_asked || c->is_plain || conversation_manifest(c) != NULL)
		return EXIT_DONE;
	return term_fail(term_of(d), EXIT_FAILED,
	    "You can read no message of this case yet, so this program does "
	    "not know whom the reporter left out. Nothing can be sealed, and "
	    "nobody given the case.");
}

static enum exit_code
check_content(const struct doing *d)
{
	const struct message_form *form = message_form(d->e.kind);

	if (form->author != AUTHOR_STAFF)
		return term_fail(term_of(d), EXIT_USAGE,
		    "\"%s\" is not for staff to write.", form->name);
	if (!has_content(d->a))
		return form->content != CONTENT_MUST
		    ? EXIT_DONE
		    : term_fail(term_of(d), EXIT_USAGE,
			  "There is nothing to send.");
	if (form->content == CONTENT_NONE)
		return term_fail(term_of(d), EXIT_USAGE,
		    "\"%s\" takes no text.", form->name);
	return EXIT_DONE;
}

static enum exit_code
check_may(const struct doing *d)
{
	enum life_refusal why = action_may(d->k, &d->e);

	return why == LIFE_OK
	    ? EXIT_DONE
	    : term_fail(term_of(d), EXIT_DECLINED, "%s (The case is \"%s\".)",
		  life_refusal_text(why), case_state_name(d->k->c->life.state));
}

static bool
was_given(const struct conversation *c, uint16_t person)
{
	for (size_t i = 0; i < c->n_members; i++) {
		if (c->member[i].person == person && c->member[i].since > 0)
			return c->at[CHAIN_TALK][c->member[i].since]->kind !=
			    MESSAGE_ROUTE;
	}
	return false;
}

static enum exit_code
check_person(const struct doing *d)
{
	const struct policy *p = d->k->staff->server.policy;
	const struct policy_person *who = policy_person(p, d->e.person);
	const struct conversation *c = d->k->c;
	const struct term *t = term_of(d);
	char name[TERM_LINE_MAX];

	if ((message_form(d->e.kind)->params & PARAM_PERSON) == 0)
		return EXIT_DONE;
	(void)name_of(d, d->e.person, name, sizeof(name));
	if (conversation_is_excluded(c, d->e.person, d->e.day))
		return term_fail(t, EXIT_REFUSED,
		    "The reporter left %s out, "
		    "or somebody to whom %s reports: they can never read this "
		    "case, and nobody can give it to them.",
		    name, name);
	if (who == NULL || !policy_person_is_current(who, d->e.day) ||
	    policy_key_at(who, d->e.day) == NULL)
		return term_fail(t, EXIT_USAGE,
		    "%s has no key in this "
		    "policy, so nothing can be sealed to them.",
		    name);
	if (d->e.kind == MESSAGE_ASSIGN && was_given(c, d->e.person))
		return term_fail(t, EXIT_USAGE, "%s has the case already.",
		    name);
	if (d->e.kind == MESSAGE_GRANT &&
	    conversation_parts(c, d->e.person) == 0)
		return term_fail(t, EXIT_USAGE,
		    "%s is not among the readers "
		    "of this case: assign it to them instead.",
		    name);
	if (d->e.kind == MESSAGE_HANDOVER && d->e.from == d->e.person)
		return term_fail(t, EXIT_USAGE,
		    "A case is handed over to "
		    "somebody else.");
	return EXIT_DONE;
}

static enum exit_code
check(struct doing *d)
{
	enum exit_code code;

	d->e = fill_in(d->k, &d->a->entry);
	code = check_content(d);
	if (code == EXIT_DONE)
		code = check_excluded_known(d);
	if (code == EXIT_DONE)
		code = check_may(d);
	if (code == EXIT_DONE)
		code = check_person(d);
	if (code == EXIT_DONE && d->e.kind == MESSAGE_ROUTE)
		code = fill_told(d);
	return code;
}

/* --- the same once more --- */

static const struct conversation_message *
last_of_mine(const struct doing *d)
{
	const struct conversation *c = d->k->c;
	enum chain chain = message_kind_chain(d->e.kind);

	for (uint32_t i = c->count[chain]; i-- > 0;) {
		if (c->at[chain][i]->author == c->person)
			return c->at[chain][i];
	}
	return NULL;
}

static bool
is_the_same(const struct doing *d, const struct conversation_message *m)
{
	size_t n_files = 1 + (d->a->attach != NULL ? d->a->attach->n : 0);

	return d->a->text.n > 0 && m->kind == d->e.kind &&
	    m->entry.person == d->e.person && m->entry.about == d->e.about &&
	    m->is_readable && m->m != NULL && m->m->n_files == n_files &&
	    bytes_equal(buf_bytes(&m->text), d->a->text);
}

/* The answer to it may have been lost, and the command be given anew. What is
 * written again days later is meant so. Of what is a part of a larger command,
 * that command knows. */
static enum exit_code
check_second_time(const struct doing *d)
{
	const struct conversation_message *m = last_of_mine(d);
	char day[11];

	if (m == NULL || m->entry.day < d->e.day - 1 || !is_the_same(d, m))
		return EXIT_DONE;
	day_format(day, m->entry.day);
	term_warn(term_of(d),
	    "The same words of yours are stored in this case already (%s). If "
	    "you were told then that they are to be taken as NOT stored, its "
	    "answer was lost, and this makes a second copy.",
	    day);
	return isatty(STDERR_FILENO) != 1 ||
		term_agree(term_of(d), "Write them once more? [y/N] ")
	    ? EXIT_DONE
	    : term_fail(term_of(d), EXIT_DECLINED, "Nothing was sent.");
}

/* --- doing it --- */

static enum exit_code
address(const struct doing *d, struct outgoing *o)
{
	struct age_recipient reporter;
	bool to_reporter = message_kind_chain(d->e.kind) == CHAIN_TALK;

	if (!to_reporter || staff_case_reply_to(d->k, &reporter) == ERR_OK)
		return outgoing_address(o, to_reporter ? &reporter : NULL);
	if (d->k->c->is_plain)
		return term_fail(term_of(d), EXIT_FAILED,
		    "This reporter left no address for answers (a line "
		    "\"reply: age1...\"), so nothing can be sealed to them.");
	return term_fail(term_of(d), EXIT_FAILED,
	    "You cannot read the reporter's first message, which says where "
	    "answers go: ask somebody who can to write to them, or to give it "
	    "to you.");
}

static enum exit_code
fill_content(const struct doing *d, struct outgoing *o)
{
	const struct option_list *attach = d->a->attach;
	enum exit_code code = EXIT_DONE;

	if (d->a->n_answers > SEALED_ANSWERS_MAX)
		return fail_err(term_of(d), ERR_LIMIT, "The message");
	o->m->n_answers = d->a->n_answers;
	for (size_t i = 0; i < d->a->n_answers; i++)
		o->m->answer[i] = d->a->answers[i];
	if (d->a->text.n > 0)
		code = outgoing_add_text(o, d->a->text);
	for (size_t i = 0; attach != NULL && code == EXIT_DONE && i < attach->n;
	     i++)
		code = outgoing_attach(o, attach->at[i]);
	return code == EXIT_DONE ? address(d, o) : code;
}

static void
say_stored(const struct doing *d, const struct outgoing *o)
{
	char id[2 * CASE_ID_LEN + 1], day[11];

	if (d->a->is_quiet)
		return;
	day_format(day, o->day);
	hex_encode(id, o->entry.case_id, CASE_ID_LEN);
	if (term_of(d)->json)
		printf("{\"stored\":true,\"case\":\"%s\",\"kind\":\"%s\","
		       "\"seq\":%" PRIu32 ",\"day\":\"%s\"}\n",
		    id, message_kind_name(d->e.kind), o->entry.seq, day);
	else
		term_say(term_of(d), "Stored on %s.", day);
}

static bool
changes_readers(enum message_kind k)
{
	return k == MESSAGE_ASSIGN || k == MESSAGE_HANDOVER ||
	    k == MESSAGE_ROUTE;
}

static enum exit_code
send_it(const struct doing *d, struct outgoing *o, enum reply *ret_reply)
{
	struct staff *s = d->k->staff;
	enum exit_code code = EXIT_DONE;

	outgoing_place(o, d->k->c, &d->e);
	if (has_content(d->a))
		code = fill_content(d, o);
	else if (changes_readers(d->e.kind))
		code = outgoing_check_readers(o);
	if (code == EXIT_DONE &&
	    (message_form(d->e.kind)->params & PARAM_GRANTS) != 0)
		code = grant_send(d->k, d->a, &o->entry);
	if (code == EXIT_DONE)
		*ret_reply = outgoing_send(o, s->seed, s->session, NULL, &code);
	return code;
}

static enum exit_code
attempt(const struct doing *d, enum reply *ret_reply)
{
	struct outgoing o;
	enum exit_code code = outgoing_new(&d->k->staff->server, &o);

	*ret_reply = REPLY_NONE;
	if (code == EXIT_DONE)
		code = send_it(d, &o, ret_reply);
	if (*ret_reply == REPLY_OK)
		say_stored(d, &o);
	outgoing_free(&o);
	return *ret_reply == REPLY_OK ? EXIT_DONE : code;
}

/* Somebody may have sent envelopes for the same person just then: these are
 * forgotten with the next attempt. */
static bool
may_again(const struct action *a, enum reply r, int attempts)
{
	return (r == REPLY_CONFLICT &&
		   attempts < (a->is_once ? 1 : ATTEMPTS)) ||
	    (r == REPLY_INCOMPLETE && attempts < 2);
}

enum exit_code
action_run(struct staff_case *k, const struct action *a)
{
	struct doing d = { .k = k, .a = a };
	enum reply reply = REPLY_CONFLICT;
	enum exit_code code = EXIT_DONE;

	for (int i = 0; may_again(a, reply, i); i++) {
		code = i > 0 ? staff_case_refresh(k) : EXIT_DONE;
		if (code == EXIT_DONE)
			code = check(&d);
		if (code == EXIT_DONE && i == 0 && !a->is_quiet)
			code = check_second_time(&d);
		if (code != EXIT_DONE)
			return code;
		code = attempt(&d, &reply);
	}
	if (reply == REPLY_CONFLICT)
		return term_fail(term_of(&d), EXIT_NOT_STORED,
		    "It was NOT "
		    "stored: others write to this case at the same time. "
		    "Please try again.");
	if (reply == REPLY_BAD_POLICY || reply == REPLY_INCOMPLETE)
		return server_fail(&k->staff->server, reply,
		    "It was NOT stored.");
	return code;
}

/* --- another route --- */

static void
say_left_out(const struct doing *d, const struct policy_route *r)
{
	char name[TERM_LINE_MAX];

	for (unsigned rung = 0; rung <= r->n_rungs; rung++) {
		const uint16_t *who =
		    rung == 0 ? r->first : r->rungs[rung - 1].who;
		size_t n = rung == 0 ? r->n_first : r->rungs[rung - 1].n_who;

		for (size_t i = 0; i < n; i++) {
			if (conversation_is_excluded(d->k->c, who[i], today()))
				term_warn(term_of(d),
				    "%s was left out by "
				    "the reporter, and does not get it.",
				    name_of(d, who[i], name, sizeof(name)));
		}
	}
}

/* Came with a route and got no envelopes since. */
static bool
lacks(const struct conversation *c, const struct conversation_member *member)
{
	if (member->since == 0 ||
	    c->at[CHAIN_TALK][member->since]->kind != MESSAGE_ROUTE)
		return false;
	for (uint32_t i = member->since; i < c->count[CHAIN_TALK]; i++) {
		const struct entry *e = &c->at[CHAIN_TALK][i]->entry;

		if (e->kind == MESSAGE_GRANT && e->person == member->person)
			return false;
	}
	return true;
}

static enum exit_code
grant_next(struct staff_case *k, bool is_quiet, bool *ret_any)
{
	const struct conversation *c = k->c;
	struct action a = { .entry.kind = MESSAGE_GRANT,
		.share = SHARE_ALL,
		.is_quiet = is_quiet };
	enum exit_code code;

	*ret_any = false;
	for (size_t i = 0; a.entry.person == 0 && i < c->n_members; i++) {
		if (lacks(c, &c->member[i]))
			a.entry.person = c->member[i].person;
	}
	if (a.entry.person == 0)
		return EXIT_DONE;
	*ret_any = true;
	code = action_run(k, &a);
	return code == EXIT_DONE ? staff_case_refresh(k) : code;
}

enum exit_code
action_route(struct staff_case *k, const struct action *a)
{
	const struct doing d = { .k = k, .a = a };
	const struct policy_route *r =
	    policy_route(k->staff->server.policy, a->entry.route);
	enum exit_code code = EXIT_DONE;
	bool any = true;

	if (r == NULL)
		return term_fail(term_of(&d), EXIT_USAGE,
		    "The policy has no such route.");
	if (k->c->now_on != a->entry.route) {
		code = action_run(k, a);
		if (code == EXIT_DONE)
			code = staff_case_refresh(k);
		if (code == EXIT_DONE)
			say_left_out(&d, r);
	}
	while (code == EXIT_DONE && any)
		code = grant_next(k, a->is_quiet, &any);
	return code;
}

/* --- what does not open --- */

static bool
is_reported(const struct conversation *c, const struct conversation_message *m)
{
	for (uint32_t i = 0; i < c->count[CHAIN_STAFF]; i++) {
		const struct entry *e = &c->at[CHAIN_STAFF][i]->entry;

		if (e->kind == MESSAGE_UNOPENED && e->author == c->person &&
		    e->in == conversation_chain(m) && e->about == m->seq)
			return true;
	}
	return false;
}

static const struct conversation_message *
next_unopened(const struct conversation *c)
{
	for (size_t i = 0; i < c->n_messages; i++) {
		if (c->message[i]->failure != REFUSAL_NONE &&
		    !is_reported(c, c->message[i]))
			return c->message[i];
	}
	return NULL;
}

enum exit_code
action_unopened(struct staff_case *k, size_t *ret_n)
{
	const struct conversation_message *m;
	enum exit_code code = EXIT_DONE;
	size_t n = 0;

	while (code == EXIT_DONE && (m = next_unopened(k->c)) != NULL) {
		const struct action a = { .entry = { .kind = MESSAGE_UNOPENED,
					      .in = conversation_chain(m),
					      .about = m->seq },
			.is_quiet = true };

		code = action_run(k, &a);
		if (code == EXIT_DONE) {
			n++;
			code = staff_case_refresh(k);
		}
	}
	*ret_n = n;
	return code;
}
