import { newId } from '@parley/kit'
import { expect, it } from 'vitest'
import { cpuSecondsIn } from '../janus/cpu.ts'
import { Feeds } from './feeds.ts'
import { bitrateFor } from './limits.ts'
import { chooseJanus } from './placement.ts'

const participant = (shows: Partial<Record<'mic' | 'cam' | 'screen', boolean>>) => ({
  participantId: 'p',
  userId: newId(),
  joinedAt: '2026-01-01T00:00:00.000Z',
  mic: false,
  cam: false,
  screen: false,
  ...shows,
})
const stream = (mid: string, type: 'audio' | 'video' | 'data', description?: string) => ({
  mid,
  type,
  ...(description !== undefined && { description }),
})
const mutedOf = (streams: object[], shows: Parameters<typeof participant>[0]) => {
  const feeds = new Feeds()
  feeds.note({ publishers: [{ id: 'p', streams }] })
  const due = feeds.due(new Map([['p', participant(shows)]]))
  return due.filter(({ mute }) => mute).map(({ mid }) => mid)
}

it.each([
  [
    'named media follow what is shown',
    [stream('0', 'audio', 'mic'), stream('1', 'video', 'cam')],
    { mic: true },
    ['1'],
  ],
  ['without names audio is the microphone', [stream('0', 'audio'), stream('1', 'video')], { cam: true }, ['0']],
  [
    'the second video without a name is the screen',
    [stream('0', 'video'), stream('1', 'video')],
    { screen: true },
    ['0'],
  ],
  ['a voice is no camera', [stream('0', 'audio', 'cam')], { cam: true }, ['0']],
  ['a picture is no microphone', [stream('0', 'video', 'mic')], { mic: true }, ['0']],
  ['the sound of a screen goes with it', [stream('0', 'audio', 'screen')], { screen: true }, []],
  ['data are never forwarded', [stream('0', 'data')], { mic: true, cam: true, screen: true }, ['0']],
])('R4 V2 %s', (_what, streams, shows, muted) => expect(mutedOf(streams, shows)).toEqual(muted))

it('R4 V2 a sent state is not sent again until it is published anew', () => {
  const feeds = new Feeds()
  const participants = new Map([['p', participant({ mic: true })]])
  const published = { publishers: [{ id: 'p', streams: [stream('0', 'audio', 'mic')] }] }
  expect(feeds.note(published)).toBe(true)
  for (const muting of feeds.due(participants)) feeds.told(muting)
  expect(feeds.due(participants)).toEqual([])
  feeds.note(published)
  expect(feeds.due(participants)).toEqual([{ feed: 'p', mid: '0', mute: false }])
  expect(feeds.due(new Map())).toEqual([{ feed: 'p', mid: '0', mute: true }])
  expect(feeds.note({ unpublished: 'p' })).toBe(true)
  expect(feeds.due(participants)).toEqual([])
})

it('V1 a room goes to the least loaded Janus, and those made at once are spread', () => {
  const janus = (id: string, load: object = {}) => ({
    id,
    publishers: 0,
    streams: 0,
    kbps: 0,
    cpuPercent: null,
    rooms: 0,
    ...load,
  })
  expect(chooseJanus([])).toBeNull()
  expect(chooseJanus([janus('b'), janus('a')])).toBe('a')
  expect(chooseJanus([janus('a', { rooms: 1 }), janus('b')])).toBe('b')
  expect(chooseJanus([janus('a', { publishers: 40, rooms: 1 }), janus('b', { publishers: 6, rooms: 4 })])).toBe('b')
  // The figure that tells of the most work counts; a CPU that is not known is none.
  for (const busy of [{ streams: 100 }, { kbps: 100_000 }, { cpuPercent: 15 }])
    expect(chooseJanus([janus('a', busy), janus('b', { publishers: 2, cpuPercent: 3 })])).toBe('b')
})

it.each([
  ['nobody shows anything', [], 2_000_000],
  ['two share what is enough for both', [true, true, false], 2_000_000],
  ['five share the meeting’s', [true, true, true, true, true], 1_000_000],
  ['Janus takes no less than 64 kbit/s', Array.from({ length: 200 }, () => true), 64_000],
])('V1 of the bitrate of a meeting: %s', (_what, shown, expected) => {
  const limits = { bitrate: 2_000_000, meetingBitrate: 5_000_000, publishers: 50 }
  const participants = shown.map((cam, at) => ({ cam: cam && at % 2 === 0, screen: cam && at % 2 === 1 }))
  expect(bitrateFor(participants, limits)).toBe(expected)
})

it.each([
  ['of a process', 'x 1\nprocess_cpu_seconds_total 12.5\nnode_cpu_seconds_total{cpu="0",mode="user"} 3\n', 12.5],
  [
    'of a group',
    'namedprocess_namegroup_cpu_seconds_total{groupname="janus",mode="user"} 2\n' +
      'namedprocess_namegroup_cpu_seconds_total{groupname="janus",mode="system"} 1\n',
    3,
  ],
  [
    'of a machine, without its idle time',
    'node_cpu_seconds_total{cpu="0",mode="idle"} 9e9\nnode_cpu_seconds_total{cpu="0",mode="user"} 1.5\n' +
      'node_cpu_seconds_total{cpu="1",mode="system"} 1e1\n',
    11.5,
  ],
  ['of none', 'up 1\n', null],
])('V1 the CPU of a Janus elsewhere is read from metrics %s', (_of, text, seconds) =>
  expect(cpuSecondsIn(text)).toBe(seconds),
)
