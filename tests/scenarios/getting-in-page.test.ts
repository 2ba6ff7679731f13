import { readFile } from 'node:fs/promises'
import { eventually, freePort, startMailServer, type MailServer, type ReceivedMail } from '@parley/kit/testing'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { axeViolations, overflowOf } from '../support/axe.ts'
import { startBrowser } from '../support/browser.ts'
import { id, signUp, visit } from '../support/pages.ts'
import { anEmail, password, rest } from '../support/people.ts'
import { startEmbedded, type Embedded } from '../support/product.ts'

/** The targets of links in mails, in fresh browsers, for people who are known or not. */
describe('getting in, on the page', () => {
  let browser: Browser
  let product: Embedded
  let mails: MailServer
  let url: string
  const host = { email: anEmail(), password, name: 'Hanna', tokenDelivery: 'body' }
  let token: string

  beforeAll(async () => {
    const port = await freePort()
    mails = await startMailServer({ port: await freePort() })
    url = `http://127.0.0.1:${port}`
    vi.stubEnv('PUBLIC_URL', url)
    vi.stubEnv('SMTP_URL', mails.url)
    ;[product, browser] = await Promise.all([startEmbedded({ port }), startBrowser()])
    token = String((await rest('POST', `${url}/v1/auth/register`, { body: host })).body['accessToken'])
  }, 120_000)
  afterAll(async () => {
    vi.unstubAllEnvs()
    await Promise.all([browser.close(), product.stop(), mails.stop()])
  }, 60_000)

  const mailTo = (email: string, about: RegExp): Promise<ReceivedMail> =>
    eventually(() => {
      const mail = mails.mails.find(({ recipients, subject = '' }) => recipients.includes(email) && about.test(subject))
      if (mail === undefined) throw new Error(`no mail to ${email} about ${String(about)}`)
      return mail
    }, 20_000)
  const linksIn = ({ text = '' }: ReceivedMail): string[] => text.match(/https?:\/\/\S+/g) ?? []
  const freshPage = async (link: string): Promise<Page> => {
    const page = await visit(browser, url)
    await page.goto(link)
    return page
  }
  const done = (page: Page) => page.context().close()
  /** Waits for one of these to be shown, and says which. */
  const shown = async (page: Page, ...names: string[]): Promise<string> => {
    await page.locator(names.map(id).join(', ')).first().waitFor()
    for (const name of names) if (await page.locator(id(name)).first().isVisible()) return name
    return shown(page, ...names)
  }
  const signIn = async (page: Page, email: string) => {
    await page.fill(id('signin-email'), email)
    await page.fill(id('signin-password'), password)
    await page.click(id('signin-submit'))
  }
  /** Does what the page asks for until one is in the call; answers what that was. */
  const getIn = async (page: Page, email?: string): Promise<string[]> => {
    const asked: string[] = []
    for (;;) {
      const step = await shown(
        page,
        'room',
        'prejoin-join',
        'guest-name',
        'invite-accept',
        'invite-join',
        'door-closed',
        'invite-problem',
      )
      if (step === 'room') return asked
      asked.push(step)
      if (step === 'guest-name') {
        await page.fill(id(step), 'Gast')
        await page.click(id('guest-submit'))
      } else if (step === 'prejoin-join') {
        expect(await page.locator(id('display-name')).count()).toBe(0)
        await page.click(id(step))
      } else if (step.startsWith('invite-') && step !== 'invite-problem') await page.click(id(step))
      else {
        if (email === undefined)
          throw new Error(
            `${await page.locator(id(step)).innerText()} where nobody has to sign in, after ${asked.join()}`,
          )
        await page.locator(`${id(step)} a.button--primary`).click()
        await signIn(page, email)
      }
      await page.locator(id(step)).first().waitFor({ state: 'detached' })
    }
  }

  it('A11 the link that confirms an address works in a fresh browser, and says so when it is opened again', async () => {
    const [link = ''] = linksIn(await mailTo(host.email, /^Confirm/))
    const page = await freshPage(link)
    await page.click(id('verify-confirm'))
    await page.locator(id('verify-done')).waitFor()
    await page.reload()
    await page.locator(id('verify-done')).waitFor()
    await done(page)
  }, 60_000)

  it('A11 the link for a forgotten password works in a fresh browser, and one can sign in after it', async () => {
    const email = anEmail()
    await rest('POST', `${url}/v1/auth/register`, { body: { email, password, name: 'Rita' } })
    await rest('POST', `${url}/v1/auth/forgot-password`, { body: { email } })
    const [link = ''] = linksIn(await mailTo(email, /^Set a new/))
    const page = await freshPage(link)
    await page.fill(id('reset-password'), password)
    await page.click(id('reset-submit'))
    await page.locator(`${id('reset-done')} a`).click()
    await signIn(page, email)
    await page.locator(id('new-meeting')).waitFor()
    await done(page)
  }, 60_000)

  it('M12 every link of an invitation leads in: fresh, on a second device, unverified, verified, signed in or not', async () => {
    const [email, about] = [anEmail(), { token }]
    const scheduledAt = new Date(Date.now() + 3_600_000).toISOString()
    const body = { type: 'invited_only', title: 'Only us', scheduledAt }
    const meeting = (await rest('POST', `${url}/v1/meetings`, { ...about, body })).body
    await rest('POST', `${url}/v1/meetings/${String(meeting['id'])}/invites`, { ...about, body: { email } })
    const mail = await mailTo(email, /^Invitation/)
    const [answer = '', join = ''] = linksIn(mail)
    expect(join.startsWith(`${String(meeting['joinLink'])}#invite=`)).toBe(true)
    const calendar = Buffer.from(mail.attachments[0]?.content as ArrayBuffer)
      .toString()
      .replaceAll(/\r?\n /g, '')
    expect(/^LOCATION:(\S+)/m.exec(calendar)?.[1]).toBe(join)
    expect(/^URL(?:;VALUE=URI)?:(\S+)/m.exec(calendar)?.[1]).toBe(join)
    for (const link of [answer, join, answer, join]) {
      const page = await freshPage(link)
      const asked = await getIn(page)
      expect(asked.filter((step) => step === 'guest-name')).toHaveLength(1)
      await done(page)
    }
    // With an account whose address nobody has confirmed: the mail proves it.
    const owner = await visit(browser, url)
    await signUp(owner, 'Ada', email)
    await owner.locator(id('new-meeting')).waitFor()
    for (const link of [join, answer]) {
      await owner.goto(link)
      await getIn(owner)
    }
    // From now on it is the account's: in a browser that does not know it one signs in on the way.
    for (const link of [join, answer, String(meeting['joinLink'])]) {
      const page = await freshPage(link)
      expect(await getIn(page, email)).toContain('prejoin-join')
      await done(page)
    }
    const [verify = ''] = linksIn(await mailTo(email, /^Confirm/))
    await owner.goto(verify)
    await owner.click(id('verify-confirm'))
    await owner.locator(id('verify-done')).waitFor()
    for (const link of [join, answer]) {
      await owner.goto(link)
      await getIn(owner)
    }
    await done(owner)
  }, 180_000)

  it('M14 an unknown code shows an error before the page asks for a name, at every width', async () => {
    const page = await freshPage(`${url}/m/ABCDEFGHIJ`)
    await page.locator(`${id('door-closed')}[data-code="not-found"]`).waitFor()
    expect(await page.locator(id('guest-name')).count()).toBe(0)
    for (const width of [320, 390, 768, 1280]) {
      await page.setViewportSize({ width, height: 800 })
      expect(await overflowOf(page), `${width} px`).toBe(0)
    }
    expect(await axeViolations(page)).toEqual([])
    await done(page)
  }, 60_000)

  it('O8 Back does not leave a call without asking', async () => {
    const { code } = (await rest('POST', `${url}/v1/meetings`, { token, body: { type: 'public' } })).body
    const page = await freshPage(`${url}/m/${String(code)}`)
    await getIn(page)
    await page.goBack()
    await page.click(id('leave-stay'))
    await page.goBack()
    expect(await axeViolations(page)).toEqual([])
    await page.click(id('leave-confirm'))
    await page.locator(`${id('ended-screen')}[data-why="left"]`).waitFor()
    await done(page)
  }, 60_000)

  it('A4 O8 a user whose session was ended is told why, and the page asks before a draft is lost', async () => {
    const page = await visit(browser, url)
    await page.click(id('tab-signin'))
    await signIn(page, host.email)
    await page.locator(id('meeting-details')).first().click()
    await page.fill(id('details-title'), 'Another title')
    page.once('dialog', (dialog) => void dialog.dismiss())
    await page.goBack()
    expect(await page.inputValue(id('details-title'))).toBe('Another title')
    const { name: _, ...credentials } = host
    const login = await rest('POST', `${url}/v1/auth/login`, { body: credentials })
    await rest('POST', `${url}/v1/auth/logout-all`, { token: String(login.body['accessToken']) })
    await page.click(id('details-save'))
    await page.locator(id('signed-out-because')).waitFor()
    expect(await axeViolations(page)).toEqual([])
    await done(page)
  }, 60_000)

  it('O8 O10 O11.1 O11.2 the account page: a webhook with its secret, my data as a file, and the end of the account', async () => {
    const person = { email: anEmail(), password, name: 'Wanda', tokenDelivery: 'body' }
    await rest('POST', `${url}/v1/auth/register`, { body: person })
    const page = await freshPage(`${url}/account`)
    await signIn(page, person.email)
    await page.fill(id('webhook-url'), 'https://127.0.0.1/events')
    await page.click(id('webhook-add'))
    await page.locator('.field--wrong, .notice--problem').first().waitFor()
    await page.fill(id('webhook-url'), 'https://example.org/events')
    await page.click(id('webhook-add'))
    expect(await page.locator(id('webhook-secret')).innerText()).toMatch(/^whsec_/)
    expect(await page.locator(id('webhook')).innerText()).toContain('https://example.org/events')
    const [file] = await Promise.all([page.waitForEvent('download'), page.click(id('account-export'))])
    expect(file.suggestedFilename()).toBe('my-parley-data.json')
    expect(await readFile(await file.path(), 'utf8')).toContain(person.email)
    for (const width of [320, 1280]) {
      await page.setViewportSize({ width, height: 800 })
      expect(await overflowOf(page), `${width} px`).toBe(0)
    }
    expect(await axeViolations(page)).toEqual([])
    await page.click(id('webhook-delete'))
    await page.locator(id('webhook')).waitFor({ state: 'detached' })
    await page.click(id('account-erase'))
    await page.fill(id('account-erase-password'), 'not the password')
    await page.click(id('account-erase-really'))
    await page.getByText('Wrong password').waitFor()
    expect(await axeViolations(page)).toEqual([])
    await page.fill(id('account-erase-password'), password)
    await page.click(id('account-erase-really'))
    await page.waitForURL(`${url}/`)
    expect(await rest('POST', `${url}/v1/auth/login`, { body: { email: person.email, password } })).toMatchObject({
      status: 401,
    })
    await done(page)
  }, 90_000)
})
