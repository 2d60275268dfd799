/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/*
 * Which payload bytes user space gets to see. Messages are known by their
 * first bytes, on any port, and followed over segments by sequence number
 * until their own length or a cap. The kernel copies; user space orders the
 * pieces and judges them (src/decode/reassembly.ts), so a copy too many is
 * harmless, one too few is a lost message.
 */
#ifndef ORTHRUS_PAYLOAD_H
#define ORTHRUS_PAYLOAD_H

#include "flow.h"
#include "news.h"
#include "parse.h"

#define MIN_HEAD 9 /* fewer can only be the beginning of one */

#define LOOK_MAX 16 /* payload segments of a side that are searched for a first message */
#define LOOK_MAX_UDP 4
#define BEYOND_MAX 16 /* segments past a message after which its missing pieces are given up */
#define EARLY_MAX 8
#define COPIES_MAX 40

#define CAP_HANDSHAKE (16384 + 512) /* a full TLS record, RFC 8446 5.1, and headers */
#define CAP_HEAD 4096
#define CAP_DNS 16384

#define TLS_HANDSHAKE 22
#define TLS_RECORD 5
#define WHOLE_FLIGHT 0xffffff /* follow until something other than a handshake record */

enum stage {
	STAGE_SEARCH = 0, /* no message yet */
	STAGE_FOLLOW, /* copy up to msg_end */
	STAGE_BLIND, /* end not known: copy up to the cap */
	STAGE_IDLE, /* between messages */
	STAGE_DONE, /* nothing more to see on this side */
};

static __always_inline __s32 seq_diff(__u32 a, __u32 b)
{
	return (__s32)(a - b);
}

static __always_inline struct head *load_head(struct context *c, const struct packet *p,
					      __u32 length)
{
	__u32 n = p->held > p->off ? p->held - p->off : 0;
	struct head *h = &c->scratch->head;

	__builtin_memset(h->b, 0, sizeof(h->b));
	if (n > length)
		n = length;
	if (n > HEAD)
		n = HEAD;
	h->here = n;
	h->length = length;
	if (n && bpf_skb_load_bytes(c->skb, p->off, h->b, bounded(n, HEAD_ROOM)))
		h->here = 0;
	return h;
}

/* RFC 8446 5.1: a handshake record with a ClientHello or ServerHello on top. */
static __always_inline bool is_tls(const struct head *h)
{
	return h->here >= 6 && h->b[0] == TLS_HANDSHAKE && h->b[1] == 3 && h->b[2] <= 4 &&
	       (h->b[5] == 1 || h->b[5] == 2);
}

/* RFC 5246 E.2: an SSL 2.0 compatible CLIENT-HELLO; cipher specs are three bytes each. */
static __always_inline bool is_sslv2(const struct head *h)
{
	if (h->here < 11 || !(h->b[0] & 0x80) || h->b[2] != 1)
		return false;
	if (!(h->b[3] == 3 && h->b[4] <= 4) && !(h->b[3] == 0 && h->b[4] == 2))
		return false;
	return be16_at(h->b + 5) && be16_at(h->b + 5) % 3 == 0 && be16_at(h->b + 9) <= 32;
}

static __always_inline bool is_token_char(__u8 b)
{
	return (b >= 'A' && b <= 'Z') || b == '-' || b == '_';
}

/* RFC 9112 3: method SP target. Any method in capitals; the target makes it HTTP. */
static __always_inline bool is_http_request(const struct head *h)
{
	__u8 target;

	for (__u32 i = 0; i < HEAD - 6; i++) {
		if (is_token_char(h->b[i]))
			continue;
		if (i < 3 || h->b[i] != ' ')
			return false;
		target = h->b[i + 1];
		return target == '/' || target == '*' ||
		       ((target | 0x20) == 'h' && (h->b[i + 2] | 0x20) == 't') ||
		       (i == 7 && h->b[0] == 'C' && h->b[1] == 'O' && h->b[2] == 'N');
	}
	return false;
}

static __always_inline bool is_http_response(const struct head *h)
{
	return h->b[0] == 'H' && h->b[1] == 'T' && h->b[2] == 'T' && h->b[3] == 'P' &&
	       h->b[4] == '/' && h->b[5] >= '0' && h->b[5] <= '9';
}

static __always_inline bool is_ssh(const struct head *h)
{
	return h->b[0] == 'S' && h->b[1] == 'S' && h->b[2] == 'H' && h->b[3] == '-';
}

