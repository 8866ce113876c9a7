#!/usr/bin/env bash
# Makes the pictures of docs/images: the console's main pages over the sandbox
# vendors, in the same browser as tools/e2e.sh, which also installs what is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
E2E_RUN='node screenshots.mjs' exec tools/e2e.sh
