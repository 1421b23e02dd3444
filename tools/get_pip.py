"""Install pip from PyPI into a virtual environment, where the distribution has taken `ensurepip` away (Debian's python3)."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from urllib.parse import urljoin

PYPI = "https://pypi.org/pypi/pip/json"


def main(python: str) -> None:
    """Install the newest pip for the interpreter `python`; raises OSError or CalledProcessError."""
    with urllib.request.urlopen(PYPI, timeout=60) as answer:
        wheel = next(file for file in json.load(answer)["urls"] if file["packagetype"] == "bdist_wheel")
    with urllib.request.urlopen(urljoin(PYPI, wheel["url"]), timeout=300) as answer:
        content = answer.read()
    if hashlib.sha256(content).hexdigest() != wheel["digests"]["sha256"]:
        raise OSError(f"{wheel['filename']} is not what PyPI says it is")
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / wheel["filename"]
        path.write_bytes(content)
        # a wheel is a zip file, and Python runs packages inside zip files
        subprocess.run([python, f"{path}/pip", "install", "--quiet", "--no-index", str(path)], check=True)


if __name__ == "__main__":
    main(sys.argv[1])
