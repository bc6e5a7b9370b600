#include "daemon/wire.h"

#include "crypto/work.h"

#define PARENT (1u << PEER_PARENT)
#define VAULT (1u << PEER_VAULT)
#define FRONT (1u << PEER_FRONT)

/* Who may send what to whom, and how much of it. */
static const struct {
	enum wire_type type;
	unsigned from, to;
	uint32_t body_max;
	bool has_fd;
} table[] = {
	{ WIRE_TEXT, FRONT, VAULT, WIRE_TEXT_MAX, false },
	{ WIRE_PIECE, FRONT, VAULT, WIRE_PIECE_MAX, false },
	{ WIRE_WORKED_TEXT, FRONT, VAULT, WORK_LEN + WIRE_TEXT_MAX, false },
	{ WIRE_WORKED_PIECE, FRONT, VAULT, WORK_LEN + WIRE_PIECE_MAX, false },
	{ WIRE_STAFF, FRONT, VAULT, WIRE_TEXT_MAX, false },
	{ WIRE_PLAIN, FRONT, VAULT, WIRE_TEXT_MAX, false },
	{ WIRE_PLAIN_ANSWER, FRONT, VAULT, 128, false },
	{ WIRE_ANSWER, VAULT, FRONT, WIRE_PIECE_MAX, false },
	{ WIRE_CONFIG, PARENT, VAULT | FRONT, 8192, false },
	{ WIRE_SECRET, PARENT, VAULT | FRONT, 256 * 1024, false },
	{ WIRE_POLICY, PARENT, VAULT | FRONT, WIRE_BODY_MAX, false },
	{ WIRE_START, PARENT, VAULT | FRONT, 0, false },
	{ WIRE_LISTENER, PARENT, VAULT | FRONT, 0, true },
	{ WIRE_PEER, PARENT, VAULT | FRONT, 0, true },
	{ WIRE_DRAIN, PARENT, VAULT | FRONT, 0, false },
	{ WIRE_PAGES, PARENT, FRONT, WIRE_PAGES_MAX, false },
	{ WIRE_READY, VAULT | FRONT, PARENT, 0, false },
	{ WIRE_REFUSED, VAULT | FRONT, PARENT, 0, false },
	{ WIRE_ALIVE, VAULT | FRONT, PARENT, 0, false },
};
#define TABLE_LEN (sizeof(table) / sizeof(table[0]))

bool
wire_allowed(enum wire_peer from, enum wire_peer to, uint16_t type,
    uint32_t *ret_body_max)
{
	for (size_t i = 0; i < TABLE_LEN; i++) {
		if (table[i].type != type ||
		    (table[i].from & 1u << from) == 0 ||
		    (table[i].to & 1u << to) == 0)
			continue;
		*ret_body_max = table[i].body_max;
		return true;
	}
	return false;
}

bool
wire_has_fd(uint16_t type)
{
	for (size_t i = 0; i < TABLE_LEN; i++)
		if (table[i].type == type)
			return table[i].has_fd;
	return false;
}

static void
put_be(uint8_t *out, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(v >> 8 * (n - 1 - i));
}

void
wire_head_put(uint8_t out[static WIRE_HEAD_LEN], const struct wire_head *h)
{
	put_be(out, h->length, 4);
	put_be(out + 4, h->type, 2);
	put_be(out + 6, h->status, 2);
	put_be(out + 8, h->id, 8);
}

void
wire_head_get(const uint8_t in[static WIRE_HEAD_LEN], struct wire_head *ret)
{
	struct reader r = reader_over(BYTES(in, WIRE_HEAD_LEN));

	ret->length = reader_u32(&r);
	ret->type = reader_u16(&r);
	ret->status = reader_u16(&r);
	ret->id = reader_u64(&r);
}
