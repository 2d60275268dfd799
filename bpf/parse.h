/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * From the first byte of a frame to its payload. Every helper reads at
 * packet.off, checks its own bounds, moves packet.off past what it read and
 * returns 0, or -1 when the frame ends too early. Nothing is written to the frame.
 */
#ifndef ORTHRUS_PARSE_H
#define ORTHRUS_PARSE_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include "event.h"
#include "platform.h"

#define MAX_OFFSET 0x3fff /* deeper headers are hostile; also keeps the verifier's ranges small */
#define MAX_TAGS 4
#define MAX_EXTENSIONS 8

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

#ifndef IPPROTO_SCTP
#define IPPROTO_SCTP 132
#endif
#ifndef IPPROTO_UDPLITE
#define IPPROTO_UDPLITE 136
#endif

/* What one frame says, gathered once and read by all that follows. */
struct packet {
	__u32 src[4]; /* network order; IPv4 in the first word */
	__u32 dst[4];
	__u32 outer[8]; /* ends of the outermost tunnel: source, destination */
	__u64 now; /* ns */
	__u32 off; /* the next byte to read; at last the payload */
	__u32 end; /* where the IP datagram ends */
	__u32 held; /* bytes of the frame that are here */
	__u32 bytes; /* bytes of the frame on the wire */
	__u32 segments;
	__u32 seq;
	__u32 tunnel_id;
	__u32 fragment_id;
	__u32 ifindex;
	__u32 macs[3]; /* destination, source */
	__u16 ethertype; /* host order */
	__u16 vlan;
	__u16 inner_vlan;
	__u16 sport; /* network order */
	__u16 dport;
	__u16 fragment_off; /* bytes; 0 in a first fragment */
	__u16 echo_id;
	__u16 flags; /* enum event_flags */
	__u8 family; /* 4 or 6 */
	__u8 protocol;
	__u8 ttl;
	__u8 tcp_flags;
	__u8 tunnel;
	__u8 more_fragments;
	__u8 icmp_type;
	__u8 icmp_code;
	__u8 outer_family;
	__u8 side; /* place of the source in the flow's key */
	__u8 tcp_header; /* its length, bytes */
};

struct vlan_tag {
	__be16 tci;
	__be16 ethertype;
};

/* The part that all ICMP and ICMPv6 messages share, and echo's identifier. */
struct icmp_header {
	__u8 type;
	__u8 code;
	__be16 checksum;
	__be16 id;
	__be16 sequence;
};

struct ports {
	__be16 source;
	__be16 dest;
};

struct extension {
	__u8 next;
	__u8 length;
	__be16 fragment;
	__be32 id;
};

static __always_inline __u16 be16_at(const __u8 *b)
{
	return b[0] << 8 | b[1];
}

static __always_inline __u32 be24_at(const __u8 *b)
{
	return b[0] << 16 | b[1] << 8 | b[2];
}

static __always_inline bool is_port(const struct packet *p, __u16 port)
{
	return p->dport == bpf_htons(port) || p->sport == bpf_htons(port);
}

/*
 * A pointer to `size` bytes at `off`: into the frame where its linear part
 * holds them, else a copy in `spare` (GRO, header split). NULL beyond the end.
 */
static __always_inline void *peek(struct __sk_buff *skb, __u32 off, __u32 size, void *spare)
{
	void *at;

	if (off > MAX_OFFSET)
		return NULL;
	/* The verifier believes the mask, wherever clang put the comparison. */
	barrier_var(off);
	at = skb_start(skb) + (off & MAX_OFFSET);
	if (at + size <= skb_stop(skb))
		return at;
	if (bpf_skb_load_bytes(skb, off, spare, size))
		return NULL;
	return spare;
}

#define ETHERTYPE_VNTAG 0x8926 /* IEEE 802.1BR, as Cisco ships it */

