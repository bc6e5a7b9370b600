#include "client/ctl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "client/ctl_config.h"
#include "client/hold.h"
#include "client/json.h"
#include "crypto/codec.h"
#include "crypto/env.h"
#include "store/store.h"

/*
 * speakup-YYYYMMDD.db, speakup-YYYYMMDD-2.db, …: a copy of a store, as sealed
 * as the store is. The name says on which day (UTC) it was made, which the
 * file's own time says too.
 */

/* A copy during which so much was written is given up: every commit takes new
 * room while it lasts. */
#define GROWTH_MAX (1024ull * 1024 * 1024)
/* What is not yet on the disk is never more, so that a commit of the daemon
 * that has to wait for it waits for little. */
#define SYNC_EVERY (8ull * 1024 * 1024)

#define PATH_LEN 1024
#define NUMBER_MAX 9999

struct name {
	uint32_t day, number;
	bool unfinished; /* what a backup left that was killed */
};

struct backup {
	const struct ctl_options *o;
	const struct term *t;
	const char *dir;
	char path[PATH_LEN];
	struct output out;
	struct progress progress;
	struct hold hold;
	uint64_t bytes, synced;
	uint64_t removed;
	int error; /* errno of a failed write */
};

/* --- names --- */

static bool
take_number(const char **at, size_t min, size_t max, uint32_t *ret)
{
	size_t n = strspn(*at, "0123456789");

	if (n < min || n > max)
		return false;
	*ret = (uint32_t)strtoul(*at, NULL, 10);
	*at += n;
	return true;
}

static bool
take_text(const char **at, const char *text)
{
	size_t n = strlen(text);

	if (strncmp(*at, text, n) != 0)
		return false;
	*at += n;
	return true;
}

/* A name of ours; output_open adds ".PID~" to what it has not finished. */
static bool
name_parse(const char *at, struct name *ret)
{
	struct name x = { .number = 1 };
	uint32_t pid;

	if (!take_text(&at, "speakup-") || !take_number(&at, 8, 8, &x.day))
		return false;
	if (*at == '-' && (at++, !take_number(&at, 1, 4, &x.number)))
		return false;
	if (!take_text(&at, ".db"))
		return false;
	if (*at == '.')
		x.unfinished =
		    (at++, take_number(&at, 1, 9, &pid)) && take_text(&at, "~");
	if (*at != '\0')
		return false;
	*ret = x;
	return true;
}

static bool
is_older(const struct name *a, const struct name *b)
{
	return a->day != b->day ? a->day < b->day : a->number < b->number;
}

/* What is in the place for backups. */
struct found {
	uint64_t count;
	struct name oldest;
	char oldest_name[NAME_MAX + 1]; /* but for the one just made */
	uint32_t last; /* the largest number of the day that was asked for */
};

static void
found_add(struct found *f, const struct name *x, const char *name, uint32_t day,
    const char *made)
{
	if (x->day == day && x->number > f->last)
		f->last = x->number;
	f->count++;
	if (strcmp(name, made) != 0 &&
	    (f->oldest_name[0] == '\0' || is_older(x, &f->oldest))) {
		f->oldest = *x;
		(void)snprintf(f->oldest_name, sizeof(f->oldest_name), "%s",
		    name);
	}
}

/* Removes what is unfinished on the way: whoever calls has the lock. */
static enum exit_code
look(const struct backup *b, uint32_t day, struct found *ret)
{
	const char *slash = strrchr(b->path, '/');
	struct found f = { 0 };
	DIR *d = opendir(b->dir);
	struct dirent *entry;
	struct name x;

	if (d == NULL)
		return term_fail(b->t, EXIT_FAILED, "%s: %s.", b->dir,
		    strerror(errno));
	while ((entry = readdir(d)) != NULL) {
		if (!name_parse(entry->d_name, &x))
			continue;
		if (x.unfinished)
			(void)unlinkat(dirfd(d), entry->d_name, 0);
		else
			found_add(&f, &x, entry->d_name, day,
			    slash == NULL ? "" : slash + 1);
	}
	(void)closedir(d);
	*ret = f;
	return EXIT_DONE;
}

static enum exit_code
choose_name(struct backup *b)
{
	char day[11], digits[9], suffix[16] = "";
	struct found f;
	enum exit_code code;

	day_format(day, env_now(&env_system) / DAY_SECONDS);
	(void)snprintf(digits, sizeof(digits), "%.4s%.2s%.2s", day, day + 5,
	    day + 8);
	code = look(b, (uint32_t)strtoul(digits, NULL, 10), &f);
	if (code != EXIT_DONE)
		return code;
	if (f.last >= NUMBER_MAX)
		return term_fail(b->t, EXIT_FAILED,
		    "%s: too many backups of one day.", b->dir);
	if (f.last > 0)
		(void)snprintf(suffix, sizeof(suffix), "-%" PRIu32, f.last + 1);
	if (snprintf(b->path, sizeof(b->path), "%s/speakup-%s%s.db", b->dir,
		digits, suffix) >= (int)sizeof(b->path))
		return fail_err(b->t, ERR_LIMIT, b->dir);
	return EXIT_DONE;
}

