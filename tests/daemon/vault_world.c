#include "tests/daemon/vault_world.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/label.h"
#include "policy/compile.h"
#include "policy/zone.h"

/* On no route, so that nothing of the small policy's is changed. */
static const struct world_org small = {
	.name = "Littleham Community Trust (fictional)",
	.policy = POLICY_DIR "/policy-small.yaml",
	.more_people =
	    "  - {number: 9, slug: investigator-first, name: Ada Reed, role: "
	    "investigator, reports-to: director}\n"
	    "  - {number: 10, slug: investigator-second, name: Owen Pugh, "
	    "role: investigator, reports-to: director}\n"
	    "  - {number: 11, slug: adviser, name: Ines Roy, role: hr}\n"
	    "  - {number: 12, slug: director, name: Carl Moss, role: "
	    "executive}\n"
	    "  - {number: 13, slug: deputy, name: Uma Frost, role: "
	    "deputy-guardian}\n",
	.n = PEOPLE,
	.slugs = { NULL, "guardian-first", "guardian-second", "executive-lead",
	    "chief-executive", "ned-lead", "chair", NULL, NULL,
	    "investigator-first", "investigator-second", "adviser", "director",
	    "deputy" },
};

/* --- the world around a vault --- */

static int64_t
world_now(void *ctx)
{
	return ((struct world *)ctx)->now;
}

/* SHA-256 of a counter, where the world is to be the same each time. */
static enum err
world_random(void *ctx, uint8_t *out, size_t n)
{
	struct world *w = ctx;
	uint8_t block[SHA256_LEN];
	size_t k;

	if (w->drawn == 0)
		return env_random(&env_system, out, n);
	for (size_t at = 0; at < n; at += k) {
		w->drawn++;
		k = n - at < sizeof(block) ? n - at : sizeof(block);
		assert_int_equal(ERR_OK,
		    sha256(BYTES((const uint8_t *)&w->drawn, sizeof(w->drawn)),
			block));
		memcpy(out + at, block, k);
	}
	return ERR_OK;
}

static void
read_file(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "rb");
	uint8_t block[4096];
	size_t n;

	assert_non_null(f);
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		buf_put(out, block, n);
	fclose(f);
	assert_int_equal(ERR_OK, out->err);
}

static void
make_key(const char *name, uint8_t seed[static SIGN_SEED_LEN],
    struct note_key *key)
{
	uint8_t pub[SIGN_PUB_LEN];

	assert_int_equal(ERR_OK, env_random(&env_system, seed, SIGN_SEED_LEN));
	assert_int_equal(ERR_OK, sign_public(seed, pub));
	assert_int_equal(ERR_OK, note_key_init(key, name, pub));
}

static void
make_people(struct world *w)
{
	for (unsigned i = 1; i < w->org->n; i++) {
		struct person *p = &w->person[i];

		assert_int_equal(ERR_OK,
		    age_identity_new(&env_system, AGE_X25519, &p->id));
		assert_int_equal(ERR_OK,
		    age_identity_recipient(&p->id, &p->key));
		assert_int_equal(ERR_OK, staff_sign_seed(&p->id, p->sign_seed));
	}
}

static void
put_keys(struct world *w, struct buf *out)
{
	uint8_t pub[SIGN_PUB_LEN];

	buf_put_str(out, "keys:\n");
	for (unsigned i = 1; i < w->org->n; i++) {
		if (w->org->slugs[i] == NULL)
			continue;
		assert_int_equal(ERR_OK,
		    sign_public(w->person[i].sign_seed, pub));
		buf_printf(out, "  %s:\n    - classic: ", w->org->slugs[i]);
		assert_int_equal(ERR_OK,
		    age_recipient_put(out, &w->person[i].key));
		buf_put_str(out, "\n      sign: ");
		base64_put(out, BYTES(pub, sizeof(pub)), B64_PADDED);
		buf_put_str(out, "\n      from: 2026-11-01\n");
	}
	assert_int_equal(ERR_OK, out->err);
}

/* Behind the last of its people. */
static void
add_people(const char *people, struct buf *yaml)
{
	static const char behind[] = "\nform:";
	CLEAN_BUF struct buf all = BUF_INIT(1 << 20);
	const uint8_t *at =
	    memmem(yaml->p, yaml->n, behind, sizeof(behind) - 1);
	size_t n;

	assert_non_null(at);
	n = (size_t)(at - yaml->p);
	buf_put(&all, yaml->p, n);
	buf_put_str(&all, people);
	buf_put(&all, at, yaml->n - n);
	buf_reset(yaml);
	buf_put_bytes(yaml, buf_bytes(&all));
	assert_int_equal(ERR_OK, yaml->err);
}

