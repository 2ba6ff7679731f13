import type { Parley, Room } from '@parley/client'
import type { FileReference, Problem } from '@parley/contracts'
import { signal, type ReadonlySignal } from '@preact/signals'
import { problemOf } from '../../problem-of.ts'

/** A file on its way into the chat. */
export interface Uploading {
  key: number
  name: string
  sizeBytes: number
  sentBytes: number
  problem: Problem | null
}

export interface Uploads {
  readonly all: ReadonlySignal<readonly Uploading[]>
  add(files: Iterable<File>): void
  /** Gives it up, or takes a refused one off the list. */
  drop(key: number): void
  retry(key: number): void
  stop(): void
}

interface RunningUpload {
  file: File
  abort: AbortController
}

/** Files that are uploaded, and sent as messages one after the other, so that they keep their order. */
export function createUploads(parley: Parley, room: Room): Uploads {
  const all = signal<readonly Uploading[]>([])
  const entries = new Map<number, RunningUpload>()
  let lastKey = 0
  let queue: Promise<void> = Promise.resolve()
  const change = (key: number, changed: Partial<Uploading>) => {
    all.value = all.peek().map((one) => (one.key === key ? { ...one, ...changed } : one))
  }
  const forget = (key: number) => {
    entries.delete(key)
    all.value = all.peek().filter((one) => one.key !== key)
  }
  const send = async (key: number) => {
    const entry = entries.get(key)
    if (entry === undefined) return
    const { file, abort } = entry
    try {
      const stored = await parley.upload({
        file,
        name: file.name,
        purpose: 'attachment',
        meetingId: room.state.get().meeting.id,
        signal: abort.signal,
        onProgress: (sentBytes) => change(key, { sentBytes }),
      })
      forget(key)
      await room.sendFile(referenceTo(stored))
    } catch (error) {
      if (abort.signal.aborted) return
      change(key, { problem: problemOf(error) })
    }
  }
  const enqueue = (key: number) => {
    queue = queue.then(() => send(key))
  }
  return {
    all,
    add(files) {
      for (const file of files) {
        lastKey += 1
        entries.set(lastKey, { file, abort: new AbortController() })
        const shown = { key: lastKey, name: file.name, sizeBytes: file.size, sentBytes: 0, problem: null }
        all.value = [...all.peek(), shown]
        enqueue(lastKey)
      }
    },
    drop(key) {
      entries.get(key)?.abort.abort()
      forget(key)
    },
    retry(key) {
      change(key, { problem: null, sentBytes: 0 })
      enqueue(key)
    },
    stop() {
      for (const { abort } of entries.values()) abort.abort()
    },
  }
}

const referenceTo = ({ id, name, sizeBytes, contentType, width, height }: FileReference): FileReference => ({
  id,
  name,
  sizeBytes,
  contentType,
  ...(width === undefined ? {} : { width }),
  ...(height === undefined ? {} : { height }),
})
