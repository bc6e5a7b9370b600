#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/inputs.h"

#define FILES "state: /s\npolicy: /p\nroots: /r\n"
#define KEYS "instance-key: /i\nstore-key: /k\n"
#define PLAIN "listeners:\n- {name: a, kind: public, tls: no}\n"
#define TLS "tls: {certificate: /c, key: /k}\n"
#define LISTENER(text) FILES KEYS TLS "listeners:\n- " text "\n"

static const struct {
	const char *name, *yaml;
	const char *place; /* how the message begins */
	const char *word;  /* what it says somewhere */
} bad[] = {
	{ "empty file", "", "f:", "" },
	{ "not a map", "- a\n", "f:1:1:", "" },
	{ "unknown key", FILES KEYS PLAIN "colour: red\n", "f:8:", "colour" },
	{ "repeated key", FILES KEYS PLAIN "state: /t\n", "f:8:", "state" },
	{ "missing state", "policy: /p\nroots: /r\n" KEYS PLAIN,
	    "f:1:1:", "state" },
	{ "missing roots", "state: /s\npolicy: /p\n" KEYS PLAIN,
	    "f:1:1:", "roots" },
	{ "missing listeners", FILES KEYS, "f:1:1:", "listeners" },
	{ "empty list of listeners", FILES KEYS "listeners: []\n", "f:6:", "" },
	{ "relative path", "state: var\npolicy: /p\nroots: /r\n" KEYS PLAIN,
	    "f:1:8:", "path" },
	{ "relative root", "state: /s\npolicy: /p\nroots: [/r, q]\n" KEYS PLAIN,
	    "f:3:13:", "path" },
	{ "relative folder of pages", FILES KEYS PLAIN "web: pages\n",
	    "f:8:6:", "path" },
	{ "state is a list", "state: [/s]\npolicy: /p\nroots: /r\n" KEYS PLAIN,
	    "f:1:8:", "path" },
	{ "no fronts", FILES KEYS PLAIN "fronts: 0\n", "f:8:9:", "" },
	{ "too many fronts", FILES KEYS PLAIN "fronts: 17\n", "f:8:9:", "" },
	{ "fronts with a sign", FILES KEYS PLAIN "fronts: +2\n", "f:8:9:", "" },
	{ "alias", "state: &a /s\npolicy: *a\nroots: /r\n" KEYS PLAIN,
	    "f:1:", "" },
	{ "tls without key", FILES KEYS PLAIN "tls: {certificate: /c}\n",
	    "f:8:6:", "key" },
	{ "tls minimum 1.1",
	    FILES KEYS PLAIN
	    "tls: {certificate: /c, key: /k, minimum: \"1.1\"}\n",
	    "f:8:", "1.3" },
	{ "TLS wanted and not given",
	    FILES KEYS "listeners:\n- {name: a, kind: public}\n",
	    "f:7:", "tls" },
	{ "no public listener",
	    FILES KEYS "listeners:\n- {name: a, kind: staff, tls: no}\n",
	    "f:7:", "public" },
	{ "unknown kind", LISTENER("{name: a, kind: secret}"),
	    "f:8:19:", "staff" },
	{ "two of a name",
	    LISTENER("{name: a, kind: public}\n"
		     "- {name: a, kind: staff}"),
	    "f:9:10:", "name" },
	{ "listener without a name", LISTENER("{kind: public}"),
	    "f:8:3:", "name" },
	{ "name that is no slug", LISTENER("{name: A b, kind: public}"),
	    "f:8:10:", "" },
	{ "host name",
	    LISTENER("{name: a, kind: public, address: "
		     "localhost:8443}"),
	    "f:8:36:", "numbers" },
	{ "no port", LISTENER("{name: a, kind: public, address: 127.0.0.1}"),
	    "f:8:36:", "PORT" },
	{ "port 0", LISTENER("{name: a, kind: public, address: \"1.1.1.1:0\"}"),
	    "f:8:36:", "PORT" },
	{ "port 65536",
	    LISTENER("{name: a, kind: public, address: "
		     "\"1.1.1.1:65536\"}"),
	    "f:8:36:", "PORT" },
	{ "port with letters",
	    LISTENER("{name: a, kind: public, address: "
		     "\"1.1.1.1:80a\"}"),
	    "f:8:36:", "PORT" },
	{ "IPv6 without brackets",
	    LISTENER("{name: a, kind: public, address: "
		     "\"::1:8443\"}"),
	    "f:8:36:", "IPv6" },
	{ "brackets left open",
	    LISTENER("{name: a, kind: public, address: "
		     "\"[::1:8443\"}"),
	    "f:8:36:", "IPv6" },
	{ "nothing before the port",
	    LISTENER("{name: a, kind: public, "
		     "address: \":8443\"}"),
	    "f:8:36:", "ADDRESS" },
	{ "relative socket",
	    LISTENER("{name: a, kind: public, address: "
		     "\"unix:sock\"}"),
	    "f:8:36:", "unix" },
	{ "clear text to the world",
	    LISTENER("{name: a, kind: public, "
		     "address: \"10.0.0.1:80\", tls: no}"),
	    "f:8:56:", "TLS" },
	{ "limit over its range",
	    FILES KEYS PLAIN "limits: {idle-seconds: 86400}\n", "f:8:24:", "" },
	{ "work", FILES KEYS PLAIN "limits: {work: maybe}\n", "f:8:16:", "" },
	{ "unknown limit", FILES KEYS PLAIN "limits: {idle: 3}\n",
	    "f:8:", "idle" },
	{ "a socket that is no path", FILES KEYS PLAIN "notify: run/n\n",
	    "f:8:9:", "path" },
	{ "a socket that is too long",
	    FILES KEYS PLAIN
	    "notify: /0123456789012345678901234567890123456789012345678901234567"
	    "89012345678901234567890123456789012345678901234567890123456789\n",
	    "f:8:9:", "" },
	{ "a listener of that name", LISTENER("{name: notify, kind: both}"),
	    "f:8:10:", "speakup-notify" },
	{ "no instance key", FILES "store-key: /k\n" PLAIN,
	    "f:1:1:", "instance-key" },
	{ "no store key", FILES "instance-key: /k\n" PLAIN,
	    "f:1:1:", "store-key" },
};