/* RFC 1035 4.1.1, on a port of names: odd opcodes are worth a look, thousands of records are no DNS. */
static __always_inline bool is_dns(const __u8 *b)
{
	return b[4] == 0 && b[6] < 16 && b[8] < 16 && b[10] < 16;
}

/* The same for ports that say nothing: one question whose name looks like one, no odd bits. */
static __always_inline bool is_surely_dns(const __u8 *b)
{
	bool answer = b[2] & 0x80;
	__u8 label = b[12], first = b[13] | 0x20;

	if (b[2] & 0x78 || b[3] & 0x40 || be16_at(b + 4) != 1)
		return false;
	if (!answer && (be16_at(b + 6) || be16_at(b + 8) || be16_at(b + 10) > 2 || b[3] & 0x0f))
		return false;
	if (b[6] || b[8] || b[10] || !label || label > 63)
		return false;
	return (first >= 'a' && first <= 'z') || (first >= '0' && first <= '9') || b[13] == '_';
}

/* RFC 9000 17.2, RFC 9369 3.1: a long header whose version and type say Initial or Retry. */
static __always_inline bool is_quic_initial(const struct head *h)
{
	__u32 version = (__u32)be16_at(h->b + 1) << 16 | be16_at(h->b + 3);
	__u8 type = h->b[0] >> 4 & 3;

	if (h->here < HEAD || !(h->b[0] & 0x80) || h->b[5] > 20)
		return false;
	if (!version)
		return h->b[5] > 0; /* version negotiation */
	if (!(h->b[0] & 0x40))
		return false;
	if (version == 0x6b3343cf) /* QUIC v2 turns the types round: Initial 1, Retry 0 */
		return type <= 1;
	if (version == 1 || version >> 8 == 0xff0000 || version >> 4 == 0xfaceb00 ||
	    version >> 8 == 0x513035 || version >> 8 == 0x543035) /* Q05x, T05x */
		return type == 0 || type == 3;
	return false;
}

/* RFC 2131 2: BOOTP operation, hardware address length, and the magic cookie. */
static __always_inline bool is_dhcp4(struct context *c, const struct packet *p,
				     const struct head *h)
{
	__u8 spare[4], *cookie;

	if ((h->b[0] != 1 && h->b[0] != 2) || h->b[2] > 16 || h->length < 240)
		return false;
	cookie = peek(c->skb, p->off + 236, sizeof(spare), spare);
	return cookie && cookie[0] == 0x63 && cookie[1] == 0x82 && cookie[2] == 0x53 &&
	       cookie[3] == 0x63;
}

static __always_inline __u8 name_port(const struct packet *p)
{
	if (is_port(p, 53))
		return L7_DNS;
	if (is_port(p, 5353))
		return L7_MDNS;
	if (is_port(p, 5355))
		return L7_LLMNR;
	return is_port(p, 137) ? L7_NBNS : L7_UNKNOWN;
}

static __always_inline __u8 know_datagram(struct context *c, const struct packet *p,
					  const struct head *h)
{
	__u8 by_port = name_port(p);

	if (by_port && h->here >= 12 && is_dns(h->b))
		return by_port;
	if ((is_port(p, 67) || is_port(p, 68)) && is_dhcp4(c, p, h))
		return L7_DHCP4;
	if ((is_port(p, 546) || is_port(p, 547)) && h->here >= 4 && h->b[0] && h->b[0] <= 36)
		return L7_DHCP6;
	if (is_quic_initial(h))
		return L7_QUIC;
	if (h->here >= 17 && is_surely_dns(h->b))
		return L7_DNS;
	if (is_dhcp4(c, p, h))
		return L7_DHCP4;
	return L7_UNKNOWN;
}

/* RFC 1035 4.2.2: a two-byte length comes first. Off port 53 it must fit the segment exactly. */
static __always_inline bool is_dns_stream(const struct packet *p, const struct head *h)
{
	__u32 length = be16_at(h->b);

	if (h->here < 14)
		return false;
	if (is_port(p, 53))
		return length >= 12 && is_dns(h->b + 2);
	return length >= 17 && length + 2 == h->length && is_surely_dns(h->b + 2);
}

static __always_inline __u8 know_stream(const struct packet *p, const struct head *h)
{
	if (is_tls(h) || is_sslv2(h))
		return L7_TLS;
	if (is_http_response(h) || is_http_request(h))
		return L7_HTTP;
	if (is_ssh(h))
		return L7_SSH;
	return is_dns_stream(p, h) ? L7_DNS : L7_UNKNOWN;
}

