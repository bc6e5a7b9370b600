#include "crypto/manifest.h"

#include "crypto/codec.h"
#include "crypto/lines.h"
#include "crypto/utf8.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ATTACHMENTS "attachments/"
#define TEXT_NAME "message.txt"

void
author_key_name(char out[static NOTE_NAME_MAX + 1],
    const uint8_t case_id[static CASE_ID_LEN], uint16_t person)
{
	char hex[2 * CASE_ID_LEN + 1];

	hex_encode(hex, case_id, CASE_ID_LEN);
	if (person == PERSON_REPORTER)
		snprintf(out, NOTE_NAME_MAX + 1, "speakup/case/%s", hex);
	else
		snprintf(out, NOTE_NAME_MAX + 1, "speakup/person/%u",
		    (unsigned)person);
}

enum err
author_key_init(struct note_key *key, const uint8_t case_id[static CASE_ID_LEN],
    uint16_t person, const uint8_t pub[static SIGN_PUB_LEN])
{
	char name[NOTE_NAME_MAX + 1];
	uint8_t made[CASE_ID_LEN];
	enum err err = case_id_of(pub, made);

	if (err != ERR_OK)
		return err;
	if (person == PERSON_REPORTER &&
	    memcmp(made, case_id, CASE_ID_LEN) != 0)
		return ERR_BAD_SIG;
	author_key_name(name, case_id, person);
	return note_key_init(key, name, pub);
}

enum err
author_sign(const char *space, struct bytes body,
    const uint8_t case_id[static CASE_ID_LEN], uint16_t person,
    const uint8_t seed[static SIGN_SEED_LEN], struct buf *out)
{
	char name[NOTE_NAME_MAX + 1];
	uint8_t pub[SIGN_PUB_LEN];
	struct note_key key;
	enum err e;

	author_key_name(name, case_id, person);
	if ((e = sign_public(seed, pub)) != ERR_OK ||
	    (e = note_key_init(&key, name, pub)) != ERR_OK)
		return e;
	return note_sign(space, body, &key, seed, out);
}

enum err
author_verify(struct bytes x, const char *space,
    const uint8_t case_id[static CASE_ID_LEN], uint16_t person,
    const uint8_t pub[static SIGN_PUB_LEN])
{
	char name[NOTE_NAME_MAX + 1];
	struct note_key key;
	struct note note;
	enum err e;

	author_key_name(name, case_id, person);
	if ((e = note_parse(x, space, &note)) != ERR_OK ||
	    (e = note_key_init(&key, name, pub)) != ERR_OK)
		return e;
	return note_verify(&note, &key, 1, 1);
}

struct manifest *
manifest_new(void)
{
	return calloc(1, sizeof(struct manifest));
}

struct manifest *
manifest_free(struct manifest *m)
{
	if (m != NULL)
		bytes_wipe(m, sizeof(*m));
	free(m);
	return NULL;
}

/* --- file names --- */

