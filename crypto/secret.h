#pragma once

#include "crypto/bytes.h"

/*
 * Memory for keys and passphrases of variable length: pages of their own
 * between guard pages, locked where the limit allows, left out of core dumps,
 * wiped when freed. Fixed-size keys may also live in stack arrays that are
 * wiped with bytes_wipe.
 */
struct secret; /* opaque: length and bytes */

/* n zero bytes. Caller frees with secret_free. */
enum err secret_new(size_t n, struct secret **ret) MUST_CHECK;
enum err secret_copy(struct bytes from, struct secret **ret) MUST_CHECK;
uint8_t *secret_bytes(struct secret *s);
size_t secret_len(const struct secret *s);
/* Shortens the length (never grows); what falls away is wiped. */
void secret_truncate(struct secret *s, size_t n);
/* Takes NULL; returns NULL. */
struct secret *secret_free(struct secret *s);
void secret_freep(struct secret **s);
#define CLEAN_SECRET __attribute__((cleanup(secret_freep)))

/* As those of the C library, for libraries that can be given others: memory is
 * wiped before it is given back. */
void *wiping_realloc(void *p, size_t n);
void wiping_free(void *p);
/*
 * From now on libcrypto and libssl use these: what a TLS connection carried
 * does not stay behind. To be called before anything else of theirs;
 * ERR_CRYPTO: it is too late.
 */
enum err secret_wipe_freed(void) MUST_CHECK;
