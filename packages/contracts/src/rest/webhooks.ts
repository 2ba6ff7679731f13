import Type, { type Static } from 'typebox'
import { exactlyOne, Id, Instant, Nothing, Strict } from '../ids.ts'
import { NameText } from '../text.ts'
import { userEvents, type UserEventName } from './events.ts'
import { paging } from './meetings.ts'
import type { Operations } from './operation.ts'

/** The events that webhooks get: the events of the account's stream, by their names there. */
export type WebhookEventName = Exclude<UserEventName, 'stream.opened'>
const names = Object.keys(userEvents).filter((name): name is WebhookEventName => name !== 'stream.opened')
/** Said to be what it is: a union of a list that is only known at run time has the type `never`. */
const EventName = Type.Unsafe<WebhookEventName>(Type.Union(names.map((name) => Type.Literal(name))))

const WebhookStatus = Type.Union([Type.Literal('enabled'), Type.Literal('disabled')])
const DisabledReason = Type.Union([Type.Literal('owner'), Type.Literal('failing'), Type.Literal('gone')])

const webhook = {
  id: Id,
  url: Type.String(),
  description: Type.String(),
  events: Type.Array(Type.String(), { description: 'Names of the events that are sent; empty: all' }),
  status: WebhookStatus,
  disabledReason: Type.Optional({
    ...DisabledReason,
    description:
      '`failing`: no delivery succeeded for days. `gone`: the receiver answered 410. `owner`: by the account',
  }),
  disabledAt: Type.Optional(Instant),
  failingSince: Type.Optional(Instant),
  previousSecretUntil: Type.Optional({ ...Instant, description: 'Until then deliveries are signed with both secrets' }),
  createdAt: Instant,
  updatedAt: Instant,
}
/** An endpoint to which the events of an account are sent. */
export const Webhook = Type.Object(webhook, { title: 'Webhook' })
export type Webhook = Static<typeof Webhook>

/** The same with its secret, which is shown only when it is made. */
export const NewWebhook = Type.Object(
  { ...webhook, secret: Type.String({ description: '`whsec_` and 32 bytes in base64, as Standard Webhooks has it' }) },
  { title: 'NewWebhook' },
)
export type NewWebhook = Static<typeof NewWebhook>

const DeliveryStatus = Type.Union([Type.Literal('pending'), Type.Literal('delivered'), Type.Literal('failed')])

/** One event on its way to one endpoint. */
export const WebhookDelivery = Type.Object(
  {
    id: Id,
    eventId: Type.String({ description: 'The `webhook-id` header: the same in each attempt and replay' }),
    type: Type.String(),
    meetingId: Type.Optional(Id),
    status: DeliveryStatus,
    attempts: Type.Integer(),
    late: Type.Boolean({ description: 'It no longer holds back later events of its meeting' }),
    lastStatus: Type.Optional(Type.Integer({ description: 'The HTTP status of the last answer' })),
    lastError: Type.Optional(Type.String({ description: 'Why the last attempt failed' })),
    nextAttemptAt: Type.Optional(Instant),
    happenedAt: Instant,
    createdAt: Instant,
    settledAt: Type.Optional({ ...Instant, description: 'When it was delivered or given up' }),
  },
  { title: 'WebhookDelivery' },
)
export type WebhookDelivery = Static<typeof WebhookDelivery>

/** The body of a delivery. `missing`: earlier events of the same meeting that have not arrived. `late`: it comes after later ones. */
export interface WebhookMessage {
  id: string
  type: string
  timestamp: string
  data: unknown
  missing?: string[]
  late?: true
}

const TargetUrl = Type.String({
  minLength: 10,
  maxLength: 2048,
  pattern: '^https?://[\\x21-\\x5b\\x5d-\\x7e]+$',
  description: 'Where events are posted to: a public https address; see docs/spec/webhooks.md',
})
const Events = Type.Array(EventName, { maxItems: 50, uniqueItems: true })
const Description = NameText({ maxLength: 200 })
const byId = Strict({ id: Id })

