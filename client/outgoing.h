#pragma once

#include "client/conversation.h"
#include "client/server.h"
#include "crypto/message.h"
#include "policy/members.h"

/*
 * A message on its way out: what it says, who gets it, how it is sealed and
 * sent, and the check of the filing proof. Of a concern the caller fills the
 * manifest; of everything else outgoing_place does. Files, policy hash, day,
 * envelopes and who may be told are done here.
 */

struct outgoing_file {
	const char *path;    /* borrowed; NULL: memory */
	struct bytes memory; /* borrowed */
};

struct outgoing {
	struct server *server;
	struct manifest *m;
	struct entry entry; /* of a concern, only the day counts */
	/* to the case's readers, its own included */
	size_t n_changes;
	struct member_change *change; /* MEMBER_CHANGES_MAX of them */
	size_t n_files;
	struct outgoing_file file[SEALED_FILES_MAX];
	uint64_t attached; /* bytes of the attachments */
	size_t n_to;
	struct message_to *to; /* SEALED_TO_MAX of them */
	/* what was sent, for the proof and for another attempt */
	struct buf head;
	uint8_t content[SHA256_LEN];
	uint8_t link[LINK_LEN];
	struct buf body; /* a concern's text exchange; else empty */
	bool is_whole;	 /* body has the payload, too: it can be kept */
	struct buf proof;
	int64_t day; /* stored, by the proof */
};

enum exit_code outgoing_new(struct server *s, struct outgoing *ret) MUST_CHECK;
void outgoing_free(struct outgoing *o);

/* Both say what is wrong with the text or file. The text comes first. */
enum exit_code outgoing_add_text(struct outgoing *o, struct bytes text)
    MUST_CHECK;
/* Hashes the file; its name becomes the attachment's. */
enum exit_code outgoing_attach(struct outgoing *o, const char *path) MUST_CHECK;

/*
 * Its place in a case that was read: behind everything that is there, by
 * c->person, with the kind and the lines of *e (crypto/kind.h). Before the
 * files.
 */
void outgoing_place(struct outgoing *o, const struct conversation *c,
    const struct entry *e);

/*
 * The readers by today's policy, from m->route, m->exclude and the changes
 * since, and behind them the reporter's recipient where it is not NULL (if
 * classic, all are). EXIT_REFUSED is said: nobody can read it, or somebody
 * whom the reporter left out would.
 */
enum exit_code outgoing_address(struct outgoing *o,
    const struct age_recipient *reporter) MUST_CHECK;

/* The same question for what has no content and changes who reads. */
enum exit_code outgoing_check_readers(const struct outgoing *o) MUST_CHECK;

/*
 * Sends as the kind has it, sealed where it was addressed; session: of a
 * staff member, NULL for the reporter; case_key: of a concern, else NULL. The
 * payload goes in the message or, where it does not fit, ahead of it in pieces.
 * REPLY_OK only with a proof that fits what was sent.
 *
 * *ret_code is what to end with where the reply is not REPLY_OK; it has been
 * said, but for REPLY_CONFLICT, REPLY_BAD_POLICY and REPLY_INCOMPLETE, after
 * which the caller may begin anew.
 */
enum reply outgoing_send(struct outgoing *o,
    const uint8_t seed[static SIGN_SEED_LEN], const uint8_t *session,
    const uint8_t *case_key, enum exit_code *ret_code) MUST_CHECK;

/* Sends a concern that was sealed and saved (o->body of before). */
enum exit_code outgoing_send_saved(struct server *s, struct bytes body,
    struct buf *ret_proof, int64_t *ret_day) MUST_CHECK;
