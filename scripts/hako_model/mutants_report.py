# SPDX-License-Identifier: Apache-2.0
"""Compares what survived with what may, and says so to people and programs."""

import dataclasses
import json
import tomllib

from .errors import ModelError

_FIELDS = {"path", "function", "operation", "nth", "reason"}


@dataclasses.dataclass(frozen=True)
class Accepted:
    """A survivor with the reason why it may be one."""

    path: str
    function: str
    operation: str
    nth: int
    reason: str

    @property
    def key(self):
        return (self.path, self.function, self.operation, self.nth)


def read_accepted(path):
    """The list of survivors that are accepted."""
    try:
        with open(path, "rb") as stream:
            entries = tomllib.load(stream).get("accepted", [])
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ModelError(f"{path}: {error}")
    accepted = {}
    for number, entry in enumerate(entries, 1):
        wrong = _FIELDS - {"nth"} - set(entry) | set(entry) - _FIELDS
        if wrong:
            raise ModelError(f"{path}: entry {number}: {', '.join(sorted(wrong))}: needed are "
                             "path, function, operation and reason, and there may be nth")
        if len(str(entry["reason"]).split()) < 5:
            raise ModelError(f"{path}: entry {number}: the reason is no reason")
        one = Accepted(entry["path"], entry["function"], entry["operation"], entry.get("nth", 1),
                       " ".join(entry["reason"].split()))
        if one.key in accepted:
            raise ModelError(f"{path}: entry {number} is there twice")
        accepted[one.key] = one
    return accepted


def judge(mutants, accepted, all_were_run):
    """Sentences about what is not as it should be; statuses of accepted survivors change."""
    problems = []
    for mutant in mutants:
        entry = accepted.get(mutant.site.key)
        if entry and mutant.status == "caught":
            problems.append(f"{mutant.site}: accepted as a survivor, but caught by {mutant.by}")
        elif entry:
            mutant.status, mutant.detail = "accepted", entry.reason
        elif mutant.status == "survived":
            problems.append(f"{mutant.site}: survived, and nobody says why it may")
        elif mutant.status != "caught":
            problems.append(f"{mutant.site}: {mutant.status}: {mutant.detail}")
    if all_were_run:
        present = {mutant.site.key for mutant in mutants}
        problems += [f"{' '.join(map(str, key))}: accepted as a survivor, but not in the sources"
                     for key in accepted if key not in present]
    return problems


def base_problems(verdicts):
    return [f"workload {verdict.workload}: the unmodified VMM does not pass: {verdict.caught}: "
            f"{verdict.detail}" for verdict in verdicts.values() if verdict.caught]


def _key(record):
    return (record["path"], record["function"], record["operation"], record["nth"])


class Results:
    """
    What is known of each mutant, in a file that grows as they are done. Verdicts of other mutants
    stay in it; `fingerprint` says which of them are of this VMM and this model.
    """

    def __init__(self, path, board, sites, verdicts, fingerprint):
        self.path, self.sites = path, sites
        self.records = {key: record for key, record in read_records(path).items()
                        if key in {site.key for site in sites}}
        self.fingerprint = fingerprint
        self.head = {"board": board, "unmodified": [
            {"workload": verdict.workload, "caught": verdict.caught, "detail": verdict.detail,
             "instructions": verdict.instructions} for verdict in verdicts.values()]}

    def add(self, mutant):
        """A mutant is done; the file has it at once."""
        self._record(mutant)
        self._write([])

    def finish(self, mutants, problems):
        """All are done and judged."""
        for mutant in mutants:
            self._record(mutant)
        self._write(problems)

    def _record(self, mutant):
        site = mutant.site
        self.records[site.key] = {
            "path": site.path, "line": site.line, "function": site.function,
            "operation": site.operation, "nth": site.nth, "status": mutant.status,
            "by": mutant.by, "kind": mutant.kind, "detail": mutant.detail, "of": self.fingerprint}

    def _write(self, problems):
        data = self.head | {
            "mutants": [self.records[site.key] for site in self.sites
                        if site.key in self.records],
            "problems": problems}
        partial = self.path.with_suffix(".partial")
        partial.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
        partial.replace(self.path)


def read_records(path):
    """{key: what the runs before said of that mutant}."""
    if not path.exists():
        return {}
    try:
        return {_key(record): record
                for record in json.loads(path.read_text(encoding="utf-8"))["mutants"]}
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{path}: no results of a run before: {error}")


def read_caught(path):
    """{key: workload} of the mutants that a run before has caught."""
    return {key: record["by"] for key, record in read_records(path).items()
            if record["status"] == "caught"}


def restore(mutants, path, fingerprint):
    """Gives mutants the verdict they have had with this VMM; returns the others."""
    known = read_records(path)
    left = []
    for mutant in mutants:
        record = known.get(mutant.site.key, {})
        if record.get("of") != fingerprint or record["status"] == "not built":
            left.append(mutant)
            continue
        mutant.status = "survived" if record["status"] == "accepted" else record["status"]
        mutant.by = record["by"]
        mutant.kind, mutant.detail = record["kind"], record["detail"]
    return left


def table(mutants, seconds):
    """Lines for a person: one for each mutant, then how many of each kind."""
    lines = []
    for mutant in mutants:
        how = f"{mutant.by}: {mutant.kind}" if mutant.status == "caught" else mutant.detail
        lines.append(f"{mutant.number:3} {str(mutant.site):<100.100}  {mutant.status:<9} {how:.90}"
                     .rstrip())
    counts = {}
    for mutant in mutants:
        counts[mutant.status] = counts.get(mutant.status, 0) + 1
    lines.append(f"{len(mutants)} mutants: "
                 + ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
                 + f"; in {int(seconds) // 60}:{int(seconds) % 60:02d}")
    return lines
