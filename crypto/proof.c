#include "crypto/proof.h"

#include "crypto/codec.h"
#include "crypto/label.h"
#include "crypto/lines.h"

#include <string.h>

/*
 * RFC 6962 section 2.1: leaf = SHA-256(0x00 || statement), node =
 * SHA-256(0x01 || left || right), a tree of n leaves splits at the largest
 * power of two below n.
 */

#define PROOF_FIRST_LINE "c2sp.org/tlog-proof@v1"
#define PATH_MAX_LEN 6 /* log2 PROOF_LEAVES_MAX */

struct path {
	uint8_t hash[PATH_MAX_LEN][SHA256_LEN];
	size_t n;
};

static enum err
leaf_hash(struct bytes statement, uint8_t out[static SHA256_LEN])
{
	static const uint8_t tag = 0x00;
	struct bytes part[] = { BYTES(&tag, 1), statement };

	return sha256_parts(part, 2, out);
}

static enum err
node_hash(const uint8_t left[static SHA256_LEN],
    const uint8_t right[static SHA256_LEN], uint8_t out[static SHA256_LEN])
{
	static const uint8_t tag = 0x01;
	struct bytes part[] = {
		BYTES(&tag, 1),
		BYTES(left, SHA256_LEN),
		BYTES(right, SHA256_LEN),
	};

	return sha256_parts(part, 3, out);
}

/*
 * Joins each level's nodes in pairs to the next one's, until there is one; a
 * last one without a sibling moves up as it is. That is the RFC's tree: where
 * it splits, all to the left is complete.
 */
static enum err
tree_make(struct proof_batch *b, const uint8_t **ret_root)
{
	uint8_t(*level)[SHA256_LEN] = b->node;
	size_t n = b->n;
	enum err err = ERR_OK;

	while (n > 1 && err == ERR_OK) {
		uint8_t(*up)[SHA256_LEN] = level + n;

		for (size_t i = 0; i + 1 < n && err == ERR_OK; i += 2)
			err = node_hash(level[i], level[i + 1], up[i / 2]);
		if (n % 2 != 0)
			memcpy(up[n / 2], level[n - 1], SHA256_LEN);
		n = (n + 1) / 2;
		level = up;
	}
	*ret_root = level[0];
	return err;
}

/* Hashes from the leaf's sibling to the root's child. */
static void
tree_path(const struct proof_batch *b, size_t index, struct path *ret)
{
	const uint8_t(*level)[SHA256_LEN] = b->node;

	for (size_t n = b->n; n > 1; n = (n + 1) / 2) {
		if ((index ^ 1) < n)
			memcpy(ret->hash[ret->n++], level[index ^ 1],
			    SHA256_LEN);
		level += n;
		index /= 2;
	}
}

/*
 * The root that leaf and path come to (RFC 9162 section 2.1.3.2 has the same
 * rule). ERR_BAD_SIG when the path is not as long as the tree asks.
 */
static enum err
path_root(const struct path *path, size_t size, size_t index,
    const uint8_t leaf[static SHA256_LEN], uint8_t out[static SHA256_LEN])
{
	size_t last = size - 1;
	enum err err = ERR_OK;

	memcpy(out, leaf, SHA256_LEN);
	for (size_t i = 0; i < path->n && err == ERR_OK; i++) {
		if (last == 0)
			return ERR_BAD_SIG;
		/* the last node of a level without sibling moves up as it is */
		while (index == last && (index & 1) == 0) {
			index >>= 1;
			last >>= 1;
		}
		err = (index & 1) != 0 ? node_hash(path->hash[i], out, out)
				       : node_hash(out, path->hash[i], out);
		index >>= 1;
		last >>= 1;
	}
	return err == ERR_OK && last != 0 ? ERR_BAD_SIG : err;
}

/* --- making --- */

enum err
proof_batch_add(struct proof_batch *b, struct bytes statement)
{
	enum err err;

	if (b->n == PROOF_LEAVES_MAX)
		return ERR_LIMIT;
	err = leaf_hash(statement, b->node[b->n]);
	if (err == ERR_OK)
		b->n++;
	return err;
}

enum err
proof_batch_sign(struct proof_batch *b, const struct note_key *key,
    const uint8_t seed[static SIGN_SEED_LEN], struct buf *checkpoint)
{
	CLEAN_BUF struct buf body = BUF_INIT(128);
	const uint8_t *root = NULL;
	enum err err;

	if (b->n == 0)
		return ERR_NOT_FOUND;
	err = tree_make(b, &root);
	if (err != ERR_OK)
		return err;
	buf_printf(&body, "%zu\n", b->n);
	base64_put(&body, BYTES(root, SHA256_LEN), B64_PADDED);
	buf_put_u8(&body, '\n');
	if (body.err != ERR_OK)
		return body.err;
	return note_sign(NOTE_STORED, buf_bytes(&body), key, seed, checkpoint);
}

