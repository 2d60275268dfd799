// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
/*
 * The sensor outside the kernel: the same program, with maps in plain memory,
 * a ring buffer in a memfd that is mapped as the kernel maps its own, and the
 * capture's clock. `orthrus replay` and the fuzzer run this; there is no
 * second parser.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "platform.h"

#define EXPORT __attribute__((visibility("default")))
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#define __noinline __attribute__((noinline))
#define __stage static

/* The fields of the kernel's struct __sk_buff that the sensor reads. */
struct __sk_buff {
	const __u8 *start;
	__u32 len;
	__u32 wire_len;
	__u32 ifindex;
	__u32 gso_segs;
	__u32 gso_size;
	__u32 vlan_present;
	__u32 vlan_tci;
};

static __always_inline void *skb_start(struct __sk_buff *skb)
{
	return (void *)skb->start;
}

static __always_inline void *skb_stop(struct __sk_buff *skb)
{
	return (void *)(skb->start + skb->len);
}

static __always_inline __u32 wire_length(const struct __sk_buff *skb)
{
	return skb->wire_len;
}

#define barrier_var(var) ((void)(var))
#define bounded(length, most) (length)
#define bpf_htons(x) ((__u16)htobe16(x))
#define bpf_ntohs(x) ((__u16)be16toh(x))
#define bpf_htonl(x) ((__u32)htobe32(x))
#define bpf_ntohl(x) ((__u32)be32toh(x))
#define BPF_ANY 0
#define BPF_NOEXIST 1
#define BPF_RB_AVAIL_DATA 0

enum map_id { MAP_EVENTS, MAP_COUNTERS, MAP_SCRATCH, MAP_TABLES };

/* The maps are names here; what they hold belongs to the sensor that runs. */
struct map {
	__u32 id;
};

static struct map events = {MAP_EVENTS};
static struct map counters = {MAP_COUNTERS};
static struct map scratch = {MAP_SCRATCH};
static struct map flows4 = {MAP_TABLES};
static struct map flows6 = {MAP_TABLES + 1};
static struct map outers = {MAP_TABLES + 2};
static struct map fragments = {MAP_TABLES + 3};
static struct map budgets = {MAP_TABLES + 4};
static struct map inners = {MAP_TABLES + 5};

#define TABLES 6

static void *bpf_map_lookup_elem(struct map *map, const void *key);
static long bpf_map_update_elem(struct map *map, const void *key, const void *value, __u64 flags);
static long bpf_ringbuf_output(struct map *map, const void *data, __u64 size, __u64 flags);
static __u64 bpf_ktime_get_ns(void);
#define bpf_ktime_get_coarse_ns bpf_ktime_get_ns

static inline long bpf_skb_load_bytes(const struct __sk_buff *skb, __u32 off, void *to, __u32 len)
{
	if (off > skb->len || len > skb->len - off)
		return -EFAULT;
	memcpy(to, skb->start + off, len);
	return 0;
}

/* The feeder stops before the ring is full: nothing is ever shed. */
static inline __u64 bpf_ringbuf_query(struct map *map, __u64 what)
{
	(void)map;
	(void)what;
	return 0;
}

#include "settings.h"

static struct settings settings;

#include "sensor.bpf.c"

/* A hash table with exact least-recently-used replacement; 0 is "no entry". */
struct entry {
	__u32 chain; /* next in the same bucket */
	__u32 newer;
	__u32 older;
	__u32 used;
	/* key, then value */
};

struct table {
	__u8 *entries;
	__u32 *buckets;
	__u32 mask;
	__u32 capacity;
	__u32 key_size;
	__u32 value_size;
	__u32 stride;
	__u32 made; /* entries handed out so far; after that the free ones, then the oldest */
	__u32 free;
	__u32 newest;
	__u32 oldest;
	__u32 count;
};

#define BUSY_BIT (1u << 31)
#define RECORD_HEADER 8
/* The most that one packet can say: every piece of a full message, a start, an end, an ICMP. */
#define PACKET_ROOM (8 * (sizeof(struct scratch) + RECORD_HEADER))

