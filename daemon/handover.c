#include "daemon/handover.h"

#include <string.h>

#include "crypto/lines.h"

void
vault_config_put(struct buf *out, const struct vault_config *c)
{
	lines_put_str(out, "state", c->state);
	lines_put_number(out, "space", c->space);
	lines_put_number(out, "attachments", c->attachments);
	lines_put_number(out, "quiet", c->quiet);
	lines_put_hex(out, "work", c->work_key, sizeof(c->work_key));
}

enum err
vault_config_get(struct bytes body, struct vault_config *ret)
{
	struct lines l = lines_over(body);
	struct vault_config c = { 0 };
	struct bytes state = lines_get(&l, "state");
	enum err e;

	c.space = lines_get_number(&l, "space", UINT64_MAX);
	c.attachments = lines_get_number(&l, "attachments", 100);
	c.quiet = lines_get_number(&l, "quiet", HANDOVER_QUIET_MAX);
	lines_get_hex(&l, "work", c.work_key, sizeof(c.work_key));
	if ((e = lines_end(&l)) != ERR_OK)
		return e;
	if (state.n == 0 || state.n > HANDOVER_PATH_MAX)
		return ERR_SYNTAX;
	memcpy(c.state, state.p, state.n);
	*ret = c;
	return ERR_OK;
}

void
vault_secret_put(struct buf *out, const struct vault_secret *s)
{
	buf_put(out, s->store_key, sizeof(s->store_key));
	buf_put(out, s->instance_seed, sizeof(s->instance_seed));
}

enum err
vault_secret_get(struct bytes body, struct vault_secret *ret)
{
	struct reader r = reader_over(body);
	enum err e;

	if (body.n != sizeof(ret->store_key) + sizeof(ret->instance_seed))
		return ERR_SYNTAX;
	reader_copy(&r, ret->store_key, sizeof(ret->store_key));
	reader_copy(&r, ret->instance_seed, sizeof(ret->instance_seed));
	e = reader_end(&r);
	return e;
}

/* The numbers of a front's configuration, in their order on the wire. */
static const struct {
	const char *name;
	size_t offset;
} front_fields[] = {
	{ "connections", offsetof(struct front_config, connections) },
	{ "bytes", offsetof(struct front_config, bytes) },
	{ "rate", offsetof(struct front_config, rate) },
	{ "handshake", offsetof(struct front_config, handshake) },
	{ "header", offsetof(struct front_config, header) },
	{ "body", offsetof(struct front_config, body) },
	{ "answer", offsetof(struct front_config, answer) },
	{ "idle", offsetof(struct front_config, idle) },
	{ "drain", offsetof(struct front_config, drain) },
	{ "tls-1-2", offsetof(struct front_config, tls_1_2) },
};
#define FRONT_FIELDS (sizeof(front_fields) / sizeof(front_fields[0]))

void
front_config_put(struct buf *out, const struct front_config *c)
{
	uint64_t v;

	for (size_t i = 0; i < FRONT_FIELDS; i++) {
		memcpy(&v, (const char *)c + front_fields[i].offset, sizeof(v));
		lines_put_number(out, front_fields[i].name, v);
	}
	lines_put_hex(out, "work", c->work_key, sizeof(c->work_key));
}

enum err
front_config_get(struct bytes body, struct front_config *ret)
{
	struct lines l = lines_over(body);
	struct front_config c = { 0 };
	enum err e;
	uint64_t v;

	for (size_t i = 0; i < FRONT_FIELDS; i++) {
		v = lines_get_number(&l, front_fields[i].name, UINT64_MAX);
		memcpy((char *)&c + front_fields[i].offset, &v, sizeof(v));
	}
	lines_get_hex(&l, "work", c.work_key, sizeof(c.work_key));
	if ((e = lines_end(&l)) != ERR_OK)
		return e;
	if (c.rate == 0 || c.connections == 0)
		return ERR_SYNTAX;
	*ret = c;
	return ERR_OK;
}

void
front_secret_put(struct buf *out, const struct front_secret *s)
{
	buf_put_u32(out, (uint32_t)s->certificate.n);
	buf_put_bytes(out, s->certificate);
	buf_put_u32(out, (uint32_t)s->key.n);
	buf_put_bytes(out, s->key);
}

enum err
front_secret_get(struct bytes body, struct front_secret *ret)
{
	struct reader r = reader_over(body);
	struct front_secret s = { 0 };
	enum err e;

	s.certificate = reader_bytes(&r, reader_u32(&r));
	s.key = reader_bytes(&r, reader_u32(&r));
	if ((e = reader_end(&r)) != ERR_OK)
		return e;
	*ret = s;
	return ERR_OK;
}

void
web_page_put(struct buf *out, const struct web_page *p)
{
	buf_put_u8(out, p->is_gzip);
	buf_put_u8(out, (uint8_t)p->name.n);
	buf_put_bytes(out, p->name);
	buf_put_u32(out, (uint32_t)p->content.n);
	buf_put_bytes(out, p->content);
}

enum err
web_pages_get(struct bytes body, struct web_pages *ret)
{
	struct reader r = reader_over(body);
	struct web_pages pages = { 0 };
	struct web_page *p;

	while (r.err == ERR_OK && r.n > 0) {
		if (pages.n == WEB_FILES_MAX + 1)
			return ERR_LIMIT;
		p = &pages.page[pages.n++];
		p->is_gzip = reader_u8(&r) != 0;
		p->name = reader_bytes(&r, reader_u8(&r));
		p->content = reader_bytes(&r, reader_u32(&r));
		if (p->name.n > WEB_NAME_MAX)
			return ERR_SYNTAX;
	}
	if (r.err != ERR_OK)
		return r.err;
	*ret = pages;
	return ERR_OK;
}
