import { mkdir, mkdtemp, rename, rm, stat, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLogger, newId } from '@parley/kit'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { coloursAt, hears, probe } from '../testing/probe.ts'
import { recordColour, recordTone } from '../testing/mjr-files.ts'
import { makeFilm, type Film, type Footage } from './film.ts'

const log = createLogger({ service: 'film-test', level: 'silent' })
const [ann, bob, cy] = [newId(), newId(), newId()]
const t0 = 1_700_000_000_000_000

describe('V3 the film of a recording', () => {
  let root: string
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'parley-film-'))
  })
  afterAll(() => rm(root, { recursive: true, force: true }))

  const folderOf = async (name: string): Promise<string> => {
    const folder = join(root, name)
    await mkdir(folder)
    return folder
  }
  async function film(name: string, footage: Pick<Footage, 'parts' | 'lengthMs'> & Partial<Footage>): Promise<Film> {
    const folder = await folderOf(`${name}-work`)
    const means = { folder, threads: 1, log, signal: new AbortController().signal, deadlineMs: 60_000 }
    const made = await makeFilm({ stays: [], layout: 'grid', ...footage }, means)
    if (made === null) throw new Error('There is no film')
    return made
  }

  test('shows and plays three people when they were there: one comes late, one pauses', async () => {
    const folder = await folderOf('three')
    const participant = (
      participantId: string,
      atMs: number,
      seconds: number,
      pauses: { fromMs: number; toMs: number }[],
    ) => ({
      folder,
      participantId,
      firstAtUs: t0 + atMs * 1000,
      seconds,
      pauses,
    })
    recordColour({ ...participant(ann, 0, 10, []), colour: 'red' })
    recordTone({ ...participant(ann, 0, 10, []), hz: 400 })
    recordColour({ ...participant(bob, 4000, 6, []), colour: '#00e000' })
    recordTone({ ...participant(bob, 4000, 6, []), hz: 900 })
    recordColour({ ...participant(cy, 0, 10, [{ fromMs: 5000, toMs: 8000 }]), colour: 'blue' })
    recordTone({ ...participant(cy, 0, 10, [{ fromMs: 2000, toMs: 5000 }]), hz: 2000 })
    const stays = [ann, bob, cy].map((participantId, at) => ({
      participantId,
      name: `P${at}: it's %{pts}`,
      fromMs: 0,
      toMs: 10_000,
    }))
    const { file, durationMs, participants, contentType } = await film('three', {
      parts: [{ folder, startsMs: 0 }],
      stays,
      lengthMs: 10_000,
    })

    expect(contentType).toBe('video/webm')
    expect(probe(file)).toMatchObject({ codecs: ['vp8', 'opus'], width: 1280 })
    expect(Math.abs(probe(file).durationMs - 10_000)).toBeLessThan(100)
    expect(Math.abs(durationMs - 10_000)).toBeLessThan(100)
    expect(participants.map(({ participantId, fromMs }) => [participantId, fromMs])).toEqual([
      [ann, 0],
      [cy, 0],
      [bob, 4000],
    ])
    const seen = [1, 3.5, 4.5, 6.5, 9].map((at) => coloursAt(file, at))
    expect(seen.map(({ red, green, blue }) => [red > 150, green > 150, blue > 150])).toEqual([
      [true, false, true],
      [true, false, true],
      [true, true, true],
      [true, true, false],
      [true, true, true],
    ])
    const heard = [1, 3, 4.3, 6, 9].map((at) => [400, 900, 2000].map((hz) => hears(file, at, hz)))
    expect(heard).toEqual([
      [true, false, true],
      [true, false, false],
      [true, true, false],
      [true, true, true],
      [true, true, true],
    ])
  }, 90_000)

  test('puts parts of two Janus one after the other, though their clocks are an hour apart, and uses a track that was cut off', async () => {
    const [first, second] = [await folderOf('first'), await folderOf('second')]
    const cut = recordColour({ folder: first, participantId: ann, firstAtUs: t0, seconds: 3, colour: 'red' })
    // As a Janus leaves it that was killed: another name, and the last packet is not whole.
    await truncate(cut, (await stat(cut)).size - 3)
    await rename(cut, `${cut}.tmp`)
    const anHourAgo = t0 - 3_600_000_000
    recordColour({ folder: second, participantId: ann, firstAtUs: anHourAgo, seconds: 3, colour: 'blue' })
    const parts = [
      { folder: first, startsMs: 0 },
      { folder: second, startsMs: 5_000 },
    ]
    const { file, durationMs, participants } = await film('parts', { parts, lengthMs: 12_000 })
    expect(durationMs).toBe(12_000)
    expect(Math.abs(probe(file).durationMs - 12_000)).toBeLessThan(100)
    expect(participants.map(({ fromMs }) => fromMs)).toEqual([0])
    const seen = [1, 4, 6].map((at) => coloursAt(file, at))
    expect(seen.map(({ red, blue }) => [red > 400, blue > 400])).toEqual([
      [true, false],
      [false, false],
      [false, true],
    ])
  }, 90_000)

  test('shows a screen large while it is shared, and its owner beside it', async () => {
    const folder = await folderOf('screen')
    recordColour({ folder, participantId: ann, firstAtUs: t0, seconds: 6, colour: 'red' })
    const screen = { folder, participantId: ann, firstAtUs: t0 + 2_000_000, seconds: 2, description: 'screen' }
    recordColour({ ...screen, colour: '#00e000' })
    const { file } = await film('screen', { parts: [{ folder, startsMs: 0 }], lengthMs: 6_000 })
    const seen = [1, 3, 5].map((at) => coloursAt(file, at))
    expect(seen.map(({ red, green }) => [red > 500, red > 20, green > 400])).toEqual([
      [true, true, false],
      [false, true, true],
      [true, true, false],
    ])
  }, 60_000)

  test('takes tracks that come and go 50 times', async () => {
    const folder = await folderOf('fifty')
    const pauses = Array.from({ length: 49 }, (_, at) => ({ fromMs: at * 200 + 100, toMs: at * 200 + 200 }))
    recordColour({ folder, participantId: ann, firstAtUs: t0, seconds: 10, colour: 'red', pauses })
    for (let at = 0; at < 50; at += 1)
      recordTone({ folder, participantId: bob, firstAtUs: t0 + at * 200_000, seconds: 0.1, hz: 900 })
    const { file, participants } = await film('fifty', {
      parts: [{ folder, startsMs: 0 }],
      layout: 'speaker',
      lengthMs: 10_000,
    })
    expect(Math.abs(probe(file).durationMs - 10_000)).toBeLessThan(200)
    expect(participants).toHaveLength(2)
    expect([1, 5, 9].map((at) => [coloursAt(file, at).red > 20, hears(file, at, 900)])).toEqual([
      [true, true],
      [true, true],
      [true, true],
    ])
  }, 120_000)

  test('has no pictures when there is only sound, and is not made when there is nothing', async () => {
    const folder = await folderOf('sound')
    recordTone({ folder, participantId: ann, firstAtUs: t0, seconds: 2, hz: 400 })
    const made = await film('sound', { parts: [{ folder, startsMs: 0 }], layout: 'audio', lengthMs: 2_000 })
    expect([made.contentType, probe(made.file).codecs]).toEqual(['audio/webm', ['opus']])
    const empty = await folderOf('empty')
    await expect(film('empty', { parts: [{ folder: empty, startsMs: 0 }], lengthMs: 2_000 })).rejects.toThrow('no film')
  }, 60_000)
})
