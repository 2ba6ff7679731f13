import { createMemoryKv, limitKey, systemClock } from '@parley/kit'
import { afterEach, describe, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../testing/gateway.ts'
import { createLeasedLimiter } from './leased-limiter.ts'

describe('the limits of a running gateway', () => {
  let gateway: TestGateway
  afterEach(() => gateway.stop())
  const statuses = async (count: number, call: (index: number) => Promise<Response>) => {
    const answers = await Promise.all(Array.from({ length: count }, (_value, index) => call(index)))
    return {
      ok: answers.filter(({ status }) => status === 200).length,
      limited: answers.filter(({ status }) => status === 429),
    }
  }

  it('S6 200 requests with rotating X-Forwarded-For count as one address', async () => {
    gateway = await startGateway({ RATE_LIMIT_PER_ADDRESS: '100' })
    const { ok, limited } = await statuses(200, (index) =>
      fetch(`${gateway.url}/problems`, { headers: { 'x-forwarded-for': `10.0.0.${index}` } }),
    )
    expect([ok, limited.length]).toEqual([100, 100])
    expect(Number(limited[0]?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await limited[0]?.json()).toMatchObject({ code: 'rate-limited', retryable: true })
  })

  it('S6 behind a trusted proxy every client counts by itself', async () => {
    gateway = await startGateway({ RATE_LIMIT_PER_ADDRESS: '100', TRUST_PROXY: 'loopback' })
    const { ok } = await statuses(200, (index) =>
      fetch(`${gateway.url}/problems`, { headers: { 'x-forwarded-for': `6.6.6.6, 198.51.100.${index % 200}` } }),
    )
    expect(ok).toBe(200)
  })

  it('H1 H2 S6 behind a trusted proxy that writes ports, brackets or Forwarded, each client counts by itself, IPv6 by /64', async () => {
    gateway = await startGateway({ RATE_LIMIT_PER_ADDRESS: '10', TRUST_PROXY: 'loopback' })
    const one = (headers: (index: number) => Record<string, string>) =>
      statuses(20, (index) => fetch(`${gateway.url}/problems`, { headers: headers(index) }))
    const legacy = (write: (index: number) => string) => one((index) => ({ 'x-forwarded-for': write(index) }))
    expect((await legacy((index) => `198.51.100.${index}:${50_000 + index}`)).ok).toBe(20)
    expect((await legacy((index) => `[2001:db8:0:${index}::7]:443`)).ok).toBe(20)
    expect((await legacy((index) => `::ffff:cb00:71${(index + 16).toString(16)}`)).ok).toBe(20)
    expect((await one((index) => ({ forwarded: `for="[2001:db8:1:${index}::7]:443";proto=https` }))).ok).toBe(20)
    // One client, however the proxy writes it.
    expect((await legacy((index) => `203.0.113.50:${index + 1024}`)).ok).toBe(10)
    expect((await legacy((index) => `[2001:db8:77::${index + 1}]:${index + 1024}`)).ok).toBe(10)
  })

  it('O1 S6 the window of the limits is a setting', async () => {
    gateway = await startGateway({ RATE_LIMIT_PER_ADDRESS: '10', RATE_LIMIT_SECONDS: '600' })
    const { ok, limited } = await statuses(20, () => fetch(`${gateway.url}/problems`))
    expect([ok, limited.length]).toEqual([10, 10])
    expect(Number(limited[0]?.headers.get('retry-after'))).toBeGreaterThan(60)
  })

  it('O1 one account has its own limit, wherever it calls from', async () => {
    gateway = await startGateway({ RATE_LIMIT_PER_PRINCIPAL: '20' })
    const authorization = `Bearer ${gateway.issuer.token()}`
    const { ok } = await statuses(30, () => fetch(`${gateway.url}/v1/auth/me`, { headers: { authorization } }))
    expect(ok).toBe(20)
    expect(
      (await fetch(`${gateway.url}/v1/auth/me`, { headers: { authorization: `Bearer ${gateway.issuer.token()}` } }))
        .status,
    ).toBe(200)
  })

  it('X34 a neighbour who asks for what is not there, or is not signed in, locks out nobody who is', async () => {
    gateway = await startGateway({ RATE_LIMIT_PER_ADDRESS: '20' })
    const { url, issuer } = gateway
    const headers = { authorization: `Bearer ${issuer.token()}` }
    const bad = { authorization: 'Bearer none' }
    expect((await statuses(60, () => fetch(`${url}/v1/nothing`))).limited).toHaveLength(40)
    expect((await statuses(60, () => fetch(`${url}/v1/auth/me`, { headers: bad }))).limited).toHaveLength(40)
    expect((await statuses(60, () => fetch(`${url}/v1/nothing`, { headers }))).limited).toHaveLength(60)
    expect((await statuses(60, () => fetch(`${url}/v1/auth/me`, { headers }))).ok).toBe(60)
    const refreshed = await fetch(`${url}/v1/auth/refresh`, { method: 'POST' })
    expect(refreshed.status).not.toBe(429)
  })

  it('X34 those who are signed in share a limit of their own', async () => {
    gateway = await startGateway({ RATE_LIMIT_SIGNED_IN_PER_ADDRESS: '20' })
    const { ok } = await statuses(30, () =>
      fetch(`${gateway.url}/v1/auth/me`, { headers: { authorization: `Bearer ${gateway.issuer.token()}` } }),
    )
    expect(ok).toBe(20)
  })

  it('O2 health is not limited', async () => {
    gateway = await startGateway({ RATE_LIMIT_PER_ADDRESS: '1' })
    expect((await statuses(10, () => fetch(`${gateway.url}/livez`))).ok).toBe(10)
  })

  it('O1 limits can be off for a benchmark, but not in production', async () => {
    gateway = await startGateway({ RATE_LIMITS: 'off', RATE_LIMIT_PER_ADDRESS: '1' })
    expect((await statuses(10, () => fetch(`${gateway.url}/problems`))).ok).toBe(10)
    const production = {
      RATE_LIMITS: 'off',
      NODE_ENV: 'production',
      PUBLIC_URL: 'https://a.example',
      NATS_URL: 'nats://a',
      REDIS_URL: 'redis://a',
    }
    await expect(startGateway(production)).rejects.toThrow('refused in production')
  })

  it('O2 /metrics needs the token; without one set, only direct local callers get it, and in production nobody does', async () => {
    gateway = await startGateway()
    const metrics = (headers = {}) => fetch(`${gateway.url}/metrics`, { headers })
    expect(await (await metrics()).text()).toContain('parley_gateway_sockets')
    expect((await metrics({ 'x-forwarded-for': '198.51.100.1' })).status).toBe(404)
    await gateway.stop()
    gateway = await startGateway({ METRICS_TOKEN: 'a-long-enough-token' })
    expect((await metrics()).status).toBe(404)
    expect((await metrics({ authorization: 'Bearer wrong' })).status).toBe(404)
    expect((await metrics({ authorization: 'Bearer a-long-enough-token' })).status).toBe(200)
    await gateway.stop()
    // Behind a balancer that hides addresses everybody is a peer like this one.
    const production = { PUBLIC_URL: 'https://a.example', NATS_URL: 'nats://a', REDIS_URL: 'redis://a' }
    gateway = await startGateway({ NODE_ENV: 'production', ...production })
    expect((await metrics()).status).toBe(404)
  })
})

describe('leased limiter', () => {
  const options = { name: 'test', points: 1_000, seconds: 60 }

  it('gives exactly the limit, and asks seldom', async () => {
    let asked = 0
    const shared = createMemoryKv().limiter(options)
    const limiter = createLeasedLimiter(
      { take: (key, cost) => (asked++, shared.take(key, cost)) },
      options,
      systemClock.monotonic,
    )
    const verdicts = await Promise.all(Array.from({ length: 1_500 }, () => limiter.take('a')))
    expect(verdicts.filter(({ allowed }) => allowed).length).toBe(1_000)
    expect(asked).toBeLessThan(60)
  })

  it('two gateways together give no more than the limit', async () => {
    const shared = createMemoryKv().limiter(options)
    const limiters = [
      createLeasedLimiter(shared, options, systemClock.monotonic),
      createLeasedLimiter(shared, options, systemClock.monotonic),
    ]
    const verdicts = await Promise.all(
      limiters.flatMap((limiter) => Array.from({ length: 1_000 }, () => limiter.take('a'))),
    )
    const allowed = verdicts.filter((verdict) => verdict.allowed).length
    expect(allowed).toBeLessThanOrEqual(1_000)
    expect(allowed).toBeGreaterThan(900)
  })

  it('a lease is not kept beyond its time', async () => {
    let now = 0
    const costs: number[] = []
    const shared = {
      take: async (_key: string, cost = 1) => (costs.push(cost), { allowed: true, remaining: 900, retryAfterMs: 0 }),
    }
    const limiter = createLeasedLimiter(shared, options, () => now)
    for (let count = 0; count < 4; count += 1) await limiter.take('a')
    expect(costs).toEqual([1, 2, 4])
    now = 10_000
    await limiter.take('a')
    expect(costs).toEqual([1, 2, 4, 8])
  })
})

describe('limit key', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8:0:1:2:3:4:5', '2001:db8:0:1::/64'],
    ['2001:db8::5', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['2001:0db8:0000:0001::', '2001:db8:0:1::/64'],
  ])('S6 %s is limited as %s', (address, key) => expect(limitKey(address)).toBe(key))
})