struct sensor {
	struct settings settings;
	struct table tables[TABLES];
	struct counters counters;
	struct scratch scratch;
	__u8 *ring; /* consumer page, producer page, data, data again */
	__u64 ring_size;
	__u64 page;
	__u64 now;
};

static struct sensor *current;

static __u64 bpf_ktime_get_ns(void)
{
	return current->now;
}

static struct entry *entry_at(const struct table *t, __u32 i)
{
	return (struct entry *)(t->entries + (__u64)i * t->stride);
}

static __u8 *key_of(struct entry *e)
{
	return (__u8 *)(e + 1);
}

static __u32 *bucket_of(const struct table *t, const void *key)
{
	__u64 hash = 0x9e3779b97f4a7c15ull, word;
	const __u8 *k = key;

	/* Key sizes are multiples of 4: words of 8, then one of 4. */
	for (__u32 i = 0; i < t->key_size; i += 8) {
		word = 0;
		memcpy(&word, k + i, t->key_size - i < 8 ? t->key_size - i : 8);
		hash = (hash ^ word) * 0xff51afd7ed558ccdull;
		hash ^= hash >> 32;
	}
	return &t->buckets[(hash ^ hash >> 16) & t->mask];
}

static void unlink_age(struct table *t, struct entry *e)
{
	if (e->newer)
		entry_at(t, e->newer)->older = e->older;
	else
		t->newest = e->older;
	if (e->older)
		entry_at(t, e->older)->newer = e->newer;
	else
		t->oldest = e->newer;
}

static void make_newest(struct table *t, struct entry *e, __u32 i)
{
	e->newer = 0;
	e->older = t->newest;
	if (t->newest)
		entry_at(t, t->newest)->newer = i;
	t->newest = i;
	if (!t->oldest)
		t->oldest = i;
}

static __u32 find(struct table *t, const void *key)
{
	__u32 i = *bucket_of(t, key);

	while (i && memcmp(key_of(entry_at(t, i)), key, t->key_size))
		i = entry_at(t, i)->chain;
	return i;
}

static void *value_of(struct table *t, __u32 i)
{
	return key_of(entry_at(t, i)) + t->key_size;
}

static void *lookup(struct table *t, const void *key)
{
	__u32 i = find(t, key);

	if (!i)
		return NULL;
	if (i != t->newest) {
		unlink_age(t, entry_at(t, i));
		make_newest(t, entry_at(t, i), i);
	}
	return value_of(t, i);
}

static void drop(struct table *t, __u32 i)
{
	struct entry *e = entry_at(t, i);
	__u32 *link = bucket_of(t, key_of(e));

	while (*link != i)
		link = &entry_at(t, *link)->chain;
	*link = e->chain;
	unlink_age(t, e);
	e->used = 0;
	e->chain = t->free;
	t->free = i;
	t->count--;
}

static __u32 take_free(struct table *t)
{
	__u32 i;

	if (!t->free && t->made < t->capacity)
		return ++t->made;
	if (!t->free)
		drop(t, t->oldest);
	i = t->free;
	t->free = entry_at(t, i)->chain;
	return i;
}

static long update(struct table *t, const void *key, const void *value, __u64 flags)
{
	__u32 i = find(t, key), *bucket;
	struct entry *e;

	if (i && flags == BPF_NOEXIST)
		return -EEXIST;
	if (!i) {
		i = take_free(t);
		e = entry_at(t, i);
		bucket = bucket_of(t, key);
		e->chain = *bucket;
		*bucket = i;
		e->used = 1;
		memcpy(key_of(e), key, t->key_size);
		make_newest(t, e, i);
		t->count++;
	}
	memcpy(value_of(t, i), value, t->value_size);
	return 0;
}

static void *bpf_map_lookup_elem(struct map *map, const void *key)
{
	if (map->id == MAP_COUNTERS)
		return &current->counters;
	if (map->id == MAP_SCRATCH)
		return &current->scratch;
	return lookup(&current->tables[map->id - MAP_TABLES], key);
}

