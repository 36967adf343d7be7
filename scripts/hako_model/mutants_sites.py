# SPDX-License-Identifier: Apache-2.0
"""Finds every cache, TLB and write-buffer operation in the VMM's sources, and takes one away.

Nothing is listed here: an operation is an MCR or MRC of coprocessor 15 with CRn 7 to 10, in
assembly or in an asm statement; a function that is made of one, or by an assembler macro that has
one; or a function whose body is nothing but calls of such functions. Each place where one stands or
is called is a site.
"""

import dataclasses
import re
from pathlib import Path

FOLDERS = ("arch", "board", "devemu", "domain", "net", "vcpu", "vmm")

# CRn of caches, TLB and their lockdown (TRM, 2.3.8 to 2.3.12). WFI is c7 as well.
_CRN = r"c(?:7|8|9|10)"
# CRm and opcode 2 may be arguments of an assembler macro.
_ASM_OPERATION = re.compile(
    rf"\bm(?:cr|rc)\s+p15\s*,\s*0\s*,\s*([\w%]+)\s*,\s*{_CRN}\s*,\s*(?:c\d+|\\\w+)"
    r"(?:\s*,\s*(?:\d+|\\\w+))?")
_ASM_MACRO = re.compile(r"^[ \t]*\.macro[ \t]+(\w+)[ \t]+([^\n]*)\n(.*?)^[ \t]*\.endm",
                        re.MULTILINE | re.DOTALL)
# CACHE_OPERATION(name, crm, opc2), CP15_WRITE(name, crn, crm, opc2): macros that make a function.
_MACRO_DEFINITION = re.compile(r"^#define\s+(\w+)\((\w+(?:\s*,\s*\w+)*)\)((?:.*\\\n)*.*)$",
                               re.MULTILINE)
_FUNCTION = re.compile(
    r"^(?!#)(?P<type>(?:[\w*]+[ \t\n]+|__attribute__\s*\(\(.*?\)\)\s*)+\*?)(?P<name>\w+)"
    r"\((?P<parameters>[^;{}()]*(?:\([^()]*\)[^;{}()]*)*)\)\s*\n?\{", re.MULTILINE)
_ASM_STATEMENT = re.compile(r"\b(?:__asm__|asm)\s+(?:volatile\s*)?\(")
_NOT_A_CALL = {"void", "bool", "int", "unsigned", "uint32_t", "uint16_t", "uint8_t", "hpa_t"}


class SitesError(Exception):
    """A source that this parser does not understand."""


@dataclasses.dataclass(frozen=True)
class Site:
    """One operation at one place."""

    path: str
    line: int
    function: str       # the function or label it is in
    operation: str      # its text, in one line
    nth: int            # of equal texts in that function, from 1
    start: int          # offsets of what is replaced, and by what
    end: int
    replacement: str

    @property
    def key(self):
        """Identity that a moved line does not change."""
        return (self.path, self.function, self.operation, self.nth)

    def __str__(self):
        nth = f" #{self.nth}" if self.nth > 1 else ""
        return f"{self.path}:{self.line}: {self.function}: {self.operation}{nth}"


def _blank(match):
    return re.sub(r"[^\n]", " ", match[0])


def _without_comments(text):
    """The text with comments blanked; offsets and strings stay as they are."""
    pattern = re.compile(r'"(?:\\.|[^"\\\n])*"|/\*.*?\*/|//[^\n]*', re.DOTALL)
    return pattern.sub(lambda m: m[0] if m[0].startswith('"') else _blank(m), text)


def _code_only(text):
    """Comments, strings and preprocessor lines blanked: what is left can be searched for calls."""
    text = re.sub(r'"(?:\\.|[^"\\\n])*"', _blank, _without_comments(text))
    return re.sub(r"^#(?:.*\\\n)*.*$", _blank, text, flags=re.MULTILINE)


