import type { IceServer, Sfu } from '@parley/contracts'
import { TcpTransport, TlsTransport, TurnProtocol, UdpTransport } from 'werift'
import WebSocket from 'ws'
import { Refused } from './api.ts'
import { causeOf, type Finding, type Look } from './finding.ts'
import type { Visit } from './visit.ts'

/** Longer than the TURN client repeats a datagram. */
const answerMs = 15_000

/** Whether TURN relays: two allocations with credentials of the product, and bytes from one to the other. */
export const turnRelay =
  (servers: readonly IceServer[]): Look =>
  async () => {
    const turn = servers.flatMap(({ urls, username, credential }) =>
      urls
        .filter((url) => /^turns?:/.test(url))
        .map((url) => ({ url, username: username ?? '', password: credential ?? '' })),
    )
    if (turn.length === 0) return { notSetUp: 'the product tells clients of no TURN server (TURN_URLS)' }
    const findings: Finding[] = []
    for (const one of turn) {
      const failure = await relayThrough(one).catch((error: unknown) => error)
      if (failure !== undefined) findings.push(turnFinding(one.url, failure))
    }
    return findings.length > 0 ? findings : turn.map(({ url }) => url).join(', ')
  }

interface TurnServer {
  url: string
  username: string
  password: string
}

async function relayThrough({ url, username, password }: TurnServer): Promise<undefined> {
  const [, scheme, host = '', port, given] =
    /^(turns?):([^:?]+|\[[^\]]+\])(?::(\d+))?(?:\?transport=(\w+))?$/.exec(url) ?? []
  const secure = scheme === 'turns'
  const transport = secure ? 'tls' : given === 'tcp' ? 'tcp' : 'udp'
  const address = [host, Number(port ?? (secure ? 5349 : 3478))] as [string, number]
  const open = (): Promise<TurnProtocol> => inTime(allocate({ address, transport, username, password }))
  const clients: TurnProtocol[] = []
  try {
    for (const _ of [1, 2]) clients.push(await open())
    const [a, b] = clients
    if (a === undefined || b === undefined) throw new Error('no allocation')
    await inTime(Promise.all([a.getPermission(b.relayedAddress), b.getPermission(a.relayedAddress)]))
    await inTime(passBytes(a, b))
    return undefined
  } finally {
    await Promise.all(clients.map((client) => client.close()))
  }
}

interface Allocation {
  address: [string, number]
  transport: 'udp' | 'tcp' | 'tls'
  username: string
  password: string
}

const lifetimeS = 600

/** The server has asked for credentials, and takes none of ours. */
class LoginRefused extends Error {}

/** @throws LoginRefused; it answers such a request without a signature, so the client hears nothing of it */
async function allocate({ address, transport, username, password }: Allocation): Promise<TurnProtocol> {
  const options = { connectTimeoutMs: answerMs }
  const over =
    transport === 'udp'
      ? await UdpTransport.init('udp4')
      : transport === 'tcp'
        ? await TcpTransport.init(address, options)
        : await TlsTransport.init(address, undefined, options)
  // Its own types differ where an optional field may be undefined.
  const client = new TurnProtocol(
    address,
    username,
    password,
    lifetimeS,
    over as ConstructorParameters<typeof TurnProtocol>[4],
  )
  try {
    await client.connectionMade()
    return client
  } catch (error) {
    await Promise.allSettled([client.close()])
    throw client.nonce === undefined ? error : new LoginRefused('the credentials are refused', { cause: error })
  }
}

/** A datagram may be lost, or not leave: it is sent again until it is there. The deadline tells of one that never arrives. */
async function passBytes(from: TurnProtocol, to: TurnProtocol): Promise<void> {
  const arrived = new Promise<void>((resolve) => to.onData.once(() => resolve()))
  const send = (): void => void from.sendData(Buffer.from('parley doctor'), to.relayedAddress).catch(() => {})
  const timer = setInterval(send, 500)
  send()
  try {
    await inTime(arrived)
  } finally {
    clearInterval(timer)
  }
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${answerMs / 1000} s`)), answerMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

function turnFinding(url: string, error: unknown): Finding {
  const why = 'people behind strict firewalls see and hear nobody'
  const code = stunCode(error)
  if (error instanceof LoginRefused)
    return {
      what: `${url} refuses the product's credentials`,
      why,
      mend: 'TURN_SECRET of media and signaling must be static-auth-secret of coturn (use-auth-secret), and the clocks must agree',
    }
  if (code === 403)
    return {
      what: `${url} gives relays, and does not let one reach another (403)`,
      why: `${why}, when both are`,
      mend: 'in turnserver.conf: allowed-peer-ip=<the address of its own relays> (TURN_ALLOWED_PEERS in the compose file)',
    }
  return {
    what: `${url} does not relay: ${code === undefined ? causeOf(error) : `code ${code}`}`,
    why,
    mend: 'start coturn; open 3478 (UDP and TCP) and its relay ports in the firewall; TURN_URLS must name an address that people reach',
  }
}

