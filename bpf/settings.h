/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* What user space decides before the program is loaded; constant afterwards. */
#ifndef ORTHRUS_SETTINGS_H
#define ORTHRUS_SETTINGS_H

#include <linux/types.h>

struct settings {
	__u64 flow_start_interval; /* ns between flow starts of one source, once its burst is spent */
	__u64 flow_start_burst; /* ns of credit: burst / rate */
	__u64 arp_interval; /* the same for ARP, ICMP and NDP, and IP fragments */
	__u64 arp_burst;
	__u64 icmp_interval;
	__u64 icmp_burst;
	__u64 fragment_interval;
	__u64 fragment_burst;
	__u64 ring_size; /* bytes of the ring buffer, to know when it fills up */
	__u32 coarse_clock; /* the kernel has bpf_ktime_get_coarse_ns (5.11) */
	__u32 tunnels; /* look inside tunnels */
};

#endif
