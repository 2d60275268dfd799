/* SPDX-License-Identifier: GPL-2.0 OR Apache-2.0 */
/* The maps of the kernel program. host.c has its own of the same names. */
#ifndef ORTHRUS_MAPS_H
#define ORTHRUS_MAPS_H

#include "event.h"
#include "parse.h"
#include "platform.h"
#include "settings.h"

#define FIXED_MAX 256 /* a power of two over sizeof(struct event), so that a mask bounds it */

#define HEAD 24 /* bytes that are enough to know a message by */
#define HEAD_ROOM 32 /* a power of two over it, so that a mask bounds it */

/* The first bytes of a payload. */
struct head {
	__u8 b[HEAD_ROOM];
	__u32 here; /* of which so many are real */
	__u32 length; /* of the whole payload */
	__u32 token; /* letters that a method may have, at the front */
};

/* The payload at hand, without what its side has sent before. */
struct segment {
	__u32 seq;
	__u32 length;
	__u32 l7; /* what begins with it; 1 << 8 when that is a guess */
};

/* The part of a segment or datagram that belongs to a message. */
struct piece {
	__u32 seq; /* of its first byte */
	__u32 from; /* offset in the frame */
	__u32 want;
	__u32 length; /* payload of the packet */
	__u32 start; /* of the message */
	__u32 end;
	__u8 l7;
	bool doubtful;
};

/*
 * Per CPU: the packet at hand and the record under construction with its
 * longest payload. Here rather than on the stack, so that the stages can be
 * global functions, which the verifier checks one by one instead of on every
 * path that leads to them.
 */
struct scratch {
	struct packet packet;
	struct packet carrier; /* the outer packet of a tunnel, while the inner one is read */
	struct head head;
	struct segment segment;
	struct piece piece;
	__u8 record[FIXED_MAX + sizeof(struct event_outer) + PAYLOAD_MAX];
	struct flow flow;
};

/* Where the later fragments of a datagram belong. */
struct fragment_key {
	__u32 src[4];
	__u32 dst[4];
	__u32 id;
	__u32 protocol;
};

struct fragment_ports {
	__u16 sport;
	__u16 dport;
	__u32 seq; /* TCP: the number that the first byte of the IP payload would have */
};

/* A source's credit for one class of news: generic cell rate algorithm (ITU-T I.371). */
struct budget_key {
	__u32 source[4];
	__u32 class;
};

#ifdef __bpf__

const volatile struct settings settings = {};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 131072);
	__type(key, struct flow_key4);
	__type(value, struct flow);
} flows4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 131072);
	__type(key, struct flow_key6);
	__type(value, struct flow);
} flows6 SEC(".maps");

/* The outer ends of conversations inside tunnels, for the records that user space makes. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct flow_key6);
	__type(value, struct event_outer);
} outers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct fragment_key);
	__type(value, struct fragment_ports);
} fragments SEC(".maps");

/* By a carrier's id the TCP segment in it, which goes on in the carrier's later fragments. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct fragment_key);
	__type(value, struct packet);
} inners SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct budget_key);
	__type(value, __u64);
} budgets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct counters);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratch SEC(".maps");

#endif
#endif
