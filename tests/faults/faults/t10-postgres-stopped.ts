import type { Evidence, Fault } from '../fault.ts'
import { atMost, none, share, single, type Figure } from '../figures.ts'
import { answerTimes, failedSends, firstSends, unwantedDepartures } from '../findings.ts'
import { freezingMs } from '../readings.ts'
import { now } from '../history/history.ts'

/** PostgreSQL ends as `pg_ctl stop -m immediate` ends it, and is started again. */
export const postgresStopped: Fault = {
  id: 'T10',
  title: 'PostgreSQL stopped hard',
  promise: 'Without PostgreSQL rooms go on, sends are refused within 3 s, and none that was accepted is lost.',
  async inject({ cluster, mark, wait, size }) {
    mark('down')
    await cluster.endServer('postgres')
    await wait(freezingMs(size.seconds))
  },
  async heal({ cluster, mark, note, crowd, wait }) {
    await cluster.restartServer('postgres')
    mark('up')
    const from = now()
    const [speaker] = crowd.attendees
    // Behind what this person has waiting.
    await speaker?.say('is it back?')
    note('caught up', now() - from)
    await wait(1_000)
  },
  figures: figuresOf,
}

const stateTypes: readonly string[] = ['media.update', 'hand.raise', 'hand.lower', 'rtc.signal']

function figuresOf({ history, at, noted }: Evidence): Figure[] {
  const [down = 0] = at('down')
  const [up = 0] = at('up')
  const states = history.requests.filter(({ type, at: when }) => stateTypes.includes(type) && when > down && when < up)
  const done = states.filter(({ end }) => end?.how === 'answered').length
  return [
    atMost('sends refused', answerTimes(history, ['chat.send'], down, up), { most: 3_000 }),
    none('sends that failed for good', failedSends(history)),
    share('state changes and signals made while it was away', done, states.length, 99),
    atMost('the first message of each room after it was back', firstSends(history, up), { most: 5_000 }),
    single('what had waited was through', noted('caught up')[0] ?? Infinity, {}, 'ms'),
    none('seen to leave', unwantedDepartures(history)),
  ]
}