/* Too short to know, but a message may begin like this. */
static __always_inline __u8 may_become(const struct packet *p, const struct head *h)
{
	if (!h->here || h->length >= HEAD)
		return L7_UNKNOWN;
	if (h->b[0] == TLS_HANDSHAKE && h->length < MIN_HEAD && (h->here < 2 || h->b[1] == 3))
		return L7_TLS;
	if (is_port(p, 53) && h->length < 14)
		return L7_DNS;
	if (h->b[0] & 0x80 && h->length < 11 && (h->here < 3 || h->b[2] == 1))
		return L7_TLS;
	if (h->b[0] == 'S' && h->length < 4 && (h->here < 2 || h->b[1] == 'S'))
		return L7_SSH;
	/* A method and perhaps a blank, nothing else yet. */
	for (__u32 i = 0; i < HEAD - 6; i++) {
		if (i >= h->here)
			return L7_HTTP;
		if (!is_token_char(h->b[i]))
			return h->b[i] == ' ' && i >= 3 && i + 3 > h->here ? L7_HTTP :
			       h->b[i] == '/' && i == 4 && h->b[0] == 'H' ? L7_HTTP :
									      L7_UNKNOWN;
	}
	return L7_UNKNOWN;
}

static __always_inline bool is_name(__u8 l7)
{
	switch (l7) {
	case L7_DNS:
	case L7_MDNS:
	case L7_LLMNR:
	case L7_NBNS:
	case L7_DHCP4:
	case L7_DHCP6:
		return true;
	}
	return false;
}

/* Sends scratch.piece. A merged packet may hold more than one record does. */
__stage int send_piece(struct __sk_buff *skb)
{
	struct context c = {};
	struct piece *piece;
	struct packet *p;
	struct event *e;
	__u32 done = 0;

	if (open_context(&c, skb))
		return -1;
	p = &c.scratch->packet;
	piece = &c.scratch->piece;
	for (__u32 i = 0; i < CAP_HANDSHAKE / PAYLOAD_MAX + 1; i++) {
		if (done >= piece->want)
			break;
		e = begin(&c, p, EVENT_MESSAGE, EVENT_MESSAGE_SIZE,
			  is_name(piece->l7) ? CLASS_NAME : CLASS_MESSAGE);
		if (p->more_fragments)
			e->flags |= EVENT_FRAGMENTED;
		e->message.seq = piece->seq + done;
		e->message.start = piece->start;
		e->message.end = piece->end;
		e->message.length = piece->length;
		e->message.l7 = piece->l7;
		__builtin_memset(e->message.pad, 0, sizeof(e->message.pad));
		if (finish(&c, p, piece->from + done,
			   piece->want - done < PAYLOAD_MAX ? piece->want - done : PAYLOAD_MAX))
			return -1;
		done += PAYLOAD_MAX;
	}
	return 0;
}

static __noinline int see_datagram(struct context *c, const struct packet *p,
				    struct flow_side *me, __u32 length)
{
	struct piece *piece = &c->scratch->piece;
	struct head *h = load_head(c, p, length);
	__u8 l7;

	l7 = know_datagram(c, p, h);
	if (!l7) {
		/* The short header ends QUIC's handshake; ports of names are always looked at. */
		if (me->l7 == L7_QUIC && !(h->b[0] & 0x80))
			me->stage = STAGE_DONE;
		else if (!name_port(p) && me->l7 == L7_UNKNOWN && ++me->looked >= LOOK_MAX_UDP)
			me->stage = STAGE_DONE;
		return 0;
	}
	me->l7 = l7;
	if (l7 == L7_QUIC && me->copies++ >= COPIES_MAX) {
		me->stage = STAGE_DONE;
		return 0;
	}
	piece->seq = 0;
	piece->from = p->off;
	piece->want = length;
	piece->length = length;
	piece->start = 0;
	piece->end = length;
	piece->l7 = l7;
	send_piece(c->skb);
	return 0;
}

static __always_inline __u32 cap(__u8 l7)
{
	switch (l7) {
	case L7_TLS:
		return CAP_HANDSHAKE;
	case L7_DNS:
		return CAP_DNS;
	}
	return CAP_HEAD;
}

/* No more messages to expect on this side, or the next one of the same kind. */
static __always_inline void rest(struct flow_side *me)
{
	me->stage = me->l7 == L7_HTTP || me->l7 == L7_DNS ? STAGE_IDLE : STAGE_DONE;
	me->looked = 0;
	me->copies = 0;
	me->msg_end = 0;
}

/*
 * Moves msg_end over the TLS records whose headers are in this segment, until
 * the hello is whole or the flight ends. A header cut in two hides the rest.
 */
