import type { authOperations } from '@parley/contracts'
import { anEmail, password, rest } from '../../support/people.ts'
import { mailedToken } from '../mail.ts'
import { another } from '../users.ts'
import type { Part } from '../row.ts'
import { callerOrSpare, type Scene } from '../scene.ts'
import { all, anon, hidden, no, unknownId, unknownToken } from './words.ts'

const newPassword = 'another horse'
/** Accounts have nothing to do with meetings: one kind is enough. */
const where = ['private'] as const

/** A1–A12. Columns: host, cohost, participant, exParticipant, invited, stranger, guest, guestInside, nobody. */
export const auth: Part<keyof typeof authOperations> = {
  register: [
    {
      as: all(201),
      where,
      request: () => ({ body: { email: anEmail(), password, name: 'New', tokenDelivery: 'body' } }),
    },
  ],
  login: [
    {
      as: all(200),
      where,
      request: (scene) => ({ body: { email: callerOrSpare(scene).email ?? '', password, tokenDelivery: 'body' } }),
    },
    {
      about: 'a wrong password',
      as: all('invalid-credentials'),
      where,
      request: (scene) => ({ body: { email: callerOrSpare(scene).email ?? '', password: newPassword } }),
    },
  ],
  guest: [
    {
      as: all(201),
      where,
      request: () => ({ body: { name: 'Gast', tokenDelivery: 'body' } }),
    },
  ],
  refresh: [
    {
      as: [200, 200, 200, 200, 200, 200, 200, 200, 'invalid-refresh-token'],
      where,
      disposable: true,
      request: ({ me }) => ({ body: { tokenDelivery: 'body', ...(me !== null && { refreshToken: me.refreshToken }) } }),
    },
  ],
  logout: [
    {
      as: all(204),
      where,
      disposable: true,
      request: ({ me }) => ({ body: me === null ? {} : { refreshToken: me.refreshToken } }),
    },
  ],
  logoutAll: [
    {
      as: [204, 204, 204, 204, 204, 204, 204, 204, anon],
      where,
      disposable: true,
      request: () => ({ body: {} }),
    },
  ],
  me: [
    {
      as: [200, 200, 200, 200, 200, 200, 200, 200, anon],
      where,
      request: () => ({}),
      holds: (body, { me }) => ((body as { id: string }).id === me?.id ? null : 'it is somebody else'),
    },
  ],
  updateMe: [
    {
      as: [200, 200, 200, 200, 200, 200, no, no, anon],
      where,
      request: ({ me }) => ({ body: { name: me?.name ?? 'Nobody' } }),
    },
  ],
  exportMe: [
    {
      as: [200, 200, 200, 200, 200, 200, no, no, anon],
      where,
      request: () => ({}),
    },
  ],
  eraseMe: [
    {
      as: [204, 204, 204, 204, 204, 204, no, no, anon],
      where,
      disposable: true,
      request: () => ({ body: { currentPassword: password } }),
    },
    {
      about: 'with a wrong password',
      as: [...Array.from({ length: 6 }, () => 'invalid-credentials' as const), no, no, anon] as never,
      where,
      request: () => ({ body: { currentPassword: newPassword } }),
    },
  ],
  changePassword: [
    {
      as: [204, 204, 204, 204, 204, 204, no, no, anon],
      where,
      disposable: true,
      request: () => ({ body: { currentPassword: password, newPassword } }),
    },
    {
      about: 'without knowing the present one',
      as: [
        'invalid-credentials',
        'invalid-credentials',
        'invalid-credentials',
        'invalid-credentials',
        'invalid-credentials',
        'invalid-credentials',
        no,
        no,
        anon,
      ],
      where,
      request: () => ({ body: { currentPassword: newPassword, newPassword } }),
    },
  ],
  sessions: [
    {
      as: [200, 200, 200, 200, 200, 200, 200, 200, anon],
      where,
      request: () => ({}),
      holds: (body) =>
        (body as { items: { current: boolean }[] }).items.some(({ current }) => current) ? null : 'none is this one',
    },
  ],
  endSession: [
    {
      as: [204, 204, 204, 204, 204, 204, 204, 204, anon],
      where,
      disposable: true,
      request: ({ me }) => ({ params: { id: me === null ? unknownId : sessionOf(me.token) } }),
    },
    {
      about: 'of somebody else',
      as: [hidden, hidden, hidden, hidden, hidden, hidden, hidden, hidden, anon],
      where,
      request: ({ people }) => ({ params: { id: sessionOf(people.spare.token) } }),
    },
  ],
  forgotPassword: [
    {
      as: all(202),
      where,
      request: (scene) => ({ body: { email: scene.me === null ? anEmail() : (callerOrSpare(scene).email ?? '') } }),
    },
  ],
  resetPassword: [
    {
      about: 'with the token of the mail',
      as: all(204),
      where,
      request: async (scene) => ({ body: { token: await forgotten(scene), newPassword } }),
    },
    {
      about: 'with a token of nobody',
      as: all('invalid-link'),
      where,
      request: () => ({ body: { token: unknownToken, newPassword } }),
    },
  ],
  readVerification: [
    {
      about: 'with the token of the mail',
      as: all(200),
      where,
      request: async ({ url, people, mailDir }) => {
        const { email } = await another(url, people.spare)
        return { body: { token: await mailedToken(mailDir, email ?? '', 'Confirm') } }
      },
    },
    {
      about: 'with a token of nobody',
      as: all('invalid-link'),
      where,
      request: () => ({ body: { token: unknownToken } }),
    },
  ],
  refuseVerification: [
    {
      about: 'with the token of the mail',
      as: all(204),
      where,
      request: async ({ url, people, mailDir }) => {
        const { email } = await another(url, people.spare)
        return { body: { token: await mailedToken(mailDir, email ?? '', 'Confirm') } }
      },
    },
    {
      about: 'with a token of nobody',
      as: all('invalid-link'),
      where,
      request: () => ({ body: { token: unknownToken } }),
    },
  ],
  verifyEmail: [
    {
      about: 'with the token of the mail',
      as: all(204),
      where,
      request: async ({ url, people, mailDir }) => {
        const { email } = await another(url, people.spare)
        return { body: { token: await mailedToken(mailDir, email ?? '', 'Confirm') } }
      },
    },
    {
      about: 'with a token of nobody',
      as: all('invalid-link'),
      where,
      request: () => ({ body: { token: unknownToken } }),
    },
  ],
  resendVerification: [{ as: [202, 202, 202, 202, 202, 202, no, no, anon], where, request: () => ({ body: {} }) }],
  providers: [{ as: all(200), where, request: () => ({}) }],
  // No provider is configured.
  startOauth: [{ as: all(hidden), where, request: () => ({}) }],
  finishOauth: [{ as: all(hidden), where, request: () => ({}) }],
  oauth: [
    {
      as: all(hidden),
      where,
      request: () => ({ body: { idToken: unknownToken } }),
    },
  ],
  jwks: [{ as: all(200), where, request: () => ({}) }],
}

/** The `sid` of an access token. */
function sessionOf(token: string): string {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { sid: string }
  return claims.sid
}

/** The token that sets a new password for an account of nobody else. */
async function forgotten({ url, people, mailDir }: Scene): Promise<string> {
  const { email } = await another(url, people.spare)
  await rest('POST', `${url}/v1/auth/forgot-password`, { body: { email } })
  return mailedToken(mailDir, email ?? '', 'new password')
}
