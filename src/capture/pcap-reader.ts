import { type SensorError } from '../errors.ts'
import { type BatchWriter } from './pcap-batch.ts'
import { type Window } from './pcap-input.ts'

/** One file format: takes whole records from the window and adds their packets to the batch. */
export interface FormatReader {
  /** Returns the fault that ends the capture; the packets before it are in the batch. */
  read(window: Window, batch: BatchWriter): SensorError | undefined
  /** At the end of the input: the fault if a record is incomplete or nothing could be parsed. */
  finish(window: Window): SensorError | undefined
  /** Packets left out because of their link type. */
  readonly skipped: number
}
