// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
/*
 * The kernel half: parse a frame, count it to its conversation, and report
 * only news. Every path returns TC_ACT_UNSPEC: traffic is never touched and
 * the next program runs. `make` builds this for the kernel; host.c includes
 * it for replay and for the fuzzer.
 */
#include "platform.h"

#include <linux/pkt_cls.h>

#include "event.h"
#include "flow.h"
#include "maps.h"
#include "news.h"
#include "parse.h"
#include "payload.h"
#include "tunnel.h"

#define MAX_LAYERS 4 /* link tunnel, IP, IP in a tunnel, IP in a tunnel in it */
#define MAX_TUNNELS 2
#define VLAN_TAG 4
#define ARP_BYTES 64
#define NDP_BYTES 512
#define ICMP_BYTES 128

enum verdict {
	STOP = 0, /* nothing to follow */
	DEEPER, /* an inner packet may be next */
	READY, /* an IP conversation */
	BROKEN, /* the frame ends inside a header */
};

/* One network layer and, for the last one, its transport. */
static __always_inline int parse_layer(struct __sk_buff *skb, struct packet *p, bool deeper)
{
	int failed;

	if (p->ethertype == ETH_P_IP)
		failed = parse_ipv4(skb, p);
	else if (p->ethertype == ETH_P_IPV6)
		failed = parse_ipv6(skb, p);
	else if (deeper && is_link_tunnel(p->ethertype))
		return DEEPER;
	else
		return STOP;
	if (failed)
		return BROKEN;
	if (p->fragment_off)
		return READY;
	if (parse_transport(skb, p))
		return BROKEN;
	if (p->protocol == IPPROTO_NONE)
		return STOP; /* RFC 8200 4.7: no conversation */
	return deeper && (may_tunnel(p) || may_be_teredo(skb, p)) ? DEEPER : READY;
}

/* RFC 826. The kernel copies, user space reads. */
__stage int see_arp(struct __sk_buff *skb)
{
	struct context c = {};
	struct packet *p;
	__u32 length;

	if (open_context(&c, skb))
		return -1;
	p = &c.scratch->packet;
	p->now = fine_clock();
	if (!within_budget(p, CLASS_ARP, settings.arp_interval, settings.arp_burst)) {
		c.counters->held[CLASS_ARP]++;
		return -1;
	}
	length = p->bytes > p->off ? p->bytes - p->off : 0;
	begin(&c, p, EVENT_ARP, EVENT_COMMON_SIZE, CLASS_ARP);
	return finish(&c, p, p->off, length < ARP_BYTES ? length : ARP_BYTES);
}

static __always_inline bool is_ndp(const struct packet *p)
{
	return p->protocol == IPPROTO_ICMPV6 && p->icmp_type >= 133 && p->icmp_type <= 137;
}

/* Errors and redirects tell of other conversations: each is news. */
static __always_inline bool is_icmp_error(const struct packet *p)
{
	if (p->family == 6)
		return p->icmp_type < 128;
	return p->icmp_type == 3 || p->icmp_type == 4 || p->icmp_type == 5 || p->icmp_type == 11 ||
	       p->icmp_type == 12;
}

__stage int see_icmp(struct __sk_buff *skb)
{
	__u32 class = CLASS_ICMP, most = ICMP_BYTES, length;
	struct context c = {};
	struct packet *p;
	struct event *e;

	if (open_context(&c, skb))
		return -1;
	p = &c.scratch->packet;
	if (is_ndp(p)) {
		class = CLASS_NDP;
		most = NDP_BYTES;
	}
	p->now = fine_clock();
	if (!within_budget(p, class, settings.icmp_interval, settings.icmp_burst)) {
		c.counters->held[class]++;
		return -1;
	}
	length = p->end > p->off ? p->end - p->off : 0;
	e = begin(&c, p, class == CLASS_NDP ? EVENT_NDP : EVENT_ICMP, EVENT_ICMP_SIZE, class);
	e->icmp.type = p->icmp_type;
	e->icmp.code = p->icmp_code;
	e->icmp.id = p->echo_id;
	e->icmp.length = length > 8 ? length - 8 : 0;
	return finish(&c, p, p->off, length < most ? length : most);
}