/** The error code of a STUN response (RFC 8489, 14.8), as the client hands it on. */
function stunCode(error: unknown): number | undefined {
  const { response } = error as { response?: { getAttributeValue?(name: string): unknown } }
  const value = response?.getAttributeValue?.('ERROR-CODE')
  const [code] = Array.isArray(value) ? (value as unknown[]) : []
  return typeof code === 'number' ? code : undefined
}

/**
 * Whether the SFU takes somebody who is in the room: a token, a WebSocket to Janus through the gateway, and its VideoRoom. A product without
 * one answers as one whose Janus is down does: `wanted` says that there should be one.
 */
export const sfu =
  ({ api, meeting }: Visit, participantId: string, wanted: boolean): Look =>
  async () => {
    try {
      const path = `/v1/meetings/${meeting.id}/janus-token?participantId=${participantId}`
      const janus = await untilMade(() => api.call<Sfu>('GET', path))
      await enterVideoRoom(janus, api.token, new URL(api.base).origin)
      return 'a token, and a place in its VideoRoom'
    } catch (error) {
      if (error instanceof Refused && error.code === 'sfu-unavailable' && !wanted)
        return { notSetUp: 'no SFU takes a meeting; set JANUS_SERVERS here where there should be one' }
      return [
        {
          what: `the SFU takes nobody: ${causeOf(error)}`,
          why: 'meetings that need the SFU have neither sound nor picture, and nothing can be recorded',
          mend: 'start Janus; JANUS_SERVERS, JANUS_ADMIN_SECRET, JANUS_ADMIN_KEY and JANUS_TOKEN_SECRET of media must be those of its configuration',
        },
      ]
    }
  }

const againMs = 500

/** A room is made when the first one comes: a moment later it is there. */
async function untilMade<T>(ask: () => Promise<T>): Promise<T> {
  const until = performance.now() + answerMs
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      const passing = error instanceof Refused && ['sfu-unavailable', 'forbidden'].includes(error.code ?? '')
      if (!passing || performance.now() > until) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, againMs))
  }
}

async function enterVideoRoom({ url, subprotocol, token, room, roomToken, feed }: Sfu, access: string, origin: string) {
  const socket = new WebSocket(url, [subprotocol, `bearer.${access}`], { origin, handshakeTimeout: answerMs })
  try {
    await inTime(
      new Promise<void>((resolve, reject) => {
        socket.once('open', () => resolve())
        socket.once('error', reject)
      }),
    )
    const ask = askingOf(socket, token)
    const session = (await ask({ janus: 'create' })).data?.id
    const attached = await ask({ janus: 'attach', session_id: session, plugin: 'janus.plugin.videoroom' })
    const place = { janus: 'message', session_id: session, handle_id: attached.data?.id }
    const body = { request: 'join', ptype: 'publisher', room, id: feed, token: roomToken }
    const { plugindata } = await ask({ ...place, body })
    if (plugindata?.data['videoroom'] !== 'joined') throw new Error(`Janus: ${JSON.stringify(plugindata?.data)}`)
    await ask({ janus: 'destroy', session_id: session })
  } finally {
    socket.terminate()
  }
}

interface JanusMessage {
  janus: string
  transaction?: string
  data?: { id: number }
  error?: { reason: string }
  plugindata?: { data: Record<string, unknown> }
}

/** Requests of Janus' API over one socket; an answer that is only "ack" is followed by the one that counts. */
function askingOf(socket: WebSocket, token: string): (message: object) => Promise<JanusMessage> {
  return (message) => {
    const transaction = crypto.randomUUID()
    return inTime(
      new Promise<JanusMessage>((resolve, reject) => {
        socket.once('close', (code) => reject(new Error(`the socket to Janus was closed with ${code}`)))
        socket.on('message', (data: Buffer) => {
          const answer = JSON.parse(String(data)) as JanusMessage
          if (answer.transaction !== transaction || answer.janus === 'ack') return
          if (answer.error === undefined) resolve(answer)
          else reject(new Error(`Janus: ${answer.error.reason}`))
        })
        socket.send(JSON.stringify({ ...message, token, transaction }))
      }),
    )
  }
}
