#include "client/server.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "client/moment.h"
#include "client/work.h"
#include "crypto/codec.h"
#include "crypto/env.h"
#include "crypto/label.h"
#include "crypto/proof.h"

#define TRIES 6
#define ASKED_MAX 4 /* times for work, before one request */
#define FIRST_WAIT_MS 500

int64_t
today(void)
{
	return env_now(&env_system) / DAY_SECONDS;
}

/* --- opening --- */

static enum exit_code
policy_failed(const struct term *t, enum err err)
{
	switch ((int)err) {
	case ERR_EXPIRED:
		return term_fail(t, EXIT_REFUSED,
		    "The organisation's policy "
		    "has ended, so nothing can be sealed safely. If this "
		    "device's date is right, please use another way to speak "
		    "up, and tell them.");
	case ERR_DENIED:
		return term_fail(t, EXIT_REFUSED,
		    "The server shows an older "
		    "policy than it did before. Somebody may be tampering. "
		    "Nothing was sent.");
	case ERR_BAD_SIG:
		return term_fail(t, EXIT_REFUSED,
		    "The organisation's policy "
		    "is not signed by enough of the people who must sign it. "
		    "Nothing was sent.");
	case ERR_NOMEM:
	case ERR_CRYPTO:
		return fail_err(t, err, "The policy");
	default:
		return term_fail(t, EXIT_REFUSED,
		    "What the server shows as "
		    "its policy is not one. Nothing was sent.");
	}
}

static enum exit_code
check_policy(const struct term *t, const struct server_config *config,
    const struct answer_policy *a, struct server *s)
{
	struct pin pin;
	enum exit_code code = pin_parse(t, config->pin, &pin);
	enum err err;

	if (code == EXIT_DONE)
		code = roots_check(t, a->root, a->n_roots, &pin, s->hash0,
		    &s->root);
	if (code != EXIT_DONE)
		return code;
	err = policy_open(a->policy, &s->root, env_now(&env_system), 0,
	    &s->policy, &s->status);
	if (err != ERR_OK)
		return policy_failed(t, err);
	buf_put_bytes(&s->note, a->policy);
	if (s->note.err != ERR_OK)
		return fail_err(t, s->note.err, "The policy");
	if (s->status.soft_expired)
		term_warn(t,
		    "The organisation's policy should have been "
		    "renewed by now. It still counts.");
	return EXIT_DONE;
}

static enum exit_code
fetch_policy(const struct term *t, const struct server_config *config,
    struct server *s)
{
	struct buf body CLEAN_BUF = BUF_INIT(BUNDLE_POLICY_MAX);
	unsigned status = 0;

	s->transport = http_exchange(s->http, "/v1/policy", BYTES(NULL, 0),
	    &body, &status);
	if (s->transport != HTTP_ANSWERED)
		return server_fail(s, REPLY_NONE, "");
	if (status != 200)
		return server_fail(s, reply_parse(buf_bytes(&body)), "");
	if (bundle_answer_parse(buf_bytes(&body), s->parsed) != ERR_OK ||
	    s->parsed->kind != ANSWER_POLICY)
		return server_fail(s, REPLY_NONE, "");
	return check_policy(t, config, &s->parsed->policy, s);
}

enum exit_code
server_open(const struct term *t, const struct server_config *config,
    struct server *ret)
{
	enum http_result r;

	*ret = (struct server){ .term = t };
	ret->note.max = NOTE_MAX;
	ret->answer.max = BUNDLE_PIECE_LEN;
	ret->parsed = calloc(1, sizeof(*ret->parsed));
	if (ret->parsed == NULL)
		return fail_err(t, ERR_NOMEM, "The server");
	if (config->http.server == NULL)
		return term_fail(t, EXIT_USAGE,
		    "Which server? Say --server "
		    "https://…, as on the poster.");
	r = http_open(&config->http, &ret->http);
	if (r == HTTP_BAD_CONFIG)
		return term_fail(t, EXIT_USAGE,
		    "%s A server begins with "
		    "https:// and has no path; a proxy begins with socks5h:// "
		    "or http://.",
		    http_result_text(r));
	if (r != HTTP_ANSWERED)
		return term_fail(t, EXIT_FAILED, "%s", http_result_text(r));
	return fetch_policy(t, config, ret);
}

void
server_warn_unpinned(const struct server *s, const char *pin)
{
	char words[RECEIPT_TEXT_MAX];

	if (pin == NULL && !s->term->json &&
	    root_fingerprint(s->hash0, words) == ERR_OK)
		term_warn(s->term,
		    "Please compare these words with the "
		    "fingerprint on the organisation's poster, and stop if "
		    "they differ, for then this is somebody else's server: %s",
		    words);
}

