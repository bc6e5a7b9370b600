#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/http_answer.h"
#include "daemon/http_parse.h"
#include "tests/daemon/transcript.h"

static struct transcripts all;

/* A connection: requests one after the other, each with its content. */
struct reading {
	struct http_parser parser;
	uint64_t content_left;
	bool is_over;	/* refused: nothing more is read */
	bool is_inside; /* of a head */
	char outcome[TRANSCRIPT_OUTCOME_MAX];
};

static void
add_outcome(struct reading *r, const char *line)
{
	assert_true(strlen(r->outcome) + strlen(line) < sizeof(r->outcome));
	strcat(r->outcome, line);
}

static void
add_request(struct reading *r)
{
	const struct http_request *q = &r->parser.request;
	char line[200];

	snprintf(line, sizeof(line), "ok %s %s %llu %s%s\n",
	    q->method == HTTP_GET ? "GET" : "POST", q->path,
	    (unsigned long long)q->content_length,
	    q->keep_alive ? "keep" : "close",
	    q->expects_continue ? " continue" : "");
	add_outcome(r, line);
}

static void
add_refusal(struct reading *r)
{
	char line[20];

	snprintf(line, sizeof(line), "%u\n", r->parser.status);
	add_outcome(r, line);
}

static size_t
read_head(struct reading *r, const uint8_t *p, size_t n)
{
	size_t used = SIZE_MAX;

	switch (http_parse(&r->parser, p, n, &used)) {
	case HTTP_MORE:
		assert_true(used == n);
		r->is_inside = true;
		return n;
	case HTTP_DONE:
		add_request(r);
		r->content_left = r->parser.request.content_length;
		http_parser_init(&r->parser);
		r->is_inside = false;
		break;
	case HTTP_REFUSED:
		add_refusal(r);
		r->is_over = true;
		break;
	}
	assert_true(used <= n);
	return used;
}

static size_t
skip_content(struct reading *r, size_t n)
{
	if (r->content_left < n)
		n = (size_t)r->content_left;
	r->content_left -= n;
	return n;
}

static void
read_piece(struct reading *r, const uint8_t *p, size_t n)
{
	size_t at = 0;

	while (at < n && !r->is_over)
		at += r->content_left > 0 ? skip_content(r, n - at)
					  : read_head(r, p + at, n - at);
}

static void
reading_begin(struct reading *r)
{
	memset(r, 0, sizeof(*r));
	http_parser_init(&r->parser);
}

static void
reading_end(struct reading *r, const struct transcript *c, size_t cut)
{
	if (!r->is_over && (r->is_inside || r->content_left > 0))
		add_outcome(r, "more\n");
	if (strcmp(r->outcome, c->outcome) != 0)
		fail_msg("%s (cut at %zu): got\n%sinstead of\n%s", c->name, cut,
		    r->outcome, c->outcome);
}

static void
test_every_transcript_comes_to_its_outcome(void **state)
{
	struct reading r;

	(void)state;
	assert_true(all.n >= 600);
	for (size_t i = 0; i < all.n; i++) {
		reading_begin(&r);
		read_piece(&r, all.at[i].sent, all.at[i].n_sent);
		reading_end(&r, &all.at[i], all.at[i].n_sent);
	}
}

static void
test_outcome_is_the_same_in_pieces_of_any_size(void **state)
{
	static const size_t sizes[] = { 1, 2, 3, 7, 64, 4096 };
	struct reading r;

	(void)state;
	for (size_t i = 0; i < 6 * all.n; i++) {
		const struct transcript *c = &all.at[i / 6];
		size_t size = sizes[i % 6];

		reading_begin(&r);
		for (size_t k = 0; k < c->n_sent; k += size)
			read_piece(&r, c->sent + k,
			    c->n_sent - k < size ? c->n_sent - k : size);
		reading_end(&r, c, size);
	}
}

static void
test_outcome_is_the_same_wherever_it_is_cut(void **state)
{
	struct reading r;

	(void)state;
	for (size_t i = 0; i < all.n; i++) {
		const struct transcript *c = &all.at[i];
		/* long ones are the limits: every place is not needed */
		size_t step = c->n_sent / 1000 + 1;

		for (size_t cut = 0; cut <= c->n_sent; cut += step) {
			reading_begin(&r);
			read_piece(&r, c->sent, cut);
			read_piece(&r, c->sent + cut, c->n_sent - cut);
			reading_end(&r, c, cut);
		}
	}
}

