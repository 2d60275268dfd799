/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * What crosses from the kernel to user space: the ring-buffer record and the
 * maps that user space reads. Fixed-width fields, little-endian, explicit
 * padding; addresses and MACs stay in network order. src/decode/record.ts
 * states the same offsets and a test compares them with BTF.
 */
#ifndef ORTHRUS_EVENT_H
#define ORTHRUS_EVENT_H

#include <linux/types.h>

#define EVENT_VERSION 1

/* Longest run of packet bytes in one record; longer messages take several. */
#define PAYLOAD_MAX 4096
#define COUNTER_SETS 8

enum event_kind {
	EVENT_FLOW_START = 1, /* first packet of a conversation */
	EVENT_FLOW_UPDATE = 2, /* made by user space from the flow table */
	EVENT_FLOW_END = 3, /* TCP closed; idle ends are made by user space */
	EVENT_ARP = 4,
	EVENT_ICMP = 5,
	EVENT_NDP = 6,
	EVENT_MESSAGE = 7, /* bytes of an application message */
	EVENT_FRAGMENT = 8, /* one fragment of a datagram that user space puts together */
};

enum event_flags {
	EVENT_EGRESS = 1 << 0, /* seen on egress; else ingress */
	EVENT_REPLY = 1 << 1, /* sent by the responder of the conversation */
	EVENT_CUT = 1 << 2, /* bytes of this packet are missing: capture cut or over the cap */
	EVENT_TUNNELLED = 1 << 3, /* struct event_outer follows the fixed part */
	EVENT_ON_LINK = 1 << 4, /* has an Ethernet header: the MACs are real */
	EVENT_MIDSTREAM = 1 << 5, /* TCP flow whose SYN was not seen */
	EVENT_FRAGMENTED = 1 << 6, /* first fragment of a longer datagram */
	EVENT_DOUBTFUL = 1 << 7, /* bytes before the message may still show that it is none */
};

/* What the first bytes say, whatever the port. */
enum l7 {
	L7_UNKNOWN = 0, /* early, out-of-order segment: meaning comes with the ones before */
	L7_DNS = 1,
	L7_MDNS = 2,
	L7_LLMNR = 3,
	L7_NBNS = 4,
	L7_TLS = 5,
	L7_HTTP = 6,
	L7_QUIC = 7,
	L7_SSH = 8,
	L7_DHCP4 = 9,
	L7_DHCP6 = 10,
	L7_FIRST = 11, /* the first bytes of a side that is none of these: user space knows more */
};

enum tunnel {
	TUNNEL_NONE = 0,
	TUNNEL_IPIP = 1,
	TUNNEL_GRE = 2,
	TUNNEL_ERSPAN = 3,
	TUNNEL_PPTP = 4,
	TUNNEL_VXLAN = 5,
	TUNNEL_GENEVE = 6,
	TUNNEL_GTPU = 7,
	TUNNEL_PPPOE = 8,
	TUNNEL_MPLS = 9,
	TUNNEL_TEREDO = 10,
	TUNNEL_NVGRE = 11,
	TUNNEL_PBB = 12,
	TUNNEL_FABRICPATH = 13,
	TUNNEL_TRILL = 14,
	TUNNEL_NSH = 15,
	TUNNEL_L2TP = 16,
	TUNNEL_ETHERIP = 17,
	TUNNEL_AYIYA = 18,
	TUNNEL_LISP = 19,
	TUNNEL_TZSP = 20,
	TUNNEL_CAPWAP = 21,
};

struct flow_totals {
	__u64 packets;
	__u64 bytes; /* frame bytes on the wire, link header included */
	__u64 payload; /* bytes above the transport header */
};

/* FLOW_*: totals of the opener, then of the responder. */
struct event_flow {
	__u64 first; /* ns, same clock as event.time */
	__u64 last;
	struct flow_totals side[2];
	__u8 tcp_flags[2]; /* all flags seen, OR-ed */
	__u8 history_length;
	__u8 history[13]; /* letters as in Zeek's conn history, upper case = opener */
};

/* MESSAGE: bytes [seq, seq + event.size) of a message that starts at `start`. */
struct event_message {
	__u32 seq; /* TCP sequence number of the first copied byte; 0 for datagrams */
	__u32 start; /* sequence number where the message starts */
	__u32 end; /* where it ends, as far as known; start = not known */
	__u32 length; /* payload bytes of this packet, copied or not */
	__u8 l7; /* enum l7 */
	__u8 pad[7];
};

/* ICMP, NDP, ARP: the message itself follows as payload. */
struct event_icmp {
	__u8 type;
	__u8 code;
	__u16 id; /* echo identifier, host order */
	__u32 length; /* bytes after the 8-byte ICMP header */
};

/* FRAGMENT: where the bytes, from the IP payload on, belong in the datagram. */
struct event_fragment {
	__u32 id;
	__u16 offset; /* bytes */
	__u8 more;
	__u8 pad;
};

struct event_outer {
	__u8 src[16];
	__u8 dst[16];
};

/*
 * The fixed part. `src` sent this packet, except in FLOW_*: there `src` is the
 * opener. IPv4 addresses stand in the first four bytes, the rest is zero.
 */
