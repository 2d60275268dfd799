/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * The one place that knows where the code runs. In the kernel these are the
 * BPF helpers and maps; host.c defines the same names before it includes
 * sensor.bpf.c, and then there is nothing left to do here.
 */
#ifndef ORTHRUS_PLATFORM_H
#define ORTHRUS_PLATFORM_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __bpf__
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

/* A global function: the verifier checks it once, alone, for any packet. */
#define __stage __noinline

/* In assembly, or clang would add to skb once and load twice: a modified context pointer. */
static __always_inline void *skb_start(struct __sk_buff *skb)
{
	void *start;

	asm volatile("%0 = *(u32 *)(%1 + %2)"
		     : "=r"(start)
		     : "r"(skb), "i"(offsetof(struct __sk_buff, data)));
	return start;
}

static __always_inline void *skb_stop(struct __sk_buff *skb)
{
	void *stop;

	asm volatile("%0 = *(u32 *)(%1 + %2)"
		     : "=r"(stop)
		     : "r"(skb), "i"(offsetof(struct __sk_buff, data_end)));
	return stop;
}

/* Live frames are whole; only a replayed one may be longer on the wire than what is here. */
static __always_inline __u32 wire_length(const struct __sk_buff *skb)
{
	return skb->len;
}

/*
 * A length from 1 to `most` (a power of two) in a form that every verifier
 * follows; the value must be in that range already. The barrier keeps clang
 * from dropping the mask as redundant.
 */
#define bounded(length, most)                                                                      \
	({                                                                                         \
		__u32 length__ = (length);                                                         \
		barrier_var(length__);                                                             \
		((length__ - 1) & ((most) - 1)) + 1;                                               \
	})
#endif

#endif
