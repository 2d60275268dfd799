/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * The flow table: one entry a conversation, both ways. The lower end (address,
 * then port) stands first in the key, so a packet's side is a comparison.
 */
#ifndef ORTHRUS_FLOW_H
#define ORTHRUS_FLOW_H

#include "maps.h"
#include "news.h"
#include "parse.h"

/* A conversation seen on two interfaces is counted on the first until that one falls silent. */
#define PATH_SILENCE 1000000000ull

#define SEEN_SYN 0x01
#define SEEN_SYN_ACK 0x02
#define SEEN_ACK 0x04
#define SEEN_DATA 0x08
#define SEEN_FIN 0x10
#define SEEN_RST 0x20

static __always_inline bool source_is_higher(const struct packet *p)
{
	if (p->src[0] != p->dst[0])
		return p->src[0] > p->dst[0];
	if (p->family == 6) {
		if (p->src[1] != p->dst[1])
			return p->src[1] > p->dst[1];
		if (p->src[2] != p->dst[2])
			return p->src[2] > p->dst[2];
		if (p->src[3] != p->dst[3])
			return p->src[3] > p->dst[3];
	}
	return p->sport > p->dport;
}

/*
 * Equal addresses in another VLAN or overlay are other hosts. Only ids that
 * are the same in both directions may tell networks apart (a TEID is not).
 */
static __always_inline __u32 zone(const struct packet *p)
{
	__u32 tags = p->vlan | (__u32)p->inner_vlan << 12;

	if (p->tunnel == TUNNEL_VXLAN || p->tunnel == TUNNEL_GENEVE || p->tunnel == TUNNEL_NVGRE)
		tags ^= p->tunnel_id;
	return tags;
}

static __always_inline void key4(const struct packet *p, __u32 side, struct flow_key4 *key)
{
	__u32 tags = zone(p);

	key->addr[0] = side ? p->dst[0] : p->src[0];
	key->addr[1] = side ? p->src[0] : p->dst[0];
	key->port[0] = side ? p->dport : p->sport;
	key->port[1] = side ? p->sport : p->dport;
	key->protocol = p->protocol;
	key->zone[0] = tags;
	key->zone[1] = tags >> 8;
	key->zone[2] = tags >> 16;
}

static __always_inline void key6(const struct packet *p, __u32 side, struct flow_key6 *key)
{
	__u32 tags = zone(p);

	__builtin_memcpy(key->addr[0], side ? p->dst : p->src, 16);
	__builtin_memcpy(key->addr[1], side ? p->src : p->dst, 16);
	key->port[0] = side ? p->dport : p->sport;
	key->port[1] = side ? p->sport : p->dport;
	key->protocol = p->protocol;
	key->zone[0] = tags;
	key->zone[1] = tags >> 8;
	key->zone[2] = tags >> 16;
}

/* Beside the low ports mDNS and LLMNR: what was asked of a group is answered in a conversation of its own. */
static __always_inline bool is_service(__u16 port)
{
	return (port && port < 1024) || port == 5353 || port == 5355;
}

/* Multicast (RFC 5771, RFC 4291 2.7) and the limited broadcast: an address that nobody speaks from. */
static __always_inline bool is_to_group(const struct packet *p)
{
	__u8 first = *(__u8 *)p->dst;

	return p->family == 4 ? first >= 0xe0 : first == 0xff;
}

/* Whether the sender of this first packet opened the conversation. */
static __always_inline bool sender_opened(const struct packet *p)
{
	__u16 from = bpf_ntohs(p->sport), to = bpf_ntohs(p->dport);

	if (is_to_group(p))
		return true;

	if (p->protocol == IPPROTO_TCP && (p->tcp_flags & TCP_SYN))
		return !(p->tcp_flags & TCP_ACK);
	if (is_icmp(p)) {
		/* Replies: echo, timestamp, information, mask; v6 echo, listener report, RA, NA, node info. */
		if (p->family == 4)
			return !(from == 0 || from == 9 || from == 14 || from == 16 || from == 18);
		return !(from == 129 || from == 131 || from == 134 || from == 136 || from == 140 ||
			 from == 145);
	}
	if (is_service(from) != is_service(to))
		return is_service(to);
	/* Middle of a TCP connection: the lower port is the service's. */
	if (p->protocol == IPPROTO_TCP)
		return from >= to;
	return true;
}

static __always_inline void fill_flow(struct flow *f, const struct packet *p, __u32 side)
{
	__builtin_memset(f, 0, sizeof(*f));
	f->first = p->now;
	f->reported = p->now;
	f->vlan = p->vlan;
	f->inner_vlan = p->inner_vlan;
	f->tunnel_id = p->tunnel_id;
	f->tunnel = p->tunnel;
	f->ifindex = p->ifindex;
	f->outer_family = p->outer_family;
	f->opener = sender_opened(p) ? side : !side;
	if (p->flags & EVENT_ON_LINK)
		f->flags |= FLOW_ON_LINK;
	if (p->flags & EVENT_EGRESS)
		f->flags |= FLOW_EGRESS;
	if (p->protocol == IPPROTO_TCP && !(p->tcp_flags & TCP_SYN))
		f->flags |= FLOW_MIDSTREAM;
	if (side) {
		__builtin_memcpy(f->mac[0], p->macs, 6);
		__builtin_memcpy(f->mac[1], (__u8 *)p->macs + 6, 6);
	} else {
		__builtin_memcpy(f->mac[1], p->macs, 6);
		__builtin_memcpy(f->mac[0], (__u8 *)p->macs + 6, 6);
	}
}

