#!/usr/bin/env python3
"""Checks that each folder under src/ includes only headers of folders above it, and that only
src/duck includes duckdb.h. The order is the one of docs/architecture.md."""

import pathlib
import re
import sys

ORDER = ["base", "slog", "store", "schema", "catalog", "duck", "trino", "work", "sql", "query", "delivery",
         "crawl", "http", "api", "stack", "cmd"]
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]', re.M)

root = pathlib.Path(__file__).resolve().parents[1] / "src"
wrong = []
folders = {p.name for p in root.iterdir() if p.is_dir()}
for name in sorted(folders - set(ORDER)):
    wrong.append(f"src/{name}: not a room of the architecture; add it to docs and to this list")
for name in sorted(folders & set(ORDER)):
    if not (root / name / "README.md").exists():
        wrong.append(f"src/{name}: has no README.md")
for path in sorted(root.rglob("*.[ch]")):
    room = path.relative_to(root).parts[0]
    for kind, header in INCLUDE.findall(path.read_text()):
        if header == "duckdb.h" and room != "duck":
            wrong.append(f"{path}: duckdb.h belongs to src/duck alone")
        target = header.split("/")[0]
        if kind == '"' and target in ORDER and ORDER.index(target) > ORDER.index(room):
            wrong.append(f"{path}: {room} may not include {header}")
        if kind == '"' and "/" not in header:
            wrong.append(f"{path}: write the folder in #include \"{header}\"")
        if header.endswith("_int.h") and not str(path.relative_to(root)).startswith(
                str(pathlib.Path(header).parent)):
            wrong.append(f"{path}: {header} is private to its folder")
print("\n".join(wrong) or f"folders: {len(folders)} rooms, dependency direction holds")
sys.exit(bool(wrong))
