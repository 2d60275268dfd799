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
#define MAX_TZSP_TAGS 8

#define ETHERTYPE_TEB 0x6558 /* transparent Ethernet bridging */
#define ETHERTYPE_ERSPAN2 0x88be /* types I and II */
#define ETHERTYPE_ERSPAN3 0x22eb
#define ETHERTYPE_PPP 0x880b
#define ETHERTYPE_WCCP 0x883e
#define ETHERTYPE_TRILL 0x22f3
#define ETHERTYPE_MACSEC 0x88e5
#define ETHERTYPE_PBB 0x88e7
#define ETHERTYPE_FABRICPATH 0x8903
#define ETHERTYPE_CMD 0x8909 /* Cisco MetaData */
#define ETHERTYPE_ETAG 0x893f /* IEEE 802.1BR */
#define ETHERTYPE_NSH 0x894f

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
#define PORT_L2TP 1701
#define PORT_LISP 4341
#define PORT_VXLAN_GPE 4790
#define PORT_AYIYA 5072
#define PORT_MPLS_UDP 6635 /* RFC 7510 */
#define PORT_TZSP 37008
#define PORT_CAPWAP 5247 /* RFC 5415 14: the data channel */
#ifndef IPPROTO_ETHERIP
#define IPPROTO_ETHERIP 97
#endif

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

/* A stage of its own: so many tunnels carry frames that the verifier would walk the tags for each. */
__stage int enter_frame(struct __sk_buff *skb, __u32 tunnel, __u32 id, __u32 off)
{
	struct context c = {};
	struct packet *p;
	__u8 spare[14];

	if (open_context(&c, skb) || !peek(skb, off, sizeof(spare), spare))
		return 0;
	p = &c.scratch->packet;
	enter(p, tunnel, id, off, 0);
	p->vlan = 0;
	p->inner_vlan = 0;
	return parse_ethernet(skb, p) ? 0 : 1;
}

