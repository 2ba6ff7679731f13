import { startMailServer, type MailServer } from '@parley/kit/testing'
import { afterAll, beforeAll, describe } from 'vitest'
import { startAuth, type Stage, type TestAuth } from './harness.ts'
import { clientId, clientSecret, startIssuer, type Issuer } from './issuer.ts'
import { publicUrl } from './page.ts'
import { accountsSuite } from './suites/accounts.ts'
import { browserSuite } from './suites/browser.ts'
import { devicesSuite } from './suites/devices.ts'
import { guessingSuite } from './suites/guessing.ts'
import { guestsSuite } from './suites/guests.ts'
import { keysSuite } from './suites/keys.ts'
import { oauthSuite } from './suites/oauth.ts'
import { passwordsSuite } from './suites/passwords.ts'
import { recoverySuite } from './suites/recovery.ts'
import { sessionsSuite } from './suites/sessions.ts'
import { storageSuite } from './suites/storage.ts'
import { textsSuite } from './suites/texts.ts'
import { tokensSuite } from './suites/tokens.ts'

const env = {
  SIGNING_SECRET: 'a secret of this test, long enough for it',
  PUBLIC_URL: publicUrl,
  OIDC_CLIENT_ID: clientId,
  OIDC_CLIENT_SECRET: clientSecret,
  OIDC_NAME: 'Acme',
}

/** All that auth promises, on one stage. Each topic starts the service anew on the same database. */
export function serviceSuite(name: string, openStage: () => Promise<Stage>): void {
  describe(`auth on ${name}`, () => {
    let stage: Stage
    let mail: MailServer
    let issuer: Issuer
    const envHere = () => ({ ...env, SMTP_URL: mail.url, OIDC_ISSUER: issuer.url })
    beforeAll(async () => {
      stage = await openStage()
      mail = await startMailServer()
      issuer = await startIssuer(`${publicUrl}/v1/auth/oauth/google/callback`)
    })
    afterAll(async () => {
      await Promise.all([stage.close(), mail.stop(), issuer.stop()])
    })

    for (const [topic, suite] of Object.entries({
      tokensSuite,
      accountsSuite,
      browserSuite,
      sessionsSuite,
      storageSuite,
      devicesSuite,
      guestsSuite,
      keysSuite: (auth: () => TestAuth) =>
        keysSuite(auth, () => startAuth(stage, { env: envHere(), clock: auth().clock })),
      guessingSuite,
      passwordsSuite,
      textsSuite,
      recoverySuite: (auth: () => TestAuth) => recoverySuite(auth, () => mail),
      oauthSuite: (auth: () => TestAuth) => oauthSuite(auth, () => issuer),
    })) {
      describe(topic.replace('Suite', ''), () => {
        let auth: TestAuth
        beforeAll(async () => {
          auth = await startAuth(stage, { env: envHere() })
        })
        afterAll(() => auth.stop())
        suite(() => auth)
      })
    }
  })
}
