// The wiring, in the order of the data: capture → decode → enrich → alerts → outbox → sinks.

export { runLive } from './pipeline/live.ts'
export { captureDocuments, replayAlerts, replayEvents } from './pipeline/replay.ts'
