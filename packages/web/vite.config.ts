import { defineConfig } from 'vite'

/** The gateway that `vite dev` passes API calls and the WebSocket to. */
const gateway = process.env['PARLEY_URL'] ?? 'http://127.0.0.1:8080'

export default defineConfig({
  build: {
    target: 'es2024',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // No inlined assets and no inline preload script: the page runs under a strict content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  server: {
    proxy: {
      '/v1': { target: gateway, ws: true, changeOrigin: true },
      '/.well-known': { target: gateway, changeOrigin: true },
    },
  },
})
