#include "client/compose.h"

#include <unistd.h>

#include "crypto/utf8.h"

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

enum exit_code
compose_text(const struct term *t, const char *path, struct buf *out)
{
	enum exit_code code;

	if (path == NULL && isatty(STDIN_FILENO) == 1)
		term_say(t, "Write in your own words. When you are done, press "
		    "Enter, then Ctrl and D.");
	code = file_read(t, path != NULL ? path : "-", out);
	if (code == EXIT_DONE && !is_utf8(buf_bytes(out)))
		return term_fail(t, EXIT_USAGE, "The message is not text in "
		    "UTF-8. Another kind of file can be attached.");
	return code;
}