static __always_inline void fragment_key(const struct packet *p, struct fragment_key *key)
{
	__builtin_memcpy(key->src, p->src, sizeof(key->src));
	__builtin_memcpy(key->dst, p->dst, sizeof(key->dst));
	key->id = p->fragment_id;
	key->protocol = p->protocol;
}

/* Ports stand in the first fragment only; the later ones are told by the datagram's id. */
static __noinline int remember_fragment(const struct packet *p)
{
	struct fragment_ports ports = {.sport = p->sport, .dport = p->dport};
	struct fragment_key key;

	/* RFC 7413: data in a SYN comes behind the number that the SYN takes itself. */
	ports.seq = p->seq + (p->tcp_flags & TCP_SYN ? 1 : 0) - p->tcp_header;

	fragment_key(p, &key);
	return bpf_map_update_elem(&fragments, &key, &ports, BPF_ANY);
}

static __noinline int recall_fragment(struct context *c, struct packet *p)
{
	struct fragment_ports *ports;
	struct fragment_key key;

	c->counters->fragments++;
	fragment_key(p, &key);
	ports = bpf_map_lookup_elem(&fragments, &key);
	if (!ports)
		return -1;
	p->sport = ports->sport;
	p->dport = ports->dport;
	p->seq = ports->seq + p->fragment_off;
	return 0;
}

/*
 * A later fragment finds its conversation. One that may belong to a name's
 * datagram goes up: also where the first one is not known, it may be late.
 */
static __always_inline int see_fragment(struct context *c, struct packet *p)
{
	int lost = recall_fragment(c, p);

	if (p->protocol == IPPROTO_UDP && (lost || name_port(p)))
		send_fragment(c->skb);
	return lost;
}

/* TCP's flags move the conversation on; the packet that closes it ends it. */
static __always_inline void note_tcp(struct context *c, struct packet *p, struct flow *f)
{
	if ((p->tcp_flags & TCP_RST) || (f->side[0].tcp_flags & f->side[1].tcp_flags & TCP_FIN)) {
		if (closes(p, f))
			end_flow(c->skb);
	}
}

/* A SYN on a closed connection: the entry becomes the next conversation's. */
static __always_inline bool reopen(struct context *c, struct packet *p, struct flow *f)
{
	if (!reopens(p, f))
		return false;
	if (!(f->flags & FLOW_ENDED))
		end_flow(c->skb);
	c->counters->reopened++;
	p->now = fine_clock();
	fill_flow(f, p, p->side);
	return true;
}

/*
 * Bytes that the frame had on the wire and has not here: a tag that was moved to
 * the metadata, and the headers of all frames but one of a merged packet.
 */
static __always_inline __u32 missing_bytes(const struct __sk_buff *skb, const struct packet *p)
{
	__u32 bytes = 0;

	if (skb->vlan_present)
		bytes += p->segments * VLAN_TAG;
	if (p->segments > 1)
		bytes += (p->segments - 1) * p->off;
	return bytes;
}

/* From a parsed packet to its conversation, and to what is new about it. */
static __always_inline void see_conversation(struct context *c, struct packet *p)
{
	__u32 side = source_is_higher(p), length = p->end > p->off ? p->end - p->off : 0;
	bool tcp = p->protocol == IPPROTO_TCP, made = false;
	struct flow_side *me;
	struct flow *f;

	p->side = side;
	if (tcp && p->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST))
		p->now = fine_clock(); /* the times that begin and end a conversation */
	f = p->family == 4 ? find4(c, p, side, &made) : find6(c, p, side, &made);
	if (!f) {
		c->counters->flows_failed++;
		return;
	}
	if (made)
		c->counters->flows++;
	else if (tcp)
		made = reopen(c, p, f);
	p->bytes += missing_bytes(c->skb, p);
	if (!count_packet(c, p, f, side, length))
		return;
	if (side != f->opener)
		p->flags |= EVENT_REPLY;
	me = &f->side[side];
	if (tcp) {
		me->tcp_flags |= p->tcp_flags;
		if (p->tcp_flags & TCP_SYN)
			synchronize(me, p->seq + 1);
	}
	if (made)
		start_flow(c->skb);
	if (length && me->stage != STAGE_DONE) {
		if (tcp)
			see_segment(c->skb); /* a later fragment is one too: its number is known */
		else if (p->protocol == IPPROTO_UDP && !p->fragment_off)
			see_datagram(c->skb);
	}
	if (tcp)
		note_tcp(c, p, f);
	else if (is_icmp(p) && !p->fragment_off && (made || is_icmp_error(p) || is_ndp(p)))
		see_icmp(c->skb);
}

