/*
 * A visitor who breaks or bends TLS, for test_tls_attack.py: connects to
 * 127.0.0.1:PORT, does one thing, waits for the end of the connection, and
 * prints one JSON object.
 *
 *   tls_attack PORT WHAT [N]
 *
 * What OpenSSL would not send is made here: once its handshake (TLS 1.3) is
 * done, records are sealed by hand with the keys that it logs (RFC 8446, 5.2
 * and 7.3). The rest of the attacks are OpenSSL's own, asked for what the
 * daemon must refuse.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/ssl.h>

#include "crypto/codec.h"
#include "crypto/hash.h"

#define WAIT_MS 30000
#define KEY_LEN 16
#define IV_LEN 12
#define TAG_LEN 16
#define HEADER_LEN 5
#define CONTENT_MAX 16384
#define FLIGHT_LEN (256 * 1024) /* of records that go at once */

enum type { CCS = 20, ALERT = 21, HANDSHAKE = 22, DATA = 23, HEARTBEAT = 24 };

struct line {
	int fd;
	SSL *ssl;
	uint8_t secret[SHA256_LEN], key[KEY_LEN], iv[IV_LEN];
	uint64_t seq;
	EVP_CIPHER_CTX *aead;
	uint8_t flight[FLIGHT_LEN];
	size_t n;
	uint64_t sent;
	bool is_over; /* the daemon takes nothing any more */
};

/* The last secret that OpenSSL logged as the client's. */
static uint8_t logged[SHA256_LEN];

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "tls_attack: %s\n", what);
	exit(1);
}

/* --- the socket --- */

static int
connect_to(uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	must(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0,
	    "connecting");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	return fd;
}

/* Until all has left, or the daemon ends the connection. */
static void
flush(struct line *l)
{
	size_t at = 0;

	while (at < l->n && !l->is_over) {
		ssize_t n =
		    send(l->fd, l->flight + at, l->n - at, MSG_NOSIGNAL);

		if (n <= 0)
			l->is_over = true;
		else
			at += (size_t)n;
	}
	l->sent += at;
	l->n = 0;
}

/* What comes until the connection ends. False: it did not. */
static bool
await_end(int fd, size_t *ret_got)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	static uint8_t in[65536];
	ssize_t n;

	*ret_got = 0;
	while (poll(&p, 1, WAIT_MS) > 0) {
		if ((n = recv(fd, in, sizeof(in), 0)) <= 0)
			return true;
		*ret_got += (size_t)n;
	}
	return false;
}

/* --- records --- */

static void
expand(const uint8_t secret[static SHA256_LEN], const char *label, uint8_t *out,
    size_t n)
{
	uint8_t info[32] = { (uint8_t)(n >> 8), (uint8_t)n,
		(uint8_t)(6 + strlen(label)) };
	size_t len = 3 + 6 + strlen(label) + 1;

	memcpy(info + 3, "tls13 ", 6);
	memcpy(info + 9, label, strlen(label));
	must(hkdf_sha256_expand(secret, &BYTES(info, len), 1, out, n) == ERR_OK,
	    "HKDF");
}

static void
use_secret(struct line *l, const uint8_t secret[static SHA256_LEN])
{
	memmove(l->secret, secret, SHA256_LEN);
	expand(l->secret, "key", l->key, KEY_LEN);
	expand(l->secret, "iv", l->iv, IV_LEN);
	l->seq = 0;
}

static void
next_secret(struct line *l)
{
	uint8_t next[SHA256_LEN];

	expand(l->secret, "traffic upd", next, sizeof(next));
	use_secret(l, next);
}

static void
put_header(struct line *l, enum type type, size_t n)
{
	const uint8_t h[HEADER_LEN] = { (uint8_t)type, 3, 3, (uint8_t)(n >> 8),
		(uint8_t)n };

	if (sizeof(l->flight) - l->n < HEADER_LEN + CONTENT_MAX + 1 + TAG_LEN)
		flush(l);
	memcpy(l->flight + l->n, h, HEADER_LEN);
	l->n += HEADER_LEN;
}

