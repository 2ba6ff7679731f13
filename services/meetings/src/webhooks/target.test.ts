import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { post } from './post.ts'
import { createTargets, type TargetRules } from './target.ts'

const rules: TargetRules = { http: true, hosts: [], ports: [80, 443, 8080, 8443] }

/** Attacks that the URL alone tells. */
const refused = [
  'http://127.0.0.1/',
  'http://127.1/',
  'http://2130706433/',
  'http://0x7f000001/',
  'http://0177.0.0.1/',
  'http://localhost/',
  'http://LOCALHOST./',
  'http://a.localhost/',
  'http://intranet/',
  'http://0.0.0.0/',
  'http://0/',
  'http://10.0.0.1/',
  'http://172.16.0.1/',
  'http://172.31.255.255/',
  'http://192.168.1.1/',
  'http://169.254.169.254/',
  'http://100.64.0.1/',
  'http://100.100.100.200/',
  'http://192.0.0.192/',
  'http://192.0.2.1/',
  'http://198.18.0.1/',
  'http://224.0.0.1/',
  'http://239.255.255.250/',
  'http://240.0.0.1/',
  'http://255.255.255.255/',
  'http://168.63.129.16/',
  'http://[::1]/',
  'http://[::]/',
  'http://[::ffff:127.0.0.1]/',
  'http://[::ffff:7f00:1]/',
  'http://[::127.0.0.1]/',
  'http://[fe80::1]/',
  'http://[fc00::1]/',
  'http://[fd00:ec2::254]/',
  'http://[ff02::1]/',
  'http://[2001:db8::1]/',
  'http://[64:ff9b::7f00:1]/',
  'http://[64:ff9b:1::a00:1]/',
  'http://[2002:7f00:1::]/',
  'http://[2001::1]/',
  'http://[fec0::1]/',
  'http://[100::1]/',
  'http://[3fff::1]/',
  'http://[5f00::1]/',
  'http://[::ffff:0:127.0.0.1]/',
  'http://user@example.org/',
  'http://user:secret@example.org/',
  'http://example.org@127.0.0.1/',
  'http://@127.0.0.1/',
  'http://example.org:22/',
  'http://example.org:25/',
  'http://example.org:6379/',
  'http://example.org:5432/',
  'ftp://example.org/',
  'file:///etc/passwd',
  'gopher://example.org/',
  'javascript:alert(1)',
  'data:text/plain,x',
  'http://example.org/#x',
  'http://example.org\\@127.0.0.1/',
  ' http://example.org/',
  'http://exa mple.org/',
  'http:///',
  'http://example.org/\r\nhost: x',
  'http://1%2e1.1.1/\u0000',
  'http://①②⑦.0.0.1/',
  'example.org',
  '',
  'http://',
]

describe('where a webhook may be', () => {
  it.each(refused)('O10.5 refuses %j', async (url) => {
    const targets = createTargets(rules)
    expect(targets.fault(url)).toEqual(expect.any(String))
    const sent = post(targets, { url, headers: {}, body: Buffer.from('x'), timeoutMs: 1_000 })
    await expect(sent).rejects.toThrow(/^the URL /)
  })

  it('O10.5 refuses http unless a setting allows it, and the addresses of this machine', () => {
    expect(createTargets({ ...rules, http: false }).fault('http://example.org/')).toBe('must begin with https://')
    const targets = createTargets(rules)
    const own = Object.values(networkInterfaces()).flatMap((entries) => entries ?? [])
    for (const { address, family } of own.filter(({ scopeid = 0 }) => scopeid === 0))
      expect(targets.fault(family === 'IPv6' ? `http://[${address}]/` : `http://${address}/`)).toMatch(/public/)
  })

  it('O10.5 takes public names and addresses, and hosts that a setting names', () => {
    const targets = createTargets({ ...rules, hosts: ['hooks.internal', '127.0.0.1:9000'] })
    const taken = [
      'https://example.org/in?a=b',
      'https://1.1.1.1/',
      'https://[2606:4700::1111]:8443/',
      'https://bücher.example/',
    ]
    for (const url of [...taken.slice(0, 3), 'http://hooks.internal:1234/x', 'http://127.0.0.1:9000/'])
      expect([url, targets.fault(url)]).toEqual([url, null])
    expect(targets.fault('http://127.0.0.1:9001/')).toMatch(/ports/)
    // As a browser shows it; clients send the ASCII form.
    expect(targets.fault('https://bücher.example/')).toMatch(/URL/)
  })
})

