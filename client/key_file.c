#include "client/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/age.h"

static enum exit_code
secret_failed(const struct passphrase *p, enum err err)
{
	if (err == ERR_NOT_FOUND)
		return term_fail(p->term, EXIT_SECRET,
		    "A passphrase is needed, and there is no terminal to ask "
		    "on. Programs give one with --passphrase-fd.");
	return term_fail(p->term, EXIT_SECRET,
	    "The passphrase could not be read.");
}

enum err
secret_line(int fd, struct secret **ret)
{
	struct secret *s CLEAN_SECRET = NULL;
	enum err err = secret_new(TERM_LINE_MAX, &s);
	size_t n = 0;

	while (err == ERR_OK) {
		ssize_t got;

		if (n == TERM_LINE_MAX)
			return ERR_LIMIT;
		got = read(fd, secret_bytes(s) + n, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || (got == 0 && n == 0))
			return ERR_IO;
		if (got == 0 || secret_bytes(s)[n] == '\n')
			break;
		n++;
	}
	if (err != ERR_OK)
		return err;
	secret_truncate(s, n);
	*ret = s;
	s = NULL;
	return ERR_OK;
}

static bool
fd_number(const char *text, int *ret)
{
	char *end;
	long v = strtol(text, &end, 10);

	if (*text == '\0' || *end != '\0' || v < 0 || v > 1023)
		return false;
	*ret = (int)v;
	return true;
}

static enum exit_code
from_fd(const struct passphrase *p, struct secret **ret)
{
	int fd;
	enum err err;

	if (!fd_number(p->fd, &fd))
		return term_fail(p->term, EXIT_USAGE,
		    "--passphrase-fd takes the number of a descriptor.");
	err = secret_line(fd, ret);
	return err == ERR_OK ? EXIT_DONE : secret_failed(p, err);
}

enum exit_code
passphrase_get(const struct passphrase *p, const char *prompt,
    struct secret **ret)
{
	enum err err;

	if (p->fd != NULL)
		return from_fd(p, ret);
	err = term_secret(p->term, prompt, ret);
	return err == ERR_OK ? EXIT_DONE : secret_failed(p, err);
}

enum exit_code
passphrase_get_new(const struct passphrase *p, const char *prompt,
    struct secret **ret)
{
	enum err err;

	if (p->fd != NULL)
		return from_fd(p, ret);
	err = term_new_secret(p->term, prompt, ret);
	return err == ERR_OK ? EXIT_DONE : secret_failed(p, err);
}

/* --- reading --- */

static bool
starts_with(struct bytes x, const char *with)
{
	return x.n >= strlen(with) && memcmp(x.p, with, strlen(with)) == 0;
}

static bool
is_age_file(struct bytes x)
{
	return starts_with(x, "age-encryption.org/") ||
	    starts_with(x, "-----BEGIN AGE");
}

static enum exit_code
decrypt(const struct passphrase *p, const char *path, struct bytes file,
    struct secret **ret)
{
	struct secret *word CLEAN_SECRET = NULL;
	struct buf plain CLEAN_BUF = BUF_INIT(KEY_FILE_MAX);
	struct age_keys keys = { 0 };
	enum age_result r;
	enum exit_code code = passphrase_get(p, "Passphrase: ", &word);
	enum err err;

	if (code != EXIT_DONE)
		return code;
	keys.passphrase = BYTES(secret_bytes(word), secret_len(word));
	r = age_open(&keys, file, &plain);
	if (r == AGE_NO_MATCH)
		return term_fail(p->term, EXIT_SECRET,
		    "This is not the passphrase of %s.", path);
	if (r != AGE_OK)
		return term_fail(p->term, EXIT_FAILED, "%s: %s.", path,
		    age_result_text(r));
	err = secret_copy(buf_bytes(&plain), ret);
	return err == ERR_OK ? EXIT_DONE : fail_err(p->term, err, path);
}

enum exit_code
key_file_read(const struct passphrase *p, const char *path, struct secret **ret)
{
	struct buf file CLEAN_BUF = BUF_INIT(KEY_FILE_MAX);
	enum exit_code code = file_read(p->term, path, &file);
	enum err err;

	if (code != EXIT_DONE)
		return code;
	if (is_age_file(buf_bytes(&file)))
		return decrypt(p, path, buf_bytes(&file), ret);
	err = secret_copy(buf_bytes(&file), ret);
	return err == ERR_OK ? EXIT_DONE : fail_err(p->term, err, path);
}

/* --- writing --- */

static enum err
to_buf(void *ctx, struct bytes x)
{
	struct buf *out = ctx;

	buf_put_bytes(out, x);
	return out->err;
}

static enum err
encrypt(struct bytes text, struct bytes word, unsigned work, struct buf *out)
{
	uint8_t key[AGE_FILE_KEY_LEN];
	struct age_writer *w = NULL;
	enum err err = env_random(&env_system, key, sizeof(key));

	if (err == ERR_OK)
		err = age_header_seal_passphrase(&env_system, key, word, work,
		    out);
	if (err == ERR_OK)
		err = age_writer_new(&env_system, key, to_buf, out, &w);
	if (err == ERR_OK)
		err = age_writer_put(w, text);
	if (err == ERR_OK)
		err = age_writer_finish(w);
	w = age_writer_free(w);
	bytes_wipe(key, sizeof(key));
	return err == ERR_OK ? out->err : err;
}

enum exit_code
key_file_write(const struct passphrase *p, const char *path, struct bytes text,
    unsigned work)
{
	struct buf out CLEAN_BUF = BUF_INIT(2 * KEY_FILE_MAX);
	struct secret *word CLEAN_SECRET = NULL;
	enum exit_code code;
	enum err err;

	if (work == 0)
		return file_write(p->term, path, text, FILE_PRIVATE, false);
	code = passphrase_get_new(p, "New passphrase: ", &word);
	if (code != EXIT_DONE)
		return code;
	err = encrypt(text, BYTES(secret_bytes(word), secret_len(word)), work,
	    &out);
	if (err != ERR_OK)
		return fail_err(p->term, err, path);
	return file_write(p->term, path, buf_bytes(&out), FILE_PRIVATE, false);
}