static void
test_bad_configurations_are_refused_with_their_place(void **state)
{
	struct yaml_error error;
	struct config *c;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		c = NULL;
		error = (struct yaml_error){ 0 };
		if (config_parse(bytes_str(bad[i].yaml), "f", NULL, &c,
			&error) == ERR_OK)
			fail_msg("%s: was taken", bad[i].name);
		assert_null(c);
		if (strncmp(error.text, bad[i].place, strlen(bad[i].place)) ||
		    strstr(error.text, bad[i].word) == NULL)
			fail_msg("%s: says \"%s\"", bad[i].name, error.text);
	}
}

static struct config *
must_parse(const char *yaml, const char *credentials)
{
	struct yaml_error error = { 0 };
	struct config *c = NULL;

	if (config_parse(bytes_str(yaml), "f", credentials, &c, &error) !=
	    ERR_OK)
		fail_msg("%s", error.text);
	return c;
}

static void
test_defaults_are_safe(void **state)
{
	struct config *c =
	    must_parse(LISTENER("{name: a, kind: public}"), NULL);

	(void)state;
	assert_int_equal(c->fronts, 2);
	assert_int_equal(c->tls.minimum, TLS_MINIMUM_1_3);
	assert_int_equal(c->listeners[0].flags,
	    LISTENER_PUBLIC | LISTENER_TLS | LISTENER_PEERS);
	assert_int_equal(c->limits.quiet, 600);
	assert_string_equal(c->listeners[0].address, "");
	assert_string_equal(c->notify.address, "");
	assert_string_equal(c->web, "");
	assert_true(c->limits.connections > 0 && c->limits.rate > 0);
	config_free(c);
}

