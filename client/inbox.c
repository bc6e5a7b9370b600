#include "client/speakup.h"

#include "client/show.h"

/* It was closed, or they are asked how they are treated since; and they have
 * not said yet. */
static bool
is_survey_due(const struct conversation *c)
{
	bool is_due = false;

	for (uint32_t i = 0; i < c->count[CHAIN_TALK]; i++) {
		const struct entry *e = &c->at[CHAIN_TALK][i]->entry;

		if (e->kind == MESSAGE_SURVEY)
			is_due = false;
		else if (e->kind == MESSAGE_CLOSE ||
		    (e->kind == MESSAGE_NOTICE && e->code != NOTICE_PROMPT))
			is_due = true;
	}
	return is_due;
}

/* What can be done now, each with its command. */
static void
say_next(const struct mailbox *b)
{
	const struct term *t = &b->term;

	term_say(t,
	    "\nEverything above was checked. To answer: speakup "
	    "reply.");
	if (conversation_consent(b->c) != NULL)
		term_say(t,
		    "You were asked whether something may be told. "
		    "Nothing is told until you say so: speakup consent yes, "
		    "or speakup consent no.");
	if (is_survey_due(b->c))
		term_say(t,
		    "Would you speak up again? speakup survey yes, or "
		    "speakup survey no.");
}

static void
say_inbox(struct mailbox *b)
{
	const struct term *t = &b->term;

	if (conversation_is_withdrawn(b->c))
		term_say(t,
		    "You withdrew this concern. Those who had it "
		    "already can still read it.");
	show_messages(t, b->c, CHAIN_TALK, mailbox_name, b);
	say_next(b);
}

/* One bad message, by whomever, hides nothing that was checked before it. */
static void
say_checked(struct mailbox *b)
{
	term_say(&b->term, "What could be checked before that:");
	show_messages(&b->term, b->c, CHAIN_TALK, mailbox_name, b);
}

enum exit_code
speakup_inbox(const void *values, const struct args *args)
{
	const struct speakup_options *o = values;
	struct mailbox b;
	enum exit_code code = mailbox_open(o, &b);

	(void)args;
	server_even_out(&b.server);
	if (code == EXIT_DONE && o->common.json)
		code = show_json(&b.term, b.c, mailbox_name, &b);
	else if (code == EXIT_DONE)
		say_inbox(&b);
	else if (code == EXIT_REFUSED && b.c != NULL && b.c->n_messages > 0)
		say_checked(&b);
	mailbox_close(&b);
	return code;
}
