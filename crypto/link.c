#include "crypto/link.h"

#include "crypto/label.h"

#include <stdlib.h>
#include <string.h>

/* A hash of hashes: `pieces` takes the SHA-256 of each piece as it ends. */
struct payload_hash {
	struct sha256_ctx *pieces;
	struct sha256_ctx *piece; /* NULL between pieces */
	size_t filled;
};

enum err
payload_digest(const uint8_t (*piece)[SHA256_LEN], size_t n,
    uint8_t out[static SHA256_LEN])
{
	if (n == 0)
		return sha256(BYTES_LIT(""), out);
	return sha256(BYTES(piece[0], n * SHA256_LEN), out);
}

enum err
payload_hash_new(struct payload_hash **ret)
{
	struct payload_hash *h = calloc(1, sizeof(*h));
	enum err err;

	if (h == NULL)
		return ERR_NOMEM;
	err = sha256_new(&h->pieces);
	if (err != ERR_OK) {
		payload_hash_free(h);
		return err;
	}
	*ret = h;
	return ERR_OK;
}

static enum err
end_piece(struct payload_hash *h)
{
	uint8_t digest[SHA256_LEN];
	enum err err = sha256_final(h->piece, digest);

	h->piece = sha256_free(h->piece);
	h->filled = 0;
	if (err != ERR_OK)
		return err;
	return sha256_update(h->pieces, BYTES(digest, sizeof(digest)));
}

static enum err
put_in_piece(struct payload_hash *h, struct bytes x)
{
	enum err err = ERR_OK;

	if (h->piece == NULL)
		err = sha256_new(&h->piece);
	if (err == ERR_OK)
		err = sha256_update(h->piece, x);
	if (err != ERR_OK)
		return err;
	h->filled += x.n;
	return h->filled == PIECE_LEN ? end_piece(h) : ERR_OK;
}

enum err
payload_hash_put(struct payload_hash *h, struct bytes x)
{
	while (x.n > 0) {
		size_t room = PIECE_LEN - h->filled;
		size_t n = x.n < room ? x.n : room;
		enum err err = put_in_piece(h, BYTES(x.p, n));

		if (err != ERR_OK)
			return err;
		x = BYTES(x.p + n, x.n - n);
	}
	return ERR_OK;
}

enum err
payload_hash_finish(struct payload_hash *h, uint8_t out[static SHA256_LEN])
{
	enum err err = h->piece == NULL ? ERR_OK : end_piece(h);

	return err == ERR_OK ? sha256_final(h->pieces, out) : err;
}

struct payload_hash *
payload_hash_free(struct payload_hash *h)
{
	if (h == NULL)
		return NULL;
	h->piece = sha256_free(h->piece);
	h->pieces = sha256_free(h->pieces);
	free(h);
	return NULL;
}

enum err
payload_digest_of(struct bytes payload, uint8_t out[static SHA256_LEN])
{
	struct payload_hash *h = NULL;
	enum err err = payload_hash_new(&h);

	if (err == ERR_OK)
		err = payload_hash_put(h, payload);
	if (err == ERR_OK)
		err = payload_hash_finish(h, out);
	h = payload_hash_free(h);
	return err;
}

enum err
content_digest(const uint8_t payload[static SHA256_LEN],
    const uint8_t (*envelope)[SHA256_LEN], size_t n,
    uint8_t out[static SHA256_LEN])
{
	struct bytes part[] = {
		BYTES_LIT(LABEL_CONTENT),
		BYTES(payload, SHA256_LEN),
		BYTES(n > 0 ? envelope[0] : payload, n * SHA256_LEN),
	};

	return sha256_parts(part, sizeof(part) / sizeof(part[0]), out);
}

enum err
link_digest(struct bytes head, const uint8_t *content,
    uint8_t out[static LINK_LEN])
{
	static const uint8_t none[SHA256_LEN];
	uint8_t digest[SHA256_LEN];
	enum err err = sha256(head, digest);
	struct bytes part[] = {
		BYTES_LIT(LABEL_LINK),
		BYTES(digest, sizeof(digest)),
		BYTES(content != NULL ? content : none, SHA256_LEN),
	};

	if (err != ERR_OK)
		return err;
	return sha256_parts(part, sizeof(part) / sizeof(part[0]), out);
}

static bool
comes_after(const struct grant *a, const struct grant *b)
{
	return a->chain > b->chain || (a->chain == b->chain && a->seq > b->seq);
}

enum err
grants_digest(const struct grant *g, size_t n, uint8_t out[static SHA256_LEN])
{
	CLEAN_BUF struct buf all = BUF_INIT(SIZE_MAX);

	buf_put(&all, LABEL_GRANTS, sizeof(LABEL_GRANTS) - 1);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && !comes_after(&g[i], &g[i - 1]))
			return ERR_SYNTAX;
		buf_put_u8(&all, (uint8_t)g[i].chain);
		buf_put_u32(&all, g[i].seq);
		buf_put(&all, g[i].envelope, SHA256_LEN);
	}
	return all.err != ERR_OK ? all.err : sha256(buf_bytes(&all), out);
}

bool
grants_are_none(const uint8_t digest[static SHA256_LEN])
{
	uint8_t none[SHA256_LEN];

	return grants_digest(NULL, 0, none) == ERR_OK &&
	    memcmp(digest, none, SHA256_LEN) == 0;
}