def _matching(text, at, opening, closing):
    """Offset behind the bracket that closes the one at `at`."""
    depth = 0
    for i in range(at, len(text)):
        if text[i] == opening:
            depth += 1
        elif text[i] == closing:
            depth -= 1
            if depth == 0:
                return i + 1
    raise SitesError(f"no {closing} for the {opening} at offset {at}")


@dataclasses.dataclass
class _Function:
    name: str
    start: int
    body: int
    end: int


class _Source:
    def __init__(self, path, text):
        self.path, self.text = path, text
        self.plain = _without_comments(text)
        self.code = _code_only(text)
        self.functions = [] if path.endswith(".S") else list(self._find_functions())

    def _find_functions(self):
        for match in _FUNCTION.finditer(self.code):
            body = match.end() - 1
            yield _Function(match["name"], match.start(), body,
                            _matching(self.code, body, "{", "}"))

    def function_at(self, offset):
        for function in self.functions:
            if function.start <= offset < function.end:
                return function
        return None

    def line_of(self, offset):
        return self.text.count("\n", 0, offset) + 1


def _read_sources(root):
    sources = []
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            # Assembly elsewhere runs before an image does, and is in none: board/*/stub.S.
            if path.suffix in (".c", ".h") or (path.suffix == ".S" and folder == "arch"):
                sources.append(_Source(str(path.relative_to(root)), path.read_text()))
    if not any(source.path.startswith("arch/") for source in sources):
        raise SitesError(f"{root}: no sources of the VMM here")
    return sources


def _asm_has_operation(statement):
    return _ASM_OPERATION.search(" ".join(re.findall(r'"((?:\\.|[^"\\])*)"', statement)))


def _asm_statements(source):
    """(start, end) of the asm statements in C that are operations."""
    for match in _ASM_STATEMENT.finditer(source.code):
        end = _matching(source.code, match.end() - 1, "(", ")")
        if _asm_has_operation(source.plain[match.start():end]):
            yield match.start(), end


def _macro_instances(source):
    """(start, end, name) of the lines that make an operation's function with a macro."""
    for macro in _MACRO_DEFINITION.finditer(source.plain):
        name, parameters, body = macro[1], re.split(r"\s*,\s*", macro[2]), macro[3]
        # The strings, and {parameter} where the macro makes one a string.
        asm = "".join(text or "{" + word + "}" for text, word in
                      re.findall(r'"((?:\\.|[^"\\])*)"|#(\w+)', body))
        for use in re.finditer(rf"^{name}\(([^()\n]*)\)", source.plain, re.MULTILINE):
            values = dict(zip(parameters, re.split(r"\s*,\s*", use[1])))
            text = re.sub(r"\{(\w+)\}", lambda m: values.get(m[1], m[0]), asm)
            if _ASM_OPERATION.search(text):
                yield use.start(), use.end(), values[parameters[0]]


def _asm_macro_functions(source):
    """Names of the functions that an assembler macro with an operation in it makes."""
    for macro in _ASM_MACRO.finditer(source.plain):
        name, first, body = macro[1], re.match(r"\w+", macro[2])[0], macro[3]
        if re.search(rf"^\\{first}:", body, re.MULTILINE) and _ASM_OPERATION.search(body):
            for use in re.finditer(rf"^[ \t]+{name}[ \t]+(\w+)", source.plain, re.MULTILINE):
                yield use[1]


def _calls(source, names):
    """(start, end of name, end of call, name) of the calls of functions in `names`."""
    if not names:
        return
    pattern = re.compile(r"(?<![\w.>])(" + "|".join(map(re.escape, sorted(names))) + r")\s*\(")
    for match in pattern.finditer(source.code):
        before = source.code[:match.start()].rstrip()
        word = re.search(r"(\w+)$", before)
        if before.endswith("*") or (word and word[1] in _NOT_A_CALL):
            continue    # its definition or declaration
        end = _matching(source.code, match.end() - 1, "(", ")")
        yield match.start(), match.end(1), end, match[1]


