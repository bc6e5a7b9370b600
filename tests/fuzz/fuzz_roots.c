/*
 * Roots and the policy, as a server gives them. The first four bytes say who
 * signs what, and what is wrong with the second root; the rest changes texts
 * before they are signed, and notes afterwards (edits.h).
 *
 * Held: what nobody changed is taken exactly where quorums signed it, in its
 * time; what is taken says what was signed, whatever else was added to a note,
 * and can be written again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/env.h"
#include "crypto/label.h"
#include "crypto/codec.h"
#include "policy/compile.h"
#include "policy/root.h"
#include "policy/zone.h"
#include "tests/fuzz/edits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x) ((x) ? (void)0 : abort())
#define FLAGS 4
#define ISSUED 1795000000 /* 2026-11-18 */

enum note_part { NOTE_FIRST, NOTE_SECOND, NOTE_THIRD };
#define NOTES 3 /* two roots and the policy: texts, then notes */

/* Bits of the last flag. */
#define WRONG_SERIAL 1
#define WRONG_PREVIOUS 2
#define WRONG_REALM 4
#define WRONG_PIN 8
#define ROLLED_BACK 16
#define TOO_LATE 32

#define KEYS 5
static const uint8_t root_keys[2] = { 0x07, 0x0e }; /* three each, of five */
#define QUORUM 2

static struct {
	uint8_t seed[KEYS][SIGN_SEED_LEN];
	struct note_key key[KEYS];
	struct buf policy; /* its text */
	char org[POLICY_NAME_MAX + 1];
} world;

struct play {
	uint8_t signers[NOTES], wrong;
	struct edits edits;
	struct buf text[NOTES]; /* as signed */
	struct buf note[NOTES];
	bool is_changed;
};

/* --- what is the same each time --- */

static void
read_file(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "r");
	int c;

	MUST(f != NULL);
	while ((c = getc(f)) != EOF)
		buf_put_u8(out, (uint8_t)c);
	MUST(fclose(f) == 0 && out->err == ERR_OK);
}

static void
make_policy(void)
{
	struct buf yaml CLEAN_BUF = BUF_INIT(YAML_SIZE_MAX);
	struct compile_input in = { .file = "policy",
		.keys = BYTES_LIT("keys: {}\n"),
		.keys_file = "keys",
		.zone = &zone_system,
		.issued = ISSUED,
		.serial = 7 };
	struct yaml_error error = { 0 };
	struct policy_problem problem;
	struct policy *p;

	read_file(POLICY_SMALL, &yaml);
	in.yaml = buf_bytes(&yaml);
	world.policy.max = POLICY_JSON_MAX;
	MUST(policy_compile(&in, &world.policy, &error) == ERR_OK);
	MUST(policy_parse(buf_bytes(&world.policy), &p, &problem) == ERR_OK);
	strcpy(world.org, p->org);
	p = policy_free(p);
}

static void
set_up(void)
{
	if (world.org[0] != '\0')
		return;
	for (size_t i = 0; i < KEYS; i++) {
		char name[] = "policy/a";
		uint8_t pub[SIGN_PUB_LEN];

		name[7] = (char)('a' + i);
		memset(world.seed[i], (int)i + 1, SIGN_SEED_LEN);
		MUST(sign_public(world.seed[i], pub) == ERR_OK);
		MUST(note_key_init(&world.key[i], name, pub) == ERR_OK);
	}
	make_policy();
}

/* --- what a server has --- */

static void
put_root(struct play *p, unsigned i, struct buf *out)
{
	struct root r = { .serial = i, .quorum = QUORUM };
	struct note before;

	memset(r.realm, 0x5a, REALM_LEN);
	strcpy(r.org, world.org);
	for (size_t k = 0; k < KEYS; k++) {
		if ((root_keys[i] >> k & 1) != 0)
			r.policy_keys[r.n_policy_keys++] = world.key[k];
	}
	r.n_instance_keys = 1;
	r.instance_keys[0] = world.key[KEYS - 1];
	if (i == 1) {
		r.serial += (p->wrong & WRONG_SERIAL) != 0 ? 1 : 0;
		r.realm[0] ^= (p->wrong & WRONG_REALM) != 0 ? 1 : 0;
		if (note_parse(buf_bytes(&p->note[0]), NOTE_ROOT, &before) ==
		    ERR_OK)
			MUST(sha256(before.text, r.previous) == ERR_OK);
		r.previous[0] ^= (p->wrong & WRONG_PREVIOUS) != 0 ? 1 : 0;
	}
	root_put(&r, out);
}

/* By some keys; false: nobody signs it, or it is no text. */
static bool
sign(struct play *p, unsigned i)
{
	const char *space = i == NOTE_THIRD ? NOTE_POLICY : NOTE_ROOT;
	struct buf *out = &p->note[i];

	for (size_t k = 0; k < KEYS; k++) {
		if ((p->signers[i] >> k & 1) == 0)
			continue;
		if ((out->n == 0 ? note_sign(space, buf_bytes(&p->text[i]),
				       &world.key[k], world.seed[k], out)
				 : note_add_signature(out, &world.key[k],
				       world.seed[k])) != ERR_OK)
			return false;
	}
	return out->n > 0;
}

