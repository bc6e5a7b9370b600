/*
 * Every allocation of a front fails in turn while a visitor asks for something,
 * with TLS or without, from the handshake on: they get a whole answer, a whole
 * "busy" or "down", or their connection ends; never another answer. Nobody is
 * kept without a deadline, nothing stays charged, and the next is served.
 *
 * usage: test_alloc_front [STRIDE]	(0: every one, also of the certificate)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "crypto/bundle.h"
#include "daemon/front_conn_inside.h"
#include "daemon/front_reply.h"
#include "daemon/tls.h"
#include "daemon/wire_conn.h"
#include "tests/faults/alloc.h"

#define OUT_MAX (1 << 20)
#define SAID "what the vault says"

static unsigned long stride = 1;

struct visit {
	struct front *f;
	struct wire_conn *vault;
	SSL_CTX *tls; /* the visitor's; NULL: without */
	struct buf request;
	struct buf good; /* the answer */
	unsigned served, refused, cut;
	/* of one visit */
	int fd; /* the visitor's end */
	SSL *ssl;
	size_t sent;
	struct buf out;
	bool has_ended; /* seen by the visitor */
};

/* --- the front --- */

static void
on_resume(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd, (void)what, (void)ctx;
}

static void
vault_open(struct visit *v)
{
	int wire[2];

	v->vault = wire_conn_free(v->vault);
	assert_int_equal(0,
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, wire));
	assert_int_equal(ERR_OK, front_open_vault(v->f, wire[0]));
	assert_int_equal(ERR_OK,
	    wire_conn_new(wire[1], PEER_VAULT, PEER_FRONT, &v->vault));
}

static void
front_begin(struct visit *v)
{
	struct front *f = v->f = calloc(1, sizeof(*f));

	f->base = event_base_new();
	TAILQ_INIT(&f->conns);
	TAILQ_INIT(&f->early);
	tickets_init(f);
	reply_init();
	f->config = (struct front_config){ .connections = 4,
		.rate = 1024,
		.handshake = 60,
		.header = 60,
		.body = 60,
		.answer = 60,
		.idle = 60 };
	budget_init(&f->text, 1 << 20);
	budget_init(&f->pieces, 1 << 20);
	f->resume = event_new(f->base, -1, 0, on_resume, f);
	f->page_policy = evbuffer_new();
	for (size_t i = 0; i < BUNDLE_TEXT_LEN; i++)
		assert_int_equal(0, evbuffer_add(f->page_policy, "p", 1));
	vault_open(v);
}

static void
front_end(struct visit *v)
{
	struct front *f = v->f;

	f->vault = channel_free(f->vault);
	v->vault = wire_conn_free(v->vault);
	evbuffer_free(f->page_policy);
	front_web_free(&f->web);
	event_free(f->resume);
	event_base_free(f->base);
	f->tls = tls_free(f->tls);
	free(f);
}

static void
visit_free(struct visit *v)
{
	front_end(v);
	SSL_CTX_free(v->tls);
	buf_free(&v->request);
	buf_free(&v->good);
	buf_free(&v->out);
}

/* --- a certificate of its own --- */

static void
pem_of(BIO *bio, struct buf *out)
{
	char *p = NULL;
	long n = BIO_get_mem_data(bio, &p);

	*out = (struct buf)BUF_INIT(16384);
	buf_put(out, p, (size_t)n);
	BIO_free(bio);
	assert_int_equal(ERR_OK, out->err);
}

static void
make_certificate(struct buf *cert_pem, struct buf *key_pem)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	X509 *x = X509_new();
	BIO *cert = BIO_new(BIO_s_mem()), *private = BIO_new(BIO_s_mem());

	assert_true(X509_set_pubkey(x, key) == 1 &&
	    X509_gmtime_adj(X509_getm_notBefore(x), 0) != NULL &&
	    X509_gmtime_adj(X509_getm_notAfter(x), 3600) != NULL &&
	    X509_sign(x, key, NULL) > 0 && PEM_write_bio_X509(cert, x) == 1 &&
	    PEM_write_bio_PrivateKey(private, key, NULL, NULL, 0, NULL, NULL) ==
		1);
	X509_free(x);
	EVP_PKEY_free(key);
	pem_of(cert, cert_pem);
	pem_of(private, key_pem);
}

