#pragma once

#include "client/staff.h"
#include "tests/client/case.h"
#include "tests/fuzz/edits.h"

/*
 * A server that has a case and every key but those of people, in the place of
 * client/http.c: it answers a member of staff as it should, but for what the
 * tricks of an input say. It looks at all that it is sent.
 */

#define HOSTILE_READER GUARDIAN /* who asks */
#define HOSTILE_HANDLER SECOND	/* whose key the server may have as well */
#define HOSTILE_EXCLUDED 5
#define HOSTILE_MESSAGES_MAX 16

/*
 * What an edit's part is here. Its first two bytes are the number of the
 * exchange (16: each) and of the message in it; the others are for the trick.
 */
enum trick {
	TRICK_HEAD, /* of a message: bytes changed */
	TRICK_ENVELOPE,
	TRICK_PAYLOAD,
	TRICK_DROP,    /* left out */
	TRICK_SWAP,    /* parts of another message of the case in its place */
	TRICK_OTHERS,  /* the envelope of another reader */
	TRICK_PLACE,   /* another place, or it twice */
	TRICK_COUNT,   /* how many there are said to be */
	TRICK_PAGE,    /* only so many now */
	TRICK_PIECES,  /* the payload by pieces, and as many as said */
	TRICK_SAYS,    /* what is said of the case besides */
	TRICK_ERROR,   /* no answer, or an error */
	TRICK_PROOF,   /* of what was stored: another, or bytes changed */
	TRICK_QUEUE,   /* rows and cursor */
	TRICK_RAW,     /* bytes of the answer changed */
	TRICK_HANDLER, /* an entry by HOSTILE_HANDLER at the end of the case */
};
#define TRICKS (TRICK_HANDLER + 1)

/* What was sent: an action of one run. */
struct hostile_sent {
	unsigned envelopes, posts; /* how many of each */
	struct entry entry;	   /* of the last post */
	size_t n; /* envelopes since the last request that forgets others */
	struct grant grant[HOSTILE_MESSAGES_MAX];
	bool is_proved; /* the last post got the proof that it asks for */
};

struct hostile {
	struct world *w;
	bool is_plain; /* the concern came from age and curl */
	const struct edits *tricks;
	size_t n_case; /* messages, without the handler's */
	size_t n;
	struct sent sent[HOSTILE_MESSAGES_MAX];
	const char *text[HOSTILE_MESSAGES_MAX]; /* NULL: no content */
	uint16_t to; /* whom the reader is about to give the case; 0: nobody */
	/* of this run */
	unsigned exchanges;
	bool is_fooled; /* a trick was played */
	bool is_with_handler;
	struct hostile_sent got;
};

/* The one that http_exchange answers for. */
extern struct hostile *hostile;
/* Makes both cases, once. */
void hostile_begin(const char *policy_yaml);
/* The plain one, or the sealed one, from now on. */
void hostile_use(bool is_plain);
/* A run with these tricks, in which the case may be given to `to`. */
void hostile_reset(const struct edits *tricks, uint16_t to);
/* A message of the case; NULL: there is none. */
const struct sent *hostile_find(enum chain chain, uint32_t seq,
    const char **ret_text);
/* What a server and policy that were fetched and checked have. */
void hostile_staff(struct staff *s);
