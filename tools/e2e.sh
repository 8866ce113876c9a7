#!/usr/bin/env bash
# Browser tests of the console (e2e/): installs Chromium, Node.js and the tests'
# packages where they are missing. CHROMIUM names the browser to drive; E2E_RUN is a
# command to run in e2e/ instead of the tests.
set -euo pipefail
cd "$(dirname "$0")/.."

install() { # Debian packages
  if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
    echo "make e2e needs $*: install it and try again" >&2
    exit 1
  fi
  echo "installing: $*"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null
}

find_chromium() {
  local name
  for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
    if [ -n "$name" ] && command -v "$name"; then return 0; fi
  done
  return 1
}

if ! CHROMIUM=$(find_chromium); then
  install chromium fonts-dejavu-core
  CHROMIUM=$(find_chromium)
fi
export CHROMIUM
command -v npm >/dev/null || install nodejs npm

"$CHROMIUM" --version
cd e2e
npm ci --no-audit --no-fund --silent
${E2E_RUN:-npm test}
