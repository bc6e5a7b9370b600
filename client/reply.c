#include "client/speakup.h"

#include <inttypes.h>
#include <string.h>

#include "client/compose.h"
#include "client/outgoing.h"
#include "client/policy_show.h"
#include "crypto/codec.h"

/* Staff may write at the same moment: fetch what they wrote, sign again. */
#define ATTEMPTS 8
#define PERSON_TEXT_MAX 192

static void
fill_place(const struct mailbox *b, enum message_kind kind,
    struct manifest *m)
{
	const struct conversation *c = b->c;
	const struct manifest *concern = conversation_concern(c);

	m->kind = kind;
	memcpy(m->case_id, c->case_id, CASE_ID_LEN);
	m->author = PERSON_REPORTER;
	m->seq = c->count[CHAIN_TALK];
	memcpy(m->prev, c->head[CHAIN_TALK], LINK_LEN);
	m->n_seen = 1;
	memcpy(m->seen[0], c->head[CHAIN_TALK], LINK_LEN);
	m->route = c->route;
	m->band = c->band;
	m->n_exclude = concern->n_exclude;
	memcpy(m->exclude, concern->exclude, sizeof(m->exclude));
}

/* --- who has come since --- */

static bool
was_reader(const struct manifest *concern, uint16_t person)
{
	for (size_t i = 0; i < concern->n_to; i++) {
		if (concern->to[i].person == person)
			return true;
	}
	return false;
}

static enum exit_code
agree_to_new(const struct mailbox *b, const struct outgoing *o)
{
	const struct manifest *concern = conversation_concern(b->c);
	char who[PERSON_TEXT_MAX];
	bool any = false;

	for (size_t i = 0; i < o->n_to; i++) {
		if (was_reader(concern, o->to[i].person))
			continue;
		if (!any)
			term_say(&b->term, "Since you raised it, the "
			    "organisation has changed who reads such "
			    "concerns. These people are new:");
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

static enum exit_code
fill_content(const struct mailbox *b, struct bytes text, struct outgoing *o)
{
	const struct manifest *concern = conversation_concern(b->c);
	const struct option_list *attach = &b->o->attach;
	struct age_recipient reporter;
	enum exit_code code = EXIT_DONE;

	if (age_recipient_parse(bytes_str(concern->reply), &reporter) !=
	    ERR_OK)
		return fetch_refused(&b->term, REFUSAL_MANIFEST);
	if (text.n > 0)
		code = outgoing_add_text(o, text);
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
		    ",\"day\":\"%s\"}\n", message_kind_name(o->m->kind),
		    o->m->seq, day);
	else if (o->m->kind == MESSAGE_WITHDRAW)
		term_say(&b->term, "Your concern is withdrawn.");
	else
		term_say(&b->term, "Stored on %s. Come back with the same 12 "
		    "words to see the answer.", day);
	return EXIT_DONE;
}

static enum exit_code
attempt(struct mailbox *b, enum message_kind kind, struct bytes text,
    bool *ret_again)
{
	struct outgoing o;
	enum exit_code code = outgoing_new(&b->server, &o);
	enum reply reply = REPLY_NONE;

	if (code == EXIT_DONE)
		fill_place(b, kind, o.m);
	if (code == EXIT_DONE && message_kind_has_content(kind)) {
		code = fill_content(b, text, &o);
		if (code == EXIT_DONE)
			reply = outgoing_send(&o, b->keys.sign_seed, NULL,
			    NULL, &code);
	} else if (code == EXIT_DONE) {
		reply = outgoing_send_bare(&o, b->keys.sign_seed, NULL,
		    &code);
	}
	*ret_again = reply == REPLY_CONFLICT;
	if (reply == REPLY_OK)
		code = said(b, &o);
	else if (reply == REPLY_BAD_POLICY)
		code = server_fail(&b->server, reply, "It was NOT stored.");
	outgoing_free(&o);
	return code;
}

static enum exit_code
send_it(struct mailbox *b, enum message_kind kind, struct bytes text)
{
	enum exit_code code = EXIT_DONE;
	bool again = true;

	for (int i = 0; again && i < ATTEMPTS; i++) {
		if (i > 0)
			code = mailbox_refresh(b);
		if (code != EXIT_DONE && code != EXIT_NOT_STORED)
			return code;
		code = attempt(b, kind, text, &again);
	}
	if (again)
		return term_fail(&b->term, EXIT_NOT_STORED, "It was NOT "
		    "stored: somebody writes to you at the same time. Please "
		    "try again.");
	return code;
}

enum exit_code
speakup_reply(const void *values, const struct args *args)
{
	const struct speakup_options *o = values;
	struct buf text CLEAN_BUF = BUF_INIT(COMPOSE_TEXT_MAX);
	struct mailbox b;
	enum exit_code code = mailbox_open(o, &b);

	(void)args;
	if (code == EXIT_DONE)
		code = compose_text(&b.term, o->message, &text);
	if (code == EXIT_DONE && text.n == 0 && o->attach.n == 0)
		code = term_fail(&b.term, EXIT_USAGE,
		    "There is nothing to send.");
	if (code == EXIT_DONE)
		code = send_it(&b, MESSAGE_FOLLOWUP, buf_bytes(&text));
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
		term_say(&b->term, "Your concern has been acknowledged. Those "
		    "who have it will be told that you withdraw it, and can "
		    "still read it.");
	else
		term_say(&b->term, "Nobody has acknowledged your concern yet. "
		    "It will be removed whole, and the receipt ends.");
	return term_agree(&b->term, "Withdraw it? [y/N] ")
	    ? EXIT_DONE
	    : term_fail(&b->term, EXIT_DECLINED, "Nothing was withdrawn.");
}

enum exit_code
speakup_withdraw(const void *values, const struct args *args)
{
	struct mailbox b;
	enum exit_code code = mailbox_open(values, &b);

	(void)args;
	if (code == EXIT_DONE)
		code = agree_to_withdraw(&b);
	if (code == EXIT_DONE)
		code = send_it(&b, MESSAGE_WITHDRAW, BYTES(NULL, 0));
	mailbox_close(&b);
	return code;
}
