#include "daemon/tls.h"

#include <limits.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "daemon/front_stream.h"

#define CHAIN_MAX 8
#define ROOM_LEN (256 * 1024) /* more than a certificate takes */

/* An encrypted key is refused rather than asked about on a terminal. */
static int
no_passphrase(char *buf, int size, int rwflag, void *ctx)
{
	(void)buf, (void)size, (void)rwflag, (void)ctx;
	return -1;
}

static BIO *
bio_over(struct bytes x)
{
	return x.n > INT_MAX ? NULL : BIO_new_mem_buf(x.p, (int)x.n);
}

/* Whether reading stopped because nothing more was there. */
static bool
pem_ended(void)
{
	return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}

static enum err
use_leaf(SSL_CTX *ctx, BIO *pem)
{
	X509 *leaf = PEM_read_bio_X509(pem, NULL, no_passphrase, NULL);
	bool ok = leaf != NULL && SSL_CTX_use_certificate(ctx, leaf) == 1;

	X509_free(leaf);
	return ok ? ERR_OK : ERR_SYNTAX;
}

static enum err
use_chain(SSL_CTX *ctx, BIO *pem)
{
	X509 *above;

	for (int i = 0; i < CHAIN_MAX; i++) {
		above = PEM_read_bio_X509(pem, NULL, no_passphrase, NULL);
		if (above == NULL)
			return pem_ended() ? ERR_OK : ERR_SYNTAX;
		if (SSL_CTX_add0_chain_cert(ctx, above) != 1) {
			X509_free(above);
			return ERR_SYNTAX;
		}
	}
	return ERR_LIMIT;
}

static enum err
use_certificate(SSL_CTX *ctx, struct bytes certificate)
{
	BIO *pem = bio_over(certificate);
	enum err e = ERR_SYNTAX;

	if (pem != NULL && (e = use_leaf(ctx, pem)) == ERR_OK)
		e = use_chain(ctx, pem);
	BIO_free(pem);
	return e;
}

static enum err
use_key(SSL_CTX *ctx, struct bytes key)
{
	BIO *pem = bio_over(key);
	EVP_PKEY *pkey = NULL;
	enum err e = ERR_SYNTAX;

	if (pem != NULL)
		pkey = PEM_read_bio_PrivateKey(pem, NULL, no_passphrase, NULL);
	if (pkey != NULL)
		e = SSL_CTX_use_PrivateKey(ctx, pkey) == 1 &&
			SSL_CTX_check_private_key(ctx) == 1
		    ? ERR_OK
		    : ERR_DENIED;
	EVP_PKEY_free(pkey);
	BIO_free(pem);
	return e;
}

static enum err
set_rules(SSL_CTX *ctx, bool allow_1_2)
{
	SSL_CTX_set_options(ctx,
	    SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
		SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	/* Safe only because whoever reads, reads until there is nothing: of
	 * what OpenSSL has read ahead the loop knows nothing. Not set for each
	 * connection: OpenSSL 3.5 crashes in that where memory is short. */
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_set_default_read_buffer_len(ctx, STREAM_READ_LEN);
	if (SSL_CTX_set_num_tickets(ctx, 0) != 1 ||
	    SSL_CTX_set_min_proto_version(ctx,
		allow_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1 ||
	    SSL_CTX_set_max_early_data(ctx, 0) != 1)
		return ERR_CRYPTO;
	return ERR_OK;
}

/* Empties the queue of errors: whether one of them is want of memory. */
static bool
memory_was_short(void)
{
	bool was_short = false;
	unsigned long error;

	while ((error = ERR_get_error()) != 0)
		was_short |= ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
	return was_short;
}

static enum err
try_new(struct bytes certificate, struct bytes key, bool allow_1_2,
    SSL_CTX **ret)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	enum err e = ERR_NOMEM;

	if (ctx != NULL && (e = set_rules(ctx, allow_1_2)) == ERR_OK &&
	    (e = use_certificate(ctx, certificate)) == ERR_OK)
		e = use_key(ctx, key);
	if (memory_was_short() && e != ERR_OK)
		e = ERR_NOMEM;
	if (e != ERR_OK) {
		SSL_CTX_free(ctx);
		return e;
	}
	*ret = ctx;
	return ERR_OK;
}

/* OpenSSL calls a certificate wrong for which it had no memory, now or when it
 * looked for how to read one: it is tried again, and called wrong only where
 * memory was there each time. */
enum err
tls_new(struct bytes certificate, struct bytes key, bool allow_1_2,
    SSL_CTX **ret)
{
	enum err first = try_new(certificate, key, allow_1_2, ret), e;
	void *room;

	if (first == ERR_OK)
		return ERR_OK;
	e = try_new(certificate, key, allow_1_2, ret);
	room = malloc(ROOM_LEN);
	if (e != ERR_OK && (room == NULL || first == ERR_NOMEM))
		e = ERR_NOMEM;
	free(room);
	return e;
}

bool
tls_has_ended(const SSL_CTX *ctx, int64_t now)
{
	const X509 *x = SSL_CTX_get0_certificate(ctx);
	time_t t = (time_t)now;

	return x != NULL && X509_cmp_time(X509_get0_notAfter(x), &t) < 0;
}

SSL_CTX *
tls_free(SSL_CTX *ctx)
{
	SSL_CTX_free(ctx);
	return NULL;
}
