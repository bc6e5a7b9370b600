#include "client/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/env.h"

#define READ_LEN (4 * AGE_CHUNK)

/* --- recipients --- */

static enum exit_code
add_recipient(const struct term *t, struct bytes text,
    struct age_recipient *out, size_t cap, size_t *n)
{
	if (*n == cap)
		return term_fail(t, EXIT_USAGE, "At most %zu recipients.", cap);
	if (age_recipient_parse(text, &out[*n]) != ERR_OK)
		return term_fail(t, EXIT_USAGE,
		    "This is not an age recipient: %.*s",
		    (int)(text.n < 80 ? text.n : 80), (const char *)text.p);
	(*n)++;
	return EXIT_DONE;
}

static enum exit_code
add_file(const struct term *t, const char *path, struct age_recipient *out,
    size_t cap, size_t *n)
{
	struct buf x CLEAN_BUF = BUF_INIT(256 * 1024);
	enum exit_code code = file_read(t, path, &x);
	const char *at, *end;

	buf_put_str(&x, "\n");
	if (code == EXIT_DONE && x.err != ERR_OK)
		code = fail_err(t, x.err, path);
	if (code != EXIT_DONE)
		return code;
	at = (const char *)x.p;
	end = at + x.n;
	while (code == EXIT_DONE && at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)(newline - at);

		if (len > 0 && at[len - 1] == '\r')
			len--;
		if (len > 0 && *at != '#')
			code = add_recipient(t, BYTES((const uint8_t *)at, len),
			    out, cap, n);
		at = newline + 1;
	}
	return code;
}

enum exit_code
recipients_read(const struct term *t, const char *const *text, size_t n_text,
    const char *const *file, size_t n_file, struct age_recipient *out,
    size_t cap, size_t *ret_n)
{
	enum exit_code code = EXIT_DONE;
	size_t n = 0;

	for (size_t i = 0; code == EXIT_DONE && i < n_text; i++)
		code = add_recipient(t, bytes_str(text[i]), out, cap, &n);
	for (size_t i = 0; code == EXIT_DONE && i < n_file; i++)
		code = add_file(t, file[i], out, cap, &n);
	if (code == EXIT_DONE)
		*ret_n = n;
	return code;
}

/* --- the stream --- */

struct flow {
	int in;
	uint8_t *block;
	struct output out;
	struct progress progress;
};

