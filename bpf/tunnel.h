/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * Looks inside tunnels. Each helper checks that an inner packet is really
 * there, then moves packet.off to it, sets packet.ethertype and returns 1;
 * 0 leaves the packet as it was: the outer conversation is then the event.
 */
#ifndef ORTHRUS_TUNNEL_H
#define ORTHRUS_TUNNEL_H

#include "news.h"
#include "parse.h"

#define MAX_LABELS 6
#define MAX_GTP_EXTENSIONS 4

#define ETHERTYPE_TEB 0x6558 /* transparent Ethernet bridging */
#define ETHERTYPE_ERSPAN2 0x88be /* types I and II */
#define ETHERTYPE_ERSPAN3 0x22eb
#define ETHERTYPE_PPP 0x880b

#define GRE_CHECKSUM 0x8000
#define GRE_ROUTING 0x4000
#define GRE_KEY 0x2000
#define GRE_SEQUENCE 0x1000
#define GRE_ACK 0x0080
#define GRE_VERSION 0x0007

#define PORT_VXLAN 4789
#define PORT_VXLAN_LINUX 8472
#define PORT_GENEVE 6081
#define PORT_GTPU 2152
#define PORT_TEREDO 3544
#define PORT_GRE_UDP 4754 /* RFC 8086 */

/* The outer packet becomes the tunnel; what it said of itself is cleared for the inner one. */
static __always_inline int enter(struct packet *p, __u8 tunnel, __u32 id, __u32 off,
				 __u16 ethertype)
{
	if (p->family) {
		__builtin_memcpy(p->outer, p->src, sizeof(p->src));
		__builtin_memcpy(p->outer + 4, p->dst, sizeof(p->dst));
		p->outer_family = p->family;
		__builtin_memset(p->src, 0, sizeof(p->src));
		__builtin_memset(p->dst, 0, sizeof(p->dst));
		p->flags &= ~EVENT_ON_LINK; /* the frame's MACs are not the inner hosts' */
	} else {
		p->end = p->bytes;
	}
	p->family = 0;
	p->protocol = 0;
	p->sport = 0;
	p->dport = 0;
	p->fragment_off = 0;
	p->more_fragments = 0;
	p->tunnel = tunnel;
	p->tunnel_id = id;
	p->off = off;
	p->ethertype = ethertype;
	return 1;
}

static __always_inline __u16 ip_version_at(struct __sk_buff *skb, __u32 off)
{
	__u8 spare, *first = peek(skb, off, 1, &spare);

	if (!first)
		return 0;
	if (*first >> 4 == 4)
		return ETH_P_IP;
	return *first >> 4 == 6 ? ETH_P_IPV6 : 0;
}

static __always_inline int enter_ip(struct __sk_buff *skb, struct packet *p, __u8 tunnel, __u32 id,
				    __u32 off)
{
	__u16 ethertype = ip_version_at(skb, off);

	return ethertype ? enter(p, tunnel, id, off, ethertype) : 0;
}

static __always_inline int enter_ethernet(struct __sk_buff *skb, struct packet *p, __u8 tunnel,
					  __u32 id, __u32 off)
{
	__u8 spare[14];

	if (!peek(skb, off, sizeof(spare), spare))
		return 0;
	enter(p, tunnel, id, off, 0);
	p->vlan = 0;
	p->inner_vlan = 0;
	return parse_ethernet(skb, p) ? 0 : 1;
}

/* RFC 1661 2 and RFC 1662: address and control may be left out, the protocol may be one byte. */
static __always_inline int enter_ppp(struct __sk_buff *skb, struct packet *p, __u8 tunnel,
				     __u32 id, __u32 off)
{
	__u8 spare[4], *ppp = peek(skb, off, sizeof(spare), spare);
	__u32 skip;
	__u16 protocol;

	if (!ppp)
		return 0;
	skip = ppp[0] == 0xff && ppp[1] == 0x03 ? 2 : 0;
	if (ppp[skip] & 1) {
		protocol = ppp[skip];
		off += skip + 1;
	} else {
		protocol = ppp[skip] << 8 | ppp[skip + 1];
		off += skip + 2;
	}
	if (protocol == 0x0021)
		return enter(p, tunnel, id, off, ETH_P_IP);
	if (protocol == 0x0057)
		return enter(p, tunnel, id, off, ETH_P_IPV6);
	return 0;
}

/* RFC 2516 4: version and type 1, code 0 = session data. */
static __always_inline int enter_pppoe(struct __sk_buff *skb, struct packet *p)
{
	__u8 spare[6], *h = peek(skb, p->off, sizeof(spare), spare);

	if (!h || h[0] != 0x11 || h[1])
		return 0;
	return enter_ppp(skb, p, TUNNEL_PPPOE, be16_at(h + 2), p->off + sizeof(spare));
}

