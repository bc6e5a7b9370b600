#include "client/ctl.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "client/ctl_config.h"
#include "crypto/codec.h"
#include "crypto/env.h"
#include "store/store.h"

/* What works on the store itself, with the daemon stopped: check, of a backup
 * too, and the counts of status. */

/* A state directory is one; a backup is a file. */
static bool
is_backup(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static enum exit_code
store_unusable(const struct term *t, const char *dir)
{
	char path[STORE_PATH_MAX];

	if (store_is_shut(dir, path))
		return term_fail(t, EXIT_FAILED,
		    "%s: %s. It takes the daemon's user, or root, and a disk "
		    "that can be written.",
		    path, strerror(errno));
	return fail_err(t, ERR_IO, dir);
}

enum exit_code
ctl_store_failed(const struct term *t, const char *dir, enum err err)
{
	switch ((int)err) {
	case ERR_NOT_FOUND:
		return term_fail(t, EXIT_FAILED,
		    "%s: there is no store. Its data would be in db/data.mdb "
		    "there.",
		    dir);
	case ERR_DENIED:
		return term_fail(t, EXIT_SECRET,
		    is_backup(dir) ? "%s: this store key does not fit. A "
				     "backup opens with the key of its time."
				   : "%s: this store key does not fit. Where "
				     "an epoch did not come to its end, run "
				     "that again.",
		    dir);
	case ERR_EXISTS:
		return term_fail(t, EXIT_FAILED,
		    "%s: the daemon has it open. Stop speakupd first.", dir);
	case ERR_VERSION:
		return term_fail(t, EXIT_FAILED,
		    "%s: written by a newer version of Speakup.", dir);
	case ERR_CORRUPT:
		return term_fail(t, EXIT_REFUSED,
		    "%s: the store is damaged. Keep a copy of the directory, "
		    "then restore from a backup.",
		    dir);
	case ERR_IO:
		return is_backup(dir) ? fail_err(t, err, dir)
				      : store_unusable(t, dir);
	default:
		return fail_err(t, err, dir);
	}
}

enum exit_code
ctl_store_key_read(const struct ctl_options *o, const struct term *t,
    const char *path, uint8_t key[static SHA256_LEN])
{
	struct passphrase p = ctl_passphrase(o, t);
	struct secret *s CLEAN_SECRET = NULL;
	enum exit_code code = key_file_read(&p, path, &s);
	struct bytes text;

	if (code != EXIT_DONE)
		return code;
	text = BYTES(secret_bytes(s), secret_len(s));
	if (text.n > 0 && text.p[text.n - 1] == '\n')
		text.n--;
	if (hex_decode(text, key, SHA256_LEN) != ERR_OK)
		return term_fail(t, EXIT_SECRET,
		    "%s does not hold a store key (64 hex digits).", path);
	return EXIT_DONE;
}

static void
on_found(void *ctx, enum store_finding f, uint64_t number)
{
	term_warn(ctx, "%s (%" PRIu64 ").", store_finding_text(f), number);
}

enum err
ctl_store_check(const struct term *t, const char *dir,
    const uint8_t key[static SHA256_LEN], uint64_t *ret_cases)
{
	struct store_config config = {
		.dir = dir, .key = key, .env = &env_system
	};
	struct store_report report = { 0 };
	enum err err =
	    store_check(&config, on_found, (void *)(uintptr_t)t, &report);

	if (err == ERR_OK)
		*ret_cases = report.cases;
	return err;
}

static enum exit_code
say_report(const struct ctl_options *o, const struct term *t,
    const struct store_report *r)
{
	if (!o->json) {
		term_say(t,
		    "%" PRIu64 " cases, %" PRIu64 " messages, %" PRIu64
		    " records, %" PRIu64 " uploads, %" PRIu64
		    " bytes read: %" PRIu64 " findings.",
		    r->cases, r->messages, r->records, r->uploads, r->bytes,
		    r->findings);
		return EXIT_DONE;
	}
	printf("{\"cases\":%" PRIu64 ",\"messages\":%" PRIu64
	       ",\"records\":%" PRIu64 ",\"uploads\":%" PRIu64
	       ",\"bytes\":%" PRIu64 ",\"findings\":%" PRIu64 "}\n",
	    r->cases, r->messages, r->records, r->uploads, r->bytes,
	    r->findings);
	return EXIT_DONE;
}

static enum exit_code
check_store(const struct ctl_options *o, const struct term *t, const char *dir,
    const char *key_path)
{
	uint8_t key[SHA256_LEN];
	struct store_config config = {
		.dir = dir, .key = key, .env = &env_system
	};
	struct store_report report = { 0 };
	enum exit_code code = ctl_store_key_read(o, t, key_path, key);
	enum err err;

	if (code != EXIT_DONE)
		return code;
	err = (is_backup(dir) ? store_check_copy : store_check)(&config,
	    on_found, (void *)(uintptr_t)t, &report);
	bytes_wipe(key, sizeof(key));
	if (err == ERR_OK)
		return say_report(o, t, &report);
	if (err == ERR_CORRUPT && report.findings > 0)
		(void)say_report(o, t, &report);
	return ctl_store_failed(t, dir, err);
}

enum exit_code
ctl_check(const void *values, const struct args *args)
{
	const struct ctl_options *o = values;
	struct term t = ctl_term(o);
	struct ctl_config config = { 0 };
	enum exit_code code = EXIT_DONE;

	if (o->config != NULL)
		code = ctl_config_read(&t, o->config, &config);
	if (code != EXIT_DONE)
		return code;
	if (args->n == 1)
		(void)snprintf(config.state, sizeof(config.state), "%s",
		    args->at[0]);
	if (o->store_key != NULL)
		(void)snprintf(config.store_key, sizeof(config.store_key), "%s",
		    o->store_key);
	if (config.state[0] == '\0' || config.store_key[0] == '\0')
		return term_fail(&t, EXIT_USAGE,
		    "Say --config FILE, or the state directory and --store-key "
		    "FILE.");
	return check_store(o, &t, config.state, config.store_key);
}

/* --- status --- */

enum exit_code
ctl_count_store(const struct ctl_options *o, const struct term *t,
    const struct ctl_config *c, struct ctl_counts *ret)
{
	uint8_t key[SHA256_LEN];
	struct store_config config = {
		.dir = c->state, .key = key, .env = &env_system, .no_new = true
	};
	struct store_counts counts;
	struct store *s = NULL;
	enum exit_code code = ctl_store_key_read(o, t, c->store_key, key);
	enum err err;

	if (code != EXIT_DONE)
		return code;
	err = store_open(&config, &s);
	bytes_wipe(key, sizeof(key));
	*ret = (struct ctl_counts){ .running = err == ERR_EXISTS,
		.none = err == ERR_NOT_FOUND };
	if (ret->running || ret->none)
		return EXIT_DONE;
	if (err != ERR_OK)
		return ctl_store_failed(t, c->state, err);
	store_counts(s, &counts);
	s = store_close(s);
	ret->cases = counts.cases;
	ret->uploads = counts.uploads;
	ret->used = counts.used;
	ret->size_max = counts.size_max;
	return EXIT_DONE;
}
