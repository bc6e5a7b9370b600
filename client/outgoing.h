#pragma once

#include "client/server.h"
#include "crypto/message.h"
#include "policy/members.h"

/*
 * A message on its way out: what it says, who gets it, how it is sealed and
 * sent, and the check of the filing proof. The caller fills the manifest (kind,
 * case, author, place in the chain, route and so on); files, policy hash and
 * envelopes are done here.
 */

struct outgoing_file {
	const char *path;   /* borrowed; NULL: memory */
	struct bytes memory; /* borrowed */
};

struct outgoing {
	struct server *server;
	struct manifest *m;
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

enum exit_code outgoing_new(struct server *s, struct outgoing *ret)
    MUST_CHECK;
void outgoing_free(struct outgoing *o);

/* Both say what is wrong with the text or file. The text comes first. */
enum exit_code outgoing_add_text(struct outgoing *o, struct bytes text)
    MUST_CHECK;
/* Hashes the file; its name becomes the attachment's. */
enum exit_code outgoing_attach(struct outgoing *o, const char *path)
    MUST_CHECK;

/*
 * The readers by today's policy, from m->route and m->exclude, and behind them
 * the reporter's recipient where it is not NULL (if classic, all are). EXIT_REFUSED is said: nobody
 * can read it.
 */
enum exit_code outgoing_address(struct outgoing *o,
    const struct age_recipient *reporter) MUST_CHECK;

/*
 * Seals and sends as the manifest's kind has it; session: of a staff member,
 * NULL for the reporter; case_key: of a concern, else NULL. The payload goes
 * in the message or, where it does not fit, ahead of it in pieces. REPLY_OK
 * only with a proof that fits what was sent.
 *
 * *ret_code is what to end with where the reply is not REPLY_OK; it has been
 * said, but for REPLY_CONFLICT and REPLY_BAD_POLICY, after which the caller
 * may begin anew.
 */
enum reply outgoing_send(struct outgoing *o,
    const uint8_t seed[static SIGN_SEED_LEN], const uint8_t *session,
    const uint8_t *case_key, enum exit_code *ret_code) MUST_CHECK;
/* For kinds without content: withdraw, ack. */
enum reply outgoing_send_bare(struct outgoing *o,
    const uint8_t seed[static SIGN_SEED_LEN], const uint8_t *session,
    enum exit_code *ret_code) MUST_CHECK;

/* Sends a concern that was sealed and saved (o->body of before). */
enum exit_code outgoing_send_saved(struct server *s, struct bytes body,
    struct buf *ret_proof, int64_t *ret_day) MUST_CHECK;
