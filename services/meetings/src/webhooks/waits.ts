import type { WebhookRow } from './tables.ts'

const longestMs = 3_600_000
/** After so many failures in a row an endpoint counts as down: one delivery at a time finds out when it is not. */
const downAfter = 5

/** The wait after an attempt, from 1 on: doubled each time, up to an hour; up to 10 % less. */
export const waitAfter = (attempt: number, firstMs: number): number =>
  Math.min(longestMs, firstMs * 2 ** Math.min(attempt - 1, 20)) * (0.9 + Math.random() * 0.1)

export const isDown = ({ failures }: Pick<WebhookRow, 'failures'>): boolean => failures >= downAfter

/** The wait until an endpoint that is down is tried again; 0 for others. */
export const downWait = ({ failures }: Pick<WebhookRow, 'failures'>, firstMs: number): number =>
  failures < downAfter ? 0 : waitAfter(failures - downAfter + 1, firstMs)