static enum exit_code
remove_older(struct backup *b)
{
	char path[PATH_LEN];
	struct found f;
	enum exit_code code;

	if (b->o->keep == 0)
		return EXIT_DONE;
	while ((code = look(b, 0, &f)) == EXIT_DONE && f.count > b->o->keep) {
		if (snprintf(path, sizeof(path), "%s/%s", b->dir,
			f.oldest_name) >= (int)sizeof(path) ||
		    unlink(path) != 0)
			return term_fail(b->t, EXIT_FAILED,
			    "%s could not be removed from %s: %s.",
			    f.oldest_name, b->dir, strerror(errno));
		b->removed++;
	}
	return code;
}

/* --- the copy --- */

static enum err
take(void *ctx, struct bytes x, uint64_t total)
{
	struct backup *b = ctx;

	if (b->bytes == 0)
		progress_start(&b->progress, "Copying", total);
	if (hold_is_over())
		return ERR_EXPIRED;
	if (output_put(&b->out, x) != ERR_OK) {
		b->error = errno;
		return ERR_FULL;
	}
	b->bytes += x.n;
	if (b->bytes - b->synced >= SYNC_EVERY) {
		(void)fdatasync(b->out.fd); /* output_commit looks */
		b->synced = b->bytes;
	}
	progress_add(&b->progress, x.n);
	return ERR_OK;
}

static enum exit_code
copy_failed(const struct backup *b, const char *state, enum err err)
{
	switch ((int)err) {
	case ERR_FULL:
		return term_fail(b->t, EXIT_FAILED, "%s: %s.", b->path,
		    strerror(b->error));
	case ERR_NOT_FOUND:
		return term_fail(b->t, EXIT_FAILED, "%s: there is no store.",
		    state);
	case ERR_EXISTS:
		return term_fail(b->t, EXIT_FAILED,
		    "%s: the store is being given a new key. Make a backup "
		    "when that is done.",
		    state);
	case ERR_CORRUPT:
		return term_fail(b->t, EXIT_REFUSED,
		    "%s: an earlier write failed, or the store is damaged. Run "
		    "speakupctl check first.",
		    state);
	case ERR_LIMIT:
		return term_fail(b->t, EXIT_FAILED,
		    "%s: the store grew by more than 1 GiB meanwhile. This "
		    "place is too slow for backups.",
		    b->dir);
	case ERR_EXPIRED:
		return term_fail(b->t, EXIT_FAILED,
		    "Interrupted; nothing was kept.");
	default:
		return fail_err(b->t, err, state);
	}
}

static enum exit_code
copy(struct backup *b, const char *state)
{
	enum exit_code code =
	    output_open(b->t, b->path, FILE_PRIVATE, false, &b->out);
	enum err err;

	if (code != EXIT_DONE)
		return code;
	err = store_backup(state, GROWTH_MAX, take, b);
	progress_end(&b->progress);
	code =
	    err == ERR_OK ? output_commit(&b->out) : copy_failed(b, state, err);
	output_close(&b->out);
	return code == EXIT_DONE ? file_sync_place(b->t, b->path) : code;
}

static enum exit_code
say_done(const struct backup *b)
{
	if (b->o->json)
		return json_print(b->t,
		    json_pack("{s:s, s:I, s:I}", "file", b->path, "bytes",
			(json_int_t)b->bytes, "removed",
			(json_int_t)b->removed));
	term_say(b->t, "%s: %" PRIu64 " KiB%s.", b->path, b->bytes / 1024,
	    b->removed > 0 ? "; older ones were removed" : "");
	term_say(b->t,
	    "It opens with the store key of today, and has every case of "
	    "today. One that is destroyed later is still in it, until "
	    "speakupctl epoch has given the store a new key and destroyed this "
	    "one.");
	return EXIT_DONE;
}

static enum exit_code
lock_place(const struct backup *b, int *ret)
{
	int fd = open(b->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return term_fail(b->t, EXIT_FAILED, "%s: %s.", b->dir,
		    strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		(void)close(fd);
		return term_fail(b->t, EXIT_FAILED,
		    "%s: another backup is being made there.", b->dir);
	}
	*ret = fd;
	return EXIT_DONE;
}

static enum exit_code
run(struct backup *b, const char *state)
{
	int lock = -1;
	enum exit_code code = file_directory(b->t, b->dir);

	if (code == EXIT_DONE)
		code = lock_place(b, &lock);
	if (code != EXIT_DONE)
		return code;
	code = choose_name(b);
	hold_begin(&b->hold);
	if (code == EXIT_DONE)
		code = copy(b, state);
	hold_end(&b->hold);
	if (code == EXIT_DONE)
		code = remove_older(b);
	(void)close(lock);
	return code == EXIT_DONE ? say_done(b) : code;
}

enum exit_code
ctl_backup(const void *values, const struct args *args)
{
	const struct ctl_options *o = values;
	struct term t = ctl_term(o);
	struct backup b = { .o = o, .t = &t, .dir = args->at[0] };
	struct ctl_config config;
	enum exit_code code;

	if (o->config == NULL)
		return term_fail(&t, EXIT_USAGE, "Say --config FILE.");
	code = ctl_config_read(&t, o->config, &config);
	return code == EXIT_DONE ? run(&b, config.state) : code;
}
