from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from roar_tui.record.model import Role
from roar_tui.record.roles import LeftOutTally, Roles, Verdict, bytecode_source, git_root, named_prefixes

HOME = "/home/ada"
PROJECT = "/home/ada/proj"


def roles(projects: tuple[str, ...] = (PROJECT,), env: dict[str, str] | None = None, markers: tuple[str, ...] = ()) -> Roles:
    prefixes = named_prefixes(env or {}, (HOME, *projects))
    return Roles(HOME, projects, prefixes, exists=set(markers).__contains__)


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("/usr/lib/x86_64-linux-gnu/libz.so.1.2.13", "system"),
        ("/usr/bin/sort", "system"),
        ("/usr/local/bin/tool", "system"),
        ("/usr/local/cuda-12.4/lib64/libcudart.so.12", "system"),
        ("/opt/nvidia/nsight/x", "system"),
        ("/etc/passwd", "system"),
        ("/etc/ld.so.cache", "system"),
        ("/usr/share/locale/de/LC_MESSAGES/coreutils.mo", "system"),
        ("/nix/store/abc-python3/bin/python3", "system"),
        ("/var/lib/dpkg/status", "system"),
        ("/run/user/1000/bus", "runtime"),
        ("/dev/null", "device"),
        ("/proc/self/maps", "device"),
        ("/sys/devices/system/cpu/online", "device"),
        ("socket:[123]", "device"),
        ("/dev/shm/sem.abc", "runtime"),
        ("/usr/lib/python3.11/os.py", "interpreter"),
        ("/home/ada/.pyenv/versions/3.11.7/bin/python3.11", "interpreter"),
        ("/home/ada/built/lib/python3.12/json/__init__.py", "interpreter"),
        ("/home/ada/built/lib/libpython3.12.so.1.0", "interpreter"),
        ("/home/ada/.local/share/uv/python/cpython-3.12/lib/python3.12/os.py", "interpreter"),
        ("/home/ada/proj/env/lib/python3.11/site-packages/numpy/core.py", "packages"),
        ("/usr/lib/python3/dist-packages/yaml/__init__.py", "packages"),
        ("/home/ada/.local/lib/python3.11/site-packages/six.py", "packages"),
        ("/home/ada/proj/node_modules/left-pad/index.js", "packages"),
        ("/home/ada/R/x86_64-pc-linux-gnu-library/4.3/ggplot2/R/ggplot2.rdb", "packages"),
        ("/home/ada/miniconda3/envs/ml/lib/libmkl.so", "conda"),
        ("/opt/conda/bin/python", "conda"),
        ("/data/spack/opt/spack/linux/gcc-12/zlib/lib/libz.so", "spack"),
        ("/home/ada/proj/.git/HEAD", "git"),
        ("/home/ada/proj/.gitignore", "git"),
        ("/home/ada/proj/__pycache__/train.cpython-311.pyc", "bytecode"),
        ("/home/ada/proj/.mypy_cache/3.11/x.json", "cache"),
        ("/home/ada/.cache/fontconfig/abc.cache-7", "cache"),
        ("/home/ada/.cache/pip/http/x", "cache"),
        ("/home/ada/.cache/huggingface/hub/.locks/models--x/abc.lock", "lock"),
        ("/home/ada/.bashrc", "user"),
        ("/home/ada/.gitconfig", "user"),
        ("/home/ada/.config/matplotlib/matplotlibrc", "user"),
        ("/home/ada/.ssh/known_hosts", "user"),
        ("/home/ada/proj/.venv/pyvenv.cfg", "venv"),
    ],
)
def test_installed_software_and_noise_are_left_out_under_a_rule(path: str, rule: str) -> None:
    verdict = roles().classify(path)
    assert verdict.rule == rule
    assert not verdict.kept
    noise = {"device", "runtime", "git", "bytecode", "cache", "lock"}
    assert verdict.role is (None if rule in noise else Role.ENVIRONMENT)


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("/home/ada/proj/train.py", Role.CODE),
        ("/home/ada/proj/Makefile", Role.CODE),
        ("/home/ada/proj/src/Model.R", Role.CODE),
        ("/home/ada/proj/kernel.cu", Role.CODE),
        ("/home/ada/proj/explore.ipynb", Role.CODE),
        ("/var/spool/slurmd/job00042/slurm_script", Role.CODE),
        ("/home/ada/proj/params.yaml", Role.CONFIG),
        ("/home/ada/proj/.env", Role.CONFIG),
        ("/home/ada/proj/requirements-dev.txt", Role.CONFIG),
        ("/home/ada/.config/myproj/settings.toml", Role.CONFIG),
        ("/home/ada/proj/train.log", Role.LOG),
        ("/home/ada/proj/log.txt", Role.LOG),
        ("/home/ada/proj/train.log.1", Role.LOG),
        ("/home/ada/proj/job.sh.o88123", Role.LOG),
        ("/home/ada/proj/nohup.out", Role.LOG),
        ("/home/ada/proj/worker.stderr", Role.LOG),
        ("/home/ada/proj/part-0001.0", Role.DATA),
        ("/home/ada/proj/slurm-881.out", Role.LOG),
        ("/home/ada/proj/runs/events.out.tfevents.1699.host.1.0", Role.LOG),
        ("/home/ada/proj/raw.txt", Role.DATA),
        ("/home/ada/proj/catalog.txt", Role.DATA),
        ("/home/ada/proj/model.pt", Role.DATA),
        ("/home/ada/proj/result.out", Role.DATA),
        ("/home/ada/proj/README", Role.DATA),
        ("/home/ada/proj/.hidden", Role.DATA),
        ("/home/ada/.cache/huggingface/hub/models--x/blobs/abc", Role.DATA),
        ("/home/ada/.cache/torch/hub/checkpoints/resnet.pth", Role.DATA),
        ("/home/ada/.cache/myproj/tokens.bin", Role.DATA),
        ("/home/ada/.keras/datasets/mnist.npz", Role.DATA),
        ("/usr/share/nltk_data/corpora/brown", Role.DATA),
        ("/dev/shm/shards/0001.bin", Role.DATA),
        ("/tmp/proj/train.csv", Role.DATA),
        ("/root/x.csv", Role.DATA),
        ("/opt/proj/data/x.csv", Role.DATA),
        ("/usr/local/src/proj/x.csv", Role.DATA),
        ("/usr/src/app/train.py", Role.CODE),
        ("/run/media/ada/disk/x.csv", Role.DATA),
        ("/mnt/lib/x.csv", Role.DATA),
        ("/scratch/bin/x.csv", Role.DATA),
        ("/home/ada/proj/lib/python/util.csv", Role.DATA),
        ("/home/ada/proj/R/library.csv", Role.DATA),
        ("/x", Role.DATA),
        ("/home/ada/proj/bad\udcff\nname", Role.DATA),
    ],
)
def test_a_projects_files_are_kept_wherever_they_lie(path: str, role: Role) -> None:
    assert roles().classify(path) == Verdict(role, None)


