/**
 * The layout of every struct of bpf/event.h that user space reads: byte offsets under the C names,
 * little-endian, addresses, MACs and the ports of flow keys in network order. The test of the
 * binary interface compares this table with the BTF of the built object.
 */
export const layout = {
  event: {
    size: 160,
    at: {
      time: 0,
      version: 8,
      kind: 9,
      family: 10,
      protocol: 11,
      ifindex: 12,
      flags: 16,
      vlan: 18,
      inner_vlan: 20,
      size: 22,
      src_mac: 24,
      dst_mac: 30,
      src_port: 36,
      dst_port: 38,
      src: 40,
      dst: 56,
      tunnel_id: 72,
      tunnel: 76,
      ttl: 77,
      outer_family: 78,
      l7: 79,
      /** The anonymous union: event_flow, event_message, event_icmp or event_fragment. */
      body: 80,
    },
  },
  event_flow: {
    size: 80,
    at: { first: 0, last: 8, side: 16, tcp_flags: 64, history_length: 66, history: 67 },
  },
  flow_totals: { size: 24, at: { packets: 0, bytes: 8, payload: 16 } },
  event_message: { size: 24, at: { seq: 0, start: 4, end: 8, length: 12, l7: 16, pad: 17 } },
  event_icmp: { size: 8, at: { type: 0, code: 1, id: 2, length: 4 } },
  event_fragment: { size: 8, at: { id: 0, offset: 4, more: 6, pad: 7 } },
  event_outer: { size: 32, at: { src: 0, dst: 16 } },
  flow_key4: { size: 16, at: { addr: 0, port: 8, protocol: 12, zone: 13 } },
  flow_key6: { size: 40, at: { addr: 0, port: 32, protocol: 36, zone: 37 } },
  flow_side: {
    size: 64,
    at: {
      totals: 0,
      last: 24,
      next_seq: 32,
      msg_start: 36,
      msg_end: 40,
      path: 44,
      tcp_flags: 48,
      l7: 49,
      stage: 50,
      looked: 51,
      copies: 52,
      early: 53,
      marks: 54,
      guess: 55,
      gap: 56,
      need: 60,
    },
  },
  flow: {
    size: 200,
    at: {
      side: 0,
      first: 128,
      reported: 136,
      ended_packets: 144,
      vlan: 152,
      inner_vlan: 154,
      tunnel_id: 156,
      ifindex: 160,
      mac: 164,
      tunnel: 176,
      opener: 177,
      flags: 178,
      history_length: 179,
      history: 180,
      history_seen: 193,
      outer_family: 195,
      pad: 196,
    },
  },
  counters: {
    size: 384,
    at: {
      packets: 0,
      bytes: 8,
      flows: 16,
      flows_failed: 24,
      other_path: 32,
      fragments: 40,
      fragments_lost: 48,
      malformed: 56,
      truncated: 64,
      not_ip: 72,
      tunnelled: 80,
      reopened: 88,
      pad: 96,
      sent: 128,
      held: 192,
      shed: 256,
      lost: 320,
    },
  },
} as const

/** `EVENT_VERSION`: a record of another version is refused. */
export const eventVersion = 1

/** `PAYLOAD_MAX`: the longest run of packet bytes in one record. */
export const payloadMax = 4096

/** `COUNTER_SETS`: how many event classes the arrays of `counters` hold. */
export const counterSets = 8

/** How many letters a flow keeps. */
export const historyMax = 13

export const eventKind = {
  EVENT_FLOW_START: 1,
  EVENT_FLOW_UPDATE: 2,
  EVENT_FLOW_END: 3,
  EVENT_ARP: 4,
  EVENT_ICMP: 5,
  EVENT_NDP: 6,
  EVENT_MESSAGE: 7,
  EVENT_FRAGMENT: 8,
} as const

export const eventFlags = {
  EVENT_EGRESS: 1,
  EVENT_REPLY: 2,
  EVENT_CUT: 4,
  EVENT_TUNNELLED: 8,
  EVENT_ON_LINK: 16,
  EVENT_MIDSTREAM: 32,
  EVENT_FRAGMENTED: 64,
  EVENT_DOUBTFUL: 128,
} as const

