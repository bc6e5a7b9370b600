#include "client/staff_case.h"

#include <inttypes.h>
#include <string.h>

#include "client/compose.h"
#include "client/outgoing.h"
#include "crypto/codec.h"

/* Others may write at the same moment: fetch what they wrote, sign again. */
#define ATTEMPTS 8

struct writing {
	struct staff *staff;
	struct staff_case *k;
	enum message_kind kind;
	struct bytes text;
};

/* The place in the chain, and what this author has seen. */
static void
fill_place(const struct writing *w, struct manifest *m)
{
	const struct conversation *c = w->k->c;
	const struct manifest *concern = conversation_concern(c);
	enum chain chain = message_kind_chain(w->kind);

	m->kind = w->kind;
	memcpy(m->case_id, c->case_id, CASE_ID_LEN);
	m->author = w->staff->person->number;
	m->seq = c->count[chain];
	memcpy(m->prev, c->head[chain], LINK_LEN);
	m->n_seen = 2;
	memcpy(m->seen[0], c->head[CHAIN_TALK], LINK_LEN);
	memcpy(m->seen[1], c->head[CHAIN_STAFF], LINK_LEN);
	m->route = c->route;
	m->band = c->band;
	if (concern != NULL) {
		m->n_exclude = concern->n_exclude;
		memcpy(m->exclude, concern->exclude, sizeof(m->exclude));
	}
}

static enum exit_code
address(const struct writing *w, struct outgoing *o)
{
	struct age_recipient reporter;
	bool to_reporter = message_kind_chain(w->kind) == CHAIN_TALK;

	if (to_reporter && staff_case_reply_to(w->k, &reporter) != ERR_OK)
		return term_fail(&w->staff->term, EXIT_FAILED, "This reporter "
		    "left no address for answers (a line \"reply: age1...\"), "
		    "so nothing can be sealed to them.");
	return outgoing_address(o, to_reporter ? &reporter : NULL);
}

static enum exit_code
fill_content(const struct writing *w, struct outgoing *o)
{
	const struct option_list *attach = &w->staff->o->attach;
	enum exit_code code = EXIT_DONE;

	if (w->text.n > 0)
		code = outgoing_add_text(o, w->text);
	for (size_t i = 0; code == EXIT_DONE && i < attach->n; i++)
		code = outgoing_attach(o, attach->at[i]);
	return code == EXIT_DONE ? address(w, o) : code;
}

static enum exit_code
said(const struct writing *w, const struct outgoing *o)
{
	char id[2 * CASE_ID_LEN + 1], day[11];

	day_format(day, o->day);
	hex_encode(id, o->m->case_id, CASE_ID_LEN);
	if (w->staff->term.json)
		printf("{\"stored\":true,\"case\":\"%s\",\"kind\":\"%s\","
		    "\"seq\":%" PRIu32 ",\"day\":\"%s\"}\n", id,
		    message_kind_name(w->kind), o->m->seq, day);
	else
		term_say(&w->staff->term, "Stored on %s.", day);
	return EXIT_DONE;
}

/* *ret_again: somebody else wrote first. */
static enum exit_code
attempt(const struct writing *w, bool *ret_again)
{
	struct outgoing o;
	enum exit_code code = outgoing_new(&w->staff->server, &o);
	enum reply reply = REPLY_NONE;

	if (code == EXIT_DONE)
		fill_place(w, o.m);
	if (code == EXIT_DONE && message_kind_has_content(w->kind)) {
		code = fill_content(w, &o);
		if (code == EXIT_DONE)
			reply = outgoing_send(&o, w->staff->seed,
			    w->staff->session, NULL, &code);
	} else if (code == EXIT_DONE) {
		reply = outgoing_send_bare(&o, w->staff->seed,
		    w->staff->session, &code);
	}
	*ret_again = reply == REPLY_CONFLICT;
	if (reply == REPLY_OK)
		code = said(w, &o);
	else if (reply == REPLY_BAD_POLICY)
		code = server_fail(&w->staff->server, reply, "It was NOT "
							     "stored.");
	outgoing_free(&o);
	return code;
}

static enum exit_code
write_it(struct writing *w)
{
	enum exit_code code = EXIT_DONE;
	bool again = true;

	for (int i = 0; again && i < ATTEMPTS; i++) {
		if (i > 0)
			code = staff_case_refresh(w->k);
		if (code != EXIT_DONE && code != EXIT_NOT_STORED)
			return code;
		code = attempt(w, &again);
	}
	if (again)
		return term_fail(&w->staff->term, EXIT_NOT_STORED, "It was "
		    "NOT stored: others write to this case at the same time. "
		    "Please try again.");
	return code;
}

static enum exit_code
open_all(const struct ftsu_options *o, const char *id_text, struct staff *s,
    struct staff_case *k)
{
	uint8_t id[CASE_ID_LEN];
	enum exit_code code = staff_open(o, s);

	if (code == EXIT_DONE)
		code = case_id_parse(&s->term, id_text, id);
	if (code == EXIT_DONE)
		code = staff_session(s);
	if (code == EXIT_DONE)
		code = staff_unlock(s);
	if (code == EXIT_DONE)
		code = staff_case_open(s, id, NULL, NULL, k);
	return code;
}

static enum exit_code
run(const struct ftsu_options *o, const char *id, enum message_kind kind)
{
	struct buf text CLEAN_BUF = BUF_INIT(COMPOSE_TEXT_MAX);
	struct staff_case k = { 0 };
	struct staff s;
	struct writing w = { .staff = &s, .k = &k, .kind = kind };
	enum exit_code code = open_all(o, id, &s, &k);

	if (code == EXIT_DONE && message_kind_has_content(kind)) {
		code = compose_text(&s.term, o->message, &text);
		w.text = buf_bytes(&text);
		if (code == EXIT_DONE && text.n == 0 && o->attach.n == 0)
			code = term_fail(&s.term, EXIT_USAGE,
			    "There is nothing to send.");
	}
	if (code == EXIT_DONE)
		code = write_it(&w);
	staff_case_close(&k);
	staff_close(&s);
	return code;
}

enum exit_code
ftsu_ack(const void *values, const struct args *args)
{
	return run(values, args->at[0], MESSAGE_ACK);
}

enum exit_code
ftsu_reply(const void *values, const struct args *args)
{
	return run(values, args->at[0], MESSAGE_REPLY);
}

enum exit_code
ftsu_note(const void *values, const struct args *args)
{
	return run(values, args->at[0], MESSAGE_NOTE);
}
