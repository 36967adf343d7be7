# SPDX-License-Identifier: Apache-2.0
"""Runs mutants of the VMM under the model until one is caught, cheap workloads first."""

import concurrent.futures
import dataclasses
import threading
from typing import Callable

from hako_bench import facts

from . import jobs, linux, machine, mutants_build, mutants_cover, vms
from .errors import ModelError

# Nothing measures these: they end a hang. (The unmodified VMM needs 3 and 40 seconds.)
GUEST_HANG_SECONDS = 90
LINUX_HANG_SECONDS = 600

# More than so many times the instructions of the unmodified VMM: it spins where it should sleep.
SPIN_FACTOR = 3

LOADER_GUEST = "idle"   # what the loaders boot: the shortest there is
LINUX_SCENARIOS = ("boot", "reboot")


@dataclasses.dataclass(frozen=True)
class Workload:
    name: str
    hang_seconds: int
    make: Callable      # make(trees, folder of the VMM, folder for its files) -> Job
    image: str = ""     # of mutants_build.IMAGES


@dataclasses.dataclass
class Verdict:
    """What one workload said about one VMM."""

    workload: str
    caught: str = ""        # by what; empty if nothing was wrong
    detail: str = ""
    instructions: int = 0
    executed: set = dataclasses.field(default_factory=set)  # of the unmodified VMM: addresses


@dataclasses.dataclass
class Mutant:
    number: int
    site: object
    status: str = "?"       # caught, survived, same code, not built
    by: str = ""            # workload
    kind: str = ""          # finding, or what else was wrong
    detail: str = ""


def _guest_workload(name):
    def make(trees, folder, place):
        elf = jobs.built(jobs.guest_run.OUT / trees.board / f"{name}.hako.elf")
        return jobs.guest(trees.board, name, bundle=trees.bundle(folder, place, elf))
    return Workload(name, GUEST_HANG_SECONDS, make)


def _loader_workload(kind):
    def make(trees, folder, place):
        elf = jobs.built(jobs.guest_run.OUT / trees.board / f"{LOADER_GUEST}.hako.elf")
        image = trees.bundle(folder, place, elf)
        loader = trees.loader(folder, place, kind, image)
        return jobs.guest(trees.board, LOADER_GUEST, bundle=loader)
    return Workload(f"loader_{kind}", GUEST_HANG_SECONDS, make)


def _linux_workload(kernel=jobs.DEFAULT_KERNEL):
    def make(trees, folder, place):
        guest = machine.ROOT / "build/guest" / kernel
        bundle = trees.bundle(folder, place, jobs.built(guest / "vmlinux.hako"),
                              "--dtb", guest / f"{trees.board}.dtb",
                              "--initrd", linux.make_initrd(place / "initrd.cpio.gz",
                                                            LINUX_SCENARIOS, True),
                              "--cmdline", facts.COMMAND_LINE)
        return jobs.vmm_linux(trees.board, LINUX_SCENARIOS, kernel, bundle=bundle)
    return Workload("linux", LINUX_HANG_SECONDS, make)


def _vms_workload(name):
    def make(trees, folder, place):
        return vms.job(name, trees.board, place, vmm=folder / "vmm-vms.bin")
    seconds = LINUX_HANG_SECONDS if name in vms.WITH_LINUX else GUEST_HANG_SECONDS
    return Workload(f"vms_{name}", seconds, make, "-vms")


def workloads(board):
    """All there are, cheap ones first, and among these the ones that are about caches."""
    names = jobs.guests(board)
    names.sort(key=lambda name: (not name.startswith("cache_"), name))
    return [*map(_loader_workload, mutants_build.LOADERS), *map(_guest_workload, names),
            *map(_vms_workload, vms.SECOND_GUESTS), _linux_workload(),
            *map(_vms_workload, vms.WITH_LINUX)]


def _with_limit(script, seconds):
    """The script of a job, but QEMU is ended when it takes too long."""
    def limited(console, step):
        timer = threading.Timer(seconds, console.qemu.proc.terminate)
        timer.start()
        try:
            script(console, step)
        except machine.GuestError as error:
            if not timer.is_alive():
                raise machine.GuestError(f"no end after {seconds} s; {error}") from error
            raise
        finally:
            timer.cancel()
    return limited


