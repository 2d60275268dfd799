// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
/* A stand-in for the sensor: the same program and map names, and just enough behind them. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stdbool.h>
#include <stddef.h>
#include <bpf/bpf_helpers.h>
#include "../../../bpf/event.h"
#include "../../../bpf/settings.h"

/* Before the settings on purpose: their place in .rodata must be looked up. */
const volatile __u64 filler[3] = {1, 2, 3};
const volatile struct settings settings = {};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct flow_key4);
	__type(value, struct flow);
} flows4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct flow_key6);
	__type(value, struct flow);
} flows6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct flow_key6);
	__type(value, struct event_outer);
} outers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct counters);
} counters SEC(".maps");

/* Of all processors: the test's thread may move from one to another. */
__u64 seen;

/* A record for each packet: length, flow_start_interval, running number. The 13th byte of the frame asks. */
static __always_inline int see(struct __sk_buff *skb, __u64 direction)
{
	__u32 zero = 0;
	struct counters *c = bpf_map_lookup_elem(&counters, &zero);
	__u64 *record;
	__u64 number;

	if (!c)
		return TC_ACT_UNSPEC;
	number = seen++;
	c->packets++;
	c->bytes += skb->len;
	record = bpf_ringbuf_reserve(&events, 40, 0);
	if (!record) {
		c->lost[CLASS_MESSAGE]++;
		return TC_ACT_UNSPEC;
	}
	record[0] = skb->len;
	record[1] = settings.flow_start_interval;
	record[2] = number;
	record[3] = skb->ifindex;
	record[4] = direction;
	c->sent[CLASS_MESSAGE]++;
	if (number % 7 == 3)
		bpf_ringbuf_discard(record, 0);
	else
		bpf_ringbuf_submit(record, 0);
	return TC_ACT_UNSPEC;
}

SEC("tc") int orthrus_l2_ingress(struct __sk_buff *skb) { return see(skb, 0); }
SEC("tc") int orthrus_l2_egress(struct __sk_buff *skb) { return see(skb, 1); }
SEC("tc") int orthrus_l3_ingress(struct __sk_buff *skb) { return see(skb, 2); }
SEC("tc") int orthrus_l3_egress(struct __sk_buff *skb) { return see(skb, 3); }

#ifdef REFUSED
/* The verifier must refuse this one: it reads behind the packet. */
SEC("tc") int refused(struct __sk_buff *skb)
{
	return *(int *)(long)skb->data;
}
#endif

SEC("tc") int foreign(struct __sk_buff *skb) { return TC_ACT_UNSPEC; }

char _license[] SEC("license") = "GPL";
