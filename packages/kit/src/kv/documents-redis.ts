import { checkCommit, checkRestoration, checkTtl } from './checks.ts'
import { commitScript, removeScript, renewScript, restoreScript } from './doc-scripts.ts'
import { newIncarnationId, type RedisIncarnation } from './incarnation-redis.ts'
import type { CommitResult, Doc, DocCommit, DocDelta, DocHead, DocRestoration, Look, VersionedDocs } from './kv.ts'
import { lookScript, sinceScript } from './look-scripts.ts'
import type { RedisKeys } from './redis-keys.ts'
import type { RedisLink } from './redis-link.ts'
import type { Metrics } from '../metrics.ts'

interface Options {
  link: RedisLink
  keys: RedisKeys
  incarnation: RedisIncarnation
  metrics?: Pick<Metrics, 'counter'> | undefined
}

/** Versioned documents in Redis: a hash with two change indexes each, every call one script. */
export class RedisDocuments implements VersionedDocs {
  readonly #link: RedisLink
  readonly #keys: RedisKeys
  readonly #incarnation: RedisIncarnation
  readonly #commits: ReturnType<Metrics['counter']> | undefined

  constructor({ link, keys, incarnation, metrics }: Options) {
    this.#commits = metrics?.counter(
      'parley_room_commits_total',
      'Commits of rooms to Redis; a conflict is decided again',
      ['outcome'],
    )
    this.#link = link
    this.#keys = keys
    this.#incarnation = incarnation
  }

  async read(id: string): Promise<Doc | null> {
    return toDoc(await this.#link.run((client) => client.hgetall(this.#keys.doc(id)[0])))
  }

  async look(id: string, known: DocHead | null): Promise<Look> {
    const keys = [...this.#keys.doc(id), this.#incarnation.key]
    const answer = await this.#link.eval(lookScript, keys, [...headArgs(known), newIncarnationId()])
    const [found, ...rest] = answer as [string, ...unknown[]]
    if (found === 'none') return { found, incarnation: this.#incarnation.noted(rest) }
    if (found === 'same') return { found }
    if (found === 'changes') {
      const [epoch, version, commitId, ...since] = rest as [string, string, string, string[], string[], string]
      const [changed, removed, lines] = since
      const head = { epoch, version: Number(version), commitId }
      return { found, head, fields: changesOf(changed, removed), commits: lines.split('\n').map(toCommit) }
    }
    const doc = toDoc(Object.fromEntries(pairsOf(rest[0] as string[])))
    if (doc === null) throw new TypeError(`The document ${id} is not one of this version`)
    return { found: 'other', doc }
  }

  async since(id: string, epoch: string, version: number): Promise<DocDelta | null> {
    const answer = await this.#link.eval(sinceScript, this.#keys.doc(id), [epoch, version])
    if (answer === null) return null
    const [now, changed, removed] = answer as [string, string[], string[]]
    return { version: Number(now), fields: changesOf(changed, removed) }
  }

  async commit(id: string, commit: DocCommit): Promise<CommitResult> {
    checkCommit(commit)
    const keys = [...this.#writeKeys(id), this.#incarnation.key]
    const result = toResult(await this.#link.eval(commitScript, keys, commitArgs(commit)))
    this.#commits?.inc({ outcome: result.outcome })
    return result
  }

  async restore(id: string, restoration: DocRestoration): Promise<CommitResult> {
    checkRestoration(restoration)
    return toResult(await this.#link.eval(restoreScript, this.#writeKeys(id), restoreArgs(restoration)))
  }

  async renew(id: string, head: DocHead, ttlMs: number): Promise<boolean> {
    checkTtl(ttlMs)
    return (await this.#link.eval(renewScript, this.#keys.doc(id), [...headArgs(head), ttlMs])) === 1
  }

  async remove(id: string, expected: DocHead, facts: readonly string[]): Promise<boolean> {
    return (await this.#link.eval(removeScript, this.#writeKeys(id), [...headArgs(expected), ...facts])) === 1
  }

  #writeKeys = (id: string): string[] => [...this.#keys.doc(id), this.#keys.facts(id)]
}

type Args = (string | number)[]

/** A place within an epoch, as the scripts have it. */
const lineOf = ({ version, commitId }: DocHead): string => `${version} ${commitId}`

const headArgs = (head: DocHead | null): Args => (head === null ? ['', ''] : [head.epoch, lineOf(head)])

function commitArgs({ epoch, follows, commitId, ttlMs, incarnation = '', steps, facts }: DocCommit): Args {
  const changes = steps.flatMap((step) => {
    const entries = Object.entries(step)
    return [entries.length, ...entries.flatMap(([field, value]) => [value === null ? '-' : '=', field, value ?? ''])]
  })
  const line = follows === null ? '' : lineOf(follows)
  return [epoch, line, commitId, ttlMs, incarnation, steps.length, ...changes, ...facts]
}

function restoreArgs({ replaces, commitId, ttlMs, epoch, version, origin, fields, facts }: DocRestoration): Args {
  const pairs = Object.entries(fields)
  const ancestor = `${lineOf(origin)} ${origin.epoch}`
  return [...headArgs(replaces), commitId, ttlMs, epoch, version, ancestor, pairs.length, ...pairs.flat(), ...facts]
}

function toResult(answer: unknown): CommitResult {
  const [done, epoch, version, commitId] = answer as [number, string?, string?, string?]
  const known = epoch !== undefined && commitId !== undefined
  const head = known ? { epoch, version: Number(version), commitId } : null
  return done === 1 && head !== null ? { outcome: 'committed', head } : { outcome: 'conflict', head }
}

function toDoc(hash: Readonly<Record<string, string>>): Doc | null {
  const { epoch, version, commits: lines, base = '0', origin } = hash
  if (epoch === undefined || version === undefined || lines === undefined) return null
  const commits = lines.split('\n').map(toCommit)
  const prefixed = Object.entries(hash).filter(([name]) => name.startsWith('f:'))
  return {
    head: { epoch, version: Number(version), commitId: commits[0]?.commitId ?? '' },
    fields: Object.fromEntries(prefixed.map(([name, value]) => [name.slice(2), value])),
    base: Number(base),
    origin: origin === undefined ? null : toOrigin(origin),
    commits,
  }
}

function toCommit(line: string): { version: number; commitId: string } {
  const space = line.indexOf(' ')
  return { version: Number(line.slice(0, space)), commitId: line.slice(space + 1) }
}

function toOrigin(text: string): DocHead {
  const { version, commitId: rest } = toCommit(text)
  const space = rest.indexOf(' ')
  return { epoch: rest.slice(space + 1), version, commitId: rest.slice(0, space) }
}

function changesOf(changed: readonly string[], removed: readonly string[]): Record<string, string | null> {
  return Object.fromEntries<string | null>([
    ...pairsOf(changed),
    ...removed.map((field): [string, null] => [field, null]),
  ])
}

const pairsOf = (flat: readonly string[]): [string, string][] =>
  Array.from({ length: flat.length / 2 }, (_, at) => [flat[at * 2] ?? '', flat[at * 2 + 1] ?? ''])