/* The content, its type, and `pad` zeros. */
static void
put_record(struct line *l, unsigned type, struct bytes content, size_t pad)
{
	size_t n = content.n + 1 + pad;
	uint8_t nonce[IV_LEN], *at;
	int len;

	put_header(l, DATA, n + TAG_LEN);
	at = l->flight + l->n;
	if (content.n > 0)
		memcpy(at, content.p, content.n);
	at[content.n] = (uint8_t)type;
	memset(at + content.n + 1, 0, pad);
	memcpy(nonce, l->iv, IV_LEN);
	for (unsigned i = 0; i < 8; i++)
		nonce[IV_LEN - 1 - i] ^= (uint8_t)(l->seq >> 8 * i);
	l->seq++;
	must(EVP_EncryptInit_ex(l->aead, EVP_aes_128_gcm(), NULL, l->key,
		 nonce) == 1 &&
		EVP_EncryptUpdate(l->aead, NULL, &len, at - HEADER_LEN,
		    HEADER_LEN) == 1 &&
		EVP_EncryptUpdate(l->aead, at, &len, at, (int)n) == 1 &&
		EVP_EncryptFinal_ex(l->aead, at + n, &len) == 1 &&
		EVP_CIPHER_CTX_ctrl(l->aead, EVP_CTRL_AEAD_GET_TAG, TAG_LEN,
		    at + n) == 1,
	    "sealing");
	l->n += n + TAG_LEN;
}

/* --- floods --- */

static void
quiet_update(struct line *l)
{
	put_record(l, HANDSHAKE, BYTES_LIT("\x18\0\0\x01\0"), 0);
	next_secret(l);
}

static void
asking_update(struct line *l)
{
	put_record(l, HANDSHAKE, BYTES_LIT("\x18\0\0\x01\x01"), 0);
	next_secret(l);
}

static void
empty(struct line *l)
{
	put_record(l, DATA, BYTES(NULL, 0), 0);
}

/* 31 empty ones are let pass in a row: one byte between them. */
static void
nearly_empty(struct line *l)
{
	if (l->seq % 16 == 0)
		put_record(l, DATA, BYTES_LIT("A"), 0);
	else
		empty(l);
}

static void
warning(struct line *l)
{
	put_record(l, ALERT, BYTES_LIT("\x01\x5a"), 0); /* user_canceled */
}

static void
change_spec(struct line *l)
{
	put_header(l, CCS, 1);
	l->flight[l->n++] = 1;
}

static void
odd_type(struct line *l)
{
	put_record(l, HEARTBEAT, BYTES_LIT("\x01\x40\0"), 0);
}

static void
only_padding(struct line *l)
{
	put_record(l, 0, BYTES(NULL, 0), 100);
}

/* Of a head that does not end, byte by byte, each in a record as long as
 * there can be. */
static void
padded(struct line *l)
{
	put_record(l, DATA, BYTES_LIT("A"), CONTENT_MAX - 2);
}

static void
tiny(struct line *l)
{
	put_record(l, DATA, BYTES_LIT("A"), 0);
}

/* The beginning of a handshake's message of 16 MiB, and what could be the rest
 * of it. */
static void
endless_message(struct line *l)
{
	static const uint8_t zeros[CONTENT_MAX - 1];

	if (l->seq == 0)
		put_record(l, HANDSHAKE, BYTES_LIT("\x18\xff\xff\xff"), 0);
	put_record(l, HANDSHAKE, BYTES(zeros, sizeof(zeros)), 0);
}

static void
second_hello(struct line *l)
{
	put_record(l, HANDSHAKE, BYTES_LIT("\x01\0\0\x02\x03\x03"), 0);
}

static void
too_long(struct line *l)
{
	static const uint8_t zeros[256];

	put_header(l, DATA, CONTENT_MAX + 257);
	memcpy(l->flight + l->n, zeros, sizeof(zeros));
	l->n += sizeof(zeros);
}

static void
forged(struct line *l)
{
	put_record(l, DATA, BYTES_LIT("GET / HTTP/1.1\r\n"), 0);
	l->flight[l->n - 1] ^= 1;
}

static void
old_key(struct line *l)
{
	put_record(l, DATA, BYTES_LIT("G"), 0);
	l->seq = 0; /* a record that was there before */
}

