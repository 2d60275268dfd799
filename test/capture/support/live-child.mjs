// A live source in a process of its own: one JSON line for each thing that happens.
// node live-child.mjs COMPILED OBJECT OPTIONS
const [compiled, object, options] = process.argv.slice(2)
const { openLive } = await import(`${compiled}/capture/live.js`)
const say = what => process.stdout.write(`${JSON.stringify(what)}\n`)

try {
  const source = openLive(
    { capture: JSON.parse(options), object },
    {
      attached: ({ name }, mode) => say({ attached: name, mode }),
      detached: ({ name }) => say({ detached: name }),
      failed: ({ name }, { code, message }) => say({ failed: name, code, message }),
    },
  )
  process.once('SIGTERM', () => source.stop())
  let records = 0
  await source.run({
    record: () => {
      if (records++ === 0) say('record')
    },
    flow: (_, reason) => say({ flow: reason }),
  })
  say({ done: source.counters() })
} catch ({ code, exit, message }) {
  say({ error: code, exit, message })
  process.exitCode = exit ?? 1
}
