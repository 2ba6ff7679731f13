import { launch, type Browser } from 'puppeteer-core'

/** Firefox over WebDriver BiDi, for pages that need no camera: it plays, and opens peer connections on this machine. */
export const startFirefox = (): Promise<Browser> =>
  launch({
    browser: 'firefox',
    executablePath: '/usr/bin/firefox-esr',
    headless: true,
    extraPrefsFirefox: {
      'media.autoplay.default': 0,
      'media.autoplay.blocking_policy': 0,
      'media.peerconnection.ice.loopback': true,
      // Names instead of addresses: there is nobody here to look them up.
      'media.peerconnection.ice.obfuscate_host_addresses': false,
      // It would load a codec from afar.
      'media.gmp-manager.updateEnabled': false,
    },
  })