def test_a_project_wins_over_the_tree_around_it() -> None:
    inside = roles(projects=("/usr/lib/app",))
    assert inside.classify("/usr/lib/app/train.py") == Verdict(Role.CODE, None)
    assert inside.classify("/usr/lib/other/train.py").rule == "system"
    assert inside.classify("/usr/lib/app/.venv/lib/python3.11/site-packages/x.py").rule == "packages"


@pytest.mark.parametrize("cwd", ["/", "/usr", "/usr/local", "/opt", "/etc"])
def test_a_job_started_in_a_system_directory_does_not_make_it_a_project(cwd: str) -> None:
    assert roles(projects=(cwd,)).classify("/usr/bin/sort", executed=True).rule == "system"
    assert roles(projects=(cwd,)).classify("/etc/passwd").rule == "system"


def test_a_job_started_at_home_leaves_the_homes_own_files_out() -> None:
    at_home = roles(projects=(HOME,))
    assert at_home.classify(f"{HOME}/notes.csv") == Verdict(Role.DATA, None)
    assert at_home.classify(f"{HOME}/.bashrc").rule == "user"
    assert at_home.classify(f"{HOME}/.pyenv/shims/python").rule == "interpreter"


def test_what_is_executed_or_loaded_from_a_project_is_code() -> None:
    assert roles().classify(f"{PROJECT}/build/solver", executed=True) == Verdict(Role.CODE, None)
    assert roles().classify(f"{PROJECT}/build/libfast.so", loaded=True) == Verdict(Role.CODE, None)
    assert roles().classify(f"{PROJECT}/build/libfast.so", generated=True) == Verdict(Role.DATA, None)
    assert roles().classify("/usr/bin/sort", executed=True) == Verdict(Role.ENVIRONMENT, "system")


def test_environments_are_found_by_their_markers_and_only_their_installed_parts_count() -> None:
    there = roles(markers=(f"{PROJECT}/pyvenv.cfg", "/data/envs/ml/conda-meta"))
    assert there.classify(f"{PROJECT}/bin/activate").rule == "venv"
    assert there.classify(f"{PROJECT}/train.py") == Verdict(Role.CODE, None)
    assert there.classify("/data/envs/ml/lib/libmkl_core.so.2").rule == "conda"
    assert there.classify("/data/envs/other/lib/notes.csv") == Verdict(Role.DATA, None)


def test_config_is_what_no_step_of_the_job_made_and_small() -> None:
    path = f"{PROJECT}/metrics.json"
    assert roles().classify(path, size=256 * 1024).role is Role.CONFIG
    assert roles().classify(path, size=256 * 1024 + 1).role is Role.DATA
    assert roles().classify(path, size=10, generated=True).role is Role.DATA
    assert roles().classify(path, size=10, made_by_job=True).role is Role.DATA


def test_an_output_is_kept_below_a_system_prefix_and_so_is_a_later_read_of_it() -> None:
    assert roles().classify("/usr/local/share/model.bin", generated=True) == Verdict(Role.DATA, None)
    assert roles().classify("/usr/local/share/model.bin", made_by_job=True) == Verdict(Role.DATA, None)
    assert roles().classify("/usr/local/share/model.bin").rule == "system"
    assert roles().classify(f"{PROJECT}/e/lib/python3.11/site-packages/x.py", generated=True).rule == "packages"


