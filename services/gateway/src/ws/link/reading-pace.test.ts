import { expect, test } from 'vitest'
import { createReadingPace } from './reading-pace.ts'

test('X3 a client may send a burst, and then what a node would take of it twice over', () => {
  let ms = 0
  const pace = createReadingPace(() => ms)
  for (let n = 0; n < 16; n += 1) expect(pace(64 * 1024)).toBe(0)
  // A client that is not read for so long never gets further than its rate.
  for (let n = 0; n < 10; n += 1) {
    const pause = pace(64 * 1024)
    expect(pause).toBe(500)
    ms += pause
  }
  ms += 60_000
  for (let n = 0; n < 16; n += 1) expect(pace(64 * 1024)).toBe(0)
})
