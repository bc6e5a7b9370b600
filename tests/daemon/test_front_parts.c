#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "crypto/bundle.h"
#include "daemon/budget.h"
#include "daemon/endpoint.h"
#include "daemon/error_table.h"
#include "daemon/front_conn.h"
#include "daemon/front_reply.h"
#include "daemon/http_answer.h"
#include "daemon/tls.h"
#include "policy/public_page.h"

/* --- errors --- */

/* docs/PROTOCOL.md, "Errors". */
static const struct {
	enum answer answer;
	unsigned status;
	const char *code;
} promised[] = {
	{ ANSWER_BAD_REQUEST, 400, "bad-request" },
	{ ANSWER_BAD_BUNDLE, 400, "bad-bundle" },
	{ ANSWER_BAD_POLICY, 409, "bad-policy" },
	{ ANSWER_BAD_SIGNATURE, 403, "bad-signature" },
	{ ANSWER_NO_SESSION, 403, "no-session" },
	{ ANSWER_DENIED, 403, "denied" },
	{ ANSWER_UNKNOWN, 404, "unknown" },
	{ ANSWER_CONFLICT, 409, "conflict" },
	{ ANSWER_EXISTS, 409, "exists" },
	{ ANSWER_TOO_LARGE, 413, "too-large" },
	{ ANSWER_BUSY, 503, "busy" },
	{ ANSWER_DOWN, 503, "down" },
	{ ANSWER_FULL, 507, "full" },
	{ ANSWER_NOT_NOW, 409, "not-now" },
	{ ANSWER_NEEDS_REVIEW, 409, "needs-review" },
	{ ANSWER_SAME_PERSON, 409, "same-person" },
	{ ANSWER_NOTHING_ASKED, 409, "nothing-asked" },
	{ ANSWER_ON_HOLD, 409, "on-hold" },
	{ ANSWER_INCOMPLETE, 409, "incomplete" },
	{ ANSWER_WRONG_DAY, 409, "wrong-day" },
};

static void
test_every_answer_has_the_code_of_the_protocol(void **state)
{
	(void)state;
	assert_int_equal(sizeof(promised) / sizeof(promised[0]), ANSWERS - 1);
	for (size_t i = 0; i < sizeof(promised) / sizeof(promised[0]); i++) {
		const struct error_text *e =
		    error_of_answer(promised[i].answer);

		assert_int_equal(e->status, promised[i].status);
		assert_string_equal(e->code, promised[i].code);
		assert_non_null(e->text);
	}
}

static void
test_every_error_fits_the_smallest_size(void **state)
{
	static const unsigned statuses[] = { 400, 404, 405, 408, 411, 413, 414,
		417, 431, 501, 505 };
	struct evbuffer *out = evbuffer_new();

	(void)state;
	reply_init();
	for (int a = ANSWER_OK + 1; a < ANSWERS; a++)
		assert_int_equal(reply_put_error(out, NULL,
				     error_of_answer((enum answer)a), true),
		    ERR_OK);
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		assert_int_equal(error_of_status(statuses[i])->status,
		    statuses[i]);
		assert_int_equal(reply_put_error(out, NULL,
				     error_of_status(statuses[i]), true),
		    ERR_OK);
	}
	evbuffer_free(out);
}

/* --- replies --- */

static void
test_a_body_over_its_size_is_not_sent(void **state)
{
	struct evbuffer *out = evbuffer_new();
	static const uint8_t body[BUNDLE_SMALL_LEN + 1];
	struct reply r = { .status = 200,
		.length = BUNDLE_SMALL_LEN,
		.body = BYTES(body, sizeof(body)) };

	(void)state;
	assert_int_equal(reply_put(out, &r), ERR_LIMIT);
	assert_int_equal(evbuffer_get_length(out), 0);
	r.body.n--;
	assert_int_equal(reply_put(out, &r), ERR_OK);
	evbuffer_free(out);
}

/* --- pages --- */

static struct http_request
request(enum http_method method, const char *path)
{
	struct http_request r = { .method = method };

	memcpy(r.path, path, strlen(path));
	return r;
}

static void
test_pages_are_found_by_method_path_and_listener(void **state)
{
	const struct endpoint *e = NULL;
	struct http_request r = request(HTTP_POST, "/v1/staff");

	(void)state;
	assert_int_equal(endpoint_find(&r, LISTENER_PUBLIC, &e),
	    ENDPOINT_UNKNOWN);
	assert_int_equal(endpoint_find(&r, LISTENER_STAFF, &e), ENDPOINT_FOUND);
	assert_int_equal(e->wire, WIRE_STAFF);
	r.method = HTTP_GET;
	assert_int_equal(endpoint_find(&r, LISTENER_STAFF, &e),
	    ENDPOINT_METHOD);
	r = request(HTTP_GET, "/v1/policy/");
	assert_int_equal(endpoint_find(&r, ~0u, &e), ENDPOINT_UNKNOWN);
}

