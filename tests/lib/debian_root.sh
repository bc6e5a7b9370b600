# shellcheck shell=bash
# A Debian root, made with debootstrap from the mirror that this machine's apt
# uses. Sourced by tests/debian13 and tests/systemd/live, which set:
#
#   ROOT_NAME  who says what is said
#   RELEASE    bookworm, trixie; ARCH where it is not this machine's
#   PACKAGES   an array: what is in it besides the base
#   work       a temporary directory

ARCH=$(dpkg --print-architecture)

say() {
	printf '%s: %s\n' "$ROOT_NAME" "$*"
}

skip() {
	say "skipped: $*"
	exit 77
}

# A mount and process namespace of its own: what is mounted there goes away
# with the last process in it, however that ends.
APART=(unshare --mount --pid --fork --kill-child)

clean_up() {
	jobs -p | xargs -r kill -KILL
	rm -rf --one-file-system "$work"
}

# The mirror of the running release, from apt's own view of its configuration.
find_mirror() {
	local codename
	# shellcheck source=/dev/null
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
	# shellcheck disable=SC2016 # apt's placeholders
	apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' \
		'Created-By: Packages' 2>/dev/null |
		awk -v r="$codename" '$1 == r && $2 == "main" {
			sub("/$", "", $3); print $3; exit}'
}

can_make_a_root() {
	[ "$(id -u)" -eq 0 ] || skip "only root can make one"
	"${APART[@]}" mount -t tmpfs none /mnt 2>/dev/null ||
		skip "no right to mount here"
	need_packages debootstrap || skip "debootstrap cannot be installed"
}

make_root() {
	local root=$1 mirror list
	mirror=$(find_mirror)
	[ -n "$mirror" ] || skip "apt is configured with no Debian mirror"
	/usr/lib/apt/apt-helper download-file \
		"$mirror/dists/$RELEASE/InRelease" "$work/InRelease" \
		>/dev/null 2>&1 || skip "the mirror does not answer"
	say "making a root with debootstrap (a few minutes)"
	# debootstrap does not read apt's configuration
	eval "$(apt-config shell http_proxy Acquire::http::Proxy)"
	export http_proxy
	list=$(IFS=, && echo "${PACKAGES[*]}")
	"${APART[@]}" debootstrap --arch="$ARCH" --variant=minbase \
		--include="$list" \
		"$RELEASE" "$root.new" "$mirror" >"$work/log" 2>&1 &
	while sleep 10 && kill -0 $! 2>/dev/null; do
		say "  $(grep -c Retrieving "$work/log") fetched," \
			"$(grep -c Configuring "$work/log") configured"
	done
	wait $! || {
		tail -n 20 "$work/log"
		say "debootstrap failed"
		exit 1
	}
	mv "$root.new" "$root"
}
