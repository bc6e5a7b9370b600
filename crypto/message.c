#include "crypto/message.h"

#include "crypto/label.h"

#include <stdlib.h>
#include <string.h>

struct message_seal {
	const struct env *env;
	const struct manifest *manifest;
	uint8_t file_key[AGE_FILE_KEY_LEN];
	struct buf envelope[SEALED_TO_MAX];
	struct buf note;
	uint8_t content[SHA256_LEN];
	bool is_begun, is_done;
};

struct message_seal *
message_seal_free(struct message_seal *s)
{
	if (s == NULL)
		return NULL;
	for (size_t i = 0; i < SEALED_TO_MAX; i++)
		buf_free(&s->envelope[i]);
	buf_free(&s->note);
	bytes_wipe(s, sizeof(*s));
	free(s);
	return NULL;
}

static struct message_seal *
seal_alloc(const struct env *env, const struct manifest *m)
{
	struct message_seal *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->env = env;
	s->manifest = m;
	s->note = (struct buf)BUF_INIT(SEALED_NOTE_MAX);
	for (size_t i = 0; i < SEALED_TO_MAX; i++)
		s->envelope[i] = (struct buf)BUF_INIT(AGE_HEADER_MAX);
	return s;
}

static enum err
seal_envelope(struct message_seal *s, size_t i, const struct message_to *to,
    struct manifest_to *ret)
{
	struct buf *out = &s->envelope[i];
	struct manifest_to entry = { .person = to->person };
	enum err err = age_header_seal(s->env, s->file_key, &to->key, 1, out);

	if (err == ERR_OK)
		err = sha256(buf_bytes(out), entry.sha256);
	if (err == ERR_OK)
		*ret = entry;
	return err;
}

static enum err
seal_envelopes(struct message_seal *s, struct manifest *m,
    const struct message_to *to, size_t n)
{
	enum err err = ERR_OK;

	if (n > SEALED_TO_MAX)
		return ERR_LIMIT;
	for (size_t i = 1; i < n; i++) {
		if (to[i].key.kind != to[0].key.kind)
			return ERR_DENIED;
	}
	for (size_t i = 0; i < n && err == ERR_OK; i++)
		err = seal_envelope(s, i, &to[i], &m->to[i]);
	if (err == ERR_OK)
		m->n_to = n;
	return err;
}

/* Whether readers would take it: written and read again. */
static enum err
check_manifest(struct bytes body)
{
	struct manifest *m = manifest_new();
	enum err err = m == NULL ? ERR_NOMEM : manifest_parse(body, m);

	m = manifest_free(m);
	return err;
}

static enum err
sign_manifest(const struct manifest *m,
    const uint8_t seed[static SIGN_SEED_LEN], struct buf *note)
{
	CLEAN_BUF struct buf body = BUF_INIT(MANIFEST_MAX);
	uint8_t pub[SIGN_PUB_LEN];
	struct note_key key;
	enum err err;

	manifest_put(m, &body);
	err = body.err == ERR_OK ? check_manifest(buf_bytes(&body)) : body.err;
	if (err == ERR_OK)
		err = sign_public(seed, pub);
	if (err == ERR_OK)
		err = author_key_init(&key, m->case_id, m->author, pub);
	if (err == ERR_OK)
		err = note_sign(NOTE_MANIFEST, buf_bytes(&body), &key, seed,
		    note);
	return err;
}

enum err
message_seal_new(const struct env *env, struct manifest *m,
    const uint8_t seed[static SIGN_SEED_LEN], const struct message_to *to,
    size_t n_to, struct message_seal **ret)
{
	struct message_seal *s = seal_alloc(env, m);
	enum err err = s == NULL ? ERR_NOMEM : ERR_OK;

	if (err == ERR_OK)
		err = env_random(env, s->file_key, sizeof(s->file_key));
	if (err == ERR_OK)
		err = seal_envelopes(s, m, to, n_to);
	if (err == ERR_OK)
		err = sign_manifest(m, seed, &s->note);
	if (err != ERR_OK) {
		message_seal_free(s);
		return err;
	}
	*ret = s;
	return ERR_OK;
}

