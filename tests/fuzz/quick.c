#include "tests/fuzz/quick.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/codec.h"

/* --- a store that is small --- */

enum err __real_store_open(const struct store_config *config,
    struct store **ret);
enum err __wrap_store_open(const struct store_config *config,
    struct store **ret);

/* What is allocated ahead on a disk costs time here and shows nothing. The map
 * is so small that it grows. */
enum err
__wrap_store_open(const struct store_config *config, struct store **ret)
{
	struct store_config small = *config;

	small.headroom = 64 * 1024;
	small.map_size = 1024 * 1024;
	return __real_store_open(&small, ret);
}

static void
data_path(const struct quick *q, char out[static 128])
{
	snprintf(out, 128, "%s/db/data.mdb", q->w->dir);
}

/* All of the file but the zeros at its end. */
void
quick_keep(struct quick *q)
{
	char path[128];
	uint8_t block[4096];
	ssize_t n;
	int fd;

	q->w->vault = vault_free(q->w->vault);
	buf_reset(&q->store);
	data_path(q, path);
	fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	q->store.max = 64 * 1024 * 1024;
	while ((n = read(fd, block, sizeof(block))) > 0)
		buf_put(&q->store, block, (size_t)n);
	close(fd);
	while (q->store.n > sizeof(block) &&
	    bytes_all_zero(q->store.p + q->store.n - sizeof(block),
		sizeof(block)))
		q->store.n -= sizeof(block);
	assert_int_equal(ERR_OK, q->store.err);
}

static void
put_store(struct quick *q)
{
	char path[128];
	int fd;

	data_path(q, path);
	fd = open(path, O_WRONLY | O_TRUNC);
	assert_true(fd >= 0);
	assert_int_equal((ssize_t)q->store.n,
	    write(fd, q->store.p, q->store.n));
	close(fd);
}

/* --- policies --- */

/* Everything that a policy needs beside the small one's. */
#define MORE(until)                                                        \
	"  - {number: 9, slug: investigator-first, name: Ada Reed, role: " \
	"investigator, reports-to: director" until "}\n"                   \
	"  - {number: 10, slug: investigator-second, name: Owen Pugh, "    \
	"role: investigator, reports-to: director}\n"                      \
	"  - {number: 11, slug: adviser, name: Ines Roy, role: hr}\n"      \
	"  - {number: 12, slug: director, name: Carl Moss, role: "         \
	"executive}\n"                                                     \
	"  - {number: 13, slug: deputy, name: Uma Frost, role: "           \
	"deputy-guardian}\n"

static struct world_org org = {
	.name = "Littleham Community Trust (fictional)",
	.policy = POLICY_DIR "/policy-small.yaml",
	.more_people = MORE(""),
	.n = PEOPLE,
	.slugs = { NULL, "guardian-first", "guardian-second", "executive-lead",
	    "chief-executive", "ned-lead", "chair", NULL, NULL,
	    "investigator-first", "investigator-second", "adviser", "director",
	    "deputy" },
};

static void
take_policy(struct quick *q, uint32_t serial)
{
	q->bundle[serial].max = BUNDLE_POLICY_MAX;
	world_policy_bundle(q->w, serial, REALM, &q->bundle[serial]);
	world_switch_policy(q->w, serial);
	memcpy(q->hash[serial], q->w->policy_hash, SHA256_LEN);
}

static void
swap(uint8_t a[static SIGN_SEED_LEN], uint8_t b[static SIGN_SEED_LEN])
{
	uint8_t t[SIGN_SEED_LEN];

	memcpy(t, a, sizeof(t));
	memcpy(a, b, sizeof(t));
	memcpy(b, t, sizeof(t));
}

static void
make_policies(struct quick *q)
{
	uint8_t *seed = q->w->person[QUICK_REKEYED].sign_seed;

	for (uint32_t i = 2; i < QUICK_POLICIES; i++)
		take_policy(q, i);
	memset(q->new_seed, 77, sizeof(q->new_seed));
	swap(seed, q->new_seed);
	org.more_people = MORE(", until: 2026-11-22");
	take_policy(q, QUICK_POLICIES);
	org.more_people = MORE("");
	swap(seed, q->new_seed);
}