static void
test_everything_can_be_set(void **state)
{
	struct config *c = must_parse(
	    "user: speakup\nfronts: 3\nstate: /s\npolicy: /p\n"
	    "roots: [/r0, /r1]\n" KEYS
	    "tls: {certificate: /c, key: /k, minimum: \"1.2\"}\n"
	    "listeners:\n"
	    "- {name: web, kind: public, address: \"0.0.0.0:443\"}\n"
	    "- {name: six, kind: both, address: \"[::1]:8443\", peers: no}\n"
	    "- {name: onion, kind: public, address: unix:/run/o, tls: no, "
	    "peers: yes}\n"
	    "- {name: in, kind: staff, address: \"127.0.0.1:80\", tls: no}\n"
	    "notify: /run/n\n"
	    "web: /w\n"
	    "limits: {connections: 10, in-flight-mib: 8, "
	    "bytes-per-second: 100, handshake-seconds: 1, header-seconds: 2, "
	    "body-seconds: 3, answer-seconds: 4, idle-seconds: 5, "
	    "drain-seconds: 6, store-mib: 128, attachments-percent: 0, "
	    "quiet-filings-per-minute: 7, work: auto}\n",
	    NULL);

	(void)state;
	assert_string_equal(c->user, "speakup");
	assert_string_equal(c->notify.address, "unix:/run/n");
	assert_string_equal(c->web, "/w");
	assert_int_equal(c->n_roots, 2);
	assert_string_equal(c->roots[1].path, "/r1");
	assert_int_equal(c->tls.minimum, TLS_MINIMUM_1_2);
	assert_int_equal(c->n_listeners, 4);
	assert_int_equal(c->limits.quiet, 7);
	assert_int_equal(c->listeners[0].flags,
	    LISTENER_PUBLIC | LISTENER_TLS | LISTENER_PEERS);
	assert_int_equal(c->listeners[1].flags,
	    LISTENER_PUBLIC | LISTENER_STAFF | LISTENER_TLS);
	assert_int_equal(c->listeners[2].flags, LISTENER_PUBLIC);
	assert_string_equal(c->listeners[2].address, "unix:/run/o");
	assert_int_equal(c->listeners[3].flags, LISTENER_STAFF);
	assert_int_equal(c->limits.handshake, 1);
	assert_int_equal(c->limits.drain, 6);
	assert_int_equal(c->limits.attachments_percent, 0);
	config_free(c);
}

static void
test_keys_default_to_credentials(void **state)
{
	struct config *c = must_parse(FILES PLAIN, "/run/credentials/x");

	(void)state;
	assert_string_equal(c->instance_key, "/run/credentials/x/instance-key");
	assert_string_equal(c->store_key, "/run/credentials/x/store-key");
	config_free(c);
}

/* The example that is installed; its path is the program's argument. */
static void
test_the_example_is_a_configuration(void **state)
{
	struct buf yaml = BUF_INIT(YAML_SIZE_MAX);
	struct complaint why = { 0 };
	struct config *c;

	if (inputs_read(*state, &yaml, &why) != ERR_OK)
		fail_msg("%s", why.text);
	buf_put_u8(&yaml, 0);
	c = must_parse((const char *)yaml.p, "/run/credentials/x");
	assert_int_equal(c->n_listeners, 2);
	config_free(c);
	buf_free(&yaml);
}

static void
test_front_config_survives_its_frame(void **state)
{
	const struct front_config out = { .connections = 1,
		.bytes = 2,
		.rate = 3,
		.handshake = 4,
		.header = 5,
		.body = 6,
		.answer = 7,
		.idle = 8,
		.drain = 9,
		.tls_1_2 = 1 };
	struct buf body = BUF_INIT(4096);
	struct front_config in = { 0 };

	(void)state;
	front_config_put(&body, &out);
	assert_int_equal(front_config_get(buf_bytes(&body), &in), ERR_OK);
	assert_memory_equal(&in, &out, sizeof(in));
	assert_int_equal(front_config_get(BYTES(body.p, body.n - 1), &in),
	    ERR_SYNTAX);
	buf_free(&body);
}

int
main(int argc, char **argv)
{
	void *example = argc == 2 ? argv[1] : NULL;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    test_bad_configurations_are_refused_with_their_place),
		cmocka_unit_test(test_defaults_are_safe),
		cmocka_unit_test(test_everything_can_be_set),
		cmocka_unit_test(test_keys_default_to_credentials),
		cmocka_unit_test_prestate(test_the_example_is_a_configuration,
		    example),
		cmocka_unit_test(test_front_config_survives_its_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