def run_workload(workload, trees, folder, model, normal=None, words=()):
    """
    The verdict of a workload on the VMM in `folder`; `normal`: fetches of the unmodified one;
    `words`: more of QEMU's.
    """
    place = folder / workload.name
    place.mkdir()
    job = workload.make(trees, folder, place)
    job = dataclasses.replace(job, label=f"{folder.name}-{workload.name}",
                              vmm_elf=folder / f"vmm{workload.image}.elf",
                              words=[*job.words, *words],
                              script=_with_limit(job.script, workload.hang_seconds))
    result = machine.run(job, model, place)
    for path in (*place.glob("*.zImage"), *place.glob("*.elf")):
        path.unlink()   # many and large
    verdict = Verdict(workload.name)
    verdict.instructions = result.data.get("counts", {}).get("fetches", 0)
    if result.findings:
        most = result.data["by_place"][0]
        verdict.caught = most["kind"]
        verdict.detail = (f"{most['count']} x {most['rule']}: read by {most['reader']}, "
                          f"culprit {most['culprit']}")
    elif result.failure:
        verdict.caught = "wrong output" if result.findings == 0 else "no report"
        verdict.detail = result.failure.splitlines()[0][:200]
    elif normal and verdict.instructions > SPIN_FACTOR * normal:
        verdict.caught = "spins"
        verdict.detail = f"{verdict.instructions} fetches instead of {normal}"
    return verdict


def run_base(trees, chosen, model, workers):
    """The unmodified VMM: {workload: verdict}. Only a workload it passes can say something."""
    def one(workload):
        log = trees.base / f"{workload.name}.executed"
        verdict = run_workload(workload, trees, trees.base, model,
                               words=mutants_cover.qemu_words(machine.ROOT, log))
        verdict.executed = mutants_cover.read_executed(machine.ROOT, log)
        return verdict

    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        return {verdict.workload: verdict for verdict in pool.map(one, chosen)}


def choose_for(mutant, usable, normal, places):
    """The workloads that come across the operation of a mutant."""
    if mutant.site.path == mutants_cover.EARLY:
        early = [f"loader_{kind}" for kind in mutants_build.LOADERS] + [LOADER_GUEST]
        return [workload for workload in usable if workload.name in early]
    return [workload for workload in usable
            if places[workload.image].are_executed(mutant.site.path, mutant.site.line,
                                                   normal[workload.name].executed)]


def _likely_first(chosen, name):
    """The workloads, but first the one that caught this mutant the last time."""
    return sorted(chosen, key=lambda workload: workload.name != name)


def run_mutant(mutant, trees, chosen, normal, model, likely=""):
    """Builds a mutant and runs it until it is caught; `likely`: the workload that does it."""
    try:
        folder, differs = trees.make_mutant(mutant.number, mutant.site)
    except ModelError as error:
        mutant.status, mutant.detail = "not built", str(error)
        return mutant
    if not differs:
        mutant.status = "same code"
        return mutant
    mutant.status = "survived"
    mutant.detail = f"run: {len(chosen)} workloads" if chosen else "no workload executes it"
    for workload in _likely_first(chosen, likely):
        verdict = run_workload(workload, trees, folder, model, normal[workload.name].instructions)
        if verdict.caught:
            mutant.status, mutant.by = "caught", workload.name
            mutant.kind, mutant.detail = verdict.caught, verdict.detail
            break
    return mutant


def run_mutants(mutants, trees, usable, normal, model, workers, likely):
    """All of them, side by side; yields each as it is done. `likely`: {site.key: workload}."""
    places = {image: mutants_cover.Places(trees.base / f"vmm{image}.elf")
              for image in mutants_build.IMAGES}
    pool = concurrent.futures.ThreadPoolExecutor(workers)
    try:
        futures = [pool.submit(run_mutant, mutant, trees,
                               choose_for(mutant, usable, normal, places), normal, model,
                               likely.get(mutant.site.key, "")) for mutant in mutants]
        for future in concurrent.futures.as_completed(futures):
            yield future.result()
    finally:
        # After a person's Ctrl-c: QEMU has got it as well.
        pool.shutdown(wait=False, cancel_futures=True)


def describe(mutant):
    how = f" by {mutant.by}: {mutant.kind}" if mutant.status == "caught" else f": {mutant.detail}"
    return f"{mutant.site}: {mutant.status}{how}"
