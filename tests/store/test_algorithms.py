"""Contents known by another digest than BLAKE3, as imported records have them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pytest

from roar_tui.record.model import Access, Record, decode, encode
from roar_tui.store import queries
from roar_tui.store.judge import UnusableRecordError, check
from roar_tui.store.results import to_json
from roar_tui.store.store import Store
from tests.builders import T0, build_store, made, single, used

SHA256 = hashlib.sha256(b"a").hexdigest()
MD5 = hashlib.md5(b"a", usedforsecurity=False).hexdigest()


def by(access: Access, algorithm: str | None, digest: str | None) -> Access:
    """`access` with another digest."""
    return msgspec.structs.replace(access, algorithm=algorithm, digest=digest)


def job(algorithm: str | None, digest: str | None, *, started: int = T0) -> Record:
    """A job that copies the content with this digest."""
    one = by(used("in", opened=started), algorithm, digest)
    two = by(made("out", opened=started + 1), algorithm, digest)
    return single(["cp", "in", "out"], [one], [two], started=started)


@pytest.mark.parametrize(
    ("algorithm", "digest"), [("sha256", SHA256), ("md5", MD5), ("etag-12", MD5), ("composite-blake3", SHA256)]
)
def test_a_content_keeps_the_algorithm_of_its_digest(algorithm: str, digest: str, tmp_path: Path) -> None:
    store = build_store(tmp_path, [job(algorithm, digest), job(algorithm, digest, started=T0 + 10)])
    db = store.reader()
    view = queries.artifact_view(store, db, digest)
    assert (view.algorithm, view.digest, view.producer_count, view.consumer_count) == (algorithm, digest, 2, 2)
    shown = to_json(queries.job_view(store, db, queries.jobs(db, limit=1)[0].id))
    assert [(file["hash"], file["algorithm"]) for file in shown["inputs"] + shown["outputs"]] == [(digest, algorithm)] * 2
    db.close()


def test_equal_digits_of_two_algorithms_are_two_contents(tmp_path: Path) -> None:
    jobs = [job("sha256", SHA256), job(None, SHA256, started=T0 + 10), job("blake3", SHA256, started=T0 + 20)]
    store = build_store(tmp_path, jobs)
    db = store.reader()
    assert sorted((row.algorithm, row.producers) for row in queries.artifacts(db, limit=9)) == [("blake3", 2), ("sha256", 1)]
    db.close()


def test_a_damaged_record_shows_the_algorithm_from_the_index(tmp_path: Path) -> None:
    store: Store = build_store(tmp_path, [job("md5", MD5)])
    for name in store.archive.files():
        (store.archive.records / name).unlink()
    db = store.reader()
    view = queries.job_view(store, db, queries.jobs(db, limit=1)[0].id)
    assert [(step.used[0].algorithm, step.used[0].digest) for step in view.steps] == [("md5", MD5)]  # type: ignore[union-attr]
    db.close()


@pytest.mark.parametrize(("algorithm", "digest"), [(None, MD5), ("sha256", MD5), ("md5", SHA256), ("md5", MD5.upper())])
def test_a_digest_that_its_algorithm_cannot_make_is_refused(algorithm: str | None, digest: str) -> None:
    with pytest.raises(UnusableRecordError, match="digest"):
        check(job(algorithm, digest))


def test_labels_and_origin_are_kept_and_shown(tmp_path: Path) -> None:
    kept = msgspec.structs.replace(job(None, None), labels={"stage": "final", "n": 3}, origin={"job_uid": "f121561d", "step": 1})
    assert decode(encode(kept)) == kept
    store = build_store(tmp_path, [kept])
    db = store.reader()
    shown = to_json(queries.job_view(store, db, queries.jobs(db, limit=1)[0].id))
    assert (shown["labels"], shown["origin"]) == ({"stage": "final", "n": 3}, {"job_uid": "f121561d", "step": 1})
    db.close()
