// The wiring, in the order of the data: capture → decode → enrich → alerts → outbox → sinks.

export { runLive } from './pipeline/live.ts'
export { captureDocuments, learnFrom, replayAlerts, replayEvents } from './pipeline/replay.ts'
