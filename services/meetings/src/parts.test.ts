import { compile, newId, ProblemError, publicBase } from '@parley/kit'
import { MeetingCode } from '@parley/contracts'
import { describe, expect, it } from 'vitest'
import { newCode } from './codes.ts'
import { pageOf, readCursor, writeCursor } from './cursor.ts'
import { signalingUrl } from './links.ts'
import { hashPasscode, verifyPasscode } from './passcode.ts'

describe('codes', () => {
  it('M2 codes are 3-4-3 letters and do not repeat', () => {
    const check = compile(MeetingCode)
    const codes = Array.from({ length: 2000 }, newCode)
    expect(codes.every((code) => check(code).length === 0)).toBe(true)
    expect(new Set(codes).size).toBe(2000)
  })
})

describe('links', () => {
  const request = (headers: Record<string, string>) => ({ headers, protocol: 'http', host: 'inside:1' })
  it.each([
    [{ 'x-forwarded-host': 'meet.test', 'x-forwarded-proto': 'https' }, 'https://meet.test'],
    [{ 'x-forwarded-host': '[::1]:8080' }, 'http://[::1]:8080'],
    [{}, 'http://inside:1'],
    [{ 'x-forwarded-host': 'a@b' }, 'http://localhost'],
    [{ 'x-forwarded-host': 'a/../b', 'x-forwarded-proto': 'javascript' }, 'http://localhost'],
  ])('%j gives %s', (headers, base) => expect(publicBase(undefined, request(headers))).toBe(base))

  it('prefers what is configured, and speaks wss where the page is https', () => {
    expect(publicBase('https://p.test', request({ 'x-forwarded-host': 'x' }))).toBe('https://p.test')
    expect(signalingUrl('https://p.test', 'm')).toBe('wss://p.test/v1/ws?meeting=m')
    expect(signalingUrl('http://p.test:8080', 'm')).toBe('ws://p.test:8080/v1/ws?meeting=m')
  })
})

describe('passcodes', () => {
  const owner = { address: '10.0.0.1', person: 'ann' }
  it('are hashed with a salt and verified, also in other alphabets', async () => {
    const [one, two] = await Promise.all([hashPasscode('påss 🔑', owner), hashPasscode('påss 🔑', owner)])
    expect(one).not.toBe(two)
    expect(one).not.toContain('påss')
    expect(await verifyPasscode('påss 🔑', one, { owner })).toBe(true)
    expect(await verifyPasscode('påss', one, { owner })).toBe(false)
  })
})

describe('cursors', () => {
  it('read what they wrote, and nothing else', () => {
    const place = { at: new Date(1_700_000_000_123), id: newId() }
    expect(readCursor(writeCursor(place))).toEqual(place)
    expect(readCursor(undefined)).toBeNull()
    for (const bad of [
      'x',
      'MS4y',
      Buffer.from(`99999999999999.${newId()}`).toString('base64url'),
      Buffer.from(`1.${newId()}'`).toString('base64url'),
    ])
      expect(() => readCursor(bad)).toThrow(ProblemError)
  })
  it('M3 the last page has none', () => {
    const rows = [1, 2, 3].map((ms) => ({ at: new Date(ms), id: newId() }))
    const how = { item: (row: (typeof rows)[0]) => row.id, place: (row: (typeof rows)[0]) => row }
    expect(pageOf(rows, 3, how).nextCursor).toBeNull()
    expect(pageOf(rows, 2, how).items).toHaveLength(2)
    expect(pageOf(rows, 2, how).nextCursor).not.toBeNull()
  })
})
