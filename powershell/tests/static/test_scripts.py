"""What holds for every script without running it: grammar, both editions, secrets, texts, manifests and help."""

import json
import re

import pytest
from grammar import NATIVE, POWERSHELL, errors, functions, parse, public, scripts, text, walk

ROOT = POWERSHELL.parent
SHIPPED = [path for path in scripts() if NATIVE in path.parents or path.parent.name == "EpiCloud"]
LONGEST_LINE = 130
# A test reads best with its expectation on one line.
LONGEST_LINE_OF_TESTS = 280

# Syntax that Windows PowerShell 5.1 does not have, as node types or tokens of the grammar.
SEVEN_ONLY = {"ternary_expression", "null_coalesce_expression", "??=", "??", "pipeline_chain_tail", "clean"}
BANNED = {
    r"Add-Type\b[^\n]*-TypeDefinition": "it starts a compiler",
    r"Add-Type\b[^\n]*-MemberDefinition": "it starts a compiler",
    r"\bInvoke-Expression\b|\biex\b": "it runs text",
    r"ForEach-Object\s+-Parallel": "5.1 does not have it",
    r"ConvertFrom-Json[^\n]*-(AsHashtable|NoEnumerate|Depth|DateKind)": "5.1 does not have it",
    r"-SkipHttpErrorCheck|\$IsWindows|\$IsLinux|\$IsMacOS|\$PSStyle": "5.1 does not have it",
}
ALIASES = {
    "%", "?", "cat", "cd", "clear", "copy", "cp", "curl", "del", "dir", "echo", "erase", "fl", "foreach", "ft", "gc",
    "gci", "gcm", "gi", "gm", "gv", "h", "icm", "ii", "ipmo", "irm", "iwr", "kill", "ls", "man", "measure", "mkdir",
    "mount", "move", "mv", "ni", "ogv", "popd", "ps", "pushd", "pwd", "rd", "ren", "ri", "rm", "rmdir", "sal", "sc",
    "select", "set", "sleep", "sort", "sp", "start", "sv", "tee", "type", "wget", "where", "write",
}  # fmt: skip
SECRETS = re.compile(r"\$\{?(\w*(secret|password|credential|sasurl|saslink|downloadlink|location)\w*)", re.I)
# Each stands in one file, so that a wording is changed in one place.
ORIGINAL_TEXTS = [
    "API call failed!",
    "Timed out during",
    "Failed to upload the blob",
    "Failed to validate the credentials",
    "The deployment package is not recognized",
    "The ClientSecret is invalid",
    ": Failed. Deployment Id:",
]


def secrets_in_strings(source: bytes) -> list[str]:
    found = []
    for node in walk(parse(source)):
        if node.type == "expandable_string_literal":
            found += [match[1] for match in SECRETS.finditer(text(node))]
    return found


def seven_only(source: bytes) -> set[str]:
    return {node.type for node in walk(parse(source))} & SEVEN_ONLY


def commands(source: bytes) -> list[str]:
    return [text(node) for node in walk(parse(source)) if node.type == "command_name"]


@pytest.mark.parametrize("path", scripts(), ids=lambda path: path.name)
def test_it_parses(path):
    assert errors(path.read_bytes()) == []


@pytest.mark.parametrize("path", scripts(), ids=lambda path: path.name)
def test_it_is_ascii_with_lines_of_a_bearable_length(path):
    # Windows PowerShell reads a file without a byte order mark in the machine's own code page.
    lines = path.read_bytes().decode("ascii").splitlines()
    longest = LONGEST_LINE if path in SHIPPED else LONGEST_LINE_OF_TESTS
    too_long = [number for number, line in enumerate(lines, 1) if len(line) > longest and not is_text(line)]
    assert too_long == []
    assert [number for number, line in enumerate(lines, 1) if line != line.rstrip() or "\t" in line] == []


def is_text(line: str) -> bool:
    return line.lstrip().startswith(("Description ", "Tags "))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_both_editions_run_it(path):
    source = path.read_bytes()
    assert seven_only(source) == set()
    for pattern, reason in BANNED.items():
        assert not re.search(pattern, source.decode()), f"{pattern}: {reason}"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_no_alias_is_used(path):
    assert [name for name in commands(path.read_bytes()) if name.lower() in ALIASES] == []


