#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/bundle.h"

#define HEX16 "00112233445566778899aabbccddeeff"
#define HEX32 HEX16 HEX16
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define CONCERN                                     \
	"speakup: v1 concern\nroute: 3\nband: P2\n" \
	"policy: " HEX32 "\ncase-key: " HEX32 "\nmailbox: " HEX32 "\n"
#define SESSION "session: " HEX32 "\n"

static const struct {
	enum request_kind kind;
	const char *text;
} requests[] = {
	{ REQUEST_CONCERN,
	    CONCERN "to: 7 3\nto: reporter 2\npayload: 4\n\nabcDEwxyz" },
	{ REQUEST_CONCERN,
	    CONCERN "to: 65535 1\nupload: " HEX16 " 134217728\n\na" },
	{ REQUEST_FOLLOWUP,
	    "speakup: v1 followup\nentry: 4\nto: 1 1\npayload: 2\n\nnoteapp" },
	{ REQUEST_WITHDRAW, "speakup: v1 withdraw\nentry: 4\n\nnote" },
	{ REQUEST_POLL, "speakup: v1 poll\ntoken: " HEX32 "\nafter: 0\n\n" },
	{ REQUEST_PUT,
	    "speakup: v1 put\nupload: " HEX16 " 5\npiece: 0 5\n\nhello" },
	{ REQUEST_PUT,
	    "speakup: v1 put\nupload: " HEX16 " 262145\npiece: 1 1\n\nx" },
	{ REQUEST_STATUS, "speakup: v1 status\nupload: " HEX16 "\n\n" },
	{ REQUEST_GET,
	    "speakup: v1 get\ntoken: " HEX32 "\nseq: 0\npiece: 511\n\n" },
	{ REQUEST_GET,
	    "speakup: v1 get\n" SESSION "case: " HEX16
	    "\nchain: staff\nseq: 999999\npiece: 0\n\n" },
	{ REQUEST_CHALLENGE, "speakup: v1 challenge\nperson: 12\n\n" },
	{ REQUEST_LOGIN, "speakup: v1 login\nnote: 4\n\nnote" },
	{ REQUEST_LOGOUT, "speakup: v1 logout\n" SESSION "\n" },
	{ REQUEST_QUEUE,
	    "speakup: v1 queue\n" SESSION "after: \nlimit: 160\n\n" },
	{ REQUEST_QUEUE,
	    "speakup: v1 queue\n" SESSION "after: P2-0000\nlimit: 1\n\n" },
	{ REQUEST_CASE,
	    "speakup: v1 case\n" SESSION "case: " HEX16
	    "\nchain: talk\nafter: 3\n\n" },
	{ REQUEST_POST, "speakup: v1 post\n" SESSION "entry: 3\n\nack" },
	{ REQUEST_POST,
	    "speakup: v1 post\n" SESSION
	    "entry: 3\nto: 4 1\npayload: 1\n\nackep" },
	{ REQUEST_CONCERN,
	    CONCERN "tell: 4\ntell: 9\nto: 7 3\npayload: 1\n\nabcp" },
	{ REQUEST_FOLLOWUP, "speakup: v1 followup\nentry: 4\n\nnote" },
	{ REQUEST_ENVELOPES,
	    "speakup: v1 envelopes\n" SESSION "case: " HEX16
	    "\nperson: 4\nfresh: yes\nenvelope: talk 1 1\n"
	    "envelope: talk 3 2\nenvelope: staff 0 1\n\naBBc" },
	{ REQUEST_INVESTIGATORS,
	    "speakup: v1 investigators\n" SESSION "case: " HEX16 "\n\n" },
	{ REQUEST_WATCH,
	    "speakup: v1 watch\n" SESSION "mark: 0011223344556677\n\n" },
};

