import { mediaAddress } from '@parley/kit/testing'
import { chromium, type Browser, type Page } from 'playwright-core'

/**
 * Chromium with made-up camera and microphone, that reaches nothing but this machine. Its rules for names hold for every TCP connection, also
 * to a TURN server that is named by its address: so the address of the media servers is left open.
 */
export const startBrowser = async (): Promise<Browser> =>
  chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream=fps=15',
      '--mute-audio',
      '--autoplay-policy=no-user-gesture-required',
      '--allow-loopback-in-peer-connection',
      `--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost , EXCLUDE ${await mediaAddress()}`,
    ],
  })

/** Counts what this page has received over all its peer connections; called before the page's own scripts run. */
export async function watchPeerConnections(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const seen: RTCPeerConnection[] = []
    const Original = window.RTCPeerConnection
    window.RTCPeerConnection = class extends Original {
      constructor(configuration?: RTCConfiguration) {
        super(configuration)
        seen.push(this)
      }
    }
    Object.assign(window, {
      async receivedMedia() {
        const totals = { framesDecoded: 0, audioPackets: 0 }
        for (const connection of seen) {
          for (const report of (await connection.getStats()).values() as Iterable<{
            type: string
            kind?: string
            framesDecoded?: number
            packetsReceived?: number
          }>) {
            if (report.type !== 'inbound-rtp') continue
            if (report.kind === 'video') totals.framesDecoded += report.framesDecoded ?? 0
            if (report.kind === 'audio') totals.audioPackets += report.packetsReceived ?? 0
          }
        }
        return totals
      },
    })
  })
}

export const receivedMedia = (page: Page): Promise<{ framesDecoded: number; audioPackets: number }> =>
  page.evaluate(() =>
    (
      window as unknown as { receivedMedia(): Promise<{ framesDecoded: number; audioPackets: number }> }
    ).receivedMedia(),
  )
