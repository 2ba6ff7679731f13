import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Sfu } from '@parley/contracts'
import type { Browser, Page } from 'playwright-core'
import { watchPeerConnections } from './browser.ts'

/** janus.js as npm has it, for a page: its module exports nothing to a plain script. */
const source = async (): Promise<string> => {
  const file = createRequire(import.meta.url).resolve('janus-gateway')
  return (await readFile(file, 'utf8')).replace(/export \{[^}]*\};?\s*$/, 'window.Janus = Janus;')
}

/** The parts of janus.js that the script in the page needs. Source: its `janus.d.ts`. */
interface Plugin {
  send(options: { message: object; jsep?: object }): void
  createOffer(options: object): void
  createAnswer(options: object): void
  handleRemoteJsep(options: { jsep: object }): void
}
interface JanusOfPage {
  init(options: object): void
  useDefaultDependencies(options: object): object
  new (options: object): { attach(options: object): void }
}

/** A page that is no page of ours: it has janus.js and the answer of `janus-token`, and publishes and subscribes with these. */
export async function janusPage(browser: Browser, url: string, sfu: Sfu, accessToken: string): Promise<Page> {
  const context = await browser.newContext({ bypassCSP: true, permissions: ['camera', 'microphone'] })
  const page = await context.newPage()
  await watchPeerConnections(page)
  await page.goto(`${url}/livez`)
  await page.addScriptTag({ content: await source() })
  await page.evaluate(runCall, { sfu, accessToken })
  return page
}

/** In the page. Resolves once Janus has taken the offer. */
function runCall({ sfu, accessToken }: { sfu: Sfu; accessToken: string }): Promise<void> {
  const { Janus } = window as unknown as { Janus: JanusOfPage }
  class WithBearer extends WebSocket {
    constructor(address: string, protocol: string) {
      super(address, [protocol, `bearer.${accessToken}`])
    }
  }
  const adapter = { browserDetails: { browser: 'chrome', version: 120 } }
  const plugin = 'janus.plugin.videoroom'
  return new Promise((resolve, reject) => {
    const error = (reason: unknown): void => reject(new Error(JSON.stringify(reason)))
    let privateId = 0
    const subscribe = (session: { attach(options: object): void }, feeds: { id: string }[]): void => {
      let handle: Plugin
      session.attach({
        plugin,
        error,
        success(attached: Plugin) {
          handle = attached
          const streams = feeds.map(({ id }) => ({ feed: id }))
          const { room, roomToken: token } = sfu
          handle.send({
            message: { request: 'join', ptype: 'subscriber', room, token, private_id: privateId, streams },
          })
        },
        onmessage(_message: object, jsep?: object) {
          if (jsep === undefined) return
          const success = (answer: object): void => handle.send({ message: { request: 'start' }, jsep: answer })
          handle.createAnswer({ jsep, tracks: [], success, error })
        },
        onremotetrack(track: MediaStreamTrack) {
          const video = document.createElement('video')
          Object.assign(video, { srcObject: new MediaStream([track]), autoplay: true, muted: true })
          document.body.append(video)
        },
      })
    }
    const publish = (session: { attach(options: object): void }): void => {
      let handle: Plugin
      session.attach({
        plugin,
        error,
        success(attached: Plugin) {
          handle = attached
          const { room, roomToken: token, feed: id } = sfu
          handle.send({ message: { request: 'join', ptype: 'publisher', room, id, token } })
        },
        onmessage(message: { videoroom: string; private_id?: number; publishers?: { id: string }[] }, jsep?: object) {
          if (message.videoroom === 'joined') {
            privateId = message.private_id ?? 0
            const success = (offer: object): void => handle.send({ message: { request: 'publish' }, jsep: offer })
            const tracks = ['audio', 'video'].map((type) => ({ type, capture: true, recv: false }))
            handle.createOffer({ tracks, success, error })
          }
          if (jsep !== undefined) {
            handle.handleRemoteJsep({ jsep })
            resolve()
          }
          if (message.publishers !== undefined && message.publishers.length > 0) subscribe(session, message.publishers)
        },
      })
    }
    Janus.init({
      debug: ['error'],
      dependencies: Janus.useDefaultDependencies({ WebSocket: WithBearer, adapter }),
      callback() {
        const { url: server, token, iceServers } = sfu
        const session = new Janus({ server, token, iceServers, error, success: () => publish(session) })
      },
    })
  })
}
