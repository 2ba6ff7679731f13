import type { Meeting, meetingsOperations } from '@parley/contracts'
import { limitKey, publicBase, type Handlers } from '@parley/kit'
import type { FastifyRequest } from 'fastify'
import { rosterProblem } from './behind-door.ts'
import { codeLookupOf, type CodeLimit } from './code-limit.ts'
import type { Context } from './context.ts'
import { createMeeting } from './create.ts'
import { pageOf, readCursor } from './cursor.ts'
import { cancelByHost, deleteByHost, endByHost } from './end.ts'
import { claimByAddress } from './invites/invited.ts'
import { doorOf } from './door.ts'
import { join, type Joined } from './join.ts'
import { baseAt, type Base } from './links.ts'
import { withLiveState } from './live-state.ts'
import { toAttendance, toMeeting } from './meeting.ts'
import type { PasscodeCheck } from './passcode-check.ts'
import { meetingByCode, meetingFor, visibleFor } from './read.ts'
import { leads } from './role.ts'
import { listAttendance, listPresent } from './store/attendance.ts'
import { listMeetings } from './store/listing.ts'
import type { MeetingRow } from './tables.ts'
import { scheduleMeeting, updateMeeting } from './update.ts'

const defaultLimit = 50
const maxShown = 1000

/** The REST operations of the service. */
export function createRoutes(context: Context, codes: CodeLimit, passcodes: PasscodeCheck) {
  const { db, config } = context
  const baseOf = (request: FastifyRequest): Base => baseAt(publicBase(config.PUBLIC_URL, request), config)
  return {
    async createMeeting({ body, principal, address, request, once }) {
      const made = (meeting: Meeting) => answerWith(201, meeting)
      return made(
        await createMeeting(
          context,
          { body, principal, address: limitKey(address), base: baseOf(request) },
          once(made),
        ),
      )
    },
    async listMeetings({ query, principal, request }) {
      const { limit = defaultLimit, cursor, scope = 'mine', ...filter } = query
      const base = baseOf(request)
      if (scope === 'mine') await claimByAddress(context, principal.userId)
      const rows = await listMeetings(
        db,
        { ...filter, scope, userId: principal.userId },
        { after: readCursor(cursor), limit: limit + 1 },
      )
      return meetingsPage(rows, limit, base)
    },
    async getMeeting({ params, principal, request }) {
      const seen = await visibleFor(context, params.id, principal)
      const row = seen.meeting
      const participants =
        rosterProblem(seen, principal.kind) === null ? (await listPresent(db, row.id, maxShown)).map(toAttendance) : []
      const forLeaders = leads(seen.role) && row.passcode_hash !== null
      const guesses = forLeaders ? { passcodeGuesses: await passcodes.guesses(row) } : {}
      return answerWith(200, { ...toMeeting(row, baseOf(request)), participants, ...guesses })
    },
    async getMeetingByCode({ params, principal, address, request }) {
      await codes.lookUp(codeLookupOf(principal, address))
      return answerWith(200, toMeeting(await meetingByCode(context, params.code, principal.userId), baseOf(request)))
    },
    async resolveCode({ body, principal, address }) {
      await codes.lookUp(codeLookupOf(principal, address))
      return { status: 200, body: { meetingId: (await meetingByCode(context, body.code, principal.userId)).id } }
    },
    async updateMeeting({ params, headers, body, principal, address, request }) {
      const row = await updateMeeting(context, {
        id: params.id,
        userId: principal.userId,
        address: limitKey(address),
        body,
        ifMatch: headers['if-match'],
      })
      return answerWith(200, toMeeting(row, baseOf(request)))
    },
    async scheduleMeeting({ params, headers, body, principal, request }) {
      const row = await scheduleMeeting(context, {
        id: params.id,
        userId: principal.userId,
        body,
        ifMatch: headers['if-match'],
      })
      return answerWith(200, toMeeting(row, baseOf(request)))
    },
    async cancelMeeting({ params, principal, request, once }) {
      const cancelled = (row: MeetingRow) => answerWith(200, toMeeting(row, baseOf(request)))
      return cancelled(await cancelByHost(context, params.id, principal.userId, once(cancelled)))
    },
    async deleteMeeting({ params, principal }) {
      await deleteByHost(context, params.id, principal.userId)
      return { status: 204 }
    },
    async endMeeting({ params, principal, request, once }) {
      const ended = (row: MeetingRow) => answerWith(200, toMeeting(row, baseOf(request)))
      return ended(await endByHost(context, params.id, principal.userId, once(ended)))
    },
    async join({ body: { code, joinToken, passcode, displayName }, principal, address, request, once }) {
      const seeker = codeLookupOf(principal, address)
      const door = await codes.guess(seeker, () => doorOf(context, { code, joinToken }, principal.userId))
      const { seen, ...key } = door
      const who = { principal, address, passcode, displayName }
      const asked = { ...key, ...who, base: baseOf(request), once: once(joined) }
      return joined(await join(context, passcodes, seen, asked))
    },
    async roomToken({ params, body: { passcode, displayName }, principal, address, request, once }) {
      const seen = await meetingFor(context, params.id, principal.userId)
      const who = { principal, address, passcode, displayName }
      const asked = { ...who, byCode: seen.knowsCode, base: baseOf(request), once: once(joined) }
      return joined(await join(context, passcodes, seen, asked))
    },
    async participants({ params, query, principal }) {
      const { limit = defaultLimit, cursor, present } = query
      const seen = await visibleFor(context, params.id, principal)
      const problem = rosterProblem(seen, principal.kind)
      if (problem !== null) throw problem
      const rows = await listAttendance(db, seen.meeting.id, { present, after: readCursor(cursor), limit: limit + 1 })
      const body = pageOf(rows, limit, { item: toAttendance, place: (row) => ({ at: row.joined_at, id: row.id }) })
      return { status: 200, body: { ...body, items: await withLiveState(context, seen.meeting.id, body.items) } }
    },
  } satisfies Handlers<typeof meetingsOperations>
}

const meetingsPage = (rows: readonly MeetingRow[], limit: number, base: Base) => ({
  status: 200 as const,
  body: pageOf(rows, limit, {
    item: (row) => toMeeting(row, base),
    place: (row) => ({ at: row.created_at, id: row.id }),
  }),
})

const joined = ({ joining }: Joined) => ({ status: 200, body: joining }) as const

/** A single meeting is answered with its version as ETag, for `If-Match`. */
const answerWith = <Status extends 200 | 201, Body extends Meeting>(status: Status, body: Body) => ({
  status,
  body,
  headers: { etag: `"${body.version}"`, ...(status === 201 && { location: `/v1/meetings/${body.id}` }) },
})
