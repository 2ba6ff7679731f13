import type { TSchema } from 'typebox'

/** A request on the bus: who asks waits at most `timeoutMs` for one answer. Schemas tolerate unknown fields (rolling deploys). */
export interface RequestSubject<In extends TSchema, Out extends TSchema, Subject extends string = string> {
  kind: 'request'
  /** May contain `{name}` tokens; `at` of the kit's typed layer fills them. */
  subject: Subject
  input: In
  output: Out
  timeoutMs: number
}

/** An event on the bus: at most once, nobody answers. */
export interface EventSubject<Body extends TSchema, Subject extends string = string> {
  kind: 'event'
  /** May contain `{name}` tokens, each one whole segment: `room.{room}.changed`. */
  subject: Subject
  body: Body
}

/** The values for the `{name}` tokens of a subject. */
export type ParamsOf<Subject extends string> = string extends Subject
  ? Record<string, string>
  : { [Name in TokenNames<Subject>]: string }

type TokenNames<Subject extends string> = Subject extends `${string}{${infer Name}}${infer Rest}`
  ? Name | TokenNames<Rest>
  : never

const defaultTimeoutMs = 1000

/** Declares a request; without `timeoutMs` it has one second. */
export const request = <In extends TSchema, Out extends TSchema, const Subject extends string>(
  subject: Subject,
  definition: { input: In; output: Out; timeoutMs?: number },
): RequestSubject<In, Out, Subject> => ({ kind: 'request', subject, timeoutMs: defaultTimeoutMs, ...definition })

/** Declares an event. */
export const event = <Body extends TSchema, const Subject extends string>(
  subject: Subject,
  body: Body,
): EventSubject<Body, Subject> => ({ kind: 'event', subject, body })
