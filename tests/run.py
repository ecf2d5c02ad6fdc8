"""`make test`: every set one after another, each with its time against its budget (seconds)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PACKAGES = {"redis-server": "redis-server", "initdb": "postgresql", "chromium": "chromium"}
FONT = Path("/usr/share/fonts/truetype/wqy")


def present(program: str) -> bool:
    return bool(shutil.which(program)) or any(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"))


def missing_packages() -> list[str]:
    wanted = [package for program, package in PACKAGES.items() if not present(program)]
    if not FONT.exists():
        wanted.append("fonts-wqy-zenhei")
    return wanted


def install(packages: list[str]) -> None:
    """As root on Debian the missing system programs are installed; elsewhere they are named."""
    if not packages or os.getuid() != 0 or not shutil.which("apt-get"):
        return
    print("installing", *packages, flush=True)
    quiet = {"stdout": subprocess.DEVNULL, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
    subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)
    subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], check=False, **quiet)


def sets() -> list[tuple[str, int, list[str], list[list[str]]]]:
    """(name, budget, system programs it needs, commands)."""
    python = str(BIN / "python")
    pytest = [python, "-m", "pytest", "--durations=5", "--durations-min=3", "-n", str(min(os.cpu_count() or 1, 4))]
    return [
        (
            "lint",
            60,
            [],
            [
                [str(BIN / "ruff"), "check", "--quiet", "."],
                [str(BIN / "ruff"), "format", "--check", "--quiet", "."],
                [str(BIN / "lint-imports"), "--no-cache"],
                [str(BIN / "bandit"), "-q", "-ll", "-r", "portal", "accounts", "products", "applications"],
                [python, "manage.py", "makemigrations", "--check", "--dry-run"],
                [python, "manage.py", "spectacular", "--validate", "--fail-on-warn", "--file", os.devnull],
            ],
        ),
        ("sqlite", 150, [], [[*pytest, "-m", "not browser"]]),
        ("postgres", 240, ["initdb", "redis-server"], [[*pytest, "-m", "not browser", "--db", "postgres", "--redis"]]),
        (
            "browser",
            300,
            ["initdb", "redis-server", "chromium"],
            [[*pytest, "-m", "browser", "--db", "postgres", "--redis"]],
        ),
    ]


def main(only: list[str]) -> int:
    os.chdir(ROOT)
    if not only or set(only) & {"postgres", "browser"}:
        install(missing_packages())
    rows, failed = [], []
    for name, budget, programs, commands in sets():
        if only and name not in only:
            continue
        lacking = [p for p in programs if not present(p)]
        if lacking:
            print(
                f"\n!! {name} SKIPPED: missing {', '.join(lacking)}. Debian: apt-get install {' '.join(PACKAGES[p] for p in lacking)}"
            )
            rows.append((name, "skipped", 0, budget))
            if os.environ.get("CI"):
                failed.append(name)
            continue
        print(f"\n== {name}", flush=True)
        start = time.monotonic()
        ok = all(subprocess.run(command, check=False).returncode == 0 for command in commands)
        rows.append((name, "ok" if ok else "FAILED", time.monotonic() - start, budget))
        if not ok:
            failed.append(name)
    print("\nset        result    seconds   budget")
    for name, result, seconds, budget in rows:
        print(f"{name:<10} {result:<9} {seconds:7.0f}   {budget:6d}{'   over budget' if seconds > budget else ''}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
