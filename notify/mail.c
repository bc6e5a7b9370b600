#include "notify/mail.h"

#include <time.h>

/* RFC 5322 section 3.3, in UTC: always of the same length. */
static void
put_date(int64_t now, struct buf *out)
{
	static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu",
		"Fri", "Sat" };
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May",
		"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	const time_t at = (time_t)now;
	struct tm t;

	if (gmtime_r(&at, &t) == NULL) {
		out->err = ERR_SYNTAX;
		return;
	}
	buf_printf(out, "Date: %s, %02d %s %04d %02d:00:00 +0000\r\n",
	    days[t.tm_wday], t.tm_mday, months[t.tm_mon], t.tm_year + 1900,
	    t.tm_hour);
}

void
mail_put(const char *from, int64_t now, struct buf *out)
{
	put_date(now, out);
	buf_printf(out, "From: Speakup <%s>\r\n", from);
	buf_put_str(out,
	    "To: undisclosed-recipients:;\r\n"
	    "Subject: Speakup\r\n"
	    "Auto-Submitted: auto-generated\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=us-ascii\r\n"
	    "\r\n"
	    "Something is waiting for you in Speakup.\r\n");
}
