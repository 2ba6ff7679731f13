import { randomUUID } from 'node:crypto'
import { nkeys } from 'nats'

/** Settings of a NATS server that trusts an operator, and the credentials file of a user of its account. */
export function natsOperator(): { settings: string; credentials: string } {
  const [operator, account, user] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createUser()]
  const unlimited = { subs: -1, data: -1, payload: -1 }
  const limits = { ...unlimited, imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 }
  const operatorJwt = sign(operator, operator, { type: 'operator' })
  const accountJwt = sign(operator, account, { type: 'account', limits })
  const userJwt = sign(account, user, { type: 'user', pub: {}, sub: {}, ...unlimited })
  const seed = new TextDecoder().decode(user.getSeed())
  return {
    settings: `operator: ${operatorJwt}\nresolver: MEMORY\nresolver_preload: { ${account.getPublicKey()}: ${accountJwt} }\n`,
    credentials: `-----BEGIN NATS USER JWT-----\n${userJwt}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`,
  }
}

/** Settings of a NATS server that lets in who has an nkey, and the seed of that key. */
export function natsKey(): { settings: string; seed: string } {
  const key = nkeys.createUser()
  const settings = `authorization { users: [{ nkey: ${key.getPublicKey()} }] }\n`
  return { settings, seed: new TextDecoder().decode(key.getSeed()) }
}

type Key = ReturnType<typeof nkeys.createUser>

function sign(issuer: Key, subject: Key, claims: object): string {
  const text = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')
  const times = { jti: randomUUID(), iat: Math.floor(Date.now() / 1000) }
  const who = { iss: issuer.getPublicKey(), sub: subject.getPublicKey(), name: 'parley' }
  const body = `${text({ typ: 'JWT', alg: 'ed25519-nkey' })}.${text({ ...times, ...who, nats: { ...claims, version: 2 } })}`
  return `${body}.${Buffer.from(issuer.sign(new TextEncoder().encode(body))).toString('base64url')}`
}