static __always_inline void walk_records(struct context *c, const struct packet *p,
					 struct flow_side *me, __u32 *need, __u32 seq,
					 __u32 length)
{
	__u8 record[TLS_RECORD];
	__u32 at, size;

	for (__u32 i = 0; i < 8; i++) {
		at = me->msg_end - seq;
		if (!*need || at >= length)
			return;
		if (at + TLS_RECORD > length || me->msg_end - me->msg_start > CAP_HANDSHAKE) {
			me->stage = STAGE_BLIND;
			return;
		}
		if (bpf_skb_load_bytes(c->skb, p->off + at, record, TLS_RECORD) ||
		    record[0] != TLS_HANDSHAKE || record[1] != 3) {
			*need = 0;
			return;
		}
		size = be16_at(record + 3);
		me->msg_end += TLS_RECORD + size;
		*need = *need == WHOLE_FLIGHT ? WHOLE_FLIGHT : *need > size ? *need - size : 0;
	}
}

/* flow_side.need is 24 bits in the padding: handshake bytes that further records must bring. */
static __always_inline __u32 get_need(const struct flow_side *me)
{
	return me->pad[0] | me->pad[1] << 8 | me->pad[2] << 16;
}

static __always_inline void set_need(struct flow_side *me, __u32 need)
{
	me->pad[0] = need;
	me->pad[1] = need >> 8;
	me->pad[2] = need >> 16;
}

static __always_inline void begin_tls(struct context *c, const struct packet *p,
				      struct flow_side *me, const struct head *h, __u32 seq)
{
	__u32 record = be16_at(h->b + 3), need;

	if (h->b[0] & 0x80) { /* SSL 2.0 record */
		me->msg_end = seq + 2 + (be16_at(h->b) & 0x7fff);
		set_need(me, 0);
		return;
	}
	if (h->here < MIN_HEAD || record < 4) {
		me->stage = STAGE_BLIND;
		return;
	}
	me->msg_end = seq + TLS_RECORD + record;
	if (h->b[5] == 1) {
		need = be24_at(h->b + 6) + 4;
		need = need > record ? need - record : 0;
	} else {
		need = WHOLE_FLIGHT;
	}
	walk_records(c, p, me, &need, seq, h->length);
	set_need(me, need);
	/* Pieces that came before this one may have held record headers. */
	if (need && me->early)
		me->stage = STAGE_BLIND;
}

static __always_inline bool ends_head(struct context *c, const struct packet *p,
				      __u32 length)
{
	__u8 last[4];

	if (length < 4 || bpf_skb_load_bytes(c->skb, p->off + length - 4, last, 4))
		return false;
	return last[0] == '\r' && last[1] == '\n' && last[2] == '\r' && last[3] == '\n';
}

static __always_inline void begin_message(struct context *c, const struct packet *p,
					  struct flow_side *me, const struct head *h, __u8 l7,
					  __u32 seq)
{
	me->l7 = l7;
	me->msg_start = seq;
	me->copies = 0;
	me->looked = 0;
	me->stage = STAGE_FOLLOW;
	set_need(me, 0);
	if (h->length < MIN_HEAD)
		me->stage = STAGE_BLIND; /* its length is still to come */
	else if (l7 == L7_TLS)
		begin_tls(c, p, me, h, seq);
	else if (l7 == L7_DNS)
		me->msg_end = seq + 2 + be16_at(h->b);
	else
		me->stage = STAGE_BLIND;
}

/* Where copying stops. */
static __always_inline __u32 limit(const struct flow_side *me)
{
	__u32 last = me->msg_start + cap(me->l7);

	if (me->stage == STAGE_FOLLOW && seq_diff(me->msg_end, last) < 0)
		return me->msg_end;
	return last;
}

static __always_inline void copy_piece(struct context *c, const struct packet *p,
				       struct flow_side *me, __u32 seq, __u32 length)
{
	struct piece *piece = &c->scratch->piece;
	__s32 skip = seq_diff(me->msg_start, seq), room;

	if (skip < 0)
		skip = 0;
	room = seq_diff(limit(me), seq + skip);
	if (room <= 0 || skip >= (__s32)length)
		return;
	piece->seq = seq + skip;
	piece->from = p->off + skip;
	piece->want = length - skip;
	if (piece->want > (__u32)room)
		piece->want = room;
	piece->length = length;
	piece->start = me->msg_start;
	piece->end = me->stage == STAGE_FOLLOW ? me->msg_end : me->msg_start;
	piece->l7 = me->l7;
	me->copies++;
	send_piece(c->skb);
}

