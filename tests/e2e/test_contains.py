"""Was this file in there? Asked of recorded commands."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.project import PYTHON, Project


def ask(project: Project, *arguments: str) -> tuple[int, Any]:
    done = project.call(*arguments, "--json")
    return done.returncode, json.loads(done.stdout)


def test_yes_no_and_unknown(project: Project) -> None:
    words = {f"shards/{n}.txt": f"shard number {n}, long enough not to be equal by chance to anything\n" * 3 for n in range(40)}
    train = "import glob; open('model', 'w').write(''.join(open(f).read() for f in sorted(glob.glob('shards/[0-2]*.txt'))))"
    project.write({**words, "train.py": train})
    project.record(PYTHON, "train.py")
    status, answer = ask(project, "upstream", "model", "--contains", "shards/17.txt")
    assert (status, answer["answer"], answer["unknown"]) == (0, "yes", [])
    assert len(answer["via"]) == 3
    status, answer = ask(project, "upstream", "model", "--contains", "shards/35.txt")
    assert (status, answer) == (1, {**answer, "answer": "no", "via": [], "unknown": []})
    status, answer = ask(project, "upstream", "model", "--contains", "shards")
    assert (status, answer["members"]) == (1, {"found": 23, "of": 40})
    assert ask(project, "downstream", "shards/17.txt", "--contains", "model")[0] == 0

    (project.root / "shards/17.txt").rename(project.root / "elsewhere.txt")
    assert ask(project, "upstream", "model", "--contains", "elsewhere.txt")[0] == 0
    project.write({"elsewhere.txt": "rewritten\n"})
    assert ask(project, "upstream", "model", "--contains", "elsewhere.txt")[0] == 1
    assert "is not among what model was made from" in project.call("upstream", "model", "--contains", "elsewhere.txt").stdout


def test_a_helper_that_nothing_links_makes_a_no_unknown(project: Project) -> None:
    """The helper hands its file to the trainer in a way that nobody sees: as its exit status."""
    train = "import subprocess, sys; n = subprocess.call([sys.executable, 'helper.py']); open('model', 'w').write('made ' * n)"
    helper = "import sys; sys.exit(len(open('secret.txt').read()))"
    project.write({"train.py": train, "helper.py": helper, "secret.txt": "seven\n"})
    project.record(PYTHON, "train.py")
    status, answer = ask(project, "upstream", "model", "--contains", "secret.txt")
    assert (status, answer["answer"]) == (4, "unknown")
    assert "helper.py had it" in answer["unknown"][0]["why"]


def test_a_connection_makes_a_no_unknown(project: Project) -> None:
    code = """
import socket, threading
server = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=lambda: server.accept()[0].sendall(b"data")).start()
client = socket.create_connection(server.getsockname())
open("model", "wb").write(client.recv(4))
"""
    project.write({"other.txt": "never read by anybody\n"})
    project.python(code)
    status, answer = ask(project, "upstream", "model", "--contains", "other.txt")
    assert (status, answer["answer"]) == (4, "unknown")
    assert any("it was connected to 127.0.0.1:" in each["why"] for each in answer["unknown"])


def test_a_file_that_changed_since_the_run_is_told_by_its_earlier_version(project: Project) -> None:
    project.write({"data.csv": "what was there when the model was made, and is not any more\n" * 2})
    job = project.shell("cat data.csv > model")
    then = project.files(job["inputs"])["data.csv"]
    project.write({"data.csv": "what is there now\n"})
    status, answer = ask(project, "upstream", "model", "--contains", "data.csv")
    assert (status, answer["answer"], answer["via"]) == (1, "no", [])
    assert [(project.relative(each["path"]), each["hash"]) for each in answer["earlier"]] == [("data.csv", then)]
    shown = project.call("upstream", "model", "--contains", "data.csv").stdout
    assert f"an earlier version of that path, {then[:8]}, is among it" in shown


def test_a_small_file_that_was_moved_from_where_it_was_made_leaves_a_doubt(project: Project) -> None:
    project.write({"seed.txt": "the seed that decides everything, in more than sixty-four bytes of text\n"})
    project.shell("test -s seed.txt && wc -l < seed.txt > flag")
    (project.root / "flag").rename(project.root / "moved")
    project.shell("cat moved moved > model")
    status, answer = ask(project, "upstream", "model", "--contains", "seed.txt")
    assert (status, answer["answer"]) == (4, "unknown")
    (doubt,) = answer["unknown"]
    assert project.relative(doubt["subject"]) == "moved"
    assert "too small (2 B) to be told apart: wc -l made the same content as" in doubt["why"]
    shown = project.call("upstream", "model").stdout
    assert "○ root" in shown
    assert "1 step made the same content elsewhere" in shown
