# shellcheck shell=bash
# Sourced by the other scripts: makes `python3`, `cfn-lint` and the moto server
# available on PATH, from the machine or from a virtual environment in .venv.
# Returns non-zero, with words, when they cannot be had.

python_ready() {
  python3 -c 'import moto, flask, samtranslator, cfnlint' >/dev/null 2>&1
}

need_python() {
  if [ -x .venv/bin/python3 ]; then
    PATH="$PWD/.venv/bin:$PATH"
    export PATH
  fi
  if python_ready; then
    return 0
  fi
  if ! command -v python3 >/dev/null; then
    echo 'python3 is not installed: what needs the SAM translator, cfn-lint or moto cannot run.' >&2
    return 1
  fi
  echo 'installing the Python tools of tools/requirements.txt into .venv'
  if python3 -m venv .venv && .venv/bin/python3 -m pip install --quiet --disable-pip-version-check -r tools/requirements.txt; then
    PATH="$PWD/.venv/bin:$PATH"
    export PATH
    python_ready && return 0
  fi
  rm -rf .venv
  echo 'The Python tools could not be installed (is the package index within reach?).' >&2
  echo 'By hand: python3 -m pip install -r tools/requirements.txt' >&2
  return 1
}
