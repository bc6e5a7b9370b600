#include "client/ftsu.h"

#include <stdio.h>
#include <string.h>

#include "client/answers.h"
#include "client/compose.h"
#include "client/concern.h"
#include "client/json.h"
#include "client/policy_show.h"
#include "client/record.h"
#include "crypto/codec.h"

/*
 * A concern that somebody told a guardian, in person or by telephone: it takes
 * the way that a reporter's own would take, with a receipt of its own, so that
 * whoever told it can come back to it. How it was told is the text's first
 * line: the form belongs to the policy, and says nothing of it.
 */
struct telling {
	struct staff *s;
	struct answers answers;
	struct buf said, text;
	struct outgoing out;
	struct concern concern;
	bool is_kept; /* the receipt, in the record */
};

static enum exit_code
gather(struct telling *n)
{
	const struct ftsu_options *o = n->s->o;
	const struct term *t = &n->s->term;
	enum exit_code code = EXIT_DONE;

	n->answers.policy = n->s->server.policy;
	if (o->raised == NULL ||
	    (strcmp(o->raised, "open") != 0 &&
		strcmp(o->raised, "confidential") != 0))
		return term_fail(t, EXIT_USAGE,
		    "Was it raised openly, or to "
		    "you in confidence? Say --raised open or --raised "
		    "confidential.");
	for (size_t i = 0; code == EXIT_DONE && i < o->answer.n; i++)
		code = answers_add(t, &n->answers, o->answer.at[i]);
	for (size_t i = 0; code == EXIT_DONE && i < o->about.n; i++)
		code = answers_add_about(t, &n->answers, o->about.at[i]);
	if (code == EXIT_DONE && !t->yes)
		code = answers_ask(t, &n->answers);
	if (code == EXIT_DONE)
		code = ftsu_text(n->s, true, &n->said);
	return code;
}

static enum exit_code
put_text(struct telling *n)
{
	const struct option_list *attach = &n->s->o->attach;
	enum exit_code code;

	buf_printf(&n->text, "raised: %s\nwritten down by: %s\n\n",
	    n->s->o->raised, n->s->person->name);
	buf_put_bytes(&n->text, buf_bytes(&n->said));
	if (n->text.err != ERR_OK)
		return fail_err(&n->s->term, n->text.err, "The text");
	code = outgoing_add_text(&n->out, buf_bytes(&n->text));
	for (size_t i = 0; code == EXIT_DONE && i < attach->n; i++)
		code = outgoing_attach(&n->out, attach->at[i]);
	return code;
}

static enum exit_code
compose(struct telling *n)
{
	enum exit_code code = answers_fill(&n->s->term, &n->answers, n->out.m);

	if (code == EXIT_DONE)
		code = concern_begin(&n->out, &n->concern);
	if (code == EXIT_DONE)
		code = put_text(n);
	return code == EXIT_DONE ? outgoing_address(&n->out, &n->concern.reply)
				 : code;
}

static enum exit_code
agree(const struct telling *n)
{
	policy_say_readers(&n->s->term, n->s->server.policy, n->concern.route,
	    n->out.m, today());
	return term_agree(&n->s->term, "\nSend it to these people? [y/N] ")
	    ? EXIT_DONE
	    : term_fail(&n->s->term, EXIT_DECLINED, "Nothing was sent.");
}

static enum exit_code
send_it(struct telling *n)
{
	enum exit_code code = EXIT_FAILED;
	enum reply reply = outgoing_send(&n->out, n->concern.keys.sign_seed,
	    NULL, n->concern.keys.sign_pub, &code);

	if (reply == REPLY_OK)
		return EXIT_DONE;
	if (reply == REPLY_CONFLICT || reply == REPLY_BAD_POLICY)
		return server_fail(&n->s->server, reply, "It was NOT stored.");
	return code;
}

/* --- the receipt --- */

static enum exit_code
keep_in(struct telling *n, struct staff_case *k)
{
	struct record r = { 0 };
	struct buf text CLEAN_BUF = BUF_INIT(RECORD_MAX);
	struct action ack = { .entry.kind = MESSAGE_ACK, .is_quiet = true };
	struct action a = { .entry.kind = MESSAGE_RECORD, .is_quiet = true };
	const struct term *t = &n->s->term;
	enum exit_code code =
	    record_set(t, NULL, &r, "raised", bytes_str(n->s->o->raised));

	if (code == EXIT_DONE)
		code = record_set(t, NULL, &r, "receipt",
		    bytes_str(n->concern.words));
	record_put(&r, false, &text);
	a.text = buf_bytes(&text);
	if (code == EXIT_DONE)
		code = action_run(k, &ack);
	if (code == EXIT_DONE)
		code = staff_case_refresh(k);
	if (code == EXIT_DONE)
		code = action_run(k, &a);
	record_free(&r);
	return code;
}

/* Its first record can be kept once it is acknowledged, which whoever heard it
 * may do. Where that fails, the receipt is still here to be written down. */
static void
keep_receipt(struct telling *n)
{
	struct staff_case k = { 0 };
	enum exit_code code =
	    staff_case_open(n->s, n->concern.keys.case_id, NULL, NULL, &k);

	if (code == EXIT_DONE)
		code = keep_in(n, &k);
	n->is_kept = code == EXIT_DONE;
	if (!n->is_kept)
		term_warn(&n->s->term,
		    "The receipt could not be kept in the "
		    "case's record: write it down.");
	staff_case_close(&k);
}

static enum exit_code
say_stored(const struct telling *n)
{
	const struct term *t = &n->s->term;
	char id[2 * CASE_ID_LEN + 1], day[11], band[] = "P0";

	hex_encode(id, n->concern.keys.case_id, CASE_ID_LEN);
	day_format(day, n->out.day);
	band[1] = (char)('0' + n->out.m->band);
	if (t->json)
		return json_print(t,
		    json_pack("{s:b, s:s, s:s, s:s, s:s, "
			      "s:i, s:b}",
			"stored", 1, "case", id, "receipt", n->concern.words,
			"day", day, "band", band, "route", (int)n->out.m->route,
			"kept", n->is_kept));
	term_say(t, "Stored as case %s (%s).", id, day);
	if (n->is_kept) {
		term_say(t, "The receipt is in the case's record.");
		return EXIT_DONE;
	}
	term_say(t, "\n    %s\n", n->concern.words);
	term_say(t,
	    "These 12 words are the receipt of whoever told you. Hand "
	    "them over on paper and keep no copy: with them they read the "
	    "answers and can write again, and nobody can make them a second "
	    "time.");
	return EXIT_DONE;
}

enum exit_code
ftsu_new(const void *values, const struct args *args)
{
	struct staff s;
	struct telling n = { .s = &s,
		.said.max = COMPOSE_TEXT_MAX,
		.text.max = COMPOSE_TEXT_MAX + 512 };
	enum exit_code code = ftsu_begin(values, &s);

	(void)args;
	if (code == EXIT_DONE)
		code = gather(&n);
	if (code == EXIT_DONE) {
		code = outgoing_new(&s.server, &n.out);
		if (code == EXIT_DONE)
			code = compose(&n);
		if (code == EXIT_DONE)
			code = agree(&n);
		if (code == EXIT_DONE)
			code = send_it(&n);
	}
	if (code == EXIT_DONE && s.o->keep_receipt)
		keep_receipt(&n);
	if (code == EXIT_DONE)
		code = say_stored(&n);
	outgoing_free(&n.out);
	concern_wipe(&n.concern);
	buf_free(&n.said);
	buf_free(&n.text);
	staff_close(&s);
	return code;
}