static __always_inline int enter_ethernet(struct __sk_buff *skb, struct packet *p, __u8 tunnel,
					  __u32 id, __u32 off)
{
	return enter_frame(skb, tunnel, id, off);
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

/* What the "next protocol" of NSH (RFC 8300 2.2) and VXLAN-GPE says follows, NSH itself apart. */
static __always_inline int enter_next(struct __sk_buff *skb, struct packet *p, __u8 tunnel,
				      __u32 id, __u32 off, __u8 next)
{
	switch (next) {
	case 1:
	case 2:
		return enter_ip(skb, p, tunnel, id, off);
	case 3:
		return enter_ethernet(skb, p, tunnel, id, off);
	case 5:
		p->off = off;
		return enter_mpls(skb, p);
	}
	return 0;
}

/* RFC 8300 2.2: version 0; the length is that of both headers, in words; the path is the id. */
static __always_inline int enter_nsh(struct __sk_buff *skb, struct packet *p)
{
	__u8 spare[8], *h = peek(skb, p->off, sizeof(spare), spare);

	if (!h || h[0] >> 6 || (h[1] & 0x3f) < 2)
		return 0;
	return enter_next(skb, p, TUNNEL_NSH, be24_at(h + 4), p->off + (h[1] & 0x3f) * 4, h[3]);
}

/*
 * Tags that are no VLAN: 6 bytes, then an EtherType. The MACs of the frame stay those of the hosts, so
 * this is no tunnel. MACsec (IEEE 802.1AE 9.3) only where it does not encrypt.
 */
static __always_inline int pass_tag(struct __sk_buff *skb, struct packet *p)
{
	__u8 spare[4], *h = peek(skb, p->off, sizeof(spare), spare);
	__u32 off = p->off + 6;

	if (!h)
		return 0;
	if (p->ethertype == ETHERTYPE_MACSEC) {
		if (h[0] & 0x8c)
			return 0;
		off += h[0] & 0x20 ? 8 : 0;
	}
	h = peek(skb, off, 2, spare);
	if (!h)
		return 0;
	p->ethertype = be16_at(h);
	p->off = off + 2;
	return !parse_tags(skb, p);
}

/* RFC 6325 3: six bytes, then options in words; the ingress names the tunnel. */
static __always_inline int enter_trill(struct __sk_buff *skb, struct packet *p)
{
	__u8 spare[6], *h = peek(skb, p->off, sizeof(spare), spare);

	if (!h || h[0] >> 6)
		return 0;
	return enter_ethernet(skb, p, TUNNEL_TRILL, be16_at(h + 4),
			      p->off + sizeof(spare) + (be16_at(h) >> 6 & 0x1f) * 4);
}

/* Between bridges: a whole frame follows. IEEE 802.1ah 9.7 has an I-SID, FabricPath a tree and a TTL. */
static __always_inline int enter_backbone(struct __sk_buff *skb, struct packet *p)
{
	__u8 spare[4], *h = peek(skb, p->off, sizeof(spare), spare);

	if (!h)
		return 0;
	if (p->ethertype == ETHERTYPE_PBB)
		return enter_ethernet(skb, p, TUNNEL_PBB, be24_at(h + 1), p->off + 4);
	return enter_ethernet(skb, p, TUNNEL_FABRICPATH, be16_at(h) >> 6, p->off + 2);
}

static __always_inline int enter_link(struct __sk_buff *skb, struct packet *p)
{
	switch (p->ethertype) {
	case ETH_P_PPP_SES:
		return enter_pppoe(skb, p);
	case ETHERTYPE_PBB:
	case ETHERTYPE_FABRICPATH:
		return enter_backbone(skb, p);
	case ETHERTYPE_TRILL:
		return enter_trill(skb, p);
	case ETHERTYPE_NSH:
		return enter_nsh(skb, p);
	case ETHERTYPE_MACSEC:
	case ETHERTYPE_CMD:
	case ETHERTYPE_ETAG:
		return pass_tag(skb, p);
	}
	return enter_mpls(skb, p);
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
	case ETHERTYPE_WCCP: /* a redirect header of 4 bytes since version 2 */
		return enter_ip(skb, p, TUNNEL_GRE, id, off) ||
		       enter_ip(skb, p, TUNNEL_GRE, id, off + 4);
	case ETH_P_8021Q:
		enter(p, TUNNEL_GRE, id, off, ETH_P_8021Q);
		return !parse_tags(skb, p);
	case ETH_P_MPLS_UC:
		p->off = off;
		return enter_mpls(skb, p);
	case ETHERTYPE_NSH:
		p->off = off;
		return enter_nsh(skb, p);
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
	if (protocol == ETH_P_ARP)
		return enter(p, TUNNEL_GENEVE, id, off, ETH_P_ARP);
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

/* draft-ietf-nvo3-vxlan-gpe 3: the P flag says that the last byte of the word names what follows. */
static __always_inline int enter_vxlan_gpe(struct __sk_buff *skb, struct packet *p)
{
	__u8 spare[8], *h = peek(skb, p->off, sizeof(spare), spare);

	if (!h || !(h[0] & 0x08))
		return 0;
	if (h[0] & 0x04 && h[3] == 4) {
		p->off += sizeof(spare);
		return enter_nsh(skb, p);
	}
	return enter_next(skb, p, TUNNEL_VXLAN, be24_at(h + 4), p->off + sizeof(spare),
			  h[0] & 0x04 ? h[3] : 3);
}

/* RFC 2661 3.1: data messages of version 2; length, sequence and offset may be there. */
static __always_inline int enter_l2tp(struct __sk_buff *skb, struct packet *p)
{
	__u8 spare[8], *h = peek(skb, p->off, sizeof(spare), spare);
	__u32 off = p->off + 6, id;
	__u16 flags;

	if (!h)
		return 0;
	flags = be16_at(h);
	if (flags & 0x8000 || (flags & 0xf) != 2)
		return 0;
	if (flags & 0x4000) {
		id = (__u32)be16_at(h + 4) << 16 | be16_at(h + 6);
		off += 2;
	} else {
		id = (__u32)be16_at(h + 2) << 16 | be16_at(h + 4);
	}
	if (flags & 0x0800)
		off += 4;
	if (flags & 0x0200) {
		h = peek(skb, off, 2, spare);
		if (!h)
			return 0;
		off += 2 + be16_at(h);
	}
	return enter_ppp(skb, p, TUNNEL_L2TP, id, off);
}

/* draft-massar-v6ops-ayiya 4: identity and signature have lengths of their own; opcode 1 forwards. */
static __always_inline int enter_ayiya(struct __sk_buff *skb, struct packet *p)
{
	__u8 spare[4], *h = peek(skb, p->off, sizeof(spare), spare);

	if (!h || (h[2] & 0xf) != 1 || (h[3] != IPPROTO_IPV6 && h[3] != IPPROTO_IPIP))
		return 0;
	return enter_ip(skb, p, TUNNEL_AYIYA, 0,
			p->off + 8 + (1 << (h[0] >> 4)) + (h[1] >> 4) * 4);
}

/* RFC 9300 5.1: eight bytes that say nothing of themselves, then IP: its length must be right. */
static __always_inline int enter_lisp(struct __sk_buff *skb, struct packet *p)
{
	__u8 spare[6], *h = peek(skb, p->off + 8, sizeof(spare), spare);
	__u32 room = p->end - p->off;

	if (!h)
		return 0;
	if (h[0] >> 4 == 4 ? be16_at(h + 2) + 8 != room : be16_at(h + 4) + 48 != room)
		return 0;
	return enter_ip(skb, p, TUNNEL_LISP, 0, p->off + 8);
}

/* TaZmen Sniffer Protocol: version 1, a packet that was received, Ethernet; tags to an end tag. */
static __always_inline int enter_tzsp(struct __sk_buff *skb, struct packet *p)
{
	__u8 spare[4], *h = peek(skb, p->off, sizeof(spare), spare);
	__u32 off = p->off + sizeof(spare);

	if (!h || h[0] != 1 || h[1] || be16_at(h + 2) != 1)
		return 0;
	for (__u32 i = 0; i < MAX_TZSP_TAGS; i++) {
		h = peek(skb, off, 2, spare);
		if (!h)
			return 0;
		if (h[0] == 1)
			return enter_ethernet(skb, p, TUNNEL_TZSP, 0, off + 1);
		off += h[0] ? 2 + h[1] : 1;
	}
	return 0;
}

/*
 * A data frame of IEEE 802.11 (9.3.2.1) that is not encrypted, with LLC and SNAP in it. Some access points
 * turn the two bytes of frame control round.
 */
static __always_inline int enter_80211(struct __sk_buff *skb, struct packet *p, __u8 tunnel,
				       __u32 off)
{
	__u8 spare[8], type, flags, *h = peek(skb, off, 2, spare);

	if (!h)
		return 0;
	type = h[0];
	flags = h[1];
	if ((type & 0x0f) != 0x08) {
		type = h[1];
		flags = h[0];
	}
	/* Data; not the null function, not protected. */
	if ((type & 0x4f) != 0x08 || flags & 0x40)
		return 0;
	off += 24 + ((flags & 3) == 3 ? 6 : 0) + (type & 0x80 ? 2 : 0);
	h = peek(skb, off, sizeof(spare), spare);
	if (!h || h[0] != 0xaa || h[1] != 0xaa || h[2] != 3)
		return 0;
	return enter(p, tunnel, 0, off + sizeof(spare), be16_at(h + 6));
}

/* RFC 5415 4.3: version 0 and no DTLS; the T flag says that frames are those of the radio (RFC 5416). */
static __always_inline int enter_capwap(struct __sk_buff *skb, struct packet *p)
{
	__u8 spare[8], *h = peek(skb, p->off, sizeof(spare), spare);
	__u32 off;

	if (!h || h[0] || h[1] >> 3 < 2 || h[3] & 0x08) /* keep-alive */
		return 0;
	if (h[3] & 0x80 && be16_at(h + 6) >> 3) /* a later fragment */
		return 0;
	off = p->off + (h[1] >> 3) * 4;
	if (!(h[2] & 1))
		return enter_ethernet(skb, p, TUNNEL_CAPWAP, 0, off);
	return (h[2] >> 1 & 0x1f) == 1 ? enter_80211(skb, p, TUNNEL_CAPWAP, off) : 0;
}

static __always_inline int enter_udp(struct __sk_buff *skb, struct packet *p)
{
	switch (bpf_ntohs(p->dport)) {
	case PORT_VXLAN:
	case PORT_VXLAN_LINUX:
		return enter_vxlan(skb, p);
	case PORT_VXLAN_GPE:
		return enter_vxlan_gpe(skb, p);
	case PORT_GENEVE:
		return enter_geneve(skb, p);
	case PORT_GRE_UDP:
		return enter_gre(skb, p);
	case PORT_MPLS_UDP:
		return enter_mpls(skb, p);
	case PORT_LISP:
		return enter_lisp(skb, p);
	case PORT_TZSP:
		return enter_tzsp(skb, p);
	}
	if (is_port(p, PORT_GTPU))
		return enter_gtpu(skb, p);
	if (is_port(p, PORT_TEREDO))
		return enter_teredo(skb, p);
	if (is_port(p, PORT_L2TP))
		return enter_l2tp(skb, p);
	if (is_port(p, PORT_AYIYA))
		return enter_ayiya(skb, p);
	if (is_port(p, PORT_CAPWAP))
		return enter_capwap(skb, p);
	return may_be_teredo(skb, p) ? enter_teredo(skb, p) : 0;
}

/* The ports of tunnels that only one side has, and those that either may have. */
static __always_inline bool is_tunnel_port(const struct packet *p)
{
	switch (bpf_ntohs(p->dport)) {
	case PORT_VXLAN:
	case PORT_VXLAN_LINUX:
	case PORT_VXLAN_GPE:
	case PORT_GENEVE:
	case PORT_GRE_UDP:
	case PORT_MPLS_UDP:
	case PORT_LISP:
	case PORT_TZSP:
	case PORT_GTPU:
	case PORT_TEREDO:
	case PORT_L2TP:
	case PORT_AYIYA:
	case PORT_CAPWAP:
		return true;
	}
	switch (bpf_ntohs(p->sport)) {
	case PORT_GTPU:
	case PORT_TEREDO:
	case PORT_L2TP:
	case PORT_AYIYA:
	case PORT_CAPWAP:
		return true;
	}
	return false;
}

/* The protocols and ports that a tunnel can hide behind: a few comparisons for most packets. */
static __always_inline bool may_tunnel(const struct packet *p)
{
	switch (p->protocol) {
	case IPPROTO_UDP:
		return is_tunnel_port(p);
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
	case IPPROTO_GRE:
	case IPPROTO_ETHERIP:
	case IPPROTO_MPLS:
		return !p->fragment_off;
	}
	return false;
}

static __always_inline bool is_link_tunnel(__u16 ethertype)
{
	switch (ethertype) {
	case ETH_P_PPP_SES:
	case ETH_P_MPLS_UC:
	case ETH_P_MPLS_MC:
	case ETHERTYPE_PBB:
	case ETHERTYPE_FABRICPATH:
	case ETHERTYPE_TRILL:
	case ETHERTYPE_NSH:
	case ETHERTYPE_MACSEC:
	case ETHERTYPE_CMD:
	case ETHERTYPE_ETAG:
		return true;
	}
	return false;
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
		return enter_link(skb, p);
	switch (p->protocol) {
	case IPPROTO_UDP:
		return enter_udp(skb, p);
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
		return enter_ip(skb, p, TUNNEL_IPIP, 0, p->off);
	case IPPROTO_GRE:
		return enter_gre(skb, p);
	case IPPROTO_ETHERIP: /* RFC 3378 3: version 3, 12 bits of zero */
		return enter_ethernet(skb, p, TUNNEL_ETHERIP, 0, p->off + 2);
	case IPPROTO_MPLS:
		return enter_mpls(skb, p);
	}
	return 0;
}

#endif
