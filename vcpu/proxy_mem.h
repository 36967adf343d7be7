/* SPDX-License-Identifier: Apache-2.0 */
/* Proxies of the loads and stores that are sensitive: LDRT, STRT, and LDM and STM with ^. */
#ifndef VCPU_PROXY_MEM_H
#define VCPU_PROXY_MEM_H

#include "vcpu/proxy.h"

struct proxy proxy_decode_ldrt(uint32_t word);
struct proxy proxy_decode_multiple(uint32_t word);

#endif