static const struct {
	enum answer_kind kind;
	const char *text;
} answers[] = {
	{ ANSWER_STORED, "speakup: v1 stored\nproof: 5\n\nproof" },
	{ ANSWER_MAILBOX, "speakup: v1 mailbox\ncount: 0\nstate: open\n\n" },
	{ ANSWER_MAILBOX,
	    "speakup: v1 mailbox\ncount: 9\nstate: withdrawn\n"
	    "head: 3 1 2 3 0\nhead: 4 1 0 0 0\nhead: 5 2 1 262145 2\n\n"
	    "heepppHHHe" },
	{ ANSWER_PIECES, "speakup: v1 pieces\nhave: 0110\n\n" },
	{ ANSWER_PIECES, "speakup: v1 pieces\nhave: \n\n" },
	{ ANSWER_PIECE, "speakup: v1 piece\npiece: 1 2 3\n\nabc" },
	{ ANSWER_CHALLENGE, "speakup: v1 challenge\nchallenge: " HEX32 "\n\n" },
	{ ANSWER_SESSION, "speakup: v1 session\n" SESSION "\n" },
	{ ANSWER_ENDED, "speakup: v1 ended\n\n" },
	{ ANSWER_QUEUE, "speakup: v1 queue\nopen: 0\nbreached: 0\nnext: \n\n" },
	{ ANSWER_QUEUE,
	    "speakup: v1 queue\nopen: 2\nbreached: 1\noverdue: 3 7\n"
	    "overdue: 9 1\nnext: c2\n"
	    "row: " HEX16 " sealed received P1 3 2026-11-21 1 0 1795600800 "
	    "route breached\n"
	    "row: " HEX16 " plain acknowledged P4 65535 2024-02-29 2 7 - given "
	    "-\n\n" },
	{ ANSWER_CASE,
	    "speakup: v1 case\nchain: talk\ncount: 1\nlink: " HEX32
	    "\nstate: acknowledged\n"
	    "kind: sealed\nfiled: 2026-11-21\nband: P3\ndue: 1795600800\n"
	    "given: yes\nflags: awaiting,held\nhead: 0 1 1 1 0\n\nhep" },
	{ ANSWER_POLICY,
	    "speakup: v1 policy\nroot: 2\nroot: 1\npolicy: 3\n\nr0rpol" },
	{ ANSWER_KEPT, "speakup: v1 kept\n\n" },
	{ ANSWER_INVESTIGATORS,
	    "speakup: v1 investigators\ninvestigator: 9 free\n"
	    "investigator: 4 full\n\n" },
	{ ANSWER_CHANGED, "speakup: v1 changed\nmark: 0011223344556677\n\n" },
	{ ANSWER_WORK, "speakup: v1 work\nchallenge: 12 " HEX32 HEX16 "\n\n" },
	{ ANSWER_MAILBOX,
	    "speakup: v1 mailbox\ncount: 0\nstate: open\n"
	    "challenge: 12 " HEX32 HEX16 "\n\n" },
};

/* Reads a bundle and writes what it read. */
typedef enum err again_fn(struct bytes in, struct buf *out, unsigned *ret_kind,
    size_t *ret_length);

static enum err
request_again(struct bytes in, struct buf *out, unsigned *ret_kind,
    size_t *ret_length)
{
	struct bundle_request r;
	enum err err = bundle_request_parse(in, &r);

	if (err != ERR_OK)
		return err;
	*ret_kind = r.kind;
	*ret_length = r.length;
	return bundle_request_put(&r, out);
}

static enum err
answer_again(struct bytes in, struct buf *out, unsigned *ret_kind,
    size_t *ret_length)
{
	struct bundle_answer a;
	enum err err = bundle_answer_parse(in, &a);

	if (err != ERR_OK)
		return err;
	*ret_kind = a.kind;
	*ret_length = a.length;
	return bundle_answer_put(&a, out);
}

static enum err
try(again_fn *again, struct bytes in)
{
	struct buf out CLEAN_BUF = BUF_INIT(BUNDLE_TEXT_LEN);
	unsigned kind;
	size_t length;

	return again(in, &out, &kind, &length);
}

static void
must_come_back(again_fn *again, unsigned want, const char *text)
{
	struct buf padded CLEAN_BUF = BUF_INIT(BUNDLE_TEXT_LEN);
	struct buf out CLEAN_BUF = BUF_INIT(BUNDLE_TEXT_LEN);
	struct bytes in = bytes_str(text);
	unsigned kind;
	size_t length;

	buf_put_str(&padded, text);
	assert_int_equal(bundle_pad(&padded, 1024), ERR_OK);
	assert_int_equal(padded.n, 1024);
	assert_int_equal(again(buf_bytes(&padded), &out, &kind, &length),
	    ERR_OK);
	assert_int_equal(kind, want);
	assert_int_equal(length, in.n);
	assert_true(bytes_equal(buf_bytes(&out), in));
	assert_int_equal(try(again, in), ERR_OK);
	for (size_t at = in.n; at < padded.n; at += 97) {
		padded.p[at] = 1;
		assert_int_equal(try(again, buf_bytes(&padded)), ERR_SYNTAX);
		padded.p[at] = 0;
	}
	for (size_t n = 0; n < in.n; n++)
		if (try(again, BYTES(in.p, n)) != ERR_SYNTAX)
			fail_msg("%zu bytes of: %s", n, text);
}

