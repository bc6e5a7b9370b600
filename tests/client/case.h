#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "client/conversation.h"
#include "policy/compile.h"

/* A case made in memory with real keys: an organisation of six people by
 * etc/policy-small.yaml, a reporter, and messages that can be bent. */

#define PEOPLE 6
#define GUARDIAN 1
#define SECOND 2
#define EXECUTIVE 3
#define CHIEF 4
#define CHAIR 6		   /* not on route 1 */
#define INVESTIGATOR CHAIR /* after world_train */
#define STRANGER 99
#define ROUTE 1
#define BAND 3

struct world {
	struct policy *policy;
	uint8_t hash[SHA256_LEN];
	struct age_identity id[PEOPLE + 1];
	uint8_t seed[PEOPLE + 1][SIGN_SEED_LEN];
	struct note_key instance;
	uint8_t instance_seed[SIGN_SEED_LEN];
	struct receipt_keys reporter;
	size_t n_exclude;
	uint16_t exclude[4];
	/* the chains as honest people see them */
	uint32_t count[2];
	uint8_t head[2][LINK_LEN];
	size_t n_changes;
	struct member_change change[MEMBER_CHANGES_MAX];
};

struct sent {
	enum chain chain;
	uint32_t seq;
	struct entry entry; /* as it was signed; but for a concern */
	struct buf head;
	size_t n_to;
	uint16_t person[SEALED_TO_MAX];
	struct buf envelope[SEALED_TO_MAX];
	struct buf payload;
	uint8_t content[SHA256_LEN];
	uint8_t link[LINK_LEN];
};

/* What is wrong with a message; zero: nothing. */
struct spec {
	enum message_kind kind;
	uint16_t author;
	struct entry with;   /* the lines of the kind */
	const uint8_t *seed; /* NULL: the author's */
	void (*manifest)(struct manifest *m);
	void (*entry)(struct entry *e);
	size_t n_to; /* not 0: sealed to these, and no others */
	uint16_t to[SEALED_TO_MAX];
	const char *text; /* where the kind may have content: NULL is none */
	size_t n_tell;	  /* not 0: these, and no others, in a concern */
	uint16_t tell[4];
};

struct world *world_new(const char *policy_yaml);
struct world *world_free(struct world *w);
/* The chair becomes an investigator. */
void world_train(struct world *w);
/* Writes, and moves the chain on. */
void world_write(struct world *w, const struct spec *spec, struct sent *ret);
void sent_free(struct sent *s, size_t n);

/*
 * Gives this person an envelope of a message that GUARDIAN can read. After
 * them: the digest over all that they have of these messages.
 */
void world_grant(struct world *w, struct sent *s, uint16_t person);
void world_digest(const struct sent *s, size_t n, uint16_t person,
    uint8_t out[static SHA256_LEN]);

/* A reader's conversation over this world; freed by reader_free. */
struct conversation *reader_new(struct world *w, uint16_t person,
    struct known_policy *known);
struct conversation *reader_free(struct conversation *c);
/* One message with the envelope of that person; to the first refusal. */
enum refusal reader_take(struct conversation *c, const struct sent *s,
    uint32_t seq);
