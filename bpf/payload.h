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

#define TOKEN_MAX (HEAD - 6) /* of a method, so that its target is in the head too */

#define HTTP_MIN 16 /* no head is shorter; a method cut in two is */
#define LOOK_MAX 16 /* payload segments of a side that are searched for a first message */
#define LOOK_MAX_UDP 4
#define BEYOND_MAX 16 /* segments past a message after which its missing pieces are given up */
#define EARLY_MAX 24
#define COPIES_MAX 250 /* of a message: some clients send a byte at a time */
#define DATAGRAMS_MAX 40
#define QUIC_FIRST 1200 /* RFC 9000 14.1: the least bytes of a client's first datagram */

#define FIRST_BYTES 64
#define LINES_MAX 1024 /* of a server before its SSH banner, in one segment */
#define LINES_LOOK 4 /* segments of a side that may begin with such lines */

#define CAP_HANDSHAKE (16384 + 512) /* a full TLS record, RFC 8446 5.1, and headers */
#define CAP_HEAD 4096
#define CAP_TARGET 16384 /* of GET, which has no body: long targets, and more requests behind */
#define CAP_DNS 16384

#define TLS_CHANGE_CIPHER_SPEC 20
#define TLS_ALERT 21
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

enum marks {
	MARK_SYNCHRONIZED = 1, /* next_seq means something */
	MARK_GAP = 2, /* bytes between gap and next_seq may still come */
	MARK_DOUBT = 4, /* a message was begun beyond the gap: perhaps the middle of one */
	MARK_FIRST = 8, /* and no message came before the gap */
	MARK_LONG = 16, /* the message is a request without a body */
};

static __always_inline __s32 seq_diff(__u32 a, __u32 b)
{
	return (__s32)(a - b);
}

/* The sequence number of the next byte, by a SYN or by the first segment seen. */
static __always_inline void synchronize(struct flow_side *me, __u32 seq)
{
	me->next_seq = seq;
	me->marks = MARK_SYNCHRONIZED;
}

