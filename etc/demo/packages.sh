# shellcheck shell=bash
# need_packages NAME…: installs what is missing from Debian's packages, as root
# or with sudo, and says so. Sourced by quickstart and tests/run.

BUILD_PACKAGES=(gcc libc6-dev meson ninja-build pkg-config libssl-dev
	libevent-dev liblmdb-dev libyaml-dev libjansson-dev
	libcurl4-openssl-dev libqrencode-dev zlib1g-dev libseccomp-dev)
RUN_PACKAGES=(openssl systemd ca-certificates tzdata)

# What the pages for browsers are built with, where there is no other Node.
need_node() {
	if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
		need_packages nodejs npm
	fi
}

# npm_install DIR: the packages of DIR/package-lock.json, unless they are there.
npm_install() {
	[ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ] ||
		(cd "$1" && npm ci --no-audit --no-fund --silent)
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		echo "This needs root, or sudo: $*" >&2
		return 1
	fi
}

need_packages() {
	local name missing=()
	for name in "$@"; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" \
			= installed ] || missing+=("$name")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	echo "Installing from Debian: ${missing[*]}"
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update >/dev/null
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y install \
		--no-install-recommends "${missing[@]}" >/dev/null
}
