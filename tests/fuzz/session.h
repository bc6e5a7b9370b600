#pragma once

#include "tests/fuzz/model.h"
#include "tests/fuzz/quick.h"

/* One run of fuzz_session: a vault, what the model says of it, and the people
 * who ask. */

#define SEALED_CASES QUICK_REPORTERS /* of these reporters; plain ones behind */
#define UPLOADS 2
#define LAST_SENT 4

struct session_of {
	bool is_known;
	uint8_t token[BUNDLE_SESSION_LEN];
	int64_t begun, used;
	bool is_new_key;
};

struct upload_of {
	bool is_there, is_large;
	uint32_t number;
	unsigned have; /* bits */
	int64_t used;  /* an hour */
};

/* What can be sent once more. */
struct sent_before {
	struct buf body;
	size_t which; /* case */
	uint16_t author;
	uint8_t link[LINK_LEN];
	bool is_concern, names_upload;
};

struct run {
	struct quick *q;
	struct world *w;
	struct model_case c[MODEL_CASES];
	uint8_t token[MODEL_CASES][TOKEN_LEN]; /* of the mailboxes */
	struct session_of session[PEOPLE];
	struct upload_of upload[UPLOADS];
	uint32_t serial, before; /* policies; before: 0 where it is over */
	int64_t before_until;
	uint32_t number; /* the next material's */
	size_t n_sent;
	struct sent_before sent[LAST_SENT];
};

/* --- session_check.c: what is there, and what is read --- */

int64_t run_today(const struct run *r);
/* Hears what the instance said, and holds the case against the store's. */
bool check_matches(struct run *r, size_t which);
void check_all(struct run *r);
bool session_lives(const struct run *r, uint16_t person);
/* Of an answer that was expected to be one of these. */
void check_poll(struct run *r, size_t which, uint32_t after);
void check_case(struct run *r, uint16_t person, size_t which, enum chain chain,
    uint32_t after);
void check_queue(struct run *r, uint16_t person, unsigned limit);
void check_piece(struct run *r, uint16_t person, size_t which, enum chain chain,
    uint32_t seq, uint32_t index);
void check_investigators(struct run *r, uint16_t person, size_t which);

/* Sends; the one answer is in r->w. */
enum answer run_ask(struct run *r, const struct bundle_request *q);

/* --- fuzz_session.c: choices --- */

uint8_t take_byte(struct reader *in);
/* Mostly somebody who reads that case. */
uint16_t take_reader(struct reader *in, const struct model_case *c);
size_t take_case(struct reader *in);
/* Whoever acts is signed in, but for some. */
void run_sign_in(struct run *r, struct reader *in, uint16_t person);

/* --- session_content.c --- */

struct content {
	struct buf envelope[MODEL_PEOPLE + 1];
	struct bundle_content bundle;
	uint8_t digest[SHA256_LEN];
	uint16_t to[MODEL_PEOPLE + 1];
	size_t n_to;
	uint32_t number;
	bool is_large, is_upload;
	unsigned refusals; /* for what it is */
	size_t upload;
};
void content_free(struct content *x);
/* To those of the mask; who are turned over by bytes. Bit 0: the reporter. */
void content_make(struct run *r, struct reader *in, unsigned mask,
    struct content *x);
void content_is_taken(struct run *r, const struct content *x);
/* Of its payload: an upload has its own. */
uint32_t content_number(const struct run *r, const struct content *x);
/* The answer is one of the refusals that may be, or OK where none may. */
bool run_was_taken(const struct run *r, unsigned refusals);
void check_proof(struct run *r, enum message_kind kind, const uint8_t *id,
    const uint8_t *link);
void run_remember(struct run *r, const struct bundle_request *q, size_t which,
    uint16_t author, const uint8_t *link);
void do_concern(struct run *r, struct reader *in);
void do_plain(struct run *r, struct reader *in);

/* --- session_post.c --- */

void do_post(struct run *r, struct reader *in);
void do_again(struct run *r, struct reader *in);
void do_envelopes(struct run *r, struct reader *in);
