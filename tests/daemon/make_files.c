/*
 * Writes what a daemon needs to start, for tests of the daemon alone:
 *
 *   make_files DIR SERIAL
 *
 * DIR/policy.note with that serial, signed by DIR/root0.note's policy key;
 * with serial 1 also root0.note, instance.key, store.key and the policy key's
 * seed (policy.seed), which later serials sign with.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/codec.h"
#include "crypto/env.h"
#include "crypto/label.h"
#include "policy/root.h"

#define FILE_MAX (1024 * 1024)
#define DAY 86400

static void
must(enum err e, const char *what)
{
	if (e == ERR_OK)
		return;
	(void)fprintf(stderr, "make_files: %s: %s\n", what, err_name(e));
	exit(1);
}

static void
write_file(const char *dir, const char *name, struct bytes x)
{
	char path[512];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	must(fd < 0 || write(fd, x.p, x.n) != (ssize_t)x.n ? ERR_IO : ERR_OK,
	    path);
	close(fd);
}

static void
read_seed(const char *dir, uint8_t seed[static SIGN_SEED_LEN])
{
	char path[512];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/policy.seed", dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	must(fd < 0 || read(fd, seed, SIGN_SEED_LEN) != SIGN_SEED_LEN ? ERR_IO
								      : ERR_OK,
	    path);
	close(fd);
}

static struct note_key
new_key(const char *name, uint8_t seed[static SIGN_SEED_LEN])
{
	uint8_t pub[SIGN_PUB_LEN];
	struct note_key key;

	must(env_random(&env_system, seed, SIGN_SEED_LEN), "random");
	must(sign_public(seed, pub), "public key");
	must(note_key_init(&key, name, pub), "key");
	return key;
}

/* "PRIVATE+KEY+NAME+KEYID+BASE64(0x01 || seed)" */
static void
write_instance_key(const char *dir, const struct note_key *key,
    const uint8_t *seed)
{
	struct buf out = BUF_INIT(1024), vkey = BUF_INIT(1024);
	uint8_t typed[1 + SIGN_SEED_LEN] = { 1 };
	const uint8_t *plus;

	memcpy(typed + 1, seed, SIGN_SEED_LEN);
	note_vkey_put(&vkey, key);
	plus = memchr(vkey.p, '+', vkey.n); /* after the name, and the id */
	plus = memchr(plus + 1, '+', vkey.n - (size_t)(plus + 1 - vkey.p));
	buf_put_str(&out, "PRIVATE+KEY+");
	buf_put(&out, vkey.p, (size_t)(plus - vkey.p) + 1);
	base64_put(&out, BYTES(typed, sizeof(typed)), B64_PADDED);
	buf_put_str(&out, "\n");
	must(out.err, "instance key");
	write_file(dir, "instance.key", buf_bytes(&out));
	buf_free(&out);
	buf_free(&vkey);
}

static void
write_store_key(const char *dir)
{
	char hex[2 * 32 + 1];
	uint8_t key[32];

	must(env_random(&env_system, key, sizeof(key)), "random");
	hex_encode(hex, key, sizeof(key));
	write_file(dir, "store.key", bytes_str(hex));
}

static void
write_root(const char *dir)
{
	uint8_t policy_seed[SIGN_SEED_LEN], instance_seed[SIGN_SEED_LEN];
	struct root root = { .org = "Northshire",
		.quorum = 1,
		.n_policy_keys = 1,
		.n_instance_keys = 1 };
	struct buf body = BUF_INIT(FILE_MAX), note = BUF_INIT(FILE_MAX);

	must(env_random(&env_system, root.realm, sizeof(root.realm)), "realm");
	root.policy_keys[0] = new_key("policy", policy_seed);
	root.instance_keys[0] = new_key("instance", instance_seed);
	root_put(&root, &body);
	must(body.err, "root");
	must(note_sign(NOTE_ROOT, buf_bytes(&body), &root.policy_keys[0],
		 policy_seed, &note),
	    "root note");
	write_file(dir, "root0.note", buf_bytes(&note));
	write_file(dir, "policy.seed", BYTES(policy_seed, SIGN_SEED_LEN));
	write_instance_key(dir, &root.instance_keys[0], instance_seed);
	write_store_key(dir);
	buf_free(&body);
	buf_free(&note);
}

static void
put_person(struct policy_person *who, struct policy_key *key, uint16_t number,
    const char *slug, const char *name)
{
	struct age_identity id;

	memset(who, 0, sizeof(*who));
	memset(key, 0, sizeof(*key));
	must(age_identity_new(&env_system, AGE_X25519, &id), "identity");
	must(age_identity_recipient(&id, &key->classic), "recipient");
	must(sign_public(id.secret, key->sign_pub), "signing key");
	who->number = number;
	(void)snprintf(who->slug, sizeof(who->slug), "%s", slug);
	(void)snprintf(who->name, sizeof(who->name), "%s", name);
	who->role = ROLE_GUARDIAN;
	who->n_keys = 1;
	who->keys = key;
}

static void
write_policy(const char *dir, uint32_t serial)
{
	struct buf json = BUF_INIT(FILE_MAX), note = BUF_INIT(FILE_MAX);
	struct policy_interval week[] = { { 4102444800, 4102473600 } };
	int64_t today = env_now(&env_system) / DAY * DAY;
	struct policy_route route = { .number = 1,
		.slug = "all",
		.title = "All",
		.n_first = 2,
		.first = { 1, 2 } };
	struct policy_rule rule = { .route = 1, .band = 2 };
	uint8_t seed[SIGN_SEED_LEN], pub[SIGN_PUB_LEN];
	struct policy_person people[2];
	struct policy_key keys[2];
	struct policy p = { .serial = serial,
		.org = "Northshire",
		.issued = today - DAY,
		.soft_expiry = today + 30 * DAY,
		.hard_expiry = today + 90 * DAY,
		.zone = "Europe/London",
		.n_people = 2,
		.people = people,
		.n_routes = 1,
		.routes = &route,
		.n_rules = 1,
		.rules = &rule,
		.plain_route = 1,
		.plain_band = 2,
		.n_intervals = 1,
		.intervals = week,
		.limits = { .living_days = 30,
		    .caseload = 10,
		    .attachments_mib = 64,
		    .close_after_days = 90,
		    .mailbox_days = 365,
		    .notify_minutes = 60 } };
	struct note_key key;

	put_person(&people[0], &keys[0], 1, "amara", "Amara Okafor");
	put_person(&people[1], &keys[1], 2, "bryn", "Bryn Pugh");
	read_seed(dir, seed);
	must(sign_public(seed, pub), "public key");
	must(note_key_init(&key, "policy", pub), "key");
	must(policy_put(&p, &json), "policy");
	must(note_sign(NOTE_POLICY, buf_bytes(&json), &key, seed, &note),
	    "policy note");
	write_file(dir, "policy.note", buf_bytes(&note));
	buf_free(&json);
	buf_free(&note);
}

int
main(int argc, char **argv)
{
	uint64_t serial;

	if (argc != 3 ||
	    decimal_get(bytes_str(argv[2]), 1000, &serial) != ERR_OK) {
		(void)fputs("usage: make_files DIR SERIAL\n", stderr);
		return 2;
	}
	if (serial == 1)
		write_root(argv[1]);
	write_policy(argv[1], (uint32_t)serial);
	return 0;
}
