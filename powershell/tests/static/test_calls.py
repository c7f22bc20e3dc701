"""What a compiler would find in another language: parameters that do not exist, variables that are never set, values that
leave a function by mistake, and patterns of the tests that mean something else than they say."""

import re

import pytest
from grammar import NATIVE, POWERSHELL, first, functions, parse, public, text, walk

SHIPPED = sorted(NATIVE.rglob("*.ps1"))
TESTS = sorted((POWERSHELL / "tests").glob("*.ps1"))
DEFINED = {function.name.lower(): function for path in SHIPPED for function in functions(path.read_bytes())}
# What PowerShell sets itself; the preferences come from the caller.
AUTOMATIC = {
    "_", "true", "false", "null", "pscmdlet", "psboundparameters", "psscriptroot", "executioncontext", "verbosepreference", "debugpreference", "whatifpreference",
    "confirmpreference", "progresspreference", "pscommandpath",
}
# Methods that give nothing.
SILENT_METHODS = {"Cancel", "Clear", "Collect", "Dispose", "Insert", "InvokeReturnAsIs", "Load", "Remove", "RemoveAt", "Set", "ThrowTerminatingError"}
SILENT_COMMANDS = {
    "Export-ModuleMember", "Set-EpiConnection", "Set-StrictMode", "Write-Debug", "Write-EpiEvent", "Write-EpiProgress", "Write-Progress",
    "Write-Verbose", "Write-Warning",
}  # fmt: skip
# Commands whose output is the output of the function.
MEANT = {"Complete-EpiArgument", "ConvertFrom-EpiDocument", "Find-EpiRecentDeployment", "New-EpiClient", "New-EpiFailure", "Resolve-EpiFile", "Select-EpiParameter", "Use-EpiConnection"}


def function_nodes(source: bytes):
    return [node for node in walk(parse(source)) if node.type == "function_statement"]


def name_of(variable) -> str:
    return re.sub(r"^[$@]\{?|\}$", "", text(variable)).lower()


def hashtables(function) -> dict[str, list[set]]:
    """The keys of each hashtable literal that is given to a variable."""
    found: dict[str, list[set]] = {}
    for node in walk(function):
        if node.type == "assignment_expression":
            target, value = text(node.children[0]), first(node.children[-1], "hash_literal_expression")
            if value is not None and text(node.children[-1]).startswith("@{"):
                body = [child for child in value.children if child.type == "hash_literal_body"]
                entries = [entry for part in body for entry in part.children if entry.type == "hash_entry"]
                keys = {text(first(entry, "key_expression")).lower() for entry in entries}
                found.setdefault(target.lstrip("$").lower(), []).append(keys)
    return found


def wrong_parameters(source: bytes) -> list[str]:
    found = []
    for function in function_nodes(source):
        tables = hashtables(function)
        for command in (node for node in walk(function) if node.type == "command"):
            callee = DEFINED.get(text(command.children[0]).lower())
            if callee is None:
                continue
            known = {parameter.name.lower() for parameter in callee.parameters}
            given = []
            for part in (child for child in command.children if child.type == "command_elements"):
                for element in part.children:
                    if element.type == "command_parameter":
                        given.append(text(element).lstrip("-").rstrip(":").lower())
                    elif text(element).startswith("@") and not text(element).startswith(("@{", "@(")):
                        # The one that stands nearest before it would be right; every one is a stricter check, but for
                        # those that are made for an error of the same function.
                        keys = [table for table in tables[text(element)[1:].lower()] if "cmdlet" not in table]
                        assert keys, text(command)
                        given += [key for table in keys for key in table]
            found += [f"{callee.name} has no {name}" for name in given if name not in known]
            found += [f"{callee.name} is given {name} twice" for name in set(given) if given.count(name) > 1 and "@" not in text(command)]
    return found


