# Sourced by the testbed's commands: where things are, how they speak, how files are built.
# shellcheck shell=bash disable=SC2154

testbed=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
repo=$(cd "$testbed/../.." && pwd)
cache=${VMM4J_CACHE:-$repo/.cache}

# The commands of e2fsprogs, kmod and fdisk are in /sbin, which is not on every user's PATH.
PATH=$PATH:/usr/sbin:/sbin

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

die() {
	say "$*"
	exit 1
}

# is_current FILE KEY: true when FILE exists and was built from inputs that hash to KEY.
is_current() {
	[ -e "$1" ] && [ -e "$1.key" ] && [ "$(cat "$1.key")" = "$2" ]
}

# commit_build TEMPORARY FILE KEY: puts a finished build in place. The key is written last, so an
# interrupted run is built again.
commit_build() {
	rm -rf "$2" "$2.key"
	mv "$1" "$2"
	printf '%s\n' "$3" >"$2.key"
	say "built ${2#"$cache"/} ($(du -h --apparent-size -s "$2" | cut -f1)) in $((SECONDS - build_started)) s"
}

# key WORD|FILE...: one hash over the given words and over the content of the given files.
key() {
	local input
	for input; do
		if [ -f "$input" ]; then cat "$input"; else printf '%s\n' "$input"; fi
	done | sha256sum | cut -c1-16
}
