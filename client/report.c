#include "client/speakup.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "client/answers.h"
#include "client/compose.h"
#include "client/concern.h"
#include "client/json.h"
#include "client/policy_show.h"
#include "crypto/codec.h"

struct report {
	const struct speakup_options *o;
	struct term term;
	struct server server;
	struct answers answers;
	struct buf text;
	struct concern concern;
	struct outgoing out;
	struct buf proof;
	int64_t day;
};

/* --- what it says --- */

static enum exit_code
gather_answers(struct report *r)
{
	const struct speakup_options *o = r->o;
	enum exit_code code = EXIT_DONE;

	if (o->answers != NULL)
		code = answers_read(&r->term, &r->answers, o->answers, o->entry,
		    &r->text);
	for (size_t i = 0; code == EXIT_DONE && i < o->answer.n; i++)
		code = answers_add(&r->term, &r->answers, o->answer.at[i]);
	for (size_t i = 0; code == EXIT_DONE && i < o->about.n; i++)
		code = answers_add_about(&r->term, &r->answers, o->about.at[i]);
	if (code == EXIT_DONE && !r->term.yes && o->answers == NULL)
		code = answers_ask(&r->term, &r->answers);
	return code;
}

static enum exit_code
gather_text(struct report *r)
{
	enum exit_code code = EXIT_DONE;

	if (r->text.n == 0 || r->o->message != NULL)
		code = compose_text(&r->term, r->o->message, &r->text);
	if (code == EXIT_DONE && r->text.n == 0 && r->o->attach.n == 0)
		return term_fail(&r->term, EXIT_USAGE,
		    "There is nothing to send yet.");
	return code;
}

static enum exit_code
fill_files(struct report *r)
{
	enum exit_code code = EXIT_DONE;

	if (r->text.n > 0)
		code = outgoing_add_text(&r->out, buf_bytes(&r->text));
	for (size_t i = 0; code == EXIT_DONE && i < r->o->attach.n; i++)
		code = outgoing_attach(&r->out, r->o->attach.at[i]);
	return code;
}

static void
say_contacts(const struct term *t, const char *title,
    const struct policy_contact *c, size_t n)
{
	if (n > 0)
		term_say(t, "\n%s", title);
	for (size_t i = 0; i < n; i++)
		term_item(t, 1, "%s: %s", c[i].name, c[i].contact);
}

static enum exit_code
agree(struct report *r)
{
	const struct policy *p = r->server.policy;
	const struct manifest *m = r->out.m;

	policy_say_readers(&r->term, p, r->concern.route, m, today());
	term_say(&r->term,
	    "\nNobody else can, not even the people who run the server. Nobody "
	    "will know who you are, unless what you wrote tells them.");
	if (r->o->attach.n > 0)
		term_say(&r->term,
		    "The attached files go as they are, with their names. "
		    "Documents and pictures often say inside who made them, "
		    "where and with what.");
	say_contacts(&r->term,
	    "If it is about the people who run the server, or you would rather "
	    "go outside:",
	    p->outside, p->n_outside);
	say_contacts(&r->term, "If somebody is in danger now:", p->crisis,
	    p->n_crisis);
	if (term_agree(&r->term, "\nSend it to these people? [y/N] "))
		return EXIT_DONE;
	return term_fail(&r->term, EXIT_DECLINED,
	    "Nothing was sent, and nothing was kept.");
}

/* --- afterwards --- */

/* Until the words typed back are those shown. */
static void
confirm_words(const struct report *r)
{
	uint8_t shown[RECEIPT_LEN], typed[RECEIPT_LEN];
	char line[TERM_LINE_MAX];

	if (r->term.yes ||
	    receipt_parse(bytes_str(r->concern.words), shown, NULL) != ERR_OK)
		return;
	while (term_ask(&r->term,
		   "\nType the 12 words, to be sure that you have them (or "
		   "Enter to leave it): ",
		   line, sizeof(line)) &&
	    line[0] != '\0') {
		if (receipt_parse(bytes_str(line), typed, NULL) == ERR_OK &&
		    bytes_equal_ct(shown, typed, RECEIPT_LEN)) {
			term_say(&r->term,
			    "That is right. Now clear this window, and keep "
			    "the paper safe.");
			break;
		}
		term_say(&r->term,
		    "These are not the same words. Please look at what you "
		    "wrote down.");
	}
	bytes_wipe(shown, sizeof(shown));
	bytes_wipe(typed, sizeof(typed));
	bytes_wipe(line, sizeof(line));
}

