import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, freePort, startMailServer, steppingClock } from '@parley/kit/testing'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startAuth, type Stage, type TestAuth } from './testing/harness.ts'
import { clientId, clientSecret, startIssuer } from './testing/issuer.ts'
import { Page, publicUrl } from './testing/page.ts'
import { freshEmail, password } from './testing/people.ts'
import { memoryStage } from './testing/stages.ts'

let stage: Stage
let auth: TestAuth | undefined
beforeAll(async () => {
  stage = await memoryStage()
})
afterEach(() => auth?.stop())
afterAll(() => stage.close())

const start = async (env: Record<string, string>, clock = steppingClock()): Promise<TestAuth> =>
  (auth = await startAuth(stage, { env, clock }))
const register = (auth: TestAuth, email: string, headers: Record<string, string> = {}) =>
  auth.call('POST', '/v1/auth/register', { body: { email, password, name: 'Ada' }, headers })

test('A11 while the mail server is down requests go on as ever, and after a restart the mail arrives', async () => {
  const port = await freePort()
  const env = { SMTP_URL: `smtp://127.0.0.1:${port}`, PUBLIC_URL: publicUrl }
  const clock = steppingClock()
  const first = await start(env, clock)
  const email = freshEmail()
  const since = performance.now()
  expect((await register(first, email)).status).toBe(201)
  expect(performance.now() - since).toBeLessThan(1000)
  await eventually(async () =>
    expect(await first.db.selectFrom('mail_outbox').select('attempts').execute()).toEqual([{ attempts: 1 }]),
  )
  await first.stop()
  const server = await startMailServer({ port })
  clock.advance(6000)
  await start(env, clock)
  await eventually(() => expect(server.mails).toMatchObject([{ recipients: [email] }]), 5000)
  await server.stop()
})

test('A11 without a mail server mails are files; links begin as the browser knows us', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'parley-auth-mail-'))
  const running = await start({ MAIL_DIR: dir })
  await register(running, freshEmail(), { 'x-forwarded-host': 'localhost:8080' })
  await eventually(async () => expect((await readdir(dir)).filter((name) => name.endsWith('.eml'))).toHaveLength(1))
  const [file = ''] = await readdir(dir)
  const text = (await readFile(join(dir, file), 'utf8')).replaceAll('=\r\n', '').replaceAll('=3D', '=')
  expect(text).toMatch(/http:\/\/localhost:8080\/verify-email#token=[\w-]{43}/)
  await rm(dir, { recursive: true })
})

test('A11 an invalid host gets into no link', async () => {
  const running = await start({})
  const reply = await register(running, freshEmail(), { 'x-forwarded-host': 'evil.example/path?x' })
  expect(reply.problem()).toMatchObject({ code: 'invalid-input' })
})

test('A7 without a provider there is no button, and its addresses say what to set', async () => {
  const running = await start({})
  expect((await running.call('GET', '/v1/auth/providers')).as()).toEqual({ items: [] })
  for (const path of ['/v1/auth/oauth/google', '/v1/auth/oauth/google/callback?code=x&state=y']) {
    const problem = (await running.call('GET', path)).problem()
    expect(problem).toMatchObject({ status: 404, code: 'not-found', detail: expect.stringContaining('OIDC_CLIENT_ID') })
  }
})

test('A7 a provider that is away stops nothing else, and is found again when it is back', async () => {
  const issuer = await startIssuer(`${publicUrl}/v1/auth/oauth/google/callback`)
  const gone = new URL(issuer.url)
  await issuer.stop()
  const env = {
    PUBLIC_URL: publicUrl,
    OIDC_ISSUER: gone.origin,
    OIDC_CLIENT_ID: clientId,
    OIDC_CLIENT_SECRET: clientSecret,
  }
  const running = await start(env)
  const page = new Page(running)
  const begin = `${publicUrl}/v1/auth/oauth/google`
  expect((await page.get(begin)).location).toBe(`${publicUrl}/signin?problem=unavailable`)
  const reply = await running.call('POST', '/v1/auth/oauth/google', { body: { idToken: issuer.idToken() } })
  expect(reply.problem()).toMatchObject({ status: 503, code: 'unavailable' })
  expect((await register(running, freshEmail())).status).toBe(201)
  const back = await startIssuer(`${publicUrl}/v1/auth/oauth/google/callback`, Number(gone.port))
  expect((await page.get(begin)).location).toContain(`${gone.origin}/auth?`)
  await back.stop()
})
