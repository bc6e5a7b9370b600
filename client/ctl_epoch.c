#include "client/ctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/ctl_config.h"
#include "client/json.h"
#include "crypto/codec.h"
#include "crypto/env.h"
#include "store/store.h"

/*
 * A store gets a new key, and the old one goes. Whenever this is interrupted,
 * either the file of the store key or the one beside it (.new) has the key that
 * opens the store, and the same command goes on from there:
 *
 *	1  the store is checked with the old key
 *	2  the new key is on the disk, beside the old one
 *	3  everything that the old key sealed is sealed again: one transaction
 *	4  the data file is written anew, without old pages, and renamed
 *	5  the store is checked with the new key
 *	6  the new key's file takes the old one's place: the old key is gone
 */

#define NEW ".new"

struct epoch {
	const struct ctl_options *o;
	const struct term *t;
	const char *dir;
	char *path, *beside; /* of the store key, old and new */
	uint8_t old[STORE_KEY_LEN], next[STORE_KEY_LEN];
	uint64_t cases;
	bool compacted;
};

static struct store_config
config_of(const struct epoch *x, const uint8_t *key)
{
	return (struct store_config){
		.dir = x->dir, .key = key, .env = &env_system
	};
}

/* --- keys --- */

/* As the old one's file, so that whoever could read that can read this. */
static enum exit_code
write_beside(const struct epoch *x, struct bytes text)
{
	struct stat st;
	enum exit_code code =
	    file_write(x->t, x->beside, text, FILE_PRIVATE, false);

	if (code != EXIT_DONE)
		return code;
	if (stat(x->path, &st) != 0 ||
	    (st.st_uid != geteuid() &&
		chown(x->beside, st.st_uid, st.st_gid) != 0)) {
		(void)term_fail(x->t, EXIT_FAILED, "%s: %s.", x->beside,
		    strerror(errno));
		(void)unlink(x->beside);
		return EXIT_FAILED;
	}
	return file_sync_place(x->t, x->beside);
}

static enum exit_code
draw_key(const struct epoch *x)
{
	char hex[2 * STORE_KEY_LEN + 2];
	uint8_t key[STORE_KEY_LEN];
	enum err err = env_random(&env_system, key, sizeof(key));
	enum exit_code code;

	if (err != ERR_OK)
		return fail_err(x->t, err, "The key could not be made");
	hex_encode(hex, key, sizeof(key));
	hex[sizeof(hex) - 2] = '\n';
	code = write_beside(x, BYTES((uint8_t *)hex, sizeof(hex) - 1));
	bytes_wipe(key, sizeof(key));
	bytes_wipe(hex, sizeof(hex));
	return code;
}

/* As it is, behind its passphrase where it has one. */
static enum exit_code
copy_key(const struct epoch *x)
{
	struct buf text CLEAN_BUF = BUF_INIT(KEY_FILE_MAX);
	enum exit_code code = file_read(x->t, x->o->new_key, &text);

	if (code == EXIT_DONE)
		code = write_beside(x, buf_bytes(&text));
	bytes_wipe(text.p, text.n);
	return code;
}

/* A file that is not the key itself has a passphrase. */
static bool
has_passphrase(const struct epoch *x)
{
	struct stat st;

	return stat(x->path, &st) == 0 && st.st_size > 2 * STORE_KEY_LEN + 1;
}

static enum exit_code
make_beside(const struct epoch *x)
{
	if (x->o->new_key != NULL)
		return copy_key(x);
	if (has_passphrase(x))
		return term_fail(x->t, EXIT_USAGE,
		    "This key has a passphrase. Make the next one with "
		    "speakupctl key new --kind store --passphrase, and say "
		    "--new-key FILE.");
	return draw_key(x);
}

/* The key that is, or is put, beside the old one. */
static enum exit_code
next_key(struct epoch *x)
{
	uint8_t given[STORE_KEY_LEN];
	bool is_there = access(x->beside, F_OK) == 0;
	enum exit_code code = EXIT_DONE;

	if (x->o->new_key != NULL)
		code = ctl_store_key_read(x->o, x->t, x->o->new_key, given);
	if (code == EXIT_DONE && x->o->new_key != NULL &&
	    bytes_equal_ct(given, x->old, sizeof(given)))
		code = term_fail(x->t, EXIT_FAILED,
		    "%s: that is the key which the store has. Nothing was "
		    "changed.",
		    x->o->new_key);
	if (code == EXIT_DONE && !is_there)
		code = make_beside(x);
	if (code == EXIT_DONE)
		code = ctl_store_key_read(x->o, x->t, x->beside, x->next);
	if (code == EXIT_DONE && x->o->new_key != NULL &&
	    !bytes_equal_ct(given, x->next, sizeof(given)))
		code = term_fail(x->t, EXIT_FAILED,
		    "%s is there, from an epoch that did not come to its end, "
		    "and holds another key. Leave --new-key out.",
		    x->beside);
	bytes_wipe(given, sizeof(given));
	return code;
}

/* --- the store --- */

static enum exit_code
store_seal_again(struct epoch *x)
{
	struct store_config config = config_of(x, x->old);
	enum exit_code code = next_key(x);
	enum err err;

	if (code != EXIT_DONE)
		return code;
	err = store_rekey(&config, x->next);
	return err == ERR_OK ? EXIT_DONE : ctl_store_failed(x->t, x->dir, err);
}

