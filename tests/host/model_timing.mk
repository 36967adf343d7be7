# SPDX-License-Identifier: Apache-2.0
# The ARM926 model's instruction timing, memory profiles and counting between markers.
host-test-model_timing := tests/host/test_model_timing.c \
	$(addprefix tests/arm926-model/,timing.c timing_thumb.c profiles.c regions.c)