enum err
proof_put(const struct proof_batch *b, size_t index, struct bytes statement,
    struct bytes checkpoint, struct buf *out)
{
	struct path path = { 0 };

	if (index >= b->n)
		return ERR_NOT_FOUND;
	tree_path(b, index, &path);
	buf_put_bytes(out, statement);
	buf_put_str(out, "\n" PROOF_FIRST_LINE "\nindex ");
	decimal_put(out, index);
	buf_put_u8(out, '\n');
	for (size_t i = 0; i < path.n; i++) {
		base64_put(out, BYTES(path.hash[i], SHA256_LEN), B64_PADDED);
		buf_put_u8(out, '\n');
	}
	buf_put_u8(out, '\n');
	buf_put_bytes(out, checkpoint);
	return out->err;
}

/* --- checking --- */

/* Lines up to the first empty one, which is consumed; with their newlines. */
static struct bytes
take_paragraph(struct reader *r)
{
	const uint8_t *start = r->p;
	size_t n = 0;

	for (;;) {
		struct bytes line = reader_line(r);

		if (r->err != ERR_OK || line.n == 0)
			return BYTES(start, n);
		n += line.n + 1;
	}
}

/* A statement is lines of text and begins with NOTE_STORED. */
static bool
statement_ok(struct bytes x)
{
	struct reader r = reader_over(x);
	bool ok = bytes_equal(reader_line(&r), BYTES_LIT(NOTE_STORED));

	while (ok && r.n > 0)
		ok = text_is_printable(reader_line(&r));
	return ok && r.err == ERR_OK;
}

/* "c2sp.org/tlog-proof@v1", "index N" and the hashes. */
static enum err
parse_path(struct bytes x, size_t *ret_index, struct path *ret)
{
	struct reader r = reader_over(x);
	struct bytes word;
	uint64_t index = 0;
	enum err err;

	if (!bytes_equal(reader_line(&r), BYTES_LIT(PROOF_FIRST_LINE)))
		return ERR_SYNTAX;
	word = reader_line(&r);
	if (!bytes_equal(word_next(&word), BYTES_LIT("index")))
		return ERR_SYNTAX;
	err = decimal_get(word, PROOF_LEAVES_MAX - 1, &index);
	while (err == ERR_OK && r.n > 0) {
		if (ret->n == PATH_MAX_LEN)
			return ERR_SYNTAX;
		err = base64_get_exact(reader_line(&r), B64_PADDED,
		    ret->hash[ret->n++], SHA256_LEN);
	}
	if (err != ERR_OK)
		return ERR_SYNTAX;
	*ret_index = (size_t)index;
	return reader_end(&r);
}

static enum err
parse_checkpoint(struct bytes body, size_t *ret_size,
    uint8_t root[static SHA256_LEN])
{
	struct reader r = reader_over(body);
	uint64_t size = 0;

	if (decimal_get(reader_line(&r), PROOF_LEAVES_MAX, &size) != ERR_OK ||
	    size == 0)
		return ERR_SYNTAX;
	*ret_size = (size_t)size;
	if (base64_get_exact(reader_line(&r), B64_PADDED, root, SHA256_LEN) !=
	    ERR_OK)
		return ERR_SYNTAX;
	return reader_end(&r);
}

static enum err
check_path(struct bytes statement, const struct path *path, size_t index,
    struct bytes checkpoint)
{
	uint8_t want[SHA256_LEN], leaf[SHA256_LEN], root[SHA256_LEN];
	size_t size = 0;
	enum err err = parse_checkpoint(checkpoint, &size, want);

	if (err == ERR_OK && index >= size)
		err = ERR_BAD_SIG;
	if (err == ERR_OK)
		err = leaf_hash(statement, leaf);
	if (err == ERR_OK)
		err = path_root(path, size, index, leaf, root);
	if (err == ERR_OK && memcmp(root, want, SHA256_LEN) != 0)
		err = ERR_BAD_SIG;
	return err;
}

enum err
proof_verify(struct bytes x, const struct note_key *keys, size_t n_keys,
    struct bytes *ret_statement)
{
	struct reader r = reader_over(x);
	struct bytes statement, proof;
	struct path path = { 0 };
	struct note note;
	size_t index = 0;
	enum err err;

	if (x.n > PROOF_MAX)
		return ERR_SYNTAX;
	statement = take_paragraph(&r);
	proof = take_paragraph(&r);
	if (r.err != ERR_OK || !statement_ok(statement))
		return ERR_SYNTAX;
	err = parse_path(proof, &index, &path);
	if (err == ERR_OK)
		err = note_parse(BYTES(r.p, r.n), NOTE_STORED, &note);
	if (err == ERR_OK)
		err = note_verify(&note, keys, n_keys, 1);
	if (err == ERR_OK)
		err = check_path(statement, &path, index, note.body);
	if (err == ERR_OK)
		*ret_statement = statement;
	return err;
}
