#include "client/outgoing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/env.h"

#define ATTACHMENTS "attachments/"
#define MESSAGE_TEXT "message.txt"

enum exit_code
outgoing_new(struct server *s, struct outgoing *ret)
{
	*ret = (struct outgoing){ .server = s,
		.m = manifest_new(),
		.change = calloc(MEMBER_CHANGES_MAX, sizeof(*ret->change)),
		.to = calloc(SEALED_TO_MAX, sizeof(*ret->to)) };
	ret->entry.day = today();
	ret->head.max = BUNDLE_TEXT_LEN;
	ret->body.max = BUNDLE_TEXT_LEN;
	ret->proof.max = BUNDLE_TEXT_LEN;
	if (ret->m == NULL || ret->to == NULL || ret->change == NULL)
		return fail_err(s->term, ERR_NOMEM, "The message");
	memcpy(ret->m->policy, s->status.hash, SHA256_LEN);
	return EXIT_DONE;
}

void
outgoing_free(struct outgoing *o)
{
	o->m = manifest_free(o->m);
	free(o->to);
	o->to = NULL;
	free(o->change);
	o->change = NULL;
	buf_free(&o->head);
	buf_free(&o->body);
	buf_free(&o->proof);
}

/* --- place --- */

static void
place_manifest(struct outgoing *o, const struct conversation *c)
{
	const struct manifest *any = conversation_manifest(c);
	const struct entry *e = &o->entry;
	struct manifest *m = o->m;

	m->kind = e->kind;
	memcpy(m->case_id, e->case_id, CASE_ID_LEN);
	m->author = e->author;
	m->seq = e->seq;
	memcpy(m->prev, e->prev, LINK_LEN);
	m->n_seen = e->author == PERSON_REPORTER ? 1 : 2;
	memcpy(m->seen, c->head, sizeof(m->seen));
	m->route = c->route;
	m->band = c->band;
	if (any != NULL) {
		m->n_exclude = any->n_exclude;
		memcpy(m->exclude, any->exclude, sizeof(m->exclude));
	}
}

void
outgoing_place(struct outgoing *o, const struct conversation *c,
    const struct entry *lines)
{
	enum chain chain = message_kind_chain(lines->kind);
	enum chain other = chain == CHAIN_TALK ? CHAIN_STAFF : CHAIN_TALK;
	struct entry *e = &o->entry;
	int64_t day = e->day;

	*e = *lines;
	e->day = day;
	memcpy(e->case_id, c->case_id, CASE_ID_LEN);
	e->author = c->person;
	e->seq = c->count[chain];
	memcpy(e->prev, c->head[chain], LINK_LEN);
	if (c->person != PERSON_REPORTER)
		memcpy(e->seen, c->head[other], LINK_LEN);
	o->n_changes = conversation_changes(c, c->count[CHAIN_TALK], o->change);
	if (o->n_changes + 2 <= MEMBER_CHANGES_MAX)
		o->n_changes += member_changes_of(e, o->change + o->n_changes);
	place_manifest(o, c);
}

/* --- files --- */

static enum exit_code
add_file(struct outgoing *o, const char *name, uint64_t size,
    const uint8_t sha[static SHA256_LEN], struct outgoing_file file)
{
	const struct term *t = o->server->term;
	enum err err = manifest_add_file(o->m, name, size, sha);

	if (err == ERR_SYNTAX)
		return term_fail(t, EXIT_USAGE,
		    "%s cannot be attached under "
		    "this name: another file has it, or it has characters "
		    "that are not safe everywhere. Please rename a copy.",
		    name);
	if (err != ERR_OK)
		return fail_err(t, err, name);
	o->file[o->n_files++] = file;
	return EXIT_DONE;
}

enum exit_code
outgoing_add_text(struct outgoing *o, struct bytes text)
{
	uint8_t sha[SHA256_LEN];
	enum err err = sha256(text, sha);

	if (err != ERR_OK)
		return fail_err(o->server->term, err, "The message");
	return add_file(o, MESSAGE_TEXT, text.n, sha,
	    (struct outgoing_file){ .memory = text });
}

static enum err
hash_fd(int fd, uint64_t *ret_size, uint8_t sha[static SHA256_LEN])
{
	struct sha256_ctx *c = NULL;
	uint8_t block[8192];
	uint64_t size = 0;
	ssize_t n = 1;
	enum err err = sha256_new(&c);

	while (err == ERR_OK && n != 0) {
		n = read(fd, block, sizeof(block));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err = ERR_IO;
		else
			err = sha256_update(c, BYTES(block, (size_t)n));
		size += n > 0 ? (uint64_t)n : 0;
	}
	if (err == ERR_OK)
		err = sha256_final(c, sha);
	c = sha256_free(c);
	bytes_wipe(block, sizeof(block));
	if (err == ERR_OK)
		*ret_size = size;
	return err;
}

