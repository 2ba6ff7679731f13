import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { eicar, freePort, startClamd, type RunningServer } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FileRefusedError } from '../refused.ts'
import { createClamav } from './clamav.ts'

describe('S39 the virus scanner', () => {
  let clamd: RunningServer
  beforeAll(async () => void (clamd = await startClamd()), 60_000)
  afterAll(() => clamd.stop())
  const scan = (bytes: Buffer) =>
    createClamav(`tcp://127.0.0.1:${clamd.port}`).checkOrThrow(Readable.from([bytes], { objectMode: false }))

  it('lets harmless bytes through', async () => {
    await scan(Buffer.from('hello'))
    await scan(randomBytes(500_000))
  })

  it('refuses what it knows, at any place', async () => {
    await expect(scan(Buffer.from(eicar))).rejects.toThrow(/The virus scanner found Eicar-Test/)
    const inside = Buffer.concat([randomBytes(200_000), Buffer.from(eicar), randomBytes(100)])
    await expect(scan(inside)).rejects.toThrow(FileRefusedError)
  })

  it('refuses what is too long to be looked at', async () => {
    await expect(scan(randomBytes(3_000_000))).rejects.toThrow(/too large for the virus scanner/)
  })

  it('says that it cannot look while it is away', async () => {
    const away = createClamav(`tcp://127.0.0.1:${await freePort()}`)
    await expect(away.checkOrThrow(Readable.from([Buffer.from('x')]))).rejects.toMatchObject({ code: 'unavailable' })
  })
})
