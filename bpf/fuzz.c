// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
/*
 * Coverage-guided fuzzing of the parser (`make fuzz`): packets of any link
 * type and bytes go through the library, what it says is read back, and the
 * books must balance. Out-of-bounds reads and undefined operations are the
 * sanitizers' business; each packet has memory of exactly its size.
 *
 * Input: a byte of modes, then packets, each a struct seed and its bytes.
 * test/generate/seeds.ts writes the first ones.
 */
#include "host.c"

#include <stdio.h>

#define RING (1u << 20)
#define FEW_FLOWS 4
#define MANY_FLOWS 1024
#define SECOND 1000000000ull

#define MODE_NO_TUNNELS 1
#define MODE_FEW_FLOWS 2 /* entries are pushed out all the time */
#define MODE_LIMITS 4
#define MODE_BATCH 8 /* all packets in one call */

struct seed {
	__u8 held[2]; /* little-endian */
	__u8 more[2]; /* bytes that the capture cut off */
	__u8 link; /* index in linktypes */
	__u8 step; /* time since the packet before: 2^step ns; the high bit sweeps and drains first */
};

static const __u16 linktypes[] = {
	LINKTYPE_ETHERNET, LINKTYPE_NULL, LINKTYPE_PPP, LINKTYPE_PPP_ETHER, 101,
	LINKTYPE_LOOP, LINKTYPE_LINUX_SLL, LINKTYPE_LINUX_SLL2, LINKTYPE_PPP_HDLC,
	LINKTYPE_IEEE802_11, LINKTYPE_PRISM, LINKTYPE_RADIOTAP, LINKTYPE_AVS, LINKTYPE_PPI,
};

static struct {
	struct sensor *sensor;
	__u64 records[COUNTER_SETS]; /* read from the ring */
	__u64 packets;
} run;

