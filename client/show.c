#include "client/show.h"

#include <inttypes.h>
#include <string.h>

#include "client/json.h"
#include "crypto/codec.h"

#define SHOW_NAME_MAX 128
#define ATTACHMENTS "attachments/"
#define IS_TAR(b) ((b)->n >= 512 && memcmp((b)->p + 257, "ustar", 5) == 0)

/* What the author did, in words. */
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
	[MESSAGE_ASSIGN] = "gave the case to another reader",
	[MESSAGE_HANDOVER] = "handed the case over",
	[MESSAGE_RECUSE] = "stepped back from the case",
	[MESSAGE_GRANT] = "gave a reader what they lacked",
	[MESSAGE_FEEDBACK] = "told what came of it",
	[MESSAGE_CLOSE] = "closed the case",
	[MESSAGE_REOPEN] = "opened the case again",
	[MESSAGE_OVERRIDE] = "asked to disclose without consent, because of "
			     "serious harm",
	[MESSAGE_SECOND] = "agreed, as a second person",
	[MESSAGE_DECLINE] = "did not agree",
	[MESSAGE_NOTICE] = "gave notice",
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
	[MESSAGE_EVENT] = "reports",
};

static bool
is_attachment(const struct manifest_file *f)
{
	return strncmp(f->name, ATTACHMENTS, strlen(ATTACHMENTS)) == 0;
}

static void
say_inside(const struct term *t, const struct manifest *m)
{
	for (size_t i = 0; i < m->n_answers; i++)
		term_item(t, 1, "%s: %s", m->answer[i].field,
		    m->answer[i].value);
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
		term_item(t, 1, "(Sealed under an earlier policy: its list of "
		    "readers was checked for people left out, and could not "
		    "be computed again.)");
	else if (!m->is_route_expected)
		term_item(t, 1, "(By its answers, the policy would have sent "
		    "this concern another way than the reporter's program "
		    "did.)");
}

static void
say_message(const struct term *t, const struct conversation_message *m,
    show_name *name, void *ctx)
{
	char who[SHOW_NAME_MAX];

	term_say(t, "\n%s %s%s", name(ctx, m->author, who, sizeof(who)),
	    did[m->kind], message_kind_has_content(m->kind) ? ":" : ".");
	if (!m->is_readable && message_kind_has_content(m->kind)) {
		term_item(t, 1, "(not sealed to you)");
		return;
	}
	if (m->m != NULL)
		say_inside(t, m->m);
	if (m->m == NULL && IS_TAR(&m->text))
		term_item(t, 1, "(a tar archive of %zu bytes: --save writes "
		    "it to a file)", m->text.n);
	else if (m->text.n > 0)
		term_quote(t, buf_bytes(&m->text), 2);
	say_remarks(t, m);
}

void
show_messages(const struct term *t, const struct conversation *c,
    enum chain chain, show_name *name, void *ctx)
{
	for (size_t i = 0; i < c->n_messages; i++) {
		if (conversation_chain(c->message[i]) == chain)
			say_message(t, c->message[i], name, ctx);
	}
}

/* --- JSON --- */

/* Text that is not UTF-8 is left out: JSON cannot carry it. */
static void
set_text(json_t *j, const struct buf *text)
{
	json_t *s = json_stringn(text->n > 0 ? (const char *)text->p : "",
	    text->n);

	if (s != NULL)
		(void)json_object_set_new(j, "text", s);
}

static json_t *
files_json(const struct manifest *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->n_files; i++) {
		if (is_attachment(&m->file[i]))
			(void)json_array_append_new(list,
			    json_pack("{s:s, s:I}", "name",
				m->file[i].name + strlen(ATTACHMENTS), "size",
				(json_int_t)m->file[i].size));
	}
	return list;
}

static json_t *
answers_json(const struct manifest *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->n_answers; i++)
		(void)json_array_append_new(list,
		    json_sprintf("%s=%s", m->answer[i].field,
			m->answer[i].value));
	return list;
}

static json_t *
people_json(const struct manifest *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->n_to; i++)
		(void)json_array_append_new(list,
		    json_integer(m->to[i].person));
	return list;
}

static json_t *
message_json(const struct conversation_message *m, show_name *name, void *ctx)
{
	char who[SHOW_NAME_MAX];
	json_t *j = json_pack("{s:s, s:I, s:s, s:i, s:s, s:b}", "chain",
	    chain_name(conversation_chain(m)), "seq", (json_int_t)m->seq,
	    "kind", message_kind_name(m->kind), "author", (int)m->author,
	    "name", name(ctx, m->author, who, sizeof(who)), "readable",
	    m->is_readable);

	if (j == NULL || !m->is_readable)
		return j;
	set_text(j, &m->text);
	if (m->m == NULL)
		return j;
	(void)json_object_set_new(j, "files", files_json(m->m));
	(void)json_object_set_new(j, "answers", answers_json(m->m));
	(void)json_object_set_new(j, "readers", people_json(m->m));
	(void)json_object_set_new(j, "policy_known",
	    json_boolean(m->is_policy_known));
	return j;
}

enum exit_code
show_json(const struct term *t, const struct conversation *c,
    show_name *name, void *ctx)
{
	char id[2 * CASE_ID_LEN + 1], band[] = "P0";
	json_t *list = json_array(), *j;

	hex_encode(id, c->case_id, CASE_ID_LEN);
	band[1] = (char)('0' + c->band);
	for (size_t i = 0; i < c->n_messages; i++)
		(void)json_array_append_new(list,
		    message_json(c->message[i], name, ctx));
	j = json_pack("{s:s, s:s, s:i, s:b, s:b, s:o}", "case", id, "band",
	    band, "route", (int)c->route, "withdrawn",
	    conversation_is_withdrawn(c), "plain", c->is_plain, "messages",
	    list);
	return json_print(t, j);
}
