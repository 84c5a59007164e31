"""Holds the source distribution and the wheel in a folder to what they should carry, and computes with the wheel.

    python tools/check_package.py DIST

DIST holds one .tar.gz and one .whl. The wheel is repaired by auditwheel into DIST/repaired, which gives it the oldest manylinux tag
that it keeps. Needs auditwheel and patchelf.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

SDIST_NEEDS = [
    "CMakeLists.txt",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "csrc/include/paragon.h",
    "csrc/cpu/gemm.cpp",
    "python/paragon/__init__.py",
    "python/paragon/py.typed",
    "python/paragon/executors/webgpu/shaders/softfloat.wgsl",
    "python/paragon/apps/runs/web/workbench.html",
]
WHEEL_NEEDS = [
    r"paragon/__init__\.py",
    r"paragon/py\.typed",
    r"paragon/_core\.pyi",
    r"paragon/_core\..*\.so",
    r"paragon/libparagon\.so",
    r"paragon/include/paragon\.h",
    r"paragon/executors/webgpu/shaders/softfloat\.wgsl",
    r"paragon/apps/runs/web/workbench\.html",
    r"[^/]+\.dist-info/entry_points\.txt",
    r"[^/]+\.dist-info/licenses/LICENSE",
]
FOLDERS = r"tests?|bindings_tests|benchmarks|build|__pycache__|node_modules|target|\.[^/]+"
LEFTOVERS = re.compile(rf"(^|/)({FOLDERS})(/|$)|\.py[cod]$|\.orig$")
LARGEST = {".tar.gz": 1_000_000, ".whl": 8_000_000}  # bytes
TRIAL = """
import importlib.metadata, pathlib, paragon as pg
from paragon.executors.cpu import LIBRARY
names = {e.name for e in importlib.metadata.entry_points(group="paragon.executors")}
assert names == {"cpu", "reference", "webgpu"}, names
assert LIBRARY.is_file() and (LIBRARY.parent / "include" / "paragon.h").is_file()
found = set()
for name in ("cpu", "reference"):
    with pg.use(name):
        found.add(pg.fingerprint(pg.exp(pg.tensor([0.5, -1.0])) @ pg.tensor([[2.0], [3.0]])))
assert len(found) == 1, found
print("the wheel computes:", found.pop()[:16], "from", pathlib.Path(pg.__file__).parent)
"""


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """What a command prints. Exits with its output when it fails."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, cwd=cwd)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def problems_of(names: list[str], needed: list[str]) -> list[str]:
    """What is missing, and what has no business here."""
    missing = [f"{pattern} is missing" for pattern in needed if not any(re.fullmatch(pattern, n) for n in names)]
    return missing + [f"{n} should not be there" for n in names if LEFTOVERS.search(n)]


def check_sdist(path: Path) -> list[str]:
    """The problems of a source distribution."""
    with tarfile.open(path) as archive:
        members = archive.getmembers()
    inside = [m.name.split("/", 1)[1] for m in members if "/" in m.name]
    links = [f"{m.name} is a link" for m in members if m.issym() or m.islnk()]
    compiled = [f"{n} is compiled" for n in inside if n.endswith((".so", ".o", ".a"))]
    return problems_of(inside, [re.escape(n) for n in SDIST_NEEDS]) + links + compiled


def check_wheel(path: Path) -> list[str]:
    """The problems of a wheel."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    libraries = [n for n in names if n.endswith(".so")]
    more = [] if len(libraries) == 2 else [f"there are {len(libraries)} libraries, not 2: {libraries}"]
    return problems_of(names, WHEEL_NEEDS) + more


def repair(wheel: Path) -> Path:
    """The wheel with its manylinux tag. Exits when auditwheel refuses it or takes in libraries of this machine."""
    print(run("auditwheel", "show", wheel).strip())
    folder = wheel.parent / "repaired"
    run("auditwheel", "repair", wheel, "--wheel-dir", folder)
    (found,) = folder.glob("*.whl")
    with zipfile.ZipFile(found) as archive:
        foreign = [n for n in archive.namelist() if ".libs/" in n]
    if "manylinux" not in found.name or foreign:
        sys.exit(f"{found.name} is no manylinux wheel of its own: {foreign}")
    return found


def try_wheel(wheel: Path) -> None:
    """Install the wheel into a fresh environment and compute with it."""
    with TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder, "bin", "python")
        run(python, "-m", "pip", "install", "--quiet", wheel)
        print(run(python, "-c", TRIAL, cwd=Path(folder)).strip())
        run(Path(folder, "bin", "paragon"), "doctor", cwd=Path(folder))


def main() -> None:
    """Check, repair, try; exit code 1 with every problem in a line."""
    folder = Path(sys.argv[1])
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    problems = check_sdist(sdist) + check_wheel(wheel)
    for path, suffix in ((sdist, ".tar.gz"), (wheel, ".whl")):
        size = path.stat().st_size
        print(f"{path.name}: {size:,} bytes")
        if size > LARGEST[suffix]:
            problems.append(f"{path.name} has more than {LARGEST[suffix]:,} bytes")
    if problems:
        sys.exit("\n".join(problems))
    repaired = repair(wheel)
    try_wheel(repaired)
    print(repaired.name)


if __name__ == "__main__":
    main()
