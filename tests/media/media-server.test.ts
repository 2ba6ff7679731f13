import { spawnSync, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, freePort } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const deploy = join(import.meta.dirname, '..', '..', 'deploy')
const script = join(deploy, 'media-server.sh')
const secret = '0123456789abcdef0123'
let folder: string
let env: Record<string, string>

/** The entry of the images of Janus and coturn, with their templates where the images have them. */
describe('the entry of the media servers’ images', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'parley-media-server-'))
    for (const name of ['janus', 'coturn']) {
      mkdirSync(join(folder, name, 'config'), { recursive: true })
      const filter = (path: string) => !/(Dockerfile|README\.md)$/.test(path)
      cpSync(join(deploy, name), join(folder, name, 'templates'), { recursive: true, filter })
    }
    const [port, adminPort, turnPort] = [await freePort(), await freePort(), await freePort()].map(String)
    env = {
      PATH: process.env['PATH'] ?? '',
      JANUS_ID: 'janus-1',
      JANUS_BIND: '127.0.0.1',
      JANUS_PORT: `${port}`,
      JANUS_ADMIN_PORT: `${adminPort}`,
      JANUS_RTP_PORTS: '20000-20199',
      JANUS_MEDIA_ADDRESSES: '',
      JANUS_PUBLIC_ADDRESS: '198.51.100.7',
      JANUS_ADMIN_SECRET: secret,
      JANUS_ADMIN_KEY: secret,
      JANUS_TOKEN_SECRET: secret,
      TURN_PORT: `${turnPort}`,
      TURN_REALM: 'parley',
      TURN_ADDRESS: '127.0.0.1',
      TURN_SECRET: secret,
      TURN_MIN_PORT: '21000',
      TURN_MAX_PORT: '21199',
    }
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const places = (server: string) => ({
    MEDIA_SERVER_TEMPLATES: join(folder, server, 'templates'),
    MEDIA_SERVER_CONFIG: join(folder, server, 'config'),
  })
  const entry = (server: string, secrets: string, more: Record<string, string> = {}) =>
    spawnSync('sh', [script, secrets, 'true'], { env: { ...env, ...places(server), ...more }, encoding: 'utf8' })

  it('V1 S37 fills in the configuration and becomes Janus', async () => {
    const args = [script, 'JANUS_ADMIN_SECRET', 'janus', '-F', join(folder, 'janus', 'config')]
    const child = spawn('sh', args, { env: { ...env, ...places('janus') }, stdio: 'ignore' })
    const ended = new Promise((resolve) => child.once('exit', resolve))
    try {
      await eventually(async () => {
        const body = JSON.stringify({ janus: 'list_sessions', transaction: 'one', admin_secret: secret })
        const answer = await fetch(`http://127.0.0.1:${env['JANUS_ADMIN_PORT']}/admin`, { method: 'POST', body })
        expect(await answer.json()).toMatchObject({ janus: 'success' })
      }, 10_000)
    } finally {
      child.kill('SIGTERM')
      await ended
    }
  })

  it('S35 S36 adds the addresses of coturn that it is told of', () => {
    const more = { TURN_PUBLIC_ADDRESS: '198.51.100.7', TURN_ALLOWED_PEERS: '10.1.2.3,10.1.2.4' }
    expect(entry('coturn', 'TURN_SECRET', more)).toMatchObject({ status: 0, stderr: '' })
    const written = readFileSync(join(folder, 'coturn', 'config', 'turnserver.conf'), 'utf8')
    expect(written).toContain(`static-auth-secret=${secret}\n`)
    expect(written.split('\n').slice(-4)).toEqual([
      'external-ip=198.51.100.7/127.0.0.1',
      'allowed-peer-ip=10.1.2.3',
      'allowed-peer-ip=10.1.2.4',
      '',
    ])
  })

  it('refuses a secret that is missing or short, and a value that could say more than one thing', () => {
    for (const [name, value] of [
      ['TURN_SECRET', ''],
      ['TURN_SECRET', 'short'],
      ['TURN_REALM', 'a\nno-auth'],
    ] as const) {
      const { status, stderr } = entry('coturn', 'TURN_SECRET', { [name]: value })
      expect([status, stderr]).toEqual([1, expect.stringContaining(name)])
    }
    const { status, stderr } = entry('janus', 'JANUS_ADMIN_SECRET', { JANUS_ID: 'a";token_auth=false;b="' })
    expect([status, stderr]).toEqual([1, expect.stringContaining('JANUS_ID')])
    // Those that are appended are looked at, too.
    for (const name of ['TURN_PUBLIC_ADDRESS', 'TURN_ALLOWED_PEERS'])
      expect(entry('coturn', 'TURN_SECRET', { [name]: '10.1.2.3\nno-auth' }).status).toBe(1)
  })
})