def _is_wrapper(source, function, names):
    """Whether a body is nothing but calls of operations, and constants for their operands."""
    body = source.code[function.body + 1:function.end - 1]
    statements = [s.strip() for s in body.split(";") if s.strip()]
    calls = 0
    for statement in statements:
        match = re.fullmatch(r"(\w+)\s*\(.*\)", statement, re.DOTALL)
        if match and match[1] in names:
            calls += 1
        elif not statement.startswith("const "):
            return False
    return calls > 0


def operation_names(sources):
    """Names of all functions that are an operation or nothing but operations."""
    names = set()
    for source in sources:
        if source.path.endswith(".S"):
            names.update(_asm_macro_functions(source))
            continue
        names.update(name for _, _, name in _macro_instances(source))
        for start, _ in _asm_statements(source):
            function = source.function_at(start)
            if function and _is_only_asm(source, function):
                names.add(function.name)
    while True:
        more = {function.name for source in sources for function in source.functions
                if function.name not in names and _is_wrapper(source, function, names)}
        if not more:
            return names
        names |= more


def _is_only_asm(source, function):
    body = source.code[function.body + 1:function.end - 1].strip()
    return bool(_ASM_STATEMENT.match(body)) and body.count(";") == 1


def _one_line(text):
    return re.sub(r"\s+", " ", text).strip()


def _arguments(text):
    """The arguments of a call."""
    arguments, depth = [""], 0
    for character in text:
        depth += (character in "([") - (character in ")]")
        if character == "," and depth == 0:
            arguments.append("")
        else:
            arguments[-1] += character
    return [argument.strip() for argument in arguments if argument.strip()]


def _c_sites(source, names):
    for start, end, name in _macro_instances(source):
        empty = f"static inline void {name}(uint32_t operand_) {{ (void)operand_; }}"
        yield name, _one_line(source.text[start:end]), start, end, empty
    for start, end in _asm_statements(source):
        function = source.function_at(start)
        if function:    # an asm statement in a macro is its instances'
            operation = _ASM_OPERATION.search(source.plain, start, end)[0]
            yield function.name, _one_line(operation), start, end, "(void)0"
    for start, name_end, end, _ in _calls(source, names):
        function = source.function_at(start)
        operands = _arguments(source.text[name_end:end].strip()[1:-1])
        instead = "(" + ", ".join(f"(void)({operand})" for operand in operands or ["0"]) + ")"
        yield (function.name if function else "-", _one_line(source.text[start:end]), start, end,
               instead)


def _asm_sites(source):
    made = set(_asm_macro_functions(source))
    label = "-"
    offset = 0
    for line in source.plain.splitlines(keepends=True):
        named = re.match(r"([A-Za-z_]\w*):|[ \t]*\.macro[ \t]+(\w+)", line)
        use = re.match(r"[ \t]+\w+[ \t]+(\w+)", line)
        if named:
            label = named[1] or named[2]
        elif use and use[1] in made:
            label = use[1]
        match = _ASM_OPERATION.search(line)
        if match and not line.startswith("#"):
            # MRC to r15 sets the flags a loop waits for: Z, as at its end.
            to_flags = match[1] in ("pc", "r15", "APSR_nzcv")
            yield (label, _one_line(match[0]), offset + match.start(), offset + match.end(),
                   "teq r0, r0" if to_flags else "nop")
        offset += len(line)


def find_sites(root):
    """All sites below the tree `root`, in the order of files and lines."""
    sources = _read_sources(Path(root))
    names = operation_names(sources)
    sites = []
    for source in sources:
        found = _asm_sites(source) if source.path.endswith(".S") else _c_sites(source, names)
        counted = {}
        for function, operation, start, end, replacement in sorted(found, key=lambda f: f[2]):
            nth = counted[function, operation] = counted.get((function, operation), 0) + 1
            sites.append(Site(source.path, source.line_of(start), function, operation, nth, start,
                              end, replacement))
    return sites


def remove(site, text):
    """The file's text without the operation."""
    return text[:site.start] + site.replacement + text[site.end:]
