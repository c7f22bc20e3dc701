"""What the module says instead of the library's members and operations: parameters and cmdlets that exist."""

import re

import pytest
from grammar import NATIVE, functions, public

SCRIPT = (NATIVE / "Private/ConvertTo-EpiText.ps1").read_text()
PUBLIC = {function.name: {parameter.name for parameter in function.parameters} for function in public().values()}
EXPORTED = set(re.findall(r"'(\w+-Epi\w+)'", (NATIVE / "EpiCloud.Native.psd1").read_text()))


def table(name: str) -> dict[str, list[str]]:
    """The members or operations of one table, each with what is said for it."""
    body = re.search(rf"\${name} = @\{{\n(.*?)\n    \}}", SCRIPT, re.DOTALL)[1]
    return {key: re.findall(r"'([^']+)'", value) for key, value in re.findall(r"'([^']+)' *= (.*)", body)}


@pytest.mark.parametrize("member", table("parameters"))
def test_every_parameter_that_is_named_exists(member):
    for name in table("parameters")[member]:
        if member == "files[].blobName":
            assert name in PUBLIC["Add-EpiDeploymentPackage"]
        assert any(name in parameters for parameters in PUBLIC.values()), f"no cmdlet has -{name}"


@pytest.mark.parametrize("operation", table("cmdlets"))
def test_every_cmdlet_that_is_named_exists(operation):
    for name in table("cmdlets")[operation]:
        assert name in PUBLIC, name
        assert name in EXPORTED, f"{name} is not exported"


@pytest.mark.parametrize("member", table("variables"))
def test_every_variable_that_is_named_is_read(member):
    for name in table("variables")[member]:
        assert any(f"$Global:{name.lstrip('$')}" in path.read_text() for path in (NATIVE / "Private").glob("*.ps1"))


def test_the_tables_are_found():
    # The tables are found at all, and the function is the one that is tested.
    assert [function.name for function in functions(SCRIPT.encode())] == ["ConvertTo-EpiText"]
    assert len(table("parameters")) > 25
    assert len(table("cmdlets")) > 8