#define CHECK(truth)                                                                               \
	do {                                                                                       \
		if (!(truth)) {                                                                    \
			fprintf(stderr, "fuzz.c:%d: not true: %s\n", __LINE__, #truth);            \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

static __u32 fixed_size(const struct event *e)
{
	switch (e->kind) {
	case EVENT_FLOW_START:
	case EVENT_FLOW_END:
		return EVENT_FLOW_SIZE;
	case EVENT_ARP:
		return EVENT_COMMON_SIZE;
	case EVENT_ICMP:
	case EVENT_NDP:
	case EVENT_FRAGMENT:
		return EVENT_ICMP_SIZE;
	case EVENT_MESSAGE:
		return EVENT_MESSAGE_SIZE;
	}
	return 0;
}

static enum event_class class_of(const struct event *e)
{
	switch (e->kind) {
	case EVENT_FLOW_START:
		return CLASS_FLOW_START;
	case EVENT_FLOW_END:
		return CLASS_FLOW_END;
	case EVENT_ARP:
		return CLASS_ARP;
	case EVENT_ICMP:
		return CLASS_ICMP;
	case EVENT_NDP:
		return CLASS_NDP;
	case EVENT_MESSAGE:
		return is_name(e->message.l7) ? CLASS_NAME : CLASS_MESSAGE;
	}
	return CLASS_FRAGMENT;
}

static void check_flow(const struct event_flow *f)
{
	CHECK(f->history_length <= sizeof(f->history));
	CHECK(f->last >= f->first);
	for (int i = 0; i < 2; i++)
		CHECK(f->side[i].bytes >= f->side[i].packets || !f->side[i].bytes);
}

static void check_record(const __u8 *bytes, __u32 length)
{
	struct event e = {};
	__u32 fixed;

	CHECK(length >= EVENT_COMMON_SIZE);
	memcpy(&e, bytes, length < sizeof(e) ? length : sizeof(e));
	fixed = fixed_size(&e);
	CHECK(e.version == EVENT_VERSION && fixed);
	if (e.flags & EVENT_TUNNELLED)
		fixed += sizeof(struct event_outer);
	CHECK(length == fixed + e.size);
	CHECK(e.size <= PAYLOAD_MAX);
	CHECK(e.family == 0 || e.family == 4 || e.family == 6);
	CHECK((e.family == 0) == (e.kind == EVENT_ARP));
	CHECK(e.time <= run.sensor->now);
	CHECK(e.tunnel <= TUNNEL_CAPWAP && !e.tunnel == !(e.flags & EVENT_TUNNELLED));
	CHECK(e.vlan < 4096 && e.inner_vlan < 4096);
	if (e.kind == EVENT_FLOW_START || e.kind == EVENT_FLOW_END)
		check_flow(&e.flow);
	if (e.kind == EVENT_MESSAGE) {
		CHECK(e.message.l7 <= L7_FIRST);
		CHECK(e.size <= e.message.length);
	}
	run.records[class_of(&e)]++;
}

static void drain(void)
{
	struct sensor *s = run.sensor;
	__u64 at = *consumer_position(s), stop = *producer_position(s);

	CHECK(stop - at <= RING);
	while (at < stop) {
		const __u8 *record = s->ring + 2 * s->page + (at & (RING - 1));
		__u32 length;

		memcpy(&length, record, sizeof(length));
		CHECK(!(length & (3u << 30)) && length <= sizeof(s->scratch.record));
		check_record(record + RECORD_HEADER, length);
		at += (length + RECORD_HEADER + 7) & ~7ull;
	}
	CHECK(at == stop);
	*consumer_position(s) = at;
}

/* The list by age and the buckets hold the same entries. */
static void check_table(struct table *t)
{
	__u32 aged = 0, chained = 0;

	CHECK(t->count <= t->capacity && t->made <= t->capacity);
	for (__u32 i = t->newest; i; i = entry_at(t, i)->older) {
		CHECK(entry_at(t, i)->used && ++aged <= t->count);
		CHECK(find(t, key_of(entry_at(t, i))) == i);
	}
	for (__u32 b = 0; b <= t->mask; b++) {
		for (__u32 i = t->buckets[b]; i; i = entry_at(t, i)->chain)
			CHECK(++chained <= t->count);
	}
	CHECK(aged == t->count && chained == t->count);
}

/* Reads a flow table in slices and empties it, as the sweep does. */
static __u32 sweep(__u32 family, bool all)
{
	__u32 key_size = family == 6 ? sizeof(struct flow_key6) : sizeof(struct flow_key4);
	__u8 keys[8 * sizeof(struct flow_key6)], values[8 * sizeof(struct flow)];
	struct table *t = flow_table(run.sensor, family);
	__u32 cursor = 0, seen = 0, count, live = t->count;
	struct event_outer outer;

	do {
		count = orthrus_flows(run.sensor, family, &cursor, keys, values, 8);
		CHECK(count <= 8);
		for (__u32 i = 0; i < count; i++, seen++) {
			struct flow f;

			memcpy(&f, values + i * sizeof(f), sizeof(f));
			CHECK(f.opener < 2 && f.history_length <= sizeof(f.history));
			CHECK(f.side[0].totals.packets + f.side[1].totals.packets <=
			      MAX_LAYERS * run.packets);
			if (family == 6)
				orthrus_outer(run.sensor, keys + i * key_size, (__u8 *)&outer);
			if (all || seen % 3 == 0)
				CHECK(!orthrus_forget(run.sensor, family, keys + i * key_size));
		}
	} while (cursor);
	CHECK(seen == live);
	CHECK(!all || !t->count);
	return seen;
}

static void check_counters(void)
{
	struct counters c;

	orthrus_counters(run.sensor, &c);
	CHECK(c.packets <= run.packets);
	CHECK(c.malformed + c.truncated + c.not_ip + c.flows_failed <= c.packets);
	CHECK(c.fragments_lost <= c.fragments && c.fragments <= c.packets);
	CHECK(c.tunnelled <= c.packets && c.reopened <= c.packets);
	CHECK(c.flows <= MAX_LAYERS * c.packets);
	for (int i = 0; i < COUNTER_SETS; i++) {
		CHECK(c.sent[i] == run.records[i]);
		CHECK(!c.shed[i] && !c.lost[i]);
	}
}

static void reset_table(struct table *t, __u32 capacity)
{
	t->mask = MANY_FLOWS - 1; /* no more than was opened, and quick to clear */
	memset(t->buckets, 0, (t->mask + 1) * sizeof(*t->buckets));
	t->made = t->free = t->newest = t->oldest = t->count = 0;
	t->capacity = capacity;
}

static void reset(__u8 mode)
{
	static const struct settings none;
	struct sensor *s = run.sensor;

	memset(&run, 0, sizeof(run));
	run.sensor = s ? s : orthrus_open(&none, RING, MANY_FLOWS);
	s = run.sensor;
	CHECK(s);
	for (int i = 0; i < TABLES; i++)
		reset_table(&s->tables[i], mode & MODE_FEW_FLOWS ? FEW_FLOWS : MANY_FLOWS);
	memset(&s->counters, 0, sizeof(s->counters));
	memset(&s->scratch, 0xa5, sizeof(s->scratch)); /* nothing may rely on what was there */
	*consumer_position(s) = *producer_position(s);
	s->settings = none;
	s->settings.tunnels = !(mode & MODE_NO_TUNNELS);
	s->settings.coarse_clock = 1;
	if (mode & MODE_LIMITS) {
		s->settings.flow_start_interval = s->settings.arp_interval = SECOND / 10;
		s->settings.icmp_interval = s->settings.fragment_interval = SECOND / 10;
		s->settings.flow_start_burst = s->settings.arp_burst = SECOND;
		s->settings.icmp_burst = s->settings.fragment_burst = SECOND;
	}
}

/* Feeds until all is taken: a full ring is drained, and then there is room. */
static void feed(__u8 *batch, __u32 length)
{
	__u32 at = 0, taken;

	for (bool emptied = false; at < length; emptied = !taken) {
		taken = orthrus_feed(run.sensor, batch + at, length - at, ~0ull);
		CHECK(taken <= length - at);
		CHECK(taken || !emptied);
		if (!taken)
			drain();
		at += taken;
	}
}

/* Writes a packet as the capture reader does; returns its bytes without padding. */
static __u32 pack(const struct seed *seed, const __u8 *bytes, __u64 time, __u8 *to)
{
	struct replay_packet packet = {
		.time = time,
		.held = seed->held[0] | seed->held[1] << 8,
		.ifindex = 1 + (seed->link >> 6),
		.linktype = linktypes[(seed->link & 63) % (sizeof(linktypes) / sizeof(*linktypes))],
	};

	packet.wire = packet.held + (seed->more[0] | seed->more[1] << 8);
	memcpy(to, &packet, sizeof(packet));
	memcpy(to + sizeof(packet), bytes, packet.held);
	return sizeof(packet) + packet.held;
}

static void between_packets(const struct seed *seed)
{
	if (!(seed->step & 0x80))
		return;
	drain();
	sweep(4, false);
	sweep(6, false);
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	__u64 time = 1700000000 * SECOND;
	__u32 batched = 0, length;
	__u8 *batch, *one, mode;

	if (!size)
		return 0;
	mode = data[0];
	reset(mode);
	/* A packet grows by its header's difference and padding. */
	batch = calloc(1, size * 8 + 64);
	for (size_t at = 1; size - at >= sizeof(struct seed);) {
		struct seed seed;

		memcpy(&seed, data + at, sizeof(seed));
		at += sizeof(seed);
		length = seed.held[0] | seed.held[1] << 8;
		if (length > size - at) {
			length = size - at;
			seed.held[0] = length;
			seed.held[1] = length >> 8;
		}
		time += 1ull << (seed.step & 0x7f) % 40;
		run.packets++;
		if (mode & MODE_BATCH) {
			batched += (pack(&seed, data + at, time, batch + batched) + 7) & ~7u;
		} else {
			between_packets(&seed);
			one = malloc(sizeof(struct replay_packet) + length);
			feed(one, pack(&seed, data + at, time, one));
			free(one);
		}
		at += length;
	}
	if (batched)
		feed(batch, batched);
	free(batch);
	drain();
	check_counters();
	for (int i = 0; i < TABLES; i++)
		check_table(&run.sensor->tables[i]);
	sweep(4, true);
	sweep(6, true);
	return 0;
}
