import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Invite, JoinDetails, Meeting, Tokens } from '@parley/contracts'
import { eventually } from '@parley/kit/testing'
import { anEmail, rest } from './people.ts'
import { ProtocolSocket } from './protocol-socket.ts'

/** Secrets by what they are. */
export type Secrets = Map<string, string>

interface Flow {
  url: string
  /** Where the product writes its mails. */
  mailDir: string
  secrets: Secrets
}
interface Someone {
  id: string
  token: string
  email: string
  password: string
}

/** Uses the product from registering to leaving, its mistakes included, and notes down every secret that was in use. */
export async function useEverything(
  url: string,
  mailDir: string,
): Promise<{ secrets: Secrets; meeting: Meeting; host: Someone }> {
  const flow: Flow = { url, mailDir, secrets: new Map() }
  const host = await accounts(flow)
  await mails(flow, host)
  const meeting = await meetings(flow, host)
  await live(flow, host, meeting)
  await mistakes(flow, host, meeting)
  return { secrets: flow.secrets, meeting, host }
}

function keep({ secrets }: Flow, what: string, secret: unknown): string {
  if (typeof secret !== 'string' || secret.length < 8)
    throw new Error(`${what} is no secret: ${JSON.stringify(secret)}`)
  secrets.set(what, secret)
  return secret
}

async function ask<T>({ url }: Flow, method: string, path: string, more: Parameters<typeof rest>[2] = {}): Promise<T> {
  const answer = await rest(method, url + path, more)
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer.body as T
}

/** Its answer is kept, and can be opened with it. */
const underKey = (flow: Flow, what: string): Record<string, string> => ({
  'idempotency-key': keep(flow, `key of ${what}`, randomUUID()),
})

function keepTokens(flow: Flow, where: string, { accessToken, refreshToken }: Tokens): void {
  keep(flow, `access token of ${where}`, accessToken)
  if (refreshToken !== undefined) keep(flow, `refresh token of ${where}`, refreshToken)
}

async function accounts(flow: Flow): Promise<Someone> {
  const email = anEmail()
  const first = keep(flow, 'first password', 'Pa55-first-horse')
  const password = keep(flow, 'password', 'Pa55-second-staple')
  const { headers } = await rest('POST', `${flow.url}/v1/auth/register`, {
    headers: underKey(flow, 'the registration'),
    body: { email, password: first, name: 'Ada' },
  })
  const cookie = /^[^;]+/.exec(headers.getSetCookie()[0] ?? '')?.[0] ?? ''
  keep(flow, 'refresh cookie', cookie.split('=')[1])
  const renewed = await fetch(`${flow.url}/v1/auth/refresh`, { method: 'POST', headers: { cookie } })
  keepTokens(flow, 'the refresh by cookie', (await renewed.json()) as Tokens)
  keep(flow, 'renewed cookie', /=([^;]+)/.exec(renewed.headers.getSetCookie()[0] ?? '')?.[1])
  const login = await ask<Tokens>(flow, 'POST', '/v1/auth/login', {
    body: { email, password: first, tokenDelivery: 'body' },
  })
  keepTokens(flow, 'the login', login)
  const body = { currentPassword: first, newPassword: password }
  await ask(flow, 'POST', '/v1/auth/change-password', { token: login.accessToken, body })
  const refreshed = await ask<Tokens>(flow, 'POST', '/v1/auth/refresh', {
    body: { refreshToken: login.refreshToken, tokenDelivery: 'body' },
  })
  keepTokens(flow, 'the refresh', refreshed)
  const guest = await fetch(`${flow.url}/v1/auth/guest`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...underKey(flow, 'the guest') },
    body: JSON.stringify({ name: 'Gast' }),
  })
  keepTokens(flow, 'the guest', (await guest.json()) as Tokens)
  for (const line of guest.headers.getSetCookie())
    keep(flow, `cookie ${line.split('=')[0]}`, /=([^;]+)/.exec(line)?.[1])
  return { id: refreshed.user.id, token: refreshed.accessToken, email, password }
}

/** The token after `#token=` in the mail to somebody whose link leads to `page`. */
async function mailed({ mailDir }: Flow, to: string, page: string): Promise<string> {
  return eventually(async () => {
    for (const file of await readdir(mailDir)) {
      const text = (await readFile(join(mailDir, file), 'utf8')).replaceAll('=\r\n', '').replaceAll('=3D', '=')
      const token = new RegExp(`/${page}[^#\\s]*#token=([\\w-]{43})`).exec(text)?.[1]
      if (token !== undefined && text.includes(to)) return token
    }
    throw new Error(`no mail to ${to} with a link to ${page}`)
  }, 10_000)
}

async function mails(flow: Flow, { email, password }: Someone): Promise<void> {
  keep(flow, 'verification token', await mailed(flow, email, 'verify-email'))
  await ask(flow, 'POST', '/v1/auth/verify-email', { body: { token: flow.secrets.get('verification token') } })
  await ask(flow, 'POST', '/v1/auth/forgot-password', { body: { email } })
  const token = keep(flow, 'reset token', await mailed(flow, email, 'reset-password'))
  await rest('POST', `${flow.url}/v1/auth/reset-password`, {
    body: { token: `${token.slice(0, -2)}zz`, newPassword: password },
  })
}

