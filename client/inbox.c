#include "client/speakup.h"

#include "client/show.h"

static void
say_inbox(struct mailbox *b)
{
	const struct term *t = &b->term;

	if (conversation_is_withdrawn(b->c))
		term_say(t, "You withdrew this concern. Those who had it "
		    "already can still read it.");
	show_messages(t, b->c, CHAIN_TALK, mailbox_name, b);
	term_say(t, "\nEverything above was checked. To answer: speakup "
	    "reply.");
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
	if (code == EXIT_DONE && o->common.json)
		code = show_json(&b.term, b.c, mailbox_name, &b);
	else if (code == EXIT_DONE)
		say_inbox(&b);
	else if (code == EXIT_REFUSED && b.c != NULL && b.c->n_messages > 0)
		say_checked(&b);
	mailbox_close(&b);
	return code;
}
