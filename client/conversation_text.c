#include "client/conversation.h"

const char *
refusal_text(enum refusal r)
{
	static const char *const text[REFUSALS] = {
		[REFUSAL_NONE] = "All is as it should be.",
		[REFUSAL_HEAD] = "A message's head is malformed.",
		[REFUSAL_OTHER_CASE] = "A message belongs to another case.",
		[REFUSAL_DROPPED] = "A message is missing.",
		[REFUSAL_REORDERED] = "Messages are not in the order in which "
				      "they were written.",
		[REFUSAL_UNKNOWN_SIGNER] = "A message is from somebody whom "
					   "the policy does not know.",
		[REFUSAL_SIGNATURE] = "A message is not signed by the person "
				      "whom it names.",
		[REFUSAL_SWAPPED] = "A message was put in place of another.",
		[REFUSAL_ENVELOPE] = "A message's envelope is not the one "
				     "that its author made for you.",
		[REFUSAL_NOT_FOR_US] = "Your key does not open a message that "
				       "should be for you.",
		[REFUSAL_DAMAGED] = "A message was altered or cut.",
		[REFUSAL_NOT_SEALED] = "A message is not a sealed one, or "
				       "holds two texts, one for each reader.",
		[REFUSAL_BODY] = "What is inside a message breaks the rules.",
		[REFUSAL_MANIFEST] = "A message contradicts the case that it "
				     "is in.",
		[REFUSAL_MEMBERS] = "A message is not sealed to the people to "
				    "whom the policy says it should be.",
		[REFUSAL_EXCLUDED] = "A message is sealed to somebody whom "
				     "the reporter left out.",
		[REFUSAL_NOT_A_READER] = "A message is from somebody who may "
					 "not read this case.",
		[REFUSAL_NOT_ALLOWED] = "Somebody did what the case did not "
					"allow then.",
		[REFUSAL_TOLD] = "Others may be told that the case is overdue "
				 "than the policy says.",
		[REFUSAL_SEEN] = "A message answers another one that is being "
				 "withheld.",
		[REFUSAL_NO_CONCERN] = "The first message of the case cannot "
				       "be read.",
		[REFUSAL_UNSUPPORTED] = "This case has post-quantum (hybrid) "
					"keys; they need OpenSSL 3.5, which "
					"this machine does not have.",
		[REFUSAL_FAILED] = "This machine could not finish the work "
				   "(memory or the crypto library).",
	};

	return text[r];
}

/* The name by the current policy. */
static void
put_name(const struct conversation *c, uint16_t person, struct buf *out)
{
	const struct policy_person *p =
	    policy_person(c->known[0].policy, person);

	if (person == PERSON_REPORTER)
		buf_put_str(out, "the reporter");
	else if (person == PERSON_INSTANCE)
		buf_put_str(out, "the server");
	else if (p != NULL)
		buf_put_str(out, p->name);
	else
		buf_printf(out, "person %u", (unsigned)person);
}

void
conversation_refused_text(const struct conversation *c, struct buf *out)
{
	const struct conversation_refused *f = &c->refused;

	if (!f->is_one)
		return;
	buf_printf(out, "It is %s %u", chain_name(f->chain), (unsigned)f->seq);
	if (f->is_parsed) {
		buf_printf(out, ", \"%s\" in the name of ",
		    message_kind_name(f->entry.kind));
		put_name(c, f->entry.author, out);
	}
	if (f->why != LIFE_OK)
		buf_printf(out, ", when the case was \"%s\": %s",
		    case_state_name(f->state), life_refusal_text(f->why));
	else
		buf_put_str(out, ".");
}
