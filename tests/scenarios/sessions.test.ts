import WebSocket from 'ws'
import { eventually } from '@parley/kit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anEmail, password, rest } from '../support/people.ts'
import { startEmbedded, startStack, type Product } from '../support/product.ts'

describe.each<[string, () => Promise<Product>]>([
  ['embedded', startEmbedded],
  ['distributed', startStack],
])('sessions, %s', (_name, start) => {
  let product: Product
  beforeAll(async () => {
    product = await start()
  }, 90_000)
  afterAll(() => product.stop(), 60_000)

  const url = (n: number) => product.gateways[n % product.gateways.length] ?? ''
  const register = async () =>
    (
      await rest('POST', `${url(0)}/v1/auth/register`, {
        body: { email: anEmail(), password, name: 'Ada', tokenDelivery: 'body' },
      })
    ).body as {
      accessToken: string
      refreshToken: string
    }
  const refresh = (refreshToken: string, n = 0) =>
    rest('POST', `${url(n)}/v1/auth/refresh`, { body: { refreshToken, tokenDelivery: 'body' } })

  it('S8 A3 fifty parallel refreshes with one token end in one session', async () => {
    const { refreshToken } = await register()
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => refresh(refreshToken, n)))
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200))
    const successors = new Set(answers.map(({ body }) => body['refreshToken']))
    expect(successors.size).toBe(1)
    expect((await refresh(String([...successors][0]))).status).toBe(200)
  })

  it('S7 A3 an old token used again ends the family within 1 s, and its open sockets within 2 s', async () => {
    const { refreshToken, accessToken } = await register()
    const socket = new WebSocket(`${url(1).replace('http', 'ws')}/v1/ws`, ['parley.v1', `bearer.${accessToken}`])
    let closed: number | null = null
    socket.on('close', (code) => (closed = code))
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))

    const second = (await refresh(refreshToken)).body
    const third = (await refresh(String(second['refreshToken']))).body
    const reused = await refresh(refreshToken)
    expect(reused).toMatchObject({ status: 401, body: { code: 'refresh-token-reused' } })
    expect(await refresh(String(third['refreshToken']))).toMatchObject({ status: 401 })
    await eventually(() => expect(closed).toBe(4401), 2_000)
    await eventually(
      async () => expect((await rest('GET', `${url(0)}/v1/auth/me`, { token: accessToken })).status).toBe(401),
      1_000,
    )
  })
})
