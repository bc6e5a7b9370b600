/*
 * Load on a running speakupd, over TLS on loopback: files concerns, polls
 * mailboxes, or holds idle connections. Prints one JSON object.
 *
 *   bench_client file|poll|idle PORT CONNECTIONS COUNT SEED [HOLD-SECONDS]
 *   bench_client pace PORT CONNECTIONS COUNT SEED RATE
 *   bench_client found PORT 1 COUNT SEED
 *
 * `pace` files RATE concerns a second and takes only "stored" for an answer;
 * `found` polls each of their mailboxes and wants one message in it.
 *
 * Concerns are well-formed: real envelopes for the members that the served
 * policy gives, with a random payload, case key and mailbox each. Mailbox I of
 * SEED has the token SHA-256(SEED || I), so that a later poll finds it.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/bundle.h"
#include "crypto/codec.h"
#include "crypto/env.h"
#include "policy/members.h"
#include "policy/root.h"
#include "policy/route.h"
#include "tests/bench/load.h"

#define ENVELOPES 5 /* at most; the reporter's included */
#define PAYLOAD_LEN 15904

struct bench {
	struct bundle_request concern;
	struct bundle_request poll;
	struct buf envelope[ENVELOPES];
	uint8_t payload[PAYLOAD_LEN];
	uint64_t seed, next, count;
	unsigned hold;
	bool polls;
};

static void
die(const char *what)
{
	fprintf(stderr, "bench_client: %s\n", what);
	exit(1);
}

static void
must(enum err err, const char *what)
{
	if (err != ERR_OK) {
		fprintf(stderr, "bench_client: %s: %s\n", what, err_name(err));
		exit(1);
	}
}

static void
token_of(uint64_t seed, uint64_t i, uint8_t out[static TOKEN_LEN])
{
	uint64_t in[2] = { seed, i };

	must(sha256(BYTES((const uint8_t *)in, sizeof(in)), out), "token");
}

static void
request_put(struct buf *out, const struct bundle_request *r)
{
	buf_printf(out,
	    "POST /v1/text HTTP/1.1\r\nHost: localhost\r\n"
	    "Content-Length: %d\r\n\r\n",
	    BUNDLE_TEXT_LEN);
	size_t head = out->n;
	must(bundle_request_put(r, out), "bundle");
	must(bundle_pad(out, head + BUNDLE_TEXT_LEN), "padding");
}

static void
next_request(void *ctx, struct buf *out)
{
	struct bench *b = ctx;
	uint8_t token[TOKEN_LEN];
	struct request_concern *c = &b->concern.concern;

	token_of(b->seed, b->polls ? b->next % b->count : b->next, token);
	b->next++;
	if (b->polls) {
		memcpy(b->poll.poll.token, token, TOKEN_LEN);
		request_put(out, &b->poll);
		return;
	}
	must(sha256(BYTES(token, TOKEN_LEN), c->mailbox), "mailbox");
	must(sha256(BYTES(c->mailbox, SHA256_LEN), c->case_key), "case key");
	request_put(out, &b->concern);
}

static void
hold_still(void *ctx)
{
	const struct bench *b = ctx;

	printf("{\"standing\": true}\n");
	fflush(stdout);
	sleep(b->hold);
}

static bool
is_stored(const char *body, size_t n)
{
	static const char first[] = "speakup: v1 stored\n";

	return n >= sizeof(first) - 1 &&
	    memcmp(body, first, sizeof(first) - 1) == 0;
}

static bool
has_one(const char *body, size_t n)
{
	static const char first[] = "speakup: v1 mailbox\ncount: 1\n";

	return n >= sizeof(first) - 1 &&
	    memcmp(body, first, sizeof(first) - 1) == 0;
}

static struct policy *
policy_fetch(uint16_t port, uint8_t hash[static SHA256_LEN])
{
	static struct bundle_answer a;
	struct buf body = BUF_INIT(BUNDLE_POLICY_MAX);
	struct root root;
	struct policy_status status;
	struct policy *p = NULL;

	must(
	    load_fetch(port,
		BYTES_LIT("GET /v1/policy HTTP/1.1\r\nHost: localhost\r\n\r\n"),
		&body),
	    "fetching the policy");
	must(bundle_answer_parse(buf_bytes(&body), &a), "policy answer");
	must(roots_walk(a.policy.root, a.policy.n_roots, NULL, &root), "roots");
	must(policy_open(a.policy.policy, &root, env_now(&env_system), 0, &p,
		 &status),
	    "policy");
	memcpy(hash, status.hash, SHA256_LEN);
	buf_free(&body);
	return p;
}