/* Notes how far the stream is known without a gap. */
static __always_inline void advance(struct flow_side *me, __u32 seq, __u32 length)
{
	if (seq_diff(seq, me->next_seq) <= 0 && seq_diff(seq + length, me->next_seq) > 0)
		me->next_seq = seq + length;
}

/* Inside a message: copy what belongs to it, and see whether it is over. */
static __noinline int follow(struct context *c, const struct packet *p,
			      struct flow_side *me, __u32 seq, __u32 length)
{
	__u32 need = get_need(me);

	if (need && me->stage == STAGE_FOLLOW) {
		if (seq_diff(seq, me->msg_end) > 0)
			me->stage = STAGE_BLIND; /* a record header went by unseen */
	} else if (seq_diff(seq, limit(me)) >= 0 && ++me->looked >= BEYOND_MAX) {
		rest(me);
		return 0;
	}
	if (need && me->stage == STAGE_FOLLOW && seq_diff(me->msg_end, seq) >= 0) {
		walk_records(c, p, me, &need, seq, length);
		set_need(me, need);
	}
	copy_piece(c, p, me, seq, length);
	advance(me, seq, length);
	if (me->stage == STAGE_BLIND && me->l7 == L7_HTTP && ends_head(c, p, length) &&
	    me->next_seq == seq + length)
		rest(me);
	else if (me->copies >= COPIES_MAX ||
		 (!need && seq_diff(me->next_seq, limit(me)) >= 0))
		rest(me);
	return 0;
}

/*
 * A piece from beyond a gap, while the bytes before it may turn out to begin
 * a message: copied with its meaning left open.
 */
static __always_inline void copy_early(struct context *c, const struct packet *p,
				       struct flow_side *me, __u32 seq, __u32 length)
{
	struct piece *piece = &c->scratch->piece;

	piece->seq = seq;
	piece->from = p->off;
	piece->want = length < CAP_HANDSHAKE ? length : CAP_HANDSHAKE;
	piece->length = length;
	piece->start = seq;
	piece->end = seq;
	piece->l7 = L7_UNKNOWN;
	me->early++;
	if (!me->msg_end || seq_diff(seq + length, me->msg_end) > 0)
		me->msg_end = seq + length; /* how far the early pieces reach */
	send_piece(c->skb);
}

/* Between messages: 1 when this segment is the beginning of one. */
static __noinline int search(struct context *c, const struct packet *p, struct flow_side *me,
			     __u32 seq, __u32 length)
{
	struct head *h;
	__u8 l7;

	if (!me->next_seq)
		me->next_seq = seq;
	if (seq_diff(seq + length, me->next_seq) <= 0)
		return 0; /* seen already */
	h = load_head(c, p, length);
	l7 = know_stream(p, h);
	if (!l7 && seq == me->next_seq)
		l7 = may_become(p, h);
	if (l7) {
		begin_message(c, p, me, h, l7, seq);
		if (seq_diff(seq, me->next_seq) > 0)
			me->next_seq = seq;
		return 1;
	}
	if (seq_diff(seq, me->next_seq) > 0 && me->early < EARLY_MAX) {
		copy_early(c, p, me, seq, length);
		return 0;
	}
	/* In order and nothing known: go on behind it, and behind the early pieces that it reaches. */
	me->next_seq = seq + length;
	if (me->early && seq_diff(me->msg_end, me->next_seq) > 0)
		me->next_seq = me->msg_end;
	if (me->stage == STAGE_SEARCH && ++me->looked >= LOOK_MAX)
		me->stage = STAGE_DONE;
	return 0;
}

static __always_inline int see_segment(struct context *c, const struct packet *p,
				       struct flow_side *me, __u32 length)
{
	/* RFC 7413: with TCP Fast Open the SYN carries data; it takes a number itself. */
	__u32 seq = p->seq + (p->tcp_flags & TCP_SYN ? 1 : 0);

	if (me->stage != STAGE_FOLLOW && me->stage != STAGE_BLIND &&
	    !search(c, p, me, seq, length))
		return 0;
	return follow(c, p, me, seq, length);
}

/* A side that may still have something to say, and a packet with payload on it. */
__stage int see_payload(struct __sk_buff *skb)
{
	struct context c = {};
	struct flow_side *me;
	struct packet *p;
	struct flow *f;

	if (open_context(&c, skb))
		return -1;
	p = &c.scratch->packet;
	f = find_again(p);
	if (!f)
		return -1;
	p->now = fine_clock();
	me = &f->side[p->side & 1];
	if (p->protocol == IPPROTO_TCP)
		return see_segment(&c, p, me, p->end - p->off);
	return see_datagram(&c, p, me, p->end - p->off);
}

#endif
