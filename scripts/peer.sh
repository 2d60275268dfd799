#!/bin/sh
# Programs that tests talk to, only unpacked from their Debian packages: syslog-ng excludes rsyslog,
# and prometheus would start a server where only its promtool is wanted.
#   peer.sh FOLDER PROGRAM PACKAGE…   into FOLDER, unless FOLDER/PROGRAM is there already
# Without apt nothing happens, and the tests that need it say so.
set -eu
folder=$1 program=$2
shift 2

[ ! -e "$folder/$program" ] || exit 0
command -v apt-get >/dev/null && command -v dpkg >/dev/null || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/root"
cd "$work"
apt-get download "$@" >/dev/null 2>&1 || {
	echo "$(basename "$program") cannot be downloaded: its tests are skipped" >&2
	exit 0
}
for package in *.deb; do dpkg -x "$package" root; done
mkdir -p "$folder"
cp -a root/. "$folder/"