/* clang-format off */
static const struct {
	const char *name;
	void (*put)(struct line *l);
} floods[] = {
	{ "quiet-updates", quiet_update }, { "asking-updates", asking_update },
	{ "empty", empty }, { "nearly-empty", nearly_empty },
	{ "warnings", warning }, { "change-spec", change_spec },
	{ "odd-type", odd_type }, { "only-padding", only_padding },
	{ "padded", padded }, { "tiny", tiny },
	{ "endless-message", endless_message },
	{ "second-hello", second_hello }, { "too-long", too_long },
	{ "forged", forged }, { "replayed", old_key },
};
/* clang-format on */

static void
on_log(const SSL *ssl, const char *text)
{
	static const char name[] = "CLIENT_TRAFFIC_SECRET_0 ";
	const char *secret = strrchr(text, ' ');

	(void)ssl;
	if (strncmp(text, name, sizeof(name) - 1) == 0)
		must(hex_decode(
			 BYTES((const uint8_t *)secret + 1, strlen(secret + 1)),
			 logged, sizeof(logged)) == ERR_OK,
		    "a logged secret");
}

static SSL_CTX *
context(int version)
{
	SSL_CTX *c = SSL_CTX_new(TLS_client_method());

	must(c != NULL && SSL_CTX_set_min_proto_version(c, version) == 1 &&
		SSL_CTX_set_max_proto_version(c, version) == 1 &&
		SSL_CTX_set_ciphersuites(c, "TLS_AES_128_GCM_SHA256") == 1,
	    "a context");
	SSL_CTX_set_keylog_callback(c, on_log);
	return c;
}

static SSL *
begin(SSL_CTX *c, int fd, SSL_SESSION *session)
{
	SSL *ssl = SSL_new(c);

	must(ssl != NULL && SSL_set_fd(ssl, fd) == 1, "TLS");
	if (session != NULL)
		must(SSL_set_session(ssl, session) == 1, "a session");
	return ssl;
}

static int
flood(uint16_t port, void (*put)(struct line *), uint64_t n)
{
	static struct line l;
	SSL_CTX *c = context(TLS1_3_VERSION);
	size_t got;
	bool ended;

	l.fd = connect_to(port);
	l.ssl = begin(c, l.fd, NULL);
	l.aead = EVP_CIPHER_CTX_new();
	must(l.aead != NULL && SSL_connect(l.ssl) == 1, "the handshake");
	use_secret(&l, logged);
	while (n-- > 0 && !l.is_over)
		put(&l);
	flush(&l);
	ended = await_end(l.fd, &got);
	printf("{\"sent\": %llu, \"got\": %zu, \"ended\": %s}\n",
	    (unsigned long long)l.sent, got, ended ? "true" : "false");
	EVP_CIPHER_CTX_free(l.aead);
	SSL_free(l.ssl);
	SSL_CTX_free(c);
	close(l.fd);
	return 0;
}

/* --- what OpenSSL does by itself --- */

static const char request[] = "GET /v1/plain HTTP/1.1\r\nHost: a\r\n\r\n";

/* Bytes of the answer that come before there is nothing more, or the end. */
static size_t
ask(SSL *ssl)
{
	static uint8_t in[16384];
	size_t got = 0;
	int n;

	if (SSL_write(ssl, request, (int)strlen(request)) <= 0)
		return 0;
	while (got < 1024 && (n = SSL_read(ssl, in, sizeof(in))) > 0)
		got += (size_t)n;
	return got;
}

static unsigned tickets;

static int
on_ticket(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl, (void)session;
	tickets++;
	return 0;
}

/* Two visits; the second brings all that the first one gave. */
static int
resume(uint16_t port, int version)
{
	SSL_CTX *c = context(version);
	SSL_SESSION *session = NULL;
	bool reused = false;
	unsigned id = 0;
	size_t got = 0;

	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_CLIENT);
	SSL_CTX_sess_set_new_cb(c, on_ticket);
	for (int i = 0; i < 2; i++) {
		int fd = connect_to(port);
		SSL *ssl = begin(c, fd, session);

		must(SSL_connect(ssl) == 1, "the handshake");
		got += ask(ssl);
		reused = SSL_session_reused(ssl) == 1;
		SSL_SESSION_free(session);
		session = SSL_get1_session(ssl);
		if (version == TLS1_2_VERSION)
			SSL_SESSION_get_id(session, &id);
		SSL_free(ssl);
		close(fd);
	}
	printf("{\"reused\": %s, \"id\": %u, \"ticket\": %s, "
	       "\"resumable\": %s, \"new\": %u, \"got\": %zu}\n",
	    reused ? "true" : "false", id,
	    SSL_SESSION_has_ticket(session) ? "true" : "false",
	    SSL_SESSION_is_resumable(session) ? "true" : "false", tickets, got);
	SSL_SESSION_free(session);
	SSL_CTX_free(c);
	return 0;
}