/* The old key opens nothing: an epoch was interrupted, or it is no key of this
 * store. */
static enum exit_code
store_goes_on(struct epoch *x)
{
	enum exit_code code;
	enum err err;

	if (x->o->new_key == NULL && access(x->beside, F_OK) != 0)
		return term_fail(x->t, EXIT_SECRET,
		    "%s: this store key does not fit, and no key of an "
		    "interrupted epoch lies beside it.",
		    x->dir);
	code = next_key(x);
	if (code != EXIT_DONE)
		return code;
	err = ctl_store_check(x->t, x->dir, x->next, &x->cases);
	return err == ERR_OK ? EXIT_DONE : ctl_store_failed(x->t, x->dir, err);
}

static enum exit_code
store_renew(struct epoch *x)
{
	enum err err = ctl_store_check(x->t, x->dir, x->old, &x->cases);

	if (err == ERR_OK)
		return store_seal_again(x);
	if (err == ERR_DENIED)
		return store_goes_on(x);
	return ctl_store_failed(x->t, x->dir, err);
}

static enum exit_code
store_scrub(struct epoch *x)
{
	struct store_config config = config_of(x, x->next);
	enum err err = store_compact(&config);

	x->compacted = err == ERR_OK;
	if (err == ERR_FULL) {
		term_warn(x->t,
		    "There is no room to write the store anew: old pages stay "
		    "in its file. Only the old key opens them.");
		return EXIT_DONE;
	}
	return err == ERR_OK ? EXIT_DONE : ctl_store_failed(x->t, x->dir, err);
}

/* --- the whole --- */

static enum exit_code
replace_key(const struct epoch *x)
{
	if (rename(x->beside, x->path) != 0)
		return term_fail(x->t, EXIT_FAILED, "%s: %s.", x->path,
		    strerror(errno));
	return file_sync_place(x->t, x->path);
}

static enum exit_code
run_steps(struct epoch *x)
{
	enum exit_code code = store_renew(x);
	enum err err;

	if (code == EXIT_DONE)
		code = store_scrub(x);
	if (code != EXIT_DONE)
		return code;
	err = ctl_store_check(x->t, x->dir, x->next, &x->cases);
	if (err != ERR_OK)
		return ctl_store_failed(x->t, x->dir, err);
	return replace_key(x);
}

static enum exit_code
run(struct epoch *x)
{
	int hold;
	enum err err = store_hold_backups(x->dir, &hold);
	enum exit_code code;

	if (err == ERR_EXISTS)
		return term_fail(x->t, EXIT_FAILED,
		    "%s: a backup or another epoch is under way. Wait until "
		    "it is done.",
		    x->dir);
	if (err == ERR_NOT_FOUND)
		return term_fail(x->t, EXIT_FAILED, "%s: there is no store.",
		    x->dir);
	if (err != ERR_OK)
		return fail_err(x->t, err, x->dir);
	code = run_steps(x);
	(void)close(hold);
	return code;
}

static enum exit_code
say_done(const struct epoch *x)
{
	if (x->o->json)
		return json_print(x->t,
		    json_pack("{s:s, s:I, s:b}", "store_key", x->path, "cases",
			(json_int_t)x->cases, "compacted", x->compacted));
	term_say(x->t, "The store has a new key: %s.", x->path);
	term_say(x->t,
	    "Backups of before do not open with it. Make one now, and remove "
	    "the old ones.");
	term_say(x->t,
	    "The old key is not in that file any more. Whoever has a copy of "
	    "it still opens old backups, and what was destroyed since they "
	    "were made: remove it from backups of the machine, from snapshots, "
	    "and from credentials (speakupctl(8) says how).");
	return EXIT_DONE;
}

/* The file itself where the name is a link to it: it is what has to go. */
static enum exit_code
find_key(struct epoch *x, const char *name)
{
	x->path = realpath(name, NULL);
	if (x->path == NULL)
		return term_fail(x->t, EXIT_FAILED, "%s: %s.", name,
		    strerror(errno));
	if (asprintf(&x->beside, "%s" NEW, x->path) < 0) {
		x->beside = NULL;
		return fail_err(x->t, ERR_NOMEM, name);
	}
	return ctl_store_key_read(x->o, x->t, x->path, x->old);
}

enum exit_code
ctl_epoch(const void *values, const struct args *args)
{
	const struct ctl_options *o = values;
	struct term t = ctl_term(o);
	struct epoch x = { .o = o, .t = &t };
	struct ctl_config config;
	const char *key = o->store_key;
	enum exit_code code;

	(void)args;
	if (o->config == NULL)
		return term_fail(&t, EXIT_USAGE, "Say --config FILE.");
	code = ctl_config_read(&t, o->config, &config);
	if (code != EXIT_DONE)
		return code;
	if (key == NULL)
		key = config.store_key;
	if (key[0] == '\0')
		return term_fail(&t, EXIT_USAGE,
		    "The configuration names no store key: it is a credential. "
		    "speakupctl(8) says how a credential is replaced.");
	x.dir = config.state;
	code = find_key(&x, key);
	if (code == EXIT_DONE)
		code = run(&x);
	bytes_wipe(x.old, sizeof(x.old));
	bytes_wipe(x.next, sizeof(x.next));
	if (code == EXIT_DONE)
		code = say_done(&x);
	free(x.path);
	free(x.beside);
	return code;
}
