# SPDX-License-Identifier: Apache-2.0
"""The check of a working tree: which runs, side by side, and what came out of them."""

import concurrent.futures
import os

import hako_qemu

from . import jobs, linux, vms
from .machine import run, summary

LINUX = linux.SCENARIOS


def full(out, kernel):
    """
    Both boards, natively and under the VMM, there with paravirtual code and without, one VM and
    several. Long runs first, so that none is left over.
    """
    boards = hako_qemu.BOARDS
    plan = []
    for rewritten in (kernel + jobs.PROXIES, kernel):
        plan += [jobs.bench(board, out, rewritten) for board in boards]
        plan += [jobs.vmm_linux(board, LINUX, rewritten, out=out) for board in boards]
    plan += [jobs.bench(board, out, kernel, native=True) for board in boards]
    plan += [jobs.native_linux(board, LINUX, kernel, out=out) for board in boards]
    plan += [vms.job(name, board, out, kernel)
             for name in reversed(vms.names()) for board in boards]
    plan += [jobs.guest(board, name) for board in boards for name in jobs.guests(board)]
    return plan


def short(out, kernel):
    """One board, and what it takes to notice that the tree is broken."""
    board = hako_qemu.BOARDS[0]
    scenarios = ("boot", "reboot")
    return [jobs.vmm_linux(board, scenarios, kernel, out=out),
            jobs.native_linux(board, scenarios, kernel, out=out),
            vms.job("cache_vms_2", board, out, kernel),
            *(jobs.guest(board, name) for name in jobs.SHORT_GUESTS)]


def run_all(plan, model, out, progress, count=None):
    """Runs jobs side by side; the results are in the order of the plan."""
    workers = count or os.cpu_count()
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        futures = [pool.submit(run, job, model, out, progress) for job in plan]
        try:
            return [future.result() for future in futures]
        except BaseException:
            # What cannot be run at all, or a person's Ctrl-c, which QEMU has got as well.
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _places(result):
    for place in result.data.get("by_place", [])[:5]:
        yield (f"      {place['count']} x {place['kind']}: read by {place['reader']}, culprit "
               f"{place['culprit']}: {place['rule']}")


def report(results):
    """Lines for a person."""
    width = max(len(result.label) for result in results)
    lines = []
    for result in results:
        lines.append(f"  {result.label:<{width}}  {summary(result)}")
        if result.findings:
            lines += _places(result)
            lines.append(f"      all of it: {os.path.relpath(result.report)}")
        if result.failure:
            lines += ["      " + line for line in result.failure.splitlines()]
    bad = sum(not result.ok for result in results)
    lines.append(f"model: {len(results) - bad} passed, {bad} failed")
    return lines