static void
use_tls(struct visit *v)
{
	struct buf cert_pem CLEAN_BUF = { 0 }, key_pem CLEAN_BUF = { 0 };

	make_certificate(&cert_pem, &key_pem);
	assert_int_equal(ERR_OK,
	    tls_new(buf_bytes(&cert_pem), buf_bytes(&key_pem), false,
		&v->f->tls));
	assert_non_null(v->tls = SSL_CTX_new(TLS_client_method()));
}

/* --- the vault's side --- */

static bool
vault_serve(struct visit *v)
{
	struct wire_frame frame;
	bool any = false;

	if (wire_conn_fill(v->vault) != WIRE_FINE)
		return false; /* the front has ended it */
	while (wire_conn_next(v->vault, &frame)) {
		any = true;
		assert_int_equal(ERR_OK,
		    wire_conn_send(v->vault, WIRE_ANSWER, ANSWER_OK,
			frame.head.id, BYTES_LIT(SAID)));
	}
	return wire_conn_flush(v->vault) == WIRE_FINE && any;
}

/* --- the visitor's side --- */

/* What a call of OpenSSL's or the system's gave; the end is noted. */
static size_t
moved(struct visit *v, ssize_t n)
{
	int why = v->ssl != NULL && n <= 0 ? SSL_get_error(v->ssl, (int)n) : 0;

	ERR_clear_error();
	if (n > 0)
		return (size_t)n;
	if (v->ssl != NULL
		? why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE
		: n == 0 || errno != EAGAIN)
		v->has_ended = true;
	return 0;
}

static bool
visitor_send(struct visit *v)
{
	const uint8_t *p = v->request.p + v->sent;
	size_t n = v->request.n - v->sent;

	if (n == 0)
		return false;
	n = moved(v,
	    v->ssl != NULL ? SSL_write(v->ssl, p, (int)n)
			   : send(v->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL));
	v->sent += n;
	return n > 0;
}

static bool
visitor_read(struct visit *v)
{
	static uint8_t part[64 * 1024];
	size_t n = moved(v,
	    v->ssl != NULL ? SSL_read(v->ssl, part, sizeof(part))
			   : recv(v->fd, part, sizeof(part), MSG_DONTWAIT));

	buf_put(&v->out, part, n);
	assert_int_equal(ERR_OK, v->out.err);
	return n > 0;
}

/* Who asks may be in the midst of a handshake, or of what the socket takes. */
static bool
visitor_turn(struct visit *v)
{
	bool any = !v->has_ended && visitor_send(v);

	return (!v->has_ended && visitor_read(v)) || any;
}

static void
visitor_comes(struct visit *v, int *ret_fd)
{
	int fd[2];

	assert_int_equal(0,
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd));
	*ret_fd = fd[0];
	v->fd = fd[1];
	v->sent = 0;
	v->has_ended = false;
	v->ssl = NULL;
	buf_reset(&v->out);
	v->out.max = OUT_MAX;
	if (v->tls == NULL)
		return;
	assert_non_null(v->ssl = SSL_new(v->tls));
	assert_int_equal(1, SSL_set_fd(v->ssl, v->fd));
	SSL_set_connect_state(v->ssl);
}

static void
visitor_goes(struct visit *v)
{
	SSL_free(v->ssl);
	v->ssl = NULL;
	close(v->fd);
	v->has_ended = true;
}

/* --- a visit, until nothing moves any more --- */

static void
turn_front(struct visit *v)
{
	alloc_resume();
	assert_true(event_base_loop(v->f->base, EVLOOP_NONBLOCK) >= 0);
	alloc_pause();
	/* SSL_get_error would take it for the next connection's */
	assert_int_equal(0, ERR_peek_error());
	/* and this would be sent to the next visitor */
	assert_int_equal(0, v->f->room.n);
}

static void
settle(struct visit *v)
{
	for (int still = 0; still < 3; still++) {
		turn_front(v);
		if (vault_serve(v) || visitor_turn(v))
			still = 0;
	}
}

static bool
is_status(const struct visit *v, const char *line)
{
	return v->out.n > strlen(line) &&
	    memcmp(v->out.p, line, strlen(line)) == 0;
}

