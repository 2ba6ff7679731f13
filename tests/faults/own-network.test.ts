import { expect, it } from 'vitest'
import { wayToOwnNetwork } from './own-network.ts'

it('T16 says why there is no network of our own in which a command works', async () => {
  const way = await wayToOwnNetwork(['sh', '-c', 'echo "it does not work" >&2; exit 1'])
  expect('missing' in way && way.missing).toBeTruthy()
})
