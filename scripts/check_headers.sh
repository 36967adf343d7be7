#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Compiles every header of the VMM by itself: each must include what it uses.
set -u
cd "$(dirname "$0")/.."

flags=(-std=c11 -mcpu=arm926ej-s -marm -ffreestanding -Wall -Wextra -Wno-unused-parameter -Werror
	-Wmissing-prototypes -I. -fsyntax-only)
count=0
bad=0
for header in $(find arch vcpu domain devemu net vmm board -name '*.h' | LC_ALL=C sort); do
	count=$((count + 1))
	# -Wunused-function is about static helpers that the empty program does not call.
	if ! printf '#include "%s"\n' "$header" | arm-none-eabi-gcc "${flags[@]}" \
		-Wno-unused-function -Wno-unused-variable -x c -; then
		printf '%s does not stand alone\n' "$header" >&2
		bad=$((bad + 1))
	fi
done
[ "$count" != 0 ] || { echo "check_headers: found no headers" >&2 && exit 1; }
printf 'headers: %d alone, %d wrong\n' "$count" "$bad"
[ "$bad" = 0 ]