static void
compile(struct world *w, uint32_t serial, struct buf *json)
{
	CLEAN_BUF struct buf yaml = BUF_INIT(1 << 20);
	CLEAN_BUF struct buf keys = BUF_INIT(1 << 20);
	struct compile_input in = { .file = "policy",
		.keys_file = "keys",
		.zone = &zone_system,
		.serial = serial };
	struct yaml_error error = { 0 };

	read_file(w->org->policy, &yaml);
	add_people(w->org->more_people, &yaml);
	put_keys(w, &keys);
	in.yaml = buf_bytes(&yaml);
	in.keys = buf_bytes(&keys);
	if (policy_compile(&in, json, &error) != ERR_OK)
		fail_msg("%s", error.text);
}

static void
sign_root(struct world *w, uint8_t realm, struct buf *out)
{
	CLEAN_BUF struct buf body = BUF_INIT(1 << 16);
	struct root *root = &w->root;

	memset(root, 0, sizeof(*root));
	memset(root->realm, realm, sizeof(root->realm));
	snprintf(root->org, sizeof(root->org), "%s", w->org->name);
	root->quorum = 1;
	root->n_policy_keys = root->n_instance_keys = 1;
	root->policy_keys[0] = w->policy_key;
	root->instance_keys[0] = w->instance_key;
	root_put(root, &body);
	assert_int_equal(ERR_OK,
	    note_sign(NOTE_ROOT, buf_bytes(&body), &w->policy_key,
		w->policy_seed, out));
}

void
world_policy_bundle(struct world *w, uint32_t serial, uint8_t realm,
    struct buf *out)
{
	CLEAN_BUF struct buf json = BUF_INIT(POLICY_JSON_MAX);
	CLEAN_BUF struct buf note = BUF_INIT(NOTE_MAX);
	CLEAN_BUF struct buf root = BUF_INIT(NOTE_MAX);
	static struct bundle_answer a;

	compile(w, serial, &json);
	assert_int_equal(ERR_OK,
	    note_sign(NOTE_POLICY, buf_bytes(&json), &w->policy_key,
		w->policy_seed, &note));
	sign_root(w, realm, &root);
	memset(&a, 0, sizeof(a));
	a.kind = ANSWER_POLICY;
	a.policy.n_roots = 1;
	a.policy.root[0] = buf_bytes(&root);
	a.policy.policy = buf_bytes(&note);
	assert_int_equal(ERR_OK, bundle_answer_put(&a, out));
}

void
world_switch_policy(struct world *w, uint32_t serial)
{
	CLEAN_BUF struct buf bundle = BUF_INIT(BUNDLE_POLICY_MAX);
	static struct bundle_answer a;
	struct policy_status status;
	struct root root;

	world_policy_bundle(w, serial, REALM, &bundle);
	assert_int_equal(ERR_OK, vault_policy(w->vault, buf_bytes(&bundle)));
	assert_int_equal(ERR_OK, bundle_answer_parse(buf_bytes(&bundle), &a));
	assert_int_equal(ERR_OK, roots_walk(a.policy.root, 1, NULL, &root));
	memcpy(w->first_root, root.first, sizeof(w->first_root));
	w->policy = policy_free(w->policy);
	assert_int_equal(ERR_OK,
	    policy_open(a.policy.policy, &root, w->now, 0, &w->policy,
		&status));
	memcpy(w->policy_hash, status.hash, SHA256_LEN);
}

static void
start_vault(struct world *w)
{
	assert_int_equal(ERR_OK,
	    vault_new(&w->env, &w->config, &w->secret, &w->vault));
}

/* In memory, where there is such a place: what a disk has to keep is shown
 * elsewhere. */
static void
make_dir(char *dir, size_t max)
{
	snprintf(dir, max, "/dev/shm/speakup-vault-XXXXXX");
	if (mkdtemp(dir) != NULL)
		return;
	snprintf(dir, max, "/tmp/speakup-vault-XXXXXX");
	assert_non_null(mkdtemp(dir));
}

struct world *
world_new(void)
{
	return world_new_of(&small);
}