static bool
is_direction_or_separator(uint32_t c)
{
	return c == 0x061c || c == 0x200e || c == 0x200f ||
	    (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
	    c == 0xfeff;
}

static bool
is_device_name(struct bytes name)
{
	static const char *const device[] = { "con", "prn", "aux", "nul" };
	const char *p = (const char *)name.p;
	size_t n = 0;

	while (n < name.n && p[n] != '.' && p[n] != ' ')
		n++;
	if (n == 4)
		return (strncasecmp(p, "com", 3) == 0 ||
			   strncasecmp(p, "lpt", 3) == 0) &&
		    isdigit(name.p[3]);
	for (size_t i = 0; n == 3 && i < 4; i++) {
		if (strncasecmp(p, device[i], 3) == 0)
			return true;
	}
	return false;
}

bool
manifest_name_ok(struct bytes name)
{
	struct bytes rest = name;
	uint32_t c;

	if (name.n == 0 || name.n > SEALED_NAME_MAX ||
	    !text_is_printable(name) || is_device_name(name) ||
	    memchr(".- ", name.p[0], 3) != NULL ||
	    memchr(". ", name.p[name.n - 1], 2) != NULL)
		return false;
	while (utf8_next(&rest, &c)) {
		if ((c < 0x80 && strchr("/\\<>:\"|?*", (int)c) != NULL) ||
		    is_direction_or_separator(c))
			return false;
	}
	return true;
}

/* Case is not told apart, as on many disks. */
static bool
has_file(const struct manifest *m, const char *name)
{
	for (size_t i = 0; i < m->n_files; i++) {
		if (strcasecmp(m->file[i].name, name) == 0)
			return true;
	}
	return false;
}

enum err
manifest_add_file(struct manifest *m, const char *name, uint64_t size,
    const uint8_t sha256[static SHA256_LEN])
{
	const size_t dir = sizeof(ATTACHMENTS) - 1;
	struct manifest_file *f;

	if (m->n_files == SEALED_FILES_MAX || size > SEALED_FILE_MAX)
		return ERR_LIMIT;
	if (strncmp(name, ATTACHMENTS, dir) == 0) {
		if (!manifest_name_ok(bytes_str(name + dir)) ||
		    has_file(m, name))
			return ERR_SYNTAX;
	} else if (strcmp(name, TEXT_NAME) != 0 || m->n_files > 0) {
		return ERR_SYNTAX;
	}
	f = &m->file[m->n_files++];
	memcpy(f->name, name, strlen(name) + 1);
	f->size = size;
	memcpy(f->sha256, sha256, SHA256_LEN);
	return ERR_OK;
}

/* --- writing --- */

static void
put_person(struct buf *out, uint16_t person)
{
	if (person == PERSON_REPORTER)
		buf_put_str(out, "reporter");
	else
		buf_printf(out, "%u", (unsigned)person);
}

static void
put_head(const struct manifest *m, struct buf *out)
{
	lines_put_str(out, "kind", message_kind_name(m->kind));
	lines_put_hex(out, "case", m->case_id, CASE_ID_LEN);
	lines_put_str(out, "chain", chain_name(message_kind_chain(m->kind)));
	buf_put_str(out, "author: ");
	put_person(out, m->author);
	buf_put_u8(out, '\n');
	lines_put_number(out, "seq", m->seq);
	lines_put_hex(out, "prev", m->prev, LINK_LEN);
	for (size_t i = 0; i < m->n_seen; i++)
		lines_put_hex(out, "seen", m->seen[i], LINK_LEN);
	lines_put_hex(out, "policy", m->policy, SHA256_LEN);
	lines_put_number(out, "route", m->route);
	buf_printf(out, "band: P%u\n", (unsigned)m->band);
	for (size_t i = 0; i < m->n_exclude; i++)
		lines_put_number(out, "exclude", m->exclude[i]);
	for (size_t i = 0; i < m->n_answers; i++)
		buf_printf(out, "answer: %s=%s\n", m->answer[i].field,
		    m->answer[i].value);
}

void
manifest_put(const struct manifest *m, struct buf *out)
{
	char hex[2 * SHA256_LEN + 1];

	put_head(m, out);
	if (m->kind == MESSAGE_CONCERN) {
		lines_put_str(out, "reply", m->reply);
		lines_put_hex(out, "mailbox", m->mailbox, SHA256_LEN);
	}
	for (size_t i = 0; i < m->n_files; i++) {
		hex_encode(hex, m->file[i].sha256, SHA256_LEN);
		buf_printf(out, "file: %llu %s %s\n",
		    (unsigned long long)m->file[i].size, hex, m->file[i].name);
	}
	for (size_t i = 0; i < m->n_to; i++) {
		hex_encode(hex, m->to[i].sha256, SHA256_LEN);
		buf_put_str(out, "to: ");
		put_person(out, m->to[i].person);
		buf_printf(out, " %s\n", hex);
	}
}
