import type { EventSubject, ParamsOf, RequestSubject } from '@parley/contracts'
import type { Static, TSchema } from 'typebox'
import type { Logger } from '../logger.ts'
import { asProblem } from '../db/errors.ts'
import { ProblemError } from '../problem.ts'
import type { Bus, BusSubscription } from './bus.ts'
import type { Call } from './call.ts'
import { fillSubject, readParams, wildSubject } from './params.ts'
import { readAnswerOrThrow, readOrThrow, writeAnswer, writeProblem } from './answer-text.ts'

/** The same request with its `{name}` tokens filled in, for `request` and `respond`. */
export const at = <In extends TSchema, Out extends TSchema, Subject extends string>(
  definition: RequestSubject<In, Out, Subject>,
  params: ParamsOf<Subject>,
): RequestSubject<In, Out> => ({ ...definition, subject: fillSubject(definition.subject, params) })

/** Sends a request and waits at most the definition's `timeoutMs`. Rejects with the problem the other side answered with. */
export async function request<In extends TSchema, Out extends TSchema>(
  bus: Bus,
  definition: RequestSubject<In, Out>,
  input: Static<In>,
): Promise<Static<Out>> {
  const text = await bus.request(definition.subject, JSON.stringify(input), definition.timeoutMs)
  return readAnswerOrThrow(definition.output, text)
}

/**
 * Responds to requests. A problem (an outage of the database is one) travels to the caller; any other error is logged and travels as
 * `internal`. A handler that takes long looks at `call` again before it commits, see `isLate`.
 */
export const respond = <In extends TSchema, Out extends TSchema>(
  bus: Bus,
  definition: RequestSubject<In, Out>,
  queue: string,
  handler: (input: Static<In>, call: Call) => Promise<Static<Out>>,
  log: Logger,
): BusSubscription =>
  bus.respond(definition.subject, queue, async (text, call) => {
    try {
      return writeAnswer(await handler(readOrThrow(definition.input, text), call))
    } catch (error) {
      const problem = asProblem(error)
      if (problem !== null) return writeProblem(problem)
      log.error({ subject: definition.subject, err: error }, 'bus request failed')
      return writeProblem(new ProblemError('internal'))
    }
  })

/** Publishes an event: at most once, lost while the bus is down. */
export const publish = <Body extends TSchema, Subject extends string>(
  bus: Bus,
  definition: EventSubject<Body, Subject>,
  params: ParamsOf<Subject>,
  body: Static<Body>,
): void => bus.publish(fillSubject(definition.subject, params), JSON.stringify(body))

/** Subscribes to the events with these params, or with any (`*`). An event of another shape is logged and dropped. */
export const subscribe = <Body extends TSchema, Subject extends string>(
  bus: Pick<Bus, 'subscribe'>,
  definition: EventSubject<Body, Subject>,
  params: ParamsOf<Subject> | '*',
  handler: (body: Static<Body>, params: ParamsOf<Subject>) => void,
  log: Logger,
): BusSubscription => {
  const pattern = params === '*' ? wildSubject(definition.subject) : fillSubject(definition.subject, params)
  return bus.subscribe(pattern, (text, subject) => {
    try {
      handler(readOrThrow(definition.body, text), readParams(definition.subject, subject))
    } catch (error) {
      log.error({ subject, err: error }, 'bus event failed')
    }
  })
}
