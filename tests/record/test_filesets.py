"""Many files of a directory become one set, and nothing that lineage goes by is lost."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roar_tui.record import filesets
from roar_tui.record.filesets import FROM, IncompleteError, blobs_of, count_files, members, pack, tree_digest, unpack
from roar_tui.record.model import Access, Record, Role, Status, digest
from tests.builders import T0, content, made, record, shards, single, step, unknown, used


class Blobs(dict[str, bytes]):
    """Blobs by their digests."""

    def keep(self, data: bytes) -> str:
        self[digest(data)] = data
        return digest(data)


def packed(each: Record) -> tuple[Record, Blobs]:
    blobs = Blobs()
    return pack(each, blobs.keep), blobs


def without_times(each: Record) -> list[tuple[object, ...]]:
    accesses = [(step.id, access) for step in each.steps for access in step.used]
    return sorted((n, a.path, a.role.value, a.status.value, a.digest, a.size, a.named or "", a.external) for n, a in accesses)


def test_thirty_two_files_of_a_directory_are_a_set_and_fewer_are_not() -> None:
    small, blobs = packed(single(["train"], shards("d", FROM - 1)))
    assert (small.steps[0].filesets, blobs) == ([], {})
    large, blobs = packed(single(["train"], [used("train.py"), *shards("d", FROM)], [made("model", opened=T0 + 100)]))
    (use,) = large.steps[0].filesets
    assert [access.path for access in large.steps[0].used] == ["/p/train.py"]
    assert (use.directory, use.count, use.size, use.role, use.external) == ("/p/d", FROM, FROM * 100, Role.DATA, True)
    assert (use.opened, use.last) == (T0, T0 + FROM - 1)
    assert set(blobs_of(large)) == set(blobs)
    assert count_files(large) == (FROM + 1, 1)


def test_the_digest_is_that_of_the_relative_paths_and_contents() -> None:
    large, blobs = packed(single(["train"], shards("d", FROM)))
    (use,) = large.steps[0].filesets
    names = [(f"shard-{n:05}.txt", content(f"shard {n} ")) for n in range(FROM)]
    assert use.digest == tree_digest(names) == digest(blobs[use.digest])
    assert [(each.name, each.digest, each.size) for each in members(use, blobs.get)] == [(*name, 100) for name in names]


def test_jobs_that_read_the_same_files_share_the_manifest() -> None:
    blobs = Blobs()
    for number in range(5):
        pack(single(["train", str(number)], shards("d", 100, opened=T0 + 1000 * number)), blobs.keep)
    assert len(blobs) == 2


def test_what_was_read_before_and_after_an_output_was_written_are_two_sets() -> None:
    reads = [*shards("d", 40, opened=T0), *shards("d", 40, first=40, opened=T0 + 1000)]
    early = made("ckpt-1", opened=T0 + 500, finished=T0 + 600)
    large, _ = packed(single(["train"], reads, [early]))
    assert [(use.count, use.opened, use.last) for use in large.steps[0].filesets] == [
        (40, T0, T0 + 39), (40, T0 + 1040, T0 + 1079),
    ]  # fmt: skip


def test_a_few_files_after_an_output_stay_by_themselves() -> None:
    reads = shards("d", 40, opened=T0)
    large, _ = packed(single(["train"], reads, [made("ckpt-1", opened=T0 + 35, finished=T0 + 36)]))
    (use,) = large.steps[0].filesets
    assert (use.count, len(large.steps[0].used)) == (36, 4)  # what was opened at the very moment is on neither side


def test_a_log_parts_no_set() -> None:
    large, _ = packed(single(["train"], shards("d", 40), [made("train.log", opened=T0 + 20, finished=T0 + 30)]))
    assert [use.count for use in large.steps[0].filesets] == [40]


def test_another_steps_output_parts_sets_too() -> None:
    other = step(["other"], number=1, generated=[made("x", opened=T0 - 1, finished=T0 + 20)])
    large, _ = packed(record(["bash"], [step(["train"], used=shards("d", 40)), other]))
    assert [use.count for use in large.steps[0].filesets] == []


def test_the_beginning_of_a_file_that_no_step_read_parts_no_set() -> None:
    large, _ = packed(single(["train"], shards("d", 40), [made("out", opened=T0 + 20, finished=T0 + 100)]))
    assert [use.count for use in large.steps[0].filesets] == [40]


@pytest.mark.parametrize(("name", "text"), [("d/shard-00030.txt", "new"), ("copy", "shard 30 ")], ids=["path", "content"])
def test_the_beginning_of_a_file_that_may_have_been_read_parts_it(name: str, text: str) -> None:
    large, _ = packed(single(["train"], shards("d", 40), [made(name, text, opened=T0 + 20, finished=T0 + 100)]))
    assert large.steps[0].filesets == []  # twenty before it, and nineteen after it


def test_what_has_no_certain_content_or_another_role_is_in_no_set() -> None:
    odd = [
        unknown("d/changed"),
        used("d/skipped", status=Status.SKIPPED),
        used("d/foreign", algorithm="sha256"),
        used("d/code", role=Role.CODE),
        used("d/own", external=False),
    ]
    large, _ = packed(single(["train"], [*odd, *shards("d", FROM)]))
    assert {access.path for access in large.steps[0].used} == {access.path for access in odd}


def test_two_contents_at_one_path_do_not_share_a_set() -> None:
    twice = used("d/shard-00000.txt", "other", opened=T0 + 99)
    large, _ = packed(single(["train"], [*shards("d", FROM), twice]))
    assert large.steps[0].used == [twice]


def test_many_directories_with_sets_below_one_are_one_flat_set() -> None:
    reads = [access for number in range(FROM) for access in shards(f"d/class-{number}", FROM)]
    large, blobs = packed(single(["train"], [*reads, *shards("d", FROM)]))
    flat, own = sorted(large.steps[0].filesets, key=lambda use: -use.count)
    assert (flat.directory, flat.count, own.count) == ("/p/d", FROM * FROM, FROM)
    assert next(members(flat, blobs.get)).name == "class-0/shard-00000.txt"


def test_a_directory_reached_through_a_link_keeps_both_names() -> None:
    reads = [msgspec.structs.replace(access, named=access.path.replace("/p/d/", "/p/link/")) for access in shards("d", FROM)]
    large, blobs = packed(single(["train"], reads))
    assert large.steps[0].filesets[0].named == "/p/link"
    assert without_times(unpack(large, blobs.get)) == without_times(single(["train"], reads))


@pytest.mark.parametrize("lost", [0, 1])
def test_a_missing_list_is_said(lost: int) -> None:
    large, blobs = packed(single(["train"], shards("d", FROM)))
    use = large.steps[0].filesets[0]
    del blobs[(use.digest, use.sizes)[lost]]
    with pytest.raises(IncompleteError, match="list of the 32 files below /p/d is missing"):
        unpack(large, blobs.get)


def test_a_list_of_another_length_is_said() -> None:
    large, blobs = packed(single(["train"], shards("d", FROM)))
    use = large.steps[0].filesets[0]
    blobs[use.digest] = b"".join(blobs[use.digest].splitlines(keepends=True)[:-1])
    with pytest.raises(IncompleteError, match="31 of them"):
        unpack(large, blobs.get)


CHARACTERS = st.characters(exclude_characters="/\0", codec=None)
NAMES = st.text(CHARACTERS, min_size=1, max_size=12).filter(lambda name: name not in (".", ".."))


def surrogate_free(name: str) -> bool:
    try:
        name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


@given(st.data())
def test_any_record_comes_back_but_for_the_times_inside_a_set(data: st.DataObject) -> None:
    names = data.draw(st.lists(NAMES.filter(surrogate_free), min_size=1, max_size=20, unique=True))
    directory = st.sampled_from(["/p/a", "/p/b", "/p/a/deep", "/"])
    accesses: list[Access] = [
        Access(
            path=f"{data.draw(directory).rstrip('/')}/{name}",
            role=data.draw(st.sampled_from([Role.DATA, Role.CODE])),
            status=Status.HASHED,
            opened=T0 + data.draw(st.integers(0, 30)),
            digest=content(data.draw(st.sampled_from("abc"))),
            size=data.draw(st.integers(0, 2**40)),
            external=data.draw(st.booleans()),
        )
        for name in names
    ]
    generated = data.draw(st.sampled_from([made("out", opened=T0 + 15, finished=T0 + 20), made("out", "a", opened=T0 + 15)]))
    whole = single(["train"], accesses, [generated])
    blobs = Blobs()
    before, filesets.FROM = filesets.FROM, data.draw(st.sampled_from([1, 2, 3]))
    try:
        small = pack(whole, blobs.keep)
    finally:
        filesets.FROM = before
    back = unpack(small, blobs.get)
    assert without_times(back) == without_times(whole)
    assert count_files(small) == count_files(whole)
    may_be_read = any(access.digest == generated.digest for access in accesses)
    moments = [*([generated.opened] if may_be_read else []), *([generated.finished] if generated.finished is not None else [])]
    old = {(access.path, access.digest): access.opened for access in accesses}
    for access in back.steps[0].used:
        exact = old[access.path, access.digest]
        assert [access.opened < moment for moment in moments] == [exact < moment for moment in moments]
