import { spawn } from 'node:child_process'

const keptCharacters = 6000

/**
 * Runs a command to its end without showing its output. The error has the end of it when the command fails or takes longer than `timeoutMs`.
 */
export function runQuietly(command, args, { what, timeoutMs, ...options }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let late = false
    const keep = (chunk) => (output = (output + chunk).slice(-keptCharacters))
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    const endIt = () => child.kill('SIGKILL')
    process.once('exit', endIt)
    const timer = setTimeout(() => {
      late = true
      endIt()
    }, timeoutMs)
    child.once('error', (error) => {
      clearTimeout(timer)
      reject(new Error(`${what} failed: ${command} cannot be run (${error.code ?? error.message})`))
    })
    child.once('close', (code) => {
      clearTimeout(timer)
      process.off('exit', endIt)
      if (code === 0) return resolve()
      const why = late ? `no end after ${timeoutMs / 1000} s` : `exit code ${code}`
      reject(new Error(`${output.trimEnd()}\n\n${what} failed (${why}); the lines above say why.`))
    })
  })
}

/** A line about something that takes a while, before it begins. */
export function tell(line) {
  process.stderr.write(`${line}\n`)
}