async function meetings(flow: Flow, { token }: Someone): Promise<Meeting> {
  const passcode = keep(flow, 'passcode', 'pass-8462-code')
  const meeting = await ask<Meeting>(flow, 'POST', '/v1/meetings', {
    token,
    headers: underKey(flow, 'the meeting'),
    body: { title: 'Secrets', type: 'public', passcode },
  })
  const at = `/v1/meetings/${meeting.id}`
  const { joinToken } = await ask<{ joinToken: string }>(flow, 'POST', `${at}/tokens`, {
    token,
    headers: underKey(flow, 'the join token'),
    body: { uses: 3 },
  })
  keep(flow, 'join token', joinToken)
  const guest = flow.secrets.get('access token of the guest') ?? ''
  const used = await ask<JoinDetails>(flow, 'POST', '/v1/meetings/join', {
    token: guest,
    headers: underKey(flow, 'the join'),
    body: { joinToken },
  })
  keep(flow, 'room token by join token', used.roomToken)
  const to = anEmail()
  await ask<Invite>(flow, 'POST', `${at}/invites`, { token, body: { email: to } })
  keep(flow, 'invite token', await mailed(flow, to, 'invites/'))
  const wrong = keep(flow, 'wrong passcode', 'pass-9999-wrong')
  await rest('POST', `${flow.url}/v1/meetings/join`, { token: guest, body: { code: meeting.code, passcode: wrong } })
  const right = await ask<JoinDetails>(flow, 'POST', `${at}/room-token`, {
    token: guest,
    headers: underKey(flow, 'the room token'),
    body: { passcode },
  })
  keep(flow, 'room token by passcode', right.roomToken)
  return meeting
}

const sdpOf = (password: string) =>
  [
    'v=0',
    'o=- 1 2 IN IP4 127.0.0.1',
    's=-',
    'a=ice-ufrag:ufrg',
    `a=ice-pwd:${password}`,
    `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${password}crypto`,
  ].join('\r\n')

/** Two people in the room: they signal, one comes back by a resume, and a store of theirs is told nonsense. */
async function live(flow: Flow, { token }: Someone, { id }: Meeting): Promise<void> {
  const { roomToken } = await ask<JoinDetails>(flow, 'POST', `/v1/meetings/${id}/room-token`, { token, body: {} })
  keep(flow, 'room token of the host', roomToken)
  const device = { mic: true, cam: true }
  const host = await ProtocolSocket.open(flow.url)
  await host.ask('auth.authenticate', { accessToken: token })
  const entered = (await host.ask('room.join', { roomToken, device })).payload
  const guest = await ProtocolSocket.open(flow.url, flow.secrets.get('access token of the guest'))
  const inside = (await guest.ask('room.join', { roomToken: flow.secrets.get('room token by passcode'), device }))
    .payload
  const secret = keep(flow, 'SDP secret', 'sdpSecretPwd0123456789ab')
  const to = (inside['selfParticipant'] as { id: string }).id
  await host.ask('rtc.signal', { to, data: { type: 'offer', sdp: sdpOf(secret) } })
  await guest.waitFor('rtc.signal')
  await host.ask('rtc.signal', { to: id, data: { candidate: `candidate:1 pwd ${secret}` } })
  await host.ask('chat.send', { clientMessageId: 'message-1', text: 'hello' })
  const resumeToken = keep(flow, 'resume token', entered['resumeToken'])
  host.drop()
  const back = await ProtocolSocket.open(flow.url, token)
  const resumed = await back.ask('room.resume', { sessionId: entered['sessionId'], resumeToken, v: 0 })
  keep(flow, 'next resume token', resumed.payload['resumeToken'])
  await back.ask('room.join', { roomToken, device, roomTokn: roomToken })
  back.raw(`{"type":"auth.authenticate","payload":{"accessToken":"${token}"`)
  await back.waitForClose()
  guest.drop()
}

/** Secrets where they do not belong: in a field of another, in an address, in what is no JSON, in a path. */
async function mistakes(flow: Flow, { token, email, password }: Someone, { id }: Meeting): Promise<void> {
  const { url, secrets } = flow
  const secret = (what: string) => secrets.get(what) ?? ''
  const typed = keep(flow, 'mistyped password', 'Pa55-mistyped-battery')
  const idToken = keep(
    flow,
    'ID token',
    `eyJhbGciOiJSUzI1NiJ9.${Buffer.from('{"sub":"x"}').toString('base64url')}.c2lnbmF0dXJlLXNlY3JldA`,
  )
  const code = keep(flow, 'authorization code', 'authorization-code-of-the-provider')
  const opaque = secret('join token')
  const post = (path: string, body: unknown) => rest('POST', url + path, { token, body })
  await post('/v1/auth/login', { email, password: typed })
  await post('/v1/auth/login', { email: typed, password: email })
  await post('/v1/auth/login', { email, password, passwort: typed })
  await post('/v1/auth/register', { email, password, name: typed, username: typed })
  await post('/v1/auth/refresh', { refreshToken: secret('refresh token of the login') })
  await post('/v1/auth/oauth/google', { idToken })
  await post('/v1/meetings/join', { code: opaque, passcode: typed })
  await post(`/v1/meetings/${opaque}/room-token`, {})
  await post(`/v1/meetings/${id}/messages`, { clientMessageId: 'message-2', text: { password } })
  for (const path of [
    `/v1/auth/me?access_token=${token}`,
    `/v1/meetings?joinToken=${opaque}`,
    `/v1/auth/oauth/google/callback?code=${code}&state=${opaque}`,
    `/v1/ws?token=${token}`,
    `/v1/${secret('refresh token of the refresh')}`,
    `/m/abc-defg-hij?token=${opaque}`,
    `/problems/${opaque}`,
  ])
    await fetch(url + path, { redirect: 'manual' })
  for (const body of [
    `{"password":"${password}"`,
    password,
    `{"refreshToken":"${secret('refresh token of the refresh')}",}`,
  ]) {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
    await fetch(`${url}/v1/auth/login`, { method: 'POST', headers, body })
    await fetch(`${url}/v1/auth/login`, { method: 'POST', headers: { 'content-type': password }, body })
  }
}
