import Type from 'typebox'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../config.ts'
import { iceConfig } from './ice-config.ts'
import { checkIceConfig, iceServersFor, openIceServers, turnCredentials } from './ice-servers.ts'

const read = (env: Record<string, string>) => readConfig(Type.Object(iceConfig), env)
const urls = 'turn:turn.example.org:3478'
const secret = 'a-secret-of-the-turn-server'

describe('R11 ICE servers of a configuration', () => {
  it('makes the credentials that a TURN server with the same secret expects', () => {
    // printf '1700003600:ada' | openssl dgst -sha1 -hmac 'north' -binary | base64
    expect(turnCredentials('north', 'ada', 1_700_003_600)).toEqual({
      username: '1700003600:ada',
      credential: 'xnSlQG4JwD6eDlwPBFdbTt6sTJk=',
    })
  })

  it('gives a fixed login as it is, and STUN without one', () => {
    const config = read({
      ICE_SERVER_URLS: 'stun:a:1',
      TURN_URLS: urls,
      TURN_USERNAME: 'parley',
      TURN_PASSWORD: 'north',
    })
    expect(iceServersFor(config, 'ada', 0)).toEqual([
      { urls: ['stun:a:1'] },
      { urls: [urls], username: 'parley', credential: 'north' },
    ])
    expect(openIceServers(config)).toEqual([{ urls: ['stun:a:1'] }])
  })

  it('takes one kind of login, whole', () => {
    const faulty = [
      { TURN_URLS: urls },
      { TURN_URLS: urls, TURN_USERNAME: 'parley' },
      { TURN_URLS: urls, TURN_PASSWORD: 'north' },
      { TURN_URLS: urls, TURN_SECRET: secret, TURN_USERNAME: 'parley', TURN_PASSWORD: 'north' },
    ]
    for (const env of faulty) expect(() => checkIceConfig(read(env))).toThrow(/TURN_/)
    const right = [
      {},
      { TURN_URLS: urls, TURN_SECRET: secret },
      { TURN_URLS: urls, TURN_USERNAME: 'a', TURN_PASSWORD: 'b' },
    ]
    for (const env of right) checkIceConfig(read(env))
  })
})
