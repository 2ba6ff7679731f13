import { existsSync, readFileSync } from 'node:fs'

/** The lines that a supervisor, or Node itself, writes when nobody caught an error. */
const uncaught = /an uncaught error|UnhandledPromiseRejection|Uncaught|heap out of memory/

/** Lines of a log about errors that nobody caught; none when there is no log. */
export const uncaughtIn = (file: string): string[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => uncaught.test(line))
    : []

/** The exit code that the stack told of one of its replicas; null when a signal ended it. Throws until it has. */
export function exitCodeOf(label: string, stackOutput: string): number | null {
  const line = stackOutput
    .split('\n')
    .findLast((text) => text.includes(`"what":"${label}"`) && text.includes('is gone'))
  if (line === undefined) throw new Error(`the stack has not told how ${label} ended`)
  const code = /"how":"code (\d+)"/.exec(line)?.[1]
  return code === undefined ? null : Number(code)
}
