#!/bin/sh
# Debian's syslog-ng beside Debian's rsyslog, for the tests: the packages exclude each other, so this
# one is only unpacked.
#   syslog-ng.sh FOLDER   into FOLDER, unless it is there already
# Without apt nothing happens, and the tests that need it say so.
set -eu
folder=$1
packages='syslog-ng-core libivykis0 libnet1 libjson-c5 libwrap0 libpcre3'

[ ! -e "$folder/usr/sbin/syslog-ng" ] || exit 0
command -v apt-get >/dev/null && command -v dpkg >/dev/null || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/root"
cd "$work"
# shellcheck disable=SC2086 # one word a package
apt-get download $packages >/dev/null 2>&1 || {
	echo "syslog-ng cannot be downloaded: its tests are skipped" >&2
	exit 0
}
for package in *.deb; do dpkg -x "$package" root; done
mkdir -p "$folder"
cp -a root/. "$folder/"
