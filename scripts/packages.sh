#!/bin/sh
# Which system packages a goal still needs, and how they get here.
#   packages.sh missing GOAL…   prints the missing Debian packages, one a line
#   packages.sh install GOAL…   installs them with apt when root, else prints the command and fails
# Goals: build, test, fuzz. A tool counts as present wherever it came from: commands and files are looked
# for, not packages, so a hand-built clang or another distribution works as well.
set -eu
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

command_from() { command -v "$1" >/dev/null 2>&1 || echo "$2"; }
header_from() {
	for dir in /usr/include /usr/local/include "/usr/include/$(uname -m)-linux-gnu"; do
		[ ! -e "$dir/$1" ] || return 0
	done
	echo "$2"
}
plugin_from() {
	for path in /usr/lib/"$1" /usr/lib/*/"$1"; do
		[ ! -e "$path" ] || return 0
	done
	echo "$2"
}
library_from() { ldconfig -p 2>/dev/null | grep -q "$1" || echo "$2"; }

missing() {
	for goal in "$@"; do
		case $goal in
		build)
			node_fits || echo nodejs
			command_from clang clang
			command_from gcc gcc
			header_from stdio.h libc6-dev
			header_from linux/bpf.h linux-libc-dev
			header_from bpf/bpf_helpers.h libbpf-dev
			library_from libbpf.so.1 libbpf1
			;;
		test)
			command_from bpftool bpftool
			command_from ip iproute2
			command_from tc iproute2
			command_from iperf3 iperf3
			command_from tcpreplay tcpreplay
			command_from tshark tshark
			command_from capinfos wireshark-common
			command_from openssl openssl
			command_from rsyslogd rsyslog
			plugin_from rsyslog/lmnsd_ossl.so rsyslog-openssl
			command_from kcat kcat
			command_from strace strace
			library_from librdkafka.so.1 librdkafka1
			command_from nmap nmap
			command_from hping3 hping3
			command_from arpspoof dsniff
			command_from dnsmasq dnsmasq-base
			command_from sshd openssh-server
			command_from sshpass sshpass
			command_from iodine iodine
			command_from ptunnel-ng ptunnel-ng
			command_from curl curl
			command_from tcpdump tcpdump
			;;
		fuzz)
			fuzzer_from || echo "libclang-rt-$(clang_major)-dev"
			;;
		*) echo "packages.sh: unknown goal $goal" >&2; exit 2 ;;
		esac
	done | sort -u
}

# The sanitizers and libFuzzer come with clang from elsewhere, in a package of their own on Debian.
clang_major() { clang -dumpversion 2>/dev/null | grep -o '^[0-9]*' || echo 14; }
fuzzer_from() {
	found=$(find "$(clang -print-resource-dir 2>/dev/null)/" -name 'libclang_rt.fuzzer*.a' 2>/dev/null)
	[ -n "$found" ]
}

# Debian 12's own node is 18, so apt cannot help: install says where to get one.
node_fits() {
	command -v npm >/dev/null && node -e '
		const [a, b, c] = process.versions.node.split(".").map(Number)
		process.exit(a > 20 || (a === 20 && (b > 18 || (b === 18 && c >= 1))) ? 0 : 1)
	' 2>/dev/null
}

check_node() {
	node_fits && return
	found=$(node --version 2>/dev/null || echo none)
	echo "orthrus needs node 20.18.1 or newer with npm, found $found; https://nodejs.org/en/download has both" >&2
	exit 1
}

install() {
	check_node
	packages=$(missing "$@" | tr '\n' ' ')
	[ -n "${packages% }" ] || return 0
	if ! command -v apt-get >/dev/null; then
		echo "missing what these Debian packages hold: $packages; install the same with your package manager, then run make again" >&2
		exit 1
	fi
	if [ "$(id -u)" -ne 0 ]; then
		echo "missing packages; run this, then make again:" >&2
		echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends $packages" >&2
		exit 1
	fi
	echo "  APT     $packages"
	export DEBIAN_FRONTEND=noninteractive
	quietly apt-get update
	# shellcheck disable=SC2086 # one word a package
	quietly apt-get install -y --no-install-recommends $packages
}

# apt talks for pages; only a failure is worth reading.
quietly() {
	if [ -n "${V:-}" ]; then "$@"; return; fi
	output=$("$@" 2>&1) || { status=$?; printf '%s\n' "$output" >&2; echo "failed: $*" >&2; exit $status; }
}

action=$1; shift
case $action in
missing) missing "$@" ;;
install) install "$@" ;;
*) echo "usage: packages.sh missing|install GOAL…" >&2; exit 2 ;;
esac
