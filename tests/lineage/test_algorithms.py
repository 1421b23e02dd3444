"""Walks over contents that are known by another digest than BLAKE3."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from roar_tui.lineage.closure import closure
from roar_tui.lineage.graph import node_link
from roar_tui.lineage.model import Direction
from roar_tui.lineage.reference import resolve
from tests.builders import T0, build_store, made, single, used

SHA256 = hashlib.sha256(b"a").hexdigest()


def test_a_walk_says_which_digest_it_is(tmp_path: Path) -> None:
    raw = msgspec.structs.replace(used("raw", size=100), digest=SHA256, algorithm="sha256")
    out = msgspec.structs.replace(made("mid", size=100, opened=T0), digest=SHA256[::-1], algorithm="sha256")
    again = msgspec.structs.replace(used("mid", size=100, opened=T0 + 9_000_000), digest=SHA256[::-1], algorithm="sha256")
    first = single(["a"], [raw], [out])
    second = single(["b"], [again], [made("out", size=100, opened=T0 + 9_000_001)], started=T0 + 9_000_000)
    store = build_store(tmp_path, [first, second])
    db = store.reader()
    document = node_link(closure(db, resolve(store, db, "/p/out", cwd="/"), Direction.UPSTREAM, None))
    db.close()
    algorithms = {node["paths"][0]: node.get("algorithm") for node in document["nodes"] if node["kind"] == "artifact"}
    assert algorithms == {"/p/out": None, "/p/mid": "sha256", "/p/raw": "sha256"}
