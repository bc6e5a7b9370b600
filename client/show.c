#include "client/show.h"

#include <inttypes.h>
#include <string.h>

#include "client/case_words.h"
#include "crypto/codec.h"

#define SHOW_NAME_MAX 128
#define DETAIL_MAX 4096
#define ATTACHMENTS "attachments/"
#define IS_TAR(b) ((b)->n >= 512 && memcmp((b)->p + 257, "ustar", 5) == 0)

struct view {
	const struct term *t;
	const struct conversation *c;
	show_name *name;
	void *ctx;
	bool is_staff;
};

/* What the author did, in words; of `close` and `dismiss`: did_text. */
static const char *const did[MESSAGE_KINDS] = {
	[MESSAGE_CONCERN] = "raised this concern",
	[MESSAGE_FOLLOWUP] = "wrote again",
	[MESSAGE_WITHDRAW] = "withdrew the concern",
	[MESSAGE_REPLY] = "answered",
	[MESSAGE_ACK] = "acknowledged the concern",
	[MESSAGE_NOTE] = "noted for the other readers",
	[MESSAGE_SURVEY] = "said how it went",
	[MESSAGE_CONSENT] = "answered whether it may be told",
	[MESSAGE_ASK] = "asked",
	[MESSAGE_DISCLOSE] = "asked whether it may be told",
	[MESSAGE_ROUTE] = "sent the case another way",
	[MESSAGE_ASSIGN] = "gave the case",
	[MESSAGE_HANDOVER] = "handed the case over",
	[MESSAGE_RECUSE] = "stepped back from the case",
	[MESSAGE_GRANT] = "gave what was written before",
	[MESSAGE_FEEDBACK] = "told what came of it",
	[MESSAGE_REOPEN] = "opened the case again",
	[MESSAGE_OVERRIDE] = ("asked to disclose without consent, because of "
			      "serious harm"),
	[MESSAGE_SECOND] = "agreed, as a second person",
	[MESSAGE_DECLINE] = "did not agree",
	[MESSAGE_NOTICE] = "says",
	[MESSAGE_TRIAGE] = "decided how urgent it is",
	[MESSAGE_BAND] = "set another band",
	[MESSAGE_ADVISE] = "chose to advise",
	[MESSAGE_HANDLE] = "handles it",
	[MESSAGE_REFER] = "referred it",
	[MESSAGE_HUB] = "brought it to the resolution hub",
	[MESSAGE_TERMS] = "set terms of reference",
	[MESSAGE_EVIDENCE] = "gathered evidence",
	[MESSAGE_REPORT] = "reported",
	[MESSAGE_REVIEW] = "held the pre-action review",
	[MESSAGE_ACTION] = "took action",
	[MESSAGE_HOLD] = "put a legal hold on it",
	[MESSAGE_RELEASE] = "ended the legal hold",
	[MESSAGE_ESCALATE] = "escalated it",
	[MESSAGE_RECORD] = "kept the record",
	[MESSAGE_UNOPENED] = "cannot open a message",
	[MESSAGE_EVENT] = "says",
};

static const char *
name_of(const struct view *v, uint16_t person, char out[static SHOW_NAME_MAX])
{
	return person == PERSON_INSTANCE
	    ? "The service"
	    : v->name(v->ctx, person, out, SHOW_NAME_MAX);
}

/* --- whether a `close` or a `dismiss` closed it --- */

enum closing {
	CLOSING_DONE,
	CLOSING_WAITS, /* for a second person */
	CLOSING_UNKNOWN,
};

static bool
is_answered(const struct conversation *c, uint32_t close)
{
	for (uint32_t i = close + 1; i < c->count[CHAIN_TALK]; i++) {
		const struct entry *e = &c->at[CHAIN_TALK][i]->entry;

		if ((e->kind == MESSAGE_SECOND || e->kind == MESSAGE_DECLINE) &&
		    e->about == close)
			return true;
	}
	return false;
}

/* Whether one person can close it, its gravest band says; a reporter knows only
 * the first one. */
