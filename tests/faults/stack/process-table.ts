import { readFileSync } from 'node:fs'
import { now, type ProcessRecord } from '../history/history.ts'

/** A process that is looked after: a replica or a server. */
export interface Watched {
  label: string
  /** Of its present process. */
  pid: number
}

interface ProcessHistory {
  exits: { how: string; expected: boolean; at: number }[]
  memory: { at: number; mib: number }[]
}

const everyMs = 500

/** Samples memory, and notices when a process is gone. Exits that were announced before are expected. */
export class ProcessTable {
  readonly #watched = new Map<string, Watched>()
  readonly #entries = new Map<string, ProcessHistory>()
  readonly #expected = new Set<number>()
  #timer: NodeJS.Timeout | undefined

  start(): void {
    this.#timer = setInterval(() => this.#sample(), everyMs)
  }
  stop(): void {
    clearInterval(this.#timer)
  }

  watch(one: Watched): void {
    this.#watched.set(one.label, one)
    if (!this.#entries.has(one.label)) this.#entries.set(one.label, { exits: [], memory: [] })
  }

  /** We are about to end it. */
  expect(pid: number): void {
    this.#expected.add(pid)
  }

  records(faultsOf: (label: string) => readonly string[]): ProcessRecord[] {
    return [...this.#entries].map(([label, entry]) => ({ label, ...entry, faults: faultsOf(label) }))
  }

  memoryOf(label: string): ProcessRecord['memory'] {
    return this.#entries.get(label)?.memory ?? []
  }

  #sample(): void {
    const at = now()
    for (const { label, pid } of this.#watched.values()) {
      const entry = this.#entries.get(label)
      const mib = residentMib(pid)
      if (mib === null) {
        this.#watched.delete(label)
        entry?.exits.push({ how: `pid ${pid} gone`, expected: this.#expected.has(pid), at })
      } else entry?.memory.push({ at, mib })
    }
  }
}

/** Null when the process is gone, or is a zombie. */
export function residentMib(pid: number): number | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    if (/^State:\s+[ZX]/m.test(status)) return null
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1_024
  } catch {
    return null
  }
}

/** The variables that a process was started with. */
export const environmentOf = (pid: number): Record<string, string> =>
  Object.fromEntries(
    readFileSync(`/proc/${pid}/environ`, 'utf8')
      .split('\0')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
