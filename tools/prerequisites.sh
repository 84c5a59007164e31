#!/bin/sh
# prerequisites.sh [PYTHON [test]]: checks that the machine has what a build needs: Python's headers and venv, a C++ compiler; with
# "test" also what only some tests need: a Vulkan driver, Mesa's software one if there is none. As root on Debian or Ubuntu the
# missing packages are installed; otherwise this says which command installs them, and fails if the build needs them.
set -eu
python=${1:-python3}

missing=""
command -v "$python" >/dev/null || missing="$missing python3"
command -v c++ >/dev/null || command -v g++ >/dev/null || command -v clang++ >/dev/null || missing="$missing g++"
"$python" -c 'import venv, ensurepip' 2>/dev/null || missing="$missing python3-venv"
"$python" -c 'import os, sysconfig, sys; sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' 2>/dev/null ||
  missing="$missing python3-dev"

wanted=""
if [ "${2:-}" = test ] && [ "$(uname)" = Linux ] && [ -z "${VK_DRIVER_FILES:-${VK_ICD_FILENAMES:-}}" ]; then
  wanted=" mesa-vulkan-drivers libvulkan1"
  for driver in /usr/share/vulkan/icd.d/*.json /usr/local/share/vulkan/icd.d/*.json /etc/vulkan/icd.d/*.json; do
    [ ! -e "$driver" ] || wanted=""  # a driver announces itself by such a file
  done
fi
[ -z "$missing$wanted" ] && exit 0

command="apt-get install -y --no-install-recommends$missing$wanted"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing$missing$wanted"
  apt-get update -q && DEBIAN_FRONTEND=noninteractive $command || [ -z "$missing" ]
else
  echo "missing:$missing$wanted. Install with: sudo $command" >&2
  [ -z "$missing" ]
fi
