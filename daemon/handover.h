#pragma once

#include "crypto/work.h"
#include "policy/web_manifest.h"

/*
 * What the parent hands to its children: the bodies of WIRE_CONFIG, WIRE_SECRET
 * and WIRE_PAGES. (The body of WIRE_POLICY is the bundle of GET /v1/policy
 * without its padding, the same for both roles.)
 *
 * Order after a child's start: CONFIG, SECRET, PAGES (fronts), POLICY, then
 * LISTENER (fronts; a vault at most one) and PEER (fronts), then START; the
 * child answers READY, or REFUSED and ends. Later POLICY comes again (both
 * roles answer READY or REFUSED, and keep the old with REFUSED), SECRET and
 * PAGES (fronts; the same answers), PEER (a vault gets the socket of a new
 * front; no answer) and DRAIN (the child finishes and exits; no answer).
 *
 * WIRE_CONFIG is "name: value" lines (crypto/lines.h) in the order of the
 * struct; the key's is `work`, in hex.
 */

#define STORE_KEY_LEN 32
#define INSTANCE_SEED_LEN 32
#define HANDOVER_PATH_MAX 1024
#define HANDOVER_QUIET_MAX 1000000

/* To the vault. */
struct vault_config {
	char state[HANDOVER_PATH_MAX + 1]; /* state: the store's directory */
	uint64_t space;	      /* space: bytes the store may come to */
	uint64_t attachments; /* attachments: per cent of that, for pieces */
	uint64_t quiet; /* filings a minute that need no work; 0: none ever */
	uint8_t work_key[WORK_KEY_LEN]; /* of this run of the daemon */
};
void vault_config_put(struct buf *out, const struct vault_config *c);
enum err vault_config_get(struct bytes body, struct vault_config *ret)
    MUST_CHECK;

/* WIRE_SECRET to the vault: these 64 bytes. The instance key's name is in the
 * root, beside its public half. */
struct vault_secret {
	uint8_t store_key[STORE_KEY_LEN];
	uint8_t instance_seed[INSTANCE_SEED_LEN];
};
void vault_secret_put(struct buf *out, const struct vault_secret *s);
enum err vault_secret_get(struct bytes body, struct vault_secret *ret)
    MUST_CHECK;

/* To a front. */
struct front_config {
	uint64_t connections; /* at once, of this front */
	uint64_t bytes;	      /* of bodies on their way in, of this front */
	uint64_t rate;	      /* least bytes a second of a body */
	/* Seconds: absolute, from the start of each phase. */
	uint64_t handshake;
	uint64_t header;
	uint64_t body;
	uint64_t answer;
	uint64_t idle;	  /* between requests */
	uint64_t drain;	  /* after WIRE_DRAIN */
	uint64_t tls_1_2; /* 1: TLS 1.2 is allowed */
	uint8_t work_key[WORK_KEY_LEN];
};
void front_config_put(struct buf *out, const struct front_config *c);
enum err front_config_get(struct bytes body, struct front_config *ret)
    MUST_CHECK;

/* WIRE_SECRET to a front: both PEM texts; both empty where no listener has
 * TLS. Borrowed from the body. */
struct front_secret {
	struct bytes certificate; /* and its chain */
	struct bytes key;
};
void front_secret_put(struct buf *out, const struct front_secret *s);
enum err front_secret_get(struct bytes body, struct front_secret *ret)
    MUST_CHECK;

/*
 * WIRE_PAGES to a front: what the pages' directory has, checked, and the signed
 * manifest; nothing at all where there are no pages. Each: u8 whether its
 * content is gzipped, u8 length of its name, name, u32 length, content.
 * Borrowed from the body.
 */
#define WEB_MANIFEST "manifest" /* its name among them */
struct web_page {
	struct bytes name, content;
	bool is_gzip;
};
struct web_pages {
	size_t n;
	struct web_page page[WEB_FILES_MAX + 1];
};
void web_page_put(struct buf *out, const struct web_page *p);
enum err web_pages_get(struct bytes body, struct web_pages *ret) MUST_CHECK;

/* WIRE_LISTENER's status: the kinds of paths answered there, or'ed. */
enum listener_flag {
	LISTENER_PUBLIC = 1,
	LISTENER_STAFF = 2,
	LISTENER_TLS = 4,
	LISTENER_PEERS = 8, /* floods from one address are pressed */
};
