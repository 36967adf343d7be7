# SPDX-License-Identifier: Apache-2.0
"""The rewriter: replaces the sensitive instructions of a built ARMv5TE executable by proxies.

encodings   which instruction words are sensitive (a table, from the ARM ARM)
elf         reading an ELF that nobody has checked yet
appendix    what a rewritten ELF carries behind its original end; read_proxy_table()
rewriter    ELF bytes in, ELF bytes out; and back
image       the flat image of a rewritten ELF and its trailer; read_image()
check       proof that a rewritten file is clean
linux       what a kernel's ELF tells
arm         what an instruction reads and writes
liveness    which registers are free at a place
stubs       paravirtual code for sensitive instructions
hooks       known functions of Linux (data), and hook, which finds them
blob        assembles and links guest-patches/pv
pv_segment  puts the paravirtual part together
pv_abi      vcpu/pv_abi.h once more
report      the JSON report
cli         command line, files, messages
"""