static enum exit_code
flow_open(const struct stream *s, const char *label, struct flow *f)
{
	const char *in = s->in != NULL ? s->in : "-";
	struct stat st;

	*f = (struct flow){ .in = STDIN_FILENO };
	if (strcmp(in, "-") != 0)
		f->in = open(in, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (f->in < 0 || fstat(f->in, &st) != 0)
		return term_fail(s->term, EXIT_FAILED, "%s: %s.", in,
		    strerror(errno));
	f->block = malloc(READ_LEN);
	if (f->block == NULL)
		return fail_err(s->term, ERR_NOMEM, in);
	(void)posix_fadvise(f->in, 0, 0, POSIX_FADV_SEQUENTIAL);
	progress_start(&f->progress, label,
	    S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0);
	return output_open(s->term, s->out != NULL ? s->out : "-", FILE_PRIVATE,
	    s->over, &f->out);
}

static void
flow_close(struct flow *f)
{
	progress_end(&f->progress);
	output_close(&f->out);
	if (f->in > STDIN_FILENO)
		(void)close(f->in);
	bytes_wipe(f->block, f->block != NULL ? READ_LEN : 0);
	free(f->block);
}

/* The next bytes; none at the end. */
static enum err
flow_read(struct flow *f, struct bytes *ret)
{
	ssize_t n;

	do
		n = read(f->in, f->block, READ_LEN);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return ERR_IO;
	progress_add(&f->progress, (uint64_t)n);
	*ret = BYTES(f->block, (size_t)n);
	return ERR_OK;
}

static enum err
to_output(void *ctx, struct bytes x)
{
	return output_put(ctx, x);
}

static enum err
seal_header(struct flow *f, const uint8_t key[static AGE_FILE_KEY_LEN],
    const struct age_recipient *to, size_t n_to, struct bytes passphrase)
{
	struct buf header CLEAN_BUF = BUF_INIT(AGE_HEADER_MAX * 4);
	enum err err = n_to > 0
	    ? age_header_seal(&env_system, key, to, n_to, &header)
	    : age_header_seal_passphrase(&env_system, key, passphrase,
		  AGE_SCRYPT_WORK, &header);

	if (err == ERR_OK)
		err = header.err;
	return err == ERR_OK ? output_put(&f->out, buf_bytes(&header)) : err;
}

static enum err
seal_all(struct flow *f, struct age_writer *w)
{
	for (;;) {
		struct bytes x;
		enum err err = flow_read(f, &x);

		if (err != ERR_OK)
			return err;
		if (x.n == 0)
			return age_writer_finish(w);
		err = age_writer_put(w, x);
		if (err != ERR_OK)
			return err;
	}
}

enum exit_code
stream_seal(const struct stream *s, const struct age_recipient *to, size_t n_to,
    struct bytes passphrase)
{
	uint8_t key[AGE_FILE_KEY_LEN];
	struct age_writer *w = NULL;
	struct flow f;
	enum exit_code code = flow_open(s, "Sealing", &f);
	enum err err = ERR_OK;

	if (code == EXIT_DONE) {
		err = env_random(&env_system, key, sizeof(key));
		if (err == ERR_OK)
			err = seal_header(&f, key, to, n_to, passphrase);
		if (err == ERR_OK)
			err = age_writer_new(&env_system, key, to_output,
			    &f.out, &w);
		if (err == ERR_OK)
			err = seal_all(&f, w);
		w = age_writer_free(w);
		bytes_wipe(key, sizeof(key));
		if (err == ERR_DENIED)
			code = term_fail(s->term, EXIT_USAGE,
			    "Classic and post-quantum recipients are not mixed "
			    "in one file.");
		else
			code = err == ERR_OK
			    ? output_commit(&f.out)
			    : fail_err(s->term, err, "It could not be sealed");
	}
	flow_close(&f);
	return code;
}

static enum exit_code
open_failed(const struct term *t, enum age_result r, enum err err)
{
	switch (r) {
	case AGE_NO_MATCH:
		return term_fail(t, EXIT_SECRET,
		    "This file is not for the identity or passphrase given.");
	case AGE_UNSUPPORTED:
		return fail_err(t, ERR_UNSUPPORTED, "This file");
	case AGE_FAILED:
		return fail_err(t, err, "It could not be opened");
	case AGE_HEADER_BAD:
	case AGE_HMAC_BAD:
	case AGE_PAYLOAD_BAD:
	case AGE_ARMOR_BAD:
	case AGE_OK:
		break;
	}
	return term_fail(t, EXIT_REFUSED, "This file cannot be trusted: %s.",
	    age_result_text(r));
}

static enum exit_code
open_all(const struct stream *s, struct flow *f, struct age_reader *r)
{
	enum age_result result = AGE_OK;

	while (result == AGE_OK) {
		struct bytes x;
		enum err err = flow_read(f, &x);

		if (err != ERR_OK)
			return fail_err(s->term, err, "Reading");
		if (x.n == 0)
			break;
		result = age_reader_put(r, x);
	}
	if (result == AGE_OK)
		result = age_reader_finish(r);
	if (result != AGE_OK)
		return open_failed(s->term, result, age_reader_error(r));
	return output_commit(&f->out);
}

enum exit_code
stream_open(const struct stream *s, const struct age_keys *keys)
{
	struct age_reader *r = NULL;
	struct flow f;
	enum exit_code code = flow_open(s, "Opening", &f);
	enum err err;

	if (code == EXIT_DONE) {
		err = age_reader_new(keys, to_output, &f.out, &r);
		code = err == ERR_OK ? open_all(s, &f, r)
				     : fail_err(s->term, err, "Opening");
		r = age_reader_free(r);
	}
	flow_close(&f);
	return code;
}