export const webhooksOperations = {
  createWebhook: {
    method: 'POST',
    repeat: 'key',
    path: '/v1/webhooks',
    auth: 'user',
    rows: ['O10'],
    summary: 'Register an endpoint for the events of my account; the answer has its secret, once',
    body: Strict({ url: TargetUrl, events: Type.Optional(Events), description: Type.Optional(Description) }),
    answers: { 201: NewWebhook },
    problems: ['quota-exceeded'],
    limit: { by: 'principal', points: 60, seconds: 3600 },
  },
  listWebhooks: {
    method: 'GET',
    path: '/v1/webhooks',
    auth: 'user',
    rows: ['O10'],
    summary: 'My endpoints, oldest first',
    answers: { 200: Type.Object({ items: Type.Array(Webhook) }) },
    problems: [],
  },
  getWebhook: {
    method: 'GET',
    path: '/v1/webhooks/:id',
    auth: 'user',
    rows: ['O10'],
    summary: 'One of my endpoints',
    params: byId,
    answers: { 200: Webhook },
    problems: ['not-found'],
  },
  updateWebhook: {
    method: 'PATCH',
    repeat: 'always',
    path: '/v1/webhooks/:id',
    auth: 'user',
    rows: ['O10'],
    summary: 'Change one of my endpoints; enabled again, it gets what has happened meanwhile',
    params: byId,
    body: Strict(
      {
        url: Type.Optional(TargetUrl),
        events: Type.Optional(Events),
        description: Type.Optional(Description),
        enabled: Type.Optional(Type.Boolean()),
      },
      { minProperties: 1 },
    ),
    answers: { 200: Webhook },
    problems: ['not-found'],
    limit: { by: 'principal', points: 120, seconds: 3600 },
  },
  deleteWebhook: {
    method: 'DELETE',
    repeat: 'always',
    path: '/v1/webhooks/:id',
    auth: 'user',
    rows: ['O10'],
    summary: 'Delete one of my endpoints, with its deliveries',
    params: byId,
    answers: { 204: null },
    problems: ['not-found'],
  },
  rotateWebhookSecret: {
    method: 'POST',
    repeat: 'key',
    path: '/v1/webhooks/:id/rotate-secret',
    auth: 'user',
    rows: ['O10'],
    summary: 'Give an endpoint a new secret; for a while deliveries are signed with both',
    params: byId,
    body: Strict({
      keepPreviousSeconds: Type.Optional(
        Type.Integer({ minimum: 0, maximum: 604_800, default: 86_400, description: 'How long the old one signs too' }),
      ),
    }),
    answers: { 200: NewWebhook },
    problems: ['not-found'],
    limit: { by: 'principal', points: 30, seconds: 3600 },
  },
  testWebhook: {
    method: 'POST',
    repeat: 'key',
    path: '/v1/webhooks/:id/test',
    auth: 'user',
    rows: ['O10'],
    summary: 'Send the event `webhook.test` to an endpoint; its delivery tells what came of it',
    params: byId,
    body: Nothing,
    answers: { 202: WebhookDelivery },
    problems: ['not-found', 'wrong-state'],
    limit: { by: 'principal', points: 60, seconds: 3600 },
  },
  listWebhookDeliveries: {
    method: 'GET',
    path: '/v1/webhooks/:id/deliveries',
    auth: 'user',
    rows: ['O10'],
    summary: 'The deliveries of an endpoint, newest first',
    params: byId,
    query: Strict({ ...paging, status: Type.Optional(DeliveryStatus) }),
    answers: {
      200: Type.Object({
        items: Type.Array(WebhookDelivery),
        nextCursor: Type.Union([Type.String(), Type.Null()]),
      }),
    },
    problems: ['not-found'],
  },
  replayWebhook: {
    method: 'POST',
    repeat: 'key',
    path: '/v1/webhooks/:id/replay',
    auth: 'user',
    rows: ['O10'],
    summary: 'Send again, in order, what the log has of my account since a time, or after an event',
    params: byId,
    body: Strict(
      { since: Type.Optional(Instant), after: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })) },
      exactlyOne('since', 'after'),
    ),
    answers: { 202: Type.Object({ events: Type.Integer({ description: 'How many are sent' }) }) },
    problems: ['not-found', 'wrong-state'],
    limit: { by: 'principal', points: 30, seconds: 3600 },
  },
  replayWebhookDelivery: {
    method: 'POST',
    repeat: 'key',
    path: '/v1/webhooks/:id/deliveries/:deliveryId/replay',
    auth: 'user',
    rows: ['O10'],
    summary: 'Send one delivery again',
    params: Strict({ id: Id, deliveryId: Id }),
    body: Nothing,
    answers: { 202: WebhookDelivery },
    problems: ['not-found', 'wrong-state'],
    limit: { by: 'principal', points: 120, seconds: 3600 },
  },
} as const satisfies Operations