static __always_inline bool is_vlan(__u16 ethertype)
{
	return ethertype == ETH_P_8021Q || ethertype == ETH_P_8021AD || ethertype == ETH_P_QINQ1;
}

static __always_inline bool is_tag(__u16 ethertype)
{
	return is_vlan(ethertype) || ethertype == ETHERTYPE_VNTAG;
}

/* The outer tag fills packet.vlan, the next one inner_vlan, more are skipped. */
static __always_inline void note_vlan(struct packet *p, __u16 tci)
{
	__u16 vid = tci & 0x0fff;

	if (!p->vlan)
		p->vlan = vid;
	else if (!p->inner_vlan)
		p->inner_vlan = vid;
}

static __always_inline int parse_tags(struct __sk_buff *skb, struct packet *p)
{
	struct vlan_tag spare, *tag;

	for (__u32 i = 0; i < MAX_TAGS; i++) {
		if (!is_tag(p->ethertype))
			return 0;
		if (p->ethertype == ETHERTYPE_VNTAG)
			p->off += 2; /* a longer tag: its EtherType ends it as well */
		tag = peek(skb, p->off, sizeof(*tag), &spare);
		if (!tag)
			return -1;
		if (p->ethertype != ETHERTYPE_VNTAG)
			note_vlan(p, bpf_ntohs(tag->tci));
		p->ethertype = bpf_ntohs(tag->ethertype);
		p->off += sizeof(*tag);
	}
	return 0;
}

/* IEEE 802.3 length field followed by LLC/SNAP (RFC 1042) hides an EtherType. */
static __always_inline int parse_snap(struct __sk_buff *skb, struct packet *p)
{
	__u8 spare[8], *snap;

	snap = peek(skb, p->off, sizeof(spare), spare);
	if (!snap)
		return -1;
	if (snap[0] == 0x06 && snap[1] == 0x06 && snap[2] == 3) { /* RFC 948: IP without SNAP */
		p->ethertype = ETH_P_IP;
		p->off += 3;
		return 0;
	}
	if (snap[0] != 0xaa || snap[1] != 0xaa || snap[2] != 3)
		return 0;
	p->ethertype = snap[6] << 8 | snap[7];
	p->off += sizeof(spare);
	return 0;
}

static __always_inline int parse_ethernet(struct __sk_buff *skb, struct packet *p)
{
	struct ethhdr spare, *eth;

	eth = peek(skb, p->off, sizeof(*eth), &spare);
	if (!eth)
		return -1;
	/* struct ethhdr is packed: a memcpy would go byte by byte. */
	p->macs[0] = ((__u32 *)eth)[0];
	p->macs[1] = ((__u32 *)eth)[1];
	p->macs[2] = ((__u32 *)eth)[2];
	p->flags |= EVENT_ON_LINK;
	p->ethertype = bpf_ntohs(eth->h_proto);
	p->off += sizeof(*eth);
	if (is_tag(p->ethertype) && parse_tags(skb, p))
		return -1;
	if (p->ethertype < ETH_P_802_3_MIN)
		return parse_snap(skb, p);
	return 0;
}

/* An L3 device has no link header: the version nibble says what follows. */
static __always_inline int parse_version(struct __sk_buff *skb, struct packet *p)
{
	__u8 spare, *first;

	first = peek(skb, p->off, 1, &spare);
	if (!first)
		return -1;
	switch (*first >> 4) {
	case 4:
		p->ethertype = ETH_P_IP;
		break;
	case 6:
		p->ethertype = ETH_P_IPV6;
		break;
	default:
		p->ethertype = 0;
	}
	return 0;
}

/*
 * The datagram's own length bounds everything inside it, so padding is not
 * payload; the frame bounds the datagram, and an outer datagram the inner one.
 * 0 stands for a merged packet over 64 KiB (BIG TCP) or a jumbogram (RFC 2675).
 */