export const l7 = {
  L7_UNKNOWN: 0,
  L7_DNS: 1,
  L7_MDNS: 2,
  L7_LLMNR: 3,
  L7_NBNS: 4,
  L7_TLS: 5,
  L7_HTTP: 6,
  L7_QUIC: 7,
  L7_SSH: 8,
  L7_DHCP4: 9,
  L7_DHCP6: 10,
  L7_FIRST: 11,
} as const

export const tunnel = {
  TUNNEL_NONE: 0,
  TUNNEL_IPIP: 1,
  TUNNEL_GRE: 2,
  TUNNEL_ERSPAN: 3,
  TUNNEL_PPTP: 4,
  TUNNEL_VXLAN: 5,
  TUNNEL_GENEVE: 6,
  TUNNEL_GTPU: 7,
  TUNNEL_PPPOE: 8,
  TUNNEL_MPLS: 9,
  TUNNEL_TEREDO: 10,
  TUNNEL_NVGRE: 11,
  TUNNEL_PBB: 12,
  TUNNEL_FABRICPATH: 13,
  TUNNEL_TRILL: 14,
  TUNNEL_NSH: 15,
  TUNNEL_L2TP: 16,
  TUNNEL_ETHERIP: 17,
  TUNNEL_AYIYA: 18,
  TUNNEL_LISP: 19,
  TUNNEL_TZSP: 20,
  TUNNEL_CAPWAP: 21,
} as const

export const flowFlags = {
  FLOW_STARTED: 1,
  FLOW_ENDED: 2,
  FLOW_MIDSTREAM: 4,
  FLOW_ON_LINK: 8,
  FLOW_EGRESS: 16,
} as const

export const eventClass = {
  CLASS_FLOW_START: 0,
  CLASS_FLOW_END: 1,
  CLASS_ARP: 2,
  CLASS_ICMP: 3,
  CLASS_NDP: 4,
  CLASS_NAME: 5,
  CLASS_MESSAGE: 6,
  CLASS_FRAGMENT: 7,
} as const

const common = layout.event.at.body
const icmpSize = common + layout.event_icmp.size

/** Bytes of the fixed part by `enum event_kind`, 0 for a number that is no kind. */
const fixedSizes = new Uint8Array(256)
fixedSizes[eventKind.EVENT_FLOW_START] = layout.event.size
fixedSizes[eventKind.EVENT_FLOW_UPDATE] = layout.event.size
fixedSizes[eventKind.EVENT_FLOW_END] = layout.event.size
fixedSizes[eventKind.EVENT_ARP] = common
fixedSizes[eventKind.EVENT_ICMP] = icmpSize
fixedSizes[eventKind.EVENT_NDP] = icmpSize
fixedSizes[eventKind.EVENT_MESSAGE] = common + layout.event_message.size
fixedSizes[eventKind.EVENT_FRAGMENT] = common + layout.event_fragment.size

/** Bytes of the fixed part of a record of this `enum event_kind`, 0 for a number that is no kind. */
export function fixedSize(kind: number): number {
  return fixedSizes[kind] ?? 0
}

/** Where the outer addresses of a tunnelled record at `offset` stand, in bytes of `view`. */
export function outerOffset(view: DataView, offset: number): number {
  return offset + fixedSize(view.getUint8(offset + layout.event.at.kind))
}

/** Where the payload of the record at `offset` starts, in bytes of `view`. */
export function payloadOffset(view: DataView, offset: number): number {
  const flags = view.getUint16(offset + layout.event.at.flags, true)
  const outer = (flags & eventFlags.EVENT_TUNNELLED) === 0 ? 0 : layout.event_outer.size
  return outerOffset(view, offset) + outer
}

/** How many payload bytes the record at `offset` says to carry. */
export function payloadSize(view: DataView, offset: number): number {
  return view.getUint16(offset + layout.event.at.size, true)
}
