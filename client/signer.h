#pragma once

#include "client/file.h"
#include "crypto/env.h"
#include "crypto/note.h"

/*
 * Signing keys of policies and instances, as files of one line in the form that
 * other tools for signed notes use:
 *
 *   PRIVATE+KEY+NAME+KEYID+BASE64(0x01 || seed)
 *
 * with the key id (8 hex digits) of the public half.
 */
struct signer {
	struct note_key key;
	uint8_t seed[SIGN_SEED_LEN];
};
/* ERR_SYNTAX: the name has a space, a plus sign, or nothing in it. */
enum err signer_new(const struct env *env, const char *name, struct signer *ret)
    MUST_CHECK;
void signer_put(struct buf *out, const struct signer *s);
/* One line, its newline optional. */
enum err signer_parse(struct bytes text, struct signer *ret) MUST_CHECK;
void signer_wipe(struct signer *s);

enum exit_code signer_read(const struct passphrase *p, const char *path,
    struct signer *ret) MUST_CHECK;
