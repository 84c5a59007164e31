#!/usr/bin/env bash
# An environment of its own for a heavy tool that only tests of exports and measurements beside it need: build/peers/NAME.
# Prints the path of its Python on the last line.
#   tools/peer_environment.sh mlflow
set -euo pipefail
cd "$(dirname "$0")/.."

declare -A packages=(
  [mlflow]="mlflow-skinny>=3.4 sqlalchemy>=2.0 alembic>=1.13 numpy safetensors typer rich pydantic filelock"
)
name=$1
if [[ -z ${packages[$name]:-} ]]; then
  echo "there is no peer $name; there are ${!packages[*]}" >&2
  exit 2
fi
folder=build/peers/$name
if [[ ! -e $folder/.installed ]]; then
  rm -rf "$folder"
  python3 -m venv "$folder"
  # shellcheck disable=SC2086 - a list of packages
  "$folder/bin/python" -m pip install --quiet ${packages[$name]}
  touch "$folder/.installed"
fi
echo "$PWD/$folder/bin/python"