void
server_close(struct server *s)
{
	s->http = http_close(s->http);
	s->policy = policy_free(s->policy);
	buf_free(&s->note);
	buf_free(&s->answer);
	free(s->parsed);
	s->parsed = NULL;
}

/* --- replies --- */

static const struct {
	const char *code;
	enum reply reply;
	enum exit_code exit;
	const char *text;
} replies[] = {
	{ "bad-request", REPLY_BAD_REQUEST, EXIT_FAILED,
	    "The server did not understand this program. One of them may be "
	    "out of date." },
	{ "bad-bundle", REPLY_BAD_REQUEST, EXIT_FAILED,
	    "The server did not understand this program. One of them may be "
	    "out of date." },
	{ "bad-policy", REPLY_BAD_POLICY, EXIT_NOT_STORED,
	    "The organisation has a new policy since a moment ago. Please "
	    "start again." },
	{ "bad-signature", REPLY_BAD_SIGNATURE, EXIT_SECRET,
	    "The server does not know this signature." },
	{ "no-session", REPLY_NO_SESSION, EXIT_LOGIN,
	    "You are not logged in, or your session has ended. Please log "
	    "in: ftsu login." },
	{ "denied", REPLY_DENIED, EXIT_NOT_STORED,
	    "This is not open to you, or not any more." },
	{ "unknown", REPLY_UNKNOWN, EXIT_UNKNOWN,
	    "The server knows nothing under this name." },
	{ "conflict", REPLY_CONFLICT, EXIT_NOT_STORED,
	    "Somebody else wrote first. Please try again." },
	{ "exists", REPLY_EXISTS, EXIT_NOT_STORED,
	    "Something else is stored under this name already." },
	{ "incomplete", REPLY_INCOMPLETE, EXIT_NOT_STORED,
	    "The server has other envelopes for this person than were made "
	    "for them now. Please try again." },
	{ "not-now", REPLY_NOT_NOW, EXIT_NOT_STORED,
	    "This cannot be done as the case stands now." },
	{ "needs-review", REPLY_NEEDS_REVIEW, EXIT_NOT_STORED,
	    "The findings are about conduct: first a review, chaired by an "
	    "executive." },
	{ "same-person", REPLY_SAME_PERSON, EXIT_NOT_STORED,
	    "A second person must do this." },
	{ "nothing-asked", REPLY_NOTHING_ASKED, EXIT_NOT_STORED,
	    "Nothing waits for this." },
	{ "on-hold", REPLY_ON_HOLD, EXIT_NOT_STORED,
	    "There is a legal hold on the case." },
	{ "wrong-day", REPLY_WRONG_DAY, EXIT_NOT_STORED,
	    "This device's date is not the server's. Please set its clock." },
	{ "too-large", REPLY_TOO_LARGE, EXIT_NOT_STORED,
	    "It is too large for this server." },
	{ "busy", REPLY_BUSY, EXIT_UNAVAILABLE,
	    "The server is busy. Please try again in a few minutes." },
	{ "down", REPLY_DOWN, EXIT_UNAVAILABLE,
	    "The server cannot store anything just now. Please try again "
	    "later." },
	{ "full", REPLY_FULL, EXIT_NOT_STORED,
	    "The server has no space left. Please try again later, or use "
	    "another way to speak up." },
	{ "work", REPLY_WORK, EXIT_UNAVAILABLE,
	    "The server is flooded, and asked for work again and again. "
	    "Nothing was stored. Please try again later." },
};
#define N_REPLIES (sizeof(replies) / sizeof(replies[0]))

enum reply
reply_parse(struct bytes json)
{
	json_t *j = json_loadb((const char *)json.p, json.n,
	    JSON_REJECT_DUPLICATES, NULL);
	const char *code = json_string_value(json_object_get(j, "error"));
	enum reply r = REPLY_NONE;

	for (size_t i = 0; code != NULL && i < N_REPLIES; i++) {
		if (strcmp(replies[i].code, code) == 0)
			r = replies[i].reply;
	}
	json_decref(j);
	return r;
}

enum exit_code
server_fail(const struct server *s, enum reply r, const char *what)
{
	const char *gap = what[0] != '\0' ? " " : "";

	for (size_t i = 0; i < N_REPLIES; i++) {
		if (replies[i].reply == r)
			return term_fail(s->term, replies[i].exit, "%s%s%s",
			    what, gap, replies[i].text);
	}
	return term_fail(s->term, EXIT_UNAVAILABLE, "%s%s%s", what, gap,
	    s->transport != HTTP_ANSWERED
		? http_result_text(s->transport)
		: "The server's answer could not be understood.");
}