/* RFC 3032 label stack; below it IP, or a pseudowire: control word (RFC 4385), then Ethernet. */
static __always_inline int enter_mpls(struct __sk_buff *skb, struct packet *p)
{
	__u8 spare[4], *label;
	__u32 off = p->off, id = 0;
	bool bottom = false;

	for (__u32 i = 0; i < MAX_LABELS && !bottom; i++) {
		label = peek(skb, off, sizeof(spare), spare);
		if (!label)
			return 0;
		id = be24_at(label) >> 4;
		bottom = label[2] & 1;
		off += sizeof(spare);
	}
	if (!bottom)
		return 0;
	if (enter_ip(skb, p, TUNNEL_MPLS, id, off))
		return 1;
	label = peek(skb, off, sizeof(spare), spare);
	if (label && !(label[0] >> 4))
		off += sizeof(spare);
	return enter_ethernet(skb, p, TUNNEL_MPLS, id, off);
}

/* draft-foschiano-erspan: type I has no header of its own, II 8 bytes, III 12 and maybe 8 more. */
static __always_inline int enter_erspan(struct __sk_buff *skb, struct packet *p, __u16 protocol,
					bool sequence, __u32 off)
{
	__u8 spare[12], *h;

	if (protocol == ETHERTYPE_ERSPAN2 && !sequence)
		return enter_ethernet(skb, p, TUNNEL_ERSPAN, 0, off);
	h = peek(skb, off, sizeof(spare), spare);
	if (!h)
		return 0;
	if (protocol == ETHERTYPE_ERSPAN2)
		return enter_ethernet(skb, p, TUNNEL_ERSPAN, be16_at(h + 2) & 0x3ff, off + 8);
	return enter_ethernet(skb, p, TUNNEL_ERSPAN, be16_at(h + 2) & 0x3ff,
			      off + 12 + (h[11] & 1 ? 8 : 0));
}

/* RFC 2784, 2890 (key, sequence), 2637 (PPTP, version 1), 7637 (NVGRE). */
static __always_inline int enter_gre(struct __sk_buff *skb, struct packet *p)
{
	__u8 spare[4], *h = peek(skb, p->off, sizeof(spare), spare);
	__u32 off = p->off + sizeof(spare), id = 0;
	__u16 flags, protocol;

	if (!h)
		return 0;
	flags = be16_at(h);
	protocol = be16_at(h + 2);
	if (flags & GRE_ROUTING)
		return 0;
	if (flags & GRE_CHECKSUM)
		off += 4;
	if (flags & GRE_KEY) {
		h = peek(skb, off, sizeof(spare), spare);
		if (!h)
			return 0;
		id = (__u32)be16_at(h) << 16 | be16_at(h + 2);
		off += 4;
	}
	if (flags & GRE_SEQUENCE)
		off += 4;
	if ((flags & GRE_VERSION) == 1) {
		if (flags & GRE_ACK)
			off += 4;
		return protocol == ETHERTYPE_PPP ?
			       enter_ppp(skb, p, TUNNEL_PPTP, id & 0xffff, off) :
			       0;
	}
	switch (protocol) {
	case ETH_P_IP:
	case ETH_P_IPV6:
		return enter_ip(skb, p, TUNNEL_GRE, id, off);
	case ETH_P_ARP:
		return enter(p, TUNNEL_GRE, id, off, ETH_P_ARP);
	case ETHERTYPE_TEB:
		if (flags & GRE_KEY)
			return enter_ethernet(skb, p, TUNNEL_NVGRE, id >> 8, off);
		return enter_ethernet(skb, p, TUNNEL_GRE, id, off);
	case ETHERTYPE_ERSPAN2:
	case ETHERTYPE_ERSPAN3:
		return enter_erspan(skb, p, protocol, flags & GRE_SEQUENCE, off);
	case ETH_P_MPLS_UC:
		p->off = off;
		return enter_mpls(skb, p);
	}
	return 0;
}

/* RFC 7348 5: the I flag must be set. */
static __always_inline int enter_vxlan(struct __sk_buff *skb, struct packet *p)
{
	__u8 spare[8], *h = peek(skb, p->off, sizeof(spare), spare);

	if (!h || !(h[0] & 0x08))
		return 0;
	return enter_ethernet(skb, p, TUNNEL_VXLAN, be24_at(h + 4), p->off + sizeof(spare));
}

/* RFC 8926 3.4. */
static __always_inline int enter_geneve(struct __sk_buff *skb, struct packet *p)
{
	__u8 spare[8], *h = peek(skb, p->off, sizeof(spare), spare);
	__u32 off, id;
	__u16 protocol;

	if (!h || h[0] >> 6)
		return 0;
	off = p->off + sizeof(spare) + (h[0] & 0x3f) * 4;
	protocol = be16_at(h + 2);
	id = be24_at(h + 4);
	if (protocol == ETHERTYPE_TEB)
		return enter_ethernet(skb, p, TUNNEL_GENEVE, id, off);
	if (protocol == ETH_P_IP || protocol == ETH_P_IPV6)
		return enter_ip(skb, p, TUNNEL_GENEVE, id, off);
	return 0;
}