static enum closing
closing_of(const struct conversation *c, const struct conversation_message *m)
{
	unsigned bands =
	    c->n_known > 0 ? c->known[0].policy->limits.close_needs_second : 0;

	if (c->person != PERSON_REPORTER)
		return m->state == CASE_CLOSED ? CLOSING_DONE : CLOSING_WAITS;
	if (is_answered(c, m->seq) || (bands & BAND_BIT(c->band)) != 0)
		return CLOSING_WAITS;
	return bands == 0 ? CLOSING_DONE : CLOSING_UNKNOWN;
}

static const char *
did_text(const struct conversation *c, const struct conversation_message *m)
{
	static const char *const closing[] = {
		[CLOSING_DONE] = "closed the case",
		[CLOSING_WAITS] = "wants to close the case, and a second "
				  "person must agree",
		[CLOSING_UNKNOWN] = "closed the case, unless it is so serious "
				    "that a second person must agree",
	};
	static const char *const dismissing[] = {
		[CLOSING_DONE] = "set the concern aside unread, as part of a "
				 "flood of junk",
		[CLOSING_WAITS] = "wants to set the concern aside unread, as "
				  "part of a flood of junk, and a second "
				  "person must agree",
		[CLOSING_UNKNOWN] = "set the concern aside unread, as part of "
				    "a flood of junk, unless a second person "
				    "must agree",
	};

	if (m->kind == MESSAGE_DISMISS)
		return dismissing[closing_of(c, m)];
	return m->kind == MESSAGE_CLOSE ? closing[closing_of(c, m)]
					: did[m->kind];
}

/* --- what an entry says besides --- */

static void
put_people(const struct view *v, const struct entry *e, struct buf *out)
{
	char who[SHOW_NAME_MAX];

	for (size_t i = 0; i < e->n_people; i++)
		buf_printf(out, "%s%s", i == 0 ? ": " : ", ",
		    name_of(v, e->people[i], who));
}

static void
put_route(const struct view *v, uint16_t number, struct buf *out)
{
	const struct policy_route *r = v->c->n_known > 0
	    ? policy_route(v->c->known[0].policy, number)
	    : NULL;

	if (r != NULL)
		buf_printf(out, ", %s", r->title);
	else
		buf_printf(out, ", route %u", number);
}

static void
put_readers(const struct view *v, unsigned params, const struct entry *e,
    struct buf *out)
{
	char who[SHOW_NAME_MAX];

	if ((params & PARAM_FROM) != 0)
		buf_printf(out, ", from %s", name_of(v, e->from, who));
	if ((params & PARAM_PERSON) != 0)
		buf_printf(out, " to %s", name_of(v, e->person, who));
	if ((params & PARAM_INVESTIGATE) != 0 && e->investigates)
		buf_put_str(out, ", to investigate it");
}

/* The reporter is not told of bands and findings: these are staff's lines. */
static void
put_detail(const struct view *v, const struct entry *e, struct buf *out)
{
	unsigned params = message_form(e->kind)->params;

	if ((params & PARAM_BAND) != 0)
		buf_printf(out, ", P%u", e->band);
	if ((params & PARAM_COMPLEX) != 0 && e->is_complex)
		buf_put_str(out, ", complex");
	if ((params & PARAM_CONDUCT) != 0)
		buf_put_str(out,
		    e->is_conduct ? ", about conduct" : ", not about conduct");
	if ((params & PARAM_AGREE) != 0)
		buf_put_str(out, e->agrees ? ": yes" : ": no");
	if ((params & PARAM_ROUTE) != 0)
		put_route(v, e->route, out);
	put_readers(v, params, e, out);
	if ((params & PARAM_CODE) != 0)
		buf_printf(out, ": %s", notice_text(e->code, v->is_staff));
	if ((params & PARAM_PEOPLE) != 0 && e->kind == MESSAGE_EVENT)
		put_people(v, e, out);
	if ((params & PARAM_CHAIN) != 0)
		buf_printf(out, ", %s-%" PRIu32, chain_name(e->in), e->about);
}

