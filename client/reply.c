#include "client/speakup.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client/compose.h"
#include "client/outgoing.h"
#include "client/policy_show.h"
#include "crypto/codec.h"

/* Staff may write at the same moment: fetch what they wrote, sign again. */
#define ATTEMPTS 8
#define PERSON_TEXT_MAX 192

/* --- who has come since --- */

static bool
was_reader(const struct conversation *c, uint16_t person)
{
	for (uint32_t i = 0; i < c->count[CHAIN_TALK]; i++) {
		const struct manifest *m = c->at[CHAIN_TALK][i]->m;

		for (size_t k = 0; m != NULL && k < m->n_to; k++) {
			if (m->to[k].person == person)
				return true;
		}
	}
	return false;
}

static enum exit_code
agree_to_new(const struct mailbox *b, const struct outgoing *o)
{
	char who[PERSON_TEXT_MAX];
	bool any = false;

	for (size_t i = 0; i < o->n_to; i++) {
		if (was_reader(b->c, o->to[i].person))
			continue;
		if (!any)
			term_say(&b->term,
			    "Nothing in your mailbox went to "
			    "these people yet: they have come to your concern "
			    "since, or the organisation has changed who reads "
			    "such concerns.");
		any = true;
		policy_person_text(b->server.policy, o->to[i].person, who,
		    sizeof(who));
		term_item(&b->term, 1, "%s", who);
	}
	if (!any || term_agree(&b->term, "Send it to them as well? [y/N] "))
		return EXIT_DONE;
	return term_fail(&b->term, EXIT_DECLINED, "Nothing was sent.");
}

/* --- sending --- */

struct writing {
	struct mailbox *b;
	struct entry entry; /* kind, and the kind's own lines */
	struct bytes text;
	size_t n_answers;
	struct manifest_answer answer[2];
};

static enum exit_code
fill_content(const struct writing *w, struct outgoing *o)
{
	const struct mailbox *b = w->b;
	const struct manifest *concern = conversation_concern(b->c);
	const struct option_list *attach = &b->o->attach;
	struct age_recipient reporter;
	enum exit_code code = EXIT_DONE;

	if (age_recipient_parse(bytes_str(concern->reply), &reporter) != ERR_OK)
		return fetch_refused(&b->term, b->c, REFUSAL_MANIFEST);
	o->m->n_answers = w->n_answers;
	memcpy(o->m->answer, w->answer, sizeof(w->answer));
	if (w->text.n > 0)
		code = outgoing_add_text(o, w->text);
	for (size_t i = 0; code == EXIT_DONE && i < attach->n; i++)
		code = outgoing_attach(o, attach->at[i]);
	if (code == EXIT_DONE)
		code = outgoing_address(o, &reporter);
	return code == EXIT_DONE ? agree_to_new(b, o) : code;
}

static enum exit_code
said(const struct mailbox *b, const struct outgoing *o)
{
	char day[11];

	day_format(day, o->day);
	if (b->term.json)
		printf("{\"stored\":true,\"kind\":\"%s\",\"seq\":%" PRIu32
		       ",\"day\":\"%s\"}\n",
		    message_kind_name(o->entry.kind), o->entry.seq, day);
	else if (o->entry.kind == MESSAGE_WITHDRAW)
		term_say(&b->term, "Your concern is withdrawn.");
	else
		term_say(&b->term,
		    "Stored on %s. Come back with the same 12 "
		    "words to see the answer.",
		    day);
	return EXIT_DONE;
}

static enum exit_code
attempt(const struct writing *w, bool *ret_again)
{
	struct mailbox *b = w->b;
	struct outgoing o;
	enum exit_code code = outgoing_new(&b->server, &o);
	enum reply reply = REPLY_NONE;

	if (code == EXIT_DONE) {
		outgoing_place(&o, b->c, &w->entry);
		if (message_kind_has_content(w->entry.kind))
			code = fill_content(w, &o);
	}
	if (code == EXIT_DONE)
		reply = outgoing_send(&o, b->keys.sign_seed, NULL, NULL, &code);
	*ret_again = reply == REPLY_CONFLICT;
	if (reply == REPLY_OK)
		code = said(b, &o);
	else if (reply == REPLY_BAD_POLICY)
		code = server_fail(&b->server, reply, "It was NOT stored.");
	outgoing_free(&o);
	return code;
}

static enum exit_code
send_it(const struct writing *w)
{
	enum exit_code code = EXIT_DONE;
	bool again = true;

	for (int i = 0; again && i < ATTEMPTS; i++) {
		if (i > 0)
			code = mailbox_refresh(w->b);
		if (code != EXIT_DONE && code != EXIT_NOT_STORED)
			return code;
		code = attempt(w, &again);
	}
	if (again)
		return term_fail(&w->b->term, EXIT_NOT_STORED,
		    "It was NOT "
		    "stored: somebody writes to you at the same time. Please "
		    "try again.");
	return code;
}

/* --- the commands --- */

enum exit_code
speakup_reply(const void *values, const struct args *args)
{
	const struct speakup_options *o = values;
	struct buf text CLEAN_BUF = BUF_INIT(COMPOSE_TEXT_MAX);
	struct mailbox b;
	struct writing w = { .b = &b, .entry.kind = MESSAGE_FOLLOWUP };
	enum exit_code code = mailbox_open(o, &b);

	(void)args;
	if (code == EXIT_DONE)
		code = compose_text(&b.term, o->message, &text);
	if (code == EXIT_DONE && text.n == 0 && o->attach.n == 0)
		code =
		    term_fail(&b.term, EXIT_USAGE, "There is nothing to send.");
	w.text = buf_bytes(&text);
	if (code == EXIT_DONE)
		code = send_it(&w);
	mailbox_close(&b);
	return code;
}

