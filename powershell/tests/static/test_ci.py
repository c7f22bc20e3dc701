"""Where a build machine finds `pwsh`, without which it would leave out the Pester tests in silence."""

import os
import shutil
import subprocess

import pytest
from grammar import POWERSHELL

SCRIPT = POWERSHELL.parent / ".ci/run"


def program(path, text: str):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("beside", "installed", "expected"),
    [(True, False, "beside"), (False, False, "none"), (True, True, "installed")],
)
def test_tools_beside_the_project_are_taken_when_the_machine_has_no_pwsh(tmp_path, beside, installed, expected):
    (tmp_path / "project/.ci").mkdir(parents=True)
    shutil.copy(SCRIPT, tmp_path / "project/.ci/run")
    # The only programs that it finds: cargo tells which pwsh the tests would find, and nothing is installed.
    programs = tmp_path / "programs"
    for name in ("cc", "g++", "nm", "clang", "valgrind", "cmake", "pkg-config", "node", "npm", "jq", "curl", "mcs", "mono",
                 "python3", "apt-get", "sudo"):  # fmt: skip
        program(programs / name, "exit 0")
    for name in ("bash", "dirname", "env", "id"):
        (programs / name).symlink_to(shutil.which(name))
    program(programs / "cargo", "command -v pwsh > /dev/null && pwsh || echo none")
    if beside:
        program(tmp_path / "shared/tools/pwsh", "echo beside")
    if installed:
        program(programs / "pwsh", "echo installed")
    run = subprocess.run([tmp_path / "project/.ci/run"], env=os.environ | {"PATH": str(programs)}, capture_output=True, text=True)
    assert run.stdout.splitlines()[-1:] == [expected], run.stderr