struct world *
world_new_of(const struct world_org *org)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->org = org;
	make_dir(w->dir, sizeof(w->dir));
	w->now = WORLD_START;
	w->env =
	    (struct env){ .random = world_random, .now = world_now, .ctx = w };
	snprintf(w->config.state, sizeof(w->config.state), "%s", w->dir);
	w->config.space = 256 * 1024 * 1024;
	w->config.attachments = 50;
	w->body.max = BUNDLE_PIECE_LEN;
	memset(w->secret.store_key, 5, sizeof(w->secret.store_key));
	make_key("littleham/policy", w->policy_seed, &w->policy_key);
	make_key("littleham/instance", w->secret.instance_seed,
	    &w->instance_key);
	make_people(w);
	start_vault(w);
	world_switch_policy(w, 1);
	return w;
}

/* And what is in it: the store has a directory of its own. */
static void
empty_dir(const char *path)
{
	DIR *d = opendir(path);
	char name[512];

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		if (e->d_name[0] == '.' || unlink(name) == 0)
			continue;
		empty_dir(name);
		assert_int_equal(0, rmdir(name));
	}
	closedir(d);
}

void
world_free(struct world *w)
{
	vault_free(w->vault);
	policy_free(w->policy);
	buf_free(&w->body);
	empty_dir(w->dir);
	assert_int_equal(0, rmdir(w->dir));
	free(w);
}

void
world_fresh(struct world *w)
{
	w->vault = vault_free(w->vault);
	empty_dir(w->dir);
	w->now = WORLD_START;
	w->drawn = 1;
	start_vault(w);
	world_switch_policy(w, 1);
}

void
world_restart(struct world *w)
{
	w->vault = vault_free(w->vault);
	start_vault(w);
	world_switch_policy(w, w->policy->serial);
}

void
world_check_store(struct world *w, uint64_t cases)
{
	const struct store_config c = { .dir = w->dir,
		.key = w->secret.store_key,
		.env = &w->env,
		.size_max = w->config.space };
	struct store_report report;

	w->vault = vault_free(w->vault);
	assert_int_equal(ERR_OK, store_check(&c, NULL, NULL, &report));
	assert_int_equal(0, report.findings);
	if (cases != UINT64_MAX)
		assert_int_equal(cases, report.cases);
}

/* --- requests --- */

static void
on_answer(void *ctx, uint64_t id, enum answer status, struct bytes body)
{
	struct world *w = ctx;

	w->answers++;
	w->id = id;
	w->status = status;
	buf_reset(&w->body);
	buf_put_bytes(&w->body, body);
	assert_int_equal(ERR_OK, w->body.err);
	assert_true(status == ANSWER_OK || body.n == 0);
}

enum answer
world_ask(struct world *w, enum wire_type type, struct bytes body)
{
	w->answers = 0;
	vault_handle(w->vault, type, w->is_pressed, 77, body, on_answer, w);
	vault_commit(w->vault);
	assert_int_equal(1, w->answers);
	assert_int_equal(77, w->id);
	memset(&w->answer, 0, sizeof(w->answer));
	if (w->status == ANSWER_OK && w->body.n > 0 &&
	    type != WIRE_PLAIN_ANSWER)
		assert_int_equal(ERR_OK,
		    bundle_answer_parse(buf_bytes(&w->body), &w->answer));
	return w->status;
}

static enum wire_type
type_of(const struct bundle_request *r)
{
	switch (request_path(r->kind)) {
	case BUNDLE_PATH_TEXT:
		return WIRE_TEXT;
	case BUNDLE_PATH_PIECE:
		return WIRE_PIECE;
	case BUNDLE_PATH_STAFF:
		break;
	}
	return WIRE_STAFF;
}

enum answer
world_request(struct world *w, const struct bundle_request *r)
{
	CLEAN_BUF struct buf body = BUF_INIT(BUNDLE_PIECE_LEN);

	assert_int_equal(ERR_OK, bundle_request_put(r, &body));
	return world_ask(w, type_of(r), buf_bytes(&body));
}

void
world_send(struct world *w, const struct bundle_request *r, struct buf *body)
{
	assert_int_equal(ERR_OK, bundle_request_put(r, body));
	vault_handle(w->vault, type_of(r), w->is_pressed, 77, buf_bytes(body),
	    on_answer, w);
}

int
world_setup(void **state)
{
	*state = world_new();
	return 0;
}

int
world_teardown(void **state)
{
	world_free(*state);
	return 0;
}