/* At no moment is any of it in the parser's memory. */
static void
test_parser_keeps_nothing_that_tells_who_sent(void **state)
{
	static const char head[] = "POST /v1/text HTTP/1.1\r\nHost: a\r\n"
				   "User-Agent: 7777\r\n"
				   "Cookie: 7777=77777777\r\n"
				   "X-Forwarded-For: 7777\r\n"
				   "Referer: 7777\r\nHost-QQQQ: 7777\r\n"
				   "Authorization: 7777 7777\r\n"
				   "Accept-Language: 7777\r\n"
				   "Content-Length: 9\r\n\r\n";
	struct http_parser p;
	enum http_result result = HTTP_MORE;
	size_t used;

	(void)state;
	http_parser_init(&p);
	for (size_t i = 0; i < sizeof(head) - 1; i++) {
		assert_int_equal(result, HTTP_MORE);
		result = http_parse(&p, (const uint8_t *)head + i, 1, &used);
		assert_null(memmem(&p, sizeof(p), "QQQQ", 4));
		/* digits: what is kept of a value is in lower case */
		assert_null(memmem(&p, sizeof(p), "7777", 4));
	}
	assert_int_equal(result, HTTP_DONE);
	for (size_t i = 0; i < sizeof(p.text); i++)
		assert_int_equal(p.text[i], 0);
}

static void
test_done_and_refused_are_final_until_init(void **state)
{
	static const char *const heads[] = {
		"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET",
		"GET / HTTP/1.1\nHost: a\r\n\r\n",
	};
	static const enum http_result want[] = { HTTP_DONE, HTTP_REFUSED };
	struct http_parser p;
	size_t used;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const uint8_t *in = (const uint8_t *)heads[i];
		size_t n = strlen(heads[i]);

		http_parser_init(&p);
		assert_int_equal(http_parse(&p, in, n, &used), want[i]);
		assert_true(used < n);
		assert_int_equal(http_parse(&p, in, n, &used), want[i]);
		assert_int_equal(used, 0);
		assert_int_equal(http_parse(&p, in, 0, &used), want[i]);
		http_parser_init(&p);
		assert_int_equal(http_parse(&p, in, 3, &used), HTTP_MORE);
	}
}

static void
test_refused_request_leaves_nothing_to_use(void **state)
{
	static const char head[] = "POST /v1/text HTTP/1.1\r\nHost: a\r\n"
				   "Content-Length: 5\r\nContent-Length: 6\r\n";
	static const struct http_request nothing = { 0 };
	struct http_parser p;
	size_t used;

	(void)state;
	http_parser_init(&p);
	assert_int_equal(
	    http_parse(&p, (const uint8_t *)head, sizeof(head) - 1, &used),
	    HTTP_REFUSED);
	assert_int_equal(p.status, 400);
	assert_int_equal(p.request.content_length, nothing.content_length);
	assert_string_equal(p.request.path, "");
	assert_false(p.request.keep_alive);
}

static void
test_answer_heads_are_exact_and_of_one_length(void **state)
{
	static const struct {
		struct http_answer answer;
		const char *want; /* what stands before the padding */
	} cases[] = {
		{ { 200, "text/plain", 5, false, NULL },
		    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
		    "Content-Length: 5\r\nCache-Control: no-store\r\n"
		    "X-Content-Type-Options: nosniff\r\nX-Padding: " },
		{ { 405, NULL, 0, true, "Allow: POST\r\n" },
		    "HTTP/1.1 405 Method Not Allowed\r\n"
		    "Content-Length: 0\r\nCache-Control: no-store\r\n"
		    "X-Content-Type-Options: nosniff\r\n"
		    "Connection: close\r\nAllow: POST\r\nX-Padding: " },
	};
	char out[HTTP_ANSWER_HEAD_LEN + 1];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		size_t n = strlen(cases[i].want);

		assert_true(http_answer_head(&cases[i].answer, out,
		    HTTP_ANSWER_HEAD_LEN));
		assert_int_equal(strlen(out), HTTP_ANSWER_HEAD_LEN);
		assert_memory_equal(out, cases[i].want, n);
		assert_int_equal(n + strspn(out + n, "0"),
		    HTTP_ANSWER_HEAD_LEN - 4);
		assert_string_equal(out + HTTP_ANSWER_HEAD_LEN - 4, "\r\n\r\n");
	}
}

static void
test_every_refusal_has_a_reason_phrase(void **state)
{
	static const unsigned refusals[] = { 400, 411, 413, 414, 417, 431, 501,
		505 };
	struct http_answer unknown = { .status = 418 };
	char out[HTTP_ANSWER_HEAD_LEN + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		assert_non_null(http_reason(refusals[i]));
	assert_false(http_answer_head(&unknown, out, HTTP_ANSWER_HEAD_LEN));
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_transcript_comes_to_its_outcome),
		cmocka_unit_test(
		    test_outcome_is_the_same_in_pieces_of_any_size),
		cmocka_unit_test(test_outcome_is_the_same_wherever_it_is_cut),
		cmocka_unit_test(test_parser_keeps_nothing_that_tells_who_sent),
		cmocka_unit_test(test_done_and_refused_are_final_until_init),
		cmocka_unit_test(test_refused_request_leaves_nothing_to_use),
		cmocka_unit_test(test_answer_heads_are_exact_and_of_one_length),
		cmocka_unit_test(test_every_refusal_has_a_reason_phrase),
	};
	int failed;

	for (int i = 1; i < argc; i++)
		transcripts_read(&all, argv[i]);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	transcripts_free(&all);
	return failed;
}
