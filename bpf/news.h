/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * How a record leaves: built in per-CPU scratch memory, held back when its
 * source has used up its budget, given up in a fixed order when user space
 * lags, and counted in every case.
 */
#ifndef ORTHRUS_NEWS_H
#define ORTHRUS_NEWS_H

#include "maps.h"
#include "parse.h"

/* Everything that follows a packet through the program. */
struct context {
	struct __sk_buff *skb;
	struct counters *counters;
	struct scratch *scratch;
	__u32 fixed; /* of the record under construction: bytes before its payload */
	__u32 class; /* and its enum event_class */
};

static __always_inline int open_context(struct context *c, struct __sk_buff *skb)
{
	__u32 zero = 0;

	c->skb = skb;
	c->counters = bpf_map_lookup_elem(&counters, &zero);
	c->scratch = bpf_map_lookup_elem(&scratch, &zero);
	return c->counters && c->scratch ? 0 : -1;
}

static __always_inline __u64 fine_clock(void)
{
	return bpf_ktime_get_ns();
}

/* Good for "when was the last packet": a tick (1-4 ms) old, but a fifth of the price. */
static __always_inline __u64 cheap_clock(void)
{
	return settings.coarse_clock ? bpf_ktime_get_coarse_ns() : bpf_ktime_get_ns();
}

/* How full the ring buffer is, in sixteenths. */
static __always_inline __u32 pressure(void)
{
	__u64 step = settings.ring_size >> 4;

	return step ? bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) / step : 0;
}

/*
 * The fixed order of shedding: first what the flow table still holds and the
 * sweep reports later (starts, then ends), then TLS, HTTP, QUIC and SSH
 * heads. Names, ARP, NDP and DHCP are never given up.
 */
static __always_inline bool sheds(__u32 class)
{
	switch (class) {
	case CLASS_FLOW_START:
		return pressure() >= 10;
	case CLASS_FLOW_END:
		return pressure() >= 12;
	case CLASS_MESSAGE:
	case CLASS_FRAGMENT:
		return pressure() >= 14;
	}
	return false;
}

/* True when `source` has credit for one more record of this class. */
static __noinline bool within_budget(const struct packet *p, __u32 class, __u64 interval,
				     __u64 burst)
{
	struct budget_key key = {.class = class};
	__u64 due, *spent;

	if (!interval)
		return true;
	/* An IPv6 source owns its whole /64. */
	key.source[0] = p->src[0];
	key.source[1] = p->family == 6 ? p->src[1] : 0;
	if (class == CLASS_ARP) {
		key.source[0] = p->macs[1] & 0xffff0000; /* the source MAC: bytes 6 to 11 */
		key.source[1] = p->macs[2];
	}
	spent = bpf_map_lookup_elem(&budgets, &key);
	if (!spent) {
		due = p->now + interval;
		bpf_map_update_elem(&budgets, &key, &due, BPF_ANY);
		return true;
	}
	due = *spent > p->now ? *spent : p->now;
	if (due - p->now > burst)
		return false;
	*spent = due + interval;
	return true;
}

/* The part that all records share. */
static __always_inline struct event *begin(struct context *c, const struct packet *p, __u8 kind,
					   __u32 fixed, __u32 class)
{
	struct event *e = (struct event *)c->scratch->record;

	c->fixed = fixed;
	c->class = class & (COUNTER_SETS - 1);
	e->time = p->now;
	e->version = EVENT_VERSION;
	e->kind = kind;
	e->family = p->family;
	e->protocol = p->protocol;
	e->ifindex = p->ifindex;
	e->flags = p->flags | (p->tunnel ? EVENT_TUNNELLED : 0);
	e->vlan = p->vlan;
	e->inner_vlan = p->inner_vlan;
	e->size = 0;
	__builtin_memcpy(e->dst_mac, p->macs, 6);
	__builtin_memcpy(e->src_mac, (__u8 *)p->macs + 6, 6);
	e->src_port = bpf_ntohs(p->sport);
	e->dst_port = bpf_ntohs(p->dport);
	__builtin_memcpy(e->src, p->src, sizeof(e->src));
	__builtin_memcpy(e->dst, p->dst, sizeof(e->dst));
	e->tunnel_id = p->tunnel_id;
	e->tunnel = p->tunnel;
	e->ttl = p->ttl;
	e->outer_family = p->outer_family;
	e->l7 = L7_UNKNOWN;
	return e;
}

/* Adds the tunnel's ends, copies up to `want` bytes of the frame from `from`, and sends. */
static __noinline int finish(const struct context *c, const struct packet *p, __u32 from,
			     __u32 want)
{
	struct event *e = (struct event *)c->scratch->record;
	__u32 have = p->held > from ? p->held - from : 0;
	__u32 at = c->fixed & (FIXED_MAX - 1), class = c->class & (COUNTER_SETS - 1);

	if (sheds(class)) {
		c->counters->shed[class]++;
		return -1;
	}
	if (p->tunnel) {
		__builtin_memcpy(c->scratch->record + at, p->outer, sizeof(p->outer));
		at += sizeof(p->outer);
	}
	if (want > have || want > PAYLOAD_MAX) {
		want = have < PAYLOAD_MAX ? have : PAYLOAD_MAX;
		e->flags |= EVENT_CUT;
	}
	if (want) {
		want = bounded(want, PAYLOAD_MAX);
		if (bpf_skb_load_bytes(c->skb, from, c->scratch->record + at, want))
			return -1;
		e->size = want;
		at += want;
	}
	if (bpf_ringbuf_output(&events, c->scratch->record, at, 0)) {
		c->counters->lost[class]++;
		return -1;
	}
	c->counters->sent[class]++;
	return 0;
}

#endif