/* 3GPP TS 29.281 5: version 1, protocol type GTP, message type 255 (G-PDU). */
static __always_inline int enter_gtpu(struct __sk_buff *skb, struct packet *p)
{
	__u8 spare[12], *h = peek(skb, p->off, 8, spare);
	__u32 off = p->off + 8, id;
	__u8 next, *ext;

	if (!h || h[0] >> 4 != 3 || h[1] != 255)
		return 0;
	id = (__u32)be16_at(h + 4) << 16 | be16_at(h + 6);
	if (!(h[0] & 7))
		return enter_ip(skb, p, TUNNEL_GTPU, id, off);
	next = h[0] & 4;
	ext = peek(skb, off + 3, 1, spare);
	if (!ext)
		return 0;
	next = next ? *ext : 0;
	off += 4;
	for (__u32 i = 0; i < MAX_GTP_EXTENSIONS && next; i++) {
		ext = peek(skb, off, 1, spare);
		if (!ext || !*ext)
			return 0;
		off += *ext * 4;
		ext = peek(skb, off - 1, 1, spare);
		if (!ext)
			return 0;
		next = *ext;
	}
	return enter_ip(skb, p, TUNNEL_GTPU, id, off);
}

/* RFC 4380 5.1.1: authentication and origin indications may come before the IPv6 packet. */
static __always_inline int enter_teredo(struct __sk_buff *skb, struct packet *p)
{
	__u8 spare[4], *h = peek(skb, p->off, sizeof(spare), spare);
	__u32 off = p->off;

	if (h && !h[0] && h[1] == 1) {
		off += 13 + h[2] + h[3];
		h = peek(skb, off, sizeof(spare), spare);
	}
	if (h && !h[0] && !h[1])
		off += 8;
	if (ip_version_at(skb, off) != ETH_P_IPV6)
		return 0;
	return enter(p, TUNNEL_TEREDO, 0, off, ETH_P_IPV6);
}

#define TEREDO_PREFIX 0x20010000 /* RFC 4380 2.6 */

/* Between peers and relays Teredo has no port: an IPv6 packet of the right length tells. */
static __always_inline bool may_be_teredo(struct __sk_buff *skb, const struct packet *p)
{
	struct ipv6hdr spare, *ip;

	if (p->protocol != IPPROTO_UDP || bpf_ntohs(p->sport) < 1024 || bpf_ntohs(p->dport) < 1024)
		return false;
	ip = peek(skb, p->off, sizeof(*ip), &spare);
	return ip && ip->version == 6 &&
	       p->off + sizeof(*ip) + bpf_ntohs(ip->payload_len) == p->end &&
	       (ip->saddr.s6_addr32[0] == bpf_htonl(TEREDO_PREFIX) ||
		ip->daddr.s6_addr32[0] == bpf_htonl(TEREDO_PREFIX));
}

static __always_inline int enter_udp(struct __sk_buff *skb, struct packet *p)
{
	if (p->dport == bpf_htons(PORT_VXLAN) || p->dport == bpf_htons(PORT_VXLAN_LINUX))
		return enter_vxlan(skb, p);
	if (p->dport == bpf_htons(PORT_GENEVE))
		return enter_geneve(skb, p);
	if (is_port(p, PORT_GTPU))
		return enter_gtpu(skb, p);
	if (is_port(p, PORT_TEREDO))
		return enter_teredo(skb, p);
	if (p->dport == bpf_htons(PORT_GRE_UDP))
		return enter_gre(skb, p);
	return may_be_teredo(skb, p) ? enter_teredo(skb, p) : 0;
}

/* The protocols and ports that a tunnel can hide behind: two comparisons for most packets. */
static __always_inline bool may_tunnel(const struct packet *p)
{
	switch (p->protocol) {
	case IPPROTO_UDP:
		return p->dport == bpf_htons(PORT_VXLAN) || p->dport == bpf_htons(PORT_GENEVE) ||
		       p->dport == bpf_htons(PORT_VXLAN_LINUX) || is_port(p, PORT_GTPU) ||
		       is_port(p, PORT_TEREDO) || p->dport == bpf_htons(PORT_GRE_UDP);
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
	case IPPROTO_GRE:
	case IPPROTO_MPLS:
		return !p->fragment_off;
	}
	return false;
}

static __always_inline bool is_link_tunnel(__u16 ethertype)
{
	return ethertype == ETH_P_PPP_SES || ethertype == ETH_P_MPLS_UC ||
	       ethertype == ETH_P_MPLS_MC;
}

/* From what carries a tunnel to what is inside. 1 when there is something inside. */
__stage int enter_tunnel(struct __sk_buff *skb)
{
	struct context c = {};
	struct packet *p;

	if (open_context(&c, skb))
		return 0;
	p = &c.scratch->packet;
	if (!p->family)
		return p->ethertype == ETH_P_PPP_SES ? enter_pppoe(skb, p) : enter_mpls(skb, p);
	switch (p->protocol) {
	case IPPROTO_UDP:
		return enter_udp(skb, p);
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
		return enter_ip(skb, p, TUNNEL_IPIP, 0, p->off);
	case IPPROTO_GRE:
		return enter_gre(skb, p);
	case IPPROTO_MPLS:
		return enter_mpls(skb, p);
	}
	return 0;
}

#endif