/* A session that nobody gave, and that says that early data is welcome. */
static SSL_SESSION *
invented(SSL *ssl)
{
	static const uint8_t cipher[] = { 0x13, 0x01 }, key[SHA256_LEN] = { 7 };
	SSL_SESSION *s = SSL_SESSION_new();

	must(s != NULL &&
		SSL_SESSION_set1_master_key(s, key, sizeof(key)) == 1 &&
		SSL_SESSION_set_cipher(s, SSL_CIPHER_find(ssl, cipher)) == 1 &&
		SSL_SESSION_set_protocol_version(s, TLS1_3_VERSION) == 1 &&
		SSL_SESSION_set_max_early_data(s, CONTENT_MAX) == 1,
	    "a session");
	return s;
}

static int
on_psk(SSL *ssl, const EVP_MD *md, const unsigned char **id, size_t *n,
    SSL_SESSION **ret)
{
	(void)md;
	*id = (const unsigned char *)"visitor";
	*n = strlen("visitor");
	*ret = invented(ssl);
	return 1;
}

/* A request in what comes before the handshake is done. */
static int
early(uint16_t port)
{
	SSL_CTX *c = context(TLS1_3_VERSION);
	int fd = connect_to(port);
	size_t written, got;
	SSL *ssl;

	SSL_CTX_set_psk_use_session_callback(c, on_psk);
	ssl = begin(c, fd, NULL);
	must(SSL_write_early_data(ssl, request, strlen(request), &written) == 1,
	    "early data");
	must(SSL_connect(ssl) == 1, "the handshake");
	printf("{\"accepted\": %s, ",
	    SSL_get_early_data_status(ssl) == SSL_EARLY_DATA_ACCEPTED
		? "true"
		: "false");
	(void)shutdown(fd, SHUT_WR);
	must(await_end(fd, &got), "no end");
	printf("\"got\": %zu}\n", got); /* of records, not of an answer */
	SSL_free(ssl);
	SSL_CTX_free(c);
	close(fd);
	return 0;
}

/* TLS 1.2: asks for another handshake on a line that stands. */
static int
renegotiate(uint16_t port)
{
	SSL_CTX *c = context(TLS1_2_VERSION);
	int fd = connect_to(port);
	SSL *ssl = begin(c, fd, NULL);
	bool done;
	size_t got;

	must(SSL_connect(ssl) == 1, "the handshake");
	got = ask(ssl);
	done = SSL_renegotiate(ssl) == 1 && SSL_do_handshake(ssl) == 1;
	printf("{\"got\": %zu, \"renegotiated\": %s}\n", got,
	    done ? "true" : "false");
	SSL_free(ssl);
	SSL_CTX_free(c);
	close(fd);
	return 0;
}

int
main(int argc, char **argv)
{
	uint16_t port;
	uint64_t n;

	must(argc >= 3, "usage: tls_attack PORT WHAT [N]");
	(void)signal(SIGPIPE, SIG_IGN);
	port = (uint16_t)strtoul(argv[1], NULL, 10);
	n = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
	for (size_t i = 0; i < sizeof(floods) / sizeof(floods[0]); i++)
		if (strcmp(argv[2], floods[i].name) == 0)
			return flood(port, floods[i].put, n);
	if (strcmp(argv[2], "resume-1.2") == 0)
		return resume(port, TLS1_2_VERSION);
	if (strcmp(argv[2], "resume-1.3") == 0)
		return resume(port, TLS1_3_VERSION);
	if (strcmp(argv[2], "early") == 0)
		return early(port);
	if (strcmp(argv[2], "renegotiate") == 0)
		return renegotiate(port);
	must(false, "no such attack");
	return 1;
}