/* --- a message --- */

static bool
is_attachment(const struct manifest_file *f)
{
	return strncmp(f->name, ATTACHMENTS, strlen(ATTACHMENTS)) == 0;
}

static void
say_inside(const struct term *t, const struct manifest *m)
{
	bool is_concern = m->kind == MESSAGE_CONCERN;

	for (size_t i = 0; i < m->n_answers; i++) {
		const struct manifest_answer *a = &m->answer[i];

		if (!is_concern && strcmp(a->field, "expected") == 0)
			term_item(t, 1, "An answer can be expected by %s.",
			    a->value);
		else
			term_item(t, 1, "%s: %s", a->field, a->value);
	}
	for (size_t i = 0; i < m->n_files; i++) {
		if (is_attachment(&m->file[i]))
			term_item(t, 1, "Attachment: %s (%" PRIu64 " bytes)",
			    m->file[i].name + strlen(ATTACHMENTS),
			    m->file[i].size);
	}
}

static void
say_remarks(const struct term *t, const struct conversation_message *m)
{
	if (m->m == NULL)
		return;
	if (!m->is_policy_known)
		term_item(t, 1,
		    "(Sealed under an earlier policy: its list of "
		    "readers was checked for people left out, and could not "
		    "be computed again.)");
	else if (!m->is_route_expected)
		term_item(t, 1,
		    "(By its answers, the policy would have sent "
		    "this concern another way than the reporter's program "
		    "did.)");
}

static void
say_head(const struct view *v, const struct conversation_message *m)
{
	struct buf detail CLEAN_BUF = BUF_INIT(DETAIL_MAX);
	char who[SHOW_NAME_MAX], place[64] = "";
	char day[11];
	int64_t on = m->kind == MESSAGE_CONCERN ? v->c->filed : m->entry.day;

	day_format(day, on);
	if (v->is_staff)
		(void)snprintf(place, sizeof(place), "%s-%" PRIu32 "  %s  ",
		    chain_name(conversation_chain(m)), m->seq, day);
	if (m->kind != MESSAGE_CONCERN)
		put_detail(v, &m->entry, &detail);
	term_say(v->t, "\n%s%s %s%.*s%s", place, name_of(v, m->author, who),
	    did_text(v->c, m), (int)detail.n,
	    detail.n > 0 ? (const char *)detail.p : "",
	    m->has_content ? ":" : ".");
}

static void
say_unread(const struct term *t, const struct conversation_message *m)
{
	if (m->failure != REFUSAL_NONE)
		term_item(t, 1, "(This message is left out: %s)",
		    refusal_text(m->failure));
	else
		term_item(t, 1, "(not sealed to you)");
}

static void
say_message(const struct view *v, const struct conversation_message *m)
{
	say_head(v, m);
	if (m->kind == MESSAGE_DISMISS && !v->is_staff)
		term_item(v->t, 1,
		    "If it is meant, please say so with speakup reply: any "
		    "answer brings it back, and whoever set it aside cannot "
		    "do so again alone.");
	if (!m->is_readable) {
		if (m->has_content)
			say_unread(v->t, m);
		return;
	}
	if (m->m != NULL)
		say_inside(v->t, m->m);
	if (m->m == NULL && IS_TAR(&m->text))
		term_item(v->t, 1,
		    "(a tar archive of %zu bytes: --save "
		    "writes it to a file)",
		    m->text.n);
	else if (m->text.n > 0)
		term_quote(v->t, buf_bytes(&m->text), 2);
	say_remarks(v->t, m);
}

void
show_messages(const struct term *t, const struct conversation *c,
    enum chain chain, show_name *name, void *ctx)
{
	const struct view v = { .t = t,
		.c = c,
		.name = name,
		.ctx = ctx,
		.is_staff = c->person != PERSON_REPORTER };

	for (size_t i = 0; i < c->n_messages; i++) {
		if (conversation_chain(c->message[i]) == chain)
			say_message(&v, c->message[i]);
	}
}
