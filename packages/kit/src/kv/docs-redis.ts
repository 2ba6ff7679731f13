import { checkCommit } from './checks.ts'
import type { CommitResult, Doc, DocCommit, DocDelta, VersionedDocs } from './kv.ts'
import type { RedisKeys } from './redis-keys.ts'
import type { RedisLink } from './redis-link.ts'
import { commitScript, removeScript, sinceScript } from './scripts.ts'

/** Versioned documents in Redis: a hash with two change indexes each, written by one script. */
export class RedisDocs implements VersionedDocs {
  readonly #link: RedisLink
  readonly #keys: RedisKeys

  constructor(link: RedisLink, keys: RedisKeys) {
    this.#link = link
    this.#keys = keys
  }

  async read(id: string): Promise<Doc | null> {
    const hash = await this.#link.run((client) => client.hgetall(this.#keys.doc(id)[0]))
    const { epoch, version } = hash
    if (epoch === undefined || version === undefined) return null
    const prefixed = Object.entries(hash).filter(([name]) => name.startsWith('f:'))
    const fields = Object.fromEntries(prefixed.map(([name, value]) => [name.slice(2), value]))
    return { epoch, version: Number(version), fields }
  }

  async since(id: string, epoch: string, version: number): Promise<DocDelta | null> {
    const answer = await this.#link.eval(sinceScript, this.#keys.doc(id), [epoch, version])
    if (answer === null) return null
    const [now, changed, removed] = answer as [number, string[], string[]]
    const fields: [string, string | null][] = removed.map((field) => [field, null])
    for (let i = 0; i < changed.length; i += 2) fields.push([changed[i] ?? '', changed[i + 1] ?? ''])
    return { version: now, fields: Object.fromEntries(fields) }
  }

  async commit(id: string, commit: DocCommit): Promise<CommitResult> {
    checkCommit(commit)
    const keys = [...this.#keys.doc(id), this.#keys.facts(id)]
    const answer = await this.#link.eval(commitScript, keys, commitArgs(commit))
    const [done, epoch, version] = answer as [number, string, number]
    if (done === 1) return { outcome: 'committed', version }
    return { outcome: 'conflict', epoch: epoch === '' ? null : epoch, version }
  }

  async remove(id: string, expected: { epoch: string; version: number }, facts: readonly string[]): Promise<boolean> {
    const keys = [...this.#keys.doc(id), this.#keys.facts(id)]
    const answer = await this.#link.eval(removeScript, keys, [expected.epoch, expected.version, ...facts])
    return answer === 1
  }
}

function commitArgs({ epoch, expected, commitId, ttlMs, steps, facts }: DocCommit): (string | number)[] {
  const changes = steps.flatMap((step) => {
    const entries = Object.entries(step)
    return [entries.length, ...entries.flatMap(([field, value]) => [value === null ? '-' : '=', field, value ?? ''])]
  })
  return [epoch, expected, commitId, ttlMs, steps.length, ...changes, ...facts]
}