static void
put_page(struct buf *out, const char *name, const char *content)
{
	const struct web_page p = { .name = bytes_str(name),
		.content = bytes_str(content) };

	web_page_put(out, &p);
}

static void
assert_page_is(const struct front_web *w, const char *path, const char *text)
{
	struct reply r = { 0 };
	size_t n;

	assert_true(front_web_find(w, path, LISTENER_PUBLIC, &r));
	assert_non_null(r.page);
	n = evbuffer_get_length(r.page);
	assert_int_equal(n, strlen(text));
	assert_memory_equal(evbuffer_pullup(r.page, -1), text, n);
}

static void
test_pages_change_whole_or_not_at_all(void **state)
{
	struct front_web w = { 0 };
	struct buf old = BUF_INIT(4096), cut = BUF_INIT(4096),
		   unmarked = BUF_INIT(4096);

	(void)state;
	put_page(&old, "a.js", "old");
	put_page(&old, "index.html", "<" PUBLIC_PAGE_MARK ">");
	put_page(&cut, "a.js", "new");
	put_page(&cut, "b.js", "new");
	put_page(&unmarked, "a.js", "new");
	put_page(&unmarked, "index.html", "no mark");
	assert_int_equal(
	    front_web_say(&w, BYTES_LIT("first"), BYTES_LIT("bundle")), ERR_OK);
	assert_int_equal(front_web_take(&w, buf_bytes(&old)), ERR_OK);
	assert_page_is(&w, "/", "<first>");
	assert_int_equal(
	    front_web_say(&w, BYTES_LIT("second"), BYTES_LIT("bundle")),
	    ERR_OK);
	assert_int_equal(front_web_take(&w, BYTES(cut.p, cut.n - 1)),
	    ERR_SYNTAX);
	assert_int_equal(front_web_take(&w, buf_bytes(&unmarked)), ERR_SYNTAX);
	assert_page_is(&w, "/", "<second>");
	assert_page_is(&w, "/web/a.js", "old");
	assert_int_equal(front_web_take(&w, BYTES(NULL, 0)), ERR_OK);
	assert_int_equal(w.n, 0);
	front_web_free(&w);
	buf_free(&old);
	buf_free(&cut);
	buf_free(&unmarked);
}

static void
test_no_more_pages_than_the_limit(void **state)
{
	struct buf body = BUF_INIT(4096);
	struct web_pages pages;

	(void)state;
	for (size_t i = 0; i <= WEB_FILES_MAX; i++)
		put_page(&body, "a.js", "");
	assert_int_equal(web_pages_get(buf_bytes(&body), &pages), ERR_OK);
	assert_int_equal(pages.n, WEB_FILES_MAX + 1);
	put_page(&body, "a.js", "");
	assert_int_equal(web_pages_get(buf_bytes(&body), &pages), ERR_LIMIT);
	buf_free(&body);
}

static void
test_only_a_watch_may_be_held(void **state)
{
	struct bundle_request r = { .kind = REQUEST_WATCH };
	struct buf body = BUF_INIT(BUNDLE_TEXT_LEN);
	struct http_request staff = request(HTTP_POST, "/v1/staff");
	struct http_request text = request(HTTP_POST, "/v1/text");
	const struct endpoint *e = NULL;

	(void)state;
	assert_int_equal(endpoint_find(&staff, LISTENER_STAFF, &e),
	    ENDPOINT_FOUND);
	assert_int_equal(bundle_request_put(&r, &body), ERR_OK);
	assert_true(endpoint_is_held(e, buf_bytes(&body)));
	assert_false(endpoint_is_held(e, BYTES(body.p, 10)));
	buf_reset(&body);
	r.kind = REQUEST_LOGOUT;
	assert_int_equal(bundle_request_put(&r, &body), ERR_OK);
	assert_false(endpoint_is_held(e, buf_bytes(&body)));
	assert_int_equal(endpoint_find(&text, LISTENER_PUBLIC, &e),
	    ENDPOINT_FOUND);
	buf_reset(&body);
	r.kind = REQUEST_WATCH;
	assert_int_equal(bundle_request_put(&r, &body), ERR_OK);
	assert_false(endpoint_is_held(e, buf_bytes(&body)));
	buf_free(&body);
}

