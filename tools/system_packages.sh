#!/bin/sh
# Installs the named Debian packages that are missing, where this user may; otherwise names them.
set -u
command -v dpkg-query >/dev/null 2>&1 || exit 0

missing=""
for package in "$@"; do
    # A package renamed by the time_t transition counts under its new name too.
    dpkg-query -W -f='${db:Status-Status}\n' "$package" "${package}t64" 2>/dev/null | grep -qx installed ||
        missing="$missing $package"
done
[ -z "$missing" ] && exit 0

if [ "$(id -u)" -eq 0 ]; then
    run=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    run="sudo -n"
else
    echo "These system packages are missing and this user may not install them:$missing"
    echo "Ask an administrator for: apt-get install$missing"
    # Tests that need them skip with their reason; the rest goes on.
    exit 0
fi
echo "Installing system packages:$missing"
export DEBIAN_FRONTEND=noninteractive
$run apt-get update -qq && $run apt-get install -y -qq --no-install-recommends $missing >/dev/null ||
    echo "Could not install:$missing. Install them by hand if the window does not open."
exit 0
