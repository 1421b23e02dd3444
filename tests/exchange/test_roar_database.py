"""roar's jobs as records: what they read and wrote, under which digests, and what roar cannot know."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from roar_tui.exchange.roar_database import read
from roar_tui.lineage.closure import closure
from roar_tui.lineage.filesets import as_in_composite
from roar_tui.lineage.model import Direction
from roar_tui.lineage.reference import resolve
from roar_tui.record.filesets import tree_digest
from roar_tui.record.model import Access, Exit, Package, Record, Role, State, Status, Tracker, decode, digest, encode
from roar_tui.store.judge import check
from roar_tui.store.store import Store
from tests.builders import build_store, content
from tests.exchange.roar_rows import COMMIT, METADATA, SESSION, START, RoarRows, pipeline

KEY = b"k" * 32


@pytest.fixture
def rows(tmp_path: Path) -> RoarRows:
    return RoarRows(tmp_path / "project")


def records(rows: RoarRows) -> list[Record]:
    """The records of the database, each of which must be fit for a store."""
    found = list(read(rows.close(), key=KEY))
    for record in found:
        check(record)
        assert decode(encode(record)) == record
    return found


def only(rows: RoarRows) -> Record:
    (record,) = records(rows)
    return record


def codes(record: Record) -> dict[str, list[str]]:
    return {warning.code: warning.examples for warning in record.warnings}


def test_a_job_is_a_record_of_one_step(rows: RoarRows) -> None:
    rows.job("python3 train.py --name 'a b'", [("in.csv", "i")], [("model.pt", "m")], script="train.py")
    record = only(rows)
    start = round((START + 10) * 1_000_000)
    assert (record.source, record.state, record.command) == ("roar", State.COMPLETE, ["python3", "train.py", "--name", "a b"])
    assert (record.started, record.ended, record.exit) == (start, start + 1_250_000, Exit(code=0))
    assert (record.cwd, record.host) == (str(rows.project), "vm")
    (step,) = record.steps
    assert (step.program, step.argv, step.started, step.ended) == ("python3", record.command, start, record.ended)
    assert step.used == [
        Access(f"{rows.project}/in.csv", Role.DATA, Status.HASHED, start, content("i"), 1, external=True),
    ]
    assert step.generated == [
        Access(f"{rows.project}/model.pt", Role.DATA, Status.HASHED, start, content("m"), 1, start + 1_250_000, survives=True),
    ]


def test_the_context_is_kept(rows: RoarRows) -> None:
    job = rows.job("python3 train.py", telemetry=json.dumps({"wandb": ["https://wandb.ai/a/b/runs/1", "https://wandb.ai/a/b/runs/2"]}))
    rows.label("job", job, {"stage": "draft", "name": "old"})
    rows.label("job", job, {"stage": "final", "name": "training", "roar": {"version": "0.4.7"}}, version=2)
    rows.label("dag", 1, {"project": "x"})
    record = only(rows)
    assert record.git is not None
    assert (record.git.root, record.git.commit, record.git.branch, record.git.dirty) == (str(rows.project), COMMIT, "master", False)
    assert record.environment.packages == [
        Package("pip", "click", "8.4.0"), Package("pip", "numpy", "2.1"), Package("dpkg", "libssl3", "3.0.19-1~deb12u2"),
    ]  # fmt: skip
    assert (record.environment.python, record.environment.variables["SEED"]) == ("3.11.7", "7")
    assert record.environment.host["memory"] == 24105 << 20
    assert record.environment.host["gpus"][0]["memory"] == 40960 << 20
    assert record.trackers == [Tracker("wandb", f"https://wandb.ai/a/b/runs/{n}") for n in (1, 2)]
    assert (record.name, record.labels) == ("training", {"stage": "final"})
    origin = record.origin
    assert (origin["job_uid"], origin["session"], origin["step"]) == ("8a2aeb01", SESSION, 1)
    assert (origin["session_labels"], origin["roar_version"]) == ({"project": "x"}, "0.4.7")
    assert record.group is None  # a session is no parallel run: its jobs do not all feed each other
    assert codes(record) == {"code_by_commit": [COMMIT]}


def test_secrets_do_not_come_in(rows: RoarRows) -> None:
    rows.job("curl -u me:hunter2hunter2 https://x.org", git_repo="https://me:hunter2hunter2@git.org/x")
    assert b"hunter2" not in encode(only(rows))


def test_a_signal_and_an_unknown_end(rows: RoarRows) -> None:
    rows.job("a", exit_code=-9)
    rows.job("b", exit_code=None, duration_seconds=None)
    killed, unknown = records(rows)
    assert killed.exit == Exit(signal=9)
    assert (unknown.exit, unknown.ended) == (None, None)


def test_the_directory_inside_the_project(rows: RoarRows) -> None:
    rows.job("python3 copy.py", metadata=json.dumps({**METADATA, "cwd": "sub"}))
    assert only(rows).cwd == f"{rows.project}/sub"


def test_what_is_installed_is_environment(rows: RoarRows) -> None:
    job = rows.job("python3 train.py", [("train.py", "t"), ("conf.yaml", "y")], script="train.py")
    rows.access("job_inputs", job, "/usr/lib/x/libx.so.1", rows.content("lib"))
    rows.access("job_inputs", job, "/root/.pyenv/version", rows.content("3.11"))
    roles = {access.path.rpartition("/")[2]: access.role.value for access in only(rows).steps[0].used}
    assert roles == {"train.py": "code", "conf.yaml": "config", "libx.so.1": "environment", "version": "environment"}


class TestDigests:
    def test_blake3_is_preferred(self, rows: RoarRows) -> None:
        hashes = {"sha256": hashlib.sha256(b"x").hexdigest(), "blake3": content("x")}
        rows.access("job_inputs", rows.job("cat x"), "x", rows.content("x", hashes))
        (access,) = only(rows).steps[0].used
        assert (access.digest, access.algorithm) == (content("x"), None)

    @pytest.mark.parametrize(
        ("algorithm", "value", "kept"),
        [
            ("sha256", "ab" * 32, ("sha256", "ab" * 32)),
            ("sha512", "AB" * 64, ("sha512", "ab" * 64)),
            ("md5", "ab" * 16, ("md5", "ab" * 16)),
            ("etag", '"' + "ab" * 16 + '"', ("etag", "ab" * 16)),
            ("etag", "ab" * 16 + "-38", ("etag-38", "ab" * 16)),
            ("composite-sha256", "ab" * 32, ("composite-sha256", "ab" * 32)),
        ],
    )
    def test_any_other_keeps_its_name(self, rows: RoarRows, algorithm: str, value: str, kept: tuple[str, str]) -> None:
        rows.access("job_outputs", rows.job("get"), "s3://bucket/key", rows.content("x", {algorithm: value}))
        (access,) = only(rows).steps[0].generated
        assert (access.algorithm, access.digest, access.path) == (*kept, "s3://bucket/key")

    @pytest.mark.parametrize("hashes", [{}, {"etag": "no number"}, {"blake3": "abcd"}, {"sha256": "xy" * 32}])
    def test_what_is_no_digest_is_not_one(self, rows: RoarRows, hashes: dict[str, str]) -> None:
        rows.access("job_inputs", rows.job("cat x"), "x", rows.content("x", hashes))
        record = only(rows)
        (access,) = record.steps[0].used
        assert (access.digest, access.status) == (None, Status.SKIPPED)
        assert ("odd_digest" in codes(record)) == bool(hashes)

    def test_a_downloaded_file_is_the_one_that_was_read_later(self, rows: RoarRows) -> None:
        sha256 = hashlib.sha256(b"shard").hexdigest()
        rows.content("shard", metadata=json.dumps({"origin": {"algorithm": "sha256", "digest": sha256}}))
        data = rows.content("set", {"composite-sha256": "ab" * 32}, kind="composite", component_count=1)
        rows.component(data, "train/0.parquet", sha256, component_algorithm="sha256", size=5)
        downloads = {str(rows.project / "d/0.parquet"): "https://hub/org/resolve/0123/train/0.parquet"}
        metadata = {"get": {"source": "hf://org", "artifacts": downloads}}
        rows.access("job_outputs", rows.job("roar get hf://org", metadata=json.dumps(metadata)), "hf://org@0123", data)
        found = [(access.path, access.algorithm, access.digest) for access in only(rows).steps[0].generated]
        assert found == [
            ("hf://org@0123", "composite-sha256", "ab" * 32),
            (f"{rows.project}/d/0.parquet", None, content("shard")),
        ]


class TestComposites:
    def test_a_set_is_its_members(self, rows: RoarRows) -> None:
        members = {f"s-{number:02}.txt": f"shard {number}" for number in range(5)} | {"deep/x.txt": "x"}
        rows.access("job_outputs", rows.job("split"), "shards", rows.composite("set", members))
        record = only(rows)
        found = {access.path: access.digest for access in record.steps[0].generated}
        assert found == {f"{rows.project}/shards/{path}": content(word) for path, word in members.items()}
        (composite,) = record.origin["composites"]
        assert (composite["count"], composite["known"], composite["algorithm"]) == (6, 6, "composite-blake3")

    def test_a_set_that_roar_keeps_in_part_is_kept_itself_too(self, rows: RoarRows) -> None:
        rows.access("job_inputs", rows.job("train"), "big", rows.composite("set", {"a": "1", "b": "2"}, total=5000))
        record = only(rows)
        assert [access.path for access in record.steps[0].used] == [f"{rows.project}/big{end}" for end in ("", "/a", "/b")]
        assert record.steps[0].used[0].algorithm == "composite-blake3"
        assert codes(record)["composite_partial"] == [f"{rows.project}/big"]

    def test_a_set_in_a_set_is_taken_apart_and_links_are_counted(self, rows: RoarRows) -> None:
        inner = rows.composite("inner", {"a": "1", "b": "2"})
        (value,) = rows.db.execute("SELECT digest FROM artifact_hashes WHERE artifact_id = ?", (inner,)).fetchone()
        outer = rows.composite("outer", {"c": "3"}, total=4)
        rows.component(outer, "in", value, leaf_kind="composite", component_algorithm="composite-blake3")
        rows.component(outer, "link", "ab" * 32, leaf_kind="symlink")
        rows.access("job_inputs", rows.job("train"), "d", outer)
        record = only(rows)
        assert [access.path for access in record.steps[0].used] == [f"{rows.project}/d/{end}" for end in ("c", "in/a", "in/b")]
        assert [(left.rule, left.count) for left in record.left_out] == [("symlink", 1)]

    def test_a_set_beside_its_files_adds_nothing(self, rows: RoarRows) -> None:
        """As after `roar register`: what has a row is known by it, also where the set writes its name otherwise."""
        job = rows.job("split", outputs=[("d/a", "1"), ("d/b\\c", "2"), ("d/in/x", "3"), ("d/README.md", "r")])
        rows.access("job_outputs", job, "d", rows.composite("set", {"a": "1", "b/c": "2", "in/x": "3", "in/y": "4"}))
        rows.access("job_outputs", job, "d/in", rows.composite("inner", {"x": "3", "y": "4"}))
        names = [access.path.removeprefix(f"{rows.project}/d/") for access in only(rows).steps[0].generated]
        assert sorted(names) == ["README.md", "a", "b\\c", "in/x", "in/y"]

    def test_a_set_that_holds_itself_ends(self, rows: RoarRows) -> None:
        loop = rows.composite("loop", {"a": "1"}, total=2)
        (value,) = rows.db.execute("SELECT digest FROM artifact_hashes WHERE artifact_id = ?", (loop,)).fetchone()
        rows.component(loop, "again", value, leaf_kind="composite", component_algorithm="composite-blake3")
        rows.access("job_inputs", rows.job("train"), "d", loop)
        assert 1 < len(only(rows).steps[0].used) < 100


class TestReadAndWritten:
    """roar hashes when a job has ended: of what a job also wrote, it shows the new content as the one that was read."""

    def test_a_file_changed_in_place_was_read_with_another_content(self, tmp_path: Path) -> None:
        touch = records(pipeline(tmp_path / "project"))[2]
        (used,), (made,) = touch.steps[0].used, touch.steps[0].generated
        assert (used.status, used.digest, used.external) == (Status.CHANGED, None, True)
        assert made.digest == content("second" * 20)
        assert codes(touch)["hashed_after"] == [used.path]

    @pytest.mark.parametrize("seen_as", ["output", "input"])
    def test_a_file_that_was_rewritten_as_it_was_is_known(self, rows: RoarRows, seen_as: str) -> None:
        rows.job("first", **({"outputs": [("x", "same")]} if seen_as == "output" else {"inputs": [("x", "same")]}))
        rows.job("again", [("x", "same")], [("x", "same")])
        again = records(rows)[1]
        assert again.steps[0].used[0].digest == content("same")
        assert "hashed_after" not in codes(again)

    def test_of_a_file_never_seen_before_nothing_is_known(self, rows: RoarRows) -> None:
        rows.job("first", [("x", "new")], [("x", "new")])
        assert only(rows).steps[0].used[0].status is Status.CHANGED

    def test_what_was_seen_later_says_nothing(self, rows: RoarRows) -> None:
        rows.job("first", [("x", "new")], [("x", "new")])
        rows.job("second", [("x", "new")])
        assert records(rows)[0].steps[0].used[0].status is Status.CHANGED


def test_the_lineage_of_an_import(tmp_path: Path) -> None:
    """Through a file that was changed in place, by path and time."""
    store = build_store(tmp_path / "store", records(pipeline(tmp_path / "project")))
    assert _upstream(store, content("second" * 20)) == ["touch.py", "train.py", "prep.py"]


def test_jobs_of_no_length_are_linked(rows: RoarRows, tmp_path: Path) -> None:
    rows.job("a x.py", [("1", "1" * 99)], [("2", "2" * 99)], duration_seconds=0)
    rows.job("a y.py", [("2", "2" * 99)], [("3", "3" * 99)], duration_seconds=0)
    store = build_store(tmp_path / "store", records(rows))
    assert _upstream(store, content("3" * 99)) == ["y.py", "x.py"]


def _upstream(store: Store, target: str) -> list[str]:
    db = store.reader()
    found = closure(db, resolve(store, db, target, cwd="/"), Direction.UPSTREAM, None)
    db.close()
    steps = sorted((node.depth, node.argv[1]) for node in found.nodes.values() if node.argv)
    return [script for _, script in steps]


class TestOnce:
    def test_a_copy_gives_the_same_runs(self, tmp_path: Path) -> None:
        path = pipeline(tmp_path / "project").close()
        copy = tmp_path / "copy.db"
        copy.write_bytes(path.read_bytes())
        assert [r.run_id for r in read(copy, key=KEY)] == [r.run_id for r in read(path, key=b"o" * 32)]
        assert [encode(r) for r in read(copy, key=KEY, cwd=str(tmp_path / "project"))] == [encode(r) for r in read(path, key=KEY)]

    def test_known_runs_are_passed_over(self, tmp_path: Path) -> None:
        path = pipeline(tmp_path / "project").close()
        first = next(iter(read(path, key=KEY))).run_id
        assert len(list(read(path, key=KEY, known=lambda run_id, state: run_id == first))) == 2

    def test_reruns_are_jobs_of_their_own(self, rows: RoarRows) -> None:
        for _ in range(3):
            rows.job("python3 train.py", [("a", "a")], [("b", "b")], step_number=1)
        assert len({record.run_id for record in records(rows)}) == 3

    def test_the_run_begins_with_what_roar_calls_it(self, rows: RoarRows) -> None:
        rows.job("true")
        assert only(rows).run_id.startswith("8a2aeb01")

    def test_a_job_that_roar_gave_no_id(self, rows: RoarRows) -> None:
        rows.job("true", job_uid=None)
        assert len(only(rows).run_id) == 32


def test_a_database_outside_a_project_says_so(tmp_path: Path) -> None:
    path = pipeline(tmp_path / "project").close()
    copy = tmp_path / "copy.db"
    copy.write_bytes(path.read_bytes())
    record = next(iter(read(copy, key=KEY)))
    assert record.cwd.startswith("?")
    assert "cwd_unknown" in codes(record)


def test_odd_text_does_no_harm(rows: RoarRows) -> None:
    rows.job("python3 'unbalanced", metadata="{no json", telemetry="[1]")
    rows.job("x", metadata=json.dumps({"runtime": 3, "packages": [1], "git": "g", "cwd": 7, "artifacts": None}))
    numbers = '{"runtime": {"memory": {"total_mb": 1e999}, "gpu": [3, null]}, "dataset_identifiers": [' + "9" * 40 + "]}"
    rows.job("x", metadata=numbers)
    rows.db.execute("UPDATE jobs SET command = CAST(x'66ff0a' AS TEXT) WHERE id = 2")
    first, second, third = records(rows)
    assert first.command == ["python3 'unbalanced"]
    assert second.command == ["f\udcff"]
    assert third.origin["dataset_identifiers"] == ["9" * 40]


def test_parts_of_files_are_said(rows: RoarRows) -> None:
    rows.access("job_inputs", rows.job("cat"), "x", rows.content("x"), "[[0, 10], [20, 30]]")
    record = only(rows)
    assert record.origin["byte_ranges"] == {f"{rows.project}/x": [[0, 10], [20, 30]]}
    assert codes(record)["byte_ranges"] == [f"{rows.project}/x"]


def test_the_digest_of_a_set_is_that_of_roar() -> None:
    """Computed by roar 0.4.7 for forty files `N:HELLO\\nWORLD\\n` named shard-000.txt to shard-039.txt."""
    members = [(f"shard-{number:03}.txt", digest(f"{number}:HELLO\nWORLD\n".encode())) for number in range(40)]
    assert tree_digest(members) == "ae436795ffea7b918f9ef0d12c77b85fe07d50066ecab36212e29ffb2003f897"


AWKWARD = (
    ["a", "b"],
    [
        "a b/c d.txt", "a/b", "a-b", "a.b", "A", "Z/\u00e9", "Z/e\u0301", "日本/語.txt", "🦉.csv", " lead", "trail ", "tab\there",
        "new\nline", "-n", "..x", "q'uote\"", "$HOME", "#x", "~", "%41", "aaa",
    ],
    ["deep/" * 20 + "x", "deep/" * 19 + "y", "deep.z", "deep/z", "\x7f\x01"],
    ["x\\y", "x.y", "w"],
)  # fmt: skip


AS_ROAR = [
    "7375e6524eb5b85d67237de578612065dbf7dda8176dfcc6ca167fa2ab9f1c59",
    "31128dc24d260a363f707ecb5646dbe51d9a020694c456ab2deffb2cbd6b0e15",
    "2177c54d33e6b0b1ca2f054f7e0433e4679b192332b92ff2f885d9fa80319f77",
    "bb8261e563a7cbaf8bcdff37f77c022318c9fa635da3557919d6e03999d8a075",
]


@pytest.mark.parametrize(
    ("names", "expected"), list(zip(AWKWARD, AS_ROAR, strict=True)), ids=["plain", "awkward", "deep", "backslash"]
)
def test_awkward_names_in_a_set_are_written_as_roar_writes_them(names: list[str], expected: str) -> None:
    """Computed by roar 0.4.7 for files that each hold their own name; it can name no set with a name that is not UTF-8."""
    assert tree_digest((as_in_composite(name), digest(name.encode())) for name in names) == expected


class TestMetadata:
    def test_what_has_no_place_of_its_own_is_kept_as_roar_says_it(self, rows: RoarRows) -> None:
        more = {
            "env_vars": {"EPOCHS": "3", "SEED": "8"},
            "run_modifiers": {"block_tags": ["license"]},
            "git": {**METADATA["git"], "commit_message": "one", "uncommitted_changes": None},
            "note": ["token=ghp_" + "a1B2" * 9],
        }
        rows.job("python3 train.py", metadata=json.dumps({**METADATA, **more}), synced_at=START, script="train.py")
        record = only(rows)
        rest = record.origin["metadata"]
        assert (rest["run_modifiers"], rest["git"]) == (more["run_modifiers"], {"commit_message": "one"})
        assert rest["runtime"] == {"command": ["python3", "train.py"]}
        assert (record.origin["script"], record.origin["registered_at"]) == ("train.py", START)
        assert b"ghp_" not in encode(record)
        # set for all jobs of the project; what the job itself had is the better word
        assert (record.environment.variables["EPOCHS"], record.environment.variables["SEED"]) == ("3", "7")

    @pytest.mark.parametrize(
        ("capture", "said"), [("missing", True), ("invalid", True), ("complete", False), ("not-applicable", False)]
    )
    def test_packages_that_roar_did_not_see_are_missed(self, rows: RoarRows, capture: str, said: bool) -> None:
        rows.job("python3 train.py", metadata=json.dumps({**METADATA, "python_capture": capture}))
        assert ("packages_incomplete" in codes(only(rows))) == said


class TestUnfinished:
    def test_a_job_without_an_end_is_no_complete_one(self, rows: RoarRows) -> None:
        rows.job("running", exit_code=None, duration_seconds=None)
        rows.job("failed", exit_code=1, duration_seconds=None)
        rows.job("placeholder", exit_code=None, duration_seconds=None, status="completed")
        running, failed, placeholder = records(rows)
        assert (running.state, failed.state, placeholder.state) == (State.INTERRUPTED, State.COMPLETE, State.COMPLETE)
        assert "unfinished" in codes(running)
        assert "unfinished" not in codes(failed)

    def test_what_never_ran_is_no_job(self, rows: RoarRows) -> None:
        rows.job("ran")
        rows.job("to be run here", status="pending", exit_code=None, duration_seconds=None, job_uid=None)
        counted: list[int] = []
        assert [record.command for record in read(rows.close(), key=KEY, planned=counted.append)] == [["ran"]]
        assert counted == [1]

    def test_a_job_whose_start_is_corrected_is_the_same(self, rows: RoarRows) -> None:
        rows.job("", exit_code=None, duration_seconds=None)
        rows.db.commit()
        (first,) = read(rows.path, key=KEY)
        rows.db.execute("UPDATE jobs SET timestamp = timestamp - 3, command = 'ray', duration_seconds = 9, exit_code = 0")
        assert only(rows).run_id == first.run_id