/* Whole, or cut where the visitor sees it. */
static void
judge(struct visit *v)
{
	bool is_good =
	    v->out.n <= v->good.n && memcmp(v->out.p, v->good.p, v->out.n) == 0;

	if (is_good && v->out.n == v->good.n) {
		v->served++;
		return;
	}
	assert_true(alloc_has_failed());
	if (is_good) {
		assert_true(v->has_ended);
		v->cut++;
	} else {
		assert_true(is_status(v, "HTTP/1.1 503 "));
		v->refused++;
	}
}

static void
assert_empty(const struct front *f)
{
	assert_int_equal(0, f->n_conns);
	assert_int_equal(0, f->text.used);
	assert_int_equal(0, f->pieces.used);
	assert_null(f->text.favoured);
	for (size_t i = 0; i < WIRE_CREDITS; i++)
		assert_false(f->tickets[i].is_used);
}

static void
visit(struct visit *v, unsigned listener)
{
	struct conn *c;
	int fd;
	enum err e;

	visitor_comes(v, &fd);
	alloc_resume();
	e = conn_new(v->f, fd, listener, false);
	alloc_pause();
	if (e != ERR_OK)
		close(fd);
	settle(v);
	TAILQ_FOREACH (c, &v->f->conns, all)
		assert_true(evtimer_pending(&c->deadline, NULL));
}

static void
act(void *ctx)
{
	struct visit *v = ctx;

	visit(v, LISTENER_PUBLIC | (v->tls != NULL ? LISTENER_TLS : 0));
	judge(v);
	visitor_goes(v);
	settle(v);
	if (v->f->vault == NULL)
		vault_open(v);
	assert_empty(v->f);
}

/* The first visitor, for whom the loop has no room yet. */
static void
act_first(void *ctx)
{
	struct visit *v = ctx;

	front_end(v);
	front_begin(v);
	act(v);
}

static void
each(struct visit *v, const char *name, alloc_act *one)
{
	v->good = (struct buf)BUF_INIT(OUT_MAX);
	visit(v, LISTENER_PUBLIC | (v->tls != NULL ? LISTENER_TLS : 0));
	assert_true(is_status(v, "HTTP/1.1 200 "));
	assert_true(v->out.n > BUNDLE_SMALL_LEN);
	buf_put_bytes(&v->good, buf_bytes(&v->out));
	visitor_goes(v);
	settle(v);
	assert_true(alloc_each(name, one, v, stride) > 0);
	print_message("    %u served, %u told to wait, %u cut\n", v->served,
	    v->refused, v->cut);
	assert_true(v->refused + v->cut > 0);
	visit_free(v);
}

/* --- what is asked --- */

static void
ask_text(struct visit *v)
{
	struct bundle_request q = { .kind = REQUEST_POLL };
	CLEAN_BUF struct buf body = BUF_INIT(BUNDLE_TEXT_LEN);

	assert_int_equal(ERR_OK, bundle_request_put(&q, &body));
	assert_int_equal(ERR_OK, bundle_pad(&body, BUNDLE_TEXT_LEN));
	v->request = (struct buf)BUF_INIT(OUT_MAX);
	buf_put_str(&v->request,
	    "POST /v1/text HTTP/1.1\r\nHost: a\r\n"
	    "Content-Type: application/octet-stream\r\n"
	    "Content-Length: 49152\r\n\r\n");
	buf_put_bytes(&v->request, buf_bytes(&body));
}

static void
ask_page(struct visit *v)
{
	v->request = (struct buf)BUF_INIT(OUT_MAX);
	buf_put_str(&v->request, "GET /v1/policy HTTP/1.1\r\nHost: a\r\n\r\n");
}

/* A piece of an upload, of full size. */
static void
ask_piece(struct visit *v)
{
	static uint8_t piece[PIECE_LEN];
	struct bundle_request q = { .kind = REQUEST_PUT,
		.put = { .size = 3 * sizeof(piece),
		    .piece = BYTES(piece, sizeof(piece)) } };
	CLEAN_BUF struct buf body = BUF_INIT(BUNDLE_PIECE_LEN);

	assert_int_equal(ERR_OK, bundle_request_put(&q, &body));
	assert_int_equal(ERR_OK, bundle_pad(&body, BUNDLE_PIECE_LEN));
	v->request = (struct buf)BUF_INIT(OUT_MAX);
	buf_printf(&v->request,
	    "POST /v1/piece HTTP/1.1\r\nHost: a\r\n"
	    "Content-Type: application/octet-stream\r\n"
	    "Content-Length: %d\r\n\r\n",
	    BUNDLE_PIECE_LEN);
	buf_put_bytes(&v->request, buf_bytes(&body));
}