struct event {
	__u64 time; /* ns: CLOCK_MONOTONIC live, capture time in a replay */
	__u8 version;
	__u8 kind;
	__u8 family; /* 4, 6, or 0 for none */
	__u8 protocol; /* IP protocol number */
	__u32 ifindex;
	__u16 flags;
	__u16 vlan; /* outer VID, 0 = untagged */
	__u16 inner_vlan;
	__u16 size; /* payload bytes that follow */
	__u8 src_mac[6];
	__u8 dst_mac[6];
	__u16 src_port; /* host order; ICMP: as in Community ID */
	__u16 dst_port;
	__u8 src[16];
	__u8 dst[16];
	__u32 tunnel_id; /* VNI, key, TEID, label or session */
	__u8 tunnel; /* enum tunnel, innermost */
	__u8 ttl;
	__u8 outer_family; /* of struct event_outer: 4, 6, or 0 without outer IP */
	__u8 l7; /* FLOW_*: enum l7 of the conversation, as far as known */
	union {
		struct event_flow flow;
		struct event_message message;
		struct event_icmp icmp;
		struct event_fragment fragment;
	};
};

#define EVENT_COMMON_SIZE 80
#define EVENT_FLOW_SIZE (EVENT_COMMON_SIZE + 80)
#define EVENT_MESSAGE_SIZE (EVENT_COMMON_SIZE + 24)
#define EVENT_ICMP_SIZE (EVENT_COMMON_SIZE + 8)

/* Conversation key: the lower (address, port) end first, so both ways share an entry. */
struct flow_key4 {
	__u32 addr[2]; /* network order */
	__u16 port[2]; /* network order */
	__u8 protocol;
	__u8 zone[3]; /* VLAN tags or tunnel id: equal addresses there are other hosts */
};

struct flow_key6 {
	__u32 addr[2][4];
	__u16 port[2];
	__u8 protocol;
	__u8 zone[3];
};

/* One side of a conversation: a cache line of its own. */
struct flow_side {
	struct flow_totals totals;
	__u64 last; /* ns of the last packet */
	__u32 next_seq; /* next byte in order */
	__u32 msg_start;
	__u32 msg_end;
	__u32 path; /* where this side is counted: ifindex and direction */
	__u8 tcp_flags;
	__u8 l7;
	__u8 stage; /* enum stage in payload.h */
	__u8 looked; /* payload packets inspected for a message start */
	__u8 copies; /* records sent of the current message */
	__u8 early; /* out-of-order records sent before the message was known */
	__u8 marks; /* enum marks in payload.h */
	__u8 guess; /* l7 is what a segment too short to tell may become */
	__u32 gap; /* first byte of a gap before next_seq that may still be filled */
	__u32 need; /* handshake bytes that further TLS records of the message must bring */
};

struct flow {
	struct flow_side side[2]; /* by place in the key */
	__u64 first;
	__u64 reported; /* ns of the last record about the totals; user space writes it too */
	__u64 ended_packets; /* packets of both sides when the end was reported */
	__u16 vlan;
	__u16 inner_vlan;
	__u32 tunnel_id;
	__u32 ifindex; /* of the first packet */
	__u8 mac[2][6];
	__u8 tunnel;
	__u8 opener; /* index of the side that opened; never changes */
	__u8 flags; /* enum flow_flags */
	__u8 history_length;
	__u8 history[13];
	__u8 history_seen[2];
	__u8 outer_family;
	__u8 pad[4];
};

enum flow_flags {
	FLOW_STARTED = 1 << 0, /* its start was reported */
	FLOW_ENDED = 1 << 1, /* its end was reported */
	FLOW_MIDSTREAM = 1 << 2,
	FLOW_ON_LINK = 1 << 3,
	FLOW_EGRESS = 1 << 4, /* first packet seen on egress */
};

/* Classes of news, for counters and for shedding. */
enum event_class {
	CLASS_FLOW_START = 0,
	CLASS_FLOW_END = 1,
	CLASS_ARP = 2,
	CLASS_ICMP = 3,
	CLASS_NDP = 4,
	CLASS_NAME = 5, /* DNS, mDNS, LLMNR, NBNS, DHCP: never shed */
	CLASS_MESSAGE = 6, /* TLS, HTTP, QUIC, SSH */
	CLASS_FRAGMENT = 7,
};

/* Per CPU, summed by user space. */
struct counters {
	__u64 packets;
	__u64 bytes;
	__u64 flows; /* entries made in the flow table */
	__u64 flows_failed; /* the table refused an entry */
	__u64 other_path; /* packets of a conversation counted elsewhere already */
	__u64 fragments; /* later fragments */
	__u64 fragments_lost; /* of those, without a known first one */
	__u64 malformed; /* a header promises more than the packet holds */
	__u64 truncated; /* the capture cut the packet */
	__u64 not_ip; /* neither ARP nor IP */
	__u64 tunnelled;
	__u64 reopened; /* entries that became the next conversation of the same ports */
	__u64 pad[4];
	__u64 sent[COUNTER_SETS]; /* records, by enum event_class */
	__u64 held[COUNTER_SETS]; /* held back by a source's budget */
	__u64 shed[COUNTER_SETS]; /* given up under pressure */
	__u64 lost[COUNTER_SETS]; /* the ring buffer was full */
};

#endif
