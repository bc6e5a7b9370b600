#include <string.h>

#include "crypto/age_stanza.h"
#include "crypto/codec.h"
#include "crypto/hpke.h"
#include "crypto/mlkem.h"

static const struct hpke_suite suite = {
	.kem = KEM_MLKEM768_X25519,
	.aead = HPKE_CHACHA20_POLY1305,
};

#define INFO BYTES_LIT("age-encryption.org/mlkem768x25519")

_Static_assert(AGE_HYBRID_PUB_LEN == KEM_PUB_MAX, "length of a recipient");

bool
age_hybrid_available(void)
{
	return mlkem_available();
}

static enum err
put_stanza(struct bytes sealed, struct buf *out)
{
	CLEAN_BUF struct buf args = BUF_INIT(2048);

	buf_put_str(&args, "mlkem768x25519 ");
	base64_put(&args, BYTES(sealed.p, KEM_ENC_MAX), B64_UNPADDED);
	if (args.err != ERR_OK)
		return args.err;
	age_stanza_put(out, buf_bytes(&args), sealed.p + KEM_ENC_MAX);
	return out->err;
}

enum err
age_hybrid_wrap(const struct env *env,
    const uint8_t recipient[static AGE_HYBRID_PUB_LEN],
    const uint8_t file_key[static AGE_FILE_KEY_LEN], struct buf *out)
{
	CLEAN_BUF struct buf sealed = BUF_INIT(KEM_ENC_MAX + AGE_WRAPPED_LEN);
	enum err err;

	err = hpke_seal_once(env, suite, recipient, INFO, BYTES(NULL, 0),
	    BYTES(file_key, AGE_FILE_KEY_LEN), &sealed);
	if (err != ERR_OK)
		return err;
	return put_stanza(buf_bytes(&sealed), out);
}

enum err
age_hybrid_unwrap(const struct age_stanza *s,
    const uint8_t identity[static AGE_IDENTITY_LEN],
    uint8_t file_key[static AGE_FILE_KEY_LEN])
{
	CLEAN_BUF struct buf plain = BUF_INIT(AGE_FILE_KEY_LEN);
	struct hpke *h;
	enum err err;

	err = hpke_receiver(suite, identity, BYTES(s->share, KEM_ENC_MAX), INFO,
	    &h);
	if (err != ERR_OK)
		return err;
	err = hpke_open(h, BYTES(NULL, 0), BYTES(s->wrapped, AGE_WRAPPED_LEN),
	    &plain);
	if (err == ERR_OK)
		memcpy(file_key, plain.p, AGE_FILE_KEY_LEN);
	hpke_free(h);
	return err == ERR_CORRUPT ? ERR_NOT_FOUND : err;
}
