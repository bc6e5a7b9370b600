#pragma once

#include "client/conversation.h"

/* Between the files of conversation. */

/* What is said of something that was not accepted: where it was our side that
 * could not, nothing of it. */
static inline enum refusal
refusal_of(enum err e, enum refusal verdict)
{
	if (e == ERR_OK)
		return REFUSAL_NONE;
	return err_is_ours(e) ? REFUSAL_FAILED : verdict;
}

/* --- what a message says of itself, against case and policy --- */

#define AUTHOR_KEYS_MAX (POLICY_KEYS_MAX * 2)

/* Signing keys that this author may have used: the case key of the reporter;
 * of a person, those of the current policy that were not over before the case
 * was filed. 0: nobody whom the policy knows. */
size_t author_keys(const struct conversation *c, uint16_t author,
    uint8_t out[static AUTHOR_KEYS_MAX][SIGN_PUB_LEN]);
/* Head, concern, readers, exclusions. Sets what it finds out about policy and
 * route in `message`. */
enum refusal manifest_check(const struct conversation *c,
    struct conversation_message *message) MUST_CHECK;
/* Whether the concern's preamble names this person among its readers. */
bool preamble_names(const struct conversation *c, uint16_t person);

/* --- people --- */

/* A policy by its hash; NULL: not known. */
const struct policy *policy_of(const struct conversation *c,
    const uint8_t hash[static SHA256_LEN]);
/* The newest that was issued by that day; NULL: none that is known. */
const struct policy *policy_on(const struct conversation *c, int64_t day);
/* Those that were in force on that day, on which one may have followed another;
 * 0: it cannot be said, since not all of them were seen here. */
size_t policies_of(const struct conversation *c, int64_t day,
    const struct policy *out[static 2]);
/* Whether any policy that is known has this person. */
bool is_known(const struct conversation *c, uint16_t person);

/* Changes that count for a message: talk, up to and including itself; staff,
 * up to the place in the talk chain that it comes behind. */
size_t changes_at(const struct conversation *c, const struct entry *e,
    uint32_t after, struct member_change out[static MEMBER_CHANGES_MAX]);
/* The list of readers by this policy, with the people that m leaves out.
 * Errors of members_after; ERR_NOT_FOUND also without the case's route. */
enum err readers_on(const struct conversation *c, const struct policy *p,
    const struct manifest *m, const struct member_change *change,
    size_t n_changes, int64_t day, struct member out[static MEMBERS_MAX],
    size_t *ret_n) MUST_CHECK;
/* Behind this place of the talk chain, whatever the day: */
struct standing {
	bool is_reader;
	bool is_given; /* by assignment, not by the route */
};
struct standing standing_at(const struct conversation *c, uint16_t person,
    uint32_t seq);
/* Whether they were let in before message `end`, which comes behind that place
 * of the talk chain: a join rung lets nobody in before it is reached. */
bool is_let_in(const struct conversation *c, uint16_t person, size_t end,
    uint32_t seq);
bool is_excluded_at(const struct conversation *c, uint16_t person, int64_t day,
    uint32_t seq);
unsigned parts_at(const struct conversation *c, uint16_t person, uint32_t seq);

/* --- both chains, in order --- */

/*
 * From the first message on; *ret_at: the place in c->message of what is
 * refused. REFUSAL_SEEN: something has not come yet. Sets after, state, life
 * and members.
 */
enum refusal replay(struct conversation *c, size_t *ret_at) MUST_CHECK;
/* Whether all that we were given is what authors made, or was granted, and
 * nothing is missing. */
enum refusal envelopes_check(const struct conversation *c, size_t *ret_at)
    MUST_CHECK;

/* --- plain concerns: docs/PROTOCOL.md, "Plain concerns" --- */

#define PLAIN_FILE_MAX (64 * 1024)

/* The lines that the vault wrote in place of a preamble. */
enum refusal plain_head_read(struct conversation *c, struct bytes head)
    MUST_CHECK;
/* Opens the whole file; the plaintext becomes the message's text. Its hash is
 * the case id, but for a reader who was given an envelope of their own later.
 */
enum refusal plain_end(struct conversation *c) MUST_CHECK;
