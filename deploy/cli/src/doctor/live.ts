import type { IceServer } from '@parley/contracts'
import WebSocket from 'ws'
import { causeOf, type Finding, type Look } from './finding.ts'
import type { Visit } from './visit.ts'

const firstEventMs = 5000
const answerMs = 10_000

/** Whether events arrive when they happen: the first is sent at once, the next when the meeting gets another title. */
export const eventStream =
  ({ api, meeting }: Visit): Look =>
  async () => {
    const giveUp = new AbortController()
    const answer = await fetch(new URL(`/v1/meetings/${meeting.id}/events`, api.base), {
      headers: { authorization: `Bearer ${api.token}`, accept: 'text/event-stream' },
      signal: AbortSignal.any([giveUp.signal, AbortSignal.timeout(3 * firstEventMs)]),
    }).catch((error: unknown) => error)
    if (!(answer instanceof Response)) return [buffered(`nothing came within ${firstEventMs / 1000} s`)]
    if (!answer.ok || answer.body === null) return [refusedStream(answer.status)]
    const reader = answer.body.getReader()
    try {
      if (!(await arrives(reader, 'event: room.snapshot'))) return [buffered('its first event does not come')]
      const begun = performance.now()
      await api.call('PATCH', `/v1/meetings/${meeting.id}`, { title: 'parley doctor looks at events' })
      if (!(await arrives(reader, 'event: meeting.updated')))
        return [buffered('an event that happens later does not come')]
      return `an event ${Math.round(performance.now() - begun)} ms after it happened`
    } finally {
      giveUp.abort()
    }
  }

/** Whether this text comes in time. A connection that breaks before is a no. */
async function arrives(reader: ReadableStreamDefaultReader<Uint8Array>, wanted: string): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), firstEventMs)))
  let seen = ''
  try {
    while (!seen.includes(wanted)) {
      const read = await Promise.race([reader.read().catch(() => undefined), late])
      if (read === undefined || read.done) return false
      seen += Buffer.from(read.value).toString()
    }
    return true
  } finally {
    clearTimeout(timer)
  }
}

const refusedStream = (status: number): Finding => ({
  what: `the event stream was refused with ${status}`,
  why: 'pages that only watch learn nothing',
  mend: 'see what the proxy and the gateway log for it',
})

const buffered = (what: string): Finding => ({
  what: `event streams (SSE) do not pass: ${what}`,
  why: 'a proxy that buffers them holds events back until there are many: pages that watch stand still',
  mend: 'nginx, in the location of /v1/: proxy_buffering off; gzip off; proxy_read_timeout 1h; and do not ignore X-Accel-Buffering',
})

interface Room {
  socket: WebSocket
  participantId: string
  iceServers: IceServer[]
}

/** Joins the meeting by WebSocket, as a page of this address would. */
export async function joinRoom({ api, joining, meeting }: Visit): Promise<Room | Finding[]> {
  const url = `${api.base.replace(/^http/, 'ws').replace(/\/$/, '')}/v1/ws?meeting=${meeting.id}`
  const socket = new WebSocket(url, ['parley.v1', `bearer.${api.token}`], {
    origin: new URL(api.base).origin,
    perMessageDeflate: false,
    handshakeTimeout: answerMs,
  })
  const refusal = await opened(socket)
  if (refusal !== undefined) return [refusedSocket(refusal)]
  socket.on('message', (data: Buffer) => {
    if (String(data).startsWith('{"type":"ping"')) socket.send('{"type":"pong"}')
  })
  try {
    if (socket.protocol !== 'parley.v1') throw new Error(`the subprotocol is "${socket.protocol}", not parley.v1`)
    await pong(socket)
    const joined = await request(socket, 'room.join', {
      roomToken: joining.roomToken,
      device: { mic: false, cam: false },
    })
    const { selfParticipant, iceServers } = joined as { selfParticipant: { id: string }; iceServers: IceServer[] }
    return { socket, participantId: selfParticipant.id, iceServers }
  } catch (error) {
    socket.terminate()
    return [
      {
        what: `the WebSocket opens and then fails: ${causeOf(error)}`,
        why: 'nobody gets into a meeting',
        mend: 'a proxy must pass frames on unchanged, and Sec-WebSocket-Protocol; see the log of signaling',
      },
    ]
  }
}

/** Undefined when it is open, else why it is not. */
function opened(socket: WebSocket): Promise<{ status: number; text: string } | Error | undefined> {
  return new Promise((resolve) => {
    socket.once('open', () => resolve(undefined))
    socket.once('error', resolve)
    socket.once('unexpected-response', (_request, answer) => {
      const parts: Buffer[] = []
      answer.on('data', (part: Buffer) => parts.push(part))
      answer.once('close', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(parts).toString() }))
      answer.once('end', () => answer.destroy())
      setTimeout(() => answer.destroy(), answerMs)
    })
  })
}

function refusedSocket(refusal: { status: number; text: string } | Error): Finding {
  const why = 'nobody gets into a meeting'
  if (refusal instanceof Error)
    return { what: `no WebSocket can be opened: ${causeOf(refusal)}`, why, mend: 'let the proxy pass WebSockets on' }
  if (refusal.text.includes('origin-not-allowed'))
    return {
      what: 'the gateway refuses WebSockets of pages of this address (origin-not-allowed)',
      why,
      mend: 'set PUBLIC_URL to the address that people use, or name it in ALLOWED_ORIGINS',
    }
  // A request that reaches the gateway without the headers of an upgrade is an ordinary one.
  return {
    what: `the proxy does not pass the WebSocket upgrade on: the handshake answered ${refusal.status}`,
    why,
    mend: 'nginx, in the location of /v1/: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; proxy_read_timeout 1h;',
  }
}

function pong(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error('a ping is not answered')), answerMs).unref()
    socket.once('pong', () => resolve())
    socket.ping()
  })
}

function request(socket: WebSocket, type: string, payload: object): Promise<unknown> {
  const requestId = crypto.randomUUID()
  return new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`${type} is not answered`)), answerMs).unref()
    socket.once('close', (code) => reject(new Error(`it was closed with ${code}`)))
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(String(data)) as { type: string; requestId?: string; payload: { detail?: string } }
      if (message.requestId !== requestId) return
      if (message.type === 'error') reject(new Error(`${type}: ${message.payload.detail ?? 'refused'}`))
      else resolve(message.payload)
    })
    socket.send(JSON.stringify({ type, requestId, payload }))
  })
}