describe('O10.5 a name that leads inside', () => {
  let names: Socket
  let receiver: Server
  let reached = 0
  /** The name server's answers for each name, one at a time; the last one again and again. */
  const answers = new Map<string, string[][]>()
  beforeAll(async () => {
    receiver = createServer((_request, response) => {
      reached += 1
      response.end()
    }).listen(0, '127.0.0.1')
    names = createSocket('udp4')
    names.on('message', (query, { port, address }) => names.send(answerTo(query), port, address))
    await new Promise<void>((done) => names.bind(0, '127.0.0.1', done))
  })
  afterAll(() => {
    receiver.close()
    names.close()
  })

  function answerTo(query: Buffer): Buffer {
    const labels: string[] = []
    let at = 12
    for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
      labels.push(query.toString('latin1', at + 1, at + 1 + length))
      at += 1 + length
    }
    const isIpv4 = query.readUInt16BE(at + 1) === 1
    const turns = answers.get(labels.join('.')) ?? [[]]
    const found = isIpv4 ? (turns.length > 1 ? turns.shift() : turns[0]) : []
    const header = Buffer.from(query.subarray(0, 12))
    header.writeUInt16BE(0x8180, 2)
    header.writeUInt16BE(found?.length ?? 0, 6)
    header.writeUInt32BE(0, 8)
    const records = (found ?? []).map((ip) =>
      Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...ip.split('.').map(Number)]),
    )
    return Buffer.concat([header, query.subarray(12, at + 5), ...records])
  }
  const send = (host: string) => {
    const { port } = receiver.address() as AddressInfo
    const servers = [`127.0.0.1:${names.address().port}`]
    const targets = createTargets({ ...rules, ports: [port], servers })
    return post(targets, { url: `http://${host}:${port}/`, headers: {}, body: Buffer.from('{}'), timeoutMs: 2_000 })
  }

  it.each([
    ['inside', [['127.0.0.1']]],
    ['inside beside a public one', [['1.1.1.1', '10.0.0.1']]],
    ['metadata', [['169.254.169.254']]],
  ])('refuses %s', async (_what, turns) => {
    answers.set('inside.example', structuredClone(turns))
    await expect(send('inside.example')).rejects.toThrow(/leads to an address that is not public/)
    expect(reached).toBe(0)
  })

  it('judges the address that it connects to: a name that was public before is refused', async () => {
    answers.set('rebind.example', [['1.1.1.1'], ['127.0.0.1']])
    const targets = createTargets({ ...rules, servers: [`127.0.0.1:${names.address().port}`] })
    const first = await new Promise((done) =>
      targets.lookup('rebind.example', { all: true }, (_error, found) => done(found)),
    )
    expect(first).toEqual([{ address: '1.1.1.1', family: 4 }])
    await expect(send('rebind.example')).rejects.toThrow(/not public/)
    expect(reached).toBe(0)
  })
})

describe('an answer', () => {
  it('O10.5 O10.6 follows no redirect, reads no more than it must, and waits no longer than it may', async () => {
    const inside = createServer((_request, response) => response.end('secret')).listen(0, '127.0.0.1')
    await once(inside, 'listening')
    const { port: innerPort } = inside.address() as AddressInfo
    let innerHits = 0
    inside.on('request', () => (innerHits += 1))
    const outer = createServer((request, response) => {
      if (request.url === '/redirect')
        return response.writeHead(307, { location: `http://127.0.0.1:${innerPort}/` }).end()
      if (request.url === '/drip') return response.writeHead(200).write('x')
      if (request.url === '/silent') return
      if (request.url === '/later') return response.writeHead(503, { 'retry-after': '7' }).end()
      const flood = (): void =>
        void (response.write(Buffer.alloc(65_536)) ? setImmediate(flood) : response.once('drain', flood))
      flood()
    }).listen(0, '127.0.0.1')
    await once(outer, 'listening')
    const { port } = outer.address() as AddressInfo
    const targets = createTargets({ ...rules, hosts: [`127.0.0.1:${port}`] })
    const to = (path: string, timeoutMs = 10_000) =>
      post(targets, { url: `http://127.0.0.1:${port}${path}`, headers: {}, body: Buffer.from('{}'), timeoutMs })
    expect((await to('/redirect')).status).toBe(307)
    expect(innerHits).toBe(0)
    expect(await to('/later')).toEqual({ status: 503, retryAfterMs: 7_000 })
    expect((await to('/flood')).status).toBe(200)
    await expect(to('/silent', 300)).rejects.toThrow('no answer within 300 ms')
    await expect(to('/drip', 300)).rejects.toThrow('no answer within 300 ms')
    inside.close()
    outer.closeAllConnections()
    outer.close()
  })
})
