import { execFile, spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { newId } from '@parley/kit'
import { eventually, findBinary } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aGuest, anAccount, createMeeting, type Account } from '../support/accounts.ts'
import { startCollector, type Collector, type SeenSpan } from '../support/collector.ts'
import { metricsIn, namesIn, seriesOf } from '../support/metrics-text.ts'
import { rest } from '../support/people.ts'
import { startStack, type Product, type StackFile } from '../support/product.ts'
import { startPrometheus, type Rule } from '../support/prometheus.ts'
import { ProtocolSocket, takeSeat, type Seated } from '../support/protocol-socket.ts'

const patienceMs = 20_000
const metricsToken = randomBytes(24).toString('hex')
const root = join(import.meta.dirname, '..', '..')

describe('O2 what operators see of the distributed product', () => {
  let collector: Collector
  let product: Product & { file: StackFile }
  let gateway = ''
  let host: Account
  beforeAll(async () => {
    collector = await startCollector()
    const tracing = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '100' }
    const env = { ...tracing, LOG_FORMAT: 'json', METRICS_TOKEN: metricsToken }
    product = await startStack(['--signaling', '2'], env)
    gateway = product.gateways[0] ?? ''
    host = await anAccount(gateway, 'Ada')
  }, 90_000)
  afterAll(async () => {
    await product.stop()
    await collector.stop()
  }, 60_000)

  /** Until the log has a line with all of these fields. */
  const untilLogged = (fields: Record<string, unknown>): Promise<Record<string, unknown>> =>
    eventually(() => {
      const wanted = Object.entries(fields)
      const line = lines().find((each) => wanted.every(([name, value]) => each[name] === value))
      if (line) return line
      throw new Error(`no line has ${JSON.stringify(fields)}`)
    }, patienceMs)
  const lines = (): Record<string, unknown>[] =>
    product
      .output()
      .split('\n')
      .filter((line) => line.endsWith('}'))
      .map((line) => JSON.parse(line.slice(line.indexOf('{'))) as Record<string, unknown>)
  /** Until the last of these spans has come, with the others above it up to the root. */
  const untilChain = (traceId: string, names: readonly string[]): Promise<void> =>
    eventually(() => {
      const spans = collector.spans(traceId)
      const chains = spans.map((span) => {
        const chain: string[] = []
        for (let at: SeenSpan | undefined = span; at; at = spans.find(({ spanId }) => spanId === at?.parentSpanId))
          chain.unshift(`${at.service} ${at.name}`)
        return chain
      })
      expect(chains).toContainEqual(names)
    }, patienceMs)
  const aTrace = () => {
    const traceId = randomBytes(16).toString('hex')
    return { traceId, headers: { traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01` } }
  }

  it("O2 one request's trace leads from the gateway to the service, over NATS, to SQL, and is in the log", async () => {
    const meeting = await createMeeting(gateway, host)
    const { socket } = await takeSeat(gateway, host, meeting)
    const { traceId, headers } = aTrace()
    const path = '/v1/meetings/:id/messages'
    const body = { clientMessageId: randomUUID(), text: 'hello' }
    const url = `${gateway}${path.replace(':id', meeting.id)}`
    const { status } = await rest('POST', url, { token: host.token, headers, body })
    expect(status).toBe(201)
    await untilChain(traceId, [
      `parley-gateway POST ${path}`,
      `parley-chat POST ${path}`,
      'parley-chat request meetings.access',
      'parley-meetings answer meetings.access',
      'parley-meetings SQL select',
    ])
    await untilChain(traceId, [
      `parley-gateway POST ${path}`,
      `parley-chat POST ${path}`,
      'parley-signaling event room.*.chat',
    ])
    for (const service of ['gateway', 'chat'])
      await untilLogged({ service, traceId, route: path, meetingId: meeting.id, status: 201 })
    expect(JSON.stringify(collector.spans())).not.toContain('hello')
    socket.drop()
  }, 60_000)

  it('O2 O6 a problem names the trace and the request, and the log has both, with its code', async () => {
    const { traceId, headers } = aTrace()
    const url = `${gateway}/v1/meetings/${newId()}/messages`
    const { status, body } = await rest('GET', url, { token: host.token, headers })
    expect([status, body]).toMatchObject([404, { code: 'not-found', traceId }])
    await untilLogged({ service: 'chat', traceId, requestId: body['requestId'], code: 'not-found', userId: host.id })
    await untilChain(traceId, [
      'parley-gateway GET /v1/meetings/:id/messages',
      'parley-chat GET /v1/meetings/:id/messages',
      'parley-chat request meetings.access',
      'parley-meetings answer meetings.access',
      'parley-meetings SQL select',
    ])
  }, 60_000)

  it('O2 X10 one id leads from the handshake over join, resume and leave to the close; a refused join has its code', async () => {
    const meeting = await createMeeting(gateway, host)
    const { socket, id: participantId, entered } = await takeSeat(gateway, host, meeting)
    const place = { service: 'signaling', userId: host.id, meetingId: meeting.id, participantId }
    const joined = await untilLogged({ ...place, type: 'room.join', outcome: 'ok' })
    const { requestId } = joined
    await untilChain(String(joined['traceId']), [
      'parley-signaling ws room.join',
      'parley-signaling request meetings.redeem',
      'parley-meetings answer meetings.redeem',
      'parley-meetings SQL update',
    ])
    await untilLogged({ service: 'signaling', requestId, userId: host.id, msg: 'socket opened' })
    socket.drop()
    await untilLogged({ ...place, requestId, msg: 'socket closed', code: 1006 })
    const again = await ProtocolSocket.open(gateway, host.token)
    const { sessionId, resumeToken, v } = entered
    expect(await again.outcome('room.resume', { sessionId, resumeToken, v })).toBe('room.resumed')
    const resumed = await untilLogged({ ...place, type: 'room.resume', outcome: 'ok' })
    expect(await again.outcome('room.leave')).toBe('room.left')
    await untilLogged({ ...place, type: 'room.leave', requestId: resumed['requestId'] })
    again.drop()

    const guest = await aGuest(gateway, 'Gus')
    const other = await ProtocolSocket.open(gateway, guest.token)
    const refused = await other.ask('room.join', { roomToken: 'none', device: { mic: false, cam: false } })
    const { traceId } = refused.payload
    const line = { userId: guest.id, type: 'room.join', outcome: 'room-token-invalid', traceId }
    expect(await untilLogged(line)).toMatchObject({ service: 'signaling', messageId: refused.requestId })
    other.drop()
  }, 60_000)

  it('O2 /metrics of every service are as docs/spec/metrics.md says, and promtool finds no fault in them', async () => {
    const scraped = await scrape()
    for (const text of scraped) await promtool(['check', 'metrics'], text)
    const here = new Map(scraped.flatMap((text) => metricsIn(text)).map((metric) => [metric.name, metric]))
    const page = await readFile(join(root, 'docs/spec/metrics.md'), 'utf8')
    const rows = [...page.matchAll(/^\| `(parley_\w+)` +\| (\w+) +\| (.*?) +\| (.*?) +\|$/gm)]
    const told = new Map(rows.map(([, name = '', type, labels = '', help]) => [name, { type, labels, help }]))
    expect([...told.keys()].sort()).toEqual([...here.keys()].sort())
    for (const { name, type, help, labels } of here.values()) {
      expect({ name, type: told.get(name)?.type, help: told.get(name)?.help }).toEqual({ name, type, help })
      for (const label of labels) expect(`${name}: ${told.get(name)?.labels}`).toContain(`\`${label}\``)
    }
    // Ids of people, meetings and requests are no labels: there is no end to them.
    expect(scraped.join('\n')).not.toContain(host.id)
  }, 60_000)

  it('O2 promtool accepts the rules, and every metric that rules and dashboards name is there', async () => {
    const folder = join(root, 'deploy/observability')
    expect(await promtool(['check', 'rules', join(folder, 'rules.yml')])).toContain('SUCCESS')
    const there = new Set((await scrape()).flatMap((text) => metricsIn(text, { all: true }).flatMap(seriesOf)))
    const dashboards = await readdir(join(folder, 'grafana/dashboards'))
    const files = ['rules.yml', ...dashboards.map((name) => `grafana/dashboards/${name}`)]
    for (const file of files) {
      const names = namesIn(await readFile(join(folder, file), 'utf8'))
      expect(names.length).toBeGreaterThan(10)
      expect(names.filter((name) => !there.has(name)).map((name) => `${file}: ${name}`)).toEqual([])
    }
  }, 60_000)

  it('O2 a real Prometheus answers each query of the dashboards and each condition of the alerts with data', async () => {
    const { auth, meetings, chat, media, signaling } = product.file
    const services = [auth, meetings, chat, media, signaling].flat().map(({ url }) => url)
    const prometheus = await startPrometheus({ gateways: [gateway], services, token: metricsToken })
    const people = await seatOnBothNodes()
    try {
      // A rate tells only of what happens after a series was first seen: twice, with some scrapes between.
      await useEverything(people)
      await eventually(async () => {
        const [joins] = await prometheus.query('min(count_over_time(parley_signaling_joins_total[1m]))')
        expect(joins?.value ?? 0).toBeGreaterThan(1)
      }, patienceMs)
      await useEverything(people)
      const folder = join(root, 'deploy/observability')
      const alerts = (await prometheus.rules()).filter(({ name }) => name.startsWith('Parley'))
      const written = await readFile(join(folder, 'rules.yml'), 'utf8')
      expect(alerts.length).toBe(written.split('- alert:').length - 1)
      const asked = [...alerts.map(conditionOf), ...(await panelsOf(join(folder, 'grafana')))]
      const poor = async ({ where, query, labels }: Query): Promise<string[]> => {
        const samples = await prometheus.query(query)
        if (!samples.some(({ value }) => Number.isFinite(value))) return [`${where} has no data`]
        // Text that names a label of the answer needs that label. The zero of what has not happened has none.
        const names = samples.map((sample) => Object.keys(sample.labels)).filter((keys) => keys.length > 0)
        const missing = labels.filter((label) => !names.every((keys) => keys.includes(label)))
        return missing.map((label) => `${where} has no label ${label}`)
      }
      await eventually(async () => expect((await Promise.all(asked.map(poor))).flat()).toEqual([]), patienceMs)
      for (const { name, health, lastError } of await prometheus.rules())
        expect({ name, health, lastError }).toMatchObject({ name, health: 'ok' })
    } finally {
      for (const { socket } of people) socket.drop()
      await prometheus.stop()
    }
  }, 90_000)

  it('O2 /version names the commit, and so do the metrics', async () => {
    const { stdout } = await promisify(execFile)('git', ['rev-parse', 'HEAD'], { cwd: root })
    const { body } = await rest('GET', `${gateway}/version`)
    expect(body).toMatchObject({ service: 'gateway', commit: stdout.trim() })
    expect((await scrape())[0]).toContain(`commit="${stdout.trim()}"`)
  })

  /** A meeting of people on both nodes; the hint chooses the node. */
  const seatOnBothNodes = async (): Promise<Seated[]> => {
    const meeting = await createMeeting(gateway, host)
    const seats = [await takeSeat(gateway, host, meeting)]
    await eventually(async () => {
      seats.push(await takeSeat(gateway, await aGuest(gateway, 'Gus'), meeting, newId()))
      const counts = (await scrape()).map((text) => /^parley_signaling_participants\{.*\} (\d+)$/m.exec(text)?.[1])
      expect(counts.filter((count) => Number(count) > 0).length).toBe(2)
    }, patienceMs)
    return seats
  }

  /** Signals, a message, a mistake, and somebody who comes, is lost and comes back. */
  const useEverything = async ([first, ...others]: readonly Seated[]): Promise<void> => {
    for (const { id } of others) expect(await first?.socket.outcome('rtc.signal', { to: id, data: {} })).toBe('ack')
    await first?.socket.ask('chat.send', { clientMessageId: randomUUID(), text: 'hello' })
    await rest('GET', `${gateway}/v1/meetings/${newId()}`, { token: host.token })
    const { who, socket, entered } = await takeSeat(gateway, host, await createMeeting(gateway, host))
    socket.drop()
    const again = await ProtocolSocket.open(gateway, who.token)
    const { sessionId, resumeToken, v } = entered
    expect(await again.outcome('room.resume', { sessionId, resumeToken, v })).toBe('room.resumed')
    again.drop()
  }

  const scrape = (): Promise<string[]> => {
    const { auth, meetings, chat, media, signaling } = product.file
    const urls = [gateway, ...[auth, meetings, chat, media, signaling].flat().map(({ url }) => url)]
    const headers = { authorization: `Bearer ${metricsToken}` }
    return Promise.all(urls.map(async (url) => (await fetch(`${url}/metrics`, { headers })).text()))
  }
})

