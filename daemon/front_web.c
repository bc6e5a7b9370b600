#include "daemon/front_web.h"

#include <string.h>

#include "daemon/gzip.h"
#include "policy/public_page.h"

#define FOLDER "/web/"
#define POLICY "policy"
#define PACKED_ROOM 4096 /* and twice the length: more than zlib may need */
#define TEXT_TYPE "text/plain; charset=utf-8"

/* --- what a browser is told with every page --- */

#define OFF(feature) feature "=(), "
/* clang-format off */
#define FIELDS                                                                 \
	"Content-Security-Policy: default-src 'none'; script-src 'self'; "     \
	"style-src 'self'; img-src 'self'; connect-src 'self'; "               \
	"worker-src 'self'; form-action 'none'; base-uri 'none'; "             \
	"frame-ancestors 'none'; require-trusted-types-for 'script'; "         \
	"trusted-types speakup\r\n"                                            \
	"Cross-Origin-Opener-Policy: same-origin\r\n"                          \
	"Cross-Origin-Embedder-Policy: require-corp\r\n"                       \
	"Cross-Origin-Resource-Policy: same-origin\r\n"                        \
	"Referrer-Policy: no-referrer\r\n"                                     \
	"X-Frame-Options: DENY\r\n"                                            \
	"Permissions-Policy: " OFF("accelerometer") OFF("autoplay")            \
	    OFF("bluetooth") OFF("browsing-topics") OFF("camera")              \
	    OFF("clipboard-read") OFF("clipboard-write")                       \
	    OFF("display-capture") OFF("encrypted-media") OFF("fullscreen")    \
	    OFF("gamepad") OFF("geolocation") OFF("gyroscope") OFF("hid")      \
	    OFF("idle-detection") OFF("keyboard-map") OFF("local-fonts")       \
	    OFF("magnetometer") OFF("microphone") OFF("midi")                  \
	    OFF("otp-credentials") OFF("payment") OFF("picture-in-picture")    \
	    OFF("publickey-credentials-create")                                \
	    OFF("publickey-credentials-get") OFF("screen-wake-lock")           \
	    OFF("serial") OFF("storage-access") OFF("usb") OFF("web-share")    \
	    OFF("window-management") "xr-spatial-tracking=()\r\n"
/* clang-format on */
#define GZIP "Content-Encoding: gzip\r\n"
#define ONLY_TLS "Strict-Transport-Security: max-age=63072000\r\n"

static const char *
fields_of(bool is_gzip, unsigned listeners)
{
	if ((listeners & LISTENER_TLS) == 0)
		return is_gzip ? GZIP FIELDS : FIELDS;
	return is_gzip ? GZIP FIELDS ONLY_TLS : FIELDS ONLY_TLS;
}

/* --- what there is --- */

static const struct front_file *
find(const struct front_web *w, const char *name)
{
	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->file[i].name, name) == 0)
			return &w->file[i];
	return NULL;
}

static struct evbuffer *
evbuffer_of(const struct bytes *part, size_t n)
{
	struct evbuffer *out = evbuffer_new();

	for (size_t i = 0; i < n && out != NULL; i++) {
		if (part[i].n == 0 ||
		    evbuffer_add(out, part[i].p, part[i].n) == 0)
			continue;
		evbuffer_free(out);
		out = NULL;
	}
	return out;
}

static void
replace(struct evbuffer **at, struct evbuffer *fresh)
{
	if (*at != NULL)
		evbuffer_free(*at);
	*at = fresh;
}

static void
forget(struct front_web *w)
{
	for (size_t i = 0; i < w->n; i++)
		evbuffer_free(w->file[i].body);
	w->n = 0;
	replace(&w->index, NULL);
}

/* The reporter's page, with the section in the place of its mark. */
static enum err
make_index(struct front_web *w)
{
	const size_t n = strlen(PUBLIC_PAGE_MARK);
	const struct front_file *f = find(w, WEB_INDEX);
	const uint8_t *page, *at;
	struct bytes part[3] = { [1] = buf_bytes(&w->section) };
	size_t length;

	if (f == NULL || w->section.n == 0)
		return ERR_OK;
	length = evbuffer_get_length(f->body);
	if ((page = evbuffer_pullup(f->body, -1)) == NULL)
		return ERR_NOMEM;
	if ((at = memmem(page, length, PUBLIC_PAGE_MARK, n)) == NULL)
		return ERR_SYNTAX;
	part[0] = BYTES(page, (size_t)(at - page));
	part[2] = BYTES(at + n, length - part[0].n - n);
	replace(&w->index, evbuffer_of(part, 3));
	return w->index == NULL ? ERR_NOMEM : ERR_OK;
}