static void
test_each_request_comes_back_as_the_same_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(requests); i++)
		must_come_back(request_again, requests[i].kind,
		    requests[i].text);
}

static void
test_each_answer_comes_back_as_the_same_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++)
		must_come_back(answer_again, answers[i].kind, answers[i].text);
}

/* Puts `to` in the place of the first `from` of a text that is accepted. */
static struct bytes
replaced(struct buf *out, const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	assert_non_null(at);
	buf_put(out, text, (size_t)(at - text));
	buf_put_str(out, to);
	buf_put_str(out, at + strlen(from));
	return buf_bytes(out);
}

struct change {
	unsigned text;
	const char *from, *to;
};

static void
must_be_refused(again_fn *again, const char *text, const char *from,
    const char *to)
{
	struct buf out CLEAN_BUF = BUF_INIT(BUNDLE_TEXT_LEN);

	if (try(again, replaced(&out, text, from, to)) != ERR_SYNTAX)
		fail_msg("\"%s\" for \"%s\" in: %s", to, from, text);
}

static const struct change request_changes[] = {
	{ 0, "speakup", "Speakup" },
	{ 0, "v1", "v2" },
	{ 0, "v1 ", "v1  " },
	{ 0, "concern", "concern2" },
	{ 0, "concern", "mailbox" },
	{ 0, "concern", "" },
	{ 0, "concern", "concern " },
	{ 0, "route: 3", "route: 03" },
	{ 0, "route: 3", "route: +3" },
	{ 0, "route: 3", "route:3" },
	{ 0, "route: 3", "route: 65536" },
	{ 0, "route: 3", "Route: 3" },
	{ 0, "route: 3\n", "" },
	{ 0, "route: 3\n", "route: 3\r\n" },
	{ 0, "route: 3\n", "route: 3\nroute: 3\n" },
	{ 0, "P2", "P0" },
	{ 0, "P2", "P5" },
	{ 0, "P2", "p2" },
	{ 0, "P2", "P2 " },
	{ 0, "ff\ncase", "FF\ncase" },
	{ 0, "ff\ncase", "f\ncase" },
	{ 0, "ff\ncase", "fff\ncase" },
	{ 0, "to: 7 3", "to: 0 3" },
	{ 0, "to: 7 3", "to: 7" },
	{ 0, "to: 7 3", "to: 7  3" },
	{ 0, "to: 7 3", "to: 7 3 " },
	{ 0, "to: 7 3", "to: 7 3 3" },
	{ 0, "to: 7 3", "to: 7 0" },
	{ 0, "to: 7 3", "to: reporter 3" },
	{ 0, "to: 7 3", "to: 70000 3" },
	{ 0, "to: 7 3", "to: 7 9999" },
	{ 0, "to: 7 3", "to: 7 18446744073709551616" },
	{ 0, "payload: 4", "payload: 5" },
	{ 0, "payload: 4", "payload: 3" },
	{ 0, "payload: 4", "payload: 0" },
	{ 0, "payload: 4\n", "" },
	{ 0, "payload: 4\n", "payload: 4\nmore: 1\n" },
	{ 0, "\n\n", "\n" },
	{ 1, "upload: ", "upload: 00" },
	{ 1, " 134217728", " 134217729" },
	{ 1, " 134217728", " 0" },
	{ 1, " 134217728", "" },
	{ 1, "to: 65535 1\n", "" },
	{ 2, "entry: 4\n", "" },
	{ 2, "to: 1 1\npayload: 2\n", "payload: 2\n" },
	{ 2, "to: 1 1\npayload: 2\n", "" },
	{ 3, "entry: 4", "entry: 0" },
	{ 4, "after: 0", "after: 1000000" },
	{ 4, "after: 0", "after: " },
	{ 5, " 5\npiece", " 6\npiece" },
	{ 5, " 5\npiece", " 4\npiece" },
	{ 5, " 5\npiece", " 0\npiece" },
	{ 5, "piece: 0", "piece: 1" },
	{ 5, "piece: 0", "piece: 512" },
	{ 6, " 262145", " 262144" },
	{ 6, " 262145", " 134217729" },
	{ 8, "piece: 511", "piece: 512" },
	{ 8, "seq: 0", "chain: talk\nseq: 0" },
	{ 9, "staff", "other" },
	{ 9, "chain: staff\n", "" },
	{ 10, "person: 12", "person: reporter" },
	{ 10, "person: 12", "person: 0" },
	{ 13, "limit: 160", "limit: 161" },
	{ 13, "limit: 160", "limit: 0" },
	{ 14, "P2-0000", "P2\x01" },
	{ 14, "P2-0000", "\xff" },
	{ 14, "P2-0000", HEX32 "0" },
	{ 17, "to: 4 1\n", "" },
	{ 17, "payload: 1\n", "" },
	{ 18, "tell: 9", "tell: 4" },
	{ 18, "tell: 9", "tell: 3" },
	{ 18, "tell: 9", "tell: 65536" },
	{ 18, "tell: 4", "tell: 0" },
	{ 18, "tell: 4", "tell: 4 1" },
	{ 18, "tell: 9\nto: 7 3\n", "to: 7 3\ntell: 9\n" },
	{ 20, "person: 4", "person: 0" },
	{ 20, "person: 4", "person: reporter" },
	{ 20, "fresh: yes", "fresh: Yes" },
	{ 20, "fresh: yes\n", "" },
	{ 20, "talk 1 1", "talk 3 1" },
	{ 20, "talk 1 1", "staff 1 1" },
	{ 20, "talk 1 1", "talk 1 0" },
	{ 20, "talk 1 1", "talk 1 1 1" },
	{ 20, "staff 0 1", "staff 0 2" },
	{ 20, "envelope: talk 1 1\nenvelope: talk 3 2\nenvelope: staff 0 1\n",
	    "" },
	{ 21, "case: " HEX16 "\n", "" },
	{ 22, "6677\n", "667\n" },
	{ 22, "6677\n", "667788\n" },
};

