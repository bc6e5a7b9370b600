#pragma once

#include <openssl/types.h>

#include "crypto/bytes.h"

/*
 * The server's side of TLS: 1.3 (1.2 with ECDHE and AEAD, where it is allowed),
 * no tickets and no resumption, which would link visits; no compression, no
 * renegotiation; buffers released while a connection is idle.
 */

/*
 * A context over certificate chain and private key, both PEM. ERR_SYNTAX: one
 * of them cannot be read, or is not one; ERR_DENIED: the key is not the
 * certificate's. Caller frees with tls_free.
 */
enum err tls_new(struct bytes certificate, struct bytes key, bool allow_1_2,
    SSL_CTX **ret) MUST_CHECK;
/* Whether the certificate's time is over; its chain's is not looked at. */
bool tls_has_ended(const SSL_CTX *ctx, int64_t now);
/* Takes NULL; returns NULL. Connections that use it live on. */
SSL_CTX *tls_free(SSL_CTX *ctx);
