import { joinTokenDefaults, meetingDefaults, Strict } from '@parley/contracts'
import { commonConfig, frontendConfig, linkTemplate, mailConfig } from '@parley/kit'
import Type, { type Static } from 'typebox'
import { webhookConfig } from './webhooks/webhook-config.ts'

export const meetingsConfig = Strict({
  ...commonConfig,
  ...mailConfig,
  ...frontendConfig,
  ...webhookConfig,
  PUBLIC_URL: Type.Optional(
    Type.String({
      pattern: '^https?://[^/]+$',
      requiredInProduction: true,
      description:
        'the gateway as browsers reach it, for join links and WebSocket addresses; default: as the request came in',
    }),
  ),
  ATTENDANCE_RETENTION_DAYS: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 36_500,
    description: 'how long it is kept who was in a meeting, and when, after they left; 0: for ever',
  }),
  TIMELINE_RETENTION_DAYS: Type.Integer({
    default: 30,
    minimum: 1,
    maximum: 3_650,
    description: 'how long drops, resumes, refusals and moderation of a meeting are kept for operators',
  }),
  JOIN_LINK_TEMPLATE: linkTemplate('{frontend}/m/{code}', ['code'], 'the join link of a meeting'),
  INVITE_LINK_TEMPLATE: linkTemplate(
    '{frontend}/invites/{inviteId}#token={token}',
    ['inviteId', 'token'],
    'where the mail of an invitation leads for the answer',
  ),
  ROOM_TOKEN_TTL_SECONDS: Type.Integer({
    default: 120,
    minimum: 1,
    maximum: 3600,
    description: 'how long a room token may be used',
  }),
  MAX_PARTICIPANTS_DEFAULT: Type.Integer({
    default: meetingDefaults.maxParticipants,
    minimum: 2,
    maximum: 1000,
    description: 'how many people a meeting takes that does not say it itself',
  }),
  JOIN_TOKEN_TTL_HOURS: Type.Integer({
    default: joinTokenDefaults.expiresInSeconds / 3_600,
    minimum: 1,
    maximum: 8760,
    description: 'how long a join token holds that does not say it itself',
  }),
  EMPTY_END_SECONDS: Type.Integer({
    default: 4 * 3_600,
    minimum: 1,
    maximum: 7 * 86_400,
    description:
      'how long one may come back to a meeting that everybody left; then it ends, but not before its planned end',
  }),
  MEETING_EXPIRY_HOURS: Type.Integer({
    default: 24,
    minimum: 1,
    maximum: 8760,
    description: 'when a meeting ends by itself, after its start or, if nobody came, after the time it was made for',
  }),
})
export type MeetingsConfig = Static<typeof meetingsConfig>
