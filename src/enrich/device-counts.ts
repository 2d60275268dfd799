/** How full the inventory is, and what it had no room for. */
export interface DeviceCounts {
  readonly known: number
  /** Sightings of devices for which there was no room. */
  readonly refused: number
  /** Devices that were silent for so long that they are forgotten. */
  readonly forgotten: number
  /** Devices that were forgotten to make room for others. */
  readonly evicted: number
  /** Addresses for which a device had no room. */
  readonly addressesRefused: number
  /** Stored records that could not be read. */
  readonly damaged: number
  /** µs of learning left; 0: a new device is an alert. */
  readonly learningLeft: number
}
