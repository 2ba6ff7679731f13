import type { Evidence } from '../fault.ts'
import { atMost, none, single, type Figure } from '../figures.ts'
import { failedSends, unwantedDepartures } from '../findings.ts'
import type { ProcessRecord } from '../history/history.ts'
import { riseOf } from '../slope.ts'
import { steps } from './t25-steps.ts'

const tenMinutesMs = 600_000
/** A process that has just begun to work fills its heap. In a shorter run that is more than any leak. */
const slopeFromSeconds = 1_200
const mostRise = 1
/** The same number of people is another number of connections of a pool, and of those to a load balancer's. */
const tolerance = 0.1
const leastTolerance = 8

export function figuresOf(evidence: Evidence): Figure[] {
  const { history, noted } = evidence
  const value = (name: string): number => noted(name)[0] ?? Number.NaN
  const present = new Set([...history.truth.values()].flat().map(({ participantId }) => participantId))
  const wronged = history.departures.filter(({ participantId }) => present.has(participantId))
  return [
    single('faults', noted('converged').length, { least: 1 }),
    atMost('all the same after each', noted('converged'), { most: 15_000 }),
    ...steps.flatMap(({ name }) => stepFigures(evidence, name)),
    single('people who left', value('left'), { least: 1 }),
    single('people who came', value('came'), { least: value('left'), most: value('left') }),
    single('comings that had to be tried again', value('could not come'), {}),
    single('people there at the end', value('people after'), { least: value('people before') }),
    none('replaced replicas that ended with another code than 0', noted('exit').filter((code) => code !== 0).length),
    none('sends that failed', failedSends(history)),
    none('seen to leave who were there to the end', wronged.length),
    single('seen to leave without a goodbye', unwantedDepartures(history), {}),
    slopeFigure(evidence),
    ...resourceFigures(evidence),
    single('memory of the clients of the test', value('clients MiB'), {}, 'MiB'),
    // They share the machine with the servers: what they were late by is not the servers' doing.
    single('longest delay of the clients of the test', value('clients delay'), {}, 'ms'),
  ]
}

/** The effects of one kind of fault: told only. */
function stepFigures({ history: { departures }, at, noted }: Evidence, name: string): Figure[] {
  const times = noted(`after ${name}`)
  if (times.length === 0) return []
  const marks = steps.flatMap((step) => at(step.name)).toSorted((a, b) => a - b)
  const seen = at(name).map((from) => {
    const until = marks.find((mark) => mark > from) ?? Infinity
    return departures.filter((one) => one.at >= from && one.at < until).length
  })
  return [
    single(`after ${name}: all the same, the slowest of ${times.length}`, Math.max(...times), {}, 'ms'),
    single(`after ${name}: seen to leave without a goodbye`, Math.max(...seen), {}),
  ]
}

/** The steepest slope in the second half, of processes that ran from the first fourth of the time on. */
function slopeFigure({ history, at, size }: Evidence): Figure {
  const [begun = 0] = at('begun')
  const [ended = 0] = at('ended')
  const middle = (begun + ended) / 2
  const rises = history.processes
    .filter((one) => livedThrough(one, (begun + middle) / 2, ended))
    .map(({ label, memory }) => {
      const half = memory.filter((one) => one.at >= middle && one.at <= ended)
      return {
        label,
        percent:
          100 *
          riseOf(
            half.map((one) => ({ at: one.at, value: one.mib })),
            tenMinutesMs,
          ),
      }
    })
  const steepest = rises.toSorted((a, b) => b.percent - a.percent)[0]
  const what = `memory of ${rises.length} processes in the second half, the steepest: ${steepest?.label ?? 'none'}`
  if (size.seconds < slopeFromSeconds) return single(what, steepest?.percent ?? 0, {}, '% in 10 min')
  return single(what, steepest?.percent ?? Number.NaN, { most: mostRise }, '% in 10 min')
}

const livedThrough = ({ exits, memory }: ProcessRecord, from: number, until: number): boolean =>
  (memory[0]?.at ?? Infinity) <= from &&
  (memory.at(-1)?.at ?? 0) >= until &&
  !exits.some(({ at }) => at >= from && at <= until)

function resourceFigures({ noted, cluster }: Evidence): Figure[] {
  const services = new Set(cluster.replicas().map(({ service }) => service))
  const names = [
    ...[...services].map((service) => `descriptors of ${service}`),
    ...['postgres', 'redis', 'nats'].map((server) => `connections to ${server}`),
  ]
  return names.map((name) => {
    const before = noted(`${name}, before`)[0] ?? Number.NaN
    const after = noted(`${name}, after`)[0] ?? Number.NaN
    const most = Math.ceil(before + Math.max(leastTolerance, before * tolerance))
    return single(`${name} at the end (${before} at first)`, after, { most })
  })
}