/* --- exchanges --- */

static const char *
path_of(enum bundle_path p)
{
	switch (p) {
	case BUNDLE_PATH_TEXT:
		return "/v1/text";
	case BUNDLE_PATH_PIECE:
		return "/v1/piece";
	case BUNDLE_PATH_STAFF:
		return "/v1/staff";
	}
	return "";
}

static enum answer_kind
answer_to(enum request_kind k)
{
	switch (k) {
	case REQUEST_CONCERN:
	case REQUEST_FOLLOWUP:
	case REQUEST_WITHDRAW:
	case REQUEST_POST:
		return ANSWER_STORED;
	case REQUEST_ENVELOPES:
		return ANSWER_KEPT;
	case REQUEST_INVESTIGATORS:
		return ANSWER_INVESTIGATORS;
	case REQUEST_WATCH:
		return ANSWER_CHANGED;
	case REQUEST_POLL:
		return ANSWER_MAILBOX;
	case REQUEST_PUT:
	case REQUEST_STATUS:
		return ANSWER_PIECES;
	case REQUEST_GET:
		return ANSWER_PIECE;
	case REQUEST_CHALLENGE:
		return ANSWER_CHALLENGE;
	case REQUEST_LOGIN:
		return ANSWER_SESSION;
	case REQUEST_LOGOUT:
		return ANSWER_ENDED;
	case REQUEST_QUEUE:
		return ANSWER_QUEUE;
	case REQUEST_CASE:
		return ANSWER_CASE;
	}
	return ANSWER_STORED;
}

/* Whether it is an answer of this kind, or one that asks for work instead, of
 * the same length. */
static bool
is_answer(const struct server *s, enum answer_kind kind)
{
	return s->answer.n == answer_length(kind) &&
	    bundle_answer_parse(buf_bytes(&s->answer), s->parsed) == ERR_OK &&
	    (s->parsed->kind == kind || s->parsed->kind == ANSWER_WORK);
}

static enum reply
exchange(struct server *s, const char *path, struct bytes body,
    enum answer_kind kind, const struct bundle_answer **ret)
{
	const bool is_text = strcmp(path, path_of(BUNDLE_PATH_TEXT)) == 0;
	unsigned status = 0;

	buf_reset(&s->answer);
	if (is_text)
		even_before(&s->even, s->http);
	s->transport = http_exchange(s->http, path, body, &s->answer, &status);
	if (is_text)
		even_after(&s->even);
	if (s->transport != HTTP_ANSWERED)
		return REPLY_NONE;
	if (status != 200)
		return reply_parse(buf_bytes(&s->answer));
	if (!is_answer(s, kind))
		return REPLY_NONE;
	*ret = s->parsed;
	return s->parsed->kind == kind ? REPLY_OK : REPLY_WORK;
}

/* Before what stores something; and in a reporter's session before whatever
 * comes next, or the pause would tell who stores something. */
static enum err
work_first(struct server *s, struct working *w, enum request_kind kind)
{
	const int64_t begun = moment_now();
	enum err err;

	if (w->asked.bits == 0 || w->is_done ||
	    (!s->even.is_on && !request_needs_work(kind)))
		return ERR_OK;
	err = work_do(s->term, &w->asked, w->work);
	w->is_done = err == ERR_OK;
	even_worked(&s->even, moment_now() - begun);
	return err;
}

/* The request as it is, or with what work there is behind it. */
static enum err
put_whole(const struct working *w, enum request_kind kind, struct bytes body,
    struct buf *out)
{
	buf_reset(out);
	buf_put_bytes(out, body);
	return w->is_done && request_takes_work(kind)
	    ? bundle_pad_work(out, request_length(kind), w->work)
	    : bundle_pad(out, request_length(kind));
}

/* Of what was sent it may be stored: docs/PROTOCOL.md, "Errors". */
static bool
is_open(const struct server *s, enum reply r)
{
	return r == REPLY_DOWN || http_was_sent_twice(s->http) ||
	    (r == REPLY_NONE && s->transport != HTTP_NO_CONNECT);
}

/* Work serves for one thing that is stored; a mailbox asks for the next. */
static void
take_reply(struct server *s, struct working *w, enum request_kind kind,
    enum reply reply)
{
	if (answer_to(kind) == ANSWER_STORED && is_open(s, reply))
		s->is_unsure = true;
	if (reply == REPLY_WORK)
		*w = (struct working){ .asked = s->parsed->work };
	else if (reply == REPLY_OK && request_needs_work(kind))
		*w = (struct working){ 0 };
	else if (reply == REPLY_OK && kind == REQUEST_POLL && !w->is_done)
		w->asked = s->parsed->mailbox.ahead;
}

