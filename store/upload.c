#include "store/upload.h"

#include <string.h>

#include "store/index.h"

#define IDLE_SECONDS 300
#define GRACE_SECONDS 600
#define LEAST_RATE 65536 /* bytes a second */

void
upload_put(const struct upload *u, struct buf *out)
{
	buf_put(out, u->id, sizeof(u->id));
	buf_put(out, u->key, sizeof(u->key));
	buf_put_u64(out, u->size);
	buf_put_u64(out, u->first);
	buf_put_u32(out, u->hour);
	buf_put(out, u->hash, (size_t)u->pieces * SHA256_LEN);
}

enum err
upload_get(struct bytes plain, struct upload *ret)
{
	struct reader r = reader_over(plain);
	uint64_t max = (uint64_t)STORE_UPLOAD_PIECES_MAX * PIECE_LEN;

	reader_copy(&r, ret->id, sizeof(ret->id));
	reader_copy(&r, ret->key, sizeof(ret->key));
	ret->size = reader_u64(&r);
	ret->first = reader_u64(&r);
	ret->hour = reader_u32(&r);
	if (r.err != ERR_OK || ret->size == 0 || ret->size > max)
		return ERR_CORRUPT;
	ret->pieces = piece_count(ret->size);
	reader_copy(&r, ret->hash[0], (size_t)ret->pieces * SHA256_LEN);
	return reader_end(&r) == ERR_OK ? ERR_OK : ERR_CORRUPT;
}

bool
upload_has(const struct upload *u, uint32_t piece)
{
	return !bytes_all_zero(u->hash[piece], SHA256_LEN);
}

uint64_t
upload_value_bytes(uint32_t pieces)
{
	return UPLOAD_HEAD_LEN + (uint64_t)pieces * SHA256_LEN + SEAL_OVERHEAD;
}

uint64_t
upload_taken_bytes(const struct upload *u)
{
	uint64_t n = upload_value_bytes(u->pieces);

	for (uint32_t i = 0; i < u->pieces; i++)
		if (upload_has(u, i))
			n += piece_len(u->size, i);
	return n;
}

uint64_t
upload_charge(uint64_t bytes)
{
	return bytes < UPLOAD_LEAST ? UPLOAD_LEAST : bytes;
}

uint32_t
upload_due(uint64_t bytes, uint32_t begun, uint32_t last)
{
	uint64_t late = begun + GRACE_SECONDS + bytes / LEAST_RATE;
	uint64_t idle = (uint64_t)last + IDLE_SECONDS;

	return (uint32_t)(late < idle ? late : idle);
}

enum err
upload_describe(const struct upload *u, struct store_upload *ret)
{
	struct store_upload d = { .size = u->size, .pieces = u->pieces };
	enum err e = ERR_OK;

	for (uint32_t i = 0; i < u->pieces; i++) {
		if (!upload_has(u, i))
			continue;
		d.have[i / 8] |= (uint8_t)(1u << i % 8);
		d.received++;
	}
	if (d.received == d.pieces)
		e = payload_digest(u->hash, u->pieces, d.payload_digest);
	if (e == ERR_OK)
		*ret = d;
	return e;
}
