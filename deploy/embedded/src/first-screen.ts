import { setTimeout as sleep } from 'node:timers/promises'
import { StartupError } from '@parley/kit'

const readyTimeoutMs = 20_000
const pollEveryMs = 50
const probeTimeoutMs = 3000

/**
 * Resolves when the product says that it is ready.
 * @throws StartupError naming what is not, after 20 s
 */
export async function waitUntilReady(url: string): Promise<void> {
  const until = performance.now() + readyTimeoutMs
  for (;;) {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(probeTimeoutMs) })
    const text = await answer.text()
    if (answer.ok) return
    if (performance.now() > until)
      throw new StartupError(`it is not ready after ${readyTimeoutMs / 1000} s: ${text.slice(0, 500)}`)
    await sleep(pollEveryMs)
  }
}

interface FirstScreen {
  url: string
  dataDir: string
  /** Whether the database is in the folder. */
  database: boolean
  /** The servers that `--with-media` brought up. */
  media: readonly string[] | undefined
  /** Advice on the settings. */
  notes: readonly string[]
}

/** The first screen after `npm start`. On the standard error, so that logs stay one JSON a line. */
export function showFirstScreen({ url, dataDir, database, media, notes }: FirstScreen): void {
  const at = url.replace('//127.0.0.1', '//localhost')
  process.stderr.write(`
  Parley is ready at ${at}

    API documentation   ${at}/docs
    Data                ${database ? dataDir : 'the database at DATABASE_URL'}
    Media               ${(media ?? ['--with-media adds SFU, recordings and TURN']).join(`\n${' '.repeat(24)}`)}
    A demo account      npm run seed -- --url ${at}
    Stop                Ctrl-C${notes.map((note) => `\n    Note                ${note}`).join('')}

`)
}
