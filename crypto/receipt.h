#pragma once

#include "crypto/age.h"
#include "crypto/sign.h"

/*
 * The reporter's receipt: 128 random bits as 12 BIP39 English words, and what
 * HKDF makes of it with the organisation's realm.
 */

#define RECEIPT_LEN 16
#define RECEIPT_WORDS 12
#define RECEIPT_TEXT_MAX 120 /* 12 words of at most 8 letters, spaces, NUL */
#define REALM_LEN 32
#define TOKEN_LEN 32
#define CASE_ID_LEN 16

/* Lower case, single spaces, NUL-terminated. */
enum err receipt_words(const uint8_t receipt[static RECEIPT_LEN],
    char out[static RECEIPT_TEXT_MAX]) MUST_CHECK;
/*
 * Any case, any white space between words, unique four-letter prefixes.
 * ERR_SYNTAX: not 12 words, a word that is not in the list (ret_bad_word, where
 * not NULL, is its place from 1, or 0), or a checksum that does not fit (0).
 */
enum err receipt_parse(struct bytes text, uint8_t out[static RECEIPT_LEN],
    unsigned *ret_bad_word) MUST_CHECK;

struct receipt_keys {
	uint8_t token[TOKEN_LEN]; /* reads the mailbox, nothing else */
	uint8_t mailbox[32];	  /* SHA-256(token): what the server has */
	uint8_t sign_seed[SIGN_SEED_LEN];
	uint8_t sign_pub[SIGN_PUB_LEN];
	uint8_t case_id[CASE_ID_LEN];
	struct age_identity reply[2]; /* X25519, hybrid */
};
enum err receipt_derive(const uint8_t receipt[static RECEIPT_LEN],
    const uint8_t realm[static REALM_LEN], struct receipt_keys *ret) MUST_CHECK;
/* Wipes. */
void receipt_keys_wipe(struct receipt_keys *k);

/* First 16 bytes of SHA-256(LABEL_CASE_ID || pub). */
enum err case_id_of(const uint8_t pub[static SIGN_PUB_LEN],
    uint8_t out[static CASE_ID_LEN]) MUST_CHECK;
/* The staff signing seed of an age identity: HKDF(LABEL_STAFF_SIGN). */
enum err staff_sign_seed(const struct age_identity *id,
    uint8_t seed[static SIGN_SEED_LEN]) MUST_CHECK;
