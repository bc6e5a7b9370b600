#include "client/ctl.h"

enum {
	KEY_NEW = 1 << 0,
	KEY_SHOW = 1 << 1,
	ROOT_NEW = 1 << 2,
	ROOT_SIGN = 1 << 3,
	ROOT_SHOW = 1 << 4,
	POLICY_CHECK = 1 << 5,
	POLICY_COMPILE = 1 << 6,
	POLICY_SIGN = 1 << 7,
	POLICY_SHOW = 1 << 8,
	POLICY_VERIFY = 1 << 9,
	CHECK = 1 << 10,
	STATUS = 1 << 11,
	POLICY_EXPLAIN = 1 << 12,
	POLICY_DIFF = 1 << 13,
	POLICY_SIMULATE = 1 << 14,
	WEB_SIGN = 1 << 15,
	WEB_MANIFEST = 1 << 16,
	POSTER = 1 << 17,
	BACKUP = 1 << 18,
	EPOCH = 1 << 19,
};

#define SIGNS (ROOT_SIGN | POLICY_SIGN | WEB_SIGN)
#define COMPILES                                                        \
	(POLICY_CHECK | POLICY_COMPILE | POLICY_SHOW | POLICY_EXPLAIN | \
	    POLICY_DIFF | POLICY_SIMULATE)
#define AT(member) offsetof(struct ctl_options, member)

static const struct option options[] = {
	{ KEY_NEW, "kind", 'k', OPTION_TEXT, "KIND", AT(kind),
	    "policy, instance or store." },
	{ KEY_NEW, "name", 'n', OPTION_TEXT, "NAME", AT(name),
	    "The signing key's name, such as northshire.example/policy/1." },
	{ KEY_NEW, "passphrase", 'p', OPTION_FLAG, NULL, AT(passphrase),
	    "Encrypt the file with a passphrase (asked for)." },
	{ KEY_NEW, "work-factor", 0, OPTION_NUMBER, "N", AT(work_factor),
	    "log2 of scrypt's cost; 18 if not given." },
	{ KEY_NEW | KEY_SHOW | SIGNS | CHECK | STATUS | EPOCH, "passphrase-fd",
	    0, OPTION_TEXT, "N", AT(passphrase_fd),
	    "Read passphrases from descriptor N, a line each." },
	{ ROOT_NEW, "org", 0, OPTION_TEXT, "NAME", AT(org),
	    "The organisation; in the first root only." },
	{ ROOT_NEW, "quorum", 'q', OPTION_NUMBER, "K", AT(quorum),
	    "How many of the policy keys must sign." },
	{ ROOT_NEW, "policy-key", 0, OPTION_LIST, "VKEY", AT(policy_keys),
	    "A policy key's public half; repeat for each." },
	{ ROOT_NEW, "instance-key", 0, OPTION_LIST, "VKEY", AT(instance_keys),
	    "An instance key's public half; repeat for each." },
	{ ROOT_NEW, "previous", 0, OPTION_TEXT, "FILE", AT(previous),
	    "The root before: its realm and name are kept." },
	{ SIGNS, "key", 'k', OPTION_LIST, "FILE", AT(keys),
	    "A signing key; repeat for each." },
	{ COMPILES, "keys", 0, OPTION_TEXT, "FILE", AT(people_keys),
	    "YAML with the people's keys, beside the policy's own." },
	{ COMPILES, "serial", 0, OPTION_NUMBER, "N", AT(serial),
	    "Instead of the document's serial." },
	{ COMPILES, "issued", 0, OPTION_TEXT, "DAY", AT(issued),
	    "Instead of the document's day of issue; or \"now\"." },
	{ COMPILES, "previous", 0, OPTION_TEXT, "FILE", AT(previous),
	    "The signed policy that this one follows." },
	{ POLICY_VERIFY | WEB_MANIFEST | POSTER, "root", 0, OPTION_LIST, "FILE",
	    AT(roots), "The roots, in order from root 0 on." },
	{ POLICY_VERIFY | ROOT_SHOW | WEB_MANIFEST | POSTER, "root-hash", 0,
	    OPTION_TEXT, "HASH", AT(root_hash),
	    "What root 0 must have: 64 hex digits or words." },
	{ CHECK | STATUS | BACKUP | EPOCH, "config", 'c', OPTION_TEXT, "FILE",
	    AT(config), "speakupd.yaml of the instance." },
	{ BACKUP, "keep", 0, OPTION_NUMBER, "N", AT(keep),
	    "Afterwards, remove all backups there but the newest N." },
	{ EPOCH, "new-key", 0, OPTION_TEXT, "FILE", AT(new_key),
	    "The next store key; one is made if not given." },
	{ CHECK | STATUS | EPOCH, "store-key", 0, OPTION_TEXT, "FILE",
	    AT(store_key),
	    "The store key, where the configuration does not name it." },
	{ KEY_NEW | ROOT_NEW | SIGNS | POLICY_COMPILE | POSTER, "out", 'o',
	    OPTION_TEXT, "FILE", AT(out), "Where the result goes." },
	{ ROOT_NEW | SIGNS | POLICY_COMPILE | POSTER, "force", 'f', OPTION_FLAG,
	    NULL, AT(force), "Replace that file where it is there already." },
	{ WEB_MANIFEST | POSTER, "server", 's', OPTION_TEXT, "URL", AT(server),
	    "The server that is meant: https://…" },
	{ POSTER, "onion", 0, OPTION_TEXT, "URL", AT(onion),
	    "Its address for Tor Browser: http://….onion" },
	{ POSTER, "policy", 0, OPTION_TEXT, "FILE", AT(policy),
	    "The signed policy." },
	{ WEB_MANIFEST, "cacert", 0, OPTION_TEXT, "FILE", AT(ca_file),
	    "Certificates to trust, instead of the system's." },
	{ WEB_MANIFEST, "proxy", 0, OPTION_TEXT, "URL", AT(proxy),
	    "socks5h://127.0.0.1:9050 for Tor, or http://…." },
	{ WEB_MANIFEST, "dir", 'd', OPTION_TEXT, "DIRECTORY", AT(dir),
	    "The pages in this directory instead." },
	{ POLICY_EXPLAIN, "about", 'a', OPTION_LIST, "PERSON", AT(about),
	    "Somebody the concern is about; repeat for each." },
	{ POLICY_SIMULATE, "concerns", 0, OPTION_TEXT, "FILE", AT(concerns),
	    "YAML of answers: nobody acts on them, or cases name them." },
	{ POLICY_SIMULATE, "from", 0, OPTION_TEXT, "TIME", AT(from),
	    "When the concerns are filed: \"2026-11-23 10:00\"." },
	{ ROOT_SHOW | POLICY_CHECK | POLICY_SHOW | POLICY_EXPLAIN |
		POLICY_DIFF | POLICY_SIMULATE | CHECK | STATUS | WEB_MANIFEST |
		BACKUP | EPOCH,
	    "json", 0, OPTION_FLAG, NULL, AT(json), "Answer in JSON." },
};