static long bpf_map_update_elem(struct map *map, const void *key, const void *value, __u64 flags)
{
	return update(&current->tables[map->id - MAP_TABLES], key, value, flags);
}

static __u64 *consumer_position(struct sensor *s)
{
	return (__u64 *)s->ring;
}

static __u64 *producer_position(struct sensor *s)
{
	return (__u64 *)(s->ring + s->page);
}

/* The framing of kernel/bpf/ringbuf.c; both mappings follow each other, so no record is split. */
static long bpf_ringbuf_output(struct map *map, const void *data, __u64 size, __u64 flags)
{
	__u64 at = *producer_position(current), step = (size + RECORD_HEADER + 7) & ~7ull;
	__u8 *record = current->ring + 2 * current->page + (at & (current->ring_size - 1));
	__u32 length = size;

	(void)map;
	(void)flags;
	if (at - *consumer_position(current) + step > current->ring_size)
		return -EAGAIN;
	memset(record + 4, 0, 4);
	memcpy(record + RECORD_HEADER, data, size);
	memcpy(record, &length, sizeof(length));
	__atomic_store_n(producer_position(current), at + step, __ATOMIC_RELEASE);
	return 0;
}

static int open_table(struct table *t, __u32 capacity, __u32 key_size, __u32 value_size)
{
	__u32 buckets = 1;

	while (buckets < capacity)
		buckets <<= 1;
	t->capacity = capacity;
	t->key_size = key_size;
	t->value_size = value_size;
	t->stride = (sizeof(struct entry) + key_size + value_size + 7) & ~7u;
	t->mask = buckets - 1;
	t->buckets = calloc(buckets, sizeof(*t->buckets));
	/* Pages that no flow has touched cost nothing. */
	t->entries = calloc(capacity + 1ull, t->stride);
	return t->buckets && t->entries ? 0 : -1;
}