static void
ask_web(struct visit *v)
{
	v->request = (struct buf)BUF_INIT(OUT_MAX);
	buf_put_str(&v->request,
	    "GET /web/reporter.js HTTP/1.1\r\nHost: a\r\n\r\n");
}

static void
play(const char *name, void (*asks)(struct visit *), alloc_act *one)
{
	struct visit v = { 0 };

	alloc_reset();
	front_begin(&v);
	asks(&v);
	each(&v, name, one);
}

static void
test_piece_is_answered_whole_or_not(void **state)
{
	(void)state;
	play("piece", ask_piece, act);
}

static void
test_text_is_answered_whole_or_not(void **state)
{
	(void)state;
	play("text", ask_text, act);
}

static void
test_page_is_answered_whole_or_not(void **state)
{
	(void)state;
	play("page", ask_page, act);
}

static void
test_pages_for_browsers_are_answered_whole_or_not(void **state)
{
	static uint8_t script[70000];
	const struct web_page page = { .name = BYTES_LIT("reporter.js"),
		.content = BYTES(script, sizeof(script)) };
	CLEAN_BUF struct buf body = BUF_INIT(OUT_MAX);
	struct visit v = { 0 };

	(void)state;
	alloc_reset();
	front_begin(&v);
	web_page_put(&body, &page);
	assert_int_equal(ERR_OK, front_web_take(&v.f->web, buf_bytes(&body)));
	ask_web(&v);
	each(&v, "pages for browsers", act);
}

static void
test_first_visitor_is_no_other(void **state)
{
	(void)state;
	play("first", ask_text, act_first);
}

static void
test_text_over_tls_is_answered_whole_or_not(void **state)
{
	struct visit v = { 0 };

	(void)state;
	alloc_reset();
	front_begin(&v);
	use_tls(&v);
	ask_text(&v);
	each(&v, "text over TLS", act);
}

/* --- the certificate itself --- */

struct certificate {
	struct buf cert, key;
	unsigned failed;
};

static void
act_certificate(void *ctx)
{
	struct certificate *c = ctx;
	SSL_CTX *tls = NULL;
	enum err e;

	alloc_resume();
	e = tls_new(buf_bytes(&c->cert), buf_bytes(&c->key), false, &tls);
	alloc_pause();
	assert_int_equal(e == ERR_OK, tls != NULL);
	if (e != ERR_OK) {
		assert_true(alloc_has_failed());
		c->failed++;
		if (!err_is_ours(e))
			fail_msg("the certificate: %s", err_name(e));
	}
	tls_free(tls);
	assert_int_equal(0, ERR_peek_error());
}

static void
test_certificate_is_not_called_wrong_for_want_of_memory(void **state)
{
	struct certificate c = { 0 };

	(void)state;
	alloc_reset();
	make_certificate(&c.cert, &c.key);
	/* thousands, most of them in the search for what reads PEM */
	assert_true(
	    alloc_each("certificate", act_certificate, &c, 13 * stride) > 0);
	print_message("    failed %u times\n", c.failed);
	assert_true(c.failed > 0);
	buf_free(&c.cert);
	buf_free(&c.key);
}

/* libevent's own remarks. */
static void
say_nothing(int severity, const char *text)
{
	(void)severity, (void)text;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_is_answered_whole_or_not),
		cmocka_unit_test(test_piece_is_answered_whole_or_not),
		cmocka_unit_test(test_page_is_answered_whole_or_not),
		cmocka_unit_test(
		    test_pages_for_browsers_are_answered_whole_or_not),
		cmocka_unit_test(test_first_visitor_is_no_other),
		cmocka_unit_test(
		    test_certificate_is_not_called_wrong_for_want_of_memory),
		cmocka_unit_test(test_text_over_tls_is_answered_whole_or_not),
	};

	signal(SIGPIPE, SIG_IGN);
	event_set_log_callback(say_nothing);
	if (argc > 1)
		stride = strtoul(argv[1], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
