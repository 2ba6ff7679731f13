import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { eventually, janusSettings, startCoturn, startJanus, turnSettings, type RunningJanus } from './index.ts'

const ask = async ({ adminUrl }: RunningJanus, janus: string, secret: string): Promise<Record<string, unknown>> => {
  const body = JSON.stringify({ janus, transaction: 'one', admin_secret: secret })
  const answer = await fetch(adminUrl, { method: 'POST', body, signal: AbortSignal.timeout(5_000) })
  return (await answer.json()) as Record<string, unknown>
}

describe('real media servers for tests', () => {
  it('V1 S37 Janus has the VideoRoom and nothing else, refuses the known admin secret, and comes back where it was', async () => {
    const first = await startJanus({ id: 'janus-7' })
    const { secrets, ports, recordingsDir } = first
    const told = await ask(first, 'info', secrets.adminSecret)
    expect(told).toMatchObject({ 'server-name': 'janus-7', auth_token: true, api_secret: false })
    expect(told).toMatchObject({ 'reclaim-session-timeout': 30, 'local-ip': first.host })
    expect(Object.keys(told['plugins'] ?? {})).toEqual(['janus.plugin.videoroom'])
    expect(Object.keys(told['transports'] ?? {}).sort()).toEqual(['janus.transport.http', 'janus.transport.websockets'])
    expect(await ask(first, 'list_sessions', secrets.adminSecret)).toMatchObject({ janus: 'success', sessions: [] })
    expect(await ask(first, 'list_sessions', 'janusoverlord')).toMatchObject({ janus: 'error', error: { code: 403 } })
    first.kill()
    await eventually(() => expect(first.exited()).toBe(true))
    const second = await startJanus({ id: 'janus-7', secrets, ports, recordingsDir })
    expect(second.url).toBe(first.url)
    expect(janusSettings([second])['JANUS_SERVERS']).toBe(`janus-7=${first.url}|${first.adminUrl}`)
    await Promise.all([first.stop(), second.stop()])
    expect([existsSync(first.dir), existsSync(second.dir)]).toEqual([false, false])
  })

  it('R11 coturn listens where it says, comes back on its port, and leaves nothing', async () => {
    const first = await startCoturn()
    first.kill()
    await eventually(() => expect(first.exited()).toBe(true))
    const second = await startCoturn({ port: first.port, secret: first.secret })
    expect(second.url).toBe(first.url)
    expect(turnSettings(second)).toEqual({
      TURN_URLS: `${first.url}?transport=udp,${first.url}?transport=tcp`,
      TURN_SECRET: first.secret,
    })
    await Promise.all([first.stop(), second.stop()])
    expect([existsSync(first.dir), existsSync(second.dir)]).toEqual([false, false])
  })

  it('refuses a setting that could say more than one thing in the configuration file', async () => {
    await expect(startJanus({ ports: { client: 1, admin: 1 }, host: 'not an address"' })).rejects.toThrow('JANUS_MEDIA')
  })
})
