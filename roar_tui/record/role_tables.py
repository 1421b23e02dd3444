"""The tables that roles are told by: places of installed software, names of caches, suffixes of source and configuration.

A place is named here only when what lies there is installed or kept by a tool, never for being outside a home directory.
The answer "keep" for a place below such a one (None) takes it out again.
"""

from __future__ import annotations

import re
from typing import Final


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Rules that mark environment; every other rule marks noise.
ENVIRONMENT_RULES: Final = frozenset({"system", "interpreter", "packages", "venv", "conda", "spack", "module", "user"})

# Absolute trees -> rule, or None to keep what is below. The longest match wins.
TREES: Final[dict[str, str | None]] = {
    "/dev": "device",
    "/dev/shm": None,
    "/proc": "device",
    "/sys": "device",
    "/bin": "system",
    "/sbin": "system",
    "/lib": "system",
    "/lib32": "system",
    "/lib64": "system",
    "/libx32": "system",
    "/boot": "system",
    "/etc": "system",
    "/snap": "system",
    "/nix": "system",
    "/gnu/store": "system",
    "/opt/conda": "conda",
    "/usr": "system",
    "/usr/src": None,
    "/usr/share/nltk_data": None,
    "/usr/local": None,
    "/usr/local/share/nltk_data": None,
    **{f"/usr/local/{name}": "system" for name in _words("bin etc games include lib lib32 lib64 libexec man sbin share")},
    "/home/linuxbrew/.linuxbrew": "system",
    "/run": "runtime",
    "/run/media": None,
    "/var/run": "runtime",
    "/var/lock": "runtime",
    "/var/cache": "cache",
    **{
        f"/var/lib/{name}": "system"
        for name in _words("alternatives apt dbus dpkg ghostscript locales misc nscd pacman rpm sss systemd texmf ucf xkb")
    },
    "/tmp/.X11-unix": "runtime",
    "/tmp/.ICE-unix": "runtime",
}

# Directories that no project is: a job started in one of them does not make it a project.
NO_PROJECT: Final = frozenset({"/", "/opt", "/usr/share", "/home", "/var", "/var/lib", *(t for t in TREES if t != "/dev/shm")})

# Vendors' trees below /opt and /usr/local, by the start of their name.
VENDORS: Final = re.compile(
    r"(amazon|amd|aws|cisco|containerd|cray|cuda|google-cloud|hostedtoolcache|hpcx|ibm|intel|mellanox|microsoft|"
    r"mpich|mvapich|nvidia|ohpc|oneapi|openmpi|pypy|python[\d.]*$|rh$|rocm|slurm|texlive|MATLAB|R$)"
)

# Where sites install software that modules or PATH point to.
SOFTWARE_AREAS: Final = ("/opt/", "/sw/", "/apps/", "/software/", "/soft/", "/cm/", "/cvmfs/")

# Below a virtual environment, a conda environment or a module's prefix, only these directories are the installation.
INSTALLED: Final = frozenset(
    _words(
        """
        bin compiler_compat conda-meta condabin envs etc include lib lib32 lib64 libexec man pkgs sbin share shell ssl
        x86_64-conda-linux-gnu
        """
    )
)

# A directory of this name, anywhere.
COMPONENTS: Final[dict[str, str]] = {
    "site-packages": "packages",
    "dist-packages": "packages",
    "site-library": "packages",
    "node_modules": "packages",
    "__pypackages__": "packages",
    "anaconda3": "conda",
    "mambaforge": "conda",
    "micromamba": "conda",
    "miniconda": "conda",
    "miniconda3": "conda",
    "miniforge3": "conda",
    ".spack-env": "spack",
    ".linuxbrew": "system",
    ".git": "git",
    ".hg": "git",
    ".jj": "git",
    ".svn": "git",
    "__pycache__": "bytecode",
    ".mypy_cache": "cache",
    ".pytest_cache": "cache",
    ".ruff_cache": "cache",
    ".hypothesis": "cache",
    ".ipynb_checkpoints": "cache",
    ".locks": "lock",
}

# Below the home directory.
HOME_TREES: Final[dict[str, str]] = {
    **dict.fromkeys(
        _words(
            """
            .asdf .bun .cargo/bin .cargo/env .cargo/registry .deno .gem .go .juliaup .julia/artifacts .julia/compiled
            .julia/packages .local/lib .local/share/mise .local/share/pipx .local/share/pypoetry .local/share/uv
            .local/share/virtualenvs .npm .nvm .pyenv .rbenv .rustup .rye .sdkman .volta go/pkg/mod perl5 R/library
            """
        ),
        "interpreter",
    ),
    **dict.fromkeys(
        _words(".conda .mamba"),
        "conda",
    ),
    **dict.fromkeys(
        _words(".lmod.d .modules"),
        "module",
    ),
    ".spack": "spack",
    **dict.fromkeys(
        _words(
            """
            .aws .azure .dbus .docker .emacs.d .gnupg .ipython .jupyter .kaggle .kube .local/bin .local/state .oh-my-zsh .pki
            .ssh .terminfo .vim .vscode .vscode-server
            """
        ),
        "user",
    ),
    **dict.fromkeys(
        _words(
            """
            .dotnet .gradle .keras/keras.json .m2 .nv .triton
            """
        ),
        "cache",
    ),
}
HOME_FILES: Final = frozenset(
    _words(
        """
        .Renviron .Rhistory .Rprofile .Xauthority .bash_aliases .bash_history .bash_login .bash_logout .bash_profile
        .bashrc .condarc .curlrc .git-credentials .gitconfig .inputrc .lesshst .mambarc .netrc .npmrc .pdbrc .profile
        .pypirc .python_history .pythonrc .screenrc .tmux.conf .viminfo .vimrc .wget-hsts .wgetrc .zprofile .zsh_history
        .zshenv .zshrc
        """
    )
)

