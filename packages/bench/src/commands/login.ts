import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { anAddress, aPerson, password, rest, several, type Person } from '../product/people.ts'
import { first, withStack } from '../product/stack.ts'
import { profiled } from '../profile.ts'
import { atLeast, atMost, head, millis, quantile, row } from '../report.ts'
import type { CommonOptions } from './options.ts'

export interface LoginOptions extends CommonOptions {
  /** Of each part of a round. */
  seconds: number
  cost: number
}

const rounds = 3
const accounts = 12
/** So that a password always waits; a few more would be refused. */
const clients = availableParallelism() * 2
const retryMs = 100
const probeEveryMs = 25

interface Sums {
  alone: number[]
  logins: number[]
  probes: number[]
  refused: number
}

/** P7: logins per second beside bcrypt alone on this machine, and how long other requests take meanwhile. */
export async function login(options: LoginOptions): Promise<void> {
  const { seconds, cost } = options
  head('P7', `logins at bcrypt cost ${cost}, ${clients} at a time, ${rounds} × ${seconds} s, beside bcrypt alone`)
  const env = { BCRYPT_COST: String(cost) }
  await withStack({ file: options.stack, env }, async ({ auth, gateways }) => {
    const { url } = first(gateways)
    const emails = Array.from({ length: accounts }, () => `${crypto.randomUUID()}@example.org`)
    const people = await several(accounts, 2, (index) => aPerson(url, emails[index]))
    const sums: Sums = { alone: [], logins: [], probes: [], refused: 0 }
    for (let round = 0; round < rounds; round++) {
      sums.alone.push(await bcryptAlone(cost, seconds))
      await profiled(round === 0 ? options.profiling : undefined, [first(auth).pid], () =>
        loginsFor(seconds, { url, emails, people }, sums),
      )
    }
    report(sums)
  })
}

function report({ alone, logins, probes, refused }: Sums): void {
  const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length
  row('bcrypt alone', `${mean(alone).toFixed(2)} per second`)
  row('Parley logins', `${mean(logins).toFixed(2)} per second, ${refused} refused`)
  const [p50, p99] = [quantile(probes, 0.5), quantile(probes, 0.99)]
  row('other requests meanwhile', `p50 ${millis(p50)}, p99 ${millis(p99)}, ${probes.length} of them`)
  atLeast('logins, % of bcrypt alone', (mean(logins) / mean(alone)) * 100, 95)
  atMost('other requests, p99 in ms', p99, 50)
}

function bcryptAlone(cost: number, seconds: number): Promise<number> {
  const child = fork(join(import.meta.dirname, '../peers/bcrypt-alone.ts'), [String(cost), String(seconds)])
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve((message as { perSecond: number }).perSecond))
    child.once('error', reject)
  })
}

interface Target {
  url: string
  emails: readonly string[]
  people: readonly Person[]
}

async function loginsFor(seconds: number, target: Target, sums: Sums): Promise<void> {
  const begun = performance.now()
  const until = begun + seconds * 1_000
  let done = 0
  const logIn = async (client: number): Promise<void> => {
    for (let turn = client; performance.now() < until; turn += 1) {
      const body = { email: target.emails[turn % accounts], password, tokenDelivery: 'body' }
      try {
        await rest(`${target.url}/v1/auth/login`, { address: anAddress(), body })
        done += 1
      } catch (error) {
        if (!String(error).includes(' 503 ')) throw error
        sums.refused += 1
        await sleep(retryMs)
      }
    }
  }
  const probing = probe(until, target, sums.probes)
  await several(clients, clients, logIn)
  sums.logins.push(done / ((performance.now() - begun) / 1_000))
  await probing
}

/** One's own account and one's list of meetings in turn, at a steady rate. */
async function probe(until: number, { url, people }: Target, delays: number[]): Promise<void> {
  const under: Promise<void>[] = []
  for (let turn = 0; performance.now() < until; turn += 1) {
    under.push(timed(`${url}${turn % 2 === 0 ? '/v1/auth/me' : '/v1/meetings'}`, people[turn % accounts], delays))
    await sleep(probeEveryMs)
  }
  await Promise.all(under)
}

async function timed(url: string, person: Person | undefined, delays: number[]): Promise<void> {
  if (person === undefined) return
  const asked = performance.now()
  await rest(url, { method: 'GET', token: person.accessToken, address: person.address })
  delays.push(performance.now() - asked)
}
