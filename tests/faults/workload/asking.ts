import { setTimeout as sleep } from 'node:timers/promises'
import { rest } from '../../support/people.ts'
import { now } from '../history/history.ts'

/** A request over REST that is made again and again, by several at once. */
export interface Ask {
  /** Whom it concerns, for the figures. */
  group: string
  what: string
  /** How many ask at once. */
  askers: number
  method: string
  path: string
  token?: string
  /** Between an answer and the next request; 250 unless told. */
  pauseMs?: number
  /** `n` counts the requests of an asker from 1. */
  body?: (n: number) => unknown
}

export interface Answer {
  group: string
  what: string
  /** 0 when there was no answer within 15 s. */
  status: number
  /** Of a problem. */
  code: string | undefined
  ms: number
  at: number
}

const pauseMs = 250

/** Everybody asks, a pause after the answer again, until `isOver`; resolves with all answers when each has the last one. */
export async function keepAsking(url: string, asks: readonly Ask[], isOver: () => boolean): Promise<Answer[]> {
  const answers: Answer[] = []
  const askers = asks.flatMap((ask) => Array.from({ length: ask.askers }, () => ask))
  await Promise.all(
    askers.map(async (ask) => {
      for (let n = 1; !isOver(); n += 1) {
        answers.push(await once(url, ask, n))
        await sleep(ask.pauseMs ?? pauseMs)
      }
    }),
  )
  return answers
}

async function once(url: string, { group, what, method, path, token, body }: Ask, n: number): Promise<Answer> {
  const at = now()
  const options = { ...(token !== undefined && { token }), ...(body && { body: body(n) }) }
  const answer = await rest(method, `${url}${path}`, options).catch(() => ({ status: 0, body: {} }))
  const code = (answer.body as { code?: string }).code
  return { group, what, status: answer.status, code, ms: now() - at, at }
}

export const isDone = ({ status }: Answer): boolean => status >= 200 && status < 300
/** A refusal that says: try again. */
export const isForNow = ({ status, code }: Answer): boolean => status === 503 && code === 'unavailable'