static __always_inline void swap_packets(struct packet *a, struct packet *b)
{
	__u64 *from = (__u64 *)a, *to = (__u64 *)b, word;

	for (__u32 i = 0; i < sizeof(struct packet) / sizeof(word); i++) {
		word = from[i];
		from[i] = to[i];
		to[i] = word;
	}
}

/* The UDP conversation that carries a tunnel is one of its own; other carriers are only a header. */
__stage int see_carrier(struct __sk_buff *skb)
{
	struct context c = {};
	struct packet *p, *inner;
	bool made = false;
	struct flow *f;
	__u32 side;

	if (open_context(&c, skb))
		return -1;
	p = &c.scratch->carrier;
	inner = &c.scratch->packet;
	side = source_is_higher(p);
	p->side = side;
	f = p->family == 4 ? find4(&c, p, side, &made) : find6(&c, p, side, &made);
	p->bytes += missing_bytes(skb, p);
	if (!f || !count_packet(&c, p, f, side, p->end > p->off ? p->end - p->off : 0))
		return -1;
	if (p->more_fragments)
		remember_fragment(p);
	if (!made)
		return 0;
	c.counters->flows++;
	if (side != f->opener)
		p->flags |= EVENT_REPLY;
	/* The stages look at scratch.packet. */
	swap_packets(p, inner);
	start_flow(skb);
	swap_packets(p, inner);
	return 0;
}

/*
 * A carrier in fragments: the TCP segment in it is cut, and goes on in the later ones. As with TCP
 * itself, the number is kept that the first byte of the carrier's payload would have.
 */
__stage int remember_inner(struct __sk_buff *skb)
{
	struct packet *p, *carrier;
	struct fragment_key key;
	struct context c = {};
	__u32 seq, start;

	if (open_context(&c, skb))
		return -1;
	p = &c.scratch->packet;
	carrier = &c.scratch->carrier;
	if (p->protocol != IPPROTO_TCP || p->fragment_off || !carrier->more_fragments)
		return 0;
	start = carrier->off - (carrier->protocol == IPPROTO_UDP ? sizeof(struct udphdr) : 0);
	fragment_key(carrier, &key);
	seq = p->seq;
	p->seq += (p->tcp_flags & TCP_SYN ? 1 : 0) + start - p->off;
	bpf_map_update_elem(&inners, &key, p, BPF_ANY);
	p->seq = seq;
	return 0;
}

/* From a later fragment of a carrier to what it brings of the segment in it: 1 when that is known. */
__stage int enter_fragment(struct __sk_buff *skb)
{
	struct packet *p, *carrier, *inner;
	struct fragment_key key;
	struct context c = {};

	if (open_context(&c, skb))
		return 0;
	p = &c.scratch->packet;
	carrier = &c.scratch->carrier;
	fragment_key(p, &key);
	inner = bpf_map_lookup_elem(&inners, &key);
	if (!inner)
		return 0;
	*carrier = *p;
	*p = *inner;
	p->now = carrier->now;
	p->off = carrier->off;
	p->end = carrier->end;
	p->held = carrier->held;
	p->bytes = carrier->bytes;
	p->segments = carrier->segments;
	p->seq += carrier->fragment_off;
	p->tcp_flags = 0;
	return 1;
}

/* The same where the carrier's conversation has counted the fragment already. */
__stage int see_inner_fragment(struct __sk_buff *skb)
{
	struct context c = {};
	struct packet *p;
	struct flow *f;

	if (open_context(&c, skb) || !enter_fragment(skb))
		return 0;
	p = &c.scratch->packet;
	p->side = source_is_higher(p);
	f = find_again(p);
	if (!f || p->off >= p->end || f->side[p->side & 1].stage == STAGE_DONE)
		return 0;
	if (p->side != f->opener)
		p->flags |= EVENT_REPLY;
	return see_segment(skb);
}

