#pragma once

#include "client/conversation.h"

/* Between the files of conversation. */

/* --- what a message says of itself, against case and policy --- */

#define AUTHOR_KEYS_MAX (POLICY_KEYS_MAX * 2)

/* Signing keys that this author may have used: the case key of the reporter;
 * of a person, those of the current policy that were not over before the case
 * was filed. 0: nobody whom the policy knows. */
size_t author_keys(const struct conversation *c, uint16_t author,
    uint8_t out[static AUTHOR_KEYS_MAX][SIGN_PUB_LEN]);
/* Whether this person may read the case: a message of it was sealed to them,
 * or the current policy has them on the route and nobody left them out. */
enum refusal author_check(const struct conversation *c, uint16_t author)
    MUST_CHECK;
/* Everything else: head, concern, readers, exclusions. Sets what it finds out
 * about policy and route in `message`. */
enum refusal manifest_check(const struct conversation *c,
    struct conversation_message *message) MUST_CHECK;

/* --- plain concerns: docs/PROTOCOL.md, "Plain concerns" --- */

#define PLAIN_FILE_MAX (64 * 1024)

/* The lines that the vault wrote in place of a preamble. */
enum refusal plain_head_read(struct conversation *c, struct bytes head)
    MUST_CHECK;
/* Opens the whole file, whose hash must be the case id; the plaintext becomes
 * the message's text. */
enum refusal plain_end(struct conversation *c) MUST_CHECK;