/* body: preamble and blobs, or all of it without work. */
static enum reply
exchange_working(struct server *s, enum request_kind kind, struct bytes body,
    const struct bundle_answer **ret)
{
	struct buf whole CLEAN_BUF = BUF_INIT(BUNDLE_PIECE_LEN);
	const bool is_text = request_path(kind) == BUNDLE_PATH_TEXT;
	struct working piece = { 0 }, *w = is_text ? &s->ahead : &piece;
	enum reply reply;
	enum err err;

	for (int asked = 1;; asked++) {
		if ((err = work_first(s, w, kind)) != ERR_OK ||
		    (err = put_whole(w, kind, body, &whole)) != ERR_OK)
			break;
		reply = exchange(s, path_of(request_path(kind)),
		    buf_bytes(&whole), answer_to(kind), ret);
		if (reply == REPLY_WORK && !request_needs_work(kind))
			return REPLY_NONE;
		take_reply(s, w, kind, reply);
		if (reply != REPLY_WORK || asked == ASKED_MAX)
			return reply;
	}
	if (err == ERR_IO)
		s->transport = HTTP_INTERRUPTED;
	return err == ERR_LIMIT ? REPLY_TOO_LARGE
	    : err == ERR_IO	? REPLY_NONE
				: REPLY_BAD_REQUEST;
}

enum reply
server_ask(struct server *s, const struct bundle_request *r,
    const struct bundle_answer **ret)
{
	struct buf body CLEAN_BUF = BUF_INIT(BUNDLE_PIECE_LEN);
	enum err err = bundle_request_put(r, &body);

	if (err != ERR_OK)
		return err == ERR_LIMIT ? REPLY_TOO_LARGE : REPLY_BAD_REQUEST;
	return exchange_working(s, r->kind, buf_bytes(&body), ret);
}

static bool
may_pass(const struct server *s, enum reply r)
{
	return r == REPLY_BUSY || r == REPLY_DOWN ||
	    (r == REPLY_NONE && s->transport != HTTP_ANSWERED &&
		s->transport != HTTP_BAD_SERVER &&
		s->transport != HTTP_INTERRUPTED);
}

enum reply
server_ask_again(struct server *s, const struct bundle_request *r,
    const struct bundle_answer **ret)
{
	int64_t wait = FIRST_WAIT_MS;
	enum reply reply = server_ask(s, r, ret);

	for (int i = 1; i < TRIES && may_pass(s, reply); i++) {
		if (i == 2)
			term_warn(s->term, "No answer yet; trying again.");
		moment_wait(wait);
		wait *= 2;
		reply = server_ask(s, r, ret);
	}
	return reply;
}

enum reply
server_send_text(struct server *s, struct bytes body,
    const struct bundle_answer **ret)
{
	struct bundle_request r;

	if (bundle_request_parse(body, &r) != ERR_OK)
		return REPLY_BAD_REQUEST;
	return exchange_working(s, r.kind, BYTES(body.p, r.length), ret);
}

void
server_cover(struct server *s)
{
	struct bundle_request r = { .kind = REQUEST_POLL };
	const struct bundle_answer *a;

	if (env_random(&env_system, r.poll.token, TOKEN_LEN) != ERR_OK ||
	    server_ask(s, &r, &a) != REPLY_OK)
		return; /* nothing hangs on it */
}

void
server_even_out(struct server *s)
{
	if (!s->even.is_on || s->even.texts == 0)
		return;
	for (unsigned i = s->even.texts; i < EVEN_TEXTS; i++)
		server_cover(s);
}

/* --- filing proofs --- */

enum err
server_check_proof(const struct server *s, struct bytes proof,
    const struct statement *sent, int64_t *ret_day)
{
	struct statement stored;
	struct bytes text;
	enum err err = proof_verify(proof, s->root.instance_keys,
	    s->root.n_instance_keys, &text);

	if (err == ERR_NOMEM || err == ERR_CRYPTO)
		return err;
	if (err != ERR_OK || statement_parse(text, &stored) != ERR_OK ||
	    memcmp(stored.case_id, sent->case_id, CASE_ID_LEN) != 0 ||
	    stored.kind != sent->kind ||
	    (sent->policy != 0 && stored.policy != sent->policy) ||
	    memcmp(stored.link, sent->link, LINK_LEN) != 0)
		return ERR_BAD_SIG;
	*ret_day = stored.day;
	return ERR_OK;
}
