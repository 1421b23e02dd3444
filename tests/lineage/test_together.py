"""What several steps of a job wrote through one stream came from all of them."""

from __future__ import annotations

from pathlib import Path

from roar_tui.record.model import Record
from tests.builders import T0, made, record, step, used
from tests.lineage import stories
from tests.lineage.stories import artifact, called, downstream, names, upstream


def loop() -> Record:
    """`for f in a b; do sort $f; done > all`, and a step that wrote the same content there before."""
    first = made("all", opened=T0 + 1, finished=T0 + 5, survives=False)
    steps = [
        step(["old"], number=0, used=[used("x", opened=T0)], generated=[first]),
        step(["sort", "a"], number=1, used=[used("a", opened=T0 + 10)], generated=[made("all", opened=T0 + 9, finished=T0 + 50)]),
        step(["sort", "b"], number=2, used=[used("b", opened=T0 + 20)], generated=[made("all", opened=T0 + 19, finished=T0 + 50)]),
        step(["wc"], number=3, used=[used("all", opened=T0 + 60, external=False)], generated=[made("count", opened=T0 + 61)]),
    ]
    return record(["bash", "loop.sh"], steps)


def test_upstream_of_it_are_all_of_them(tmp_path: Path) -> None:
    with stories.index(tmp_path, [loop()]) as db:
        walk = upstream(db, artifact(db, "count"))
        assert set(names(walk)) == {"count", "$ wc", "all", "$ sort a", "$ sort b", "a", "b"}
        assert not [other for other in called(walk, "all").alternatives if other.step != 0]


def test_downstream_of_each_is_what_came_of_it(tmp_path: Path) -> None:
    with stories.index(tmp_path, [loop()]) as db:
        for name in ("a", "b"):
            assert names(downstream(db, artifact(db, name))) == [name, f"$ sort {name}", "all", "$ wc", "count"]
        assert "count" not in names(downstream(db, artifact(db, "x")))
