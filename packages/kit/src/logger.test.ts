import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { createLogger } from './logger.ts'
import { eventually } from './testing/index.ts'

function captured() {
  const lines: string[] = []
  const destination = new Writable({ write: (chunk, _encoding, done) => (lines.push(String(chunk)), done()) })
  return { lines, log: createLogger({ service: 'test', instance: 'i1', level: 'debug', format: 'json', destination }) }
}

test('a line has level, time, service, instance and message', () => {
  const { lines, log } = captured()
  log.info({ a: 1 }, 'hello')
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'info',
    service: 'test',
    instance: 'i1',
    a: 1,
    msg: 'hello',
  })
})

test('S13: secret fields are hidden at any depth, in children and in errors', () => {
  const { lines, log } = captured()
  const secret = 'S3CRET'
  log.info({
    a: { b: [{ accessToken: secret, Authorization: secret, passcode: secret, set: { 'set-cookie': [secret] } }] },
  })
  log.child({ refreshToken: secret }).info('child')
  const error = Object.assign(
    new Error('failed', { cause: Object.assign(new Error('inner'), { headers: { cookie: secret } }) }),
    { config: secret },
  )
  log.error({ err: error })
  log.error(error, 'direct')
  log.info({ sdp: secret, data: { x: secret }, email: secret, password: { deep: secret } })
  expect(lines.join('')).not.toContain(secret)
  expect(lines.join('')).toContain('inner')
  expect(lines).toHaveLength(5)
})

test('S13: tokens and URL passwords are hidden even inside texts', () => {
  const { lines, log } = captured()
  log.info('got eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl from postgres://user:hunter2@db/x')
  expect(lines.join('')).not.toMatch(/eyJ|hunter2/)
  expect(JSON.parse(lines[0] ?? '')).toHaveProperty('msg')
})

test('O2 a process whose output nobody reads any more still ends', async () => {
  const script = `
    import { createLogger } from ${JSON.stringify(new URL('logger.ts', import.meta.url).href)}
    const log = createLogger({ service: 'test' })
    process.stdin.once('end', () => {
      log.info('last')
      log.info('words')
      process.exit(3)
    })
    process.stdin.resume()
    log.info('ready')`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  child.stdout.destroy()
  await once(child.stdout, 'close')
  child.stdin.end()
  const timer = setTimeout(() => child.kill('SIGKILL'), 8_000)
  expect(await once(child, 'exit')).toEqual([3, null])
  clearTimeout(timer)
}, 20_000)

test('S13 nothing that somebody is called acts on a terminal, in either format', async () => {
  const name = 'Eve\u001b[2J\u202e\u2028\u0085x'
  for (const format of ['json', 'pretty'] as const) {
    const lines: string[] = []
    const destination = new Writable({ write: (chunk, _encoding, done) => (lines.push(String(chunk)), done()) })
    const log = createLogger({ service: 'test', format, destination })
    log.warn({ name, err: new Error(`no ${name}`), deep: [{ name }] }, 'refused')
    await eventually(() => expect(lines.join('')).toContain('refused'))
    // The colours of the pretty format are ours.
    const text = stripVTControlCharacters(lines.join(''))
    expect(text).toContain('u001b[2J')
    for (const character of ['\u001b', '\u0085', '\u202e', '\u2028']) expect(text).not.toContain(character)
  }
})