/* The next layer inside a tunnel. */
__stage int parse_inner(struct __sk_buff *skb, __u32 deeper)
{
	struct context c = {};

	if (open_context(&c, skb))
		return STOP;
	return parse_layer(skb, &c.scratch->packet, deeper);
}

/* Plain packets never come here. */
__stage int see_tunnel(struct __sk_buff *skb)
{
	struct context c = {};
	bool udp, cut;
	struct packet *p;
	int verdict;

	if (open_context(&c, skb))
		return STOP;
	p = &c.scratch->packet;
	for (__u32 i = 1; i < MAX_LAYERS; i++) {
		udp = p->family && p->protocol == IPPROTO_UDP;
		cut = p->family && p->more_fragments;
		if (udp || cut)
			c.scratch->carrier = *p;
		/* What looked like a tunnel and is none stays the conversation that it is. */
		if (!enter_tunnel(skb))
			return p->family ? READY : STOP;
		if (udp)
			see_carrier(skb);
		verdict = parse_inner(skb, i < MAX_TUNNELS);
		if (verdict == READY && cut)
			remember_inner(skb);
		if (verdict != DEEPER)
			return verdict;
	}
	return STOP;
}

/* Merged packets (GRO, GSO) say how many frames they stand for. */
static __always_inline __u32 segments_of(struct __sk_buff *skb)
{
	__u32 segments = skb->gso_segs;

	if (!segments && skb->gso_size)
		segments = (skb->len + skb->gso_size - 1) / skb->gso_size;
	return segments ? segments : 1;
}

static __always_inline int parse(struct __sk_buff *skb, struct packet *p, bool link_header)
{
	int verdict;

	if (skb->vlan_present)
		note_vlan(p, skb->vlan_tci);
	if (link_header ? parse_ethernet(skb, p) : parse_version(skb, p))
		return BROKEN;
	verdict = parse_layer(skb, p, settings.tunnels);
	return verdict == DEEPER ? see_tunnel(skb) : verdict;
}

static __always_inline int sense(struct __sk_buff *skb, bool link_header, __u16 direction)
{
	struct context c = {};
	struct packet *p;
	int verdict;

	if (open_context(&c, skb))
		return TC_ACT_UNSPEC;
	p = &c.scratch->packet;
	__builtin_memset(p, 0, sizeof(*p));
	p->held = skb->len;
	p->bytes = wire_length(skb);
	p->segments = segments_of(skb);
	p->ifindex = skb->ifindex;
	p->flags = direction;
	p->now = cheap_clock();
	c.counters->packets += p->segments;
	verdict = parse(skb, p, link_header);
	c.counters->bytes += p->bytes + missing_bytes(skb, p);
	if (p->tunnel)
		c.counters->tunnelled++;
	if (verdict == READY) {
		if (p->fragment_off && see_fragment(&c, p) && !enter_fragment(skb)) {
			c.counters->fragments_lost++;
			return TC_ACT_UNSPEC;
		}
		if (p->more_fragments && !p->fragment_off)
			remember_fragment(p);
		see_conversation(&c, p);
		if (p->fragment_off && p->protocol == IPPROTO_UDP)
			see_inner_fragment(skb);
	} else if (p->ethertype == ETH_P_ARP) {
		see_arp(skb);
	} else if (verdict == BROKEN) {
		if (p->held < p->bytes)
			c.counters->truncated++;
		else
			c.counters->malformed++;
	} else {
		c.counters->not_ip++;
	}
	return TC_ACT_UNSPEC;
}

#ifdef __bpf__
SEC("tc")
int orthrus_l2_ingress(struct __sk_buff *skb)
{
	return sense(skb, true, 0);
}

SEC("tc")
int orthrus_l2_egress(struct __sk_buff *skb)
{
	return sense(skb, true, EVENT_EGRESS);
}

SEC("tc")
int orthrus_l3_ingress(struct __sk_buff *skb)
{
	return sense(skb, false, 0);
}

SEC("tc")
int orthrus_l3_egress(struct __sk_buff *skb)
{
	return sense(skb, false, EVENT_EGRESS);
}

/* Without a use the types would not reach BTF, where a test compares them with user space. */
const struct event *unused_event __attribute__((unused));
const struct event_outer *unused_outer __attribute__((unused));
const struct event_fragment *unused_fragment __attribute__((unused));

char _license[] SEC("license") = "GPL";
#endif