@pytest.mark.parametrize("path", sorted(NATIVE.glob("P*/*.ps1")), ids=lambda path: path.name)
def test_every_command_is_ours_or_named_with_its_module(path):
    # A function of the caller's own with a short name would stand in front.
    foreign = [name for name in commands(path.read_bytes()) if not re.fullmatch(r"[A-Z][a-zA-Z]+-Epi\w+|Microsoft\.PowerShell\.\w+\\[\w-]+", name)]
    assert foreign == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_no_secret_is_put_into_a_text(path):
    assert secrets_in_strings(path.read_bytes()) == []


@pytest.mark.parametrize(
    ("check", "source"),
    [
        (errors, b"function A { if ($x { 1 } }"),
        (seven_only, b"$a = $b ? 1 : 2"),
        (seven_only, b"$a = $b ?? 2"),
        (seven_only, b"Get-Item a && Get-Item b"),
        (secrets_in_strings, b'throw "wrong: $ClientSecret"'),
        (secrets_in_strings, b'Write-Verbose "to $($account.Password)$SasUrl"'),
    ],
)
def test_each_fault_would_be_found(check, source):
    assert check(source)


def test_every_private_function_has_its_file_and_is_used():
    defined = {}
    for path in sorted((NATIVE / "Private").glob("*.ps1")):
        names = [function.name for function in functions(path.read_bytes())]
        assert path.stem in names, path.name
        defined |= dict.fromkeys(names, path.name)
    used = {name for path in SHIPPED for name in commands(path.read_bytes())}
    assert set(defined) <= used, set(defined) - used
    ours = {name for name in used if re.fullmatch(r"[A-Z][a-z]+-Epi\w+", name)}
    start = {function.name for function in functions((NATIVE / "Module.ps1").read_bytes())}
    assert start <= used | {"Import-EpiCall"}, "the lines that the packager adds call that one"
    assert ours <= set(defined) | set(public()) | start, "a function that does not exist is called"


def test_the_originals_texts_stand_in_one_place():
    for path in SHIPPED:
        if path.name == "ConvertTo-EpiFailure.ps1":
            continue
        code = re.sub(r"<#.*?#>", "", path.read_text(), flags=re.S)
        assert [phrase for phrase in ORIGINAL_TEXTS if phrase in code] == [], path.name


def test_every_status_has_a_category():
    source = (NATIVE / "Private/ConvertTo-EpiFailure.ps1").read_text()
    table = dict(re.findall(r"^\s+([A-Z_]+)\s*= '(\w+)'$", source, re.M))
    rows = json.loads((ROOT / "tests/vectors/statuses.json").read_text())
    assert set(table) == {row["name"] for row in rows}


def test_every_operation_is_one_of_the_catalog():
    catalog = (ROOT / "src/ops/dxp/mod.rs").read_text()
    rows = set(re.findall(r'(?:row|changing)::<r::\w+>\(\s*"([\w.]+)"', catalog))
    assert len(rows) >= 17
    called = set()
    for function in public().values():
        called |= set(re.findall(r"Operation = '([\w.]+)'|-Operation '([\w.]+)'", function.text))
    called = {name for pair in called for name in pair if name}
    assert called and called <= rows, called - rows


def test_a_failure_leaves_by_a_throw_and_nothing_follows_it():
    # Where errors are silenced, PowerShell goes on behind a throw.
    for path in SHIPPED:
        if "ThrowTerminatingError" in path.read_text():
            assert path.name == "Select-EpiAccount.ps1"
    for function in public().values():
        lines = [line.strip() for line in function.text.splitlines()]
        for number, line in enumerate(lines):
            if line.startswith("throw "):
                assert lines[number + 1] in ("return", "}"), f"{function.name}: {line}"
                if lines[number + 1] == "}":
                    assert lines[number + 2] in ("else {", "}"), f"{function.name}: {line}"