static void
test_altered_requests_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(request_changes); i++)
		must_be_refused(request_again,
		    requests[request_changes[i].text].text,
		    request_changes[i].from, request_changes[i].to);
}

static const struct change answer_changes[] = {
	{ 0, "proof: 5", "proof: 0" },
	{ 16, " 12 ", " 0 " },
	{ 16, " 12 ", " 13 " },
	{ 16, " 12 ", " 012 " },
	{ 16, "00112233", "112233" },
	{ 1, "open", "received" },
	{ 2, "head: 4", "head: 5" },
	{ 2, "head: 4", "head: 3" },
	{ 2, "head: 4 1", "head: 4 0" },
	{ 2, " 262145 2", " 262145 1" },
	{ 2, " 262145 2", " 262145 3" },
	{ 2, " 262145 2", " 262145 513" },
	{ 2, " 3 0", " 3" },
	{ 3, "0110", "0120" },
	{ 5, "1 2 3", "2 2 3" },
	{ 5, "1 2 3", "0 2 3" },
	{ 5, "1 2 3", "1 2 0" },
	{ 5, "1 2 3", "1 513 3" },
	{ 8, "ended\n", "ended\nmore: 1\n" },
	{ 10, "next: c2", "next: " HEX32 "0" },
	{ 10, "sealed", "Sealed" },
	{ 10, "received", "open" },
	{ 10, "2026-11-21", "2026-11-31" },
	{ 10, "2024-02-29", "2025-02-29" },
	{ 10, "P1 3", "P1 3 3" },
	{ 10, " 1 0 ", " 1 " },
	{ 11, "talk", "both" },
	{ 11, "filed: 2026-11-21", "filed: 2026-11-21 " },
	{ 12, "root: 2\nroot: 1\n", "" },
	{ 12, "policy: 3", "policy: 0" },
	{ 10, "breached: 1\n", "" },
	{ 10, "overdue: 9 1", "overdue: 3 1" },
	{ 10, "overdue: 9 1", "overdue: 2 1" },
	{ 10, "overdue: 9 1", "overdue: 9 0" },
	{ 10, "overdue: 9 1", "overdue: 9" },
	{ 10, "1795600800", "0" },
	{ 10, "1795600800", "01" },
	{ 10, "1795600800", "253402300800" },
	{ 10, " route ", " ladder " },
	{ 10, " route breached", " route" },
	{ 10, " breached\n", " breached,held\n" },
	{ 10, " breached\n", " held,\n" },
	{ 10, " breached\n", " \n" },
	{ 10, " breached\n", " - -\n" },
	{ 11, "P3", "P0" },
	{ 11, "due: 1795600800", "due: " },
	{ 11, "due: 1795600800", "due: 0" },
	{ 11, "given: yes", "given: true" },
	{ 11, "awaiting,held", "held,awaiting" },
	{ 11, "flags: awaiting,held\n", "" },
	{ 13, "kept\n", "kept\nmore: 1\n" },
	{ 14, "9 free", "0 free" },
	{ 14, "9 free", "9 busy" },
	{ 14, "9 free", "9" },
	{ 15, "6677\n", "667\n" },
};

