import { PassThrough } from 'node:stream'
import { createLog } from '../../src/operate/log.ts'
import { replayAlerts } from '../../src/pipeline.ts'

type Request = Parameters<typeof replayAlerts>[0]

/** The lines that a replay prints, of rules that have learned already unless `learn` says otherwise. */
export async function replayedLines(
  request: Pick<Request, 'config' | 'files'> & Partial<Pick<Request, 'learn' | 'state'>>,
): Promise<string[]> {
  const stdout = new PassThrough()
  let printed = ''
  stdout.on('data', chunk => {
    printed += String(chunk)
  })
  await replayAlerts({
    learn: 0,
    ...request,
    stdout: stdout as unknown as NodeJS.WriteStream,
    stderr: new PassThrough(),
    log: createLog({ level: 'silent' }),
    stop: new AbortController().signal,
  })
  return printed.split('\n').filter(Boolean)
}
