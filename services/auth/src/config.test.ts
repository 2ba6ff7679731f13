import { readConfig } from '@parley/kit'
import { expect, test } from 'vitest'
import { authConfig, refuseUnsafe } from './config.ts'

const production = {
  NODE_ENV: 'production',
  NATS_URL: 'nats://nats:4222',
  REDIS_URL: 'redis://redis:6379',
  SIGNING_SECRET: 's'.repeat(32),
  PUBLIC_URL: 'https://meet.example',
}
const read = (env: Record<string, string>) => {
  const config = readConfig(authConfig, env)
  refuseUnsafe(config)
  return config
}

test('A12 lifetimes by default: 15 minutes, 30 days, guests 24 h; bcrypt of cost 12', () => {
  expect(read({})).toMatchObject({
    ACCESS_TTL_SECONDS: 900,
    REFRESH_TTL_SECONDS: 2_592_000,
    GUEST_TTL_SECONDS: 86_400,
    BCRYPT_COST: 12,
  })
})

test('an access token cannot be made to outlive the memory of revocations', () => {
  expect(() => read({ ACCESS_TTL_SECONDS: '1200' })).toThrow('ACCESS_TTL_SECONDS')
})

test('production needs a signing secret and a bcrypt cost of 10', () => {
  expect(read({ ...production, BCRYPT_COST: '10' })).toMatchObject({ BCRYPT_COST: 10 })
  expect(() => read({ ...production, SIGNING_SECRET: '' })).toThrow('SIGNING_SECRET')
  expect(() => read({ ...production, BCRYPT_COST: '9' })).toThrow('BCRYPT_COST')
})

test('A11 links of mails follow templates, which are checked at the start', () => {
  const own = {
    FRONTEND_URL: 'https://app.example/meet',
    VERIFY_LINK_TEMPLATE: '{frontend}/#/verify/{token}',
    RESET_LINK_TEMPLATE: 'https://accounts.example/reset?token={token}',
  }
  expect(read(own)).toMatchObject(own)
  for (const FRONTEND_URL of [
    'app.example',
    'ftp://app.example',
    'https://app.example/',
    'https://a@app.example',
    'https://app.example/?a',
  ])
    expect(() => read({ FRONTEND_URL }), FRONTEND_URL).toThrow('FRONTEND_URL')
  for (const RESET_LINK_TEMPLATE of [
    '{frontend}/reset',
    '{frontend}.evil.example/{token}',
    'javascript:alert({token})',
    '/reset#{token}',
    '{frontend}/{code}/{token}',
    'https://a.example/{token',
  ])
    expect(() => read({ RESET_LINK_TEMPLATE }), RESET_LINK_TEMPLATE).toThrow(/RESET_LINK_TEMPLATE.*\{token\}/)
})

test('A11 mails go out only with links that nobody else can choose', () => {
  const SMTP_URL = 'smtp://mail.example:25'
  expect(() => read({ SMTP_URL })).toThrow('PUBLIC_URL')
  expect(read({ SMTP_URL, PUBLIC_URL: 'https://meet.example' })).toMatchObject({ SMTP_URL })
  expect(() => read({ ...production, PUBLIC_URL: '' })).toThrow('PUBLIC_URL')
})

test('A7 the provider is asked in the clear only on this machine, and never in production', () => {
  expect(read({}).OIDC_ISSUER).toBe('https://accounts.google.com')
  for (const OIDC_ISSUER of ['http://127.0.0.1:4000', 'http://localhost:4000', 'http://[::1]:4000'])
    expect(read({ OIDC_ISSUER })).toMatchObject({ OIDC_ISSUER })
  for (const OIDC_ISSUER of ['http://issuer.example', 'http://127.0.0.1.evil.example', 'http://10.0.0.1'])
    expect(() => read({ OIDC_ISSUER })).toThrow('OIDC_ISSUER')
  expect(() => read({ ...production, OIDC_ISSUER: 'http://127.0.0.1:4000' })).toThrow('OIDC_ISSUER')
})