static __always_inline void bound(struct packet *p, __u32 start, __u32 length)
{
	__u32 limit = p->tunnel ? p->end : p->bytes;

	p->end = start + length;
	if (!length || p->end > limit)
		p->end = limit;
}

static __always_inline bool is_extension(__u8 next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS ||
	       next == IPPROTO_FRAGMENT || next == IPPROTO_AH || next == 135 || next == 139 ||
	       next == 140;
}

/* RFC 8200 4: walk to the upper-layer header, at most MAX_EXTENSIONS on the way. */
static __noinline int parse_extensions(struct __sk_buff *skb, struct packet *p)
{
	struct extension spare, *ext;
	__u8 next = p->protocol;
	__u32 off = p->off, units;

	for (__u32 i = 0; i < MAX_EXTENSIONS; i++) {
		if (!is_extension(next))
			break;
		ext = peek(skb, off, sizeof(*ext), &spare);
		if (!ext)
			return -1;
		units = ext->length;
		if (next == IPPROTO_FRAGMENT) {
			p->fragment_off = bpf_ntohs(ext->fragment) & 0xfff8;
			p->more_fragments = bpf_ntohs(ext->fragment) & 1;
			p->fragment_id = bpf_ntohl(ext->id);
			off += 8;
		} else if (next == IPPROTO_AH) {
			off += (units + 2) * 4; /* RFC 4302 2.2 */
		} else {
			off += (units + 1) * 8;
		}
		next = ext->next;
		if (p->fragment_off)
			break; /* what follows is the middle of something */
	}
	p->protocol = next;
	p->off = off;
	return off > p->end ? -1 : 0;
}

static __always_inline int parse_ipv4(struct __sk_buff *skb, struct packet *p)
{
	struct iphdr spare, *ip;
	__u32 header, start = p->off;
	__u16 fragment;

	ip = peek(skb, start, sizeof(*ip), &spare);
	if (!ip || ip->version != 4)
		return -1;
	header = ip->ihl * 4;
	if (header < sizeof(*ip))
		return -1;
	p->family = 4;
	p->protocol = ip->protocol;
	p->ttl = ip->ttl;
	p->src[0] = ip->saddr;
	p->dst[0] = ip->daddr;
	fragment = bpf_ntohs(ip->frag_off);
	p->fragment_off = (fragment & 0x1fff) << 3;
	p->more_fragments = fragment >> 13 & 1;
	p->fragment_id = bpf_ntohs(ip->id);
	bound(p, start, bpf_ntohs(ip->tot_len));
	p->off = start + header;
	if (p->off > p->end)
		return -1;
	return p->protocol == IPPROTO_AH && !p->fragment_off ? parse_extensions(skb, p) : 0;
}

static __always_inline int parse_ipv6(struct __sk_buff *skb, struct packet *p)
{
	struct ipv6hdr spare, *ip;
	__u32 start = p->off, length;

	ip = peek(skb, start, sizeof(*ip), &spare);
	if (!ip || ip->version != 6)
		return -1;
	p->family = 6;
	p->protocol = ip->nexthdr;
	p->ttl = ip->hop_limit;
	__builtin_memcpy(p->src, &ip->saddr, sizeof(p->src));
	__builtin_memcpy(p->dst, &ip->daddr, sizeof(p->dst));
	p->fragment_off = 0;
	p->more_fragments = 0;
	length = bpf_ntohs(ip->payload_len);
	bound(p, start, length ? length + sizeof(*ip) : 0);
	p->off = start + sizeof(*ip);
	if (p->off > p->end)
		return -1;
	return is_extension(p->protocol) ? parse_extensions(skb, p) : 0;
}

