#pragma once

#include "store/store.h"

/*
 * What the store's tests and its benchmark share: a directory that goes away,
 * and cases whose every byte follows from a number, so that what is read can
 * be compared without keeping it.
 */

#define KIT_READERS 5
#define KIT_FIRST_PERSON 10 /* readers are 10 to 14 */
#define KIT_RELEASED 2	    /* of them, 10 and 11 */
#define KIT_HEAD 700
#define KIT_ENVELOPE 220
#define KIT_PAYLOAD 15904 /* SEALED_FLOOR as an age payload */
#define KIT_DAY 20700

struct kit {
	char dir[104];
	struct store_config config;
	uint8_t key[STORE_KEY_LEN];
	struct store *s;
};

/* Makes a directory under /tmp (or $KIT_DIR); opens nothing. */
void kit_start(struct kit *k);
/* Closes and removes. */
void kit_end(struct kit *k);
void kit_open(struct kit *k);
void kit_reopen(struct kit *k);

/* n bytes that follow from seed. */
void kit_fill(uint8_t *out, size_t n, uint64_t seed);
void kit_id(uint32_t n, uint8_t out[static STORE_CASE_ID_LEN]);
void kit_mailbox(uint32_t n, uint8_t out[static SHA256_LEN]);
void kit_link(uint32_t n, uint32_t seq, uint8_t out[static LINK_LEN]);

/* A message of case n, and the memory it borrows from. */
struct kit_message {
	struct store_message_new m;
	struct store_envelope envelope[KIT_READERS + 1];
	uint8_t head[KIT_HEAD];
	uint8_t header[KIT_READERS + 1][KIT_ENVELOPE];
	uint8_t payload[KIT_PAYLOAD];
	uint8_t digest[SHA256_LEN], content[SHA256_LEN], link[LINK_LEN];
};
void kit_message(uint32_t n, uint32_t seq, struct kit_message *ret);

struct kit_case {
	struct store_case_new c;
	struct kit_message first;
	struct store_reader reader[KIT_READERS];
	uint8_t id[STORE_CASE_ID_LEN], mailbox[SHA256_LEN], pub[32];
};
/* Band and day follow from n too. */
void kit_case(uint32_t n, struct kit_case *ret);

/* Inside a batch. */
enum err kit_add(struct store_txn *txn, uint32_t n) MUST_CHECK;
enum err kit_append(struct store_txn *txn, uint32_t n, uint32_t seq) MUST_CHECK;
/* A batch of its own: cases first to first + count - 1. */
enum err kit_add_many(struct store *s, uint32_t first, uint32_t count)
    MUST_CHECK;

/* Whether case n is there with `messages` messages of the conversation, every
 * byte of them as kit_message says. */
bool kit_is_whole(struct store *s, uint32_t n, uint32_t messages);

/* How many rows a person's queue has. */
uint64_t kit_rows(const struct store *s, uint16_t person);

/* Runs store_check and returns the number of findings; -1 on an error. */
int64_t kit_findings(const struct kit *k);

/* For cmocka: an open store for a test, and its end. */
int kit_setup(void **state);
int kit_teardown(void **state);
