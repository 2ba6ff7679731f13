import { Agent, request } from 'node:http'

/** Somebody who may enter a meeting: what their socket needs. */
export interface Guest {
  accessToken: string
  roomToken: string
  meetingId: string
  address: string
}

export interface Person {
  accessToken: string
  address: string
}

const agent = new Agent({ keepAlive: true, maxSockets: 16 })
let addresses = 0

/** An address of its own for everybody, so that limits by address count one person each. */
export function anAddress(): string {
  addresses += 1
  return `10.${(addresses >> 16) & 255}.${(addresses >> 8) & 255}.${addresses & 255}`
}

export interface RestOptions {
  method?: string
  token?: string
  address: string
  body?: unknown
}

/** A request to the product; rejects with the body of any answer but 2xx. */
export function rest<T>(url: string, { method = 'POST', token, address, body }: RestOptions): Promise<T> {
  const headers = {
    'x-forwarded-for': address,
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  }
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent }, (answer) => {
      const parts: Buffer[] = []
      answer.on('data', (part: Buffer) => parts.push(part))
      answer.once('error', reject)
      answer.once('end', () => {
        const text = Buffer.concat(parts).toString()
        const fine = (answer.statusCode ?? 0) < 300
        if (fine) resolve((text === '' ? null : JSON.parse(text)) as T)
        else reject(new Error(`${method} ${url}: ${answer.statusCode} ${text.slice(0, 300)}`))
      })
    })
    sent.once('error', reject)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

/** Runs `make` for 0 to `count` - 1, some at a time, and gives what they made in order. */
export async function several<T>(count: number, atOnce: number, make: (index: number) => Promise<T>): Promise<T[]> {
  const made: T[] = []
  let next = 0
  async function work(): Promise<void> {
    while (next < count) {
      const index = next
      next += 1
      made[index] = await make(index)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, work))
  return made
}

interface Tokens {
  accessToken: string
}

export const password = 'correct horse'

/** Somebody with an account. */
export async function aPerson(gateway: string, email = `${crypto.randomUUID()}@example.org`): Promise<Person> {
  const address = anAddress()
  const body = { email, password, name: 'Host', tokenDelivery: 'body' }
  const { accessToken } = await rest<Tokens>(`${gateway}/v1/auth/register`, { address, body })
  return { accessToken, address }
}

/** The code of a new meeting. */
export async function aMeeting(gateway: string, { accessToken, address }: Person, people: number): Promise<string> {
  const body = { type: 'public', maxParticipants: Math.max(2, people) }
  const { code } = await rest<{ code: string }>(`${gateway}/v1/meetings`, { token: accessToken, address, body })
  return code
}

/** A new guest with a room token for the meeting of `code`. */
async function aGuest(gateway: string, code: string): Promise<Guest> {
  const address = anAddress()
  const body = { name: `Guest ${address}`, tokenDelivery: 'body' }
  const { accessToken } = await rest<Tokens>(`${gateway}/v1/auth/guest`, { address, body })
  const joining = { token: accessToken, address, body: { code } }
  const { roomToken, meeting } = await rest<{ roomToken: string; meeting: { id: string } }>(
    `${gateway}/v1/meetings/join`,
    joining,
  )
  return { accessToken, roomToken, meetingId: meeting.id, address }
}

const meetingsPerHost = 100

/** Rooms of people who may enter: a list of guests for each. A room token is good for two minutes. */
export async function roomsOf(gateway: string, rooms: number, people: number): Promise<Guest[][]> {
  const hosts = await several(Math.ceil(rooms / meetingsPerHost), 4, () => aPerson(gateway))
  const codes = await several(rooms, 8, (index) => {
    const host = hosts[Math.floor(index / meetingsPerHost)]
    if (host === undefined) throw new Error('a host for every hundred meetings')
    return aMeeting(gateway, host, people)
  })
  const guests = await several(rooms * people, 16, (index) => aGuest(gateway, codes[index % rooms] ?? ''))
  return codes.map((_code, room) => guests.filter((_guest, index) => index % rooms === room))
}