static bool
make(struct play *p)
{
	for (unsigned i = 0; i < NOTES; i++) {
		p->text[i].max = p->note[i].max = NOTE_MAX;
		if (i == NOTE_THIRD)
			buf_put_bytes(&p->text[i], buf_bytes(&world.policy));
		else
			put_root(p, i, &p->text[i]);
		p->is_changed |= edits_apply(&p->edits, i, &p->text[i]);
		if (!sign(p, i))
			return false;
		p->is_changed |= edits_apply(&p->edits, NOTES + i, &p->note[i]);
	}
	return true;
}

/* --- what must come of it --- */

static unsigned
count(unsigned bits)
{
	return (unsigned)__builtin_popcount(bits);
}

static bool
is_root_good(const struct play *p)
{
	return count(p->signers[0] & root_keys[0]) >= QUORUM &&
	    count(p->signers[1] & root_keys[0]) >= QUORUM &&
	    count(p->signers[1] & root_keys[1]) >= QUORUM &&
	    (p->wrong &
		(WRONG_SERIAL | WRONG_PREVIOUS | WRONG_REALM | WRONG_PIN)) == 0;
}

static bool
is_policy_good(const struct play *p)
{
	return count(p->signers[2] & root_keys[1]) >= QUORUM &&
	    (p->wrong & (ROLLED_BACK | TOO_LATE)) == 0;
}

/* The note's text is the one that was signed. */
static struct bytes
check_signed(const struct play *p, unsigned i, const char *space)
{
	struct note note;

	MUST(note_parse(buf_bytes(&p->note[i]), space, &note) == ERR_OK);
	MUST(bytes_equal(note.body, buf_bytes(&p->text[i])));
	return note.text;
}

static void
check_root(const struct play *p, const struct root *root)
{
	struct buf again CLEAN_BUF = BUF_INIT(NOTE_MAX);
	uint8_t hash[SHA256_LEN];

	MUST(sha256(check_signed(p, 1, NOTE_ROOT), hash) == ERR_OK);
	MUST(memcmp(hash, root->hash, SHA256_LEN) == 0);
	MUST(sha256(check_signed(p, 0, NOTE_ROOT), hash) == ERR_OK);
	MUST(memcmp(hash, root->first, SHA256_LEN) == 0);
	root_put(root, &again);
	MUST(bytes_equal(buf_bytes(&again), buf_bytes(&p->text[1])));
}

static void
try_policy(const struct play *p, const struct root *root)
{
	const int64_t late = (p->wrong & TOO_LATE) != 0 ? 600 : 1;
	struct policy_status status = { 0 };
	struct policy *policy = NULL;
	uint8_t hash[SHA256_LEN];
	enum err e = policy_open(buf_bytes(&p->note[2]), root,
	    ISSUED + late * DAY_SECONDS, (p->wrong & ROLLED_BACK) != 0 ? 8 : 7,
	    &policy, &status);

	MUST(!err_is_ours(e) && (e == ERR_OK) == (policy != NULL));
	if (!p->is_changed)
		MUST((e == ERR_OK) == is_policy_good(p));
	if (e != ERR_OK)
		return;
	MUST(sha256(check_signed(p, 2, NOTE_POLICY), hash) == ERR_OK);
	MUST(memcmp(hash, status.hash, SHA256_LEN) == 0);
	MUST(strcmp(policy->org, root->org) == 0);
	policy = policy_free(policy);
}

static void
play(struct play *p)
{
	const struct bytes notes[] = { buf_bytes(&p->note[0]),
		buf_bytes(&p->note[1]) };
	uint8_t pin[SHA256_LEN] = { 0 };
	static struct root root;
	struct note first;
	enum err e;

	if (note_parse(notes[0], NOTE_ROOT, &first) == ERR_OK)
		MUST(sha256(first.text, pin) == ERR_OK);
	pin[0] ^= (p->wrong & WRONG_PIN) != 0 ? 1 : 0;
	e = roots_walk(notes, 2, pin, &root);
	MUST(!err_is_ours(e));
	if (!p->is_changed)
		MUST((e == ERR_OK) == is_root_good(p));
	if (e != ERR_OK)
		return;
	MUST((p->wrong & WRONG_PIN) == 0);
	check_root(p, &root);
	try_policy(p, &root);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct play p = { 0 };

	set_up();
	if (size < FLAGS)
		return 0;
	memcpy(p.signers, data, NOTES);
	p.wrong = data[NOTES];
	edits_read(BYTES(data + FLAGS, size - FLAGS), 2 * NOTES, &p.edits);
	if (make(&p))
		play(&p);
	for (unsigned i = 0; i < NOTES; i++) {
		buf_free(&p.text[i]);
		buf_free(&p.note[i]);
	}
	return 0;
}
