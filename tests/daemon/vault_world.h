#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "crypto/bundle.h"
#include "crypto/codec.h"
#include "crypto/entry.h"
#include "crypto/message.h"
#include "crypto/proof.h"
#include "daemon/vault.h"
#include "policy/members.h"
#include "policy/root.h"
#include "store/store.h"

/*
 * A vault on a real store in a directory of its own, with the real small
 * policy, some people more, and people who seal, sign and read as clients do.
 * The clock is the test's.
 */

#define PEOPLE 14 /* numbers from 1; without 7 and 8, who have no keys */
#define GUARDIAN 1
#define SECOND_GUARDIAN 2
#define EXECUTIVE 3 /* of a later rung on ROUTE_GUARDIANS */
#define CHIEF 4	    /* on neither route */
#define NED_LEAD 5  /* the same; first on ROUTE_BOARD */
#define CHAIR 6	    /* first on ROUTE_BOARD; on ROUTE_GUARDIANS only told */
/* those more, on no route */
#define INVESTIGATOR 9
#define SECOND_INVESTIGATOR 10
#define ADVISER 11  /* of human resources */
#define DIRECTOR 12 /* an executive */
#define DEPUTY 13   /* a deputy guardian */
#define ROUTE_GUARDIANS 1
#define ROUTE_BOARD 2
#define REALM 0x11			/* every byte of it */
#define WORLD_START INT64_C(1795428000) /* 2026-11-23, a Monday, 10:00 */

/* Whose policy it is. The slugs of those who have keys, by their number; NULL
 * for the others. */
#define WORLD_PEOPLE_MAX 32
struct world_org {
	const char *name;	 /* as in the policy */
	const char *policy;	 /* the file */
	const char *more_people; /* behind its people, or "" */
	size_t n;		 /* numbers below n */
	const char *slugs[WORLD_PEOPLE_MAX];
};

struct person {
	struct age_identity id;
	struct age_recipient key;
	uint8_t sign_seed[SIGN_SEED_LEN];
	uint8_t session[BUNDLE_SESSION_LEN];
};

struct world {
	const struct world_org *org;
	char dir[64];
	int64_t now;
	uint64_t drawn; /* not 0: randomness is counted from here */
	struct env env;
	struct vault_config config;
	struct vault_secret secret;
	struct root root;
	struct note_key policy_key, instance_key;
	uint8_t policy_seed[SIGN_SEED_LEN];
	struct person person[WORLD_PEOPLE_MAX];
	struct policy *policy; /* in force */
	uint8_t policy_hash[SHA256_LEN];
	uint8_t first_root[SHA256_LEN];
	struct vault *vault;
	bool is_pressed; /* what is sent */
	/* the last answer */
	enum answer status;
	size_t answers;
	uint64_t id;
	struct buf body;
	struct bundle_answer answer;
};

struct world *world_new(void);
/* The same of another organisation, which is borrowed. */
struct world *world_new_of(const struct world_org *org);
void world_free(struct world *w);
/* The process ends and starts again on the same store. */
void world_restart(struct world *w);
/* An empty store again, the clock at its start, and randomness that is the same
 * each time. */
void world_fresh(struct world *w);
/* The bundle of a policy with this serial, under a root with this realm. */
void world_policy_bundle(struct world *w, uint32_t serial, uint8_t realm,
    struct buf *out);
/* Lets the vault take it; the world seals by it from then on. */
void world_switch_policy(struct world *w, uint32_t serial);
/* The store holds together, by store_check; to be called last, the vault
 * ends. */
void world_check_store(struct world *w, uint64_t cases);

/* Sends a request, commits, and keeps the one answer. */
enum answer world_ask(struct world *w, enum wire_type type, struct bytes body);
enum answer world_request(struct world *w, const struct bundle_request *r);
/* The same without the commit. */
void world_send(struct world *w, const struct bundle_request *r,
    struct buf *body);

/* --- somebody with a receipt --- */

struct reporter {
	struct receipt_keys keys;
	uint16_t route;
	uint8_t band; /* in which it starts */
	/* each ascending */
	size_t n_exclude, n_tell;
	uint16_t exclude[SEALED_EXCLUDE_MAX], tell[BUNDLE_TELL_MAX];
	uint32_t talk;		/* messages known */
	uint8_t head[LINK_LEN]; /* link of the last */
	/* of the staff chain; staff know both */
	uint32_t staff;
	uint8_t staff_head[LINK_LEN];
};
/* A message sealed and ready to be sent; everything it borrows is in it. */
struct draft {
	struct bundle_content content;
	struct message_seal *seal;
	struct buf payload, entry, body;
	struct manifest *manifest;
	struct bundle_request request;
	uint8_t digest[SHA256_LEN]; /* of the content */
	uint8_t link[LINK_LEN];
};
void draft_free(struct draft *d);
#define CLEAN_DRAFT __attribute__((cleanup(draft_free)))

void reporter_new(struct reporter *r, uint8_t seed);
/* Ready in d->request; `to` are the staff recipients. */
void draft_concern(struct world *w, struct reporter *r, const uint16_t *to,
    size_t n, struct draft *d);
/*
 * Of any kind but a concern; PERSON_REPORTER signs with r's key. With `to`, or
 * where the kind must have it, there is content. draft_entry: kind, author and
 * the lines of the kind are set; place, what was seen and the day are those
 * that r knows.
 */
void draft_entry(struct world *w, const struct reporter *r,
    const struct entry *e, const uint16_t *to, size_t n, struct draft *d);
void draft_message(struct world *w, const struct reporter *r,
    enum message_kind kind, uint16_t author, uint32_t seq,
    const uint8_t prev[static LINK_LEN], const uint16_t *to, size_t n,
    struct draft *d);
/* To the members that the policy gives for r's route. */
void file_concern_of(struct world *w, struct reporter *r);
/* The last answer was `stored`, with a proof for this link and kind. */
void assert_proof(struct world *w, const struct reporter *r,
    enum message_kind kind, const uint8_t link[static LINK_LEN]);
/* Sends an accepted message and moves r's chain on. */
void post_ok(struct world *w, struct reporter *r, enum message_kind kind,
    uint16_t author, const uint16_t *to, size_t n);
void entry_ok(struct world *w, struct reporter *r, const struct entry *e,
    const uint16_t *to, size_t n);
/* Takes both chains' heads from the store: the instance wrote something. */
void reporter_sync(struct world *w, struct reporter *r);

enum answer poll_mailbox(struct world *w, const struct reporter *r,
    uint32_t after);
enum answer login(struct world *w, uint16_t person);
enum answer open_case(struct world *w, uint16_t person,
    const struct reporter *r, enum chain chain, uint32_t after);
enum answer queue(struct world *w, uint16_t person, struct bytes after,
    unsigned limit);
/* The message at heads[i] opens for that identity and was written by its
 * author. */
void assert_opens(struct world *w, const struct answer_head *h,
    const struct reporter *r, uint16_t reader, uint16_t author);
/* The same with an envelope that was made later, by another reader. */
void assert_opens_granted(struct world *w, const struct answer_head *h,
    const struct reporter *r, uint16_t reader, uint16_t author);

/* For cmocka: a world for a test, and its end. */
int world_setup(void **state);
int world_teardown(void **state);
