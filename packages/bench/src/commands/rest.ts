import { Agent, request } from 'node:http'
import { startNginx } from '../peers/nginx.ts'
import { startPeer } from '../peers/peer.ts'
import { aPerson, several, type Person } from '../product/people.ts'
import { first, withStack } from '../product/stack.ts'
import { cpuMicros } from '../proc.ts'
import { profiled } from '../profile.ts'
import { atLeast, atMost, head, micros, row } from '../report.ts'
import type { CommonOptions } from './options.ts'

export interface RestOptions extends CommonOptions {
  seconds: number
}

const rounds = 3
const clients = 16
const limits = { RATE_LIMITS: 'off' }

/** A way to the same service. */
interface Way {
  name: string
  url: string
  /** The processes in between. */
  pids: readonly number[]
  path: string
  done: number
  micros: number
  ms: number
}

/** P5: requests with a token per second, straight at the service, and through our gateway, `@fastify/http-proxy` and nginx. */
export async function restPaths(options: RestOptions): Promise<void> {
  const { seconds } = options
  head('P5', `GET with a token, ${clients} at a time, ${rounds} × ${seconds} s each`)
  await withStack({ file: options.stack, env: limits }, async ({ auth, meetings, gateways }) => {
    const [service, gateway] = [first(auth), first(gateways)]
    const [proxy, nginx] = await Promise.all([
      startPeer('http-proxy.ts', [service.url]),
      startNginx(service.url.replace('http', 'ws')),
    ])
    const me = await aPerson(gateway.url)
    const way = (name: string, url: string, pids: readonly number[], path = '/v1/auth/me'): Way => ({
      name,
      url: url.replace(/^ws/, 'http'),
      pids,
      path,
      done: 0,
      micros: 0,
      ms: 0,
    })
    const straight = way('straight at auth', service.url, [])
    const ours = way('Parley gateway', gateway.url, [gateway.pid])
    const list = way('straight at meetings, empty list', first(meetings).url, [], '/v1/meetings')
    const ourList = way('Parley gateway, empty list', gateway.url, [gateway.pid], '/v1/meetings')
    const peers = [way('@fastify/http-proxy', proxy.url, [proxy.pid]), way('nginx', nginx.url, nginx.pids)]
    const all = [straight, ours, ...peers, list, ourList]
    for (const one of all) await ask(one, me, 1)
    for (const one of all) Object.assign(one, { done: 0, micros: 0, ms: 0 })
    for (let round = 0; round < rounds; round += 1)
      for (const one of all)
        await profiled(round === 0 && one === ours ? options.profiling : undefined, one.pids, () =>
          ask(one, me, seconds),
        )
    proxy.stop()
    nginx.stop()
    for (const one of all)
      row(one.name, `${perSecond(one).toFixed(0)} per second, ${micros(one.micros / one.done)} CPU in between`)
    atLeast('through the gateway, × straight', perSecond(ours) / perSecond(straight), 0.75)
    atLeast('empty list through the gateway, × straight', perSecond(ourList) / perSecond(list), 0.75)
    atMost(
      'CPU of the gateway, × @fastify/http-proxy',
      ours.micros / ours.done / ((peers[0]?.micros ?? 0) / (peers[0]?.done ?? 1)),
      1.5,
    )
  })
}

const perSecond = ({ done, ms }: Way): number => (done / ms) * 1_000

async function ask(way: Way, person: Person, seconds: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const before = cpuMicros(way.pids)
  const begun = performance.now()
  const until = begun + seconds * 1_000
  await several(clients, clients, async () => {
    while (performance.now() < until) {
      await get(way.url + way.path, person, agent)
      way.done += 1
    }
  })
  way.ms += performance.now() - begun
  way.micros += cpuMicros(way.pids) - before
  agent.destroy()
}

/** Resolves once the answer is read; rejects unless it is 200. */
const get = (url: string, { accessToken, address }: Person, agent: Agent): Promise<void> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${accessToken}`, 'x-forwarded-for': address }
    const sent = request(url, { headers, agent }, (answer) => {
      answer.resume()
      answer.once('error', reject)
      answer.once('end', () =>
        answer.statusCode === 200 ? resolve() : reject(new Error(`${url}: ${answer.statusCode}`)),
      )
    })
    sent.once('error', reject)
    sent.end()
  })
