import { IANAZone } from 'luxon'

const minuteMs = 60_000
const stepMs = 7 * 24 * 60 * minuteMs
const yearMs = 366 * 24 * 60 * minuteMs

interface Observance {
  /** Wall-clock time of the change, by the offset before it. */
  begins: string
  /** Minutes east of UTC before and after. */
  from: number
  to: number
  kind: 'STANDARD' | 'DAYLIGHT'
}

/**
 * The VTIMEZONE (RFC 5545, 3.6.5) of a zone of the IANA database: each change of its offset from a year before `from` to
 * a year after `to`, as this machine's database has them.
 */
export function timeZoneComponent(name: string, { from, to }: { from: Date; to: Date }): string {
  const zone = new IANAZone(name)
  const observances = observancesOf(zone, from.getTime() - yearMs, to.getTime() + yearMs)
  return ['BEGIN:VTIMEZONE', `TZID:${name}`, ...observances.flatMap(linesOf), 'END:VTIMEZONE'].join('\r\n')
}

function observancesOf(zone: IANAZone, from: number, to: number): Observance[] {
  const initial = zone.offset(from)
  const found: Observance[] = [{ begins: '19700101T000000', from: initial, to: initial, kind: kindOf(zone, from) }]
  for (let at = from; at < to; at += stepMs) {
    const [before, after] = [zone.offset(at), zone.offset(at + stepMs)]
    if (before === after) continue
    const change = changeBetween(zone, at, at + stepMs)
    found.push({ begins: wallClock(change + before * minuteMs), from: before, to: after, kind: kindOf(zone, change) })
  }
  return found
}

/** The first instant of the new offset, found by halving down to a second. */
function changeBetween(zone: IANAZone, earliest: number, latest: number): number {
  const before = zone.offset(earliest)
  let [low, high] = [earliest, latest]
  while (high - low > 1000) {
    const middle = low + Math.floor((high - low) / 2)
    if (zone.offset(middle) === before) low = middle
    else high = middle
  }
  return Math.floor(high / 1000) * 1000
}

/** Daylight saving is what is ahead of the lesser of the offsets in January and July. */
function kindOf(zone: IANAZone, at: number): Observance['kind'] {
  const year = new Date(at).getUTCFullYear()
  const standard = Math.min(zone.offset(Date.UTC(year, 0, 1)), zone.offset(Date.UTC(year, 6, 1)))
  return zone.offset(at) > standard ? 'DAYLIGHT' : 'STANDARD'
}

const linesOf = ({ begins, from, to, kind }: Observance): string[] => [
  `BEGIN:${kind}`,
  `DTSTART:${begins}`,
  `TZOFFSETFROM:${offset(from)}`,
  `TZOFFSETTO:${offset(to)}`,
  `END:${kind}`,
]

/** `20310330T020000` of a time that has been moved by its offset. */
const wallClock = (shifted: number): string => new Date(shifted).toISOString().slice(0, 19).replace(/[-:]/g, '')

function offset(minutes: number): string {
  const [whole, sign] = [Math.abs(Math.round(minutes)), minutes < 0 ? '-' : '+']
  return `${sign}${pad(Math.floor(whole / 60))}${pad(whole % 60)}`
}

const pad = (value: number): string => String(value).padStart(2, '0')