static int open_ring(struct sensor *s, __u64 size)
{
	__u64 page = sysconf(_SC_PAGESIZE), head = 2 * page;
	int fd = memfd_create("orthrus-ring", MFD_CLOEXEC);
	void *base;

	if (fd < 0)
		return -1;
	if (ftruncate(fd, head + size))
		goto fail;
	base = mmap(NULL, head + 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (base == MAP_FAILED)
		goto fail;
	if (mmap(base, head + size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) ==
		    MAP_FAILED ||
	    mmap((__u8 *)base + head + size, size, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED, fd, head) == MAP_FAILED) {
		munmap(base, head + 2 * size);
		goto fail;
	}
	close(fd);
	s->ring = base;
	s->page = page;
	s->ring_size = size;
	return 0;
fail:
	close(fd);
	return -1;
}

/* Frees everything. NULL is fine. */
EXPORT void orthrus_close(struct sensor *s)
{
	if (!s)
		return;
	for (int i = 0; i < TABLES; i++) {
		free(s->tables[i].buckets);
		free(s->tables[i].entries);
	}
	if (s->ring)
		munmap(s->ring, 2 * s->page + 2 * s->ring_size);
	free(s);
}

/* A sensor of its own; ring_size is a power of two of at least 1 MiB. NULL without memory. */
EXPORT struct sensor *orthrus_open(const struct settings *chosen, __u64 ring_size, __u32 flows)
{
	struct sensor *s = calloc(1, sizeof(*s));
	struct table *t;

	if (!s)
		return NULL;
	t = s->tables;
	s->settings = *chosen;
	if (open_ring(s, ring_size) ||
	    open_table(&t[0], flows, sizeof(struct flow_key4), sizeof(struct flow)) ||
	    open_table(&t[1], flows, sizeof(struct flow_key6), sizeof(struct flow)) ||
	    open_table(&t[2], 16384, sizeof(struct flow_key6), sizeof(struct event_outer)) ||
	    open_table(&t[3], 8192, sizeof(struct fragment_key), sizeof(struct fragment_ports)) ||
	    open_table(&t[4], 16384, sizeof(struct budget_key), sizeof(__u64)) ||
	    open_table(&t[5], 1024, sizeof(struct fragment_key), sizeof(struct packet))) {
		orthrus_close(s);
		return NULL;
	}
	return s;
}

/* Where the ring lies: consumer page, producer page, data; each address as a number. */
EXPORT void orthrus_ring(struct sensor *s, __u64 out[4])
{
	out[0] = (uintptr_t)s->ring;
	out[1] = (uintptr_t)s->ring + s->page;
	out[2] = (uintptr_t)s->ring + 2 * s->page;
	out[3] = s->page;
}

EXPORT void orthrus_counters(struct sensor *s, struct counters *out)
{
	*out = s->counters;
}

/* One packet of a batch: this header, then `held` bytes, padded to 8. Little-endian. */
struct replay_packet {
	__u64 time; /* ns since the epoch */
	__u32 held;
	__u32 wire;
	__u32 ifindex;
	__u16 linktype; /* LINKTYPE_* of the pcap registry */
	__u16 pad;
};

#define LINKTYPE_NULL 0
#define LINKTYPE_ETHERNET 1
#define LINKTYPE_PPP 9
#define LINKTYPE_PPP_HDLC 50
#define LINKTYPE_PPP_ETHER 51
#define LINKTYPE_C_HDLC 104
#define LINKTYPE_IEEE802_11 105
#define LINKTYPE_LOOP 108
#define LINKTYPE_LINUX_SLL 113
#define LINKTYPE_PRISM 119
#define LINKTYPE_RADIOTAP 127
#define LINKTYPE_AVS 163
#define LINKTYPE_PPI 192
#define LINKTYPE_NFLOG 239
#define LINKTYPE_LINUX_SLL2 276

#define NFULA_PAYLOAD 9

#define SLL_OUTGOING 4
#define SLL_ETHERNET 1 /* ARPHRD_ETHER */

static void skip(struct __sk_buff *skb, __u32 bytes)
{
	skb->start += bytes;
	skb->len -= bytes;
	skb->wire_len -= bytes < skb->wire_len ? bytes : skb->wire_len;
}

/*
 * A cooked header (LINKTYPE_LINUX_SLL, SLL2) becomes the Ethernet header that
 * it was made from, in the bytes before the packet; the destination is unknown.
 */
static bool uncook(struct __sk_buff *skb, __u8 *bytes, __u32 header, const __u8 *address,
		   bool ethernet, const __u8 *ethertype)
{
	__u8 link[14] = {};

	if (skb->len < header)
		return false;
	if (ethernet)
		memcpy(link + 6, address, 6);
	memcpy(link + 12, ethertype, 2);
	skip(skb, header - sizeof(link));
	memcpy(bytes + header - sizeof(link), link, sizeof(link));
	return true;
}

static void see_cooked(struct __sk_buff *skb, __u8 *b, bool second)
{
	__u16 flags;

	if (skb->len < (second ? 20 : 16))
		return;
	flags = (second ? b[10] : b[1]) == SLL_OUTGOING ? EVENT_EGRESS : 0;
	if (second ? uncook(skb, b, 20, b + 12, be16_at(b + 8) == SLL_ETHERNET, b)
		   : uncook(skb, b, 16, b + 6, be16_at(b + 2) == SLL_ETHERNET, b + 14))
		sense(skb, true, flags);
}

/* RFC 1662: address and control are usual in files, not certain. */
static void see_ppp(struct __sk_buff *skb, const __u8 *b, bool pppoe)
{
	__u32 at = pppoe ? 6 : 0;

	if (skb->len >= at + 2 && b[at] == 0xff && b[at + 1] == 0x03)
		at += 2;
	if (skb->len < at + 2)
		return;
	at += b[at] & 1 ? 1 : 2; /* compressed protocol field */
	skip(skb, at);
	sense(skb, false, 0);
}

/* RFC 1547 4.3.1: an address, a zero, an EtherType. */
static void see_hdlc(struct __sk_buff *skb, const __u8 *b)
{
	if (skb->len < 4 || (be16_at(b + 2) != ETH_P_IP && be16_at(b + 2) != ETH_P_IPV6))
		return;
	skip(skb, 4);
	sense(skb, false, 0);
}

/* linux/netfilter/nfnetlink_log.h: family, version, resource; then attributes, lengths of this machine's order. */
static void see_nflog(struct __sk_buff *skb, const __u8 *b)
{
	__u32 at = 4, length;

	if (skb->len < 4 || b[1])
		return;
	while (at + 4 <= skb->len) {
		length = b[at] | b[at + 1] << 8;
		if (length < 4)
			return;
		if ((b[at + 2] | b[at + 3] << 8) == NFULA_PAYLOAD) {
			skip(skb, at + 4);
			sense(skb, false, 0);
			return;
		}
		at += (length + 3) & ~3u;
	}
}

static __u32 le16_at(const __u8 *b)
{
	return b[0] | b[1] << 8;
}

/* What stands before an 802.11 frame: the sizes of the header and, by radiotap.org, whether the frame is padded. */
static __u32 radio_header(const struct __sk_buff *skb, const __u8 *b, __u16 linktype, bool *padded)
{
	__u32 at = 4;

	if (linktype == LINKTYPE_IEEE802_11 || skb->len < 8)
		return 0;
	if (linktype == LINKTYPE_PRISM && le16_at(b) == 0x44)
		return le16_at(b + 4);
	if (linktype == LINKTYPE_PRISM || linktype == LINKTYPE_AVS)
		return be16_at(b + 6);
	if (linktype == LINKTYPE_PPI && le16_at(b + 4) != LINKTYPE_IEEE802_11)
		return skb->len;
	if (linktype == LINKTYPE_RADIOTAP && b[4] & 2) { /* flags, behind the bitmaps and the time */
		while (at + 4 < skb->len && b[at + 3] & 0x80)
			at += 4;
		at += 4;
		if (b[4] & 1)
			at = ((at + 7) & ~7u) + 8;
		*padded = at < skb->len && b[at] & 0x20;
	}
	return le16_at(b + 2);
}

/*
 * IEEE 802.11 9.3.2.1: a data frame that is not encrypted becomes the Ethernet frame that it carries, in the
 * bytes before the packet. Which addresses are the ends' hangs on who passes it on.
 */
static void see_radio(struct __sk_buff *skb, __u8 *b, __u16 linktype)
{
	bool padded = false;
	__u32 at = radio_header(skb, b, linktype, &padded), size = 24;
	__u8 link[14], flags, type, *h;

	if (at + size + 8 > skb->len)
		return;
	h = b + at;
	type = h[0];
	flags = h[1];
	/* Data; not the null function, not protected. */
	if ((type & 0x4f) != 0x08 || flags & 0x40)
		return;
	size += (flags & 3) == 3 ? 6 : 0;
	if (type & 0x80) {
		if (h[size] & 0x80)
			return; /* several packets in one */
		size += 2 + (flags & 0x80 ? 4 : 0);
	}
	if (padded)
		size = (size + 3) & ~3u;
	if (at + size + 8 > skb->len || memcmp(h + size, "\xaa\xaa\x03", 3))
		return;
	memcpy(link, h + (flags & 1 ? 16 : 4), 6);
	memcpy(link + 6, h + (flags & 2 ? flags & 1 ? 24 : 16 : 10), 6);
	memcpy(link + 12, h + size + 6, 2);
	at += size + 8 - sizeof(link);
	skip(skb, at);
	memcpy(b + at, link, sizeof(link));
	sense(skb, true, 0);
}

static void see(struct __sk_buff *skb, __u8 *bytes, __u16 linktype)
{
	switch (linktype) {
	case LINKTYPE_ETHERNET:
		sense(skb, true, 0);
		return;
	case LINKTYPE_LINUX_SLL:
	case LINKTYPE_LINUX_SLL2:
		see_cooked(skb, bytes, linktype == LINKTYPE_LINUX_SLL2);
		return;
	case LINKTYPE_NULL:
	case LINKTYPE_LOOP:
		if (skb->len < 4)
			return;
		skip(skb, 4);
		sense(skb, false, 0);
		return;
	case LINKTYPE_PPP:
	case LINKTYPE_PPP_HDLC:
	case LINKTYPE_PPP_ETHER:
		see_ppp(skb, bytes, linktype == LINKTYPE_PPP_ETHER);
		return;
	case LINKTYPE_C_HDLC:
		see_hdlc(skb, bytes);
		return;
	case LINKTYPE_NFLOG:
		see_nflog(skb, bytes);
		return;
	case LINKTYPE_IEEE802_11:
	case LINKTYPE_PRISM:
	case LINKTYPE_RADIOTAP:
	case LINKTYPE_AVS:
	case LINKTYPE_PPI:
		see_radio(skb, bytes, linktype);
		return;
	default: /* raw IP in its several numbers; the reader admits no others */
		sense(skb, false, 0);
	}
}

/*
 * Feeds packets of a batch until it ends, the next packet is not before
 * `until`, or the ring has no room for what a packet may say. Returns the
 * bytes taken; a malformed batch is taken whole and stops there.
 */
EXPORT __u32 orthrus_feed(struct sensor *s, __u8 *batch, __u32 length, __u64 until)
{
	struct replay_packet packet;
	struct __sk_buff skb = {};
	__u32 at = 0, room;

	current = s;
	settings = s->settings;
	while (length - at >= sizeof(packet)) {
		memcpy(&packet, batch + at, sizeof(packet));
		room = length - at - sizeof(packet);
		if (packet.held > room)
			return length;
		if (packet.time >= until)
			break;
		if (*producer_position(s) - *consumer_position(s) + PACKET_ROOM > s->ring_size)
			break;
		s->now = packet.time;
		skb.start = batch + at + sizeof(packet);
		skb.len = packet.held;
		skb.wire_len = packet.wire > packet.held ? packet.wire : packet.held;
		skb.ifindex = packet.ifindex;
		see(&skb, batch + at + sizeof(packet), packet.linktype);
		at += sizeof(packet) + ((packet.held + 7) & ~7u);
		if (at > length)
			return length;
	}
	return at;
}

static struct table *flow_table(struct sensor *s, __u32 family)
{
	return &s->tables[family == 6];
}

/*
 * Up to `most` entries of the flow table from *cursor on, in the order of
 * their places. Returns how many; *cursor is 0 after the last one.
 */
EXPORT __u32 orthrus_flows(struct sensor *s, __u32 family, __u32 *cursor, __u8 *keys, __u8 *values,
			   __u32 most)
{
	struct table *t = flow_table(s, family);
	__u32 i = *cursor + 1, count = 0;

	for (; i <= t->made && count < most; i++) {
		struct entry *e = entry_at(t, i);

		if (!e->used)
			continue;
		memcpy(keys + count * t->key_size, key_of(e), t->key_size);
		memcpy(values + count * t->value_size, value_of(t, i), t->value_size);
		count++;
	}
	*cursor = i > t->made ? 0 : i - 1;
	return count;
}

/* Removes an entry. 0, or -1 when it is not there. */
EXPORT int orthrus_forget(struct sensor *s, __u32 family, const __u8 *key)
{
	struct table *t = flow_table(s, family);
	__u32 i = find(t, key);

	if (!i)
		return -1;
	drop(t, i);
	return 0;
}

/* The outer ends of a tunnelled conversation. 0, or -1 when they are not known. */
EXPORT int orthrus_outer(struct sensor *s, const __u8 *key, __u8 *out)
{
	__u32 i = find(&s->tables[2], key);

	if (!i)
		return -1;
	memcpy(out, value_of(&s->tables[2], i), sizeof(struct event_outer));
	return 0;
}
