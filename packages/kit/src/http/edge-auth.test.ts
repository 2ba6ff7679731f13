import { authBus } from '@parley/contracts'
import { expect, it } from 'vitest'
import { createMemoryBus } from '../bus/bus-memory.ts'
import { respond } from '../bus/typed.ts'
import { newId } from '../ids.ts'
import { eventually } from '../testing/eventually.ts'
import { silentLog } from '../testing/silent-log.ts'
import { createTestIssuer } from '../testing/test-issuer.ts'
import { createEdgeAuth } from './edge-auth.ts'

const log = silentLog()

it('A10 verifies tokens by the keys of auth, and refuses them within a moment of a revocation', async () => {
  const bus = createMemoryBus()
  const issuer = createTestIssuer(bus, log)
  const edge = createEdgeAuth({ bus, log })
  await edge.start()
  expect(edge.ready()).toBe(true)
  const [sub, sid] = [newId(), newId()]
  const token = issuer.token({ sub, sid })
  expect(await edge.verifier.verify(token)).toMatchObject({ userId: sub, sessionId: sid, kind: 'user' })
  const foreign = createTestIssuer(createMemoryBus(), log).token({ sub })
  await expect(edge.verifier.verify(foreign)).rejects.toMatchObject({ code: 'unauthenticated' })
  issuer.revoke({ kind: 'session', id: sid })
  await eventually(() => expect(edge.verifier.verify(token)).rejects.toMatchObject({ code: 'unauthenticated' }))
  edge.stop()
  await bus.close(100)
})

it('S40 admits nobody while keys or revocations have never been read, and heals when auth comes', async () => {
  const bus = createMemoryBus()
  const edge = createEdgeAuth({ bus, log })
  await edge.start()
  const issuer = createTestIssuer(createMemoryBus(), log)
  await expect(edge.verifier.verify(issuer.token())).rejects.toMatchObject({ code: 'unavailable' })
  expect(edge.ready()).toBe(false)
  const late = createTestIssuer(bus, log)
  await eventually(async () => expect(await edge.verifier.verify(late.token())).toMatchObject({ kind: 'user' }))
  edge.stop()
  await bus.close(100)
})

it('S40 keys alone are not enough: without the revocations nobody is admitted', async () => {
  const elsewhere = createMemoryBus()
  const issuer = createTestIssuer(elsewhere, log)
  const keys = await elsewhere.request(authBus.keys.subject, '{}', 500)
  const bus = createMemoryBus()
  bus.respond(authBus.keys.subject, 'auth', async () => keys)
  const edge = createEdgeAuth({ bus, log })
  await edge.start()
  await expect(edge.verifier.verify(issuer.token())).rejects.toMatchObject({ code: 'unavailable' })
  respond(bus, authBus.revocations, 'auth', async () => ({ items: [], now: Date.now() }), log)
  await eventually(async () => expect(await edge.verifier.verify(issuer.token())).toMatchObject({ kind: 'user' }))
  edge.stop()
  await bus.close(100)
})
