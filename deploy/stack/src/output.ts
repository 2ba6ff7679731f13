import { createWriteStream, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { createInterface } from 'node:readline'

const keptLines = 20

/** Where the lines of a process go; the last ones are kept for the error that it may end with. */
export interface Output {
  follow(stream: Readable): void
  lastLines(): string
  close(): void
}

/** A file `<label>.log` in `folder`, or, without one, our standard output with the label before each line. */
export function createOutput(label: string, folder: string | undefined): Output {
  if (folder !== undefined) mkdirSync(folder, { recursive: true })
  const file = folder === undefined ? undefined : createWriteStream(join(folder, `${label}.log`), { flags: 'a' })
  const last: string[] = []
  return {
    follow(stream) {
      createInterface({ input: stream }).on('line', (line) => {
        last.push(line)
        if (last.length > keptLines) last.shift()
        if (file === undefined) process.stdout.write(`[${label}] ${line}\n`)
        else file.write(`${line}\n`)
      })
    },
    lastLines: () => last.join('\n'),
    close: () => void file?.end(),
  }
}