struct bytes
message_seal_envelope(const struct message_seal *s, size_t i)
{
	return buf_bytes(&s->envelope[i]);
}

struct bytes
message_seal_note(const struct message_seal *s)
{
	return buf_bytes(&s->note);
}

uint64_t
message_seal_payload_size(const struct message_seal *s)
{
	return age_payload_size(sealed_archive_size(s->note.n,
	    s->manifest->file, s->manifest->n_files));
}

/* --- the payload --- */

/* A sink that hashes on the way. */
struct hashed {
	struct payload_hash *hash;
	age_sink *sink;
	void *ctx;
};

static enum err
hashed_put(void *ctx, struct bytes x)
{
	struct hashed *h = ctx;
	enum err err = payload_hash_put(h->hash, x);

	return err == ERR_OK ? h->sink(h->ctx, x) : err;
}

static enum err
write_payload(struct message_seal *s, sealed_source *source, void *source_ctx,
    struct hashed *out)
{
	struct age_writer *w = NULL;
	enum err err = age_writer_new(s->env, s->file_key, hashed_put, out, &w);

	if (err == ERR_OK)
		err = sealed_write(w, buf_bytes(&s->note), s->manifest, source,
		    source_ctx);
	if (err == ERR_OK)
		err = age_writer_finish(w);
	w = age_writer_free(w);
	return err;
}

static enum err
digest_content(struct message_seal *s, struct payload_hash *hash)
{
	uint8_t envelope[SEALED_TO_MAX][SHA256_LEN], payload[SHA256_LEN];
	const struct manifest *m = s->manifest;
	enum err err = payload_hash_finish(hash, payload);

	for (size_t i = 0; i < m->n_to; i++)
		memcpy(envelope[i], m->to[i].sha256, SHA256_LEN);
	if (err == ERR_OK)
		err = content_digest(payload,
		    (const uint8_t(*)[SHA256_LEN])envelope, m->n_to,
		    s->content);
	return err;
}

enum err
message_seal_payload(struct message_seal *s, sealed_source *source,
    void *source_ctx, age_sink *sink, void *sink_ctx)
{
	struct hashed out = { .sink = sink, .ctx = sink_ctx };
	enum err err;

	if (s->is_begun)
		return ERR_EXISTS;
	s->is_begun = true;
	err = payload_hash_new(&out.hash);
	if (err == ERR_OK)
		err = write_payload(s, source, source_ctx, &out);
	if (err == ERR_OK)
		err = digest_content(s, out.hash);
	s->is_done = err == ERR_OK;
	out.hash = payload_hash_free(out.hash);
	bytes_wipe(s->file_key, sizeof(s->file_key));
	return err;
}

enum err
message_seal_content(const struct message_seal *s,
    uint8_t out[static SHA256_LEN])
{
	if (!s->is_done)
		return ERR_NOT_FOUND;
	memcpy(out, s->content, SHA256_LEN);
	return ERR_OK;
}

enum age_result
message_add_envelope(const struct env *env, struct bytes envelope,
    const struct age_identity *ids, size_t n_ids,
    const struct age_recipient *to, struct buf *out)
{
	uint8_t file_key[AGE_FILE_KEY_LEN] = { 0 };
	enum age_result r = age_header_open(envelope, ids, n_ids, file_key);
	enum err err = ERR_OK;

	if (r == AGE_OK)
		err = age_header_seal(env, file_key, to, 1, out);
	bytes_wipe(file_key, sizeof(file_key));
	if (err == ERR_UNSUPPORTED)
		return AGE_UNSUPPORTED;
	return err == ERR_OK ? r : AGE_FAILED;
}