/* A bundle of another page, or in another page's length, goes nowhere. */
static void
test_a_bundle_belongs_to_one_page_and_one_length(void **state)
{
	struct bundle_request r = { .kind = REQUEST_STATUS };
	struct buf body = BUF_INIT(BUNDLE_PIECE_LEN);
	struct http_request piece = request(HTTP_POST, "/v1/piece");
	struct http_request text = request(HTTP_POST, "/v1/text");
	const struct endpoint *e = NULL;
	struct endpoint_body b = { 0 };
	size_t length;

	(void)state;
	assert_int_equal(bundle_request_put(&r, &body), ERR_OK);
	length = body.n;
	assert_int_equal(bundle_pad(&body, BUNDLE_SMALL_LEN), ERR_OK);
	assert_int_equal(endpoint_find(&piece, LISTENER_PUBLIC, &e),
	    ENDPOINT_FOUND);
	assert_int_equal(endpoint_check(e, buf_bytes(&body), &b), ERR_OK);
	assert_int_equal(b.answer, BUNDLE_SMALL_LEN);
	assert_int_equal(b.length, length);
	assert_false(b.is_filing);
	assert_int_equal(bundle_pad(&body, BUNDLE_TEXT_LEN), ERR_OK);
	assert_int_equal(endpoint_check(e, buf_bytes(&body), &b), ERR_SYNTAX);
	assert_int_equal(endpoint_find(&text, LISTENER_PUBLIC, &e),
	    ENDPOINT_FOUND);
	assert_int_equal(endpoint_check(e, buf_bytes(&body), &b), ERR_SYNTAX);
	buf_free(&body);
}

/* --- the budget --- */

static const struct conn *
somebody(uintptr_t n)
{
	return (const struct conn *)(n * 64);
}

static void
test_charges_come_in_units_and_go_back_whole(void **state)
{
	struct budget b;
	size_t mine = 0;

	(void)state;
	budget_init(&b, 10 * BUDGET_UNIT);
	assert_true(budget_charge(&b, somebody(1), &mine, 1));
	assert_int_equal(b.used, BUDGET_UNIT);
	assert_true(budget_charge(&b, somebody(1), &mine, BUDGET_UNIT));
	assert_int_equal(b.used, BUDGET_UNIT);
	assert_true(budget_charge(&b, somebody(1), &mine, 3 * BUDGET_UNIT));
	budget_release(&b, &mine, BUDGET_UNIT + 1);
	assert_int_equal(b.used, 2 * BUDGET_UNIT);
	budget_release(&b, &mine, 0);
	assert_int_equal(b.used, 0);
	assert_int_equal(mine, 0);
}

static void
test_one_may_go_over_until_it_is_done_or_stalls(void **state)
{
	size_t first = 0, second = 0, third = 0;
	struct budget b;

	(void)state;
	budget_init(&b, 2 * BUDGET_UNIT);
	assert_true(budget_charge(&b, somebody(1), &first, 2 * BUDGET_UNIT));
	assert_true(budget_charge(&b, somebody(2), &second, BUDGET_UNIT));
	assert_false(budget_charge(&b, somebody(3), &third, 1));
	assert_int_equal(third, 0);
	budget_unfavour(&b, somebody(2));
	assert_true(budget_charge(&b, somebody(3), &third, 1));
	assert_false(budget_charge(&b, somebody(2), &second, 3 * BUDGET_UNIT));
	for (int i = 0; i < 10; i++)
		budget_tick(&b);
	assert_true(budget_charge(&b, somebody(2), &second, 3 * BUDGET_UNIT));
	assert_false(budget_charge(&b, somebody(3), &third, 2 * BUDGET_UNIT));
}

/* --- without memory --- */

static bool no_memory;

static void *
memory_if_any(size_t n)
{
	return no_memory ? NULL : malloc(n);
}

/* Whatever was made until then is freed once, and not twice. */
static void
test_a_connection_for_which_there_is_no_memory_leaves_nothing(void **state)
{
	struct front *f = calloc(1, sizeof(*f));
	int fd[2];

	(void)state;
	assert_non_null(f);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_non_null(f->base = event_base_new());
	assert_non_null(f->tls = SSL_CTX_new(TLS_server_method()));
	no_memory = true;
	assert_int_equal(conn_new(f, fd[0], LISTENER_TLS, false), ERR_NOMEM);
	no_memory = false;
	assert_int_equal(f->n_conns, 0);
	assert_int_equal(close(fd[0]), 0); /* the caller's still */
	close(fd[1]);
	tls_free(f->tls);
	event_base_free(f->base);
	free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_every_answer_has_the_code_of_the_protocol),
		cmocka_unit_test(test_every_error_fits_the_smallest_size),
		cmocka_unit_test(test_a_body_over_its_size_is_not_sent),
		cmocka_unit_test(
		    test_pages_are_found_by_method_path_and_listener),
		cmocka_unit_test(test_pages_change_whole_or_not_at_all),
		cmocka_unit_test(test_no_more_pages_than_the_limit),
		cmocka_unit_test(test_only_a_watch_may_be_held),
		cmocka_unit_test(
		    test_a_bundle_belongs_to_one_page_and_one_length),
		cmocka_unit_test(
		    test_a_connection_for_which_there_is_no_memory_leaves_nothing),
		cmocka_unit_test(test_charges_come_in_units_and_go_back_whole),
		cmocka_unit_test(
		    test_one_may_go_over_until_it_is_done_or_stalls),
	};

	event_set_mem_functions(memory_if_any, realloc, free);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