interface Query {
  /** The panel or the alert, for when it fails. */
  where: string
  query: string
  /** Labels that the text beside the answer names. */
  labels: readonly string[]
}

/** The side of an alert that is compared with a bound. It has to have data while nothing is wrong. */
function conditionOf({ name, query, annotations, labels }: Rule): Query {
  const [, measured] = /^(.*) (?:==|<|>) [\d.]+$/s.exec(query) ?? []
  if (measured === undefined) throw new Error(`${name} compares nothing at its end: ${query}`)
  expect(labels['severity']).toMatch(/^(critical|warning|info)$/)
  const texts = Object.values(annotations).join(' ')
  return { where: `alert ${name}`, query: measured, labels: [...texts.matchAll(/\$labels\.(\w+)/g)].map(second) }
}

/** The queries of all panels. Each asks the data source that is provisioned. */
async function panelsOf(folder: string): Promise<Query[]> {
  const sources = await readFile(join(folder, 'provisioning/datasources/parley.yml'), 'utf8')
  const asked: Query[] = []
  for (const file of await readdir(join(folder, 'dashboards'))) {
    const { panels } = JSON.parse(await readFile(join(folder, 'dashboards', file), 'utf8')) as { panels: Panel[] }
    for (const { title, datasource, targets } of panels) {
      expect(sources, title).toContain(`uid: ${datasource.uid}, type: ${datasource.type}`)
      for (const { expr, legendFormat } of targets)
        asked.push({
          where: `${file}: ${title}: ${expr}`,
          query: expr,
          labels: [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(second),
        })
    }
  }
  return asked
}

interface Panel {
  title: string
  datasource: { type: string; uid: string }
  targets: { expr: string; legendFormat: string }[]
}

const second = (match: RegExpMatchArray): string => match[1] ?? ''

/** Resolves with what it says; rejects with that when it finds a fault. */
async function promtool(args: readonly string[], input = ''): Promise<string> {
  const child = spawn(findBinary('promtool', 'prometheus'), args, { stdio: 'pipe' })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (said += String(part)))
  child.stdin.end(input)
  const [code] = (await once(child, 'close')) as [number]
  if (code !== 0 || (args[1] === 'metrics' && said !== '')) throw new Error(said)
  return said
}