enum exit_code
outgoing_attach(struct outgoing *o, const char *path)
{
	const struct term *t = o->server->term;
	const char *slash = strrchr(path, '/');
	const char *base = slash != NULL ? slash + 1 : path;
	char name[SEALED_NAME_MAX + sizeof(ATTACHMENTS)];
	uint64_t size = 0, limit;
	uint8_t sha[SHA256_LEN];
	enum err err;
	int fd, n;

	n = snprintf(name, sizeof(name), ATTACHMENTS "%s", base);
	if (n < 0 || (size_t)n >= sizeof(name))
		return term_fail(t, EXIT_USAGE,
		    "%s: a file's name has at "
		    "most %d letters.",
		    base, SEALED_NAME_MAX);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	err = fd >= 0 ? hash_fd(fd, &size, sha) : ERR_IO;
	if (err == ERR_IO)
		n = errno;
	if (fd >= 0)
		(void)close(fd);
	if (err == ERR_IO)
		return term_fail(t, EXIT_FAILED, "%s: %s.", path, strerror(n));
	if (err != ERR_OK)
		return fail_err(t, err, path);
	limit = (uint64_t)o->server->policy->limits.attachments_mib << 20;
	o->attached += size;
	if (o->attached > limit)
		return term_fail(t, EXIT_USAGE,
		    "%s: this organisation takes "
		    "at most %u MiB of attachments.",
		    path, o->server->policy->limits.attachments_mib);
	return add_file(o, name, size, sha,
	    (struct outgoing_file){ .path = path });
}

/* --- readers --- */

static enum exit_code
nobody(const struct term *t, const struct policy_route *r)
{
	if (r != NULL && r->keys == KEYS_HYBRID && !age_hybrid_available())
		return fail_err(t, ERR_UNSUPPORTED, "This organisation's keys");
	return term_fail(t, EXIT_REFUSED,
	    "By this policy nobody who is not "
	    "left out could read it. Please use another way to speak up.");
}

/*
 * The reporter's recipient is fixed for the life of the case, and the two kinds
 * of keys are never mixed: where theirs is classic, so is everybody's, though
 * the route has become hybrid since.
 */
static const struct age_recipient *
key_of(const struct policy *p, const struct policy_route *r, uint16_t person,
    int64_t day, const struct age_recipient *reporter)
{
	const struct age_recipient *key = members_recipient(p, r, person, day);
	const struct policy_key *both;

	if (key == NULL || reporter == NULL || reporter->kind == key->kind ||
	    reporter->kind != AGE_X25519)
		return key;
	both = policy_key_at(policy_person(p, person), day);
	return both != NULL ? &both->classic : NULL;
}

static enum exit_code
fail_list(const struct term *t, enum err err)
{
	if (err == ERR_DENIED)
		return term_fail(t, EXIT_REFUSED,
		    "Somebody whom the reporter "
		    "left out would be among the readers. It is not sent.");
	if (err == ERR_LIMIT)
		return term_fail(t, EXIT_USAGE,
		    "A case has at most %d "
		    "readers.",
		    MEMBERS_MAX);
	return fail_err(t, err, "The list of readers");
}

static enum exit_code
list_readers(const struct outgoing *o, struct member out[static MEMBERS_MAX],
    size_t *ret_n)
{
	const struct policy *p = o->server->policy;
	const struct policy_route *r = policy_route(p, o->m->route);
	const struct term *t = o->server->term;
	size_t n = 0;
	enum err err = r != NULL
	    ? members_after(p, r, o->m->exclude, o->m->n_exclude, o->change,
		  o->n_changes, o->entry.day, out, MEMBERS_MAX, &n)
	    : ERR_NOT_FOUND;

	if (err == ERR_NOT_FOUND || (err == ERR_OK && n == 0))
		return nobody(t, r);
	if (err != ERR_OK)
		return fail_list(t, err);
	*ret_n = n;
	return EXIT_DONE;
}

enum exit_code
outgoing_check_readers(const struct outgoing *o)
{
	struct member member[MEMBERS_MAX];
	size_t n = 0;

	return list_readers(o, member, &n);
}

enum exit_code
outgoing_address(struct outgoing *o, const struct age_recipient *reporter)
{
	const struct policy *p = o->server->policy;
	const struct policy_route *r = members_route(p,
	    policy_route(p, o->m->route), o->change, o->n_changes);
	struct member member[MEMBERS_MAX];
	size_t n = 0;
	enum exit_code code = list_readers(o, member, &n);

	if (code != EXIT_DONE)
		return code;
	for (size_t i = 0; i < n; i++) {
		const struct age_recipient *key =
		    key_of(p, r, member[i].person, o->entry.day, reporter);

		if (key == NULL)
			return nobody(o->server->term, r);
		o->to[i] = (struct message_to){ .person = member[i].person,
			.key = *key };
	}
	o->n_to = n;
	if (reporter != NULL)
		o->to[o->n_to++] =
		    (struct message_to){ .person = PERSON_REPORTER,
			    .key = *reporter };
	return EXIT_DONE;
}
