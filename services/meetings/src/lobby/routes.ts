import type { lobbyOperations, Principal } from '@parley/contracts'
import { limitKey, newId, type Handlers } from '@parley/kit'
import { codeLookupOf, type CodeLimit } from '../code-limit.ts'
import type { Context } from '../context.ts'
import { moderatedMeeting } from '../moderated.ts'
import type { PasscodeCheck } from '../passcode-check.ts'
import { decideLobby, type Decided } from './decide.ts'
import { explainAccess } from './explain.ts'
import { lobbyState } from './state.ts'

/** The REST operations of the way in: M14, M15. */
export const createLobbyRoutes = (context: Context, codes: CodeLimit, passcodes: PasscodeCheck) =>
  ({
    async codeAccess({ params, principal, address }) {
      await codes.lookUp(codeLookupOf(principal, address))
      return { status: 200, body: await explainAccess(context, passcodes, { code: params.code, principal, address }) }
    },
    async codeDoor({ params, address }) {
      await codes.lookAround(limitKey(address))
      return {
        status: 200,
        body: await explainAccess(context, passcodes, { ...params, principal: newGuest(), address }),
      }
    },
    async lobby({ params, principal }) {
      await moderatedMeeting(context, params.id, principal.userId)
      const { lobby, lv } = await lobbyState(context, { meetingId: params.id, present: [] })
      return { status: 200, body: { items: lobby, lv } }
    },
    async admit({ params, body: { participantId }, principal, once }) {
      const decision = { meetingId: params.id, by: principal.userId, participantId, admit: true }
      return decided(await decideLobby(context, decision, once(decided)))
    },
    async reject({ params, body: { participantId }, principal, once }) {
      const decision = { meetingId: params.id, by: principal.userId, participantId, admit: false }
      return decided(await decideLobby(context, decision, once(decided)))
    },
    async admitAll({ params, principal, once }) {
      const decision = { meetingId: params.id, by: principal.userId, participantId: null, admit: true }
      return decided(await decideLobby(context, decision, once(decided)))
    },
  }) satisfies Handlers<typeof lobbyOperations>

/** Somebody whom nobody knows yet; they could become a guest at once. */
const newGuest = (): Principal => ({
  userId: newId(),
  sessionId: newId(),
  kind: 'guest',
  name: '',
  epoch: 0,
  expiresAt: 0,
})

const decided = ({ count }: Decided) => ({ status: 200, body: { count } }) as const