/* Before next_seq skips bytes that did not come. */
static __always_inline void open_gap(struct flow_side *me)
{
	if (me->marks & MARK_GAP)
		return;
	me->gap = me->next_seq;
	me->marks |= MARK_GAP;
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

/* RFC 8446 6: an alert in the clear is two bytes, level and description. */
static __always_inline bool is_tls_alert(const struct head *h)
{
	return h->here >= 7 && h->b[0] == TLS_ALERT && h->b[1] == 3 && h->b[2] <= 4 &&
	       be16_at(h->b + 3) == 2 && (h->b[5] == 1 || h->b[5] == 2);
}

/* RFC 8446 5.1: a handshake record with a ClientHello or ServerHello on top. */
static __always_inline bool is_tls(const struct head *h)
{
	return h->here >= 6 && h->b[0] == TLS_HANDSHAKE && h->b[1] == 3 && h->b[2] <= 4 &&
	       (h->b[5] == 1 || h->b[5] == 2);
}

/* Two bytes of length, marked; no hello is 4 KiB long, while Telnet's commands begin with 255. */
static __always_inline bool is_sslv2_length(const struct head *h)
{
	return (h->b[0] & 0xf0) == 0x80;
}

/* RFC 5246 E.2: an SSL 2.0 compatible CLIENT-HELLO; cipher specs are three bytes each. */
static __always_inline bool is_sslv2(const struct head *h)
{
	if (h->here < 11 || !is_sslv2_length(h) || h->b[2] != 1)
		return false;
	if (!(h->b[3] == 3 && h->b[4] <= 4) && !(h->b[3] == 0 && h->b[4] == 2))
		return false;
	return be16_at(h->b + 5) && be16_at(h->b + 5) % 3 == 0 && be16_at(h->b + 9) <= 32;
}

static __always_inline bool is_token_char(__u8 b)
{
	return (b >= 'A' && b <= 'Z') || b == '-' || b == '_';
}

/* Kept with the head: one walk for the verifier, whoever asks. */
static __always_inline void measure_token(struct head *h)
{
	__u32 i;

	for (i = 0; i < TOKEN_MAX; i++) {
		if (!is_token_char(h->b[i]))
			break;
	}
	h->token = i;
}

/* RFC 9112 3: method SP target. Any method in capitals; the target makes it HTTP. */
static __always_inline bool is_http_request(const struct head *h)
{
	__u32 n = h->token;
	__u8 target;

	if (n < 3 || n >= TOKEN_MAX || (h->b[n] != ' ' && h->b[n] != '\t'))
		return false;
	target = h->b[n + 1];
	if (target == ' ') /* RFC 9112 3: lenient servers take more than one */
		target = h->b[n + 2];
	return target == '/' || target == '*' || target == '?' ||
	       ((target | 0x20) == 'h' && (h->b[n + 2] | 0x20) == 't') ||
	       (n == 7 && h->b[0] == 'C' && h->b[1] == 'O' && h->b[2] == 'N');
}

/* The usual methods in any case, by their first four letters. */
static __always_inline bool is_usual_method(const struct head *h)
{
	__u32 word = (__u32)be16_at(h->b) << 16 | be16_at(h->b + 2);

	switch (word | 0x20202020) {
	case 0x67657420: /* get, put, head, post */
	case 0x70757420:
		return h->b[3] == ' ';
	case 0x68656164:
	case 0x706f7374:
		return h->b[4] == ' ';
	}
	return false;
}

static __always_inline bool is_http_response(const struct head *h)
{
	if (h->b[0] == 'I' && h->b[1] == 'C' && h->b[2] == 'Y' && h->b[3] == ' ')
		return h->b[4] >= '1' && h->b[4] <= '9'; /* streaming servers */
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

/* Of a QUIC long header, whose destination id has 8 to 20 bytes: nothing but a mask convinces the verifier. */
static __always_inline __u8 scid_length(const struct head *h)
{
	return h->b[(6 + h->b[5]) & 31];
}

/*
 * RFC 9000 17.2, RFC 9369 3.1: a long header whose version and type say Initial or Retry. Either side may
 * clear the fixed bit (RFC 9287 3.1), a client that comes again already in its first datagram, of 1200 bytes.
 */
static __always_inline bool is_quic_initial(const struct head *h, bool known)
{
	__u32 version = (__u32)be16_at(h->b + 1) << 16 | be16_at(h->b + 3);
	__u8 type = h->b[0] >> 4 & 3;

	if (h->here < HEAD || !(h->b[0] & 0x80) || h->b[5] > 20)
		return false;
	if (!version)
		return h->b[5] > 0; /* version negotiation */
	if (!(h->b[0] & 0x40) && !known && h->length < QUIC_FIRST)
		return false;
	/* QUIC v2 and its drafts turn the types round: Initial 1, Retry 0 */
	if (version == 0x6b3343cf || version == 0x709a50c4)
		return type <= 1;
	if (version == 1 || version >> 8 == 0xff0000 || version >> 4 == 0xfaceb00 ||
	    version >> 8 == 0x513035 || version >> 8 == 0x543035) /* Q05x, T05x */
		return type == 0 || type == 3;
	/* Any other: a client that tries it out (RFC 9000 15), most of them protected as version 1 is. */
	return type == 0 && h->length >= QUIC_FIRST && h->b[0] & 0x40 && h->b[5] >= 8 &&
	       scid_length(h) <= 20;
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
					  const struct head *h, bool quic)
{
	__u8 by_port = name_port(p);

	if (by_port && h->here >= 12 && is_dns(h->b))
		return by_port;
	if ((is_port(p, 67) || is_port(p, 68)) && is_dhcp4(c, p, h))
		return L7_DHCP4;
	if ((is_port(p, 546) || is_port(p, 547)) && h->here >= 4 && h->b[0] && h->b[0] <= 36)
		return L7_DHCP6;
	if (is_quic_initial(h, quic))
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
	if (is_tls(h) || is_tls_alert(h) || is_sslv2(h))
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
	__u32 n;

	if (!h->here || h->length >= HEAD)
		return L7_UNKNOWN;
	if (h->b[0] == TLS_HANDSHAKE && h->length < MIN_HEAD && (h->here < 2 || h->b[1] == 3))
		return L7_TLS;
	if (is_port(p, 53) && h->length < 14)
		return L7_DNS;
	if (is_sslv2_length(h) && h->length < 11 && (h->here < 3 || h->b[2] == 1))
		return L7_TLS;
	if (h->b[0] == 'S' && h->length < 4 && (h->here < 2 || h->b[1] == 'S'))
		return L7_SSH;
	/* A method and perhaps a blank, nothing else yet. */
	n = h->token;
	if (n >= h->here)
		return L7_HTTP;
	if (n >= TOKEN_MAX)
		return L7_UNKNOWN;
	if (n >= 3 && h->b[n] == ' ' && n + 3 > h->here)
		return L7_HTTP;
	return n == 4 && h->b[n] == '/' && h->b[0] == 'H' ? L7_HTTP : L7_UNKNOWN;
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
		if (piece->doubtful)
			e->flags |= EVENT_DOUBTFUL;
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

/* RFC 791 3.2, RFC 8200 4.5: one fragment, the UDP header of a first one included. */
__stage int send_fragment(struct __sk_buff *skb)
{
	struct context c = {};
	struct packet *p;
	struct event *e;
	__u32 from, want;

	if (open_context(&c, skb))
		return -1;
	p = &c.scratch->packet;
	p->now = fine_clock();
	if (!within_budget(p, CLASS_FRAGMENT, settings.fragment_interval,
			   settings.fragment_burst)) {
		c.counters->held[CLASS_FRAGMENT]++;
		return -1;
	}
	from = p->fragment_off ? p->off : p->off - sizeof(struct udphdr);
	want = p->end > from ? p->end - from : 0;
	e = begin(&c, p, EVENT_FRAGMENT, EVENT_ICMP_SIZE, CLASS_FRAGMENT);
	e->fragment.id = p->fragment_id;
	e->fragment.offset = p->fragment_off;
	e->fragment.more = p->more_fragments;
	e->fragment.pad = 0;
	return finish(&c, p, from, want < PAYLOAD_MAX ? want : PAYLOAD_MAX);
}

/* The first bytes of a side that nobody here knows: enough to put a name to its protocol. */
static __always_inline void send_first(struct __sk_buff *skb, struct scratch *scratch, __u32 seq,
				       __u32 length)
{
	struct piece *piece = &scratch->piece;

	piece->seq = seq;
	piece->from = scratch->packet.off;
	piece->want = length < FIRST_BYTES ? length : FIRST_BYTES;
	piece->length = length;
	piece->start = seq;
	piece->end = seq;
	piece->l7 = L7_FIRST;
	piece->doubtful = false;
	send_piece(skb);
}

/* A stage's view: the packet at hand and the side that sent it. */
struct view {
	struct context c;
	struct packet *p;
	struct flow_side *me;
	struct flow_side *other;
	struct segment *segment;
};

static __always_inline int open_view(struct view *v, struct __sk_buff *skb)
{
	struct flow *f;

	if (open_context(&v->c, skb))
		return -1;
	v->p = &v->c.scratch->packet;
	v->segment = &v->c.scratch->segment;
	f = find_again(v->p);
	if (!f)
		return -1;
	v->me = &f->side[v->p->side & 1];
	v->other = &f->side[~v->p->side & 1];
	return 0;
}

static __always_inline bool is_query_or_answer(__u8 l7)
{
	return l7 == L7_DNS || l7 == L7_MDNS || l7 == L7_LLMNR || l7 == L7_NBNS;
}

/*
 * Where the ports do not tell who asks, the message does (RFC 1035 4.1.1, QR): between two servers
 * both ask, and the first packet seen may be an answer. One to a group (mDNS) is its sender's.
 */
static __always_inline void turn_name(struct packet *p, const struct head *h)
{
	if (!is_service(bpf_ntohs(p->sport)) || !is_service(bpf_ntohs(p->dport)))
		return;
	p->flags &= ~EVENT_REPLY;
	if (h->b[2] & 0x80 && !is_to_group(p))
		p->flags |= EVENT_REPLY;
}

/* One message a datagram. */
__stage int see_datagram(struct __sk_buff *skb)
{
	struct view v = {};
	struct flow_side *me;
	struct piece *piece;
	struct packet *p;
	struct head *h;
	__u32 length;
	__u8 l7;

	if (open_view(&v, skb))
		return -1;
	p = v.p;
	me = v.me;
	p->now = fine_clock();
	length = p->end - p->off;
	h = load_head(&v.c, p, length);
	piece = &v.c.scratch->piece;
	/* User space puts names together from all fragments. */
	if (p->more_fragments && name_port(p))
		return send_fragment(skb);
	l7 = know_datagram(&v.c, p, h, me->l7 == L7_QUIC || v.other->l7 == L7_QUIC);
	if (!l7) {
		/* The short header ends QUIC's handshake; ports of names are always looked at. */
		if (me->l7 == L7_UNKNOWN && !me->looked && !name_port(p))
			send_first(skb, v.c.scratch, 0, length);
		if (me->l7 == L7_QUIC && !(h->b[0] & 0x80))
			me->stage = STAGE_DONE;
		else if (!name_port(p) && me->l7 == L7_UNKNOWN && ++me->looked >= LOOK_MAX_UDP)
			me->stage = STAGE_DONE;
		return 0;
	}
	me->l7 = l7;
	if (is_query_or_answer(l7))
		turn_name(p, h);
	if (l7 == L7_QUIC && me->copies++ >= DATAGRAMS_MAX) {
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
	piece->doubtful = false;
	send_piece(skb);
	return 0;
}

static __always_inline __u32 cap(const struct flow_side *me)
{
	switch (me->l7) {
	case L7_TLS:
		return CAP_HANDSHAKE;
	case L7_DNS:
		return CAP_DNS;
	}
	return me->marks & MARK_LONG ? CAP_TARGET : CAP_HEAD;
}

static __always_inline bool is_line_end(__u8 b)
{
	return b == '\r' || b == '\n';
}

/* RFC 9112 2.2: a server passes empty lines before a request, and some clients send them. */
static __always_inline __u32 empty_lines(const struct head *h)
{
	if (!is_line_end(h->b[0]))
		return 0;
	if (!is_line_end(h->b[1]))
		return 1;
	return is_line_end(h->b[2]) && is_line_end(h->b[3]) ? 4 : 2;
}

/* What the segment at hand begins: enum l7; what it may become, if it is too short to tell, << 8. */
__stage int recognise(struct __sk_buff *skb)
{
	__u32 length, empty;
	struct context c = {};
	struct packet *p;
	struct head *h;
	__u8 l7;

	if (open_context(&c, skb))
		return 0;
	p = &c.scratch->packet;
	length = c.scratch->segment.length;
	h = load_head(&c, p, length);
	empty = empty_lines(h);
	if (empty) {
		if (empty >= length)
			return 0;
		p->off += empty;
		h = load_head(&c, p, length - empty);
		p->off -= empty;
	}
	measure_token(h);
	if (empty)
		return is_http_request(h) ? L7_HTTP : 0;
	l7 = know_stream(p, h);
	return l7 ? l7 : may_become(p, h) << 8;
}

/* No more messages to expect on this side, or the next one of the same kind. */
static __always_inline void rest(struct flow_side *me)
{
	me->stage = me->l7 == L7_HTTP || me->l7 == L7_DNS ? STAGE_IDLE : STAGE_DONE;
	me->looked = 0;
	me->copies = 0;
	me->msg_end = me->next_seq;
}

/*
 * Moves msg_end over the TLS records whose headers are in this segment, until
 * the hello is whole or the flight ends. A header cut in two hides the rest.
 */
static __always_inline void walk_records(struct context *c, const struct packet *p,
					 struct flow_side *me, __u32 seq,
					 __u32 length)
{
	__u8 record[TLS_RECORD];
	__u32 at, size;

	for (__u32 i = 0; i < 8; i++) {
		at = me->msg_end - seq;
		if (!me->need || at >= length)
			return;
		if (at + TLS_RECORD > length || me->msg_end - me->msg_start > CAP_HANDSHAKE) {
			me->stage = STAGE_BLIND;
			return;
		}
		if (bpf_skb_load_bytes(c->skb, p->off + at, record, TLS_RECORD) || record[1] != 3) {
			me->need = 0;
			return;
		}
		size = be16_at(record + 3);
		/* How the flight ends is told too; a warning may come before or within it. */
		if ((record[0] == TLS_CHANGE_CIPHER_SPEC || record[0] == TLS_ALERT) && size < 64)
			me->msg_end += TLS_RECORD + size;
		if (record[0] == TLS_ALERT)
			continue;
		if (record[0] != TLS_HANDSHAKE) {
			me->need = 0;
			return;
		}
		me->msg_end += TLS_RECORD + size;
		if (me->need != WHOLE_FLIGHT)
			me->need = me->need > size ? me->need - size : 0;
	}
	me->stage = STAGE_BLIND; /* more records than we care to count */
}

/* Moves msg_end over further DNS messages that begin in this segment: their run is one. */
static __always_inline void walk_messages(struct context *c, const struct packet *p,
					  struct flow_side *me, __u32 seq, __u32 length)
{
	__u8 size[2];
	__u32 at;

	for (__u32 i = 0; i < 8; i++) {
		at = me->msg_end - seq;
		if (at >= length || me->msg_end - me->msg_start >= CAP_DNS)
			return;
		if (at + 2 > length)
			break;
		if (bpf_skb_load_bytes(c->skb, p->off + at, size, 2) || be16_at(size) < 12)
			return;
		me->msg_end += 2 + be16_at(size);
	}
	me->stage = STAGE_BLIND;
}

static __always_inline void begin_tls(struct context *c, const struct packet *p,
				      struct flow_side *me, const struct head *h, __u32 seq)
{
	__u32 record = be16_at(h->b + 3), size;

	if (h->b[0] & 0x80) { /* SSL 2.0 record */
		me->msg_end = seq + 2 + (be16_at(h->b) & 0x7fff);
		me->need = 0;
		return;
	}
	me->msg_end = seq + TLS_RECORD + record;
	if (h->b[0] != TLS_ALERT && (h->here < MIN_HEAD || record < 4)) {
		me->stage = STAGE_BLIND;
		return;
	}
	if (h->b[0] == TLS_HANDSHAKE && h->b[5] == 1) {
		size = be24_at(h->b + 6) + 4;
		me->need = size > record ? size - record : 0;
	} else {
		me->need = WHOLE_FLIGHT;
	}
	walk_records(c, p, me, seq, h->length);
	/* Pieces that came before this one may have held record headers. */
	if (me->need && me->early)
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

/* A message of segment.l7 begins with the segment at hand; its head is in scratch. */
__stage int begin_message(struct __sk_buff *skb)
{
	struct view v = {};
	struct flow_side *me;
	struct head *h;
	__u32 seq;

	if (open_view(&v, skb))
		return -1;
	me = v.me;
	h = &v.c.scratch->head;
	seq = v.segment->seq;
	me->l7 = v.segment->l7 & 0xff;
	me->guess = v.segment->l7 >> 8;
	me->msg_start = seq;
	me->copies = 0;
	me->looked = 0;
	me->stage = STAGE_FOLLOW;
	me->need = 0;
	me->marks &= ~MARK_LONG;
	if (me->l7 == L7_HTTP && h->b[0] == 'G')
		me->marks |= MARK_LONG;
	if (h->length < MIN_HEAD)
		me->stage = STAGE_BLIND; /* its length is still to come */
	else if (me->l7 == L7_TLS)
		begin_tls(&v.c, v.p, me, h, seq);
	else if (me->l7 == L7_DNS)
		me->msg_end = seq + 2 + be16_at(h->b);
	else
		me->stage = STAGE_BLIND;
	return 0;
}

/* Where copying stops. */
static __always_inline __u32 limit(const struct flow_side *me)
{
	__u32 last = me->msg_start + cap(me);

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
	piece->doubtful = me->marks & MARK_DOUBT;
	me->copies++;
	send_piece(c->skb);
}

/* Notes how far the stream is known without a gap. */
static __always_inline void advance(struct flow_side *me, __u32 seq, __u32 length)
{
	if (seq_diff(seq, me->next_seq) <= 0 && seq_diff(seq + length, me->next_seq) > 0)
		me->next_seq = seq + length;
}

/*
 * A message may begin inside what is copied blindly: HTTP's next head, since
 * the end of the one before is not known, or TLS behind CONNECT or behind a
 * few bytes that could have become something else.
 */
static __always_inline void begin_next(struct __sk_buff *skb, struct flow_side *me,
				       struct segment *segment)
{
	__u32 before = segment->seq - me->msg_start, l7;

	if ((me->l7 != L7_HTTP && before >= MIN_HEAD) || me->marks & MARK_GAP)
		return;
	l7 = recognise(skb);
	if (l7 != L7_TLS && !(l7 == L7_HTTP && me->l7 == L7_HTTP && before >= HTTP_MIN))
		return;
	segment->l7 = l7;
	begin_message(skb);
}

/* Inside a message: copy what belongs to it, and see whether it is over. */
__stage int follow(struct __sk_buff *skb)
{
	struct view v = {};
	struct flow_side *me;
	__u32 seq, length;

	if (open_view(&v, skb))
		return -1;
	me = v.me;
	seq = v.segment->seq;
	length = v.segment->length;
	if (me->stage == STAGE_BLIND && seq == me->next_seq && seq != me->msg_start)
		begin_next(skb, me, v.segment);
	if (me->need && me->stage == STAGE_FOLLOW) {
		if (seq_diff(seq, me->msg_end) > 0)
			me->stage = STAGE_BLIND; /* a record header went by unseen */
	} else if (seq_diff(seq, limit(me)) >= 0 && ++me->looked >= BEYOND_MAX) {
		rest(me);
		return 0;
	}
	if (me->need && me->stage == STAGE_FOLLOW && seq_diff(me->msg_end, seq) >= 0)
		walk_records(&v.c, v.p, me, seq, length);
	if (me->l7 == L7_DNS && me->stage == STAGE_FOLLOW)
		walk_messages(&v.c, v.p, me, seq, length);
	copy_piece(&v.c, v.p, me, seq, length);
	advance(me, seq, length);
	if (me->stage == STAGE_BLIND && me->l7 == L7_HTTP && ends_head(&v.c, v.p, length) &&
	    me->next_seq == seq + length && !(me->marks & MARK_GAP))
		rest(me);
	else if (me->copies >= COPIES_MAX || (!me->need && seq_diff(me->next_seq, limit(me)) >= 0))
		rest(me);
	return 0;
}

/*
 * A piece with a gap before it, while the bytes in the gap may turn out to
 * begin a message: copied with its meaning left open.
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
	piece->doubtful = me->marks & MARK_DOUBT;
	me->early++;
	send_piece(c->skb);
}

/* Of what recognise() has found, which may be only a guess: a method goes on, or it is none (PostgreSQL's N). */
static __always_inline __u32 begun(__u32 l7)
{
	if (l7 & 0xff)
		return l7 & 0xff;
	return l7 >> 8 | (l7 >> 8 == L7_HTTP ? 1 << 8 : 0);
}

/* Out of order, but near enough to belong to a message that begins at next_seq. */
static __always_inline bool is_early(const struct flow_side *me, __s32 ahead)
{
	return ahead > 0 && ahead < CAP_HANDSHAKE && me->early < EARLY_MAX;
}

/*
 * What some servers take for a request: the method in lower case, no slash before the target. Much else
 * has such words (NNTP, Redis, memcached), but no empty line at its end. recognise() has loaded the head.
 */
__stage int is_odd_request(struct __sk_buff *skb)
{
	struct context c = {};
	const struct head *h;

	if (open_context(&c, skb))
		return 0;
	h = &c.scratch->head;
	return h->here >= HTTP_MIN && is_usual_method(h) &&
	       ends_head(&c, &c.scratch->packet, c.scratch->segment.length);
}

/* RFC 4253 4.2: a server may send other lines of text before its banner. */
__stage int finds_banner(struct __sk_buff *skb)
{
	struct context c = {};
	const __u8 *text;
	__u32 n, i;
	__u64 last = 0;

	if (open_context(&c, skb))
		return 0;
	n = c.scratch->segment.length;
	if (n > LINES_MAX)
		n = LINES_MAX;
	if (!n || bpf_skb_load_bytes(skb, c.scratch->packet.off, c.scratch->record,
				     bounded(n, LINES_MAX)))
		return 0;
	text = c.scratch->record;
	for (i = 0; i < LINES_MAX; i++) {
		if (i >= n)
			break;
		last = (last << 8 | text[i]) & 0xffffffffff;
		if (last == 0x0a5353482dull) /* line feed, SSH- */
			return 1;
	}
	return 0;
}

/* Text, from a side that has told nothing yet. */
static __always_inline bool may_be_lines(const struct flow_side *me, const struct head *h)
{
	return me->stage == STAGE_SEARCH && me->looked < LINES_LOOK && h->length > HTTP_MIN &&
	       h->b[0] >= ' ' && h->b[0] < 0x7f;
}

/* Between messages: 1 when the segment at hand is the beginning of one. */
__stage int search(struct __sk_buff *skb)
{
	struct view v = {};
	struct flow_side *me;
	__u32 seq, length, l7;
	__s32 ahead;

	if (open_view(&v, skb))
		return 0;
	me = v.me;
	seq = v.segment->seq;
	length = v.segment->length;
	ahead = seq_diff(seq, me->next_seq);
	l7 = recognise(skb);
	if (!(l7 & 0xff) && is_odd_request(skb))
		l7 = L7_HTTP;
	if (!l7 && may_be_lines(me, &v.c.scratch->head) && finds_banner(skb))
		l7 = L7_SSH;
	l7 = ahead ? l7 & 0xff : begun(l7);
	if (me->marks & MARK_DOUBT && seq_diff(seq, me->gap) > CAP_HANDSHAKE)
		me->marks &= ~MARK_DOUBT; /* no message reaches from there to here */
	if (l7 & 0xff) {
		if (ahead > 0) {
			/* Perhaps the middle of a message that only looks like a beginning. */
			me->marks |= MARK_DOUBT;
			if (me->stage == STAGE_SEARCH && (l7 == L7_HTTP || l7 == L7_DNS))
				me->marks |= MARK_FIRST;
		}
		v.segment->l7 = l7;
		begin_message(skb);
		if (ahead > 0) {
			me->stage = STAGE_BLIND;
			open_gap(me);
			me->next_seq = seq;
		}
		return 1;
	}
	if (is_early(me, ahead)) {
		copy_early(&v.c, v.p, me, seq, length);
		/* How far the early pieces reach. */
		if (me->early == 1 || seq_diff(seq + length, me->msg_end) > 0)
			me->msg_end = seq + length;
		return 0;
	}
	if (ahead > 0)
		open_gap(me);
	else if (me->stage == STAGE_SEARCH && !me->looked)
		send_first(skb, v.c.scratch, seq, length);
	me->next_seq = seq + length;
	if (me->early && seq_diff(me->msg_end, me->next_seq) > 0) {
		open_gap(me);
		me->next_seq = me->msg_end;
	}
	if (me->stage == STAGE_SEARCH && ++me->looked >= LOOK_MAX)
		me->stage = STAGE_DONE;
	return 0;
}

static __always_inline bool is_following(const struct flow_side *me)
{
	return me->stage == STAGE_FOLLOW || me->stage == STAGE_BLIND;
}

/* Where the bytes end that came in spite of a gap before them. */
static __always_inline __u32 gap_end(const struct flow_side *me)
{
	return is_following(me) ? me->msg_start : me->next_seq;
}

/* Whether this segment brings bytes of the gap. */
static __always_inline bool is_late(const struct flow_side *me, __u32 seq, __u32 length)
{
	return me->marks & MARK_GAP && seq_diff(seq + length, me->gap) > 0 &&
	       seq_diff(seq, gap_end(me)) < 0;
}

/* What fills a gap may be the real beginning: 1 then. What it is else, the others tell. */
__stage int fill_gap(struct __sk_buff *skb)
{
	struct view v = {};
	struct flow_side *me;
	__u32 seq, length, end, l7;
	bool in_order, following, first;

	if (open_view(&v, skb))
		return 0;
	me = v.me;
	seq = v.segment->seq;
	length = v.segment->length;
	in_order = seq == me->gap;
	following = is_following(me);
	end = gap_end(me);
	l7 = recognise(skb);
	/* What comes first may be too short to know; between messages it would be a body's end. */
	first = me->marks & MARK_FIRST;
	l7 = in_order && (first || !following) ? begun(l7) : l7 & 0xff;
	if (in_order) {
		me->gap = seq + length;
		me->marks &= ~MARK_FIRST;
		if (l7 & 0xff || seq_diff(seq + length, end) >= 0)
			me->marks &= ~MARK_DOUBT;
		if (seq_diff(seq + length, end) >= 0)
			me->marks &= ~MARK_GAP;
	}
	if (!following && seq_diff(seq + length, me->next_seq) > 0)
		me->next_seq = seq + length;
	if (l7 & 0xff) {
		v.segment->l7 = l7;
		begin_message(skb);
		me->stage = STAGE_BLIND; /* records may have gone by */
		if (!in_order)
			me->marks |= MARK_DOUBT;
		return 1;
	}
	if (me->early < EARLY_MAX)
		copy_early(&v.c, v.p, me, seq, length);
	return 0;
}

/* Bytes at the front that were seen before, sent again together with new ones. */
static __always_inline __u32 seen_bytes(const struct flow_side *me, bool late, __u32 seq)
{
	__u32 known = late ? me->gap : me->next_seq;

	return seq_diff(known, seq) > 0 ? known - seq : 0;
}

/* A segment of a side that may still have something to say. */
__stage int see_segment(struct __sk_buff *skb)
{
	struct view v = {};
	struct flow_side *me;
	__u32 seq, length, known;
	bool late;

	if (open_view(&v, skb))
		return -1;
	me = v.me;
	v.p->now = fine_clock();
	/* RFC 7413: with TCP Fast Open the SYN carries data; it takes a number itself. */
	seq = v.p->seq + (v.p->tcp_flags & TCP_SYN ? 1 : 0);
	length = v.p->end - v.p->off;
	if (!(me->marks & MARK_SYNCHRONIZED))
		synchronize(me, seq);
	late = is_late(me, seq, length);
	if (late || !is_following(me)) {
		known = seen_bytes(me, late, seq);
		if (known >= length)
			return 0;
		v.p->off += known;
		seq += known;
		length -= known;
	}
	v.segment->seq = seq;
	v.segment->length = length;
	if (late ? !fill_gap(skb) : !is_following(me) && !search(skb))
		return 0;
	return follow(skb);
}

#endif