static enum err
add(struct front_web *w, const struct web_page *p)
{
	struct front_file *f = &w->file[w->n];

	memcpy(f->name, p->name.p, p->name.n);
	f->name[p->name.n] = '\0';
	f->is_gzip = p->is_gzip;
	f->body = evbuffer_of(&p->content, 1);
	if (f->body == NULL)
		return ERR_NOMEM;
	w->n++;
	return ERR_OK;
}

static enum err
add_all(struct front_web *w, const struct web_pages *pages)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < pages->n && e == ERR_OK; i++)
		e = add(w, &pages->page[i]);
	return e == ERR_OK ? make_index(w) : e;
}

enum err
front_web_take(struct front_web *w, struct bytes body)
{
	struct front_web fresh = { .section = w->section, .policy = w->policy };
	struct web_pages pages;
	enum err e;

	if ((e = web_pages_get(body, &pages)) != ERR_OK)
		return e;
	if ((e = add_all(&fresh, &pages)) != ERR_OK) {
		forget(&fresh);
		return e;
	}
	forget(w);
	*w = fresh;
	return ERR_OK;
}

static enum err
pack_policy(struct front_web *w, struct bytes bundle)
{
	CLEAN_BUF struct buf packed = BUF_INIT(2 * bundle.n + PACKED_ROOM);
	struct evbuffer *fresh;
	struct bytes part;
	enum err e;

	if ((e = gzip_put(&packed, bundle)) != ERR_OK)
		return e;
	part = buf_bytes(&packed);
	if ((fresh = evbuffer_of(&part, 1)) == NULL)
		return ERR_NOMEM;
	replace(&w->policy, fresh);
	return ERR_OK;
}

/* What was made of the policy. */
static void
forget_said(struct front_web *w)
{
	replace(&w->index, NULL);
	replace(&w->policy, NULL);
	buf_free(&w->section);
}

enum err
front_web_say(struct front_web *w, struct bytes section, struct bytes bundle)
{
	struct front_web fresh = *w;
	enum err e;

	fresh.index = fresh.policy = NULL;
	fresh.section = (struct buf)BUF_INIT(section.n);
	buf_put_bytes(&fresh.section, section);
	e = fresh.section.err;
	if (e == ERR_OK)
		e = pack_policy(&fresh, bundle);
	if (e == ERR_OK)
		e = make_index(&fresh);
	if (e != ERR_OK) {
		forget_said(&fresh);
		return e;
	}
	forget_said(w);
	*w = fresh;
	return ERR_OK;
}

void
front_web_free(struct front_web *w)
{
	forget(w);
	forget_said(w);
}

/* --- answers --- */

/* Of each program only its own listeners know anything. */
static unsigned
listeners_of(const char *name)
{
	if (strncmp(name, "staff", 5) == 0)
		return LISTENER_STAFF;
	if (strncmp(name, "reporter", 8) == 0)
		return LISTENER_PUBLIC;
	return LISTENER_STAFF | LISTENER_PUBLIC;
}

static bool
find_file(const struct front_web *w, const char *name, unsigned listeners,
    struct reply *r)
{
	const struct front_file *f = find(w, name);

	if (f == NULL || (listeners_of(name) & listeners) == 0)
		return false;
	r->type = web_media_type(name);
	if (r->type == NULL) /* the manifest */
		r->type = TEXT_TYPE;
	r->page = f->body;
	r->fields = fields_of(f->is_gzip, listeners);
	return true;
}

static bool
find_policy(const struct front_web *w, unsigned listeners, struct reply *r)
{
	r->type = "application/octet-stream";
	r->page = w->policy;
	r->fields = fields_of(true, listeners);
	return w->policy != NULL;
}

static bool
find_index(const struct front_web *w, unsigned listeners, struct reply *r)
{
	r->fields = fields_of(false, listeners);
	r->page = w->index;
	r->type = web_media_type(WEB_INDEX);
	if (w->index != NULL)
		return true;
	r->type = TEXT_TYPE;
	r->body = BYTES_LIT(
	    "This service takes concerns, and has no pages for browsers.\nUse "
	    "the program speakup with this address; or age and curl, as "
	    "/v1/plain says.\n");
	return true;
}

bool
front_web_find(const struct front_web *w, const char *path, unsigned listeners,
    struct reply *r)
{
	const char *name;

	r->is_for_browsers = true;
	if (strcmp(path, "/") == 0)
		return find_index(w, listeners, r);
	if (strcmp(path, "/staff") == 0)
		return find_file(w, WEB_STAFF, listeners, r);
	name = path + strlen(FOLDER);
	if (strcmp(name, POLICY) == 0)
		return find_policy(w, listeners, r);
	return strcmp(name, WEB_INDEX) != 0 && strcmp(name, WEB_STAFF) != 0 &&
	    find_file(w, name, listeners, r);
}