def unset_variables(source: bytes) -> list[str]:
    found = []
    for function in function_nodes(source):
        variables = [node for node in walk(function) if node.type == "variable"]
        known = set(AUTOMATIC)
        for node in walk(function):
            if node.type == "script_parameter":
                known.add(name_of(next(child for child in node.children if child.type == "variable")))
            elif node.type == "left_assignment_expression" and re.fullmatch(r"\$\w+(, \$\w+)*", text(node)):
                known.update(re.findall(r"\w+", text(node).lower()))
            elif node.type == "foreach_statement":
                known.add(name_of(next(child for child in node.children if child.type == "variable")))
        used = {name_of(variable) for variable in variables}
        found += [name for name in sorted(used - known) if not name.startswith("global:")]
    return found


def leaks(source: bytes) -> list[str]:
    """Statements that give something to whoever called, by a method or command that does not look like it."""
    found = []
    for node in walk(parse(source)):
        if node.type != "pipeline" or node.parent.type != "statement_list" or node.parent.parent.type == "sub_expression":
            continue
        statement = node.children[0]
        if statement.type != "pipeline_chain" or len(statement.children) != 1:
            continue
        inner = statement.children[0]
        if inner.type == "command":
            name = text(inner.children[0])
            # Inside of @( ) or $( ) it is an argument.
            if name not in SILENT_COMMANDS | MEANT and name.lower() in DEFINED:
                found.append(text(node))
        elif inner.type == "unary_expression" and inner.children[0].type == "invocation_expression":
            call = inner.children[0]
            member = [text(child) for child in call.children if child.type == "member_name"]
            # The one statement of a function is what it is there for.
            alone = node.parent.parent.type == "script_block_body" and len(node.parent.children) == 1
            if member[-1:] != ["new"] and not set(member[-1:]) & SILENT_METHODS and not alone:
                found.append(text(node))
    return found


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_function_of_ours_is_called_with_parameters_that_it_has(path):
    assert wrong_parameters(path.read_bytes()) == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_variable_is_set_in_its_function(path):
    # PowerShell would look for it in the functions that called, and give nothing in the end.
    assert unset_variables(path.read_bytes()) == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_nothing_leaves_a_function_by_mistake(path):
    assert leaks(path.read_bytes()) == []


@pytest.mark.parametrize(
    ("check", "source"),
    [
        (wrong_parameters, b"function A { $b = New-EpiWait -Hours 1 }"),
        (wrong_parameters, b"function A { $call = @{ Minutes = 1; Hour = 2 }\n $b = New-EpiWait @call }"),
        (unset_variables, b"function A { param($b) $c = 1\n $b + $c + $d }"),
        (unset_variables, b'function A { "a $($d.x)" }'),
        (leaks, b"function A { $list.Add(1)\n $b = 1 }"),
        (leaks, b"function A { New-EpiWait -Minutes 1\n $b = 1 }"),
    ],
)
def test_each_fault_would_be_found(check, source):
    assert len(check(source)) == 1


def test_every_call_names_the_project_of_its_own_object():
    # $PSBoundParameters may still hold that of an object that came before.
    for function in public().values():
        has_project = any(parameter.name == "ProjectId" for parameter in function.parameters)
        for call in re.findall(r"Invoke-EpiOperation [^\n]*", function.text):
            assert ("-ProjectId $ProjectId" in call) == has_project, f"{function.name}: {call}"
    for path in SHIPPED:
        assert not re.search(r"(Bound|PSBoundParameters)(\['|\.Contains\w*\(')ProjectId(?!'\) -and)", path.read_text()), path.name


def test_connect_clears_the_way_for_every_cmdlet_that_takes_credentials():
    listed = re.search(r"\$commands = @\((.*?)\)", public()["Connect-EpiCloud"].text, re.S)[1]
    taking = {name for name, function in public().items() if any(parameter.name == "ClientKey" for parameter in function.parameters)}
    assert re.findall(r"'([\w-]+)'", listed) == sorted(taking)


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_no_pattern_of_the_tests_has_brackets(path):
    # In -BeLike and -Throw they stand for a set of characters.
    for pattern in re.findall(r"-(?:BeLike|Throw) ('[^']*'|\"[^\"]*\")", path.read_text()):
        assert not re.search(r"\[(?!\w+\]::)", pattern), pattern