/* In two rows of six. */
static void
say_words(const struct report *r)
{
	const char *words = r->concern.words, *at = words;

	for (int i = 0; i < RECEIPT_WORDS / 2; i++)
		at += strcspn(at, " ") + 1;
	term_say(&r->term, "\n    %.*s\n    %s\n", (int)(at - words) - 1, words,
	    at);
	term_say(&r->term,
	    "These 12 words are your receipt. Write them down on paper, in "
	    "this order. They are the only way to read the answer and to write "
	    "again, and nobody can give them to you a second time. Whoever has "
	    "them can read everything here.");
}

static enum exit_code
print_json(const struct report *r)
{
	char id[2 * CASE_ID_LEN + 1], day[11], band[] = "P0";
	json_t *j;

	hex_encode(id, r->concern.keys.case_id, CASE_ID_LEN);
	day_format(day, r->day);
	band[1] = (char)('0' + r->out.m->band);
	j = json_pack("{s:b, s:s, s:s, s:s, s:s, s:i, s:s, s:s}", "stored", 1,
	    "receipt", r->concern.words, "case", id, "day", day, "band", band,
	    "route", (int)r->out.m->route, "route_title",
	    r->concern.route->title, "org", r->server.policy->org);
	return json_print(&r->term, j);
}

static enum exit_code
save_proof(const struct speakup_options *o, const struct term *t,
    struct bytes proof)
{
	enum exit_code code;

	if (o->save_proof == NULL)
		return EXIT_DONE;
	code = file_write(t, o->save_proof, proof, FILE_PRIVATE, false);
	if (code == EXIT_DONE)
		term_warn(t,
		    "%s proves that you raised this concern on that day. It "
		    "may protect you later; to somebody who finds it, it says "
		    "that it was you. Keep it where only you look.",
		    o->save_proof);
	return code;
}

static enum exit_code
stored(const struct report *r)
{
	char day[11];
	enum exit_code code;

	if (r->term.json) {
		code = print_json(r);
	} else {
		day_format(day, r->day);
		term_say(&r->term,
		    "Your concern is stored (%s). The server's proof was "
		    "checked and fits.",
		    day);
		say_words(r);
		code = EXIT_DONE;
	}
	/* Before the question: an answer may be an interrupt. */
	if (code == EXIT_DONE)
		code = save_proof(r->o, &r->term, buf_bytes(&r->proof));
	if (!r->term.json)
		confirm_words(r);
	return code;
}

/* Kept sealed, for `speakup report --send`. */
static bool
save_sealed(const struct report *r)
{
	if (file_write(&r->term, r->o->save_sealed, buf_bytes(&r->out.body),
		FILE_PRIVATE, false) != EXIT_DONE)
		return false;
	if (r->term.json) {
		printf("{\"stored\":false,\"receipt\":\"%s\"}\n",
		    r->concern.words);
		return true;
	}
	term_say(&r->term,
	    "It is saved, sealed, in %s. Take it that NOBODY has it yet. To "
	    "send it later: speakup report --send %s",
	    r->o->save_sealed, r->o->save_sealed);
	say_words(r);
	return true;
}

/* A program that reads JSON is not asked. */
static enum exit_code
try_again(struct report *r, enum exit_code code, bool is_saved)
{
	while (!r->term.yes && !r->term.json &&
	    term_agree(&r->term, "Try again now? [y/N] ")) {
		buf_reset(&r->proof);
		code = outgoing_send_saved(&r->server, buf_bytes(&r->out.body),
		    &r->proof, &r->day);
		if (code != EXIT_DONE)
			continue;
		/* a filed concern is not to lie about */
		if (is_saved && unlink(r->o->save_sealed) != 0)
			term_warn(&r->term, "Now delete %s.",
			    r->o->save_sealed);
		return stored(r);
	}
	return code;
}

