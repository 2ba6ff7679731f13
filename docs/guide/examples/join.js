const gateway = new URLSearchParams(location.search).get('gateway') ?? 'http://localhost:8080'
const people = new Map() // by participant id
const messages = new Map() // by their number
let room = { v: 0 } // who I am here, and which version of the room I have
let token
let socket
let asked = 0
let attempts = 0

// 1. A guest with a token. An account would sign in at /v1/auth/login.
async function post(path, body) {
  const response = await fetch(gateway + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  })
  const answer = await response.json()
  if (!response.ok) throw new Error(answer.detail ?? answer.title)
  return answer
}

document.querySelector('#enter').onsubmit = async (event) => {
  event.preventDefault()
  const { name, code } = Object.fromEntries(new FormData(event.target))
  try {
    token = (await post('/v1/auth/guest', { name, tokenDelivery: 'body' })).accessToken
    // 2. A room token, for one meeting and one use, and where to connect.
    const { roomToken, signalingUrl } = await post('/v1/meetings/join', { code })
    connect(signalingUrl, 'room.join', () => ({ roomToken, device: { mic: false, cam: false } }))
  } catch (error) {
    status(error.message)
  }
}

// 3. The socket. A lost one is resumed: nothing is missed, and others do not see it.
function connect(url, type, payload) {
  socket = new WebSocket(url, ['parley.v1', `bearer.${token}`])
  socket.onopen = () => send(type, payload())
  socket.onmessage = ({ data }) => handle(JSON.parse(data))
  socket.onclose = ({ code }) => {
    const over = { 1000: 'You left', 4403: 'You were removed', 4409: 'You went on elsewhere', 4410: 'It is over' }[code]
    if (over !== undefined || room.sessionId === undefined) return status(over ?? `Closed (${code})`)
    status('Reconnecting…')
    const wait = Math.random() * Math.min(250 * 2 ** attempts++, 10_000)
    setTimeout(() => connect(url, 'room.resume', () => resumption()), wait)
  }
}
const resumption = () => ({ sessionId: room.sessionId, resumeToken: room.resumeToken, v: room.v, signalSeq: 0 })
const send = (type, payload) => socket.send(JSON.stringify({ type, requestId: `r${(asked += 1)}`, payload }))

// 4. What the server says. Messages about people have a version: one that is missing is asked for.
function handle({ type, payload }) {
  if (type === 'ping') socket.send('{"type":"pong"}')
  if (type === 'ping' && payload.v > room.v) return send('room.sync', { v: room.v })
  if (type === 'error') return status(payload.detail ?? payload.title)
  if (type === 'lobby.waiting') return status(`You are number ${payload.position} at the door`)
  if (type === 'lobby.result' && !payload.admitted) return status('You were not let in')
  if (type === 'room.joined' || type === 'lobby.result' || type === 'room.snapshot') entered(payload)
  else if (type === 'room.resumed') resumed(payload)
  else if (type === 'room.delta') apply(payload)
  else if (type === 'chat.message' || type === 'chat.updated') messages.set(payload.message.seq, payload.message)
  else if (payload?.v !== undefined && type !== 'ping') change(type, payload)
  show()
}

function entered(payload) {
  room = { ...room, ...payload }
  attempts = 0
  people.clear()
  for (const person of [payload.selfParticipant, ...payload.peers]) people.set(person.id, person)
  status(`In ${payload.meeting.title}`)
}

function resumed({ delta, snapshot, resumeToken }) {
  room.resumeToken = resumeToken
  attempts = 0
  status(`In ${room.meeting.title}`)
  if (delta) apply(delta)
  else entered(snapshot)
}

function apply({ v, upserts, left }) {
  if (v < room.v) return
  for (const id of left) people.delete(id)
  for (const person of upserts) people.set(person.id, person)
  room.v = v
}

function change(type, { v, ...payload }) {
  if (v <= room.v) return
  if (v > room.v + 1) return send('room.sync', { v: room.v })
  room.v = v
  if (type === 'participant.joined') people.set(payload.participant.id, payload.participant)
  else if (type === 'participant.left') people.delete(payload.participantId)
  else if (people.has(payload.participantId)) Object.assign(people.get(payload.participantId), payload)
}

// 5. Chat: the client's own id makes a message that is sent twice one message.
document.querySelector('#say').onsubmit = (event) => {
  event.preventDefault()
  send('chat.send', { clientMessageId: crypto.randomUUID(), text: new FormData(event.target).get('text') })
  event.target.reset()
}

function show() {
  document.querySelector('#say').hidden = people.size === 0
  list(
    '#people',
    [...people.values()].map(({ name, role, connection }) => `${name} (${role}, ${connection})`),
  )
  const inOrder = [...messages.values()].toSorted((one, other) => one.seq - other.seq)
  list(
    '#messages',
    inOrder.map(({ sender, text }) => `${sender.name}: ${text ?? ''}`),
  )
}
// textContent, never innerHTML: what people type is text.
function list(where, lines) {
  document
    .querySelector(where)
    .replaceChildren(...lines.map((line) => Object.assign(document.createElement('li'), { textContent: line })))
}
function status(text) {
  document.querySelector('#status').textContent = text
}