const uint8_t *
quick_seed(const struct quick *q, uint16_t author)
{
	return author == QUICK_REKEYED && q->serial == QUICK_POLICIES
	    ? q->new_seed
	    : q->w->person[author].sign_seed;
}

void
quick_policy(struct quick *q, uint32_t serial)
{
	assert_int_equal(ERR_OK,
	    vault_policy(q->w->vault, buf_bytes(&q->bundle[serial])));
	q->serial = serial;
	memcpy(q->w->policy_hash, q->hash[serial], SHA256_LEN);
}

/* --- beginning --- */

static struct quick *the_one;

static void
end(void)
{
	world_free(the_one->w);
	for (size_t i = 0; i <= QUICK_POLICIES; i++)
		buf_free(&the_one->bundle[i]);
	buf_free(&the_one->store);
	buf_free(&the_one->payload);
	free(the_one);
}

static void
make_payload(struct quick *q)
{
	q->large = age_payload_size(sealed_pad_size(QUICK_LARGE_PLAIN));
	q->payload.max = q->large;
	buf_put_zeros(&q->payload, q->large);
	assert_int_equal(ERR_OK, q->payload.err);
}

struct quick *
quick_new(void)
{
	struct quick *q = calloc(1, sizeof(*q));

	assert_non_null(q);
	the_one = q;
	q->w = world_new_of(&org);
	assert_int_equal(0, atexit(end));
	take_policy(q, 1);
	quick_keep(q);
	assert_int_equal(ERR_OK,
	    vault_new(&q->w->env, &q->w->config, &q->w->secret, &q->w->vault));
	make_policies(q);
	make_payload(q);
	for (uint8_t i = 0; i < QUICK_REPORTERS; i++)
		reporter_new(&q->reporter[i], (uint8_t)(1 + i));
	return q;
}

static void
start(struct quick *q, uint32_t serial)
{
	assert_int_equal(ERR_OK,
	    vault_new(&q->w->env, &q->w->config, &q->w->secret, &q->w->vault));
	quick_policy(q, serial);
}

void
quick_begin(struct quick *q)
{
	q->w->vault = vault_free(q->w->vault);
	put_store(q);
	q->w->now = WORLD_START;
	q->w->drawn = 1;
	start(q, 1);
}

void
quick_restart(struct quick *q)
{
	q->w->vault = vault_free(q->w->vault);
	start(q, q->serial);
}

void
quick_check(struct quick *q)
{
	world_check_store(q->w, UINT64_MAX);
}

/* --- material --- */

static void
put_hash(struct buf *out, uint16_t person, uint32_t number, uint8_t what)
{
	const uint8_t name[] = { what, (uint8_t)person, (uint8_t)(person >> 8),
		(uint8_t)number, (uint8_t)(number >> 8),
		(uint8_t)(number >> 16), (uint8_t)(number >> 24) };
	uint8_t hash[SHA256_LEN];

	assert_int_equal(ERR_OK, sha256(BYTES(name, sizeof(name)), hash));
	base64_put(out, BYTES(hash, sizeof(hash)), B64_UNPADDED);
}

void
quick_envelope(uint16_t person, uint32_t number, struct buf *out)
{
	buf_put_str(out, "age-encryption.org/v1\n-> X25519 ");
	put_hash(out, person, number, 1);
	buf_put_str(out, "\n");
	put_hash(out, person, number, 2);
	buf_put_str(out, "\n--- ");
	put_hash(out, person, number, 3);
	buf_put_str(out, "\n");
	assert_int_equal(ERR_OK, out->err);
}

struct bytes
quick_payload(struct quick *q, uint32_t number, bool is_large)
{
	memcpy(q->payload.p, &number, sizeof(number));
	return BYTES(q->payload.p, is_large ? q->large : QUICK_PAYLOAD);
}

void
quick_plain(struct quick *q, uint32_t number, struct buf *out)
{
	quick_envelope(GUARDIAN, number, out);
	buf_put_bytes(out, BYTES(quick_payload(q, number, false).p, 400));
	assert_int_equal(ERR_OK, out->err);
}