static enum exit_code
not_stored(struct report *r, enum exit_code code)
{
	const bool may_retry = r->out.is_whole &&
	    (code == EXIT_UNAVAILABLE || code == EXIT_NOT_STORED);
	bool is_saved = false;

	if (!may_retry) {
		if (r->o->save_sealed != NULL)
			term_warn(&r->term, "It was not saved either.");
		return code;
	}
	/* Before the question: an answer may be an interrupt. */
	if (r->o->save_sealed != NULL)
		is_saved = save_sealed(r);
	return try_again(r, code, is_saved);
}

static enum exit_code
send_concern(struct report *r)
{
	enum exit_code code = EXIT_FAILED;
	enum reply reply = outgoing_send(&r->out, r->concern.keys.sign_seed,
	    NULL, r->concern.keys.sign_pub, &code);

	if (reply == REPLY_CONFLICT || reply == REPLY_BAD_POLICY)
		return server_fail(&r->server, reply,
		    "Your concern was NOT stored.");
	if (reply != REPLY_OK)
		return not_stored(r, code);
	buf_put_bytes(&r->proof, buf_bytes(&r->out.proof));
	r->day = r->out.day;
	return stored(r);
}

static enum exit_code
compose(struct report *r)
{
	enum exit_code code = outgoing_new(&r->server, &r->out);

	if (code == EXIT_DONE)
		code = gather_answers(r);
	if (code == EXIT_DONE)
		code = gather_text(r);
	if (code == EXIT_DONE)
		code = answers_fill(&r->term, &r->answers, r->out.m);
	if (code == EXIT_DONE)
		code = concern_begin(&r->out, &r->concern);
	if (code == EXIT_DONE)
		code = fill_files(r);
	if (code == EXIT_DONE)
		code = outgoing_address(&r->out, &r->concern.reply);
	return code;
}

/* --- one that was saved --- */

static enum exit_code
send_saved(struct report *r)
{
	struct buf body CLEAN_BUF = BUF_INIT(BUNDLE_TEXT_LEN);
	char day[11];
	enum exit_code code = file_read(&r->term, r->o->send, &body);

	if (code == EXIT_DONE)
		code = outgoing_send_saved(&r->server, buf_bytes(&body),
		    &r->proof, &r->day);
	if (code != EXIT_DONE)
		return code;
	day_format(day, r->day);
	if (r->term.json)
		printf("{\"stored\":true,\"day\":\"%s\"}\n", day);
	else
		term_say(&r->term,
		    "Your concern is stored (%s). The server's proof was "
		    "checked and fits. Your receipt is the 12 words that were "
		    "shown when it was saved. Now delete %s.",
		    day, r->o->send);
	return save_proof(r->o, &r->term, buf_bytes(&r->proof));
}

enum exit_code
speakup_report(const void *values, const struct args *args)
{
	const struct speakup_options *o = values;
	struct server_config config = common_server(&o->common);
	struct report r = { .o = o,
		.term = speakup_term(o),
		.text.max = COMPOSE_TEXT_MAX,
		.proof.max = BUNDLE_TEXT_LEN };
	enum exit_code code = server_open(&r.term, &config, &r.server);

	(void)args;
	if (code == EXIT_UNAVAILABLE)
		term_warn(&r.term,
		    "Your concern was NOT stored: nothing was sent.");
	r.answers.policy = r.server.policy;
	if (code == EXIT_DONE) {
		even_begin(&r.server.even);
		server_warn_unpinned(&r.server, config.pin);
	}
	if (code == EXIT_DONE && o->send != NULL) {
		server_cover(&r.server);
		code = send_saved(&r);
	} else if (code == EXIT_DONE) {
		code = compose(&r);
		if (code == EXIT_DONE)
			code = agree(&r);
		if (code == EXIT_DONE) {
			server_cover(&r.server);
			code = send_concern(&r);
		}
		outgoing_free(&r.out);
	}
	server_close(&r.server);
	buf_free(&r.text);
	buf_free(&r.proof);
	concern_wipe(&r.concern);
	return code;
}