/* clang-format off */
static const struct command commands[] = {
	{ KEY_NEW, "key new", "", 0, 0,
	    "Make a key: signing keys of policies and of the instance, or "
	    "the key of the store.", ctl_key_new },
	{ KEY_SHOW, "key show", "FILE", 1, 1,
	    "Print the public half of a signing key.", ctl_key_show },
	{ ROOT_NEW, "root new", "", 0, 0,
	    "Write the text of a root, to be signed.", ctl_root_new },
	{ ROOT_SIGN, "root sign", "FILE", 1, 1,
	    "Add signatures to a root.", ctl_root_sign },
	{ ROOT_SHOW, "root show", "FILE...", 1, 64,
	    "Check roots, from root 0 on, and show the newest.",
	    ctl_root_show },
	{ POLICY_CHECK, "policy check", "FILE", 1, 1,
	    "Try every concern against a policy and say what is wrong.",
	    ctl_policy_check },
	{ POLICY_COMPILE, "policy compile", "FILE", 1, 1,
	    "Turn a policy's YAML into the JSON that is signed.",
	    ctl_policy_compile },
	{ POLICY_SIGN, "policy sign", "FILE", 1, 1,
	    "Add signatures to a compiled policy.", ctl_policy_sign },
	{ POLICY_SHOW, "policy show", "FILE", 1, 1,
	    "Show the people and routes of a policy.", ctl_policy_show },
	{ POLICY_VERIFY, "policy verify", "FILE", 1, 1,
	    "Check a signed policy against the roots.", ctl_policy_verify },
	{ POLICY_EXPLAIN, "policy explain", "FILE [FIELD=VALUE...]", 1, 64,
	    "Say who would get a concern and when; without answers, of each "
	    "route.", ctl_policy_explain },
	{ POLICY_DIFF, "policy diff", "OLD NEW", 2, 2,
	    "Say what a change of policy means for people.",
	    ctl_policy_diff },
	{ POLICY_SIMULATE, "policy simulate", "FILE [CASES]", 1, 2,
	    "Play cases against the calendar: who comes in when, and what "
	    "is overdue.", ctl_policy_simulate },
	{ WEB_SIGN, "web sign", "FILE", 1, 1,
	    "Add signatures to the manifest of the pages for browsers.",
	    ctl_web_sign },
	{ WEB_MANIFEST, "web manifest", "", 0, 0,
	    "Print the signed manifest of the pages, and hold every file "
	    "against it.", ctl_web_manifest },
	{ POSTER, "poster", "", 0, 0,
	    "Draw a poster with the address and the fingerprint (SVG, A4).",
	    ctl_poster },
	{ CHECK, "check", "[STATE-DIRECTORY | BACKUP]", 0, 1,
	    "Read a whole store or backup and say whether it is sound.",
	    ctl_check },
	{ BACKUP, "backup", "DIRECTORY", 1, 1,
	    "Copy a store, sealed as it is; the daemon may go on.",
	    ctl_backup },
	{ EPOCH, "epoch", "", 0, 0,
	    "Give a store a new key, and destroy the old one with what was "
	    "destroyed under it.", ctl_epoch },
	{ STATUS, "status", "", 0, 0,
	    "Show what an instance has: policy, expiry, listeners, size.",
	    ctl_status },
};
/* clang-format on */

static const struct program program = {
	.name = "speakupctl",
	.help = "keys, roots, policies and stores of Speakup",
	.commands = commands,
	.n_commands = sizeof(commands) / sizeof(commands[0]),
	.options = options,
	.n_options = sizeof(options) / sizeof(options[0]),
};

int
main(int argc, char **argv)
{
	static struct ctl_options values;

	return (int)options_main(&program, argc, argv, &values);
}
