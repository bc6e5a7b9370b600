#include "policy/public_page.h"

#include <inttypes.h>

#include "crypto/markup.h"
#include "policy/members.h"

/* --- what to type, in both forms --- */

static const char *const fetch_lines[] = {
	"curl -o to.txt $URL/v1/plain",
	NULL,
};
static const char *const seal_lines[] = {
	"age -R to.txt -o concern.age concern.txt",
	"curl --data-binary @concern.age $URL/v1/plain",
	NULL,
};
static const char *const key_lines[] = {
	"age-keygen -o reply.key",
	NULL,
};
static const char *const answer_lines[] = {
	"sha256sum concern.age | cut -c -64 |",
	"  curl --data-binary @- $URL/v1/plain/answer > answer.txt",
	"sed -n '/^-----BEGIN/,/^-----END/p' answer.txt |",
	"  age -d -i reply.key | tar -xO message.txt",
	NULL,
};
#define TOR_PROXY "--proxy socks5h://127.0.0.1:9150"

/* --- who reads --- */

typedef enum err put_reader(struct buf *out, const struct policy_person *who,
    const struct age_recipient *key);

/* Only the first recipients: a plain concern has one header for all of its
 * readers, so nobody can come in later. */
static enum err
each_reader(const struct policy *p, int64_t day, put_reader *put,
    struct buf *out)
{
	const struct policy_route *r =
	    policy_route(p, (unsigned)p->plain_route);
	struct member who[MEMBERS_MAX];
	enum err e;
	size_t n;

	if (r == NULL)
		return ERR_NOT_FOUND;
	e = members_compute(p, r, NULL, 0, day, who, MEMBERS_MAX, &n);
	for (size_t i = 0; i < n && e == ERR_OK; i++) {
		if (who[i].rung == 0)
			e = put(out, policy_person(p, who[i].person),
			    members_recipient(p, r, who[i].person, day));
	}
	return e;
}

/* --- as text --- */

static void
comment(struct buf *out, const char *line)
{
	buf_put_str(out, line[0] == '\0' ? "#" : "# ");
	buf_put_str(out, line);
	buf_put_str(out, "\n");
}

static void
comment_commands(struct buf *out, const char *const *line)
{
	for (; *line != NULL; line++)
		buf_printf(out, "#   %s\n", *line);
}

static enum err
text_reader(struct buf *out, const struct policy_person *who,
    const struct age_recipient *key)
{
	enum err e;

	buf_printf(out, "# %s%s%s\n", who->name,
	    who->title[0] == '\0' ? "" : ", ", who->title);
	if ((e = age_recipient_put(out, key)) != ERR_OK)
		return e;
	buf_put_str(out, "\n");
	return out->err;
}

static void
text_steps(struct buf *out)
{
	comment(out, "");
	comment(out, "To write to them with age and curl, without an account:");
	comment(out, "");
	buf_printf(out, "#   %s          (this page)\n", fetch_lines[0]);
	comment_commands(out, seal_lines);
	comment(out, "");
	comment(out,
	    "Keep concern.age: it is the way to the answer, and without the "
	    "key");
	comment(out,
	    "below nobody learns from it what you wrote. To be answered, make "
	    "a key");
	buf_printf(out, "# with  %s  before you write, and put its age1...\n",
	    key_lines[0]);
	comment(out, "on a line of its own in concern.txt:   reply: age1...");
	comment(out, "To look for an answer:");
	comment(out, "");
	comment_commands(out, answer_lines);
	comment(out, "");
	comment(out,
	    "With Tor Browser open, curl goes through Tor if each of its lines "
	    "has");
	comment(out, TOR_PROXY);
	comment(out, "");
}

enum err
public_page_text(const struct policy *p, int64_t day, struct buf *out)
{
	enum err e;

	if (p->plain_route < 0)
		return ERR_OK;
	buf_printf(out,
	    "# %s: a plain concern goes to these people, and only they can "
	    "read it.\n#\n",
	    p->org);
	if ((e = each_reader(p, day, text_reader, out)) != ERR_OK)
		return e;
	text_steps(out);
	return out->err;
}

/* --- as HTML --- */

#define H2 "<h2 class=\"nhsuk-heading-m\">"

/* Text between two constants. */
static void
put_within(struct buf *out, const char *before, const char *text,
    const char *after)
{
	buf_put_str(out, before);
	markup_put(out, bytes_str(text));
	buf_put_str(out, after);
}

static void
html_commands(struct buf *out, const char *const *line)
{
	buf_put_str(out, "<pre class=\"typed\"><code>");
	for (; *line != NULL; line++)
		put_within(out, "", *line, "\n");
	buf_put_str(out, "</code></pre>\n");
}

static void
html_contacts(struct buf *out, const char *heading,
    const struct policy_contact *c, size_t n)
{
	if (n == 0)
		return;
	put_within(out, H2, heading, "</h2>\n<ul class=\"contacts\">\n");
	for (size_t i = 0; i < n; i++) {
		put_within(out, "<li><strong>", c[i].name, "</strong>: ");
		put_within(out, "", c[i].contact, "<br>");
		put_within(out, "", c[i].text, "</li>\n");
	}
	buf_put_str(out, "</ul>\n");
}

