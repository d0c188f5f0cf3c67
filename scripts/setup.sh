# Sourced by demo and verify: a fresh Debian machine gets what building and testing needs, and what is there stays.
# shellcheck shell=bash

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf 'vmm4j: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# need COMMAND=PACKAGE ...: installs the packages whose commands are missing.
need() {
	local pair missing=() as_root=()
	for pair in "$@"; do
		command -v "${pair%%=*}" >/dev/null 2>&1 || missing+=("${pair#*=}")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	command -v apt-get >/dev/null || die "missing: ${missing[*]}, and this is not Debian: install them by hand"
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null || die "missing: as root, run apt-get install ${missing[*]}"
		as_root=(sudo)
	fi
	say "installing ${missing[*]}"
	"${as_root[@]}" apt-get update -qq
	DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
		die "apt-get could not install ${missing[*]}"
}

# A JDK of 17 or later: JAVA_HOME, the PATH, or Debian's.
need_jdk() {
	if [ -n "${JAVA_HOME:-}" ] && [ -x "$JAVA_HOME/bin/javac" ]; then
		need mvn=maven
		return
	fi
	unset JAVA_HOME
	need javac=openjdk-17-jdk-headless mvn=maven
}

# build: the distribution in vmm-cli/target/vmm; what it prints is shown when it fails.
build() {
	local log started=$SECONDS
	log=$(mktemp)
	say "building (the first time, Maven downloads what it needs)"
	if ! (cd "$repo" && mvn -B -q -DskipTests package) >"$log" 2>&1; then
		cat "$log" >&2
		rm -f "$log"
		die "the build failed"
	fi
	rm -f "$log"
	say "built in $((SECONDS - started)) s"
}
