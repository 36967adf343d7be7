# SPDX-License-Identifier: Apache-2.0
# The bundle, what a boot loader hands over, and vmm/lib.
bundle-sources := vmm/bundle.c vmm/lib/crc32.c

host-test-bundle := tests/host/test_bundle.c tests/host/bundle_maker.c $(bundle-sources)
host-test-boot_params := tests/host/test_boot_params.c vmm/boot_params.c
host-test-boot_boards := tests/host/test_boot_boards.c board/boot_boards.c
host-test-lib := tests/host/test_lib.c vmm/lib/crc32.c vmm/lib/status.c
host-test-printf := tests/host/test_printf.c
host-fuzz-bundle := tests/host/fuzz_bundle.c tests/host/bundle_maker.c $(bundle-sources)
host-fuzz-boot_params := tests/host/fuzz_boot_params.c vmm/boot_params.c