static void
html_why(struct buf *out, const struct policy *p)
{
	if (p->plain_route >= 0)
		put_within(out,
		    "<p>Your browser runs no scripts here. You can speak up "
		    "to ",
		    p->org,
		    " all the same, with two small programs that are not ours: "
		    "<code>age</code> seals what you write on your own device, "
		    "and <code>curl</code> sends it.</p>\n");
	else
		put_within(out, "<p>Your browser runs no scripts here, and ",
		    p->org,
		    " takes no concerns without them. Open this page in a browser that "
		    "runs scripts, use the program <code>speakup</code> with "
		    "the address of this page, or speak to those named "
		    "below.</p>\n");
}

static enum err
html_reader(struct buf *out, const struct policy_person *who,
    const struct age_recipient *key)
{
	CLEAN_BUF struct buf text = BUF_INIT(AGE_RECIPIENT_TEXT_MAX + 1);
	enum err e;

	if ((e = age_recipient_put(&text, key)) != ERR_OK)
		return e;
	buf_put_u8(&text, 0);
	if (text.err != ERR_OK)
		return text.err;
	put_within(out, "<li><strong>", who->name, "</strong>");
	put_within(out, who->title[0] == '\0' ? "" : ", ", who->title,
	    "<br><code class=\"typed\">");
	put_within(out, "", (const char *)text.p, "</code></li>\n");
	return out->err;
}

static enum err
html_readers(struct buf *out, const struct policy *p, int64_t day)
{
	enum err e;

	buf_put_str(out,
	    H2
	    "Who will be able to read it</h2>\n"
	    "<p>These people, and nobody else: not those who run the server, "
	    "and nobody who comes in later. Behind each name is the key that "
	    "it is sealed to. If it is about one of them, do not send it this "
	    "way; those outside the organisation are named below.</p>\n"
	    "<ul>\n");
	e = each_reader(p, day, html_reader, out);
	buf_put_str(out, "</ul>\n");
	return e;
}

static void
html_write(struct buf *out)
{
	buf_put_str(out,
	    H2
	    "How to write to them</h2>\n"
	    "<p>You need the programs <code>age</code> and "
	    "<code>curl</code>, on a device that is your own. Where a line "
	    "says <code>$URL</code>, put the address that you see in the "
	    "address bar: <code>https://</code> and the name behind it, "
	    "without the last <code>/</code>.</p>\n"
	    "<p>If you came here with Tor Browser, leave it open, and write "
	    "<code>curl " TOR_PROXY "</code> wherever a line says "
	    "<code>curl</code>. Otherwise curl does not go through Tor.</p>\n"
	    "<ol>\n<li><p>Make a key, so that you can be answered:</p>\n");
	html_commands(out, key_lines);
	buf_put_str(out,
	    "</li>\n<li><p>Write your concern into a file "
	    "<code>concern.txt</code>. Put your public key, which begins with "
	    "<code>age1</code>, on a line of its own: "
	    "<code>reply: age1…</code>. Say what happened, where and when; do "
	    "not name patients.</p></li>\n"
	    "<li><p>Fetch the keys, and compare them with those above:</p>\n");
	html_commands(out, fetch_lines);
	buf_put_str(out,
	    "</li>\n<li><p>Seal and send it. The answer has to be "
	    "<code>stored</code>:</p>\n");
	html_commands(out, seal_lines);
	buf_put_str(out,
	    "</li>\n<li><p>Delete <code>concern.txt</code>. Keep "
	    "<code>concern.age</code> and <code>reply.key</code>: together "
	    "they are the way to the answer, and show what you wrote to "
	    "nobody but those above.</p></li>\n</ol>\n" H2
	    "How to look for an answer</h2>\n"
	    "<p>Come back in a few days, and again later:</p>\n");
	html_commands(out, answer_lines);
}

static void
html_check(struct buf *out, const struct policy *p, const char *fingerprint)
{
	buf_put_str(out,
	    H2
	    "Is this the right service?</h2>\n"
	    "<p>Compare these words with the poster. They are the fingerprint "
	    "of the organisation's keys:</p>\n");
	put_within(out, "<p><strong>", fingerprint, "</strong></p>\n");
	put_within(out, "<p>The service of ", p->org, ", policy ");
	buf_printf(out, "%" PRIu32 ".</p>\n", p->serial);
}

enum err
public_page_html(const struct policy *p, const char *fingerprint, int64_t day,
    struct buf *out)
{
	enum err e = ERR_OK;

	buf_put_str(out, PUBLIC_PAGE_MARK "\n");
	html_contacts(out, "If somebody is in danger now", p->crisis,
	    p->n_crisis);
	html_why(out, p);
	if (p->plain_route >= 0) {
		e = html_readers(out, p, day);
		html_write(out);
	}
	html_contacts(out,
	    "Who else you can speak to, outside the organisation", p->outside,
	    p->n_outside);
	html_check(out, p, fingerprint);
	buf_put_str(out, PUBLIC_PAGE_END);
	return e == ERR_OK ? out->err : e;
}
