import { createLogger, createMemoryKv, readConfig } from '@parley/kit'
import { fakeClock } from '@parley/kit/testing'
import { describe, expect, it } from 'vitest'
import { signalingConfig } from '../config.ts'
import { IceServers } from './ice-servers.ts'
import { TurnHolders } from './turn-holders.ts'

const clock = fakeClock()
const log = createLogger({ service: 'test', level: 'silent' })
const deps = { clock, holders: new TurnHolders({ kv: createMemoryKv(), log }) }
const settings = (env: Record<string, string>) => readConfig(signalingConfig, env)

describe('R11 ICE servers', () => {
  it('gives TURN with a life of its own to each person, and says when to renew it', () => {
    const ice = new IceServers(
      settings({
        ICE_SERVER_URLS: 'stun:stun.example.org:3478',
        TURN_URLS: 'turn:turn.example.org:3478,turns:turn.example.org:5349',
        TURN_SECRET: 'a-secret-of-the-turn-server',
        TURN_TTL_SECONDS: '600',
      }),
      deps,
    )
    const { iceServers, renewAt } = ice.grant({ userId: 'ada', participantId: 'p-ada' })
    expect(iceServers).toMatchObject([
      { urls: ['stun:stun.example.org:3478'] },
      { urls: ['turn:turn.example.org:3478', 'turns:turn.example.org:5349'], username: '1700000600:ada' },
    ])
    expect(renewAt).toBe(clock.monotonic() + 480_000)
    expect(iceServers[1]?.credential).not.toBe(
      ice.grant({ userId: 'ben', participantId: 'p-ben' }).iceServers[1]?.credential,
    )
    expect(ice.open()).toEqual([{ urls: ['stun:stun.example.org:3478'] }])
  })

  it('tells a fixed login again, too, for another node may have another one', () => {
    const fixed = { TURN_URLS: 'turn:turn.example.org', TURN_USERNAME: 'parley', TURN_PASSWORD: 'north' }
    const { iceServers, renewAt } = new IceServers(settings(fixed), deps).grant({
      userId: 'ada',
      participantId: 'p-ada',
    })
    expect(iceServers).toEqual([{ urls: ['turn:turn.example.org'], username: 'parley', credential: 'north' }])
    expect(renewAt).toBe(clock.monotonic() + 2_880_000)
  })

  it('refuses to start with TURN and no secret for it', () => {
    expect(() => new IceServers(settings({ TURN_URLS: 'turn:turn.example.org' }), deps)).toThrow('TURN_SECRET')
  })
})
