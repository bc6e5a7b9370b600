#include "client/ftsu.h"

#include <stdlib.h>
#include <string.h>

#include "client/compose.h"
#include "client/staff_queue.h"
#include "crypto/codec.h"

/*
 * All open cases of one person to another, in one command: whoever is ill or
 * leaves. Each case is done wholly or not at all, and one that was done is not
 * found again, so the command may be given again after anything.
 */

struct handing {
	struct staff *s;
	const struct policy_person *to, *from;
	struct buf text;
	struct staff_queue q;
	size_t n, done, not_theirs, failed;
};

static enum exit_code
hand_one(struct handing *h, const uint8_t id[static CASE_ID_LEN])
{
	struct action a = { .entry = { .kind = MESSAGE_HANDOVER,
				.from = h->from->number,
				.person = h->to->number },
		.text = buf_bytes(&h->text),
		.share = SHARE_ALL,
		.is_quiet = true };
	struct staff_case k = { 0 };
	char text[2 * CASE_ID_LEN + 1];
	enum exit_code code = staff_case_open(h->s, id, NULL, NULL, &k);

	hex_encode(text, id, CASE_ID_LEN);
	if (code == EXIT_DONE &&
	    conversation_parts(k.c, h->from->number) == 0) {
		h->not_theirs++;
	} else {
		if (code == EXIT_DONE)
			code = ftsu_check_may(&k, &a.entry);
		if (code == EXIT_DONE)
			code = action_run(&k, &a);
		if (code == EXIT_DONE)
			h->done++;
		else
			(void)term_fail(&h->s->term, code,
			    "Case %s is to be taken as NOT handed over.", text);
	}
	staff_case_close(&k);
	return code;
}

static bool
is_open(const struct answer_row *row)
{
	return row->state != CASE_CLOSED && row->state != CASE_WITHDRAWN;
}

static enum exit_code
find_all(struct handing *h)
{
	enum exit_code code = staff_queue_fetch(h->s, 0, true, &h->q);
	size_t n = 0;

	for (size_t i = 0; i < h->q.n; i++) {
		if (is_open(&h->q.row[i]))
			h->q.row[n++] = h->q.row[i];
	}
	h->q.n = n;
	return code;
}

static enum exit_code
find_named(struct handing *h, const struct args *args)
{
	enum exit_code code = EXIT_DONE;

	h->q.row = calloc(args->n, sizeof(*h->q.row));
	if (h->q.row == NULL)
		return fail_err(&h->s->term, ERR_NOMEM, "The cases");
	for (; code == EXIT_DONE && h->q.n < args->n; h->q.n++)
		code = ftsu_case_id(h->s, args->at[h->q.n],
		    h->q.row[h->q.n].case_id);
	return code;
}

static enum exit_code
hand_all(struct handing *h)
{
	enum exit_code code = EXIT_DONE;
	struct progress bar;
	size_t i = 0;

	progress_start_of(&bar, "Handing over", h->q.n, "cases");
	for (; i < h->q.n && code != EXIT_LOGIN && code != EXIT_UNAVAILABLE;
	     i++) {
		code = hand_one(h, h->q.row[i].case_id);
		progress_add(&bar, 1);
	}
	progress_end(&bar);
	h->failed = h->q.n - h->done - h->not_theirs;
	if (h->s->term.json)
		printf("{\"handed_over\":%zu,\"not_theirs\":%zu,"
		       "\"failed\":%zu}\n",
		    h->done, h->not_theirs, h->failed);
	else
		term_say(&h->s->term, "%zu case%s of %s went to %s.%s", h->done,
		    h->done == 1 ? "" : "s", h->from->name, h->to->name,
		    h->failed > 0
			? " Others are not; the reasons are above, and the "
			  "same command may be given again."
			: "");
	return h->failed == 0 ? EXIT_DONE : EXIT_NOT_STORED;
}

static enum exit_code
read_people(struct handing *h)
{
	const struct ftsu_options *o = h->s->o;
	enum exit_code code;

	if (o->to == NULL)
		return term_fail(&h->s->term, EXIT_USAGE,
		    "To whom? Say --to PERSON.");
	h->from = h->s->person;
	code = ftsu_person(h->s, o->to, &h->to);
	if (code == EXIT_DONE && o->from != NULL)
		code = ftsu_person(h->s, o->from, &h->from);
	if (code == EXIT_DONE && h->to == h->from)
		return term_fail(&h->s->term, EXIT_USAGE,
		    "These are the same person.");
	return code;
}

static enum exit_code
agree(const struct handing *h)
{
	char question[512];

	(void)snprintf(question, sizeof(question),
	    "%zu cases may go from %s "
	    "to %s, with everything that was written. %s will not be able to "
	    "read them any more. Go on? [y/N] ",
	    h->q.n, h->from->name, h->to->name,
	    h->from == h->s->person ? "You" : h->from->name);
	return term_agree(&h->s->term, question)
	    ? EXIT_DONE
	    : term_fail(&h->s->term, EXIT_DECLINED, "Nothing was handed over.");
}

enum exit_code
ftsu_handover(const void *values, const struct args *args)
{
	struct staff s;
	struct handing h = { .s = &s, .text.max = COMPOSE_TEXT_MAX };
	enum exit_code code = ftsu_begin(values, &s);

	if (code == EXIT_DONE)
		code = read_people(&h);
	if (code == EXIT_DONE)
		code = ftsu_text(&s, false, &h.text);
	if (code == EXIT_DONE)
		code = args->n > 0 ? find_named(&h, args) : find_all(&h);
	if (code == EXIT_DONE)
		code = agree(&h);
	if (code == EXIT_DONE)
		code = hand_all(&h);
	staff_queue_free(&h.q);
	buf_free(&h.text);
	staff_close(&s);
	return code;
}
