"""Debian's Chromium for tests of pages: one browser a module, a page a test."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from conftest import ROOT, skip_or_fail
from toolchains import alone, call, need

FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP elsewhere.test 127.0.0.1",  # a name that is no secure context
]
WEB = ROOT / "web"


@cache
def web_packages() -> Path:
    """The packages of web/package-lock.json. Skips (in CI: fails) where Node is missing, or they cannot be fetched."""
    npm, folder = need("npm", "npm"), WEB / "node_modules"
    with alone("web"):
        done = folder / ".package-lock.json"
        if not done.is_file() or done.stat().st_mtime < (WEB / "package-lock.json").stat().st_mtime:
            try:
                call(npm, "ci", "--no-audit", "--no-fund", cwd=WEB, timeout=300)
            except AssertionError as error:
                skip_or_fail(f"npm ci in web/ has failed: {str(error)[-300:]}")
    return folder


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser of playwright. Skips (in CI: fails) where Chromium or playwright is missing."""
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        skip_or_fail("playwright is missing: pip install playwright")
    path = need("chromium", "chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a plain file server, as `python -m http.server` is one."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def axe_faults(page: Any) -> list[str]:
    """What axe-core finds on a page."""
    page.evaluate((web_packages() / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{fault['id']}: {fault['help']}: {json.dumps([node['html'][:160] for node in fault['nodes'][:3]])}"
        for fault in found["violations"]
    ]


def wants_screenshots() -> bool:
    """Whether the pictures of the docs are to be made anew."""
    return os.environ.get("PARAGON_SCREENSHOTS", "") not in ("", "0")
