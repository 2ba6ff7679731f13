import type { Ban, moderationOperations } from '@parley/contracts'
import type { Handlers } from '@parley/kit'
import { baseOf, type Context } from '../context.ts'
import { pageOf, readCursor } from '../cursor.ts'
import { toMeeting } from '../meeting.ts'
import { moderatedMeeting } from '../moderated.ts'
import type { PasscodeCheck } from '../passcode-check.ts'
import { listJoinTokens } from '../store/join-tokens.ts'
import { listBans } from '../store/members.ts'
import { liftPasscodeLock } from '../store/meetings.ts'
import type { MeetingRow } from '../tables.ts'
import type { MemberRow } from '../tables-admission.ts'
import type { Goodbyes } from './goodbyes.ts'
import { createJoinToken, revokeJoinToken, toTokenInfo, type MadeToken } from './join-tokens.ts'
import { leaveMeeting, removeUser, unbanUser } from './remove.ts'
import { giveRole, handOver } from './roles.ts'

const defaultLimit = 50
const done = { status: 204 } as const
const made = (token: MadeToken) => ({ status: 201, body: token }) as const

/** The REST operations on the people of a meeting: M9, M10. */
export const createModerationRoutes = (context: Context, passcodes: PasscodeCheck, goodbyes: Goodbyes) =>
  ({
    async createJoinToken({ params, body, principal, once }) {
      return made(await createJoinToken(context, { meetingId: params.id, by: principal, body }, once(made)))
    },
    async listJoinTokens({ params, query: { limit = defaultLimit, cursor }, principal }) {
      await moderatedMeeting(context, params.id, principal.userId)
      const rows = await listJoinTokens(context.db, params.id, { after: readCursor(cursor), limit: limit + 1 })
      const place = ({ created_at, id }: (typeof rows)[number]) => ({ at: created_at, id })
      return { status: 200, body: pageOf(rows, limit, { item: toTokenInfo, place }) }
    },
    async revokeJoinToken({ params: { id, tokenId }, principal }) {
      await revokeJoinToken(context, { meetingId: id, by: principal.userId, tokenId })
      return done
    },
    async leave({ params, principal, once }) {
      await leaveMeeting(
        context,
        params.id,
        principal.userId,
        once(() => done),
      )
      return done
    },
    goodbye({ params, body: { participantId }, principal }) {
      goodbyes.take({ meetingId: params.id, userId: principal.userId, participantId })
      return { status: 202, body: {} }
    },
    async kick({ params, body: { userId, ban = false }, principal, once }) {
      const removal = { meetingId: params.id, by: principal.userId, userId, ban }
      await removeUser(
        context,
        removal,
        once(() => done),
      )
      return done
    },
    async listBans({ params, query: { limit = defaultLimit, cursor }, principal }) {
      await moderatedMeeting(context, params.id, principal.userId)
      const rows = await listBans(context.db, params.id, { after: readCursor(cursor), limit: limit + 1 })
      const bans = rows.flatMap(toBan)
      return { status: 200, body: pageOf(bans, limit, { item: shown, place: (ban) => ban.place }) }
    },
    async unban({ params: { id, userId }, principal }) {
      await unbanUser(context, { meetingId: id, by: principal.userId, userId })
      return done
    },
    async passcodeGuesses({ params, principal }) {
      const meeting = await moderatedMeeting(context, params.id, principal.userId)
      return { status: 200, body: await passcodes.guesses(meeting) }
    },
    async liftPasscodeLock({ params, principal }) {
      await moderatedMeeting(context, params.id, principal.userId)
      await liftPasscodeLock(context.db, params.id)
      return done
    },
    async setRole({ params: { id, userId }, body, principal }) {
      const role = await giveRole(context, { meetingId: id, by: principal.userId, userId, role: body.role })
      return { status: 200, body: { userId, role } }
    },
    async handOver({ params, body, principal, request, once }) {
      const base = baseOf(context, request)
      const handed = (row: MeetingRow) =>
        ({ status: 200, body: toMeeting(row, base), headers: { etag: `"${row.version}"` } }) as const
      const hands = { meetingId: params.id, by: principal.userId, userId: body.userId }
      return handed(await handOver(context, hands, once(handed)))
    },
  }) satisfies Handlers<typeof moderationOperations>

type PlacedBan = Ban & { place: { at: Date; id: string } }
const toBan = ({ user_id: userId, name, banned_at: at, banned_by: bannedBy }: MemberRow): PlacedBan[] =>
  at === null || bannedBy === null
    ? []
    : [{ userId, name, bannedBy, bannedAt: at.toISOString(), place: { at, id: userId } }]
const shown = ({ place: _place, ...ban }: PlacedBan): Ban => ban
