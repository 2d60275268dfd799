// A module namespace is the registry: one line is one kind of sink, under its name in the YAML.
export { consoleSink as console } from './console.ts'
export { fileSink as file } from './file.ts'
export { kafka } from './kafka.ts'
export { slack } from './slack.ts'
export { syslog } from './syslog.ts'
export { webhook } from './webhook.ts'
