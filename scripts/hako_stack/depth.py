# SPDX-License-Identifier: Apache-2.0
"""The deepest chains of calls."""

from .errors import StackError

# Calls by a register in assembly: the members that they come from, as (structure, name).
IN_ASSEMBLY = {
    "trap_undef_proxy": (("proxy", "emulate"),),
    "trap_device_fetch": (("device_ops", "read"),),
    "trap_device_store": (("device_ops", "write"),),
    "trap_swi": (),           # paths of trap_swi_paths, which are roots
    "fast_return_retry": (),
}


# Where threads begin: their addresses are given to run_add(), which does not call them.
ENTRIES = ("thread_main", "vm_thread")
# Pairs that types allow, and what says that there are none.
NEVER = {
    ("put", "kept_put"): "what the terminal's text goes to is a UART, and not a VM's output",
    ("put", "door_put"): "the same",
    ("out_room", "kept_room"): "the same",
    ("out_room", "door_room"): "the same",
    ("has_room", "kept_room"): "the same",
    ("has_room", "door_room"): "the same",
    ("door_put", "door_put"): "a door leads to the console, and not to another door",
    ("door_room", "door_room"): "the same",
    ("receive", "receive"): "the station hands frames to the peers' protocol, and not to itself",
    ("serve", "serve"): "the station's driver passes it on to the chip's",
    ("take_frames", "take_frames"): "the same",
    ("flash_read", "take_frames"): "it enables writing to the flash, and not a chip's interrupts",
    ("hypercall", "hypercall"): "it is a trap's handler, and no row of its own table",
    ("hypercall", "count_proxy"): "what it calls are the rows of its own table",
    ("count_proxy", "count_proxy"): "it calls the real one, which it has kept",
}
# How often these are on one stack at most, and why.
AT_MOST = {
    "preempt_hook": (1, "what an interrupt does has none: models with DMA are left to their VM"),
    "device_input": (2, "a secondary interrupt controller, then the primary one"),
    "shadow_flush_all": (2, "once more if it shares the vectors, and then there are none to share"),
    "panic": (1, "it does not return, and a check that fails in its last words is the end anyway"),
}


class Depths:
    def __init__(self, code, pointers):
        self.code = code
        self.pointers = pointers
        self.known = {}      # (entry, counts of AT_MOST): (bytes, next or None)
        self.path = []
        self.cycles = set()
        self.no_counts = (0,) * len(AT_MOST)

    def targets(self, entry, function, insn):
        if function.name in IN_ASSEMBLY:
            called = {one for of, name in IN_ASSEMBLY[function.name]
                      for one in self.pointers.named(name) if one[0] == of}
        else:
            called = self.pointers.called(self.code.start_of(entry), insn.place)
        found = self.pointers.targets(called)
        # What all tables have NULL for, nobody calls.
        known = IN_ASSEMBLY.get(function.name) == () or called and all(
            one[:2] in self.pointers.null for one in called)
        if not found and not known:
            raise StackError(f"{function.name}, {insn.place}: nobody knows what "
                             f"`{insn.name} {insn.words}` calls: {sorted(called)}")
        return {at for at in found if self.name(at) not in ENTRIES
                and (function.name, self.name(at)) not in NEVER}

    def callees(self, entry, function):
        yield from function.calls.items()
        for insn, depth in function.pointers.items():
            for target in self.targets(entry, function, insn):
                yield target, depth

    def name(self, entry):
        return self.code.function(entry).name

    def _count(self, entry, counts):
        """With one more function on the stack; None if it cannot be."""
        for n, (name, (most, _)) in enumerate(AT_MOST.items()):
            if self.name(entry) == name:
                if counts[n] == most:
                    return None
                counts = counts[:n] + (counts[n] + 1,) + counts[n + 1:]
        return counts

    def of(self, entry, counts=None):
        """In bytes, from the call of a function on."""
        counts = self._count(entry, counts or self.no_counts)
        if counts is None:
            return 0
        key = (entry, counts)
        if key in self.known:
            return self.known[key][0]
        if key in self.path:
            names = [self.name(e) for e, _ in self.path[self.path.index(key):]]
            self.cycles.add(tuple(names))
            return 0
        self.path.append(key)
        function = self.code.function(entry)
        deepest, through = function.deepest, None
        for callee, depth in self.callees(entry, function):
            whole = depth + self.of(callee, counts)
            if whole > deepest:
                deepest, through = whole, (callee, self._count(callee, counts))
        self.path.pop()
        self.known[key] = (deepest, through)
        return deepest

    def chain(self, entry):
        """The functions on the deepest way, each with what is left from there on."""
        key = (entry, self._count(entry, self.no_counts))
        while key is not None:
            left, through = self.known[key]
            yield self.name(key[0]), left
            key = through
