#!/bin/sh
# Checks that the machine has what a build needs: Python's headers and venv, a C++ compiler. As root on Debian or Ubuntu the
# missing packages are installed; otherwise this says which command installs them.
set -eu
python=${1:-python3}

missing=""
command -v "$python" >/dev/null || missing="$missing python3"
command -v c++ >/dev/null || command -v g++ >/dev/null || command -v clang++ >/dev/null || missing="$missing g++"
"$python" -c 'import venv, ensurepip' 2>/dev/null || missing="$missing python3-venv"
"$python" -c 'import os, sysconfig, sys; sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' 2>/dev/null ||
  missing="$missing python3-dev"
[ -z "$missing" ] && exit 0

command="apt-get install -y$missing"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing$missing"
  apt-get update -q && DEBIAN_FRONTEND=noninteractive $command
else
  echo "missing:$missing. Install with: sudo $command" >&2
  exit 1
fi
