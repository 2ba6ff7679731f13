import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { anEmail, password, rest } from '../support/people.ts'
import { startEmbedded, type Product } from '../support/product.ts'

const total = 5_000
/** Of one address, as many as the gateway lets it have without a token. */
const perAddress = 200
const goneWithinMs = 6_000
const atOnce = 50

let product: Product | undefined
let url: string
beforeAll(async () => {
  product = await startEmbedded()
  url = product.gateways[0] ?? ''
}, 90_000)
afterAll(() => product?.stop(), 60_000)

interface Silent {
  socket: Socket
  status: number
  openedAt: number
  closedAt: number | null
}

/** Opens a WebSocket without a token from an address of this machine (127/8), and then says nothing. */
async function silentFrom(localAddress: string): Promise<Silent> {
  const { hostname, port, host } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), localAddress })
  const silent: Silent = { socket, status: 0, openedAt: 0, closedAt: null }
  // A close follows.
  socket.on('error', () => socket.destroy())
  socket.once('close', () => (silent.closedAt = Date.now()))
  socket.write(
    `GET /v1/ws HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
      `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: parley.v1\r\n\r\n`,
  )
  const [head] = (await once(socket, 'data', { signal: AbortSignal.timeout(20_000) })) as [Buffer]
  silent.status = Number(head.toString('latin1', 9, 12))
  silent.openedAt = Date.now()
  // The server's messages are read: it is the client that is silent.
  socket.resume()
  return silent
}

const login = async (email: string): Promise<number> => {
  const from = Date.now()
  const { status } = await rest('POST', `${url}/v1/auth/login`, { body: { email, password } })
  expect(status).toBe(200)
  return Date.now() - from
}

/** Measures something again and again until it is told to stop; resolves to all that was measured, in ms. */
function repeatedly(measure: () => Promise<number>, everyMs: number): () => Promise<number[]> {
  let over = false
  const run = async (): Promise<number[]> => {
    const all: number[] = []
    for (; !over; await sleep(everyMs)) all.push(await measure())
    return all
  }
  const running = run()
  return () => {
    over = true
    return running
  }
}

async function livez(): Promise<number> {
  const from = Date.now()
  await fetch(`${url}/livez`)
  return Date.now() - from
}

/** Opens `total` of them, each address as many as it may, and waits until all are closed; resolves to how long each was open. */
async function flood(): Promise<number[]> {
  const silent: Silent[] = []
  for (let from = 0; from < total; from += atOnce) {
    const address = `127.0.1.${1 + Math.floor(from / perAddress)}`
    silent.push(...(await Promise.all(Array.from({ length: atOnce }, () => silentFrom(address)))))
  }
  expect(silent.filter(({ status }) => status !== 101)).toEqual([])
  // One more of an address that has as many as it may is refused, before anything is dialled for it.
  expect((await silentFrom(`127.0.1.${total / perAddress}`)).status).toBe(429)
  await expect.poll(() => silent.filter(({ closedAt }) => closedAt === null).length, { timeout: 30_000 }).toBe(0)
  return silent.map(({ openedAt, closedAt }) => (closedAt ?? Infinity) - openedAt)
}

it(`S15 ${total} silent sockets without a token are gone within 6 s, and logins are unharmed meanwhile`, async () => {
  const email = anEmail()
  await rest('POST', `${url}/v1/auth/register`, { body: { email, password, name: 'Ada' } })
  const before = Math.max(await login(email), await login(email), await login(email))
  // Under the limit of sign-ins of one address.
  const loginsOf = repeatedly(() => login(email), 1_500)
  // The slowest says how late everything is that this machine does.
  const answersOf = repeatedly(livez, 50)
  let lives: number[]
  try {
    lives = await flood()
  } finally {
    await Promise.all([loginsOf(), answersOf()])
  }
  const logins = (await loginsOf()).sort((a, b) => a - b)
  const median = logins[Math.floor(logins.length / 2)] ?? Infinity
  const late = Math.max(...(await answersOf()))
  process.stdout.write(
    `silent sockets lived ${Math.min(...lives)} to ${Math.max(...lives)} ms, the slowest /livez took ${late} ms; ` +
      `logins ${before} ms at most before, meanwhile ${median} (median) to ${logins.at(-1)}\n`,
  )
  expect(Math.max(...lives)).toBeLessThanOrEqual(goneWithinMs + late)
  expect(logins.length).toBeGreaterThan(2)
  // One of them may have met another load of this machine.
  expect(median).toBeLessThan(3_000 + 3 * before)
}, 120_000)