/* The tunnel's ends turned round, for a packet of the responder. */
static __always_inline void turn_outer(__u32 outer[8])
{
	__u32 word;

	for (__u32 i = 0; i < 4; i++) {
		word = outer[i];
		outer[i] = outer[i + 4];
		outer[i + 4] = word;
	}
}

/* As the opener sees them, like everything that is said of a flow. */
static __always_inline void keep_outer(struct packet *p, const struct flow_key6 *key)
{
	bool turn = !sender_opened(p);

	if (turn)
		turn_outer(p->outer);
	bpf_map_update_elem(&outers, key, p->outer, BPF_ANY);
	if (turn)
		turn_outer(p->outer);
}

/* The entry of this packet's conversation; *made when the packet is its first. */
static __always_inline struct flow *find4(struct context *c, struct packet *p, __u32 side,
					  bool *made)
{
	struct flow_key4 key;
	struct flow_key6 wide = {};
	struct flow *f;

	key4(p, side, &key);
	f = bpf_map_lookup_elem(&flows4, &key);
	if (f)
		return f;
	p->now = fine_clock();
	fill_flow(&c->scratch->flow, p, side);
	if (!bpf_map_update_elem(&flows4, &key, &c->scratch->flow, BPF_NOEXIST))
		*made = true; /* else another CPU was faster */
	if (p->tunnel) {
		wide.addr[0][0] = key.addr[0];
		wide.addr[1][0] = key.addr[1];
		__builtin_memcpy(wide.port, key.port, 8);
		keep_outer(p, &wide);
	}
	return bpf_map_lookup_elem(&flows4, &key);
}

static __noinline struct flow *find6(struct context *c, struct packet *p, __u32 side,
				     bool *made)
{
	struct flow_key6 key;
	struct flow *f;

	key6(p, side, &key);
	f = bpf_map_lookup_elem(&flows6, &key);
	if (f)
		return f;
	p->now = fine_clock();
	fill_flow(&c->scratch->flow, p, side);
	if (!bpf_map_update_elem(&flows6, &key, &c->scratch->flow, BPF_NOEXIST))
		*made = true;
	if (p->tunnel)
		keep_outer(p, &key);
	return bpf_map_lookup_elem(&flows6, &key);
}

/* The same entry again, for a stage that starts from the packet alone. */
static __noinline struct flow *find_again(const struct packet *p)
{
	struct flow_key4 narrow;
	struct flow_key6 wide;
	__u32 side = p->side;

	if (p->family == 4) {
		key4(p, side, &narrow);
		return bpf_map_lookup_elem(&flows4, &narrow);
	}
	key6(p, side, &wide);
	return bpf_map_lookup_elem(&flows6, &wide);
}

/* What this packet adds to the history, as SEEN_* bits. */
static __always_inline __u8 deeds(const struct packet *p, __u32 payload)
{
	__u8 seen = payload ? SEEN_DATA : 0;

	if (p->protocol != IPPROTO_TCP)
		return seen;
	if (p->tcp_flags & TCP_SYN)
		seen |= p->tcp_flags & TCP_ACK ? SEEN_SYN_ACK : SEEN_SYN;
	else if (!payload && p->tcp_flags == TCP_ACK)
		seen |= SEEN_ACK;
	if (p->tcp_flags & TCP_FIN)
		seen |= SEEN_FIN;
	if (p->tcp_flags & TCP_RST)
		seen |= SEEN_RST;
	return seen;
}

static __noinline int write_history(struct flow *f, __u32 side, __u8 fresh)
{
	/* Lower case for the responder: 0x20 apart. */
	__u8 lower = (side & 1) == f->opener ? 0 : 0x20;
	const char letters[6] = {'S', 'H', 'A', 'D', 'F', 'R'};

	f->history_seen[side & 1] |= fresh;
	for (__u32 i = 0; i < 6; i++) {
		__u32 at = f->history_length;

		if (!(fresh & 1 << i))
			continue;
		if (at >= sizeof(f->history))
			return 0;
		f->history[at] = letters[i] | lower;
		f->history_length = at + 1;
	}
	return 0;
}

/* Adds the packet to its side. False when this conversation is counted on another path. */
static __always_inline bool count_packet(struct context *c, const struct packet *p,
					 struct flow *f, __u32 side, __u32 payload)
{
	struct flow_side *me = &f->side[side & 1];
	__u32 path = p->ifindex << 1 | (p->flags & EVENT_EGRESS);
	__u8 seen;