/* Acknowledged: somebody has seen it, and it can only be marked. */
static bool
was_acknowledged(const struct conversation *c)
{
	for (size_t i = 0; i < c->n_messages; i++) {
		if (c->message[i]->kind == MESSAGE_ACK)
			return true;
	}
	return false;
}

static enum exit_code
agree_to_withdraw(const struct mailbox *b)
{
	if (conversation_is_withdrawn(b->c))
		return term_fail(&b->term, EXIT_DECLINED,
		    "You have withdrawn it already.");
	if (was_acknowledged(b->c))
		term_say(&b->term,
		    "Your concern has been acknowledged. Those "
		    "who have it will be told that you withdraw it, and can "
		    "still read it.");
	else
		term_say(&b->term,
		    "Nobody has acknowledged your concern yet. "
		    "It will be removed whole, and the receipt ends.");
	return term_agree(&b->term, "Withdraw it? [y/N] ")
	    ? EXIT_DONE
	    : term_fail(&b->term, EXIT_DECLINED, "Nothing was withdrawn.");
}

enum exit_code
speakup_withdraw(const void *values, const struct args *args)
{
	struct mailbox b;
	const struct writing w = { .b = &b, .entry.kind = MESSAGE_WITHDRAW };
	enum exit_code code = mailbox_open(values, &b);

	(void)args;
	if (code == EXIT_DONE)
		code = agree_to_withdraw(&b);
	if (code == EXIT_DONE)
		code = send_it(&w);
	mailbox_close(&b);
	return code;
}

static bool
yes_or_no(const char *text, bool *ret)
{
	*ret = strcmp(text, "yes") == 0;
	return *ret || strcmp(text, "no") == 0;
}

static enum exit_code
not_yes_or_no(const struct term *t, const char *text)
{
	return term_fail(t, EXIT_USAGE, "%s: the answer is \"yes\" or \"no\".",
	    text);
}

/* The question that is answered, shown once more. */
static enum exit_code
find_question(const struct mailbox *b, struct entry *e)
{
	const struct conversation_message *m = conversation_consent(b->c);

	if (m == NULL)
		return term_fail(&b->term, EXIT_DECLINED,
		    "Nobody waits for "
		    "your consent to anything.");
	if (b->o->seq != NULL && strtoul(b->o->seq, NULL, 10) != m->seq)
		return term_fail(&b->term, EXIT_USAGE,
		    "The question that has "
		    "no answer is number %" PRIu32 ".",
		    m->seq);
	e->about = m->seq;
	term_say(&b->term, "You were asked:");
	term_quote(&b->term, buf_bytes(&m->text), 1);
	return term_agree(&b->term,
		   e->agrees ? "Do you consent to this? [y/N] "
			     : "Do you refuse this? [y/N] ")
	    ? EXIT_DONE
	    : term_fail(&b->term, EXIT_DECLINED, "Nothing was sent.");
}

enum exit_code
speakup_consent(const void *values, const struct args *args)
{
	const struct speakup_options *o = values;
	const struct term t = speakup_term(o);
	struct mailbox b;
	struct writing w = { .b = &b, .entry.kind = MESSAGE_CONSENT };
	enum exit_code code;

	if (!yes_or_no(args->at[0], &w.entry.agrees))
		return not_yes_or_no(&t, args->at[0]);
	code = mailbox_open(o, &b);
	if (code == EXIT_DONE)
		code = find_question(&b, &w.entry);
	if (code == EXIT_DONE)
		code = send_it(&w);
	mailbox_close(&b);
	return code;
}

static void
add_answer(struct writing *w, const char *field, bool yes)
{
	struct manifest_answer *a = &w->answer[w->n_answers++];

	(void)snprintf(a->field, sizeof(a->field), "%s", field);
	(void)snprintf(a->value, sizeof(a->value), "%s", yes ? "yes" : "no");
}

enum exit_code
speakup_survey(const void *values, const struct args *args)
{
	const struct speakup_options *o = values;
	struct buf text CLEAN_BUF = BUF_INIT(COMPOSE_TEXT_MAX);
	const struct term t = speakup_term(o);
	struct mailbox b;
	struct writing w = { .b = &b, .entry.kind = MESSAGE_SURVEY };
	bool yes = false;
	enum exit_code code;

	if (!yes_or_no(args->at[0], &yes))
		return not_yes_or_no(&t, args->at[0]);
	add_answer(&w, SURVEY_AGAIN, yes);
	if (o->detriment != NULL && !yes_or_no(o->detriment, &yes))
		return not_yes_or_no(&t, o->detriment);
	if (o->detriment != NULL)
		add_answer(&w, SURVEY_DETRIMENT, yes);
	code = mailbox_open(o, &b);
	if (code == EXIT_DONE)
		code = compose_text(&b.term, o->message, &text);
	w.text = buf_bytes(&text);
	if (code == EXIT_DONE)
		code = send_it(&w);
	mailbox_close(&b);
	return code;
}