@pytest.mark.parametrize("name", sorted(public()))
def test_help_is_complete(name):
    function = public()[name]
    sections = function.help
    assert list(sections["PARAMETER"]) == [parameter.name for parameter in function.parameters]
    assert all(sections["PARAMETER"].values())
    for section in ("SYNOPSIS", "DESCRIPTION", "INPUTS", "OUTPUTS", "LINK"):
        assert sections.get(section), section
    sets = {entry["set"] for parameter in function.parameters for entry in parameter.sets} - {"__AllParameterSets"}
    assert len(sections["EXAMPLE"]) >= max(1, len(sets)), "one example for each parameter set"
    for example in sections["EXAMPLE"]:
        code = example.split("\n\n")[0]
        assert name in code
        assert errors(re.sub(r"^    ", "", code, flags=re.M).encode()) == []
        own = {parameter.name.lower() for parameter in function.parameters}
        for command in re.findall(rf"{name}\b([^|\n]*)", code):
            assert {word.lower() for word in re.findall(r" -([A-Za-z]+)", command)} <= own | {"eq"}


@pytest.mark.parametrize("path", sorted((NATIVE / "Public").glob("*.ps1")), ids=lambda path: path.stem)
def test_no_line_of_the_help_looks_like_a_keyword(path):
    # PowerShell drops the whole help when it finds a keyword that it does not know.
    known = {"SYNOPSIS", "DESCRIPTION", "PARAMETER", "EXAMPLE", "INPUTS", "OUTPUTS", "LINK"}
    block = re.search(r"<#(.*?)#>", path.read_text(), re.S)[1]
    found = [match[1] for match in re.finditer(r"^\s*\.(\w+)(?:\s+\S.*)?\s*$", block, re.M)]
    assert found and set(found) <= known, set(found) - known


def psd1_list(path, key: str) -> list[str]:
    match = re.search(rf"^\s*{key}\s*=\s*@\((.*?)\)", path.read_text(), re.S | re.M)
    return re.findall(r"'([^']*)'", match[1])


def psd1_value(path, key: str) -> str:
    return re.search(rf"^\s*{key}\s*=\s*'([^']*)'", path.read_text(), re.M)[1]


def test_the_manifests_list_what_is_there():
    native, shim = NATIVE / "EpiCloud.Native.psd1", POWERSHELL / "EpiCloud/EpiCloud.psd1"
    assert psd1_list(native, "FunctionsToExport") == sorted(public())
    for path in (native, shim):
        for key in ("CmdletsToExport", "VariablesToExport", "AliasesToExport"):
            assert psd1_list(path, key) == []
        assert psd1_list(path, "CompatiblePSEditions") == ["Desktop", "Core"]
        assert psd1_value(path, "PowerShellVersion") == "5.1"
        # The packager knows them.
        assert psd1_list(path, "FileList") == []
    assert (shim.parent / psd1_value(shim, "RootModule")).is_file()


def test_no_manifest_needs_another_module_or_has_what_a_second_copy_fails_by():
    # A required module cannot be found where the folder of modules is on no path, and types fail when they come twice.
    for path in (NATIVE / "EpiCloud.Native.psd1", POWERSHELL / "EpiCloud/EpiCloud.psd1"):
        assert not re.search(r"^\s*(RequiredModules|NestedModules|TypesToProcess)\b", path.read_text(), re.M), path.name


def test_the_version_is_written_once_and_higher_than_any_of_the_original():
    version = psd1_value(NATIVE / "EpiCloud.Native.psd1", "ModuleVersion")
    assert int(version.split(".")[0]) >= 2
    assert psd1_value(POWERSHELL / "EpiCloud/EpiCloud.psd1", "ModuleVersion") == ""


def test_the_views_name_types_that_the_cmdlets_give():
    given = set(re.findall(r"'(EpiCloud\.\w+)'", "".join(function.text for function in public().values())))
    views = re.findall(r"<TypeName>(EpiCloud\.\w+)</", (NATIVE / "EpiCloud.Native.Format.ps1xml").read_text())
    keys = re.findall(r"'(EpiCloud\.\w+)'", (NATIVE / "Module.ps1").read_text())
    for named in (set(views), set(keys) - {"EpiCloud.Interop.dll"}):
        assert named and named <= given


def test_the_help_topic_names_every_setting():
    topic = (NATIVE / "en-US/about_EpiCloud.Native.help.txt").read_text()
    used = set()
    for path in SHIPPED:
        used |= set(re.findall(r"\$Global:(EpiCloud\w+)", path.read_text()))
    assert used == set(re.findall(r"^    \$Global:(EpiCloud\w+)$", topic, re.M))