	if (me->path != path) {
		if (me->path && p->now < me->last + PATH_SILENCE) {
			c->counters->other_path++;
			return false;
		}
		me->path = path;
	}
	/* Atomic: one side may be sent, or steered, from several CPUs at once. */
	__sync_fetch_and_add(&me->totals.packets, p->segments);
	__sync_fetch_and_add(&me->totals.bytes, p->bytes);
	__sync_fetch_and_add(&me->totals.payload, payload);
	me->last = p->now;
	seen = deeds(p, payload);
	if (seen & ~f->history_seen[side & 1])
		write_history(f, side, seen & ~f->history_seen[side & 1]);
	return true;
}

static __always_inline __u8 known_l7(const struct flow_side *side)
{
	return side->guess ? 0 : side->l7;
}

/* A record about the whole conversation, as its opener sees it. */
static __always_inline int send_flow(struct context *c, struct packet *p, const struct flow *f,
				     __u8 kind, __u32 class)
{
	struct event *e = begin(c, p, kind, EVENT_FLOW_SIZE, class);
	const struct flow_side *from = &f->side[f->opener & 1], *to = &f->side[~f->opener & 1];
	bool turn = (p->flags & EVENT_REPLY) != 0;
	int failed;

	e->flags &= ~EVENT_REPLY;
	if (f->flags & FLOW_MIDSTREAM)
		e->flags |= EVENT_MIDSTREAM;
	if (turn) {
		e->src_port = bpf_ntohs(p->dport);
		e->dst_port = bpf_ntohs(p->sport);
		__builtin_memcpy(e->src, p->dst, sizeof(e->src));
		__builtin_memcpy(e->dst, p->src, sizeof(e->dst));
		turn_outer(p->outer);
	}
	__builtin_memcpy(e->src_mac, f->mac[f->opener & 1], 6);
	__builtin_memcpy(e->dst_mac, f->mac[~f->opener & 1], 6);
	e->l7 = known_l7(from) ? known_l7(from) : known_l7(to);
	e->flow.first = f->first;
	e->flow.last = from->last > to->last ? from->last : to->last;
	e->flow.side[0] = from->totals;
	e->flow.side[1] = to->totals;
	e->flow.tcp_flags[0] = from->tcp_flags;
	e->flow.tcp_flags[1] = to->tcp_flags;
	e->flow.history_length = f->history_length;
	__builtin_memcpy(e->flow.history, f->history, sizeof(f->history));
	failed = finish(c, p, p->off, 0);
	if (turn)
		turn_outer(p->outer);
	return failed;
}

/* The conversation's first packet, unless its source starts too many. */
__stage int start_flow(struct __sk_buff *skb)
{
	struct context c = {};
	struct packet *p;
	struct flow *f;

	if (open_context(&c, skb))
		return -1;
	p = &c.scratch->packet;
	if (!within_budget(p, CLASS_FLOW_START, settings.flow_start_interval,
			   settings.flow_start_burst)) {
		c.counters->held[CLASS_FLOW_START]++;
		return -1; /* the sweep reports it with its totals */
	}
	f = find_again(p);
	if (!f || send_flow(&c, p, f, EVENT_FLOW_START, CLASS_FLOW_START))
		return -1;
	f->flags |= FLOW_STARTED;
	return 0;
}

/* The end of a TCP connection with its totals; the entry stays for late packets. */
__stage int end_flow(struct __sk_buff *skb)
{
	struct context c = {};
	struct packet *p;
	struct flow *f;

	if (open_context(&c, skb))
		return -1;
	p = &c.scratch->packet;
	f = find_again(p);
	if (!f || send_flow(&c, p, f, EVENT_FLOW_END, CLASS_FLOW_END))
		return -1; /* the sweep sees that it is closed and not reported */
	f->flags |= FLOW_ENDED;
	f->ended_packets = f->side[0].totals.packets + f->side[1].totals.packets;
	return 0;
}

#define REOPEN_SILENCE 10000000000ull

/* A SYN on a closed connection opens the next one between the same ports. */
static __always_inline bool reopens(const struct packet *p, const struct flow *f)
{
	const struct flow_side *me = &f->side[p->side & 1];

	if ((p->tcp_flags & (TCP_SYN | TCP_ACK)) != TCP_SYN)
		return false;
	if ((f->flags & FLOW_ENDED) ||
	    ((f->side[0].tcp_flags | f->side[1].tcp_flags) & (TCP_FIN | TCP_RST)))
		return true;
	/*
	 * Its end went by unseen: another sequence number, after a silence that a retry does not explain. A
	 * side that has not answered a SYN yet may send its own: both open the same (RFC 9293 3.5).
	 */
	if (!me->last && !(f->flags & FLOW_MIDSTREAM))
		return false;
	return p->seq + 1 != me->next_seq && p->now > me->last + REOPEN_SILENCE;
}

/* RST, or the acknowledgement that follows the FINs of both sides. */
static __always_inline bool closes(const struct packet *p, const struct flow *f)
{
	if (f->flags & FLOW_ENDED)
		return false;
	if (p->tcp_flags & TCP_RST)
		return true;
	return (f->side[0].tcp_flags & f->side[1].tcp_flags & TCP_FIN) &&
	       !(p->tcp_flags & TCP_FIN);
}

#endif
