#!/bin/sh
# fused_llvmpipe.sh FOLDER: builds two variants of Mesa's software Vulkan driver, on which the webgpu executor's native path runs.
#
# Llvmpipe has the processor's fma but takes every fma apart, so the probe sends it to the integer path. One option changed, it
# keeps them: a device whose arithmetic the probe finds right. A second option changed, it also contracts a*b + c by itself, as
# drivers of hardware do, so that only the guards of native.wgsl keep the two roundings apart. The source is that of Debian's
# package mesa (tried: 22.3.6, Debian 12), fetched by apt-get; the build takes three minutes on two cores.
#
#     tools/shaders/fused_llvmpipe.sh /tmp/mesa
#     VK_DRIVER_FILES=/tmp/mesa/fused.json paragon doctor --gpu
#     VK_DRIVER_FILES=/tmp/mesa/contracting.json pytest tests/test_webgpu.py
set -eu
[ $# = 1 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
mkdir -p "$1"
cd "$1"
folder=$(pwd)

packages="dpkg-dev meson ninja-build bison flex g++ python3-mako llvm-15-dev pkg-config zlib1g-dev libzstd-dev libdrm-dev
  libelf-dev libexpat1-dev glslang-tools"
missing=$(for p in $packages; do dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q "ok installed" || printf ' %s' "$p"; done)
command="apt-get install -y --no-install-recommends$missing"
if [ -n "$missing" ] && [ "$(id -u)" = 0 ]; then
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive $command
elif [ -n "$missing" ]; then
  echo "missing:$missing. Install with: sudo $command" >&2
  exit 1
fi

if [ ! -d source ]; then  # source packages by a list of our own: few machines have them in theirs
  mkdir -p lists/partial
  sed 's/^Types: .*/Types: deb-src/' /etc/apt/sources.list.d/debian.sources 2>/dev/null >own.sources || true
  sed -n 's/^deb /deb-src /p' /etc/apt/sources.list 2>/dev/null >own.list || true
  [ -s own.sources ] && list=own.sources || list=own.list
  set -- -o Dir::Etc::SourceList="$folder/$list" -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$folder/lists" \
    -o Dir::Cache="$folder/cache"
  rm -rf mesa_* unpacked
  mkdir -p cache/archives/partial
  apt-get "$@" update -q
  apt-get "$@" source --download-only mesa
  dpkg-source -x mesa_*.dsc unpacked
  mv unpacked source
fi

build() {  # NAME OPTIONS: the driver with these options of its compiler, and the file that announces it
  sed -i "s/^ *\.lower_ffma32 = .*/   $2/" source/src/gallium/drivers/llvmpipe/lp_screen.c
  grep -q "^ *$2" source/src/gallium/drivers/llvmpipe/lp_screen.c || {
    echo "this Mesa has no option lower_ffma32" >&2
    exit 1
  }
  ninja -C build src/gallium/targets/lavapipe/libvulkan_lvp.so
  cp build/src/gallium/targets/lavapipe/libvulkan_lvp.so "$1.so"
  printf '{"file_format_version": "1.0.0", "ICD": {"library_path": "%s", "api_version": "1.3.0"}}\n' "$folder/$1.so" >"$1.json"
}
PATH=/usr/bin:$PATH  # meson's modules are those of Debian's Python
[ -f build/build.ninja ] || meson setup build source -Dbuildtype=release -Dvulkan-drivers=swrast -Dgallium-drivers=swrast -Dplatforms= \
  -Dopengl=false -Dgles1=disabled -Dgles2=disabled -Dglx=disabled -Degl=disabled -Dgbm=disabled -Dshared-glapi=disabled \
  -Dllvm=enabled -Dshader-cache=disabled -Dvideo-codecs= -Dvalgrind=disabled -Dlibunwind=disabled
build fused ".lower_ffma32 = false,"
build contracting ".lower_ffma32 = false, .fuse_ffma32 = true,"
ls "$folder"/*.json