static __always_inline int parse_tcp(struct __sk_buff *skb, struct packet *p)
{
	struct tcphdr spare, *tcp;
	__u32 header;

	tcp = peek(skb, p->off, sizeof(*tcp), &spare);
	if (!tcp)
		return -1;
	p->sport = tcp->source;
	p->dport = tcp->dest;
	p->seq = bpf_ntohl(tcp->seq);
	p->tcp_flags = ((__u8 *)tcp)[13];
	header = tcp->doff * 4;
	p->tcp_header = header;
	if (header < sizeof(*tcp) || p->off + header > p->end) {
		p->off = p->end; /* the ports are good, a payload is not to be had */
		return 0;
	}
	p->off += header;
	return 0;
}

static __always_inline int parse_udp(struct __sk_buff *skb, struct packet *p)
{
	struct udphdr spare, *udp;
	__u32 length;

	udp = peek(skb, p->off, sizeof(*udp), &spare);
	if (!udp)
		return -1;
	p->sport = udp->source;
	p->dport = udp->dest;
	length = bpf_ntohs(udp->len);
	/* Not of a first fragment: there the length is the whole datagram's. RFC 2675: 0 = jumbo. */
	if (length >= sizeof(*udp) && p->off + length < p->end)
		p->end = p->off + length;
	p->off += sizeof(*udp);
	return p->off > p->end ? -1 : 0;
}

/* The type that answers `type`, or -1 (Community ID v1, ICMP pairs). */
static __always_inline int icmp_counterpart(__u8 family, __u8 type)
{
	if (family == 4) {
		switch (type) {
		case 0:
			return 8;
		case 8:
			return 0;
		case 9:
			return 10;
		case 10:
			return 9;
		case 13:
			return 14;
		case 14:
			return 13;
		case 15:
			return 16;
		case 16:
			return 15;
		case 17:
			return 18;
		case 18:
			return 17;
		}
		return -1;
	}
	switch (type) {
	case 128:
		return 129;
	case 129:
		return 128;
	case 130:
		return 131;
	case 131:
		return 130;
	case 133:
		return 134;
	case 134:
		return 133;
	case 135:
		return 136;
	case 136:
		return 135;
	case 139:
		return 140;
	case 140:
		return 139;
	case 144:
		return 145;
	case 145:
		return 144;
	}
	return -1;
}

/* Leaves packet.off at the ICMP header: the message with its type is the payload. */
static __always_inline int parse_icmp(struct __sk_buff *skb, struct packet *p)
{
	struct icmp_header spare, *icmp;
	int counterpart;

	icmp = peek(skb, p->off, 4, &spare);
	if (!icmp)
		return -1;
	p->icmp_type = icmp->type;
	p->icmp_code = icmp->code;
	icmp = peek(skb, p->off, sizeof(*icmp), &spare);
	if (icmp)
		p->echo_id = bpf_ntohs(icmp->id);
	counterpart = icmp_counterpart(p->family, p->icmp_type);
	p->sport = bpf_htons(p->icmp_type);
	p->dport = bpf_htons(counterpart < 0 ? p->icmp_code : counterpart);
	return 0;
}

static __always_inline int parse_ports(struct __sk_buff *skb, struct packet *p)
{
	struct ports spare, *ports;

	ports = peek(skb, p->off, sizeof(*ports), &spare);
	if (!ports)
		return -1;
	p->sport = ports->source;
	p->dport = ports->dest;
	return 0;
}

static __always_inline bool is_icmp(const struct packet *p)
{
	return (p->protocol == IPPROTO_ICMP && p->family == 4) ||
	       (p->protocol == IPPROTO_ICMPV6 && p->family == 6);
}

static __always_inline int parse_transport(struct __sk_buff *skb, struct packet *p)
{
	if (p->protocol == IPPROTO_TCP)
		return parse_tcp(skb, p);
	if (p->protocol == IPPROTO_UDP)
		return parse_udp(skb, p);
	if (is_icmp(p))
		return parse_icmp(skb, p);
	if (p->protocol == IPPROTO_SCTP || p->protocol == IPPROTO_DCCP ||
	    p->protocol == IPPROTO_UDPLITE)
		return parse_ports(skb, p);
	return 0;
}

#endif
