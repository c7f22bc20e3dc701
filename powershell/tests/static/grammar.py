"""Reads PowerShell scripts with the grammar tree-sitter-pwsh: finds what cannot be parsed, and reads the functions out of
a file: their parameters with all attributes, their help, the strings in which values are put.

A lint and no proof: it runs where there is no PowerShell.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import tree_sitter_pwsh
from tree_sitter import Language, Node, Parser

POWERSHELL = Path(__file__).resolve().parents[2]
NATIVE = POWERSHELL / "EpiCloud.Native"
PARSER = Parser(Language(tree_sitter_pwsh.language()))

# What the accelerators stand for, in the words of Get-Command.
TYPES = {
    "string": "System.String",
    "string[]": "System.String[]",
    "int": "System.Int32",
    "switch": "System.Management.Automation.SwitchParameter",
    "System.Management.Automation.PSCredential": "System.Management.Automation.PSCredential",
}


@dataclass
class Parameter:
    name: str
    type: str
    default: str | None
    aliases: list = field(default_factory=list)
    sets: list = field(default_factory=list)
    validation: list = field(default_factory=list)


@dataclass
class Function:
    name: str
    binding: dict
    parameters: list
    help: dict
    text: str


def parse(source: bytes) -> Node:
    return PARSER.parse(source).root_node


def walk(node: Node):
    yield node
    for child in node.children:
        yield from walk(child)


def text(node: Node) -> str:
    return node.text.decode()


def errors(source: bytes) -> list[str]:
    found = []
    for node in walk(parse(source)):
        if node.type == "ERROR" or node.is_missing:
            row, column = node.start_point
            found.append(f"{row + 1}:{column + 1}: {text(node)[:60]!r}")
    return found


def first(node: Node, kind: str) -> Node | None:
    return next((found for found in walk(node) if found.type == kind), None)


def arguments(attribute: Node) -> tuple[list[str], dict]:
    """The arguments of an attribute: those by position, and those by name."""
    positional, named = [], {}
    for argument in walk(attribute):
        if argument.type != "attribute_argument":
            continue
        parts = [child for child in argument.children if child.type not in (",", "=")]
        if parts and parts[0].type == "simple_name" and len(parts) == 2:
            named[text(parts[0])] = text(parts[1]).strip("'")
        else:
            positional += [word.strip().strip("'") for word in text(argument).rstrip(",").split(",")]
    return positional, named


def read_parameter(node: Node) -> Parameter:
    variable = next(child for child in node.children if child.type == "variable")
    default = next((child for child in node.children if child.type == "script_parameter_default"), None)
    parameter = Parameter(
        name=text(variable).lstrip("$"),
        type="System.Object",
        default=text(default).lstrip("= ").rstrip(", \n") if default else None,
    )
    for attribute in (found for found in walk(node) if found.type == "attribute"):
        literal = next((child for child in attribute.children if child.type == "type_literal"), None)
        if literal is not None:
            name = text(literal)[1:-1]
            parameter.type = TYPES.get(name, name)
            continue
        kind = text(first(attribute, "attribute_name"))
        positional, named = arguments(attribute)
        if kind == "Parameter":
            parameter.sets.append(
                {
                    "set": named.get("ParameterSetName", "__AllParameterSets"),
                    "mandatory": named.get("Mandatory") == "$true",
                    "position": int(named["Position"]) if "Position" in named else None,
                    "fromPipeline": named.get("ValueFromPipeline") == "$true",
                    "fromPipelineByPropertyName": named.get("ValueFromPipelineByPropertyName") == "$true",
                }
            )
        elif kind == "Alias":
            parameter.aliases += positional
        elif kind == "ValidateRange":
            low, high = positional
            parameter.validation.append({"kind": "range", "min": int(low), "max": int(high)})
        elif kind == "ValidateSet":
            parameter.validation.append({"kind": "set", "values": positional, "ignoreCase": True})
        else:
            parameter.validation.append({"kind": kind})
    return parameter


def read_help(source: str) -> dict:
    """The sections of comment-based help; `PARAMETER` by name, `EXAMPLE` as a list."""
    block = re.search(r"<#(.*?)#>", source, re.S)
    sections = {"PARAMETER": {}, "EXAMPLE": []}
    if block is None:
        return sections
    for match in re.finditer(r"^\s*\.([A-Z]+)(?: (\S+))?\s*\n(.*?)(?=^\s*\.[A-Z]+\b|\Z)", block[1], re.S | re.M):
        kind, name, body = match[1], match[2], match[3].strip()
        if kind == "PARAMETER":
            sections["PARAMETER"][name] = body
        elif kind == "EXAMPLE":
            sections["EXAMPLE"].append(body)
        else:
            sections[kind] = body
    return sections


def functions(source: bytes) -> list[Function]:
    found = []
    for node in walk(parse(source)):
        if node.type != "function_statement":
            continue
        block = first(node, "param_block")
        binding, parameters = {}, []
        if block is not None:
            for attribute in (child for part in block.children for child in part.children if child.type == "attribute"):
                name = first(attribute, "attribute_name")
                if name is not None and text(name) == "CmdletBinding":
                    binding = arguments(attribute)[1]
            parameters = [read_parameter(child) for child in walk(block) if child.type == "script_parameter"]
        name = text(first(node, "function_name"))
        found.append(Function(name, binding, parameters, read_help(text(node)), text(node)))
    return found


def scripts() -> list[Path]:
    """Every PowerShell source of the project."""
    return sorted(path for end in ("ps1", "psd1", "psm1") for path in POWERSHELL.rglob(f"*.{end}"))


def public() -> dict[str, Function]:
    """The public functions, by name; one file each."""
    found = {}
    for path in sorted((NATIVE / "Public").glob("*.ps1")):
        (function,) = functions(path.read_bytes())
        assert function.name == path.stem, f"{path.name} defines {function.name}"
        found[function.name] = function
    return found