# Below ~/.config and ~/.cache only tools' own are left out: what a project keeps there is its input like any other.
CONFIG_TOOLS: Final = frozenset(
    _words(
        """
        conda dconf fish fontconfig gcloud gh git gtk-3.0 htop ibus jupyter matplotlib nvim pip pulse pypoetry python
        roar-tui starship.toml systemd tmux uv yarn
        """
    )
)
CACHE_TOOLS: Final = frozenset(
    _words(
        """
        JNA bazel bazelisk black ccache conda dconf deno flashinfer fontconfig gitstatus go-build google-chrome
        gstreamer-1.0 ibus jedi jna keyring kitty matplotlib mesa_shader_cache mesa_shader_cache_db motd.legal-displayed
        mozilla mypy node node-gyp numba nvidia nvim oh-my-zsh parso pip pip-tools pipenv pnpm pocl pre-commit pylint pypa
        pypoetry roar-tui ruff sccache starship thumbnails torch_extensions torchinductor tracker3 typescript uv
        virtualenv vllm wandb yarn zsh
        """
    )
)

# Names in /dev/shm and /tmp that are means of communication, not files of a project.
SHARED_MEMORY: Final = re.compile(
    r"(sem\.|psm_|psm2_|torch_\d|nccl-|cuda\.shm|__KMP|vader_segment|sm_segment|pymp-|dmlc|lttng|pulse-shm)"
)
TEMPORARY: Final = re.compile(r"(pip-|torchinductor_|ssh-|tmux-|pymp-|sh-thd\.|npm-\d)")

NOISE_NAMES: Final[dict[str, str]] = {
    ".gitignore": "git",
    ".gitattributes": "git",
    ".gitmodules": "git",
    ".mailmap": "git",
    ".DS_Store": "cache",
    "pyvenv.cfg": "venv",
    "CACHEDIR.TAG": "cache",
}

CODE_SUFFIXES: Final = frozenset(
    _words(
        """
        .asm .awk .bash .bat .bazel .bsub .bugs .bzl .c .c++ .capnp .cc .cjs .cl .clj .cljs .cmake .cpp .cs .csh .cu .cuh
        .cwl .cxx .dart .do .el .erl .ex .exs .f .f03 .f08 .f77 .f90 .f95 .fish .for .fs .go .gradle .groovy .h .hh .hip
        .hpp .hs .hxx .inl .ipp .ipynb .jags .java .jl .js .jsx .ksh .kt .kts .lisp .lsf .lua .m .mak .mjs .mk .ml .mli
        .mlx .mm .nf .nim .pbs .php .pl .pm .proto .ps1 .pxd .pxi .py .pyc .pyi .pyw .pyx .qmd .qsub .r .rb .rkt .rmd .rs
        .s .sas .sbatch .sbt .scala .scm .sed .sge .sh .slurm .smk .snakefile .sps .sql .stan .swift .t6 .tcl .tcsh
        .thrift .ts .tsx .vim .vue .wdl .zig .zsh
        """
    )
)
CODE_NAMES: Final = frozenset(
    _words(
        """
        BUILD CMakeLists.txt Containerfile Dockerfile GNUmakefile Gemfile Jenkinsfile Justfile Makefile Procfile Rakefile
        SConscript SConstruct Snakefile Vagrantfile WORKSPACE justfile makefile meson.build slurm_script
        """
    )
)
CONFIG_SUFFIXES: Final = frozenset(
    _words(
        """
        .cfg .conf .config .env .gin .hocon .ini .json .json5 .jsonc .jsonnet .libsonnet .lock .properties .toml .yaml
        .yml
        """
    )
)
CONFIG_NAMES: Final = re.compile(r"\.env(\..+)?|(requirements|constraints)[\w.-]*\.(txt|in)|Pipfile")
CONFIG_LIMIT: Final = 256 * 1024  # bytes; larger ones are data that happens to be JSON
LOG_SUFFIXES: Final = frozenset(_words(".log .err .stdout .stderr .out .txt"))  # and digits: job.o123, train.log.1
LOG_NAMES: Final = re.compile(
    r".*\.(log|err|stdout|stderr)(\.\d+)?|slurm-.*\.out|nohup\.out|.*\.[oe]\d{3,}(\.\d+)?|events\.out\.tfevents\..*|(.*[._-])?log\.txt"
)

PYTHON_LIBRARY: Final = re.compile(r"(python|pypy)\d(\.\d+)?t?")  # below lib: the standard library
INTERPRETER_NAME: Final = re.compile(r"(python|pypy)[\d.]*t?(-config)?|libpython[\d.]+t?\.so[\d.]*|conda|mamba|micromamba")
