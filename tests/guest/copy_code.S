/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/arm/copy.S"
