#include "client/compose.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/hold.h"
#include "crypto/utf8.h"

static const char *
editor(void)
{
	const char *name = getenv("VISUAL");

	if (name == NULL || name[0] == '\0')
		name = getenv("EDITOR");
	return name != NULL && name[0] != '\0' ? name : NULL;
}

static bool
is_utf8(struct bytes x)
{
	uint32_t c;

	while (x.n > 0) {
		if (!utf8_next(&x, &c))
			return false;
	}
	return true;
}

static enum exit_code
check_text(const struct term *t, const struct buf *text)
{
	if (is_utf8(buf_bytes(text)))
		return EXIT_DONE;
	return term_fail(t, EXIT_USAGE,
	    "The message is not text in UTF-8. "
	    "Another kind of file can be attached.");
}

enum exit_code
compose_text(const struct term *t, const char *path, struct buf *out)
{
	enum exit_code code;

	if (path == NULL && isatty(STDIN_FILENO) == 1)
		term_say(t,
		    "Write in your own words. When you are done, press "
		    "Enter, then Ctrl and D.");
	code = file_read(t, path != NULL ? path : "-", out);
	return code == EXIT_DONE ? check_text(t, out) : code;
}

enum exit_code
compose_staff_text(const struct term *t, const char *path, struct buf *out)
{
	enum exit_code code;

	if (path != NULL || isatty(STDIN_FILENO) != 1 ||
	    isatty(STDOUT_FILENO) != 1 || editor() == NULL)
		return compose_text(t, path, out);
	code = compose_edit(t, out);
	return code == EXIT_DONE ? check_text(t, out) : code;
}

/* --- the editor --- */

static bool
is_ours_in_memory(const char *path)
{
	struct statfs fs;
	struct stat st;
	uint32_t kind;

	if (lstat(path, &st) != 0 || !S_ISDIR(st.st_mode) ||
	    st.st_uid != getuid() || (st.st_mode & 077) != 0 ||
	    statfs(path, &fs) != 0)
		return false;
	kind = (uint32_t)fs.f_type; /* signed, and of a machine's own size */
	return kind == TMPFS_MAGIC || kind == RAMFS_MAGIC;
}

/* A directory that only this program's user can look into. */
static enum exit_code
make_place(const struct term *t, char **ret)
{
	const char *run = getenv("XDG_RUNTIME_DIR");
	const char *base = run != NULL && run[0] == '/' ? run : "/dev/shm";
	char *path = NULL;

	if (base == run && !is_ours_in_memory(run))
		return term_fail(t, EXIT_FAILED,
		    "%s is no place in memory "
		    "that only you can look into, so no editor was started. "
		    "Say --message FILE instead.",
		    run);
	if (asprintf(&path, "%s/speakup-XXXXXX", base) < 0)
		return fail_err(t, ERR_NOMEM, base);
	if (mkdtemp(path) != NULL && is_ours_in_memory(path)) {
		*ret = path;
		return EXIT_DONE;
	}
	(void)rmdir(path);
	free(path);
	return term_fail(t, EXIT_FAILED,
	    "There is no place in memory for an "
	    "editor's file (%s). Say --message FILE instead.",
	    base);
}

/* Also what the editor left: backups, swap files. */
static int
wipe_one(const char *path, const struct stat *st, int type, struct FTW *w)
{
	static const uint8_t zeros[4096];
	off_t left = st->st_size;
	int fd = -1;

	(void)w;
	if (type == FTW_F && S_ISREG(st->st_mode))
		fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	while (fd >= 0 && left > 0) {
		size_t n =
		    left < (off_t)sizeof(zeros) ? (size_t)left : sizeof(zeros);
		ssize_t put = write(fd, zeros, n);

		if (put <= 0)
			break;
		left -= put;
	}
	if (fd >= 0)
		(void)close(fd);
	(void)remove(path);
	return 0;
}

/* $EDITOR may have options of its own, so a shell reads it. */
static void
exec_editor(const char *path)
{
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)setenv("SPEAKUP_EDITOR", editor(), 1);
	(void)execl("/bin/sh", "sh", "-c", "exec $SPEAKUP_EDITOR \"$1\"", "sh",
	    path, (char *)NULL);
	_exit(127);
}

/* What is typed to interrupt an editor is meant for it: here it is passed over,
 * which takes that it is not held, too. */
static bool
wait_for(pid_t pid)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, ints, quits;
	sigset_t typed, before;
	int status = -1;

	(void)sigemptyset(&typed);
	(void)sigaddset(&typed, SIGINT);
	(void)sigaddset(&typed, SIGQUIT);
	(void)sigaction(SIGINT, &ignore, &ints);
	(void)sigaction(SIGQUIT, &ignore, &quits);
	(void)sigprocmask(SIG_UNBLOCK, &typed, &before);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	(void)sigaction(SIGINT, &ints, NULL);
	(void)sigaction(SIGQUIT, &quits, NULL);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static enum exit_code
run_editor(const struct term *t, const char *path)
{
	pid_t pid = fork();

	if (pid == 0)
		exec_editor(path);
	if (pid > 0 && wait_for(pid))
		return EXIT_DONE;
	return term_fail(t, EXIT_FAILED,
	    "The editor (%s) failed. Nothing was sent.", editor());
}

static enum exit_code
edit_in(const struct term *t, const char *place, struct buf *text)
{
	char *path = NULL;
	enum exit_code code;

	if (asprintf(&path, "%s/message.txt", place) < 0)
		return fail_err(t, ERR_NOMEM, place);
	code = file_write(t, path, buf_bytes(text), FILE_PRIVATE, false);
	if (code == EXIT_DONE)
		code = run_editor(t, path);
	buf_reset(text);
	if (code == EXIT_DONE)
		code = file_read(t, path, text);
	free(path);
	return code;
}

enum exit_code
compose_edit(const struct term *t, struct buf *text)
{
	struct hold hold = { 0 };
	char *place = NULL;
	enum exit_code code;

	if (editor() == NULL)
		return term_fail(t, EXIT_USAGE,
		    "Which editor? Set $EDITOR, or say --message FILE.");
	hold_begin(&hold);
	code = make_place(t, &place);
	if (code == EXIT_DONE) {
		code = edit_in(t, place, text);
		(void)nftw(place, wipe_one, 4, FTW_DEPTH | FTW_PHYS);
	}
	free(place);
	hold_end(&hold);
	return code;
}
