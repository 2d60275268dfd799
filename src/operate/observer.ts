import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { version } from './version.ts'

const files = ['/etc/machine-id', '/var/lib/dbus/machine-id']
/** machine-id(5) asks every program for a key of its own: the id itself stays on the machine. */
const key = 'orthrus-sensor'

/** This sensor as its documents name it. */
export function thisObserver() {
  const name = hostname()
  return { name, hostname: name, version: version(), id: sensorId() }
}

/** The same for every run on this machine, another on every other: 32 hexadecimal digits. */
function sensorId(): string {
  return createHmac('sha256', key).update(machine()).digest('hex').slice(0, 32)
}

function machine(): string {
  for (const file of files) {
    try {
      const text = readFileSync(file, 'utf8').trim()
      if (text !== '') return text
    } catch {
      // A container has none: its name must do.
    }
  }
  return hostname()
}