def test_a_system_file_that_the_command_names_is_its_input() -> None:
    assert roles().classify("/usr/share/dict/words", named=True) == Verdict(Role.DATA, None)
    assert roles().classify("/etc/passwd", named=True) == Verdict(Role.DATA, None)
    assert roles().classify("/usr/lib/x86_64-linux-gnu/crt1.o", named=True).rule == "system"
    assert roles().classify("/usr/bin/env", named=True, executed=True).rule == "system"


def test_variables_name_conda_spack_and_module_trees() -> None:
    env = {
        "CONDA_PREFIX": "/data/c/envs/ml",
        "SPACK_ROOT": "/sw/spk/",
        "EBROOTGCC": "/apps/GCC/12",
        "LOADEDMODULES": "GCC/12:foo/1",
        "PATH": f"/fs/foo/1/bin:/usr/bin:/usr/local/bin:{PROJECT}/bin:{HOME}/tools/bin",
    }
    there = roles(env=env)
    assert there.classify("/data/c/envs/ml/etc/x").rule == "conda"
    assert there.classify("/sw/spk/share/x").rule == "spack"
    assert there.classify("/apps/GCC/12/lib/x.so").rule == "module"
    assert there.classify("/fs/foo/1/lib/libfoo.so", loaded=True).rule == "module"
    assert there.classify("/fs/foo/1/results/x.csv") == Verdict(Role.DATA, None)
    assert there.classify("/usr/bin/sort").rule == "system"
    assert there.classify(f"{PROJECT}/bin/tool", executed=True) == Verdict(Role.CODE, None)
    assert there.classify(f"{HOME}/tools/bin/tool", executed=True) == Verdict(Role.CODE, None)


def test_a_prefix_that_holds_the_project_is_not_believed() -> None:
    env = {"CONDA_PREFIX": HOME, "SPACK_ROOT": "/", "PYENV_ROOT": ""}
    assert roles(env=env).classify(f"{PROJECT}/x.csv") == Verdict(Role.DATA, None)
    assert roles(env=env).classify(f"{HOME}/other/x.csv") == Verdict(Role.DATA, None)


def test_here_finds_the_git_root_and_sees_through_symbolic_links(tmp_path: Path) -> None:
    real = tmp_path / "real"
    (real / "repo" / ".git").mkdir(parents=True)
    (real / "repo" / "sub").mkdir()
    (tmp_path / "link").symlink_to(real)
    cwd = str(tmp_path / "link" / "repo" / "sub")
    assert git_root(cwd) == str(tmp_path / "link" / "repo")
    there = Roles.here({"HOME": str(tmp_path / "link")}, cwd)
    assert there.classify(str(real / "repo" / "a.csv")) == Verdict(Role.DATA, None)
    assert there.classify(str(real / ".bashrc")).rule == "user"


def test_here_leaves_a_real_virtual_environment_out(tmp_path: Path) -> None:
    (tmp_path / "env" / "bin").mkdir(parents=True)
    (tmp_path / "env" / "pyvenv.cfg").write_text("home = /usr/bin\n")
    there = Roles.here({"HOME": "/home/nobody"}, str(tmp_path))
    assert there.classify(str(tmp_path / "env" / "bin" / "tool"), executed=True).rule == "venv"
    assert there.classify(str(tmp_path / "data.csv")).kept


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("/p/__pycache__/m.cpython-311.pyc", "/p/m.py"),
        ("/p/__pycache__/m.cpython-311.opt-1.pyc", "/p/m.py"),
        ("/p/__pycache__/a.b.cpython-312.pyc", "/p/a.b.py"),
        ("/p/__pycache__/test_x.cpython-311-pytest-8.3.4.pyc", "/p/test_x.py"),
        ("/p/m.pyc", None),
        ("/p/__pycache__/m.cpython-311.nbi", None),
    ],
)
def test_cached_bytecode_names_its_source(path: str, source: str | None) -> None:
    assert bytecode_source(path) == source


def test_what_is_left_out_is_counted_by_rule_with_examples() -> None:
    tally = LeftOutTally()
    for number in range(50):
        tally.add("system", f"/usr/lib/{number}")
    tally.add("device", "/dev/null")
    first, second = tally.result()
    assert (first.rule, first.count, first.paths[0]) == ("system", 50, "/usr/lib/0")
    assert len(first.paths) < 50
    assert (second.rule, second.count, second.paths) == ("device", 1, ["/dev/null"])


def test_a_hundred_thousand_paths_take_well_under_a_second() -> None:
    there = roles()
    paths = [f"{PROJECT}/shards/{number // 1000}/{number}.bin" for number in range(100_000)]
    begin = time.process_time()
    assert all(there.classify(path).kept for path in paths)
    assert time.process_time() - begin < 1.0


def test_relative_home_is_no_home() -> None:
    assert Roles("", ("/p",)).classify(os.path.join("/p", "x.csv")).kept