/* Any route's classic people serve: what is measured does not depend on it. */
static void
concern_prepare(struct bench *b, uint16_t port)
{
	struct request_concern *c = &b->concern.concern;
	struct policy *p = policy_fetch(port, c->policy);
	int64_t day = env_now(&env_system) / DAY_SECONDS;
	struct route_choice choice;
	struct member m[MEMBERS_MAX];
	uint8_t key[AGE_FILE_KEY_LEN];
	struct age_identity reporter;
	size_t n;

	must(route_pick(p, NULL, 0, NULL, 0, &choice), "route");
	const struct policy_route *route = policy_route(p, choice.route);
	must(members_compute(p, route, NULL, 0, day, m, MEMBERS_MAX, &n),
	    "members");
	must(env_random(&env_system, key, sizeof(key)), "random");
	must(age_identity_new(&env_system,
		 route->keys == KEYS_HYBRID ? AGE_HYBRID : AGE_X25519,
		 &reporter),
	    "identity");
	b->concern.kind = REQUEST_CONCERN;
	c->route = choice.route;
	c->band = choice.band;
	if (n > ENVELOPES - 1)
		n = ENVELOPES - 1;
	c->content.n_to = n + 1;
	for (size_t i = 0; i <= n; i++) {
		bool last = i == n;
		struct age_recipient to;

		b->envelope[i] = (struct buf)BUF_INIT(AGE_HEADER_MAX);
		if (last)
			must(age_identity_recipient(&reporter, &to), "reply");
		else
			to = *members_recipient(p, route, m[i].person, day);
		must(age_header_seal(&env_system, key, &to, 1, &b->envelope[i]),
		    "envelope");
		c->content.to[i].person = last ? PERSON_REPORTER : m[i].person;
		c->content.to[i].envelope = buf_bytes(&b->envelope[i]);
	}
	must(env_random(&env_system, b->payload, PAYLOAD_LEN), "random");
	c->content.payload = BYTES(b->payload, PAYLOAD_LEN);
	policy_free(p);
}

int
main(int argc, char **argv)
{
	static struct bench b;
	struct load_options o = { 0 };
	struct load_result r = { 0 };

	if (argc < 6)
		die("usage: file|poll|idle PORT CONNECTIONS COUNT SEED [HOLD]");
	signal(SIGPIPE, SIG_IGN); /* a connection that was ended is an error */
	o.port = (uint16_t)strtoul(argv[2], NULL, 10);
	o.connections = (unsigned)strtoul(argv[3], NULL, 10);
	o.count = b.count = strtoull(argv[4], NULL, 10);
	b.seed = strtoull(argv[5], NULL, 10);
	b.hold = argc > 6 ? (unsigned)strtoul(argv[6], NULL, 10) : 1;
	o.idle = strcmp(argv[1], "idle") == 0;
	b.polls = strcmp(argv[1], "poll") == 0 || strcmp(argv[1], "found") == 0;
	o.warmup = o.idle ? 0 : o.connections;
	if (strcmp(argv[1], "found") == 0) {
		o.accepts = has_one;
		o.warmup = 0;
	}
	if (strcmp(argv[1], "pace") == 0) {
		if (argc < 7 || (o.rate = strtod(argv[6], NULL)) <= 0)
			die("pace needs a rate");
		o.accepts = is_stored;
		o.warmup = 0;
	}
	b.poll.kind = REQUEST_POLL;
	if (!b.polls && !o.idle)
		concern_prepare(&b, o.port);
	must(load_run(&o, next_request, hold_still, &b, &r), "load");
	printf("{\"answers\": %llu, \"errors\": %llu, \"seconds\": %.3f, "
	       "\"rate\": %.1f, \"p50_ms\": %.2f, \"p99_ms\": %.2f, "
	       "\"most_ms\": %.2f, \"answer_bytes\": %zu}\n",
	    (unsigned long long)r.answers, (unsigned long long)r.errors,
	    r.seconds, r.seconds > 0 ? (double)r.answers / r.seconds : 0,
	    r.p50_ms, r.p99_ms, r.most_ms, r.answer_bytes);
	return r.errors == 0 ? 0 : 1;
}