static void
test_altered_answers_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(answer_changes); i++)
		must_be_refused(answer_again,
		    answers[answer_changes[i].text].text,
		    answer_changes[i].from, answer_changes[i].to);
}

static void
test_nothing_named_may_be_empty(void **state)
{
	static const struct {
		again_fn *again;
		const char *text;
	} cases[] = {
		{ request_again, "speakup: v1 withdraw\nentry: 0\n\n" },
		{ request_again, CONCERN "to: 7 0\npayload: 1\n\np" },
		{ request_again, CONCERN "to: 7 1\npayload: 0\n\ne" },
		{ request_again,
		    "speakup: v1 put\nupload: " HEX16
		    " 262144\npiece: 1 0\n\n" },
		{ request_again,
		    "speakup: v1 put\nupload: " HEX16 " 0\npiece: 0 0\n\n" },
		{ answer_again, "speakup: v1 stored\nproof: 0\n\n" },
		{ answer_again, "speakup: v1 piece\npiece: 0 1 0\n\n" },
		{ answer_again,
		    "speakup: v1 mailbox\ncount: 1\nstate: open\n"
		    "head: 0 0 1 1 0\n\nep" },
		{ answer_again,
		    "speakup: v1 mailbox\ncount: 0\nstate: open\n"
		    "challenge: 0 " HEX32 HEX16 "\n\n" },
		{ answer_again,
		    "speakup: v1 mailbox\ncount: 0\nstate: open\n"
		    "challenge: 13 " HEX32 HEX16 "\n\n" },
		{ answer_again,
		    "speakup: v1 mailbox\ncount: 0\nstate: open\n"
		    "challenge: 3 " HEX32 "\n\n" },
		{ answer_again, "speakup: v1 policy\npolicy: 3\n\npol" },
		{ answer_again,
		    "speakup: v1 policy\nroot: 0\npolicy: 3\n\npol" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (try(cases[i].again, bytes_str(cases[i].text)) != ERR_SYNTAX)
			fail_msg("%s", cases[i].text);
}

static void
test_concern_is_what_its_lines_say(void **state)
{
	struct bundle_request r;
	const struct bundle_content *c = &r.concern.content;

	(void)state;
	assert_int_equal(bundle_request_parse(bytes_str(requests[0].text), &r),
	    ERR_OK);
	assert_int_equal(r.concern.route, 3);
	assert_int_equal(r.concern.band, 2);
	assert_int_equal(r.concern.case_key[31], 0xff);
	assert_int_equal(c->n_to, 2);
	assert_int_equal(c->to[0].person, 7);
	assert_true(bytes_equal(c->to[0].envelope, BYTES_LIT("abc")));
	assert_int_equal(c->to[1].person, PERSON_REPORTER);
	assert_true(bytes_equal(c->to[1].envelope, BYTES_LIT("DE")));
	assert_false(c->is_upload);
	assert_true(bytes_equal(c->payload, BYTES_LIT("wxyz")));
	assert_int_equal(r.preamble.n + 1 + 9, r.length);
	assert_int_equal(r.preamble.p[r.preamble.n - 1], '\n');
	assert_int_equal(r.preamble.p[r.preamble.n - 2], '4');
}

static void
test_writer_writes_nothing_that_cannot_be_read(void **state)
{
	struct buf out CLEAN_BUF = BUF_INIT(BUNDLE_TEXT_LEN);
	struct bundle_request r = { .kind = REQUEST_POLL };

	(void)state;
	buf_put_str(&out, "before");
	r.poll.after = BUNDLE_SEQ_MAX + 1;
	assert_int_equal(bundle_request_put(&r, &out), ERR_SYNTAX);
	r = (struct bundle_request){ .kind = REQUEST_QUEUE };
	r.queue.limit = 1;
	r.queue.after = BYTES_LIT("a\nlimit: 9");
	assert_int_equal(bundle_request_put(&r, &out), ERR_SYNTAX);
	assert_true(bytes_equal(buf_bytes(&out), BYTES_LIT("before")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_each_request_comes_back_as_the_same_bytes),
		cmocka_unit_test(test_each_answer_comes_back_as_the_same_bytes),
		cmocka_unit_test(test_altered_requests_are_refused),
		cmocka_unit_test(test_altered_answers_are_refused),
		cmocka_unit_test(test_nothing_named_may_be_empty),
		cmocka_unit_test(test_concern_is_what_its_lines_say),
		cmocka_unit_test(
		    test_writer_writes_nothing_that_cannot_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
